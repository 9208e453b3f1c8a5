//! 輪訓覆蓋率: secretaries in post with a finished qualifying class in the year / all secretaries in post.
//!
//! A class qualifies if it counts for the year, was over on the day, and its organiser is at one of the levels of the policy that
//! holds on the day (支部工作條例 Art. 25: county level or above; a university Party committee ranks at least that high).

use std::collections::BTreeSet;

use super::people::{self, Secretary};
use super::share::{Answer, Figure};
use super::world::{Seat, Standing, World};
use super::{Ask, Report, hours};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::unit::BranchType;
use crate::domain::training::training_class::TrainingClass;

pub(super) const REPORT: Report = Report {
    name: "training-coverage",
    counts: Kind::Person,
    needs: &[Kind::Unit, Kind::Post, Kind::TrainingClass, Kind::Enrolment, Kind::Policy],
    source: "支部工作條例（試行） Art. 25 [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let trained = trained(world, ask);
    let all = people::secretaries(world, ask.as_of);
    let figure = |some: &BTreeSet<Secretary>| {
        let mut figure = Figure::default();
        for (unit, person) in people::by_unit(world, some) {
            figure.count(unit, person, trained.contains(&person));
        }
        figure
    };
    let of = |kind: BranchType| figure(&people::of_type(world, &all, &kind));
    Answer::new(figure(&all))
        .with("teachers", of(BranchType::Teachers))
        .with("students", of(BranchType::Students))
}

/// Persons with as many qualifying classes as the policy asks for, one at least.
fn trained(world: &World, ask: Ask) -> BTreeSet<RecordId> {
    let rule = world.policies.training_rule("secretary", ask.as_of);
    let levels = rule.map_or(&[][..], |rule| &rule.levels);
    let needed = rule.map_or(1, |rule| rule.min_classes.max(1));
    let qualifies = |class: &TrainingClass| {
        let level = class.organiser_level.as_ref();
        hours::counts(class, ask) && level.is_some_and(|level| levels.contains(&level.0))
    };
    let classes = world.table(|_, class| qualifies(class).then_some(()));
    let has_enough = |seats: &[Seat]| {
        let done = seats.iter().filter(|seat| seat.standing == Standing::Finished);
        let done = done.filter(|seat| classes.of(seat).is_some()).map(|seat| seat.class_no);
        if needed == 1 { done.count() > 0 } else { done.collect::<BTreeSet<_>>().len() >= needed }
    };
    let by_person = world.seats_by_person().filter(|(_, seats)| has_enough(seats));
    by_person.map(|(person, _)| person).collect()
}
