//! Six traits (notice, item 3): cultivations in which each trait is proved by a document or decision / cultivations under way or recognised.
//!
//! A trait is proved by a row that says it is met and that no department has called false. Nothing is read but that mark.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::cultivation::evidence::Verification;
use crate::domain::cultivation::record::{Cultivation, CultivationStatus};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "trait-evidence",
    counts: Kind::Cultivation,
    needs: &[Kind::Unit, Kind::Cultivation, Kind::CultivationEvidence],
    source: "notice of 2018, item 3: six traits [S]",
    run,
};

/// The six traits, as in config/codes/trait.toml.
const TRAITS: [&str; 6] = ["political", "basics", "party_work", "academic", "service", "standing"];

fn run(world: &World, ask: Ask) -> Answer {
    let mut proved: BTreeMap<RecordId, BTreeSet<&str>> = BTreeMap::new();
    for (_, row) in &world.evidence {
        let later = row.dated_on.is_some_and(|on| on.0.is_surely_after(ask.as_of));
        let met =
            row.met.is_some_and(|met| met.0) && row.verification != Some(Verification::NotGenuine);
        if met && !later {
            proved.entry(row.cultivation.0).or_default().insert(&row.r#trait.0);
        }
    }
    let mut all = Figure::default();
    let mut parts = TRAITS.map(|_| Figure::default());
    for (id, c) in world.cultivations.iter().filter(|(_, c)| is_current(c)) {
        let unit = world.secondary(c.branch.0);
        let has = |name: &str| proved.get(id).is_some_and(|found| found.contains(name));
        let count = TRAITS.into_iter().filter(|name| has(name)).count();
        all.note(unit, *id, count == TRAITS.len(), Some(Note::Of(count, TRAITS.len())));
        for (name, part) in TRAITS.into_iter().zip(&mut parts) {
            part.count(unit, *id, has(name));
        }
    }
    TRAITS
        .into_iter()
        .zip(parts)
        .fold(Answer::new(all), |answer, (name, part)| answer.with(name, part))
}

/// True if the cultivation is under way, or its person recognised.
pub(super) const fn is_current(c: &Cultivation) -> bool {
    matches!(c.status, Some(CultivationStatus::Cultivating | CultivationStatus::Recognised))
}
