//! 黨支部考核: branches with a grade of the year / branches; the grades by their places in the year's scheme, the best first.

use std::collections::BTreeMap;

use super::people::{is_branch, is_founded};
use super::share::{Answer, Figure};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::improve::branch_assessment::BranchAssessment;
use crate::domain::kinds::Kind;
use crate::domain::reviews::scheme::{ReviewScheme, Reviewed};

pub(super) const REPORT: Report = Report {
    name: "branch-assessment",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::BranchAssessment, Kind::ReviewScheme],
    source: "notice of 2018, item 1 [S]; grades differ by university: those of the year's scheme [V]",
    run,
};

/// Places of a grade in the scheme; what has more places counts with the last.
const PLACES: [&str; 4] = ["place-1", "place-2", "place-3", "place-4"];

fn run(world: &World, ask: Ask) -> Answer {
    let schemes: BTreeMap<RecordId, ReviewScheme> = world.all::<ReviewScheme>().collect();
    let of_year = schemes
        .values()
        .find(|scheme| scheme.subject == Reviewed::Branch && scheme.year.0 == ask.year);
    let mut graded: BTreeMap<RecordId, Option<usize>> = BTreeMap::new();
    for (_, own) in world.all::<BranchAssessment>().filter(|(_, own)| own.year.0 == ask.year) {
        let later = own.assessed_on.is_some_and(|on| on.0.is_surely_after(ask.as_of));
        let Some(grade) = own.grade.as_ref().filter(|_| !later) else { continue };
        let scheme = own.scheme.and_then(|scheme| schemes.get(&scheme.0)).or(of_year);
        graded.insert(own.branch.0, scheme.and_then(|scheme| scheme.place_of(&grade.0)));
    }
    let mut all = Figure::default();
    let mut parts = PLACES.map(|_| Figure::default());
    for (id, unit) in world.units().filter(|(_, unit)| is_branch(unit)) {
        if !is_founded(unit, ask.as_of) {
            continue;
        }
        let (secondary, found) = (world.secondary(id), graded.get(&id));
        all.count(secondary, id, found.is_some());
        let Some(place) = found.copied().flatten() else { continue };
        for (at, part) in parts.iter_mut().enumerate() {
            part.count(secondary, id, place.min(PLACES.len() - 1) == at);
        }
    }
    let answer = Answer::new(all);
    PLACES.into_iter().zip(parts).fold(answer, |answer, (name, part)| answer.with(name, part))
}
