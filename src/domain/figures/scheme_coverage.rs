//! 選拔方式覆蓋率: teachers' branches whose last selection used the scheme / teachers' branches.

use std::collections::BTreeMap;

use super::people::{is_founded, is_teachers_branch};
use super::share::{Answer, Figure};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::post::{Post, PostRole};

pub(super) const REPORT: Report = Report {
    name: "scheme-coverage",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Post],
    source: "教黨〔2018〕26號: the method covers basically all teachers' branches by the end of 2020 [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut last: BTreeMap<RecordId, &Post> = BTreeMap::new();
    for (_, post) in &world.posts {
        let begun = post.from_on.is_none_or(|from| !from.0.is_surely_after(ask.as_of));
        if post.role != Some(PostRole::Secretary) || !begun {
            continue;
        }
        let newest = last.entry(post.unit.0).or_insert(post);
        if post.from_on >= newest.from_on {
            *newest = post;
        }
    }
    let mut figure = Figure::default();
    for (branch, unit) in world.units() {
        if is_teachers_branch(unit) && is_founded(unit, ask.as_of) {
            let by_scheme =
                last.get(&branch).and_then(|post| post.by_scheme).is_some_and(|by| by.0);
            figure.count(world.secondary(branch), branch, by_scheme);
        }
    }
    Answer::new(figure)
}
