//! 新任書記任職培訓率: trained within n months of appointment / appointed in the year up to the day.
//!
//! The regulation names no time; the policy row `new-secretary-months` does. Whoever still has time is missing with the days left.

use std::collections::BTreeMap;

use super::share::{Answer, Figure, Item, Note};
use super::world::{Standing, World};
use super::{Ask, Report, hours, people};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;
use crate::domain::training::training_class::TrainingClass;

pub(super) const REPORT: Report = Report {
    name: "new-secretary-training",
    counts: Kind::Person,
    needs: &[Kind::Unit, Kind::Post, Kind::TrainingClass, Kind::Enrolment, Kind::Policy],
    source: "支部工作條例（試行） Art. 25 [V]; the months are [M]",
    run,
};

/// Months, where no policy row says so.
const MONTHS: i64 = 12;
/// Category of appointment training.
const CATEGORY: &str = "appointment";

fn run(world: &World, ask: Ask) -> Answer {
    let months = world.policies.limit("new-secretary-months", ask.as_of).unwrap_or(MONTHS);
    let months = i32::try_from(months).unwrap_or_default();
    let trained = appointment_classes(world);
    let mut figure = Figure::default();
    let mut in_time = Vec::new();
    for (_, post) in &world.posts {
        let Some(from) = post.from_on.map(|from| from.0) else { continue };
        let of_year = dates::year_of(from).map(i64::from) == Some(ask.year);
        if !of_year || from.is_surely_after(ask.as_of) || !people::leads_a_branch(world, post) {
            continue;
        }
        let classes = trained.get(&post.person.0).map_or(&[][..], Vec::as_slice);
        let has = classes.iter().any(|class| {
            let over = hours::end_of(class).is_some_and(|end| !end.is_surely_after(ask.as_of));
            over && hours::ended_within(class, from, months)
        });
        let left = dates::plus_months(from, months)
            .map(|last| dates::end_of(last).days() - ask.as_of.days());
        let note =
            left.map(|left| if left >= 0 { Note::DaysLeft(left) } else { Note::DaysOver(-left) });
        if !has && left.is_some_and(|left| left >= 0) {
            in_time.push(Item { id: post.person.0, note });
        }
        figure.note(world.secondary(post.unit.0), post.person.0, has, note);
    }
    Answer::new(figure).listing("still-in-time", in_time)
}

fn appointment_classes(world: &World) -> BTreeMap<RecordId, Vec<&TrainingClass>> {
    let fits = |class: &TrainingClass| class.category.as_ref().is_some_and(|c| c.0 == CATEGORY);
    let classes = world.table(|_, class| fits(class).then_some(class));
    let mut found: BTreeMap<RecordId, Vec<&TrainingClass>> = BTreeMap::new();
    for seat in world.seats.iter().filter(|seat| seat.standing == Standing::Finished) {
        if let Some(class) = classes.of(seat) {
            found.entry(seat.person).or_default().push(class);
        }
    }
    found
}
