//! 名額使用率: confirmed places / places given to each unit, over the classes of the year.
//!
//! A class without quotas by unit counts with its capacity under no unit. Missing are the quotas, or classes, with places left.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure};
use super::world::{Seat, Standing, World};
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::training::training_class::{ClassStatus, TrainingClass};

pub(super) const REPORT: Report = Report {
    name: "quota-use",
    counts: Kind::ClassQuota,
    needs: &[Kind::Unit, Kind::Person, Kind::TrainingClass, Kind::ClassQuota, Kind::Enrolment],
    source: "the enrolment notice of each class (名額分配表)",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let classes: BTreeSet<RecordId> =
        world.classes.iter().filter(|(_, class)| is_held(class, ask)).map(|(id, _)| *id).collect();
    let mut taken: BTreeMap<(RecordId, Option<RecordId>), usize> = BTreeMap::new();
    let mut of_class: BTreeMap<RecordId, usize> = BTreeMap::new();
    let placed = |seat: &&Seat| matches!(seat.standing, Standing::Placed | Standing::Finished);
    let numbers = world.table(|id, class| is_held(class, ask).then_some(id));
    for seat in world.seats.iter().filter(placed) {
        if let Some(class) = numbers.of(seat) {
            *taken.entry((*class, seat.unit)).or_default() += 1;
            *of_class.entry(*class).or_default() += 1;
        }
    }
    let mut figure = Figure::default();
    let mut divided = BTreeSet::new();
    for (id, quota) in world.quotas.iter().filter(|(_, quota)| classes.contains(&quota.class.0)) {
        divided.insert(quota.class.0);
        let unit = world.secondary(quota.unit.0);
        let confirmed = taken.get(&(quota.class.0, unit)).copied().unwrap_or_default();
        figure.amount(unit, *id, confirmed, usize::try_from(quota.places.0).unwrap_or_default());
    }
    for id in classes.difference(&divided) {
        let capacity = world.classes.get(id).and_then(|class| class.capacity);
        let Some(places) = capacity.and_then(|places| usize::try_from(places.0).ok()) else {
            continue;
        };
        figure.amount(None, *id, of_class.get(id).copied().unwrap_or_default(), places);
    }
    Answer::new(figure)
}

/// True for a class of the year that is announced and not cancelled.
fn is_held(class: &TrainingClass, ask: Ask) -> bool {
    use ClassStatus::{Archived, Closed, Finished, Published, Running};
    class.year.0 == ask.year
        && matches!(class.status, Some(Archived | Closed | Finished | Published | Running))
}
