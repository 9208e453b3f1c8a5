//! 整改銷號率: items closed by the superior / items due in the year up to the day; by where they were found and
//! those of branches apart; overdue ones with their days, the longest first.

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
    let (mut visits, mut reviews, mut branches) =
        (Figure::default(), Figure::default(), Figure::default());
    let (mut overdue, mut open) = (Vec::new(), Vec::new());
    for (id, item) in &world.rectifications {
        let last = dates::end_of(item.due_on.0);
        let later = item.closed_on.is_some_and(|on| on.0.is_surely_after(ask.as_of));
        let closed = item.status == Some(RectificationStatus::Closed) && !later;
        let days = ask.as_of.days() - last.days();
        if dates::year_of(last).map(i64::from) == Some(ask.year) && days >= 0 {
            let (unit, note) = (world.secondary(item.unit.0), Some(Note::DaysOver(days)));
            figure.note(unit, *id, closed, note);
            for (part, of_it) in [
                (&mut visits, item.visit.is_some()),
                (&mut reviews, item.report.is_some()),
                (&mut branches, item.branch.is_some()),
            ] {
                if of_it {
                    part.note(unit, *id, closed, note);
                }
            }
        }
        if !closed && days <= 0 {
            open.push(Item { id: *id, note: Some(Note::DaysLeft(-days)) });
        }
        if !closed && days > 0 {
            overdue.push(Item { id: *id, note: Some(Note::DaysOver(days)) });
        }
    }
    Answer::new(figure)
        .with("from-visits", visits)
        .with("from-reviews", reviews)
        .with("branches", branches)
        .ranked("overdue", overdue)
        .ranked("still-in-time", open)
}
