//! The ministry's grid of three by nine whole numbers: teachers' branches with a secretary, with a recognised double leader, with one who
//! is being cultivated; each altogether, by title, doctorate, sex and age of the secretary.
//!
//! The count has the cut-off 30 June; ask with that day. What the nine columns are is not known from a published text (M): these are those
//! of the selection conditions. Whoever has no date of birth on file is in no age band.

use super::double_leader_statistics::is_younger;
use super::people::{self, cultivated, is_founded, is_teachers_branch};
use super::share::{Answer, Figure};
use super::world::{Member, World};
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;

pub(super) const REPORT: Report = Report {
    name: "double-leader-grid",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Person, Kind::Post, Kind::Cultivation],
    source: "2018年全國高校「雙帶頭人」教師黨支部書記配備情況統計表: 3 x 9 whole numbers, cut-off 30 June [V]; its columns are [M]",
    run,
};

/// Whom a column counts.
type Column = fn(&Member, PartialDate) -> bool;

const COLUMNS: [Column; 9] = [
    |_, _| true,
    |person, _| person.title_level == Some(1),
    |person, _| person.title_level == Some(2),
    |person, _| person.doctor,
    |person, _| person.is_woman,
    |person, day| is_younger(person, day, 36),
    |person, day| !is_younger(person, day, 36) && is_younger(person, day, 46),
    |person, day| !is_younger(person, day, 46) && is_younger(person, day, 56),
    |person, day| person.born_on.is_some() && !is_younger(person, day, 56),
];

/// Names of the parts, row by row.
const KEYS: [[&str; 9]; 3] = [
    [
        "all",
        "led-senior",
        "led-associate",
        "led-doctor",
        "led-woman",
        "led-under-36",
        "led-36-45",
        "led-46-55",
        "led-over-55",
    ],
    [
        "recognised",
        "recognised-senior",
        "recognised-associate",
        "recognised-doctor",
        "recognised-woman",
        "recognised-under-36",
        "recognised-36-45",
        "recognised-46-55",
        "recognised-over-55",
    ],
    [
        "cultivating",
        "cultivating-senior",
        "cultivating-associate",
        "cultivating-doctor",
        "cultivating-woman",
        "cultivating-under-36",
        "cultivating-36-45",
        "cultivating-46-55",
        "cultivating-over-55",
    ],
];

fn run(world: &World, ask: Ask) -> Answer {
    let leaders = people::leaders(world, ask.as_of);
    let (recognised, cultivating) = cultivated(world, ask.as_of);
    let mut grid = KEYS.map(|row| row.map(|_| Figure::default()));
    for (branch, unit) in world.units() {
        if !is_teachers_branch(unit) || !is_founded(unit, ask.as_of) {
            continue;
        }
        let led: Vec<RecordId> = leaders.get(&branch).cloned().unwrap_or_default();
        let of = |set: &std::collections::BTreeSet<RecordId>| -> Vec<RecordId> {
            led.iter().filter(|person| set.contains(person)).copied().collect()
        };
        let rows = [led.clone(), of(&recognised), of(&cultivating)];
        let at = world.secondary(branch);
        for (number, (persons, figures)) in rows.iter().zip(&mut grid).enumerate() {
            let found: Vec<&Member> = persons.iter().filter_map(|id| world.person(*id)).collect();
            for (column, (fits, figure)) in COLUMNS.iter().zip(figures).enumerate() {
                match (column, persons.is_empty()) {
                    // The first row is of all branches, the others of those that are led.
                    (0, none) if number == 0 || !led.is_empty() => figure.count(at, branch, !none),
                    (0, _) | (_, true) => {}
                    _ => figure.count(at, branch, found.iter().any(|p| fits(p, ask.as_of))),
                }
            }
        }
    }
    let parts = KEYS.into_iter().flatten().zip(grid.into_iter().flatten());
    parts.fold(Answer::default(), |answer, (key, figure)| answer.with(key, figure))
}
