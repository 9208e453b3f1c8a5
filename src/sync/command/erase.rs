//! Erasure: a record keeps its place in the history and loses its content (protocol, Erasure). The operation that erases is in the log;
//! the payloads of the operations before it are replaced by what [`redacted`] leaves of them, under the hashes they came with.

use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Value, ValueKind};
use crate::sync::command::args::{Arguments as _, EnrolCancel, Erase};
use crate::sync::conflict::{CONFLICT_KIND, ConflictState};
use crate::sync::op::{Op, OpBody};
use crate::sync::outcome::Outcome;
use crate::sync::record::{Record, Tombstone};
use crate::sync::task::{Refusal, Task};

/// The reason that the tombstone of an erased record gives.
pub const ERASED: &str = "erased";
/// What the stand-in of an erased text begins with; sixteen hexadecimal digits follow.
const MARK: char = '*';
const DIGITS: usize = 16;

/// `record.erase`: only the server's own operations do; headquarters asks for it there.
///
/// A record that is not here needs no erasing, so that a replay without its content decides the same.
///
/// # Errors
/// `not_permitted`.
pub(super) fn erase(task: &mut Task<'_>, args: &Erase) -> Result<Outcome, Refusal> {
    let own = task.author.user.0.is_nil() && task.author.role.is_headquarters();
    if !own {
        return Err(Refusal::new("not_permitted"));
    }
    let seq = task.stamp.seq;
    if let Some(record) = task.world.records.get(&task.op.record).cloned() {
        let erased = without(task, record, &args.fields);
        task.put(erased);
    }
    for id in &args.conflicts {
        let found = task.world.records.get(id).filter(|record| record.kind == CONFLICT_KIND);
        if let Some(mut record) = found.cloned() {
            close(task, &mut record, &args.fields);
            task.put(record);
        }
    }
    if args.fields.is_empty() {
        task.recount(task.op.record);
    }
    Ok(Outcome::Applied { seq })
}

/// Returns a record without some fields, or without all and deleted.
fn without(task: &Task<'_>, mut record: Record, fields: &[u16]) -> Record {
    if fields.is_empty() {
        record.fields.clear();
        record.elements.clear();
        let (by, seq) = (task.op.id, task.stamp.seq);
        record.tombstone = Some(Tombstone { by, reason: ERASED.to_owned(), seq });
    } else {
        record.fields.retain(|no, _| !fields.contains(&no.0));
        record.elements.retain(|(no, _), _| !fields.contains(&no.0));
    }
    record
}

/// Takes the values out of a conflict and settles it.
fn close(task: &Task<'_>, record: &mut Record, fields: &[u16]) {
    let Some(conflict) = record.conflict.as_deref_mut() else { return };
    let gone = |no: &FieldNo| fields.is_empty() || fields.contains(&no.0);
    conflict.base.retain(|(no, _)| !gone(no));
    for candidate in &mut conflict.candidates {
        candidate.values.retain(|(no, _)| !gone(no));
    }
    if conflict.is_open() && conflict.candidates.iter().all(|c| c.values.is_empty()) {
        conflict.state = ConflictState::ClosedByPolicy(task.op.id);
    }
}

/// What is erased of the operations on a record: all content, or some fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The fields; empty for all.
    pub fields: Vec<u16>,
}

/// Returns what is left of an operation: who, when, on which record, which fields and references; no content. `stand_in` gives
/// the stand-in of a text that the kind cannot be without.
pub fn redacted(op: &Op, scope: &Scope, stand_in: &dyn Fn(&str) -> String) -> Op {
    let mut op = op.clone();
    op.salt = 0; // with it nobody can find the content again by trying hashes
    let spec = Kind::from_number(op.kind).map(Kind::spec);
    let gone = |no: FieldNo| scope.fields.is_empty() || scope.fields.contains(&no.0);
    let blank = |no: FieldNo, value: &mut Value| {
        if gone(no) {
            let field = spec.and_then(|spec| spec.field_no(no));
            *value = left_of(field, value, stand_in);
        }
    };
    match &mut op.body {
        OpBody::Create { fields: values, .. } | OpBody::Resolve { values, .. } => {
            for (no, value) in values {
                blank(*no, value);
            }
        }
        OpBody::Set { sets } => {
            for (no, _, value) in sets {
                blank(*no, value);
            }
        }
        OpBody::ElementAdd { field, value, .. } | OpBody::ElementSet { field, value, .. } => {
            blank(*field, value);
        }
        OpBody::Note { field, text, .. } if gone(*field) => text.clear(),
        OpBody::Delete { reason, .. } if scope.fields.is_empty() => reason.clear(),
        OpBody::Command { name, args } if name == EnrolCancel::NAME && scope.fields.is_empty() => {
            if let Some(cancel) = EnrolCancel::open(args) {
                *args = EnrolCancel { reason: String::new(), ..cancel }.seal();
            }
        }
        OpBody::Note { .. }
        | OpBody::Delete { .. }
        | OpBody::Command { .. }
        | OpBody::ElementDelete { .. }
        | OpBody::Move { .. }
        | OpBody::Restore { .. }
        | OpBody::Unknown { .. } => {}
    }
    op
}

/// True if an operation is what [`redacted`] leaves: nothing can be hidden in one that was changed under its hash.
pub fn is_redacted(op: &Op, scope: &Scope) -> bool {
    let same = |text: &str| {
        let digits = text.strip_prefix(MARK).unwrap_or_default();
        let fits = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { text.to_owned() } else { String::new() }
    };
    redacted(op, scope, &same) == *op
}

/// Returns a stand-in made of some bytes.
pub fn stand_in(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or('0');
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    std::iter::once(MARK).chain(digits.take(DIGITS)).collect()
}

/// References and workflow states stay, so that what hangs on them replays; a text that is required has a stand-in.
fn left_of(field: Option<&FieldSpec>, value: &Value, stand_in: &dyn Fn(&str) -> String) -> Value {
    match (field, value) {
        (_, Value::Ref(_)) => value.clone(),
        (Some(field), _) if field.kind == ValueKind::Choice => value.clone(),
        (Some(field), Value::Text(text)) if field.required => Value::Text(stand_in(text)),
        (Some(field), _) if field.required => value.clone(),
        _ => Value::Null,
    }
}

/// Returns the record a command erases, and how much of it, if it is one that does.
pub fn erasure(op: &Op) -> Option<(RecordId, Scope, Vec<RecordId>)> {
    let OpBody::Command { name, args } = &op.body else { return None };
    if name != Erase::NAME || !op.actor.0.is_nil() {
        return None;
    }
    let Erase { fields, conflicts } = Erase::open(args)?;
    Some((op.record, Scope { fields }, conflicts))
}
