//! 到課率: half days attended / half days planned for those with a place; excused ones are listed apart and not planned.
//!
//! Sessions that began after the day do not count. A person without a mark was not there.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure, Item};
use super::world::{Mark, Marks, Seat, Standing, Table, World};
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
    source: "簽到表, one column per half day",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut sessions: BTreeMap<RecordId, Sessions> = BTreeMap::new();
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
    let planned = world.table(|id, _| sessions.get(&id));
    let held: BTreeSet<RecordId> = sessions.values().flatten().map(|(id, _)| *id).collect();
    let mut marks = Marks::new(world);
    let mut figure = Figure::default();
    for (person, seats) in world.seats_by_person() {
        let marks = marks.of(person);
        let (attended, all) = half_days(seats, marks, &planned);
        if all > 0 {
            figure.amount(world.unit_of(person), person, attended, all);
        }
    }
    let away = world.marks.iter().filter(|mark| mark.excused && held.contains(&mark.session));
    let excused: BTreeSet<RecordId> = away.map(|mark| mark.person).collect();
    Answer::new(figure).listing("excused", excused.into_iter().map(Item::plain).collect())
}

/// Sessions of a class that were held, each with its half days.
type Sessions = Vec<(RecordId, usize)>;

/// Returns the half days attended and planned of one person's enrolments.
fn half_days(seats: &[Seat], marks: &[Mark], planned: &Table<&Sessions>) -> (usize, usize) {
    let (mut attended, mut all) = (0, 0);
    let placed = |seat: &&Seat| matches!(seat.standing, Standing::Placed | Standing::Finished);
    for seat in seats.iter().filter(placed) {
        for (session, halves) in planned.of(seat).copied().into_iter().flatten() {
            let mut of_session = marks.iter().filter(|mark| mark.session == *session);
            if of_session.clone().any(|mark| mark.excused) {
                continue;
            }
            all += halves;
            attended += if of_session.any(|mark| mark.present) { *halves } else { 0 };
        }
    }
    (attended, all)
}
