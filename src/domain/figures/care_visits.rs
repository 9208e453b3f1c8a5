//! 關懷幫扶: visits made of those on the lists, by occasion; by category without small cells (個人信息保護法 Art. 6).

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::rules::dates;
use crate::domain::work::care_visit::{CareCategory, CareOccasion, CareStatus, CareVisit};

/// Cells of a category with fewer are not shown.
const LEAST: usize = 5;

pub(super) const REPORT: Report = Report {
    name: "care-visits",
    counts: Kind::CareVisit,
    needs: &[Kind::Unit, Kind::CareVisit],
    source: "notice of 2018, item 11: care visits at New Year, Spring Festival and 1 July [S]",
    run,
};

fn run(world: &World, ask: Ask) -> Answer {
    let mut all = Figure::default();
    let mut occasions = <[Figure; 4]>::default();
    let mut categories = <[Figure; 3]>::default();
    let mut overdue = Vec::new();
    for (id, visit) in world.all::<CareVisit>() {
        if visit.year.0 != ask.year || visit.status == Some(CareStatus::Cancelled) {
            continue;
        }
        let made = visit.visited_on.is_some_and(|on| !on.0.is_surely_after(ask.as_of));
        let unit = world.secondary(visit.unit.0);
        all.count(unit, id, made);
        let occasion = match visit.occasion {
            CareOccasion::NewYear => 0,
            CareOccasion::SpringFestival => 1,
            CareOccasion::FirstOfJuly => 2,
            CareOccasion::AnyTime | CareOccasion::Other(_) => 3,
        };
        if let Some(figure) = occasions.get_mut(occasion) {
            figure.count(unit, id, made);
        }
        let category = match visit.category {
            CareCategory::InNeed => Some(0),
            CareCategory::Veteran => Some(1),
            CareCategory::OldCadre => Some(2),
            CareCategory::Other(_) => None,
        };
        if let Some(figure) = category.and_then(|at: usize| categories.get_mut(at)) {
            figure.count(unit, id, made);
        }
        let due = visit.planned_on.map(|on| dates::end_of(on.0));
        let days = due.map_or(0, |due| ask.as_of.days() - due.days());
        if !made && days > 0 {
            overdue.push(Item { id, note: Some(Note::DaysOver(days)) });
        }
    }
    let [new_year, spring, july, any_time] = occasions;
    let [in_need, veteran, old_cadre] = categories.map(|figure| figure.without_small(LEAST));
    Answer::new(all)
        .with("new_year", new_year)
        .with("spring_festival", spring)
        .with("first_of_july", july)
        .with("any_time", any_time)
        .with("in_need", in_need)
        .with("veteran", veteran)
        .with("old_cadre", old_cadre)
        .listing("overdue", overdue)
}
