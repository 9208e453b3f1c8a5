//! Two records of one person become one: what the other lacks is taken over, what differs is asked, everything that referred to
//! the dropped one refers to the kept one, and so do operations that arrive later (ADR 0015).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::args::PersonMerge;
use super::put_field;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Owner, Value};
use crate::sync::conflict::ConflictKind;
use crate::sync::op::{Op, OpBody};
use crate::sync::outcome::Outcome;
use crate::sync::record::{FieldState, Record, Tombstone};
use crate::sync::task::{Refusal, Task};
use crate::sync::world::World;

/// Pseudo field of a dropped record: the record that was kept. It is the one field that a deleted record is sent with.
pub const ALIAS_FIELD: FieldNo = FieldNo(u16::MAX - 1);

/// Longest row of merges that is followed.
const MAX_HOPS: usize = 16;

impl Record {
    /// Returns the record that was kept, if this one was dropped in a merge.
    pub fn alias(&self) -> Option<RecordId> {
        self.fields.get(&ALIAS_FIELD).and_then(|state| state.value.as_ref_id())
    }
}

impl World {
    /// Returns the record that stands for `id` now: itself, or the one kept in a merge.
    pub fn resolve(&self, id: RecordId) -> RecordId {
        let mut at = id;
        for _hop in 0..MAX_HOPS {
            match self.records.get(&at).and_then(Record::alias) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }
}

/// Returns the operation as it is to be applied: about the kept record where its author still meant a dropped one.
pub fn redirected<'a>(world: &World, op: &'a Op) -> Cow<'a, Op> {
    if matches!(&op.body, OpBody::Command { .. }) {
        return Cow::Borrowed(op);
    }
    let record = world.resolve(op.record);
    let refers = |value: &Value| value.as_ref_id().is_some_and(|id| world.resolve(id) != id);
    if record == op.record && !op.values().into_iter().any(|(_, value)| refers(value)) {
        return Cow::Borrowed(op);
    }
    let mut op = op.clone();
    op.record = record;
    for value in written(&mut op.body) {
        if let Value::Ref(id) = value {
            *id = world.resolve(*id);
        }
    }
    Cow::Owned(op)
}

/// The values that a body writes.
fn written(body: &mut OpBody) -> Vec<&mut Value> {
    match body {
        OpBody::Create { fields: values, .. } | OpBody::Resolve { values, .. } => {
            values.iter_mut().map(|(_, value)| value).collect()
        }
        OpBody::Set { sets } => sets.iter_mut().map(|(_, _, value)| value).collect(),
        OpBody::ElementAdd { value, .. } | OpBody::ElementSet { value, .. } => vec![value],
        OpBody::ElementDelete { .. }
        | OpBody::Note { .. }
        | OpBody::Move { .. }
        | OpBody::Delete { .. }
        | OpBody::Restore { .. }
        | OpBody::Command { .. }
        | OpBody::Unknown { .. } => Vec::new(),
    }
}

/// `person.merge`.
///
/// Only headquarters merges two persons; a person who was refused may be merged by whoever keeps the other record.
///
/// # Errors
/// `wrong_id`, `not_permitted`, `missing_reference`.
pub(super) fn persons(task: &mut Task<'_>, args: PersonMerge) -> Result<Outcome, Refusal> {
    if task.op.kind != Kind::Person.number() || task.op.record != args.keep {
        return Err(Refusal::new("wrong_id"));
    }
    let seq = task.stamp.seq;
    let (keep, drop) = (task.world.resolve(args.keep), task.world.resolve(args.drop));
    if keep == drop {
        return Ok(Outcome::Converged { seq });
    }
    if !task.world.records.contains_key(&drop) && task.world.refused_creates.contains_key(&drop) {
        return never_was(task, keep, drop);
    }
    if !task.author.role.acts_for(Office::Headquarters) {
        return Err(Refusal::new("not_permitted"));
    }
    let mut kept = person(task, keep, "keep")?;
    let dropped = person(task, drop, "drop")?;
    let mut differing: BTreeMap<FieldNo, Vec<(FieldNo, Value)>> = BTreeMap::new();
    for (no, state) in &dropped.fields {
        match kept.fields.get(no).filter(|own| !own.value.is_blank()) {
            Some(own) if own.value == state.value || state.value.is_blank() => {}
            Some(_) => {
                let group = Kind::Person.spec().group_of(*no).into_iter().min().unwrap_or(*no);
                differing.entry(group).or_default().push((*no, state.value.clone()));
            }
            None => {
                // The origin stays: a later edit by somebody who saw this value goes on from it.
                kept.fields.insert(*no, FieldState { seq, ..state.clone() });
            }
        }
    }
    bury(task, dropped.clone(), keep);
    task.put(kept);
    turn_conflicts(task, drop, keep);
    turn_references(task, drop, keep);
    for values in differing.into_values() {
        let kept = person(task, keep, "keep")?;
        let _kept_as_candidate = task.conflict(&kept, ConflictKind::Edit, &values);
    }
    Ok(Outcome::Applied { seq })
}

/// A person who was refused because another record has the number: what was meant for it reaches that record from now on.
/// Nothing is taken from anybody, so whoever keeps the record may do it.
fn never_was(task: &mut Task<'_>, keep: RecordId, drop: RecordId) -> Result<Outcome, Refusal> {
    let kept = person(task, keep, "keep")?;
    if !task.author.role.acts_for(Office::Organizer) || !task.world.reaches(task.author, kept.unit)
    {
        return Err(Refusal::new("not_permitted"));
    }
    let (id, seq) = (task.op.id, task.stamp.seq);
    let empty = Record {
        id: drop,
        kind: Kind::Person.number(),
        unit: kept.unit,
        unit_origin: id,
        rev: seq,
        created: id,
        fields: BTreeMap::new(),
        elements: BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
        held: None,
    };
    bury(task, empty, keep);
    Ok(Outcome::Applied { seq })
}

fn person(task: &Task<'_>, id: RecordId, key: &str) -> Result<Record, Refusal> {
    let found = task.world.records.get(&id);
    found
        .filter(|record| record.kind == Kind::Person.number() && record.is_live())
        .cloned()
        .ok_or_else(|| Refusal::at("missing_reference", key))
}

/// The dropped record stays as a pointer to the kept one; its values stay in the log.
fn bury(task: &mut Task<'_>, mut dropped: Record, keep: RecordId) {
    let reason = String::new();
    dropped.tombstone = Some(Tombstone { by: task.op.id, reason, seq: task.stamp.seq });
    dropped.open_conflicts = 0;
    put_field(task, &mut dropped, ALIAS_FIELD, Some(Value::Ref(keep)));
    task.put(dropped);
}

/// Open questions about the dropped record are questions about the kept one.
fn turn_conflicts(task: &mut Task<'_>, drop: RecordId, keep: RecordId) {
    let open = task.world.conflicts.get(&drop).cloned().unwrap_or_default();
    let unit = task.world.records.get(&keep).map(|record| record.unit);
    for id in open {
        let Some(mut record) = task.world.records.get(&id).cloned() else { continue };
        if let Some(conflict) = record.conflict.as_mut() {
            conflict.record = keep;
        }
        if let Some(unit) = unit.filter(|unit| *unit != record.unit) {
            task.world.leave(id, record.unit, task.stamp.seq);
            record.unit = unit;
        }
        record.rev = task.stamp.seq;
        task.world.put(record);
    }
    task.recount(keep);
}

fn turn_references(task: &mut Task<'_>, drop: RecordId, keep: RecordId) {
    let unit = task.world.records.get(&keep).map(|record| record.unit);
    let mut referring: BTreeSet<RecordId> = BTreeSet::new();
    for index in [&task.world.followers, &task.world.pointing] {
        referring.extend(index.get(&drop).into_iter().flatten());
    }
    for id in referring {
        let Some(mut record) = task.world.records.get(&id).cloned() else { continue };
        let fields: Vec<FieldNo> = record
            .fields
            .iter()
            .filter(|(_, state)| state.value == Value::Ref(drop))
            .map(|(no, _)| *no)
            .collect();
        for no in fields {
            put_field(task, &mut record, no, Some(Value::Ref(keep)));
        }
        let follows = Kind::from_number(record.kind)
            .is_some_and(|kind| matches!(kind.spec().owner, Owner::Of(_)));
        match unit.filter(|unit| follows && *unit != record.unit) {
            Some(unit) => task.move_to(record, unit),
            None => task.put(record),
        }
    }
}
