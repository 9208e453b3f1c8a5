//! 述職評議考核: who was reviewed, and how the grades are spread. Grades of meetings only; no ballot of a person is ever here.

use std::collections::BTreeSet;

use super::people;
use super::share::{Answer, Figure};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::reviews::scheme::{ReviewScheme, Reviewed};

/// 述職覆蓋率: secretaries in post who were reviewed for the year / secretaries in post.
pub(super) const COVERAGE: Report = Report {
    name: "work-report-coverage",
    counts: Kind::Person,
    needs: &[Kind::Unit, Kind::Post, Kind::WorkReport],
    source: "支部工作條例（試行） Art. 27: yearly, to the superior and to the branch meeting [V]",
    run: coverage,
};

/// Grade spread: reviews graded fairly good or below / graded reviews of the year; below the line of the year's
/// scheme, else of the policy, the figure warns. Each grade is a
/// part with the reviews that gave it; "missing" are those with another grade.
pub(super) const GRADES: Report = Report {
    name: "work-report-grades",
    counts: Kind::WorkReport,
    needs: &[Kind::Unit, Kind::WorkReport, Kind::ReviewScheme, Kind::Policy],
    source: "述職評議考核 of two universities (2023, 2025): fairly good and below at least 15 % [V]",
    run: grades,
};

const ALL: [&str; 4] = ["good", "fairly_good", "ordinary", "poor"];

fn coverage(world: &World, ask: Ask) -> Answer {
    let reviewed: BTreeSet<(RecordId, RecordId)> = world
        .work_reports
        .iter()
        .filter(|(_, report)| report.year.0 == ask.year)
        .filter(|(_, report)| report.reported_on.is_none_or(|on| !on.0.is_surely_after(ask.as_of)))
        .filter(|(_, report)| report.reported_on.is_some() || report.grade.is_some())
        .map(|(_, report)| (report.unit.0, report.person.0))
        .collect();
    let mut figure = Figure::default();
    for s in people::secretaries(world, ask.as_of) {
        figure.count(world.secondary(s.branch), s.person, reviewed.contains(&(s.branch, s.person)));
    }
    Answer::new(figure)
}

fn grades(world: &World, ask: Ask) -> Answer {
    let mut below = Figure::default();
    let mut parts = ALL.map(|_| Figure::default());
    for (id, report) in world.work_reports.iter().filter(|(_, report)| report.year.0 == ask.year) {
        let Some(grade) = report.grade.as_ref().map(|code| code.0.as_str()) else { continue };
        let unit = world.secondary(report.unit.0);
        below.count(unit, *id, grade != "good");
        for (name, part) in ALL.into_iter().zip(&mut parts) {
            part.count(unit, *id, grade == name);
        }
    }
    let answer = Answer::new(below);
    let answer =
        ALL.into_iter().zip(parts).fold(answer, |answer, (name, part)| answer.with(name, part));
    let own = world.all::<ReviewScheme>().map(|(_, scheme)| scheme);
    let own = own
        .filter(|scheme| scheme.subject == Reviewed::Secretary && scheme.year.0 == ask.year)
        .find_map(|scheme| scheme.below_best_least);
    let usual = || world.policies.limit("grade-spread-per-mille", ask.as_of);
    answer.at_least("grades-bunched", own.map(|percent| percent.0 * 10).or_else(usual))
}
