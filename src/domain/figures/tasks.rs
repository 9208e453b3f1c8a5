//! The to-do list: what the year's calendar, terms, cultivations, appointments and lists ask for around a day.
//!
//! It only points: a change of a secretary's branch raises a line here and closes no record (教黨〔2018〕26號; 支部工作條例 Art. 21).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil;
use serde::Deserialize;

use super::elections_on_time::{Span, spans};
use super::notices::unsigned;
use super::people::{self, Secretary};
use super::world::{Standing, World};
use crate::domain::cultivation::record::CultivationStatus;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::rectification::RectificationStatus;
use crate::domain::record::{Date, Due, Fields, PartialDate, Precision};
use crate::domain::rules::{dates, workdays};
use crate::domain::staff::appointment::Stage;
use crate::domain::staff::staff_file::StaffStatus;
use crate::domain::training::training_class::{CLOSED, ClassStatus, OPEN};
use crate::domain::workflow;

/// Days before a day that something shows.
const SOON: i32 = 30;
/// Days before the answer to a notice is due that its day shows.
const REPLY: i32 = 14;

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Stable word; the text is `task-<code>`.
    pub code: &'static str,
    /// Last day, or the day since when it should be looked at.
    pub due: Option<PartialDate>,
    /// Days past it on the day asked for; negative before it.
    pub over: i32,
    /// The record it is about; none for the year's fixed dates.
    pub record: Option<RecordId>,
    /// Its secondary unit.
    pub unit: Option<RecordId>,
}

/// Kinds that the list looks at by name.
const NEEDS: &[Kind] = &[
    Kind::Unit,
    Kind::Person,
    Kind::Post,
    Kind::Term,
    Kind::Rectification,
    Kind::Submission,
    Kind::TrainingClass,
    Kind::Enrolment,
    Kind::Cultivation,
    Kind::CultivationAssessment,
    Kind::StaffFile,
    Kind::Appointment,
    Kind::Policy,
    Kind::Notice,
    Kind::NoticeReceipt,
];

/// Returns the kinds that the list looks at: those it knows by name, and those that say by when something is due.
pub fn needs() -> Vec<Kind> {
    let due = Kind::ALL
        .iter()
        .filter(|kind| !kind.spec().dues.is_empty() || kind.spec().awaits.is_some());
    let mut kinds: Vec<Kind> = NEEDS.iter().chain(due).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[derive(Deserialize)]
struct Year {
    entries: Vec<Entry>,
}

/// A fixed date of the year.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// Stable word.
    pub code: String,
    /// Month of its last day.
    pub month: i8,
    /// Last day.
    pub day: i8,
    /// Days before it that it shows.
    pub notice: i32,
    /// Where it is asked for.
    pub source: String,
}

const TEXT: &str = include_str!("../../../config/calendar/year.toml");
static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| toml::from_str::<Year>(TEXT).map(|year| year.entries).unwrap_or_default());

/// Returns the year's fixed dates.
pub fn calendar() -> &'static [Entry] {
    &ENTRIES
}

/// Codes of the lines that records give rise to.
pub const CODES: &[&str] = &[
    "term-ends",
    "term-six-months",
    "term-three-months",
    "term-month",
    "term-overdue",
    "cultivation-post-changed",
    "cultivation-review",
    "cultivation-target",
    "branch-without-secretary",
    "branch-with-several",
    "publicity-over",
    "probation-over",
    "rectification-due",
    "submission-due",
    "class-enrolment",
    "class-opens",
    "late-entry",
    "member-probation",
    "notice-reply",
    "notice-unsigned",
];

/// Collects lines.
struct List<'a> {
    world: &'a World,
    day: PartialDate,
    /// Days that are looked ahead at least, whatever a line's own notice is; 0 for the to-do list.
    ahead: i32,
    tasks: Vec<Task>,
}

impl List<'_> {
    fn put(&mut self, code: &'static str, due: PartialDate, record: RecordId, unit: RecordId) {
        let over = self.day.days() - dates::end_of(due).days();
        let unit = self.world.secondary(unit);
        self.tasks.push(Task { code, due: Some(due), over, record: Some(record), unit });
    }

    fn always(&mut self, code: &'static str, record: RecordId, unit: RecordId) {
        let unit = self.world.secondary(unit);
        self.tasks.push(Task { code, due: None, over: 0, record: Some(record), unit });
    }

    /// True from some days before the date on.
    fn is_near(&self, due: PartialDate, days: i32) -> bool {
        dates::end_of(due).days() - self.day.days() <= days.max(self.ahead)
    }

    /// True once the date is past; a calendar shows it before.
    fn is_over(&self, due: PartialDate) -> bool {
        self.day > dates::end_of(due) || (self.ahead > 0 && self.is_near(due, 0))
    }
}

/// Returns what is to be done around a day, the most overdue first.
pub fn tasks(world: &World, day: PartialDate) -> Vec<Task> {
    let mut tasks = collect(world, day, 0);
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.over), task.code, task.record));
    tasks
}

/// Returns everything that has its day between two days, both included, the first day first.
///
/// What has no day is on the to-do list only. `over` is counted from the first of the two days: 0 on it, negative after it; what names
/// a month or a year stands at its last day.
pub fn between(world: &World, from: PartialDate, until: PartialDate) -> Vec<Task> {
    let ahead = dates::end_of(until).days() - from.days();
    let mut tasks = collect(world, from, ahead.max(0));
    tasks.retain(|task| task.due.is_some() && (-ahead..=0).contains(&task.over));
    tasks.sort_by_key(|task| (std::cmp::Reverse(task.over), task.code, task.record));
    tasks
}

fn collect(world: &World, day: PartialDate, ahead: i32) -> Vec<Task> {
    let mut list = List { world, day, ahead, tasks: fixed(day, ahead) };
    terms(&mut list);
    let secretaries = people::secretaries(world, day);
    branches(&mut list, &secretaries);
    cultivations(&mut list, &secretaries);
    organizers(&mut list);
    owed(&mut list);
    classes(&mut list);
    members(&mut list);
    notices(&mut list);
    declared(&mut list);
    awaited(&mut list);
    list.tasks
}

/// The fixed dates, from this year on, whose notice has begun and whose day has not passed.
fn fixed(day: PartialDate, ahead: i32) -> Vec<Task> {
    let Some(today) = day.civil() else { return Vec::new() };
    let of_year = |year: i16| {
        ENTRIES.iter().filter_map(move |entry| {
            let last = civil::Date::new(year, entry.month, entry.day).ok()?;
            let due = PartialDate::from_civil(last).ok()?;
            let over = day.days() - due.days();
            let shown = (-entry.notice.max(ahead)..=0).contains(&over);
            shown.then_some(Task {
                code: &entry.code,
                due: Some(due),
                over,
                record: None,
                unit: None,
            })
        })
    };
    let end = PartialDate::from_days(day.days().saturating_add(ahead), Precision::Day);
    let last = end.ok().and_then(dates::year_of).unwrap_or_else(|| today.year());
    (today.year()..=last.saturating_add(1)).flat_map(of_year).collect()
}

/// Six months before the end, three months before, monthly after that, and overdue (支部工作條例 Art. 21).
fn terms(list: &mut List<'_>) {
    for span in spans(list.world, list.day).into_iter().filter(|span| span.elected.is_none()) {
        if let Some(code) = term_code(list, span) {
            list.put(code, span.until, span.unit, span.unit);
        }
        if let Some(on) = next_reminder(list.world, span).filter(|on| list.is_over(*on)) {
            list.put("term-remind", on, span.unit, span.unit);
        }
    }
}

/// The day of the reminder after the last one that was written: six and three months before the end, then monthly once it is over.
fn next_reminder(world: &World, span: Span) -> Option<PartialDate> {
    let own = world.terms.iter().filter(|(_, term)| term.unit.0 == span.unit);
    let last = own.filter_map(|(_, term)| term.last_reminder()).max()?; // the first is asked for by the lines above
    let months = |months: i32| dates::plus_months(span.until, months);
    let first = [months(-6)?, months(-3)?].into_iter();
    let mut days = first.chain((1..=MONTHS_OVER).filter_map(months));
    days.find(|on| on.is_surely_after(last))
}

/// Months past the end of a term for which reminders are counted.
const MONTHS_OVER: i32 = 60;

fn term_code(list: &List<'_>, span: Span) -> Option<&'static str> {
    if list.ahead > 0 {
        return list.is_near(span.until, 0).then_some("term-ends");
    }
    let kind = list.world.unit(span.unit).map_or("branch", |unit| unit.r#type.key());
    let rule = list.world.policies.term_rule(kind, list.day);
    let months = rule.map_or(6, |rule| i32::from(rule.remind_months));
    let from =
        |months: i32| dates::plus_months(span.until, -months).is_some_and(|on| on <= list.day);
    if list.day > dates::end_of(span.until) {
        Some("term-overdue")
    } else if from(2) {
        Some("term-month")
    } else if from(3) {
        Some("term-three-months")
    } else if from(months) {
        Some("term-six-months")
    } else {
        None
    }
}

fn branches(list: &mut List<'_>, secretaries: &BTreeSet<Secretary>) {
    let world = list.world;
    for (id, unit) in world.units() {
        if !people::is_branch(unit) || !people::is_founded(unit, list.day) {
            continue;
        }
        match secretaries.iter().filter(|s| s.branch == id).take(2).count() {
            0 => list.always("branch-without-secretary", id, id),
            1 => {}
            _ => list.always("branch-with-several", id, id),
        }
    }
}

fn cultivations(list: &mut List<'_>, secretaries: &BTreeSet<Secretary>) {
    let world = list.world;
    let assessed: BTreeSet<(RecordId, i64)> =
        world.assessments.iter().map(|(_, a)| (a.cultivation.0, a.year.0)).collect();
    let year = dates::year_of(list.day).map_or(0, i64::from);
    for (id, c) in &world.cultivations {
        let branch = c.branch.0;
        let current = matches!(
            c.status,
            Some(CultivationStatus::Cultivating | CultivationStatus::Recognised)
        );
        if !current {
            continue;
        }
        // On the way from academic leader to secretary somebody need not be one yet.
        let is_secretary = secretaries.contains(&Secretary { branch, person: c.person.0 });
        let should_be =
            c.status == Some(CultivationStatus::Recognised) || c.secretary_since.is_some();
        if should_be && !is_secretary {
            list.always("cultivation-post-changed", *id, branch);
        }
        if c.status != Some(CultivationStatus::Cultivating) {
            continue;
        }
        if let Some(Date(on)) = c.next_review_on
            && list.is_near(on, SOON)
            && !assessed.contains(&(*id, year))
        {
            list.put("cultivation-review", on, *id, branch);
        }
        if let Some(Date(on)) = c.target_on
            && list.is_over(on)
        {
            list.put("cultivation-target", on, *id, branch);
        }
    }
}

fn organizers(list: &mut List<'_>) {
    let world = list.world;
    let days = world.policies.limit("publicity-working-days", list.day).unwrap_or(5);
    for (id, a) in world.appointments.iter().filter(|(_, a)| a.stage == Some(Stage::Publicity)) {
        let Some(last) = a.publicised_on.and_then(|on| workdays::last_of(on.0, days)) else {
            continue;
        };
        let file = world.staff_files.iter().find(|(file, _)| *file == a.staff_file.0);
        if let Some((_, file)) = file
            && list.is_over(last)
        {
            list.put("publicity-over", last, *id, file.unit.0);
        }
    }
    let months = world.policies.limit("organizer-probation-months", list.day).unwrap_or(12);
    let months = i32::try_from(months).unwrap_or(12);
    for (id, file) in &world.staff_files {
        let end = file.appointed_on.and_then(|on| dates::plus_months(on.0, months));
        if let Some(end) = end
            && file.status == Some(StaffStatus::Probation)
            && list.is_near(end, SOON)
        {
            list.put("probation-over", end, *id, file.unit.0);
        }
    }
}

/// What units owe by a day.
fn owed(list: &mut List<'_>) {
    let world = list.world;
    for (id, item) in &world.rectifications {
        let open = item.status != Some(RectificationStatus::Closed);
        if open && list.is_near(item.due_on.0, SOON) {
            list.put("rectification-due", item.due_on.0, *id, item.unit.0);
        }
    }
    for (id, report) in world.submissions.iter().filter(|(_, s)| s.received_on.is_none()) {
        if list.is_near(report.due_on.0, SOON) {
            list.put("submission-due", report.due_on.0, *id, report.unit.0);
        }
    }
}

/// The end of enrolment within three days, the day before a class opens, and late records (補錄) that wait for the unit or headquarters.
fn classes(list: &mut List<'_>) {
    let world = list.world;
    // Neighbours are of the same few classes: each is kept once.
    let mut placed: BTreeSet<RecordId> = BTreeSet::new();
    for seat in world.seats.iter().filter(|seat| seat.standing == Standing::Placed) {
        if !placed.contains(&seat.class) {
            placed.insert(seat.class);
        }
    }
    for seat in world.seats.iter().filter(|seat| seat.late) {
        let unit = world.person(seat.person).map_or(seat.class, |person| person.unit);
        list.always("late-entry", seat.id, unit);
    }
    for (id, class) in &world.classes {
        let state = class.status.as_ref().map_or("draft", ClassStatus::key);
        let (today, ahead) = (list.day.days(), list.ahead);
        let coming =
            |on: PartialDate, days: i32| (0..=days.max(ahead)).contains(&(on.days() - today));
        let enrol_by = class.enrol_by.and_then(|by| dates::day_of(by.0));
        if let Some(by) = enrol_by.filter(|by| state == OPEN && coming(*by, 3)) {
            list.put("class-enrolment", by, *id, *id);
        }
        let opens = class.starts_on.map(|on| on.0).filter(|on| coming(*on, 1));
        if let Some(on) =
            opens.filter(|_| placed.contains(id) && (state == OPEN || CLOSED.contains(&state)))
        {
            list.put("class-opens", on, *id, *id);
        }
    }
}

/// Probationary members whose year is over within a month: they apply a week before (發展黨員工作細則 Art. 32).
fn members(list: &mut List<'_>) {
    let world = list.world;
    for person in world.persons.iter().filter(|person| person.is_member && person.full_on.is_none())
    {
        let end = person.joined_on.and_then(|on| dates::plus_years(on, 1));
        if let Some(end) = end
            && list.is_near(end, SOON)
        {
            list.put("member-probation", end, person.id, person.unit);
        }
    }
}

/// Notices that a unit has not signed for, by the day it is asked for.
fn notices(list: &mut List<'_>) {
    for notice in unsigned(list.world, list.day) {
        let unit = notice.unit.unwrap_or(notice.id);
        match notice.reply_by {
            Some(by) if list.is_near(by, REPLY) => list.put("notice-reply", by, notice.id, unit),
            _ if list.ahead == 0 => list.always("notice-unsigned", notice.id, unit),
            _ => {}
        }
    }
}

/// What kinds declare themselves ([`Due`]).
fn declared(list: &mut List<'_>) {
    for pending in pending(list.world) {
        if list.is_near(pending.on, pending.due.notice) {
            list.put(pending.due.code, pending.on, pending.id, pending.unit);
        }
    }
}

/// What follows from records by the rules in force.
fn awaited(list: &mut List<'_>) {
    let world = list.world;
    for kind in Kind::ALL.iter().copied() {
        let Some(awaits) = kind.spec().awaits else { continue };
        for record in world.others(kind) {
            for (code, on) in awaits(&record.fields, &world.policies) {
                if list.is_near(on, SOON) {
                    list.put(code, on, record.id, record.unit);
                }
            }
        }
    }
}

/// A day that a record declares and that is still to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) due: &'static Due,
    pub(super) on: PartialDate,
    pub(super) id: RecordId,
    pub(super) unit: RecordId,
}

/// Returns every declared day that is still to be kept, whenever it is.
pub(super) fn pending(world: &World) -> Vec<Pending> {
    let mut found = Vec::new();
    for kind in Kind::ALL.iter().copied().filter(|kind| !kind.spec().dues.is_empty()) {
        for record in world.others(kind) {
            let dues = kind.spec().dues.iter().filter(|due| is_open(kind, due, &record.fields));
            found.extend(dues.filter_map(|due| {
                let on = kind.spec().field(due.on)?.number;
                let on = record.fields.get(&on)?.as_date()?;
                Some(Pending { due, on, id: record.id, unit: record.unit })
            }));
        }
    }
    found
}

fn is_open(kind: Kind, due: &Due, fields: &Fields) -> bool {
    let filled = |key: &str| {
        let value = kind.spec().field(key).and_then(|field| fields.get(&field.number));
        value.is_some_and(|value| !value.is_blank())
    };
    let state = workflow::state(kind, fields);
    let in_state =
        due.states.is_empty() || state.is_some_and(|state| due.states.contains(&state.as_str()));
    in_state && !due.until.is_some_and(filled)
}
