//! 黨建研究: projects granted of those applied for in the year; mid-term checks made and projects closed out in time of those due.

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::record::{Date, PartialDate};
use crate::domain::rules::dates;
use crate::domain::work::research_project::{CloseGrade, ProjectStatus, ResearchProject};

pub(super) const GRANTED: Report = Report {
    name: "research-granted",
    counts: Kind::ResearchProject,
    needs: &[Kind::Unit, Kind::ResearchProject],
    source: "notice of 2018, item 7: research on Party building, projects granted [S]",
    run: granted,
};

pub(super) const CLOSED: Report = Report {
    name: "research-closed",
    counts: Kind::ResearchProject,
    needs: &[Kind::Unit, Kind::ResearchProject],
    source: "notice of 2018, item 7: research on Party building, mid-term and close-out [S]",
    run: closed,
};

fn granted(world: &World, ask: Ask) -> Answer {
    let mut figure = Figure::default();
    for (id, project) in world.all::<ResearchProject>() {
        let Some(applied) = project.applied_on.map(|on| on.0) else { continue };
        let of_year = dates::year_of(applied).map(i64::from) == Some(ask.year);
        if of_year && !applied.is_surely_after(ask.as_of) {
            let has = came(project.granted_on, ask.as_of);
            figure.count(world.secondary(project.unit.0), id, has);
        }
    }
    Answer::new(figure)
}

fn came(on: Option<Date>, as_of: PartialDate) -> bool {
    on.is_some_and(|on| !on.0.is_surely_after(as_of))
}

fn closed(world: &World, ask: Ask) -> Answer {
    let (mut closed, mut midterm, mut good) =
        (Figure::default(), Figure::default(), Figure::default());
    let mut overdue = Vec::new();
    let in_year = |on: PartialDate| dates::year_of(on).map(i64::from) == Some(ask.year);
    for (id, project) in world.all::<ResearchProject>() {
        let stopped = project.status == Some(ProjectStatus::Terminated);
        if project.granted_on.is_none() || stopped {
            continue;
        }
        let unit = world.secondary(project.unit.0);
        if let Some(due) = project.midterm_due.map(|on| dates::end_of(on.0))
            && in_year(due)
            && due <= ask.as_of
        {
            let days = Note::DaysOver(ask.as_of.days() - due.days());
            midterm.note(unit, id, came(project.midterm_on, ask.as_of), Some(days));
        }
        let due = project.extended_to.or(project.due_on).map(|on| dates::end_of(on.0));
        let Some(due) = due else { continue };
        let done = project.closed_on.map(|on| on.0).filter(|on| !on.is_surely_after(ask.as_of));
        let days = done.map_or(ask.as_of.days(), PartialDate::days) - due.days();
        if in_year(due) && due <= ask.as_of {
            let in_time = done.is_some_and(|on| !on.is_surely_after(due));
            closed.note(unit, id, in_time, Some(Note::DaysOver(days)));
        }
        if done.is_none() && days > 0 {
            overdue.push(Item { id, note: Some(Note::DaysOver(days)) });
        }
        if done.is_some_and(in_year) {
            let best = matches!(project.grade, Some(CloseGrade::Excellent | CloseGrade::Good));
            good.count(unit, id, best);
        }
    }
    Answer::new(closed)
        .with("midterm", midterm)
        .with("good-grade", good)
        .listing("overdue", overdue)
}
