//! 到課率: half days attended / half days planned for those with a place; excused ones are listed apart and not planned.
//!
//! Sessions that began after the day do not count. A person without a mark was not there.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure, Item};
use super::world::{Standing, World};
use super::{Ask, Report, hours};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "session-attendance",
    counts: Kind::Person,
    needs: &[
        Kind::Unit,
        Kind::Person,
        Kind::TrainingClass,
        Kind::Session,
        Kind::Enrolment,
        Kind::Attendance,
    ],
    source: "domain notes B4; 簽到表, one column per half day",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut sessions: BTreeMap<RecordId, Vec<(RecordId, usize)>> = BTreeMap::new();
    for (id, session) in &world.sessions {
        let of_year = world.classes.get(&session.class.0).is_some_and(|c| c.year.0 == ask.year);
        let held =
            dates::day_of(session.starts_at.0).is_some_and(|day| !day.is_surely_after(ask.as_of));
        if of_year && held {
            sessions
                .entry(session.class.0)
                .or_default()
                .push((*id, hours::halves_of(session).len()));
        }
    }
    let held: BTreeSet<RecordId> = sessions.values().flatten().map(|(id, _)| *id).collect();
    let marked = |wanted: fn(&super::world::Mark) -> bool| -> BTreeSet<(RecordId, RecordId)> {
        let marks = world.marks.iter().filter(|mark| wanted(mark) && held.contains(&mark.session));
        marks.map(|mark| (mark.person, mark.session)).collect()
    };
    let (present, excused) = (marked(|mark| mark.present), marked(|mark| mark.excused));
    let mut by_person: BTreeMap<RecordId, (usize, usize)> = BTreeMap::new();
    for seat in &world.seats {
        if !matches!(seat.standing, Standing::Placed | Standing::Finished) {
            continue;
        }
        for (session, halves) in sessions.get(&seat.class).into_iter().flatten() {
            let at = (seat.person, *session);
            if !excused.contains(&at) {
                let sums = by_person.entry(seat.person).or_default();
                sums.1 += halves;
                sums.0 += if present.contains(&at) { *halves } else { 0 };
            }
        }
    }
    let mut figure = Figure::default();
    for (person, (attended, planned)) in by_person {
        figure.amount(world.unit_of(person), person, attended, planned);
    }
    let persons: BTreeSet<RecordId> = excused.into_iter().map(|(person, _)| person).collect();
    Answer::new(figure).listing("excused", persons.into_iter().map(Item::plain).collect())
}
