//! 整改銷號率: items closed by the superior / items due in the year up to the day; overdue ones with their days.

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::org::rectification::RectificationStatus;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "rectification-closed",
    counts: Kind::Rectification,
    needs: &[Kind::Unit, Kind::Rectification],
    source: "notice of 2018, items 1 and 5: list of what is to be mended, closed by the superior [S]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut figure = Figure::default();
    let mut overdue = Vec::new();
    for (id, item) in &world.rectifications {
        let last = dates::end_of(item.due_on.0);
        let later = item.closed_on.is_some_and(|on| on.0.is_surely_after(ask.as_of));
        let closed = item.status == Some(RectificationStatus::Closed) && !later;
        let days = ask.as_of.days() - last.days();
        if dates::year_of(last).map(i64::from) == Some(ask.year) && days >= 0 {
            figure.note(world.secondary(item.unit.0), *id, closed, Some(Note::DaysOver(days)));
        }
        if !closed && days > 0 {
            overdue.push(Item { id: *id, note: Some(Note::DaysOver(days)) });
        }
    }
    Answer::new(figure).listing("overdue", overdue)
}
