//! The year's cultivation plan: measures done / measures planned for the year; and cultivations assessed / under way.
//!
//! A measure that is training is done when its person has finished the class it links to: training is not typed twice.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{Answer, Figure};
use super::trait_evidence::is_current;
use super::world::{Standing, World};
use super::{Ask, Report};
use crate::domain::cultivation::measure::CultivationMeasure;
use crate::domain::cultivation::record::Cultivation;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "cultivation-plan",
    counts: Kind::CultivationMeasure,
    needs: &[
        Kind::Unit,
        Kind::Cultivation,
        Kind::CultivationMeasure,
        Kind::CultivationAssessment,
        Kind::Enrolment,
    ],
    source: "湖南 2018-06-08: annual plan and annual inspection [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let known: BTreeMap<RecordId, &Cultivation> =
        world.cultivations.iter().map(|(id, cultivation)| (*id, cultivation)).collect();
    let linked: BTreeSet<RecordId> =
        world.measures.iter().filter_map(|(_, measure)| Some(measure.class?.0)).collect();
    let done = world.seats.iter().filter(|seat| seat.standing == Standing::Finished);
    // Most enrolments are in classes that no plan speaks of.
    let done = done.filter(|seat| !linked.is_empty() && linked.contains(&seat.class));
    let finished: BTreeSet<(RecordId, RecordId)> =
        done.map(|seat| (seat.person, seat.class)).collect();
    let mut measures = Figure::default();
    for (id, measure) in world.measures.iter().filter(|(_, m)| year_of(m) == Some(ask.year)) {
        let Some(cultivation) = known.get(&measure.cultivation.0) else { continue };
        let by_hand = measure.done_on.is_some_and(|on| !on.0.is_surely_after(ask.as_of));
        let by_class =
            measure.class.is_some_and(|class| finished.contains(&(cultivation.person.0, class.0)));
        measures.count(world.secondary(cultivation.branch.0), *id, by_hand || by_class);
    }
    let assessed: BTreeSet<RecordId> = world
        .assessments
        .iter()
        .filter(|(_, a)| a.year.0 == ask.year && a.conclusion.is_some())
        .map(|(_, a)| a.cultivation.0)
        .collect();
    let mut assessments = Figure::default();
    for (id, c) in world.cultivations.iter().filter(|(_, c)| is_current(c)) {
        assessments.count(world.secondary(c.branch.0), *id, assessed.contains(id));
    }
    Answer::new(measures).with("assessed", assessments)
}

fn year_of(measure: &CultivationMeasure) -> Option<i64> {
    let planned = || measure.planned_on.and_then(|on| dates::year_of(on.0)).map(i64::from);
    measure.year.map(|year| year.0).or_else(planned)
}
