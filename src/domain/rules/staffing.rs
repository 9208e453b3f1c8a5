//! Staffing and terms: whether units have their organizers and elect in time (domain notes A1, B4).

use std::collections::BTreeMap;

use super::coverage::{Figure, Sources, Tree, contains, hydrated};
use super::{dates, policy};
use crate::domain::ids::RecordId;
use crate::domain::org::unit::Unit;
use crate::domain::record::{Date, PartialDate};
use crate::domain::staff::establishment::Establishment;
use crate::domain::staff::staff_file::{Employment, StaffFile, StaffStatus};

/// Organizers of the units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staffing {
    /// Units with at least one full-time organizer / units that must have one; missing are units.
    pub ratio: Figure,
    /// Posts that a unit lacks: required less those in post; required is the establishment, else the policy's minimum.
    pub shortfall: BTreeMap<RecordId, i64>,
}

/// 組織員配備率 on a day.
pub fn organizer_staffing(from: &Sources<'_>, as_of: PartialDate) -> Staffing {
    let tree = Tree::new(from.units);
    let mut full_time: BTreeMap<RecordId, i64> = BTreeMap::new();
    for (_, file) in hydrated::<StaffFile>(from.staff_files) {
        if is_full_time_on(&file, as_of) {
            *full_time.entry(file.unit.0).or_default() += 1;
        }
    }
    let mut approved: BTreeMap<RecordId, i64> = BTreeMap::new();
    for (_, e) in hydrated::<Establishment>(from.establishments) {
        if contains(Some(e.valid_from), e.valid_to, as_of) {
            approved.insert(e.unit.0, e.posts_approved.0);
        }
    }
    let mut result = Staffing::default();
    for (id, unit) in tree.iter() {
        let Some(rule) = policy::staffing_rule(unit.r#type.key(), as_of) else { continue };
        let present = full_time.get(&id).copied().unwrap_or_default();
        result.ratio.count(tree.secondary(id), id, present > 0);
        let required = approved.get(&id).copied().unwrap_or(rule.min_full_time);
        if required > present {
            result.shortfall.insert(id, required - present);
        }
    }
    result.ratio = result.ratio.sorted();
    result
}

fn is_full_time_on(file: &StaffFile, day: PartialDate) -> bool {
    let working = match &file.status {
        None => file.person.is_some(),
        // Somebody who has left since was still in post on an earlier day.
        Some(StaffStatus::Left | StaffStatus::Former) => file.left_on.is_some(),
        Some(status) => status.is_in_post(),
    };
    working
        && file.employment == Some(Employment::FullTime)
        && contains(file.appointed_on, file.left_on, day)
}

/// 按期換屆: units whose term runs on the day / units whose term is known; missing are units whose term is over.
pub fn terms_running(from: &Sources<'_>, as_of: PartialDate) -> Figure {
    let tree = Tree::new(from.units);
    let mut figure = Figure::default();
    for (id, unit) in tree.iter() {
        if let Some(end) = term_end(unit, as_of) {
            figure.count(tree.secondary(id), id, !as_of.is_surely_after(end));
        }
    }
    figure.sorted()
}

/// Returns the day or month a unit's term ends: as approved, else start plus its years, else start plus the policy's years.
pub fn term_end(unit: &Unit, as_of: PartialDate) -> Option<PartialDate> {
    if let Some(Date(end)) = unit.term_ends_on {
        return Some(end);
    }
    let usual = || policy::term_rule(unit.r#type.key(), as_of).map(|rule| rule.years);
    let own = unit.term_years.and_then(|years| i16::try_from(years.0).ok());
    dates::plus_years(unit.term_starts_on?.0, own.or_else(usual)?)
}
