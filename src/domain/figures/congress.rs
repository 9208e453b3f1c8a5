//! 黨代會: delegates elected of each unit's places, their structure against the rules, and how many took part; totals only.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure, Warning};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::work::congress::{Congress, CongressStatus};
use crate::domain::work::congress_round::{CongressRound, RoundKind};
use crate::domain::work::delegate::{Delegate, DelegateCategory, DelegateStatus};
use crate::domain::work::electoral_unit::ElectoralUnit;

/// Cells with fewer are not shown (個人信息保護法 Art. 6).
const LEAST: usize = 5;

pub(super) const ELECTED: Report = Report {
    name: "delegates-elected",
    counts: Kind::ElectoralUnit,
    needs: &[Kind::Unit, Kind::Congress, Kind::ElectoralUnit, Kind::Delegate],
    source: "notice of 2018, item 12: delegates to the congress [S]; 選舉工作條例 Art. 4 [V]",
    run: elected,
};

pub(super) const STRUCTURE: Report = Report {
    name: "delegate-structure",
    counts: Kind::Delegate,
    needs: &[Kind::Unit, Kind::Person, Kind::Congress, Kind::Delegate, Kind::Policy],
    source: "notice of 2018, item 12: structure of delegates; shares are rows that headquarters edits [M]",
    run: structure,
};

pub(super) const TURNOUT: Report = Report {
    name: "congress-turnout",
    counts: Kind::CongressRound,
    needs: &[Kind::Unit, Kind::Congress, Kind::ElectoralUnit, Kind::CongressRound],
    source: "基層組織選舉工作條例 (2020): four fifths of those entitled must be present [P]",
    run: turnout,
};

/// Congresses that are being elected or whose term runs on the day.
fn current(world: &World, ask: Ask) -> BTreeSet<RecordId> {
    let runs = |congress: &Congress| match congress.status {
        Some(CongressStatus::Electing) => true,
        Some(CongressStatus::Held) => {
            congress.term_ends_on.is_none_or(|end| !ask.as_of.is_surely_after(end.0))
        }
        _ => false,
    };
    world.all::<Congress>().filter(|(_, congress)| runs(congress)).map(|(id, _)| id).collect()
}

/// Delegates in office on the day.
fn delegates(world: &World, ask: Ask) -> Vec<(RecordId, Delegate)> {
    let current = current(world, ask);
    let in_office = |d: &Delegate| {
        let came = d.elected_on.is_none_or(|on| !on.0.is_surely_after(ask.as_of));
        let went = d.ended_on.is_some_and(|on| !on.0.is_surely_after(ask.as_of));
        let is = d.status.as_ref().is_some_and(DelegateStatus::is_delegate);
        // One who left later was still a delegate on the day.
        let was = d.status == Some(DelegateStatus::Ended) && d.ended_on.is_some();
        current.contains(&d.congress.0) && came && !went && (is || was)
    };
    world.all::<Delegate>().filter(|(_, delegate)| in_office(delegate)).collect()
}

fn elected(world: &World, ask: Ask) -> Answer {
    let mut taken: BTreeMap<(RecordId, RecordId), usize> = BTreeMap::new();
    for (_, delegate) in delegates(world, ask) {
        *taken.entry((delegate.congress.0, delegate.unit.0)).or_default() += 1;
    }
    let current = current(world, ask);
    let mut figure = Figure::default();
    for (id, unit) in world.all::<ElectoralUnit>() {
        if !current.contains(&unit.congress.0) {
            continue;
        }
        let has = taken.get(&(unit.congress.0, unit.unit.0)).copied().unwrap_or_default();
        let places = usize::try_from(unit.places.0).unwrap_or_default();
        figure.amount(world.secondary(unit.unit.0), id, has.min(places), places);
    }
    Answer::new(figure)
}

fn structure(world: &World, ask: Ask) -> Answer {
    let [mut women, mut teachers, mut students] = <[Figure; 3]>::default();
    let mut all = Figure::default();
    for (id, delegate) in delegates(world, ask) {
        let unit = world.secondary(delegate.unit.0);
        let is_woman = world.person(delegate.person.0).is_some_and(|person| person.is_woman);
        women.count(unit, id, is_woman);
        teachers.count(unit, id, delegate.category == Some(DelegateCategory::Teacher));
        students.count(unit, id, delegate.category == Some(DelegateCategory::Student));
        all.count(unit, id, delegate.status == Some(DelegateStatus::Confirmed));
    }
    let mut answer =
        Answer::new(all).with("women", women).with("teachers", teachers).with("students", students);
    for key in ["women", "teachers", "students"] {
        let limit = world.policies.limit(&format!("congress-{key}-per-mille"), ask.as_of);
        let share = answer.section(key).and_then(|figure| figure.total.per_mille());
        let share = share.and_then(|share| i64::try_from(share).ok());
        if let (Some(limit_per_mille), Some(share)) = (limit, share)
            && share < limit_per_mille
        {
            let code = match key {
                "women" => "few-women",
                "teachers" => "few-teachers",
                _ => "few-students",
            };
            answer.warnings.push(Warning { code, limit_per_mille });
        }
    }
    answer
}

fn turnout(world: &World, ask: Ask) -> Answer {
    let current = current(world, ask);
    let units: BTreeMap<RecordId, RecordId> = world
        .all::<ElectoralUnit>()
        .filter(|(_, unit)| current.contains(&unit.congress.0))
        .map(|(id, unit)| (id, unit.unit.0))
        .collect();
    let (mut election, mut nomination) = (Figure::default(), Figure::default());
    for (_, round) in world.all::<CongressRound>() {
        let Some(unit) = units.get(&round.electoral_unit.0) else { continue };
        let number =
            |n: Option<crate::domain::record::Integer>| n.and_then(|n| usize::try_from(n.0).ok());
        let (Some(present), Some(entitled)) = (number(round.present), number(round.entitled))
        else {
            continue;
        };
        if round.held_on.0.is_surely_after(ask.as_of) {
            continue;
        }
        match round.round {
            RoundKind::Election => election.add(world.secondary(*unit), present, entitled),
            RoundKind::FirstNomination => {
                nomination.add(world.secondary(*unit), present, entitled);
            }
            _ => {}
        }
    }
    Answer::new(election.without_small(LEAST)).with("nomination", nomination.without_small(LEAST))
}
