//! One pushed operation: what the server checks by itself, then the merge. A replay of the log runs exactly this again.

use crate::domain::ids::UnitId;
use crate::domain::record::Value;
use crate::server::db::rows::{OpRow, Refused};
use crate::sync::apply::{Stamp, apply};
use crate::sync::command::Outside;
use crate::sync::{
    Author, CONFLICT_KIND, Digest, Limits, Op, OpBody, OpId, Outcome, World, digest,
};
use crate::wire::{decode_op, encode};

/// One operation as it arrived, at its place in the device's generation.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Identity by its place; a readable operation must say the same.
    pub(crate) id: OpId,
    /// Its frame.
    pub(crate) bytes: Vec<u8>,
    /// Hash of that.
    pub(crate) hash: Digest,
    /// What it says, if it can be read.
    pub(crate) op: Option<Op>,
    /// What the server knows of it from outside the log.
    pub(crate) outside: Option<Outside>,
}

impl Entry {
    /// Reads and hashes an operation.
    pub(crate) fn new(id: OpId, bytes: Vec<u8>, limits: &Limits) -> Self {
        let mut hash = digest(&bytes);
        if crate::trap!(T41) {
            let again = decode_op(&bytes).and_then(|op| crate::wire::encode_op(&op));
            hash = again.map_or(hash, |bytes| digest(&bytes));
        }
        let op = if bytes.len() > limits.op_bytes { None } else { decode_op(&bytes).ok() };
        Self { id, bytes, hash, op, outside: None }
    }
}

/// Decides one operation and applies it.
pub(crate) fn decide(world: &mut World, entry: &Entry, author: &Author, stamp: Stamp) -> Outcome {
    let Err((code, field)) = check(world, entry, author) else {
        return match &entry.op {
            Some(op) => {
                world.outside.extend(entry.outside.map(|outside| (op.id, outside)));
                apply(world, op, author, stamp)
            }
            None => refuse(world, entry, stamp, "unknown_body", ""),
        };
    };
    refuse(world, entry, stamp, code, field)
}

fn refuse(world: &mut World, entry: &Entry, stamp: Stamp, code: &str, field: &str) -> Outcome {
    world.refused.insert(entry.id);
    if let Some(op) = entry.op.as_ref().filter(|op| matches!(op.body, OpBody::Create { .. })) {
        world.refused_creates.insert(op.record, entry.id);
    }
    Outcome::Rejected {
        seq: stamp.seq,
        code: code.to_owned(),
        field: field.to_owned(),
        message: String::new(),
    }
}

/// What must hold before the merge looks at an operation; the stable word and the place of what does not.
fn check(
    world: &World,
    entry: &Entry,
    author: &Author,
) -> Result<(), (&'static str, &'static str)> {
    if entry.bytes.len() > world.limits.op_bytes {
        return Err(("too_large", ""));
    }
    let Some(op) = &entry.op else { return Err(("unknown_body", "")) };
    if op.id != entry.id {
        return Err(("wrong_id", ""));
    }
    if op.actor != author.user {
        return Err(("not_permitted", "actor"));
    }
    let other_kind = world.records.get(&op.record).is_some_and(|record| record.kind != op.kind);
    if op.kind == CONFLICT_KIND || other_kind {
        return Err(("wrong_kind", ""));
    }
    if longest(op) > world.limits.text_bytes {
        return Err(("too_large", "text"));
    }
    Ok(())
}

/// Returns the bytes of the longest text in an operation.
fn longest(op: &Op) -> usize {
    let size = |value: &Value| match value {
        Value::Text(text) | Value::Code(text) => text.len(),
        Value::Unknown { bytes, .. } => bytes.len(),
        Value::Null
        | Value::Int(_)
        | Value::Flag(_)
        | Value::Date(_)
        | Value::Instant(_)
        | Value::Ref(_) => 0,
    };
    let of = |values: &mut dyn Iterator<Item = &Value>| values.map(size).max().unwrap_or(0);
    match &op.body {
        OpBody::Create { fields: values, .. } | OpBody::Resolve { values, .. } => {
            of(&mut values.iter().map(|(_, value)| value))
        }
        OpBody::Set { sets } => of(&mut sets.iter().map(|(_, _, value)| value)),
        OpBody::ElementAdd { value, .. } => size(value),
        OpBody::Note { text, .. } | OpBody::Delete { reason: text, .. } => text.len(),
        OpBody::ElementDelete { .. }
        | OpBody::Move { .. }
        | OpBody::Restore { .. }
        | OpBody::Command { .. }
        | OpBody::Unknown { .. } => 0,
    }
}

/// Says how an outcome is marked in the log.
pub(crate) fn refused(entry: &Entry, outcome: &Outcome) -> Refused {
    let creates = entry.op.as_ref().is_some_and(|op| matches!(op.body, OpBody::Create { .. }));
    match outcome {
        Outcome::Rejected { .. } if creates => Refused::Creation,
        Outcome::Rejected { .. } | Outcome::Blocked { .. } => Refused::Yes,
        Outcome::Applied { .. }
        | Outcome::Converged { .. }
        | Outcome::Conflict { .. }
        | Outcome::WaitListed { .. }
        | Outcome::Held { .. }
        | Outcome::Unknown { .. } => Refused::No,
    }
}

/// Makes the log's row of a decided operation, and gives back the operation if it is what its place says.
pub(crate) fn row(
    entry: Entry,
    outcome: &Outcome,
    author: Author,
    stamp: Stamp,
    chain: Digest,
    encoded: Vec<u8>,
) -> (OpRow, Option<Op>) {
    let refused = refused(&entry, outcome);
    let (record, kind) =
        entry.op.as_ref().map_or((UnitId::HOME.record(), 0), |op| (op.record, op.kind));
    let row = OpRow {
        seq: stamp.seq,
        id: entry.id,
        record,
        kind,
        bytes: entry.bytes,
        hash: entry.hash,
        chain,
        author,
        recv_at: stamp.recv_at,
        outcome: encoded,
        refused,
        outside: entry.outside.and_then(|outside| encode(&outside).ok()),
        was: entry.op.as_ref().and_then(|op| op.was).map(|(was, _)| (was.generation, was.n)),
        same: None,
    };
    (row, entry.op.filter(|op| op.id == entry.id))
}
