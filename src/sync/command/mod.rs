//! Requests that only the server may decide (protocol, Commands): places in a class, numbers, duplicate persons.
//!
//! Each is decided from the records alone, inside the application of the operation that asks for it, so that a replay decides
//! the same. What follows from an operation without being asked for (somebody moves up because somebody else left) happens in
//! the same application too, and carries that operation as its origin. Start at [`decide`]; [`args`] says what travels.

pub mod args;
mod enrol;
mod erase;
mod event;
mod lease;
mod merge;
mod places;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_archive;
#[cfg(test)]
mod tests_more;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use args::{
    Arguments, EnrolCancel, EnrolClose, EnrolRequest, Erase, EventNote, NumberLease, PersonMerge,
    enrolment_id,
};
pub use erase::{ERASED, Scope, erasure, is_redacted, redacted, stand_in};
pub use event::EVENT_KIND;
pub use lease::{LEASE_KIND, Lease, SERIES_KIND, series_id};
pub use merge::{ALIAS_FIELD, redirected};

use super::conflict::DELETED_FIELD;
use super::op::{Op, OpBody};
use super::outcome::Outcome;
use super::record::{FieldState, Record};
use super::task::{Refusal, Task};
use super::world::World;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::domain::rights::may_ask;
use crate::domain::training::class_quota::ClassQuota;
use crate::domain::training::enrolment::{Enrolment, GIVEN};
use crate::field;

/// What the server knew from outside the log when it decided a command: kept with the operation, so that a replay decides the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outside {
    /// A receipt of an earlier history says what the author was told.
    Promised {
        /// Position in that history.
        seq: u64,
        /// Place on the waiting list; `None` for a place in the class.
        position: Option<u32>,
    },
    /// Numbers up to this one were given out, whatever the records say.
    Issued {
        /// The highest number.
        last: u64,
    },
}

/// Decides a command.
///
/// # Errors
/// Refused with `unknown_body` if the name or its arguments are not known here, else as the command says.
pub(super) fn decide(task: &mut Task<'_>, name: &str, args: &[u8]) -> Result<Outcome, Refusal> {
    if name == Erase::NAME {
        return erase::erase(task, &read(args)?); // the server's own: no role may ask for it
    }
    match may_ask(task.author.role, name) {
        None => return Err(Refusal::new("unknown_body")),
        Some(Err(_why)) => return Err(Refusal::new("not_permitted")),
        Some(Ok(())) => {}
    }
    match name {
        EnrolRequest::NAME => enrol::request(task, read(args)?),
        EnrolCancel::NAME => enrol::cancel(task, &read(args)?),
        EnrolClose::NAME => enrol::close(task, read(args)?),
        NumberLease::NAME => lease::lease(task, &read(args)?),
        PersonMerge::NAME => merge::persons(task, read(args)?),
        EventNote::NAME => event::note(task, &read(args)?),
        _ => Err(Refusal::new("unknown_body")),
    }
}

fn read<A: Arguments>(args: &[u8]) -> Result<A, Refusal> {
    A::open(args).ok_or_else(|| Refusal::new("unknown_body"))
}

/// Returns the records a command's arguments name.
pub fn named(name: &str, args: &[u8]) -> Vec<RecordId> {
    match name {
        EnrolRequest::NAME => {
            EnrolRequest::open(args).map(|a| vec![a.class, a.person]).unwrap_or_default()
        }
        EnrolCancel::NAME => {
            EnrolCancel::open(args).map(|a| vec![a.class, a.person]).unwrap_or_default()
        }
        EnrolClose::NAME => EnrolClose::open(args).map(|a| vec![a.class]).unwrap_or_default(),
        // Not the dropped one: it may have been refused, which is why it is merged.
        PersonMerge::NAME => PersonMerge::open(args).map(|a| vec![a.keep]).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Returns how a record looks on the device while a command about it waits: what was asked for, never what may come of it.
pub fn shown(record: Option<Record>, op: &Op, name: &str, args: &[u8]) -> Option<Record> {
    match name {
        EnrolRequest::NAME => match EnrolRequest::open(args) {
            Some(args) => Some(enrol::shown_request(record, op, &args)),
            None => record,
        },
        EnrolCancel::NAME => record.map(|record| enrol::shown_state(record, op, "withdrawn")),
        _ => record,
    }
}

/// Refuses what only the server may write: a place is given, not taken. Headquarters may assign one.
///
/// # Errors
/// `not_permitted` at the field.
pub(super) fn guard(task: &Task<'_>) -> Result<(), Refusal> {
    let reserved = matches!(task.op.kind, LEASE_KIND | SERIES_KIND | EVENT_KIND);
    if reserved && !matches!(task.op.body, OpBody::Command { .. }) {
        return Err(Refusal::new("wrong_kind"));
    }
    if task.op.kind != Kind::Enrolment.number() {
        return Ok(());
    }
    let no = field!(Enrolment: "status").number();
    let Some(value) = task.op.value_of(no) else { return Ok(()) };
    let held = task.world.records.get(&task.op.record).and_then(|record| record.fields.get(&no));
    if held.is_some_and(|state| state.value == *value) {
        return Ok(());
    }
    let given = value.as_text().is_some_and(|state| GIVEN.contains(&state));
    if given && !task.author.role.is_headquarters() {
        return Err(Refusal::at("not_permitted", "status"));
    }
    if value.as_text() == Some("requested") {
        return Err(Refusal::at("not_permitted", "status"));
    }
    Ok(())
}

/// Returns the two persons that an operation merges: the kept one, the dropped one.
pub fn merging(op: &Op) -> Option<[RecordId; 2]> {
    let OpBody::Command { name, args } = &op.body else { return None };
    (name == PersonMerge::NAME).then(|| PersonMerge::open(args).map(|a| [a.keep, a.drop]))?
}

/// Returns the record, besides those it names, that a command counts in.
pub fn counted(name: &str, args: &[u8]) -> Option<RecordId> {
    (name == NumberLease::NAME).then(|| NumberLease::open(args).map(|args| series_id(&args)))?
}

/// Returns the classes whose places an operation may change, as they are before it is applied.
pub fn classes_of(world: &World, op: &Op) -> BTreeSet<RecordId> {
    let mut classes = BTreeSet::new();
    if op.kind == Kind::TrainingClass.number() {
        classes.insert(op.record);
    }
    let by_class = match Kind::from_number(op.kind) {
        Some(Kind::Enrolment) if may_change_places(op) => Some(field!(Enrolment: "class").number()),
        Some(Kind::ClassQuota) => Some(field!(ClassQuota: "class").number()),
        _ => None,
    };
    if let Some(no) = by_class {
        let held = world.records.get(&op.record).and_then(|record| record.fields.get(&no));
        classes.extend(held.and_then(|state| state.value.as_ref_id()));
        classes.extend(op.value_of(no).and_then(Value::as_ref_id));
        if let OpBody::Command { name, args } = &op.body {
            classes.extend(named(name, args).first());
        }
    }
    classes
}

fn may_change_places(op: &Op) -> bool {
    match &op.body {
        OpBody::Create { .. }
        | OpBody::Delete { .. }
        | OpBody::Restore { .. }
        | OpBody::Command { .. } => true,
        OpBody::Set { .. } | OpBody::Resolve { .. } => {
            let touches = |no| op.value_of(no).is_some();
            touches(field!(Enrolment: "status").number())
                || touches(field!(Enrolment: "class").number())
                || touches(DELETED_FIELD)
        }
        OpBody::ElementAdd { .. }
        | OpBody::ElementSet { .. }
        | OpBody::ElementDelete { .. }
        | OpBody::Note { .. }
        | OpBody::Move { .. }
        | OpBody::Unknown { .. } => false,
    }
}

/// Gives free places to those who wait, after an operation that may have freed some, and counts who is beyond the capacity.
///
/// A class without a capacity is looked at only when the class itself changes: everybody who asks has a place.
pub(super) fn settle(task: &mut Task<'_>, classes: &BTreeSet<RecordId>) {
    for class in classes {
        places::settle(task, *class);
    }
}

/// Sets a field as this operation's doing; `None` takes the field out. False if it was so already.
fn put_field(task: &Task<'_>, record: &mut Record, no: FieldNo, value: Option<Value>) -> bool {
    if record.fields.get(&no).map(|state| &state.value) == value.as_ref() {
        return false;
    }
    match value {
        Some(value) => {
            let state = FieldState { value, origin: task.op.id, seq: task.stamp.seq };
            record.fields.insert(no, state);
        }
        None => {
            record.fields.remove(&no);
        }
    }
    true
}
