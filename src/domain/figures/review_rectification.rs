//! 述職問題整改: problems that reviews named and that are items of the rectification list / problems named; reviews below the best grade apart.

use std::collections::BTreeMap;

use super::share::{Answer, Figure};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "review-rectification",
    counts: Kind::WorkReport,
    needs: &[Kind::Unit, Kind::WorkReport, Kind::Rectification],
    source: "述職評議考核, timetable of 2023: list of what is to be mended after the grades [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut items: BTreeMap<RecordId, usize> = BTreeMap::new();
    for report in world.rectifications.iter().filter_map(|(_, item)| item.report) {
        *items.entry(report.0).or_default() += 1;
    }
    let (mut named, mut below) = (Figure::default(), Figure::default());
    for (id, review) in world.work_reports.iter().filter(|(_, r)| r.year.0 == ask.year) {
        let unit = world.secondary(review.unit.0);
        let listed = items.get(id).copied().unwrap_or_default();
        let problems = review.problems.map_or(0, |p| usize::try_from(p.0).unwrap_or_default());
        if problems > 0 {
            named.amount(unit, *id, listed.min(problems), problems);
        }
        if review.grade.as_ref().is_some_and(|grade| grade.0 != "good") {
            below.count(unit, *id, listed > 0);
        }
    }
    Answer::new(named).with("below-best", below)
}
