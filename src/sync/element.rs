//! Multi-valued fields and notes: elements meet by their ids, so that what two people add is both there (protocol, Elements).

use uuid::Uuid;

use super::apply::{allowed, may_write};
use super::conflict::{ConflictKind, DELETED_FIELD};
use super::op::Base;
use super::outcome::Outcome;
use super::record::{ElementState, Record};
use super::task::{Refusal, Task};
use crate::domain::access::Office;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::domain::rights::{Action, Place};

/// Adds an element. One that was taken out meanwhile comes back: adding wins.
pub(super) fn add(
    task: &mut Task<'_>,
    field: FieldNo,
    element: Uuid,
    value: &Value,
) -> Result<Outcome, Refusal> {
    let record = open(task, field)?;
    let found = record.elements.get(&(field, element)).map(|state| &state.value);
    match found {
        Some(Some(held)) if held == value => Ok(Outcome::Converged { seq: task.stamp.seq }),
        Some(Some(_)) => Err(Refusal::new("duplicate")),
        Some(None) | None => Ok(put(task, record, (field, element), Some(value.clone()))),
    }
}

/// Takes an element out, if it is the one the author saw.
pub(super) fn delete(
    task: &mut Task<'_>,
    field: FieldNo,
    element: Uuid,
    base: Base,
) -> Result<Outcome, Refusal> {
    let record = open(task, field)?;
    let state = record.elements.get(&(field, element));
    let seen = state.is_some_and(|s| s.value.is_some() && base == Base::Seen(s.origin));
    if seen {
        Ok(put(task, record, (field, element), None))
    } else {
        Ok(Outcome::Converged { seq: task.stamp.seq })
    }
}

/// Returns the record if the author may write this field of it.
fn open(task: &Task<'_>, field: FieldNo) -> Result<Record, Refusal> {
    let record = task.existing()?;
    let author = task.author;
    let place = Place::of_reach(task.world.reaches(author, record.unit));
    if !allowed(task, record.kind, Action::Write(Office::Organizer), place) {
        return Err(Refusal::new("not_permitted"));
    }
    let spec = Kind::from_number(record.kind).map(Kind::spec);
    if let Some(field) = spec.and_then(|spec| spec.field_no(field)) {
        may_write(author, field)?;
    }
    Ok(record)
}

/// Writes an element. On a deleted record it is kept, and a person is asked whether the record comes back.
fn put(
    task: &mut Task<'_>,
    mut record: Record,
    key: (FieldNo, Uuid),
    value: Option<Value>,
) -> Outcome {
    let seq = task.stamp.seq;
    if crate::trap!(T32) {
        record.elements.retain(|(field, _), _| *field != key.0);
    }
    record.elements.insert(key, ElementState { value, origin: task.op.id, seq });
    let live = record.is_live();
    task.put(record.clone());
    if live {
        return Outcome::Applied { seq };
    }
    let back = [(DELETED_FIELD, Value::Flag(false))];
    task.conflict(&record, ConflictKind::EditOnDeleted, &back)
}
