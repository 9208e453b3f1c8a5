//! 「雙帶頭人」述職: persons cultivated or recognised whose work report was graded for the year / all of them; those whose assessment of the
//! year has the same grade apart.

use std::collections::BTreeMap;

use super::share::{Answer, Figure};
use super::trait_evidence::is_current;
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "double-leader-reviews",
    counts: Kind::Cultivation,
    needs: &[Kind::Unit, Kind::Cultivation, Kind::CultivationAssessment, Kind::WorkReport],
    source: "provincial reading (湖南 2018): counted in the secretary's work-report review, inspected yearly [V]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut grades: BTreeMap<RecordId, &str> = BTreeMap::new();
    for (_, review) in world.work_reports.iter().filter(|(_, r)| r.year.0 == ask.year) {
        let later = review.reported_on.is_some_and(|on| on.0.is_surely_after(ask.as_of));
        if let Some(grade) = review.grade.as_ref().filter(|_| !later) {
            grades.insert(review.person.0, &grade.0);
        }
    }
    let mut assessed: BTreeMap<RecordId, &str> = BTreeMap::new();
    for (_, own) in world.assessments.iter().filter(|(_, own)| own.year.0 == ask.year) {
        if let Some(grade) = &own.grade {
            assessed.insert(own.cultivation.0, &grade.0);
        }
    }
    let (mut all, mut same) = (Figure::default(), Figure::default());
    for (id, c) in world.cultivations.iter().filter(|(_, c)| is_current(c)) {
        let unit = world.secondary(c.branch.0);
        let grade = grades.get(&c.person.0);
        all.count(unit, *id, grade.is_some());
        if grade.is_some() {
            same.count(unit, *id, grade == assessed.get(id));
        }
    }
    Answer::new(all).with("assessed", same)
}
