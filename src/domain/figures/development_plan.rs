//! 發展計劃完成率: members accepted / planned in the year, teachers in a line of their own; and forms: the sum of states / issued.
//!
//! Accepted is what the plan says, else the development files and persons of the unit that joined in the year by the day; students are those of students'
//! branches.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::members::development::MemberDevelopment;
use crate::domain::org::development_plan::{DevelopmentPlan, PlanLine};
use crate::domain::org::unit::BranchType;
use crate::domain::record::{Integer, PartialDate};
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "development-plan",
    counts: Kind::DevelopmentPlan,
    needs: &[Kind::Unit, Kind::Person, Kind::DevelopmentPlan, Kind::MemberDevelopment],
    source: "發展黨員工作細則 [V]; notice of 2018, item 2: a line for teachers [S]; numbered forms since 2023-04 [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let joined = joined(world, ask);
    let (mut all, mut forms) = (Figure::default(), Figure::default());
    let (mut teachers, mut students) = (Figure::default(), Figure::default());
    for (id, plan) in world.plans.iter().filter(|(_, plan)| plan.year.0 == ask.year) {
        let unit = world.secondary(plan.unit.0);
        let is_students = plan.line == PlanLine::Students;
        let counted = || joined.get(&(unit, is_students)).copied().unwrap_or_default();
        let accepted = plan.accepted.map_or_else(counted, number);
        let planned = number(plan.planned);
        all.amount(unit, *id, accepted, planned);
        let line = if is_students { &mut students } else { &mut teachers };
        line.amount(unit, *id, accepted, planned);
        if let Some(issued) = plan.forms_issued {
            forms.amount(unit, *id, states(plan), number(issued));
        }
    }
    Answer::new(all).with("teachers", teachers).with("students", students).with("forms", forms)
}

fn number(Integer(number): Integer) -> usize {
    usize::try_from(number).unwrap_or_default()
}

fn states(plan: &DevelopmentPlan) -> usize {
    let states = [plan.forms_used, plan.forms_void, plan.forms_lost, plan.forms_unused];
    states.into_iter().flatten().map(number).sum()
}

/// Counts who joined in the year, by secondary unit and whether a student: by the development files, and the persons who have none.
fn joined(world: &World, ask: Ask) -> BTreeMap<(Option<RecordId>, bool), usize> {
    let in_year = |on: PartialDate| {
        !on.is_surely_after(ask.as_of) && dates::year_of(on).map(i64::from) == Some(ask.year)
    };
    let mut counts = BTreeMap::new();
    let mut filed = BTreeSet::new();
    for (_, file) in world.all::<MemberDevelopment>() {
        if file.joined_on.is_some_and(|on| in_year(on.0)) && filed.insert(file.person.0) {
            let unit = world.secondary(file.branch.0);
            *counts.entry((unit, file.line == PlanLine::Students)).or_default() += 1;
        }
    }
    let joined = world.persons.iter().filter(|person| person.joined_on.is_some_and(in_year));
    for person in joined.filter(|person| !filed.contains(&person.id)) {
        let branch = world.unit(person.unit).and_then(|unit| unit.branch_type.as_ref());
        let student = branch == Some(&BranchType::Students);
        *counts.entry((person.secondary, student)).or_default() += 1;
    }
    counts
}
