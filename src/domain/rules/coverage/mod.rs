//! Figures headquarters asks for, each with its as-of date, its population and the list behind it (domain notes B4).
//!
//! Pure: the caller hands over the live records it can see. A record that does not hydrate is left out of the figures; the
//! checks name it elsewhere. A unit's row is its secondary unit: the one directly under the university.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cultivation::record::{Cultivation, CultivationStatus};
use crate::domain::ids::RecordId;
use crate::domain::org::post::{Post, PostRole};
use crate::domain::org::unit::{BranchType, Unit, UnitType};
use crate::domain::record::{Date, Fields, PartialDate, Record};
use crate::domain::rules::policy;
use crate::domain::training::enrolment::{Enrolment, EnrolmentStatus};
use crate::domain::training::training_class::TrainingClass;

/// One live record of a kind that the caller knows.
pub type Row = (RecordId, Fields);

/// The live records a figure is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// `unit` records.
    pub units: &'a [Row],
    /// `post` records.
    pub posts: &'a [Row],
    /// `training_class` records.
    pub classes: &'a [Row],
    /// `enrolment` records.
    pub enrolments: &'a [Row],
    /// `cultivation` records.
    pub cultivations: &'a [Row],
    /// `staff_file` records.
    pub staff_files: &'a [Row],
    /// `establishment` records.
    pub establishments: &'a [Row],
}

/// A numerator, a denominator and what is missing between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that have it.
    pub numerator: usize,
    /// All that should.
    pub denominator: usize,
    /// Those that have not: persons, branches or units, by the figure; in order of their ids.
    pub missing: Vec<RecordId>,
}

/// A figure: one row for each secondary unit and the total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// By secondary unit; `None` for what hangs under no unit that the caller knows.
    pub rows: BTreeMap<Option<RecordId>, Share>,
    /// Sum of the rows.
    pub total: Share,
}

/// The double-leader figure with the lists that go with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoubleLeaders {
    /// Teachers' branches whose secretary is recognised / teachers' branches with a secretary; missing are branches.
    pub ratio: Figure,
    /// Teachers' branches without a secretary; they are not in the denominator.
    pub vacant: Vec<RecordId>,
    /// Teachers' branches whose secretary is being cultivated; part of the missing.
    pub cultivating: Vec<RecordId>,
}

/// Hours of the secretaries in post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoursAttained {
    /// Secretaries with enough counted hours / secretaries in post; missing are persons.
    pub ratio: Figure,
    /// Tenths of an hour that each missing person lacks.
    pub shortfall: BTreeMap<RecordId, i64>,
}

impl Share {
    /// Returns the share in tenths of a per cent, rounded half up; `None` without a denominator.
    pub fn per_mille(&self) -> Option<usize> {
        (self.denominator > 0)
            .then(|| (self.numerator * 2000 + self.denominator) / (self.denominator * 2))
    }

    fn count(&mut self, id: RecordId, has: bool) {
        self.denominator += 1;
        if has {
            self.numerator += 1;
        } else {
            self.missing.push(id);
        }
    }
}

impl Figure {
    pub(super) fn count(&mut self, unit: Option<RecordId>, id: RecordId, has: bool) {
        self.rows.entry(unit).or_default().count(id, has);
        self.total.count(id, has);
    }

    pub(super) fn sorted(mut self) -> Self {
        self.total.missing.sort_unstable();
        self.rows.values_mut().for_each(|share| share.missing.sort_unstable());
        self
    }
}

/// The units by id, hydrated.
pub(super) struct Tree(BTreeMap<RecordId, Unit>);

impl Tree {
    pub(super) fn new(units: &[Row]) -> Self {
        Self(hydrated(units).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (RecordId, &Unit)> {
        self.0.iter().map(|(id, unit)| (*id, unit))
    }

    pub(super) fn get(&self, id: RecordId) -> Option<&Unit> {
        self.0.get(&id)
    }

    /// Returns the secondary unit that a unit is in: itself, or the highest above it that is not the university.
    pub(super) fn secondary(&self, id: RecordId) -> Option<RecordId> {
        let mut at = id;
        // A ring of parents is refused elsewhere; the bound keeps a wrong one from hanging a report.
        for _ in 0..self.0.len() {
            let unit = self.0.get(&at)?;
            if unit.r#type == UnitType::University {
                return None;
            }
            let above = unit.parent.map(|parent| parent.0);
            match above.and_then(|above| self.0.get(&above)) {
                Some(parent) if parent.r#type != UnitType::University => at = above?,
                _ => return Some(at),
            }
        }
        None
    }
}

pub(super) fn hydrated<T: Record>(rows: &[Row]) -> impl Iterator<Item = (RecordId, T)> {
    rows.iter().filter_map(|(id, fields)| T::hydrate(fields).ok().map(|record| (*id, record)))
}

/// True if a period contains the day, as far as its dates tell; an absent start is long ago.
pub(super) fn contains(from: Option<Date>, to: Option<Date>, day: PartialDate) -> bool {
    let started = from.is_none_or(|from| !from.0.is_surely_after(day));
    let ended = to.is_some_and(|to| day.is_surely_after(to.0));
    started && !ended
}

/// A branch secretary in post on the day.
struct Secretary {
    person: RecordId,
    branch: RecordId,
}

/// Returns the branch secretaries in post on the day, each person once for each branch.
fn secretaries(
    tree: &Tree,
    posts: &[Row],
    as_of: PartialDate,
    branches: Option<&BranchType>,
) -> Vec<Secretary> {
    let mut seen = BTreeSet::new();
    for (_, post) in hydrated::<Post>(posts) {
        let unit = tree.get(post.unit.0);
        let of_branch =
            unit.is_none_or(|u| matches!(u.r#type, UnitType::Branch | UnitType::DirectBranch));
        let of_type = branches.is_none_or(|wanted| {
            unit.is_some_and(|unit| unit.branch_type.as_ref() == Some(wanted))
        });
        let in_post =
            post.role == Some(PostRole::Secretary) && contains(post.from_on, post.to_on, as_of);
        if of_branch && of_type && in_post {
            seen.insert((post.unit.0, post.person.0));
        }
    }
    seen.into_iter().map(|(branch, person)| Secretary { person, branch }).collect()
}

/// Finished enrolments of the year in classes whose hours count: person, level of the organiser, hours in tenths.
fn finished(from: &Sources<'_>, year: i64) -> Vec<(RecordId, Option<String>, i64)> {
    let classes: BTreeMap<RecordId, TrainingClass> = hydrated::<TrainingClass>(from.classes)
        .filter(|(_, class)| class.year.0 == year && class.counts.is_some_and(|counts| counts.0))
        .collect();
    hydrated::<Enrolment>(from.enrolments)
        .filter(|(_, e)| e.status.as_ref().is_some_and(EnrolmentStatus::is_finished))
        .filter_map(|(_, e)| {
            let level = classes.get(&e.class.0)?.organiser_level.as_ref();
            Some((e.person.0, level.map(|code| code.0.clone()), e.hours.map_or(0, |h| h.0)))
        })
        .collect()
}

/// 輪訓覆蓋率: secretaries in post on the day with a finished qualifying class in the year / all secretaries in post.
///
/// A class qualifies if it is of that year, counts, and its organiser is at university level or higher (支部工作條例 Art. 25: the
/// levels of the policy that holds on the day). `branches` narrows it to one type of branch. Missing are persons.
pub fn training_coverage(
    from: &Sources<'_>,
    as_of: PartialDate,
    year: i64,
    branches: Option<&BranchType>,
) -> Figure {
    let levels = policy::training_rule("secretary", as_of).map_or(&[][..], |rule| &rule.levels);
    let trained: BTreeSet<RecordId> = finished(from, year)
        .into_iter()
        .filter(|(_, level, _)| level.as_ref().is_some_and(|code| levels.contains(code)))
        .map(|(person, _, _)| person)
        .collect();
    let tree = Tree::new(from.units);
    let mut figure = Figure::default();
    for (unit, person) in by_unit(&tree, &secretaries(&tree, from.posts, as_of, branches)) {
        figure.count(unit, person, trained.contains(&person));
    }
    figure.sorted()
}

/// 學時達標率: secretaries in post on the day whose counted hours of the year reach their line / all secretaries in post.
pub fn hours_attained(from: &Sources<'_>, as_of: PartialDate, year: i64) -> HoursAttained {
    let mut hours: BTreeMap<RecordId, i64> = BTreeMap::new();
    for (person, _, tenths) in finished(from, year) {
        *hours.entry(person).or_default() += tenths;
    }
    let line = policy::training_rule("secretary", as_of).map_or(0, |rule| rule.min_hours * 10);
    let tree = Tree::new(from.units);
    let mut result = HoursAttained::default();
    for (unit, person) in by_unit(&tree, &secretaries(&tree, from.posts, as_of, None)) {
        let lacking = line - hours.get(&person).copied().unwrap_or_default();
        result.ratio.count(unit, person, lacking <= 0);
        if lacking > 0 {
            result.shortfall.insert(person, lacking);
        }
    }
    result.ratio = result.ratio.sorted();
    result
}

/// Each secretary once for each secondary unit.
fn by_unit(tree: &Tree, secretaries: &[Secretary]) -> BTreeSet<(Option<RecordId>, RecordId)> {
    secretaries.iter().map(|s| (tree.secondary(s.branch), s.person)).collect()
}

/// 雙帶頭人比例: teachers' branches whose secretary is recognised / teachers' branches with a secretary; vacancies are listed.
pub fn double_leader_ratio(from: &Sources<'_>, as_of: PartialDate) -> DoubleLeaders {
    let tree = Tree::new(from.units);
    let teachers = BranchType::Teachers;
    let mut leaders: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
    for secretary in secretaries(&tree, from.posts, as_of, Some(&teachers)) {
        leaders.entry(secretary.branch).or_default().push(secretary.person);
    }
    let (recognised, cultivating) = cultivated(from.cultivations, as_of);
    let mut result = DoubleLeaders::default();
    for (branch, unit) in tree.iter().filter(|(_, u)| is_teachers_branch(u)) {
        if unit.founded_on.is_some_and(|founded| founded.0.is_surely_after(as_of)) {
            continue;
        }
        let Some(persons) = leaders.get(&branch) else {
            result.vacant.push(branch);
            continue;
        };
        let has = persons.iter().any(|person| recognised.contains(person));
        result.ratio.count(tree.secondary(branch), branch, has);
        if !has && persons.iter().any(|person| cultivating.contains(person)) {
            result.cultivating.push(branch);
        }
    }
    result.ratio = result.ratio.sorted();
    result
}

fn is_teachers_branch(unit: &Unit) -> bool {
    matches!(unit.r#type, UnitType::Branch | UnitType::DirectBranch)
        && unit.branch_type == Some(BranchType::Teachers)
}

/// Persons recognised by the day, and persons being cultivated.
fn cultivated(
    cultivations: &[Row],
    as_of: PartialDate,
) -> (BTreeSet<RecordId>, BTreeSet<RecordId>) {
    let (mut recognised, mut cultivating) = (BTreeSet::new(), BTreeSet::new());
    for (_, c) in hydrated::<Cultivation>(cultivations) {
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

#[cfg(test)]
mod tests;
