//! 組織生活: of the periods of the year that are over, those in which the branch held what its rhythm asks for; who is behind.
//!
//! The rhythm is a row of months for each kind of meeting (支部工作條例 Art. 11-19): a members' meeting in each quarter, a committee meeting
//! and a theme day in each month. A branch without a committee owes no committee meetings, one without groups no group meetings.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{is_branch, is_founded};
use super::share::{Answer, Figure, Item};
use super::world::{World, contains};
use super::{Ask, Report};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::unit::Unit;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;
use crate::domain::work::branch_meeting::BranchMeeting;

pub(super) const REPORT: Report = Report {
    name: "organisation-life",
    counts: Kind::Unit,
    needs: &[Kind::Unit, Kind::Post, Kind::BranchMeeting, Kind::Policy],
    source: "支部工作條例（試行） Art. 11-19: rhythm of meetings, by month, quarter and year [V]",
    run,
};

/// Kinds of meetings with the limit that holds the months of their period.
const RHYTHM: [(&str, &str); 7] = [
    ("members", "rhythm-months-members"),
    ("committee", "rhythm-months-committee"),
    ("group", "rhythm-months-group"),
    ("lecture", "rhythm-months-lecture"),
    ("theme_day", "rhythm-months-theme_day"),
    ("life_meeting", "rhythm-months-life_meeting"),
    ("talks", "rhythm-months-talks"),
];

/// Members of a committee at least: fewer are no committee (支部工作條例 Art. 20: three to five).
const COMMITTEE: usize = 3;

/// Months of the year in which each branch held each kind of meeting.
type Held = BTreeMap<(RecordId, &'static str), BTreeSet<i32>>;

fn run(world: &World, ask: Ask) -> Answer {
    let held = held(world, ask);
    let committees = committees(world, ask.as_of);
    let mut all = Figure::default();
    let mut parts: BTreeMap<&'static str, Figure> = BTreeMap::new();
    let mut not_yet = Vec::new();
    for (id, unit) in world.units() {
        if !is_branch(unit) || !is_founded(unit, ask.as_of) {
            continue;
        }
        let secondary = world.secondary(id);
        let (mut part, mut whole) = (0, 0);
        for (meeting, limit) in RHYTHM {
            let Some(months) = world.policies.limit(limit, ask.as_of) else { continue };
            let months = i32::try_from(months).unwrap_or(12).clamp(1, 12);
            let done = held.get(&(id, meeting));
            let owes = match meeting {
                "committee" => committees.contains(&id),
                "group" => done.is_some(),
                _ => true,
            };
            if !owes {
                continue;
            }
            let (kept, over) = periods(unit, ask, months, done);
            if over > 0 {
                parts.entry(meeting).or_default().amount(secondary, id, kept, over);
            }
            if months == 12 && over == 0 && done.is_none() {
                not_yet.push(Item::plain(id));
            }
            part += kept;
            whole += over;
        }
        if whole > 0 {
            all.amount(secondary, id, part, whole);
        }
    }
    not_yet.dedup_by_key(|item| item.id);
    let mut answer = Answer::new(all);
    for (meeting, _) in RHYTHM {
        answer = answer.with(meeting, parts.remove(meeting).unwrap_or_default());
    }
    answer.listing("still-in-time", not_yet)
}

fn held(world: &World, ask: Ask) -> Held {
    let mut held = Held::new();
    for (_, meeting) in world.all::<BranchMeeting>() {
        let on = meeting.held_on.0;
        let key = RHYTHM.iter().find(|(key, _)| *key == meeting.meeting.key());
        if let (Some((key, _)), Some(day)) = (key, on.civil())
            && i64::from(day.year()) == ask.year
            && !on.is_surely_after(ask.as_of)
        {
            held.entry((meeting.branch.0, key)).or_default().insert(i32::from(day.month()));
        }
    }
    held
}

/// Branches with so many committee members in post that they have a committee.
fn committees(world: &World, day: PartialDate) -> BTreeSet<RecordId> {
    let mut persons: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
    for (_, post) in world.posts.iter().filter(|(_, p)| contains(p.from_on, p.to_on, day)) {
        persons.entry(post.unit.0).or_default().insert(post.person.0);
    }
    let full = persons.into_iter().filter(|(_, persons)| persons.len() >= COMMITTEE);
    full.map(|(unit, _)| unit).collect()
}

/// Returns the periods of the year with a meeting, and those that are over by the day and did not begin before the branch did.
fn periods(unit: &Unit, ask: Ask, months: i32, held: Option<&BTreeSet<i32>>) -> (usize, usize) {
    let (mut kept, mut over) = (0, 0);
    let year = i16::try_from(ask.year).unwrap_or_default();
    for first in (1..=12).step_by(usize::try_from(months).unwrap_or(1)) {
        let last = (first + months - 1).min(12);
        let month = |month: i32| PartialDate::month(year, i8::try_from(month).ok()?).ok();
        let (Some(begin), Some(end)) = (month(first), month(last)) else { continue };
        let young = unit.founded_on.is_some_and(|on| on.0.is_surely_after(begin));
        if young || dates::end_of(end) > ask.as_of {
            continue;
        }
        over += 1;
        let has = held.is_some_and(|held| held.range(first..=last).next().is_some());
        kept += usize::from(has);
    }
    (kept, over)
}
