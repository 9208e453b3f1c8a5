//! 按期換屆率: committees re-elected by the end of their term, or with an approved shift / committees due in the year up to the day.
//!
//! A term is a `term` record, or what the unit says of its present one. Overdue ones of any year are listed with the days, and so are
//! those whose end is near: the superior reminds six months before (支部工作條例 Art. 21).

use std::collections::BTreeMap;

use super::people::{is_branch, is_founded};
use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::unit::Unit;
use crate::domain::record::{Date, PartialDate};
use crate::domain::rules::dates;
use crate::domain::rules::policy::Policies;

pub(super) const REPORT: Report = Report {
    name: "elections-on-time",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Term, Kind::Policy],
    source: "支部工作條例（試行） Art. 21 [V]; 基層組織選舉工作條例 Art. 3 [V]; 2021 條例 Art. 5, 7, 8 [V]",
    run,
};

/// One term of one unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) unit: RecordId,
    /// Regular end.
    pub(super) due: PartialDate,
    /// End as approved, the regular one if nothing is.
    pub(super) until: PartialDate,
    /// Day of the election that ended it.
    pub(super) elected: Option<PartialDate>,
}

fn run(world: &World, ask: Ask) -> Answer {
    let mut figure = Figure::default();
    let (mut committees, mut branches) = (Figure::default(), Figure::default());
    let (mut overdue, mut soon) = (Vec::new(), Vec::new());
    for span in spans(world, ask.as_of) {
        let last = dates::end_of(span.until);
        let over = ask.as_of > last;
        let elected = span.elected.filter(|on| !on.is_surely_after(ask.as_of));
        let on_time = elected.is_some_and(|on| !on.is_surely_after(last)) || !over;
        let due_in_year = dates::year_of(span.due).map(i64::from) == Some(ask.year);
        let days = ask.as_of.days() - last.days();
        if due_in_year && ask.as_of > dates::end_of(span.due) {
            let late = elected.map_or(days, |on| on.days() - last.days());
            let (unit, note) = (world.secondary(span.unit), Some(Note::DaysOver(late)));
            figure.note(unit, span.unit, on_time, note);
            let is_branch = world.unit(span.unit).is_some_and(is_branch);
            let part = if is_branch { &mut branches } else { &mut committees };
            part.note(unit, span.unit, on_time, note);
        }
        if elected.is_some() {
            continue;
        }
        if over {
            overdue.push(Item { id: span.unit, note: Some(Note::DaysOver(days)) });
        } else if reminds(world, span, ask.as_of) {
            soon.push(Item { id: span.unit, note: Some(Note::DaysLeft(-days)) });
        }
    }
    let [untold, unapproved, unfiled] = lapses(world, ask);
    Answer::new(figure)
        .with("committees", committees)
        .with("branches", branches)
        .ranked("overdue", overdue)
        .ranked("due-soon", soon)
        .listing("not-reminded", untold)
        .listing("unapproved", unapproved)
        .listing("not-filed", unfiled)
}

/// Terms near or past their end without a reminder, elections early or late without approval, results that nobody filed.
fn lapses(world: &World, ask: Ask) -> [Vec<Item>; 3] {
    let mut found = [Vec::new(), Vec::new(), Vec::new()];
    let [untold, unapproved, unfiled] = &mut found;
    for (id, term) in &world.terms {
        let elected = term.reelected_on.filter(|on| !on.0.is_surely_after(ask.as_of));
        let Some(end) = term.ends_on.map(|on| on.0) else { continue };
        let span = Span { unit: term.unit.0, due: end, until: end, elected: None };
        if elected.is_none() && term.reminded_on.is_none() && reminds(world, span, ask.as_of) {
            untold.push(Item::plain(*id));
        }
        let Some(Date(on)) = elected else { continue };
        let slack = world.policies.limit("term-early-days", end).unwrap_or(0);
        let early = i64::from(end.days() - on.days()) > slack;
        let until = term.approved_until.map_or(end, |until| until.0.max(end));
        let approved = term.approval_no.is_some() && !on.is_surely_after(until);
        if (early || on.is_surely_after(end)) && !approved {
            unapproved.push(Item::plain(*id));
        }
        if term.result_no.is_none() && term.result_filed_on.is_none() {
            unfiled.push(Item::plain(*id));
        }
    }
    found
}

/// True from as many months before the end as the rule says.
fn reminds(world: &World, span: Span, day: PartialDate) -> bool {
    let kind = world.unit(span.unit).map_or("branch", |unit| unit.r#type.key());
    let months =
        world.policies.term_rule(kind, day).map_or(6, |rule| i32::from(rule.remind_months));
    dates::plus_months(span.until, -months).is_some_and(|from| from <= day)
}

/// Returns every term that had begun by the day: of the records, and of units whose present term no record has.
pub(super) fn spans(world: &World, day: PartialDate) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut newest: BTreeMap<RecordId, PartialDate> = BTreeMap::new();
    let mut starts: BTreeMap<RecordId, Vec<PartialDate>> = BTreeMap::new();
    for (_, term) in &world.terms {
        starts.entry(term.unit.0).or_default().push(term.starts_on.0);
    }
    for (_, term) in &world.terms {
        let Some(unit) = world.unit(term.unit.0) else { continue };
        let begun = newest.entry(term.unit.0).or_insert(term.starts_on.0);
        *begun = term.starts_on.0.max(*begun);
        let end = term.ends_on.map(|Date(end)| end);
        let Some(due) = end.or_else(|| regular_end(unit, term.starts_on.0, &world.policies, day))
        else {
            continue;
        };
        // The next term's first day says that this one ended in an election, where nobody wrote the day down.
        let next = starts
            .get(&term.unit.0)
            .into_iter()
            .flatten()
            .filter(|on| **on > term.starts_on.0)
            .min();
        let own =
            unit.term_starts_on.map(|on| on.0).filter(|on| on.is_surely_after(term.starts_on.0));
        let elected = term.reelected_on.map(|on| on.0).or(next.copied()).or(own);
        let until =
            term.approved_until.filter(|_| term.approval_no.is_some()).map_or(due, |on| on.0);
        spans.push(Span { unit: term.unit.0, due, until, elected });
    }
    for (id, unit) in world.units().filter(|(_, unit)| is_founded(unit, day)) {
        let start = unit.term_starts_on.map(|on| on.0);
        let recorded = newest
            .get(&id)
            .is_some_and(|newest| start.is_none_or(|start| !start.is_surely_after(*newest)));
        if recorded || start.is_some_and(|start| start.is_surely_after(day)) {
            continue;
        }
        let regular = start.and_then(|start| regular_end(unit, start, &world.policies, day));
        let Some(due) = regular.or(unit.term_ends_on.map(|on| on.0)) else { continue };
        let approved = unit.term_ends_on.filter(|_| unit.term_approval_no.is_some());
        let until = approved.map_or(due, |on| on.0);
        spans.push(Span { unit: id, due, until, elected: None });
    }
    spans
}

fn regular_end(
    unit: &Unit,
    start: PartialDate,
    rules: &Policies,
    day: PartialDate,
) -> Option<PartialDate> {
    let usual = || rules.term_rule(unit.r#type.key(), day).map(|rule| rule.years);
    let own = unit.term_years.and_then(|years| i16::try_from(years.0).ok());
    dates::plus_years(start, own.or_else(usual)?)
}

/// Returns the day or month a unit's present term ends: as approved or written, else start plus its years, else plus the policy's.
pub fn term_end(unit: &Unit, rules: &Policies, day: PartialDate) -> Option<PartialDate> {
    if let Some(Date(end)) = unit.term_ends_on {
        return Some(end);
    }
    regular_end(unit, unit.term_starts_on?.0, rules, day)
}
