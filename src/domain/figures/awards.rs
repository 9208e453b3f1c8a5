//! 兩優一先: nominations against each unit's quota, and what became of them.

use std::collections::BTreeMap;

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::work::award::{Award, AwardCategory, AwardStatus};
use crate::domain::work::award_quota::AwardQuota;

pub(super) const QUOTA: Report = Report {
    name: "award-quota-use",
    counts: Kind::AwardQuota,
    needs: &[Kind::Unit, Kind::AwardQuota, Kind::Award],
    source: "notice of 2018, item 9: quotas of 兩優一先 by unit [S]",
    run: quota,
};

pub(super) const GRANTED: Report = Report {
    name: "awards-granted",
    counts: Kind::Award,
    needs: &[Kind::Unit, Kind::Award],
    source: "notice of 2018, item 9: decisions on 兩優一先 [S]",
    run: granted,
};

fn quota(world: &World, ask: Ask) -> Answer {
    let mut nominated: BTreeMap<(RecordId, &str), usize> = BTreeMap::new();
    let awards: Vec<(RecordId, Award)> =
        world.all::<Award>().filter(|(_, award)| award.year.0 == ask.year).collect();
    let uses = |award: &Award| award.status.as_ref().is_none_or(AwardStatus::is_nominated);
    for (_, award) in awards.iter().filter(|(_, award)| uses(award)) {
        *nominated.entry((award.unit.0, award.category.key())).or_default() += 1;
    }
    let mut figure = Figure::default();
    let mut beyond = Vec::new();
    for (id, quota) in world.all::<AwardQuota>().filter(|(_, quota)| quota.year.0 == ask.year) {
        let places = usize::try_from(quota.places.0).unwrap_or_default();
        let named = nominated.get(&(quota.unit.0, quota.category.key())).copied();
        let named = named.unwrap_or_default();
        figure.amount(world.secondary(quota.unit.0), id, named.min(places), places);
        if named > places {
            beyond.push(Item { id, note: Some(Note::Of(named, places)) });
        }
    }
    Answer::new(figure).listing("beyond-places", beyond)
}

fn granted(world: &World, ask: Ask) -> Answer {
    let mut all = Figure::default();
    let [mut members, mut workers, mut organizations] = <[Figure; 3]>::default();
    for (id, award) in world.all::<Award>().filter(|(_, award)| award.year.0 == ask.year) {
        let later = award.decided_on.is_some_and(|on| on.0.is_surely_after(ask.as_of));
        let has = award.status.as_ref().is_some_and(AwardStatus::is_granted) && !later;
        let unit = world.secondary(award.unit.0);
        all.count(unit, id, has);
        match award.category {
            AwardCategory::Member => members.count(unit, id, has),
            AwardCategory::Worker => workers.count(unit, id, has),
            AwardCategory::Organization => organizations.count(unit, id, has),
            AwardCategory::Other(_) => {}
        }
    }
    Answer::new(all)
        .with("award-members", members)
        .with("award-workers", workers)
        .with("award-organizations", organizations)
}
