//! 民主測評: the totals of the appraisals of work reports by secondary unit, grade by grade. A number below five is not shown.
//!
//! Where just one grade of a unit is held back, the next smallest is too, so that no total gives it away.

use std::collections::BTreeMap;

use super::share::{Answer, Figure, Item};
use super::world::World;
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

pub(super) const REPORT: Report = Report {
    name: "work-report-appraisal",
    counts: Kind::WorkReport,
    needs: &[Kind::Unit, Kind::WorkReport],
    source: "述職評議考核 [V]; totals only, none below five (個人信息保護法 Art. 6)",
    run,
};

/// Smallest number that is shown.
const SHOWN: usize = 5;
const GRADES: [&str; 4] = ["good", "fairly_good", "ordinary", "poor"];

/// Totals of one unit.
#[derive(Default)]
struct Totals {
    cells: [usize; 4],
    reviews: Vec<RecordId>,
}

fn run(world: &World, ask: Ask) -> Answer {
    let mut units: BTreeMap<Option<RecordId>, Totals> = BTreeMap::new();
    for (id, review) in world.work_reports.iter().filter(|(_, r)| r.year.0 == ask.year) {
        if review.appraised.is_none() {
            continue;
        }
        let totals = units.entry(world.secondary(review.unit.0)).or_default();
        totals.reviews.push(*id);
        for (cell, own) in totals.cells.iter_mut().zip(review.totals()) {
            *cell += own.map_or(0, |own| usize::try_from(own.0).unwrap_or_default());
        }
    }
    let mut all = Figure::default();
    let mut parts = GRADES.map(|_| Figure::default());
    let mut held = Vec::new();
    for (unit, totals) in units {
        let cast: usize = totals.cells.iter().sum();
        let shown = shown(totals.cells);
        if shown.contains(&false) {
            held.extend(totals.reviews.iter().map(|id| Item::plain(*id)));
        }
        if cast < SHOWN {
            continue;
        }
        let [good, ..] = totals.cells;
        let [show_good, ..] = shown;
        if show_good {
            all.add(unit, good, cast);
        }
        for ((cell, show), part) in totals.cells.into_iter().zip(shown).zip(&mut parts) {
            if show {
                part.add(unit, cell, cast);
            }
        }
    }
    let answer = Answer::new(all);
    let answer =
        GRADES.into_iter().zip(parts).fold(answer, |answer, (name, part)| answer.with(name, part));
    answer.listing("held-back", held)
}

/// Returns which totals of a unit are shown.
fn shown(cells: [usize; 4]) -> [bool; 4] {
    let mut shown = cells.map(|cell| cell >= SHOWN);
    if shown.iter().filter(|shown| !**shown).count() == 1 {
        let smallest = (0..cells.len())
            .filter(|at| shown.get(*at) == Some(&true))
            .min_by_key(|at| cells.get(*at).copied().unwrap_or(usize::MAX));
        if let Some(other) = smallest.and_then(|at| shown.get_mut(at)) {
            *other = false;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_total_below_five_is_held_back_and_cannot_be_worked_out() {
        assert_eq!(shown([30, 10, 6, 5]), [true; 4]);
        assert_eq!(shown([30, 10, 6, 4]), [true, true, false, false]);
        assert_eq!(shown([30, 10, 2, 1]), [true, true, false, false]);
        assert_eq!(shown([30, 0, 0, 0]), [true, false, false, false]);
    }
}
