//! 後進黨支部轉化: branches taken off the list by the day / branches on the list at any time of the year; who is on it now, with days.

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::improve::lagging_branch::LaggingBranch;
use crate::domain::kinds::Kind;
use crate::domain::record::Date;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "lagging-branches",
    counts: Kind::LaggingBranch,
    needs: &[Kind::Unit, Kind::LaggingBranch],
    source: "notice of 2018, item 1: a standing list of lagging branches, helped until they leave it [S]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut figure = Figure::default();
    let (mut standing, mut overdue) = (Vec::new(), Vec::new());
    for (id, entry) in world.all::<LaggingBranch>() {
        if entry.entered_on.0.is_surely_after(ask.as_of) {
            continue;
        }
        let left = entry.left_on.map(|Date(on)| on).filter(|on| !on.is_surely_after(ask.as_of));
        let over = entry.mend_by.map(|by| ask.as_of.days() - dates::end_of(by.0).days());
        let note =
            over.map(|days| if days > 0 { Note::DaysOver(days) } else { Note::DaysLeft(-days) });
        let item = Item { id, note };
        let of_year = left.is_none_or(|on| dates::year_of(on).map(i64::from) >= Some(ask.year));
        if of_year {
            figure.note(world.secondary(entry.branch.0), id, left.is_some(), note);
        }
        if left.is_none() {
            standing.push(item);
            if over.is_some_and(|days| days > 0) {
                overdue.push(item);
            }
        }
    }
    Answer::new(figure).ranked("overdue", overdue).ranked("standing", standing)
}
