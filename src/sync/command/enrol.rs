//! Asking for a place in a class, giving it back, and ending the enrolment.

use std::collections::BTreeMap;

use super::Outside;
use super::args::{EnrolCancel, EnrolClose, EnrolRequest, enrolment_id};
use super::places::{Class, Member, Room, give_place, members, queue, write_queue};
use super::put_field;
use crate::domain::access::Office;
use crate::domain::archive::CODE;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::Value;
use crate::domain::training::enrolment::{Enrolment, PLACED};
use crate::domain::training::training_class::{CLOSED, OPEN, TrainingClass};
use crate::field;
use crate::sync::archive;
use crate::sync::op::Op;
use crate::sync::outcome::Outcome;
use crate::sync::record::{FieldState, Record};
use crate::sync::task::{Refusal, Task};

/// How far a request may lie after its arrival, milliseconds: clocks are not identity, but a ranking needs a time.
const AHEAD_MS: i64 = 5 * 60_000;

/// What a request leads to.
enum Answer {
    /// A place, and how it came about.
    Place(&'static str),
    /// The waiting list, at this index.
    Line(usize),
    /// Known, and ranked when the class closes.
    Ranking,
    /// The place that was promised at this position of a lost history.
    Promised(u64),
    /// The place in line that was promised, at this index.
    PromisedLine(u64, usize),
}

/// `enrol.request`.
///
/// # Errors
/// `wrong_id`, `missing_reference`, `not_permitted`, `class_closed`, `list_full`.
pub(super) fn request(task: &mut Task<'_>, args: EnrolRequest) -> Result<Outcome, Refusal> {
    if task.op.kind != Kind::Enrolment.number()
        || task.op.record != enrolment_id(args.class, args.person)
    {
        return Err(Refusal::new("wrong_id"));
    }
    let person = live(task, task.world.resolve(args.person), Kind::Person, "person")?;
    if !task.author.role.acts_for(Office::Organizer)
        || !task.world.reaches(task.author, person.unit)
    {
        return Err(Refusal::at("not_permitted", "person"));
    }
    let class = live(task, args.class, Kind::TrainingClass, "class")?;
    let before = enrolment_of(task, args.class, person.id);
    if let Some(outcome) = before.as_ref().and_then(|record| standing(task, record)) {
        return Ok(outcome);
    }
    let answer = answer(task, &class, person.unit)?;
    let args = EnrolRequest { person: person.id, ..args };
    let record = asked(task, before, &args, &person);
    Ok(write(task, record, args.class, &answer))
}

/// Returns a record that must be there; a request waits for one that has not come.
fn live(task: &Task<'_>, id: RecordId, kind: Kind, key: &str) -> Result<Record, Refusal> {
    let found = task.world.records.get(&id).ok_or_else(|| Refusal::missing(id))?;
    Some(found)
        .filter(|record| record.kind == kind.number() && record.is_live())
        .cloned()
        .ok_or_else(|| Refusal::at("missing_reference", key))
}

/// Returns the person's enrolment in the class, whoever made it; a deleted one only if it has the request's own id.
fn enrolment_of(task: &Task<'_>, class: RecordId, person: RecordId) -> Option<Record> {
    let no = field!(Enrolment: "person").number();
    let of_person = |id: &&RecordId| {
        let record = task.world.records.get(id);
        let person_of = record.and_then(|record| record.fields.get(&no));
        record.is_some_and(Record::is_live)
            && person_of.and_then(|state| state.value.as_ref_id()) == Some(person)
    };
    let pointing = task.world.pointing.get(&class).into_iter().flatten();
    let found = pointing.clone().find(of_person).copied().unwrap_or(task.op.record);
    task.world.records.get(&found).cloned()
}

/// Says what an enrolment already is, if there is nothing to decide.
fn standing(task: &Task<'_>, record: &Record) -> Option<Outcome> {
    let seq = task.stamp.seq;
    let number = |no| record.fields.get(&no).and_then(|state| state.value.as_int());
    match state_of(record) {
        _ if !record.is_live() => None,
        state if PLACED.contains(&state) => Some(Outcome::Converged { seq }),
        "waitlisted" => {
            let position = number(field!(Enrolment: "queue_position").number()).unwrap_or(0);
            Some(Outcome::WaitListed { seq, position: u32::try_from(position).unwrap_or(0) })
        }
        "requested" => Some(Outcome::WaitListed { seq, position: 0 }),
        _ => None,
    }
}

fn state_of(record: &Record) -> &str {
    let state = record.fields.get(&field!(Enrolment: "status").number());
    state.and_then(|state| state.value.as_text()).unwrap_or_default()
}

fn answer(task: &Task<'_>, record: &Record, unit: UnitId) -> Result<Answer, Refusal> {
    let class = Class::of(record);
    if let Some(Outside::Promised { seq, position }) = task.world.outside.get(&task.op.id)
        && !crate::trap!(T64)
    {
        return Ok(match position {
            None => Answer::Promised(*seq),
            Some(0) => Answer::Ranking,
            Some(position) => {
                let line = queue(&members(task.world, record.id));
                Answer::PromisedLine(*seq, index_of(&line, *seq, *position))
            }
        });
    }
    if class.status != OPEN {
        return Err(Refusal::at("class_closed", "class"));
    }
    if class.waits_for_closing() {
        return Ok(Answer::Ranking);
    }
    let members = members(task.world, record.id);
    let waiting = queue(&members);
    let room = Room::of(task.world, record.id, &class, &members);
    let units = &task.world.units;
    // Nobody overtakes those who wait for a place of the same quota.
    let pool = room.pool(units, unit);
    let is_next = waiting.iter().all(|member| room.pool(units, member.unit) != pool);
    let free = room.has(units, unit) || crate::trap!(T34);
    if free && is_next {
        return Ok(Answer::Place("arrival"));
    }
    if room.list_is_full(units, unit, waiting.iter().map(|member| member.unit)) {
        return Err(Refusal::at("list_full", "class"));
    }
    Ok(Answer::Line(waiting.len()))
}

/// The enrolment as it was asked for: new, or an earlier one that begins again.
fn asked(task: &Task<'_>, before: Option<Record>, args: &EnrolRequest, person: &Record) -> Record {
    let seq = task.stamp.seq;
    let mut record = before.unwrap_or_else(|| new(task.op, seq, person.unit, args));
    record.tombstone = None;
    put_field(task, &mut record, field!(Enrolment: "status_reason").number(), None);
    put_field(task, &mut record, field!(Enrolment: "placement").number(), None);
    put_field(task, &mut record, field!(Enrolment: "promised_seq").number(), None);
    put_post(&mut record, task.op, seq, &args.post_then);
    let at = Value::Instant(effective_ms(task));
    put_field(task, &mut record, field!(Enrolment: "requested_at").number(), Some(at));
    record
}

/// A request as its author sees it before the server has decided.
pub(super) fn shown_request(record: Option<Record>, op: &Op, args: &EnrolRequest) -> Record {
    let mut record = record.unwrap_or_else(|| new(op, 0, UnitId::HOME, args));
    let post = args.post_then.as_str();
    let state = state_of(&record);
    if record.is_live() && (PLACED.contains(&state) || state == "waitlisted") {
        return record;
    }
    record.tombstone = None;
    put_post(&mut record, op, 0, post);
    shown_state(record, op, "requested")
}

/// A record with another state, as its author sees it before the server has decided.
pub(super) fn shown_state(mut record: Record, op: &Op, state: &str) -> Record {
    let value = Value::Code(state.to_owned());
    let state = FieldState { value, origin: op.id, seq: 0 };
    record.fields.insert(field!(Enrolment: "status").number(), state);
    record
}

/// Keeps the unit and post at the time of the request (時任單位及職務), unless somebody wrote it already.
fn put_post(record: &mut Record, op: &Op, seq: u64, post: &str) {
    let no = field!(Enrolment: "post_then").number();
    let known = record.fields.get(&no).is_some_and(|state| !state.value.is_blank());
    let most = Kind::Enrolment.spec().field_no(no).map_or(0, |spec| usize::from(spec.max_chars));
    let text: String = post.chars().filter(|c| !c.is_control()).take(most).collect();
    if !known && !text.trim().is_empty() {
        record.fields.insert(no, FieldState { value: Value::Text(text), origin: op.id, seq });
    }
}

/// A new enrolment, with nothing but class and person.
fn new(op: &Op, seq: u64, unit: UnitId, args: &EnrolRequest) -> Record {
    let state = |of: RecordId| FieldState { value: Value::Ref(of), origin: op.id, seq };
    Record {
        id: op.record,
        kind: Kind::Enrolment.number(),
        unit,
        unit_origin: op.id,
        rev: seq,
        created: op.id,
        fields: BTreeMap::from([
            (field!(Enrolment: "class").number(), state(args.class)),
            (field!(Enrolment: "person").number(), state(args.person)),
        ]),
        elements: BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
        held: None,
    }
}

/// Notes the position of the promise: the order among kept promises.
fn keep_promise(task: &Task<'_>, record: &mut Record, at: u64) {
    let at = Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
    put_field(task, record, field!(Enrolment: "promised_seq").number(), Some(at));
}

/// Where a promised place in line is now: after promises of earlier positions and whoever was ahead then.
fn index_of(line: &[Member<'_>], seq: u64, position: u32) -> usize {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let ahead = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    let behind = |(index, member): (usize, &Member<'_>)| match member.promised {
        Some(other) => other > seq,
        None => index >= ahead,
    };
    line.iter().enumerate().position(behind).unwrap_or(line.len())
}

/// When the request was made, by the server's clock as far as the device had measured it; never long after its arrival.
fn effective_ms(task: &Task<'_>) -> i64 {
    let written = i64::try_from(task.op.hlc >> 16).unwrap_or(i64::MAX);
    let latest = task.stamp.recv_at.saturating_add(AHEAD_MS);
    written.saturating_add(task.op.clock_off_ms).min(latest)
}

fn write(task: &mut Task<'_>, mut record: Record, class: RecordId, answer: &Answer) -> Outcome {
    let seq = task.stamp.seq;
    match answer {
        Answer::Place(how) => {
            give_place(task, record, how);
            Outcome::Applied { seq }
        }
        Answer::Ranking => {
            let state = Value::Code("requested".to_owned());
            put_field(task, &mut record, field!(Enrolment: "status").number(), Some(state));
            task.put(record);
            Outcome::WaitListed { seq, position: 0 }
        }
        Answer::Promised(at) => {
            keep_promise(task, &mut record, *at);
            give_place(task, record, "honoured");
            Outcome::Applied { seq }
        }
        Answer::Line(index) | Answer::PromisedLine(_, index) => {
            if let Answer::PromisedLine(at, _) = answer {
                keep_promise(task, &mut record, *at);
            }
            let mut line: Vec<RecordId> =
                queue(&members(task.world, class)).iter().map(|member| member.id).collect();
            line.insert((*index).min(line.len()), record.id);
            task.put(record);
            write_queue(task, &line);
            let position = u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX);
            Outcome::WaitListed { seq, position }
        }
    }
}

/// `enrol.cancel`. Who waits moves up in the same application.
///
/// # Errors
/// `unknown_record`, `not_permitted`, `archived`, `illegal_step` once the person has begun the class.
pub(super) fn cancel(task: &mut Task<'_>, args: &EnrolCancel) -> Result<Outcome, Refusal> {
    if task.op.kind != Kind::Enrolment.number() {
        return Err(Refusal::new("wrong_id"));
    }
    let found = enrolment_of(task, args.class, task.world.resolve(args.person));
    let mut record = found.ok_or_else(|| Refusal::new("unknown_record"))?;
    if !task.author.role.acts_for(Office::Organizer)
        || !task.world.reaches(task.author, record.unit)
    {
        return Err(Refusal::new("not_permitted"));
    }
    let seq = task.stamp.seq;
    let state = state_of(&record).to_owned();
    if !record.is_live() || state == "withdrawn" {
        return Ok(Outcome::Converged { seq });
    }
    if archive::is_archived(task.world, args.class) {
        return Err(Refusal::at(CODE, "class"));
    }
    let step = Kind::Enrolment.spec().steps.iter().find(|step| step.action == "withdraw");
    if !step.is_some_and(|step| state.is_empty() || step.from.contains(&state.as_str())) {
        return Err(Refusal::at("illegal_step", "status"));
    }
    let withdrawn = Value::Code("withdrawn".to_owned());
    put_field(task, &mut record, field!(Enrolment: "status").number(), Some(withdrawn));
    put_field(task, &mut record, field!(Enrolment: "queue_position").number(), None);
    let reason = (!args.reason.trim().is_empty()).then(|| Value::Text(args.reason.clone()));
    put_field(task, &mut record, field!(Enrolment: "status_reason").number(), reason);
    task.put(record);
    Ok(Outcome::Applied { seq })
}

/// `enrol.close`: who waited for it is ranked in the same application.
///
/// # Errors
/// `unknown_record`, `not_permitted`, `illegal_step` for a class that is not open.
pub(super) fn close(task: &mut Task<'_>, args: EnrolClose) -> Result<Outcome, Refusal> {
    if task.op.record != args.class || task.op.kind != Kind::TrainingClass.number() {
        return Err(Refusal::new("wrong_id"));
    }
    let mut record = task.existing()?;
    if !task.author.role.acts_for(Office::Headquarters) {
        return Err(Refusal::new("not_permitted"));
    }
    let seq = task.stamp.seq;
    let status = Class::of(&record).status.to_owned();
    if CLOSED.contains(&status.as_str()) {
        return Ok(Outcome::Converged { seq });
    }
    if status != OPEN || !record.is_live() {
        return Err(Refusal::at("illegal_step", "status"));
    }
    let closed = Value::Code("closed".to_owned());
    put_field(task, &mut record, field!(TrainingClass: "status").number(), Some(closed));
    task.put(record);
    Ok(Outcome::Applied { seq })
}
