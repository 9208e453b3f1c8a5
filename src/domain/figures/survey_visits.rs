//! 調研督查覆蓋: secondary units visited in the year / secondary units; branches apart, and what the checklists found.

use std::collections::BTreeSet;

use super::people::is_branch;
use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::improve::survey_visit::{SurveyVisit, VisitStatus, result_of};
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "survey-visits",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::SurveyVisit],
    source: "notice of 2018, item 1: survey visits to units and branches [S]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let (mut seen, mut late) = (BTreeSet::new(), Vec::new());
    let mut entries = Figure::default();
    for (id, visit) in world.all::<SurveyVisit>() {
        let on = visit.visited_on.0;
        let planned = matches!(visit.status, None | Some(VisitStatus::Planned));
        if planned || on.is_surely_after(ask.as_of) {
            continue;
        }
        if dates::year_of(on).map(i64::from) == Some(ask.year) {
            seen.extend([visit.unit.0].into_iter().chain(visit.branch.map(|branch| branch.0)));
            seen.extend(world.secondary(visit.unit.0));
            let results: Vec<&str> =
                visit.checklist.0.iter().filter_map(|entry| result_of(&entry.0)).collect();
            let good = results.iter().filter(|result| **result == "conforms").count();
            entries.amount(world.secondary(visit.unit.0), id, good, results.len());
        }
        let owed = visit.feed_back_by.filter(|_| visit.fed_back_on.is_none());
        let days = owed.map_or(0, |by| ask.as_of.days() - dates::end_of(by.0).days());
        if days > 0 && visit.status != Some(VisitStatus::Closed) {
            late.push(Item { id, note: Some(Note::DaysOver(days)) });
        }
    }
    let (mut units, mut branches) = (Figure::default(), Figure::default());
    for (id, unit) in world.units() {
        let secondary = world.secondary(id);
        let has = |id: RecordId| seen.contains(&id);
        if secondary == Some(id) {
            units.count(secondary, id, has(id));
        }
        if is_branch(unit) {
            branches.count(secondary, id, has(id));
        }
    }
    Answer::new(units)
        .with("branches", branches)
        .with("checklist", entries)
        .listing("feedback-late", late)
}
