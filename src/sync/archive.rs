//! The archive at the merge: what a change would do to an archived record (protocol, Archived).

use std::collections::BTreeSet;

use super::conflict::{Conflict, DELETED_FIELD, UNIT_FIELD};
use super::op::Op;
use super::record::Record;
use super::task::{Refusal, Task};
use super::world::World;
use crate::domain::access::Role;
use crate::domain::archive::{self, CODE};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Issue, Value};
use crate::domain::training::session::Session;
use crate::field;

/// Reads a field of a live record of the working set.
fn look(world: &World) -> impl Fn(RecordId, FieldNo) -> Option<Value> {
    |id, no| {
        let record = world.records.get(&world.resolve(id)).filter(|record| record.is_live())?;
        record.fields.get(&no).map(|state| state.value.clone())
    }
}

/// Returns the records that say whether what an operation is about is frozen, as far as they are known yet: its class, or its session and
/// then that one's class.
pub fn around(world: &World, op: &Op) -> BTreeSet<RecordId> {
    let mut found = BTreeSet::new();
    let Some(kind) = Kind::from_number(op.kind) else { return found };
    let Some(no) = archive::link(kind) else { return found };
    let held = world.records.get(&op.record).and_then(|record| record.fields.get(&no));
    found.extend(held.and_then(|state| state.value.as_ref_id()));
    found.extend(op.value_of(no).and_then(Value::as_ref_id));
    if kind == Kind::Attendance {
        let read = look(world);
        let class = |session: &RecordId| read(*session, field!(Session: "class").number());
        let classes: Vec<Value> = found.iter().filter_map(class).collect();
        found.extend(classes.iter().filter_map(Value::as_ref_id));
    }
    found
}

/// True if a class is archived.
pub(super) fn is_archived(world: &World, class: RecordId) -> bool {
    archive::is_archived(class, &look(world))
}

/// Returns those of the values that differ from what the record says, if it is frozen and they would change it.
pub(super) fn blocked(
    world: &World,
    role: Role,
    record: &Record,
    values: &[(FieldNo, Value)],
) -> Option<Vec<(FieldNo, Value)>> {
    let kind = Kind::from_number(record.kind)?;
    let held = |no: &FieldNo| record.fields.get(no).map(|state| &state.value);
    let differs = |(no, value): &&(FieldNo, Value)| match (*no, held(no)) {
        (UNIT_FIELD | DELETED_FIELD, _) => true,
        (_, held) => held.map_or(*value != Value::Null, |held| held != value),
    };
    let changed: Vec<(FieldNo, Value)> = values.iter().filter(differs).cloned().collect();
    let (whole, plain): (Vec<_>, Vec<_>) =
        changed.iter().cloned().partition(|(no, _)| matches!(*no, UNIT_FIELD | DELETED_FIELD));
    let fields = record.values();
    let read = look(world);
    let checked = if whole.is_empty() {
        archive::check_change(kind, &fields, &Fields::from_iter(plain), role, &read)
    } else {
        archive::check_whole(kind, &fields, role, &read)
    };
    checked.err().map(|_archived| changed)
}

/// Refuses a new record of an archived class that is no late record.
///
/// # Errors
/// `archived`, at the field that leads to the class.
pub(super) fn check_new(task: &Task<'_>, kind: Kind, values: &Fields) -> Result<(), Refusal> {
    let checked = archive::check_new(kind, values, task.author.role, &look(task.world));
    checked.map_err(|issue| refusal(&issue))
}

/// Refuses a change of an archived record for which there is nothing to put beside what it says.
///
/// # Errors
/// `archived`.
pub(super) fn check_whole(task: &Task<'_>, record: &Record) -> Result<(), Refusal> {
    let Some(kind) = Kind::from_number(record.kind) else { return Ok(()) };
    let read = look(task.world);
    archive::check_whole(kind, &record.values(), task.author.role, &read)
        .map_err(|issue| refusal(&issue))
}

/// A decision about an archived record keeps what it says. Headquarters may also take what somebody had written before they knew of the
/// archive; nobody writes anything else there.
///
/// # Errors
/// `archived`.
pub(super) fn check_decision(
    task: &Task<'_>,
    record: &Record,
    conflict: &Conflict,
    values: &[(FieldNo, Value)],
) -> Result<(), Refusal> {
    let open: Vec<_> = values
        .iter()
        .filter(|value| {
            !super::resolve::holds(record, std::slice::from_ref(value), conflict.element)
        })
        .cloned()
        .collect();
    if open.is_empty() || blocked(task.world, task.author.role, record, &open).is_none() {
        return Ok(());
    }
    let waits = |value: &(FieldNo, Value)| {
        conflict.candidates.iter().any(|candidate| candidate.values.contains(value))
    };
    if task.author.role.is_headquarters() && open.iter().all(waits) {
        return Ok(());
    }
    check_whole(task, record).and(Err(Refusal::at(CODE, "")))
}

fn refusal(issue: &Issue) -> Refusal {
    let code = if issue.code == CODE { CODE } else { "invalid" };
    let refusal = Refusal::at(code, &issue.field);
    Refusal { message: if code == CODE { String::new() } else { issue.code.to_owned() }, ..refusal }
}
