//! Settling conflicts: an operation like any other, so it works offline and is in the history (protocol, Resolving).

use std::collections::BTreeSet;

use uuid::Uuid;

use super::apply::{allowed, check_values, may_write};
use super::archive;
use super::conflict::{Conflict, ConflictKind, ConflictState, DELETED_FIELD, UNIT_FIELD};
use super::merge::step_is_legal;
use super::op::OpId;
use super::outcome::Outcome;
use super::record::{ElementState, FieldState, Record, Tombstone};
use super::task::{Refusal, Task, current_of};
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Merge, Value};
use crate::domain::rights::{Action, Place};

/// Applies a person's decision.
///
/// Closed are only the candidates the person had seen; a value that arrived meanwhile keeps the conflict open, and a second
/// decision about a settled conflict becomes a new candidate instead of an overwrite.
pub(super) fn apply_resolve(
    task: &mut Task<'_>,
    id: RecordId,
    seen: &[OpId],
    values: &[(FieldNo, Value)],
) -> Result<Outcome, Refusal> {
    let record = task.existing()?;
    let found = task.world.records.get(&id).and_then(|r| r.conflict.clone());
    let mut conflict = *found.ok_or_else(|| Refusal::new("unknown_record"))?;
    let place = Place::of_reach(task.world.reaches(task.author, record.unit));
    let may = allowed(task, record.kind, Action::Settle, place) && may_settle(task, &conflict);
    if conflict.record != record.id || !may {
        return Err(Refusal::new("not_permitted"));
    }
    for (field, value) in values {
        may_decide(task, &record, &conflict, *field, value)?;
    }
    archive::check_decision(task, &record, &conflict, values)?;
    let seen: BTreeSet<OpId> = seen.iter().copied().collect();
    let seq = task.stamp.seq;
    let current_seen = current_of(&record, &conflict.fields, conflict.element)
        .iter()
        .all(|(_, origin)| origin.is_none_or(|op| seen.contains(&op)));
    if (!conflict.is_open() || !current_seen) && !crate::trap!(T53) {
        if holds(&record, values, conflict.element) {
            return Ok(Outcome::Converged { seq });
        }
        return Ok(task.conflict_about(&record, conflict.kind, values, conflict.element));
    }
    let mut resolved = match conflict.element {
        Some(id) => settle_element(task, &record, id, values),
        None => settle(task, &record, values)?,
    };
    if let Some(home) = task.new_home(&resolved)? {
        task.move_to(resolved, home);
        resolved = task.existing()?;
    }
    conflict.candidates.retain(|old| !seen.contains(&old.op) && !crate::trap!(T54));
    if conflict.candidates.is_empty() {
        conflict.state = ConflictState::ClosedByPerson(task.op.id);
    }
    conflict.current = task.standing(&resolved, &conflict.fields, conflict.element);
    let (record_id, unit) = (resolved.id, resolved.unit);
    task.put(resolved);
    let stored = conflict.into_record(id, unit, task.op.id, seq);
    task.world.put(stored);
    task.recount(record_id);
    Ok(Outcome::Applied { seq })
}

/// What an author may no longer do is decided by headquarters.
fn may_settle(task: &Task<'_>, conflict: &Conflict) -> bool {
    conflict.kind != ConflictKind::NotPermittedAnyMore || task.author.role.is_headquarters()
}

/// A decision is about the conflict's own fields, and only as far as its author could have written the value themselves.
fn may_decide(
    task: &Task<'_>,
    record: &Record,
    conflict: &Conflict,
    no: FieldNo,
    value: &Value,
) -> Result<(), Refusal> {
    let author = task.author;
    let kind = Kind::from_number(record.kind);
    let spec = kind.map(Kind::spec);
    let permitted = |yes: bool| if yes { Ok(()) } else { Err(Refusal::new("not_permitted")) };
    permitted(conflict.fields.contains(&no))?;
    if no == UNIT_FIELD {
        let to = value.as_ref_id().ok_or_else(|| Refusal::new("wrong-type"))?.unit();
        let known = task.world.units.contains(to) || task.world.units.is_empty();
        return permitted(to == record.unit || (known && task.world.reaches(author, to)));
    }
    if no == DELETED_FIELD {
        let office = spec.map_or(Office::Organizer, |spec| spec.office);
        return permitted(author.role.acts_for(office));
    }
    let current = match conflict.element {
        Some(id) => record.elements.get(&(no, id)).and_then(|state| state.value.as_ref()),
        None => record.fields.get(&no).map(|state| &state.value),
    };
    let field = spec.and_then(|spec| spec.field_no(no)).filter(|_| current != Some(value));
    let Some((spec, field)) = spec.zip(field) else { return Ok(()) };
    may_write(author, field)?;
    if conflict.element.is_some() {
        return super::element::fits(field, value);
    }
    if field.merge == Merge::Steps && !step_is_legal(spec, author.role, current, value) {
        return Err(Refusal::at("illegal_step", field.key));
    }
    Ok(())
}

/// Puts the decided value into the element; it comes back if it was taken out.
fn settle_element(
    task: &Task<'_>,
    record: &Record,
    id: Uuid,
    values: &[(FieldNo, Value)],
) -> Record {
    let mut resolved = record.clone();
    for (no, value) in values {
        let held = resolved.elements.get(&(*no, id)).and_then(|state| state.value.as_ref());
        if held != Some(value) {
            let state = ElementState::of(task.op, Some(value.clone()), task.stamp.seq);
            resolved.elements.insert((*no, id), state);
        }
    }
    resolved
}

pub(super) fn holds(record: &Record, values: &[(FieldNo, Value)], element: Option<Uuid>) -> bool {
    values.iter().all(|(no, value)| match *no {
        no if let Some(id) = element => {
            record.elements.get(&(no, id)).is_some_and(|state| state.value.as_ref() == Some(value))
        }
        UNIT_FIELD => Value::Ref(record.unit.record()) == *value,
        DELETED_FIELD => Value::Flag(!record.is_live()) == *value,
        _ => record.fields.get(no).is_some_and(|state| state.value == *value),
    })
}

/// Puts the decided values into the record.
fn settle(
    task: &mut Task<'_>,
    record: &Record,
    values: &[(FieldNo, Value)],
) -> Result<Record, Refusal> {
    let mut resolved = record.clone();
    for (no, value) in values {
        match (*no, value) {
            (UNIT_FIELD, value) => {
                let to = value.as_ref_id().ok_or_else(|| Refusal::new("wrong-type"))?.unit();
                if to != resolved.unit {
                    task.move_to(resolved.clone(), to);
                    resolved = task.existing()?;
                }
            }
            (DELETED_FIELD, Value::Flag(true)) => {
                resolved.tombstone =
                    Some(Tombstone { by: task.op.id, reason: String::new(), seq: task.stamp.seq });
            }
            (DELETED_FIELD, _) => resolved.tombstone = None,
            (no, value) => {
                let unchanged = resolved.fields.get(&no).is_some_and(|state| state.value == *value);
                if !unchanged {
                    let state = FieldState {
                        value: value.clone(),
                        origin: task.op.id,
                        seq: task.stamp.seq,
                    };
                    resolved.fields.insert(no, state);
                }
            }
        }
    }
    let kind = Kind::from_number(resolved.kind).filter(|_| resolved.is_live());
    if let Some(kind) = kind {
        check_values(task.world, kind, resolved.id, &resolved.values())?;
    }
    Ok(resolved)
}
