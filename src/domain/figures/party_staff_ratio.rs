//! The one per cent: full-time Party and ideological-work staff / staff and students, as headquarters typed them last.

use super::share::{Answer, Figure, Item};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::org::headcount::Headcount;

pub(super) const REPORT: Report = Report {
    name: "party-staff-ratio",
    counts: Kind::Headcount,
    needs: &[Kind::Headcount, Kind::Policy],
    source: "2021 條例 Art. 35: at least 1 % [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let known =
        world.all::<Headcount>().filter(|(_, h)| !h.counted_on.0.is_surely_after(ask.as_of));
    let mut figure = Figure::default();
    let mut behind = Vec::new();
    if let Some((id, count)) = known.max_by_key(|(_, h)| h.counted_on) {
        let number = |number: i64| usize::try_from(number).unwrap_or_default();
        figure.add(None, number(count.party_staff.0), number(count.staff.0 + count.students.0));
        behind.push(Item::plain(id));
    }
    let limit = world.policies.limit("party-staff-per-mille", ask.as_of);
    Answer::new(figure).listing("behind", behind).at_least("below-line", limit)
}
