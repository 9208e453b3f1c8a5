//! Deciding what belongs together: one operation, or an all-or-none group, and then whatever was held until it came
//! (protocol, Groups and Held).

use std::collections::BTreeSet;

use super::apply::{Attempt, Stamp, Stop, apply_one};
use super::hash::Digest;
use super::held::{HELD_KIND, Held, HeldPart, HeldState, Need};
use super::op::{Op, OpBody, OpId};
use super::outcome::Outcome;
use super::world::{Author, World};
use crate::domain::ids::RecordId;

/// Name of the command that ends the waiting of a held record.
pub const EXPIRE: &str = "held.expire";

/// One operation at its place in the log.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Identity by its place.
    pub id: OpId,
    /// Hash of its bytes.
    pub hash: Digest,
    /// What it says, if it can be read.
    pub op: Option<&'a Op>,
    /// Stable word and place of what is wrong with its form, found before.
    pub fault: Option<(&'static str, &'static str)>,
}

impl Item<'_> {
    fn readable(&self) -> Option<&Op> {
        self.op.filter(|op| op.id == self.id)
    }

    fn creates(&self) -> Option<RecordId> {
        let op = self.op.filter(|op| matches!(op.body, OpBody::Create { .. }))?;
        Some(op.record)
    }
}

/// Applies operations that belong together, all or none, and then what was held until they came.
///
/// `first` is where the first of them goes; the others follow without a gap. There is one outcome for each.
pub fn apply_together(
    world: &mut World,
    items: &[Item<'_>],
    author: &Author,
    first: Stamp,
) -> Vec<Outcome> {
    for item in items {
        if let Some(op) = item.readable() {
            world.learn(op, item.hash, first.recv_at);
        }
    }
    let stamps = || (first.seq..).map(|seq| Stamp { seq, ..first });
    let decided = decide(world, items, author, first);
    let last = stamps().zip(items).last().map_or(first, |(stamp, _)| stamp);
    let outcomes = match decided {
        Ok(outcomes) => outcomes,
        Err((_, Stop::Missing(need))) => {
            if !crate::trap!(T62) {
                hold(world, items, author, last, need);
            }
            stamps()
                .zip(items)
                .map(|(stamp, _)| Outcome::Held { seq: stamp.seq, why: need.why().to_owned() })
                .collect()
        }
        Err((at, stop)) => {
            refuse(world, items);
            spread(items.iter().map(|item| item.id), at, &stop, first.seq)
        }
    };
    world.keep();
    let mut came = BTreeSet::new();
    let expired = items.iter().any(|item| item.op.is_some_and(|op| op.kind == HELD_KIND));
    for op in items.iter().filter_map(Item::readable) {
        came.extend(keys_of(op));
        if expired && outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied { .. })) {
            came.extend(released_keys(world, op.record));
        }
    }
    if let Some(by) = items.last().map(|item| item.id) {
        release(world, came, by, last);
    }
    outcomes
}

/// Applies all operations, or none and says which one stopped the rest.
fn decide(
    world: &mut World,
    items: &[Item<'_>],
    author: &Author,
    first: Stamp,
) -> Result<Vec<Outcome>, (usize, Stop)> {
    for (at, item) in items.iter().enumerate() {
        match (item.op, item.fault) {
            (_, Some((code, field))) => return Err((at, Stop::refused(code, field))),
            (None, None) => return Err((at, Stop::refused("unknown_body", ""))),
            (Some(_), None) => {}
        }
    }
    let mark = world.mark();
    let mut outcomes = Vec::with_capacity(items.len());
    for (at, (seq, item)) in (first.seq..).zip(items).enumerate() {
        let Some(op) = item.op else { continue };
        match apply_one(world, op, author, Stamp { seq, ..first }, Attempt::First) {
            Ok(outcome) => outcomes.push(outcome),
            Err(stop) => {
                if !crate::trap!(T58) {
                    world.roll_back(mark);
                }
                return Err((at, stop));
            }
        }
    }
    Ok(outcomes)
}

/// Marks every operation of a refused group, so that what depends on it is blocked.
fn refuse(world: &mut World, items: &[Item<'_>]) {
    for item in items {
        world.refused.insert(item.id);
        if let Some(record) = item.creates() {
            world.refused_creates.insert(record, item.id);
        }
    }
}

/// Says of every operation of a group what the one that stopped it means for it.
fn spread(ids: impl Iterator<Item = OpId>, at: usize, stop: &Stop, first: u64) -> Vec<Outcome> {
    let ids: Vec<OpId> = ids.collect();
    let culprit = ids.get(at).map_or(0, |id| id.n);
    (first..)
        .zip(ids)
        .enumerate()
        .map(|(index, (seq, _))| match stop {
            Stop::Refused(refusal) if index == at => Outcome::Rejected {
                seq,
                code: refusal.code.to_owned(),
                field: refusal.field.clone(),
                message: refusal.message.clone(),
            },
            Stop::Blocked(by) if index == at => Outcome::Blocked { seq, by: *by },
            Stop::Missing(need) => Outcome::Held { seq, why: need.why().to_owned() },
            Stop::Refused(_) | Stop::Blocked(_) => Outcome::Blocked { seq, by: culprit },
        })
        .collect()
}

fn hold(world: &mut World, items: &[Item<'_>], author: &Author, stamp: Stamp, need: Need) {
    let ops: Vec<&Op> = items.iter().filter_map(|item| item.op).collect();
    let Some(first) = ops.first() else { return };
    let held = Held {
        parts: ops.iter().map(|op| HeldPart::new(op)).collect(),
        author: *author,
        hlc: first.hlc,
        recv_at: stamp.recv_at,
        seq: stamp.seq,
        need,
        state: HeldState::Open,
    };
    let (id, by) = (Held::id_for(first.id), first.id);
    world.put(held.into_record(id, by, stamp.seq));
}

/// Returns the keys under which others may wait for this operation: its names and its record.
fn keys_of(op: &Op) -> impl Iterator<Item = RecordId> {
    let old = op.was.map(|(old, _)| Need::Op(old).key());
    [Need::Op(op.id).key(), op.record].into_iter().chain(old)
}

/// Returns the keys of what a held record has given free.
fn released_keys(world: &World, id: RecordId) -> BTreeSet<RecordId> {
    let held = world.records.get(&id).and_then(|record| record.held.as_ref());
    let parts = held.filter(|held| !held.is_open()).map(|held| held.parts.clone());
    parts
        .unwrap_or_default()
        .iter()
        .filter_map(|part| world.ops.get(&part.op))
        .flat_map(keys_of)
        .collect()
}

/// Decides again what waited for any of these keys, the oldest first, and what waited for that.
fn release(world: &mut World, came: BTreeSet<RecordId>, by: OpId, stamp: Stamp) {
    let mut due: BTreeSet<(u64, RecordId)> = BTreeSet::new();
    let mut came: Vec<RecordId> = came.into_iter().collect();
    loop {
        for key in came.drain(..) {
            let waiting = world.needs.get(&key).into_iter().flatten();
            due.extend(waiting.filter_map(|id| {
                let held = world.records.get(id)?.held.as_ref()?;
                Some((held.seq, *id))
            }));
        }
        let Some((_, id)) = due.pop_first() else { return };
        if again(world, id, by, stamp, Attempt::Again) {
            came.extend(released_keys(world, id));
        }
        world.keep();
    }
}

/// Decides a held group again; false if it goes on waiting.
pub(super) fn again(
    world: &mut World,
    id: RecordId,
    by: OpId,
    stamp: Stamp,
    attempt: Attempt,
) -> bool {
    let found = world.records.get(&id).and_then(|record| record.held.as_deref());
    let Some(held) = found.filter(|held| held.is_open()).cloned() else { return false };
    let ops: Vec<Op> =
        held.parts.iter().filter_map(|part| world.ops.get(&part.op)).cloned().collect();
    let at = Stamp { seq: stamp.seq, recv_at: held.recv_at };
    let mark = world.mark();
    // While it is decided it does not wait, or each of its operations would wait for the one before.
    close(world, id, HeldState::Released { by, outcomes: Vec::new() }, stamp);
    let mut outcomes = Vec::with_capacity(ops.len());
    let mut stopped = None;
    for (index, op) in ops.iter().enumerate() {
        match apply_one(world, op, &held.author, at, attempt) {
            Ok(outcome) => outcomes.push(outcome),
            Err(stop) => {
                stopped = Some((index, stop));
                break;
            }
        }
    }
    if let Some((index, stop)) = stopped {
        world.roll_back(mark);
        if let (Stop::Missing(need), Attempt::First | Attempt::Again) = (&stop, attempt) {
            if *need != held.need {
                let record = Held { need: *need, ..held };
                put(world, id, record, stamp);
            }
            return false;
        }
        let ids = held.parts.iter().map(|part| part.op);
        outcomes = spread(ids, index, &stop, stamp.seq);
        for outcome in &mut outcomes {
            at_one_place(outcome, stamp.seq);
        }
    }
    let state = match attempt {
        Attempt::First | Attempt::Again => HeldState::Released { by, outcomes },
        Attempt::Last => HeldState::Expired { by, outcomes },
    };
    close(world, id, state, stamp);
    true
}

/// Everything that is decided late takes the position of what released it.
fn at_one_place(outcome: &mut Outcome, at: u64) {
    match outcome {
        Outcome::Applied { seq }
        | Outcome::Converged { seq }
        | Outcome::Conflict { seq, .. }
        | Outcome::WaitListed { seq, .. }
        | Outcome::Held { seq, .. }
        | Outcome::Rejected { seq, .. }
        | Outcome::Blocked { seq, .. } => *seq = at,
        Outcome::Unknown { .. } => {}
    }
}

fn close(world: &mut World, id: RecordId, state: HeldState, stamp: Stamp) {
    let found = world.records.get(&id).and_then(|record| record.held.as_deref());
    if let Some(held) = found.cloned() {
        put(world, id, Held { state, ..held }, stamp);
    }
}

fn put(world: &mut World, id: RecordId, held: Held, stamp: Stamp) {
    if let Some(mut record) = world.records.get(&id).cloned() {
        record.rev = stamp.seq;
        record.held = Some(Box::new(held));
        world.put(record);
    }
}
