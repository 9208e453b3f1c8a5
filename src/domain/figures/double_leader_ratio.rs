//! 雙帶頭人比例: teachers' branches whose secretary is recognised / teachers' branches with a secretary.
//!
//! Vacancies are listed and in no denominator; branches whose secretary is being cultivated are listed besides.

use super::people::{self, cultivated, is_founded, is_teachers_branch};
use super::share::{Answer, Figure, Item};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "double-leader-ratio",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Post, Kind::Cultivation],
    source: "教黨〔2018〕26號 [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let leaders = people::leaders(world, ask.as_of);
    let (recognised, cultivating) = cultivated(world, ask.as_of);
    let mut figure = Figure::default();
    let (mut vacant, mut on_the_way) = (Vec::new(), Vec::new());
    for (branch, unit) in world.units() {
        if !is_teachers_branch(unit) || !is_founded(unit, ask.as_of) {
            continue;
        }
        let Some(persons) = leaders.get(&branch) else {
            vacant.push(Item::plain(branch));
            continue;
        };
        let has = persons.iter().any(|person| recognised.contains(person));
        figure.count(world.secondary(branch), branch, has);
        if !has && persons.iter().any(|person| cultivating.contains(person)) {
            on_the_way.push(Item::plain(branch));
        }
    }
    Answer::new(figure).listing("vacant", vacant).listing("cultivating", on_the_way)
}
