//! One current secretary a branch: branches with exactly one / branches; those with none or several are listed.

use std::collections::BTreeMap;

use super::people::{is_branch, is_founded, secretaries};
use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "branch-secretaries",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Post],
    source: "支部工作條例（試行） Art. 20: a branch has a secretary [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut count: BTreeMap<RecordId, usize> = BTreeMap::new();
    for secretary in secretaries(world, ask.as_of) {
        *count.entry(secretary.branch).or_default() += 1;
    }
    let mut figure = Figure::default();
    let (mut none, mut several) = (Vec::new(), Vec::new());
    for (id, _) in world.units().filter(|(_, u)| is_branch(u) && is_founded(u, ask.as_of)) {
        let found = count.get(&id).copied().unwrap_or_default();
        figure.note(world.secondary(id), id, found == 1, Some(Note::Of(found, 1)));
        match found {
            0 => none.push(Item::plain(id)),
            1 => {}
            _ => several.push(Item { id, note: Some(Note::Of(found, 1)) }),
        }
    }
    Answer::new(figure).listing("vacant", none).listing("several", several)
}
