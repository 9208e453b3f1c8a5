//! Places by rank: organizers in post in each rank, as far as places are approved for it / places approved for the rank.
//!
//! A place for a rank is an establishment that names one; establishments without a rank are the unit's posts and not counted here. Whoever
//! holds a rank beyond its places, or without any, is listed; whom a free place goes to a person decides.

use std::collections::BTreeMap;

use super::people;
use super::share::{Answer, Figure, Item, Places};
use super::world::{World, contains};
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;

pub(super) const REPORT: Report = Report {
    name: "places-by-rank",
    counts: Kind::Establishment,
    needs: &[Kind::Unit, Kind::StaffFile, Kind::Establishment],
    source: "四川大學 2024: quotas of ranks given to units [V]; 海大人字〔2008〕5號, shares of ranks [V]",
    run,
};

/// Ranks, highest first.
const RANKS: [&str; 8] = [
    "bureau_chief",
    "bureau_deputy",
    "division_chief",
    "division_deputy",
    "section_chief",
    "section_deputy",
    "section_member",
    "clerk",
];

/// Places of a unit for a rank.
pub(super) type Key<'a> = (RecordId, &'a str);

fn run(world: &World, ask: Ask) -> Answer {
    let held = held(world, ask.as_of);
    let approved = approved(world, ask.as_of);
    let mut all = Figure::default();
    let mut parts = RANKS.map(|_| Figure::default());
    for ((unit, rank), (_, id, places)) in &approved {
        let filled = held.get(&(*unit, *rank)).map_or(0, Vec::len).min(*places);
        let at = world.secondary(*unit);
        all.amount(at, *id, filled, *places);
        if let Some((_, part)) = RANKS.iter().zip(&mut parts).find(|(name, _)| *name == rank) {
            part.amount(at, *id, filled, *places);
        }
    }
    let mut beyond = Vec::new();
    for (key, files) in &held {
        let places = approved.get(key).map_or(0, |(_, _, places)| *places);
        if files.len() > places {
            beyond.extend(files.iter().copied().map(Item::plain));
        }
    }
    let answer = RANKS.into_iter().zip(parts);
    let answer = answer.fold(Answer::new(all), |answer, (key, part)| answer.with(key, part));
    answer.listing("beyond-places", beyond)
}

/// Returns who holds each rank of each unit on the day.
fn held(world: &World, day: PartialDate) -> BTreeMap<Key<'_>, Vec<RecordId>> {
    let mut held: BTreeMap<Key<'_>, Vec<RecordId>> = BTreeMap::new();
    for (id, _, file) in people::organizers(world, day) {
        if let Some(rank) = &file.rank {
            held.entry((file.unit.0, rank.0.as_str())).or_default().push(id);
        }
    }
    held
}

/// Returns the places approved for a rank of a unit on the day and how many are held, where a decision says how many there are.
pub(super) fn places(world: &World, day: PartialDate) -> BTreeMap<Key<'_>, Places> {
    let held = held(world, day);
    let of = |(key, (_, source, approved))| {
        let held = held.get(&key).map_or(0, Vec::len);
        (key, Places { source, held, approved })
    };
    approved(world, day).into_iter().map(of).collect()
}

/// Returns the places approved for each rank on the day; of two decisions that hold, the later.
fn approved(world: &World, day: PartialDate) -> BTreeMap<Key<'_>, (PartialDate, RecordId, usize)> {
    let mut latest: BTreeMap<Key<'_>, (PartialDate, RecordId, usize)> = BTreeMap::new();
    for (id, e) in &world.establishments {
        let Some(rank) = e.rank.as_ref().filter(|_| contains(Some(e.valid_from), e.valid_to, day))
        else {
            continue;
        };
        let places = usize::try_from(e.posts_approved.0).unwrap_or_default();
        let found = (e.valid_from.0, *id, places);
        let known = latest.entry((e.unit.0, rank.0.as_str())).or_insert(found);
        if found.0 >= known.0 {
            *known = found;
        }
    }
    latest
}
