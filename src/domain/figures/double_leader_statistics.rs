//! The ministry's statistics of double leaders: of the teachers' branches with a secretary, how many have which sort of secretary.
//!
//! The ministry's count has the cut-off 30 June (table 5 of 8 in 2018); ask with that day. Each part is one column: the report's own
//! figure is branches with a secretary / teachers' branches.

use super::people::{self, cultivated, is_founded, is_teachers_branch};
use super::share::{Answer, Figure};
use super::world::{Member, World};
use super::{Ask, Report};
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;

pub(super) const REPORT: Report = Report {
    name: "double-leader-statistics",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Person, Kind::Post, Kind::Cultivation],
    source: "2018年全國高校「雙帶頭人」教師黨支部書記配備情況統計表, cut-off 30 June [V]; its columns are [M]",
    run,
};

/// A column: its name, and whom it counts.
type Column = (&'static str, fn(&Member, PartialDate) -> bool);

const COLUMNS: [Column; 7] = [
    ("senior", |person, _| person.title_level == Some(1)),
    ("associate", |person, _| person.title_level == Some(2)),
    ("doctor", |person, _| person.doctor),
    ("woman", |person, _| person.is_woman),
    ("under-36", |person, day| is_younger(person, day, 36)),
    ("under-46", |person, day| is_younger(person, day, 46)),
    ("under-56", |person, day| is_younger(person, day, 56)),
];

/// True if somebody had not reached the age on the day; false without a date of birth.
pub(super) fn is_younger(person: &Member, day: PartialDate, years: i16) -> bool {
    let birthday = person.born_on.and_then(|born| dates::plus_years(born, years));
    birthday.is_some_and(|birthday| birthday.is_surely_after(day))
}

fn run(world: &World, ask: Ask) -> Answer {
    let leaders = people::leaders(world, ask.as_of);
    let (recognised, cultivating) = cultivated(world, ask.as_of);
    let (mut led, mut leader, mut under_way) =
        (Figure::default(), Figure::default(), Figure::default());
    let mut columns = COLUMNS.map(|_| Figure::default());
    for (branch, unit) in world.units() {
        if !is_teachers_branch(unit) || !is_founded(unit, ask.as_of) {
            continue;
        }
        let row = world.secondary(branch);
        led.count(row, branch, leaders.contains_key(&branch));
        let Some(persons) = leaders.get(&branch) else { continue };
        leader.count(row, branch, persons.iter().any(|person| recognised.contains(person)));
        under_way.count(row, branch, persons.iter().any(|person| cultivating.contains(person)));
        for ((_, fits), figure) in COLUMNS.iter().zip(&mut columns) {
            let found = persons.iter().filter_map(|person| world.person(*person));
            let has = found.into_iter().any(|person| fits(person, ask.as_of));
            figure.count(row, branch, has);
        }
    }
    let answer = Answer::new(led).with("recognised", leader).with("cultivating", under_way);
    COLUMNS.iter().zip(columns).fold(answer, |answer, ((key, _), figure)| answer.with(key, figure))
}
