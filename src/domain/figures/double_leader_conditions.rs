//! Conditions for a double leader: nominations and cultivations whose person has the title or doctorate, the age and the standing that
//! the rule asks for / all that are not closed.
//!
//! A record that names the rule it was judged by is held against that rule as long as it is known, whatever came after. The list names
//! the conditions that are missing; persons and documents decide.

use super::share::{Answer, Figure, Item, Note};
use super::world::{Member, World};
use super::{Ask, Report};
use crate::domain::cultivation::record::{Cultivation, CultivationStatus};
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;
use crate::domain::rules::policy::{Dated as _, DoubleLeaderRule};

pub(super) const REPORT: Report = Report {
    name: "double-leader-conditions",
    counts: Kind::Cultivation,
    needs: &[Kind::Unit, Kind::Person, Kind::Cultivation, Kind::Policy],
    source: "教黨〔2018〕26號 as commonly applied; the figures are [M] and headquarters' to set",
    run,
};

/// A condition that a person lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Title of the level asked for, or a doctorate where that does.
    Title,
    /// Not older than the rule allows.
    Age,
    /// Years of Party standing, from the day of full membership (發展黨員工作細則 Art. 34).
    Standing,
}

impl Condition {
    /// Returns the stable word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Age => "age",
            Self::Standing => "standing",
        }
    }
}

fn run(world: &World, ask: Ask) -> Answer {
    let mut figure = Figure::default();
    let mut unknown = Vec::new();
    for (id, c) in world.cultivations.iter().filter(|(_, c)| is_open(c)) {
        let Some(rule) = rule_of(world, c, ask.as_of) else { continue };
        let Some(person) = world.person(c.person.0) else {
            unknown.push(Item::plain(*id));
            continue;
        };
        let day = c.starts_on.map_or(ask.as_of, |on| on.0);
        let lacking = lacking(person, rule, day);
        let has = lacking.iter().all(Option::is_none);
        figure.note(world.secondary(c.branch.0), *id, has, Some(Note::Lacks(lacking)));
    }
    Answer::new(figure).listing("not-here", unknown)
}

fn is_open(c: &Cultivation) -> bool {
    !matches!(c.status, Some(CultivationStatus::Removed | CultivationStatus::Archived))
}

/// Returns the rule the record was judged by, else the one in force on the day.
fn rule_of<'a>(
    world: &'a World,
    c: &Cultivation,
    day: PartialDate,
) -> Option<&'a DoubleLeaderRule> {
    let named = c.rule_version.as_ref().and_then(|version| {
        world.policies.double_leader.iter().find(|rule| rule.id() == version.0)
    });
    named.or_else(|| world.policies.double_leader_rule(day))
}

fn lacking(person: &Member, rule: &DoubleLeaderRule, day: PartialDate) -> [Option<Condition>; 3] {
    let titled = person.title_level.is_some_and(|level| rule.title_levels.contains(&level));
    let by_degree = rule.or_doctor && person.doctor;
    let too_old = person
        .born_on
        .and_then(|born| dates::plus_years(born, rule.max_age + 1))
        .is_none_or(|birthday| !birthday.is_surely_after(day));
    let standing = person.full_on.and_then(|on| dates::plus_years(on, rule.min_standing_years));
    let short = standing.is_none_or(|full| full.is_surely_after(day));
    [
        (!titled && !by_degree).then_some(Condition::Title),
        too_old.then_some(Condition::Age),
        short.then_some(Condition::Standing),
    ]
}
