//! Pushed operations: what the server checks by itself, then the merge. A replay of the log runs exactly this again.

use crate::domain::ids::UnitId;
use crate::server::db::rows::{OpRow, Refused};
use crate::sync::apply::Stamp;
use crate::sync::command::Outside;
use crate::sync::group::{Item, apply_together};
use crate::sync::{
    Author, CONFLICT_KIND, Digest, Group, Limits, Need, Op, OpBody, OpId, Outcome, World, digest,
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

/// Returns how many of these operations belong together, the first one of them included.
///
/// # Errors
/// The group does not begin here, is longer than what is here, or is not numbered without gaps.
pub(crate) fn together(entries: &[Entry], limits: &Limits) -> Result<usize, SplitGroup> {
    let Some(first) = entries.first() else { return Ok(0) };
    let Some(group) = group_of(first) else { return Ok(1) };
    let members = entries.get(..usize::from(group.length)).ok_or(SplitGroup)?;
    let fits = |(index, entry): (u16, &Entry)| {
        entry.op.is_none() || group_of(entry) == Some(Group { index, ..group })
    };
    let starts = group.index == 0 && group.first == first.id.n;
    let sized = group.length > 0 && group.length <= limits.group_ops;
    if starts && sized && (0..).zip(members).all(fits) {
        Ok(members.len())
    } else {
        Err(SplitGroup)
    }
}

/// A batch that does not hold whole groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SplitGroup;

/// Returns the group an operation says it is in; one under another name than its place is refused by itself.
fn group_of(entry: &Entry) -> Option<Group> {
    entry.op.as_ref().filter(|op| op.id == entry.id)?.group
}

/// Decides operations that belong together and applies them; the outcomes in order.
pub(crate) fn decide(
    world: &mut World,
    entries: &[Entry],
    author: &Author,
    first: Stamp,
) -> Vec<Outcome> {
    let outside = entries.iter().filter_map(|entry| Some((entry.id, entry.outside?)));
    world.outside.extend(outside);
    let items: Vec<Item<'_>> = entries
        .iter()
        .map(|entry| Item {
            id: entry.id,
            hash: entry.hash,
            op: entry.op.as_ref(),
            fault: check(world, entry, author).err(),
        })
        .collect();
    apply_together(world, &items, author, first)
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
    if op.longest_text() > world.limits.text_bytes {
        return Err(("too_large", "text"));
    }
    Ok(())
}

/// Says how an outcome is marked in the log.
pub(crate) fn refused(entry: &Entry, outcome: &Outcome) -> Refused {
    let creates = entry.op.as_ref().is_some_and(|op| matches!(op.body, OpBody::Create { .. }));
    match outcome {
        Outcome::Rejected { .. } | Outcome::Blocked { .. } if creates => Refused::Creation,
        Outcome::Rejected { .. } | Outcome::Blocked { .. } => Refused::Yes,
        Outcome::Applied { .. }
        | Outcome::Converged { .. }
        | Outcome::Conflict { .. }
        | Outcome::WaitListed { .. }
        | Outcome::Held { .. }
        | Outcome::Unknown { .. } => Refused::No,
    }
}

/// Makes the log's row of a decided operation, after the chain value `previous`.
pub(crate) fn row(
    entry: Entry,
    outcome: &Outcome,
    (author, stamp): (Author, Stamp),
    previous: &Digest,
    encoded: Vec<u8>,
) -> OpRow {
    let refused = refused(&entry, outcome);
    let (record, kind) =
        entry.op.as_ref().map_or((UnitId::HOME.record(), 0), |op| (op.record, op.kind));
    let was = entry.op.as_ref().filter(|op| op.id == entry.id).and_then(|op| op.was);
    let mut row = OpRow {
        seq: stamp.seq,
        id: entry.id,
        record,
        kind,
        bytes: entry.bytes,
        hash: entry.hash,
        chain: [0; 16],
        author,
        recv_at: stamp.recv_at,
        outcome: encoded,
        refused,
        outside: entry.outside.and_then(|outside| encode(&outside).ok()),
        was: was.map(|(old, _)| Need::Op(old).key()),
    };
    row.chain = row.link(previous, outcome.tag());
    row
}
