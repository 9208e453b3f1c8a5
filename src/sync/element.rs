//! Multi-valued fields and notes: elements meet by their ids, so that what two people add is both there (protocol, Elements).

use uuid::Uuid;

use super::apply::{allowed, may_write};
use super::archive;
use super::conflict::{ConflictKind, DELETED_FIELD};
use super::op::Base;
use super::outcome::Outcome;
use super::record::{ElementState, Record};
use super::task::{Refusal, Task};
use crate::domain::access::Office;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Shape, Value};
use crate::domain::rights::{Action, Place};

/// Adds an element. One that was taken out meanwhile comes back: adding wins.
pub(super) fn add(
    task: &mut Task<'_>,
    field: FieldNo,
    element: Uuid,
    value: &Value,
) -> Result<Outcome, Refusal> {
    let record = open(task, field, Shape::Many, value)?;
    if frozen(task, &record, (field, element), value) {
        let values = [(field, value.clone())];
        return Ok(task.conflict_about(&record, ConflictKind::Archived, &values, Some(element)));
    }
    insert(task, record, (field, element), value)
}

/// Appends a note. It is nobody's to change, so it meets nothing.
pub(super) fn note(
    task: &mut Task<'_>,
    field: FieldNo,
    element: Uuid,
    text: &str,
) -> Result<Outcome, Refusal> {
    let value = Value::Text(text.to_owned());
    let record = open(task, field, Shape::Notes, &value)?;
    insert(task, record, (field, element), &value)
}

fn insert(
    task: &mut Task<'_>,
    record: Record,
    key: (FieldNo, Uuid),
    value: &Value,
) -> Result<Outcome, Refusal> {
    match record.elements.get(&key).map(|state| &state.value) {
        Some(Some(held)) if held == value => Ok(Outcome::Converged { seq: task.stamp.seq }),
        Some(Some(_)) => Err(Refusal::new("duplicate")),
        Some(None) | None => Ok(put(task, record, key, Some(value.clone()))),
    }
}

/// Gives an element another value, if it is as the author saw it. One that was taken out meanwhile comes back; one that somebody
/// else has changed is a person's to settle.
pub(super) fn set(
    task: &mut Task<'_>,
    field: FieldNo,
    element: Uuid,
    base: Base,
    value: &Value,
) -> Result<Outcome, Refusal> {
    let record = open(task, field, Shape::Many, value)?;
    let key = (field, element);
    if frozen(task, &record, key, value) {
        let values = [(field, value.clone())];
        return Ok(task.conflict_about(&record, ConflictKind::Archived, &values, Some(element)));
    }
    let state = record.elements.get(&key).filter(|state| state.value.is_some());
    match state {
        Some(state) if state.value.as_ref() == Some(value) => {
            Ok(Outcome::Converged { seq: task.stamp.seq })
        }
        Some(state) if base != Base::Seen(state.origin) => {
            let values = [(field, value.clone())];
            Ok(task.conflict_about(&record, ConflictKind::Edit, &values, Some(element)))
        }
        Some(_) | None => Ok(put(task, record, key, Some(value.clone()))),
    }
}

/// Takes an element out, if it is the one the author saw.
pub(super) fn delete(
    task: &mut Task<'_>,
    field: FieldNo,
    element: Uuid,
    base: Base,
) -> Result<Outcome, Refusal> {
    let record = open(task, field, Shape::Many, &Value::Null)?;
    let state = record.elements.get(&(field, element));
    let seen = state.is_some_and(|s| s.value.is_some() && base == Base::Seen(s.origin));
    if seen {
        archive::check_whole(task, &record)?;
        Ok(put(task, record, (field, element), None))
    } else {
        Ok(Outcome::Converged { seq: task.stamp.seq })
    }
}

/// True if the record is archived and does not hold the element already.
fn frozen(task: &Task<'_>, record: &Record, key: (FieldNo, Uuid), value: &Value) -> bool {
    let held = record.elements.get(&key).and_then(|state| state.value.as_ref());
    held != Some(value) && archive::check_whole(task, record).is_err()
}

/// Returns the record if the author may write this field of it, and the field is of that shape and takes the value.
fn open(task: &Task<'_>, field: FieldNo, shape: Shape, value: &Value) -> Result<Record, Refusal> {
    let record = task.existing()?;
    let author = task.author;
    let place = Place::of_reach(task.world.reaches(author, record.unit));
    if !allowed(task, record.kind, Action::Write(Office::Organizer), place) {
        return Err(Refusal::new("not_permitted"));
    }
    let spec = Kind::from_number(record.kind).map(Kind::spec);
    if let Some(field) = spec.and_then(|spec| spec.field_no(field)) {
        may_write(author, field)?;
        if field.shape != shape {
            return Err(Refusal::at("wrong_kind", field.key));
        }
        if *value != Value::Null {
            fits(field, value)?;
        }
    }
    Ok(record)
}

/// Refuses an element that is no text, says nothing, or says too much.
pub(super) fn fits(field: &FieldSpec, value: &Value) -> Result<(), Refusal> {
    let text = value.as_text().filter(|text| !text.trim().is_empty());
    let most = usize::from(field.max_chars);
    if text.is_some_and(|text| text.chars().count() <= most) {
        return Ok(());
    }
    Err(Refusal::at("invalid", field.key))
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
    record.elements.insert(key, ElementState::of(task.op, value, seq));
    let live = record.is_live();
    task.put(record.clone());
    if live {
        return Outcome::Applied { seq };
    }
    let back = [(DELETED_FIELD, Value::Flag(false))];
    task.conflict(&record, ConflictKind::EditOnDeleted, &back)
}
