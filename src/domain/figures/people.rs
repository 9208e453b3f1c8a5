//! Who is what on a day: branch secretaries, committee members, organizers.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{World, contains};
use crate::domain::cultivation::record::CultivationStatus;
use crate::domain::ids::RecordId;
use crate::domain::org::post::{Post, PostRole};
use crate::domain::org::unit::{BranchType, Unit, UnitType};
use crate::domain::record::PartialDate;
use crate::domain::staff::staff_file::{StaffFile, StaffStatus};

/// A branch secretary in post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Secretary {
    pub(super) branch: RecordId,
    pub(super) person: RecordId,
}

/// True for a branch of either sort.
pub(super) const fn is_branch(unit: &Unit) -> bool {
    matches!(unit.r#type, UnitType::Branch | UnitType::DirectBranch)
}

/// True for a teachers' branch.
pub(super) fn is_teachers_branch(unit: &Unit) -> bool {
    is_branch(unit) && unit.branch_type == Some(BranchType::Teachers)
}

/// True if a unit was there on the day, as far as its date tells.
pub(super) fn is_founded(unit: &Unit, day: PartialDate) -> bool {
    unit.founded_on.is_none_or(|founded| !founded.0.is_surely_after(day))
}

/// True for a secretary's post of a branch; of an unknown unit too, which a device may not have.
pub(super) fn leads_a_branch(world: &World, post: &Post) -> bool {
    post.role == Some(PostRole::Secretary) && world.unit(post.unit.0).is_none_or(is_branch)
}

/// Returns the branch secretaries in post on the day, each person once for each branch.
pub(super) fn secretaries(world: &World, as_of: PartialDate) -> BTreeSet<Secretary> {
    world
        .posts
        .iter()
        .filter(|(_, post)| leads_a_branch(world, post))
        .filter(|(_, post)| contains(post.from_on, post.to_on, as_of))
        .map(|(_, post)| Secretary { branch: post.unit.0, person: post.person.0 })
        .collect()
}

/// Returns the secretaries of branches of one type.
pub(super) fn of_type(
    world: &World,
    all: &BTreeSet<Secretary>,
    wanted: &BranchType,
) -> BTreeSet<Secretary> {
    let fits = |s: &&Secretary| {
        world.unit(s.branch).is_some_and(|unit| unit.branch_type.as_ref() == Some(wanted))
    };
    all.iter().filter(fits).copied().collect()
}

/// Returns each secretary once for each secondary unit.
pub(super) fn by_unit(
    world: &World,
    secretaries: &BTreeSet<Secretary>,
) -> BTreeSet<(Option<RecordId>, RecordId)> {
    secretaries.iter().map(|s| (world.secondary(s.branch), s.person)).collect()
}

/// Returns the secretaries of each teachers' branch.
pub(super) fn leaders(world: &World, as_of: PartialDate) -> BTreeMap<RecordId, Vec<RecordId>> {
    let mut leaders: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
    for secretary in of_type(world, &secretaries(world, as_of), &BranchType::Teachers) {
        leaders.entry(secretary.branch).or_default().push(secretary.person);
    }
    leaders
}

/// Persons recognised by the day, and persons being cultivated.
pub(super) fn cultivated(
    world: &World,
    as_of: PartialDate,
) -> (BTreeSet<RecordId>, BTreeSet<RecordId>) {
    let (mut recognised, mut cultivating) = (BTreeSet::new(), BTreeSet::new());
    for (_, c) in &world.cultivations {
        let later = c.recognised_on.is_some_and(|on| on.0.is_surely_after(as_of));
        match c.status {
            Some(CultivationStatus::Recognised) if !later => recognised.insert(c.person.0),
            Some(CultivationStatus::Recognised | CultivationStatus::Cultivating) => {
                cultivating.insert(c.person.0)
            }
            _ => false,
        };
    }
    (recognised, cultivating)
}

/// True if the file's person worked as an organizer on the day.
pub(super) fn is_organizer_on(file: &StaffFile, day: PartialDate) -> bool {
    let working = match &file.status {
        None => file.person.is_some(),
        // Somebody who has left since was still in post on an earlier day.
        Some(StaffStatus::Left | StaffStatus::Former) => file.left_on.is_some(),
        Some(status) => status.is_in_post(),
    };
    working && contains(file.appointed_on, file.left_on, day)
}

/// Returns the organizers in post on the day: file, person, unit.
pub(super) fn organizers(
    world: &World,
    day: PartialDate,
) -> impl Iterator<Item = (RecordId, RecordId, &StaffFile)> {
    world
        .staff_files
        .iter()
        .filter(move |(_, file)| is_organizer_on(file, day))
        .filter_map(|(id, file)| Some((*id, file.person?.0, file)))
}
