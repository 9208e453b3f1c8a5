//! 組織員配備率: units with at least as many full-time organizers as the policy asks for / units that must have them.
//!
//! The part `posts` counts posts: full-time organizers in post, as far as posts are approved / posts required. Required is the unit's
//! establishment on the day, else the policy's least number; the posts lacking stand with each unit.

use std::collections::BTreeMap;

use super::people::is_organizer_on;
use super::share::{Answer, Figure, Note};
use super::world::{World, contains};
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::staff::staff_file::Employment;

pub(super) const REPORT: Report = Report {
    name: "organizer-staffing",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::StaffFile, Kind::Establishment, Kind::Policy],
    source: "2021 條例 Art. 35 [V]; 普通高等學校學生黨建工作標準 (2017) [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut full_time: BTreeMap<RecordId, usize> = BTreeMap::new();
    for (_, file) in &world.staff_files {
        if file.employment == Some(Employment::FullTime) && is_organizer_on(file, ask.as_of) {
            *full_time.entry(file.unit.0).or_default() += 1;
        }
    }
    let approved = approved(world, ask.as_of);
    let (mut ratio, mut posts) = (Figure::default(), Figure::default());
    for (id, unit) in world.units() {
        let Some(rule) = world.policies.staffing_rule(unit.r#type.key(), ask.as_of) else {
            continue;
        };
        let present = full_time.get(&id).copied().unwrap_or_default();
        let least = usize::try_from(rule.min_full_time).unwrap_or_default();
        let required = approved.get(&id).copied().unwrap_or(least);
        let lacking = i64::try_from(required.saturating_sub(present)).unwrap_or(i64::MAX);
        let row = world.secondary(id);
        ratio.note(
            row,
            id,
            present >= least.max(1),
            (lacking > 0).then_some(Note::PostsLacking(lacking)),
        );
        posts.amount(row, id, present.min(required), required);
    }
    Answer::new(ratio).with("posts", posts)
}

/// Returns the posts approved for each unit on the day; of two decisions that hold, the later.
fn approved(world: &World, day: PartialDate) -> BTreeMap<RecordId, usize> {
    let mut latest: BTreeMap<RecordId, (PartialDate, usize)> = BTreeMap::new();
    for (_, e) in
        world.establishments.iter().filter(|(_, e)| contains(Some(e.valid_from), e.valid_to, day))
    {
        // Places for one rank are among the unit's posts, not besides them.
        if e.rank.is_some() {
            continue;
        }
        let posts = usize::try_from(e.posts_approved.0).unwrap_or_default();
        let known = latest.entry(e.unit.0).or_insert((e.valid_from.0, posts));
        if e.valid_from.0 >= known.0 {
            *known = (e.valid_from.0, posts);
        }
    }
    latest.into_iter().map(|(unit, (_, posts))| (unit, posts)).collect()
}
