//! 示範黨支部: branches that are models or on the way, and how far each application is proved.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{is_branch, is_founded};
use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;
use crate::domain::work::model_branch::{ModelBranch, ModelStatus};
use crate::domain::work::model_criterion::ModelCriterion;
use crate::domain::work::model_evidence::{ModelEvidence, ModelFinding};

pub(super) const BRANCHES: Report = Report {
    name: "model-branches",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::ModelBranch],
    source: "notice of 2018, item 10: model branches [S]",
    run: branches,
};

pub(super) const CRITERIA: Report = Report {
    name: "model-criteria",
    counts: Kind::ModelBranch,
    needs: &[Kind::Unit, Kind::ModelBranch, Kind::ModelCriterion, Kind::ModelEvidence],
    source: "notice of 2018, item 10: criteria of model branches, as headquarters publishes them [S]",
    run: criteria,
};

fn branches(world: &World, ask: Ask) -> Answer {
    let (mut building, mut accepted) = (BTreeSet::new(), BTreeSet::new());
    let (mut overdue, mut shared) = (Vec::new(), Vec::new());
    for (id, model) in world.all::<ModelBranch>() {
        let branch = model.branch.0;
        let came = |on: Option<crate::domain::record::Date>| {
            on.is_some_and(|on| !on.0.is_surely_after(ask.as_of))
        };
        let removed = came(model.removed_on) || model.status == Some(ModelStatus::Removed);
        if removed || !came(model.starts_on.or(model.accepted_on)) {
            continue;
        }
        if came(model.accepted_on) {
            accepted.insert(branch);
            shared.extend(model.experience.is_some().then(|| Item::plain(id)));
        } else if let Some(end) = model.ends_on.map(|on| dates::end_of(on.0)) {
            building.insert(branch);
            let days = ask.as_of.days() - end.days();
            if days > 0 {
                overdue.push(Item { id, note: Some(Note::DaysOver(days)) });
            }
        }
    }
    let mut all = Figure::default();
    let mut named = Figure::default();
    let founded = world.units().filter(|(_, unit)| is_branch(unit) && is_founded(unit, ask.as_of));
    for (id, _) in founded {
        let unit = world.secondary(id);
        all.count(unit, id, building.contains(&id) || accepted.contains(&id));
        named.count(unit, id, accepted.contains(&id));
    }
    Answer::new(all)
        .with("model-accepted", named)
        .listing("overdue", overdue)
        .listing("experience", shared)
}

fn criteria(world: &World, ask: Ask) -> Answer {
    let asked: BTreeMap<RecordId, bool> = world
        .all::<ModelCriterion>()
        .filter(|(_, criterion)| criterion.year.0 == ask.year)
        .map(|(id, criterion)| (id, criterion.required.is_some_and(|flag| flag.0)))
        .collect();
    let mut met: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
    for (_, evidence) in world.all::<ModelEvidence>() {
        let counts = evidence.met.is_some_and(|met| met.0)
            && evidence.finding != Some(ModelFinding::NotGenuine)
            && asked.contains_key(&evidence.criterion.0);
        if counts {
            met.entry(evidence.model_branch.0).or_default().insert(evidence.criterion.0);
        }
    }
    let (mut all, mut required) = (Figure::default(), Figure::default());
    for (id, model) in world.all::<ModelBranch>().filter(|(_, model)| model.year.0 == ask.year) {
        let unit = world.secondary(model.branch.0);
        let found = met.get(&id);
        all.amount(unit, id, found.map_or(0, BTreeSet::len), asked.len());
        let must = asked.iter().filter(|(_, required)| **required).map(|(id, _)| id);
        let must: BTreeSet<&RecordId> = must.collect();
        let has = must.iter().filter(|id| found.is_some_and(|found| found.contains(**id)));
        required.amount(unit, id, has.count(), must.len());
    }
    Answer::new(all).with("required", required)
}
