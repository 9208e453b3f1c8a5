//! The task of applying one operation: what it may touch, storing what changed, keeping what did not become current.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::apply::{Stamp, owner_unit, unit_parent};
use super::conflict::{
    Candidate, Conflict, ConflictKind, ConflictState, DELETED_FIELD, Standing, UNIT_FIELD,
};
use super::held::Need;
use super::op::{Base, Op, OpBody, OpId};
use super::outcome::Outcome;
use super::record::Record;
use super::world::{Author, Place, World};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Owner, Value};

/// Why an operation is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) field: String,
    pub(super) message: String,
    /// Set if it is no refusal: the operation waits for this.
    pub(super) need: Option<Need>,
}

impl Refusal {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, field: String::new(), message: String::new(), need: None }
    }

    /// Not refused: the operation waits for a record.
    pub(super) fn missing(record: RecordId) -> Self {
        Self { need: Some(Need::Record(record)), ..Self::new("unknown_record") }
    }

    pub(super) fn at(code: &'static str, field: &str) -> Self {
        Self { field: field.to_owned(), ..Self::new(code) }
    }
}

/// What one operation needs while it is applied.
pub(super) struct Task<'a> {
    pub(super) world: &'a mut World,
    pub(super) op: &'a Op,
    pub(super) author: &'a Author,
    pub(super) stamp: Stamp,
}

impl Task<'_> {
    /// Returns the record the operation is about.
    pub(super) fn existing(&self) -> Result<Record, Refusal> {
        let found = self.world.records.get(&self.op.record);
        found.cloned().ok_or_else(|| Refusal::missing(self.op.record))
    }

    /// Stores a changed record under the operation's position and keeps the unique values current.
    pub(super) fn put(&mut self, mut record: Record) {
        record.rev = self.stamp.seq;
        if let Some(kind) = Kind::from_number(record.kind) {
            self.keep_unique(kind, &record);
            if kind == Kind::Unit {
                let parent = unit_parent(kind, &record.values());
                let place = if record.is_live() { Place::Under(parent) } else { Place::Nowhere };
                self.world.place_unit(record.id.unit(), place);
            }
        }
        self.world.put(record);
    }

    fn keep_unique(&mut self, kind: Kind, record: &Record) {
        let before = self.world.records.get(&record.id).cloned();
        for field in kind.spec().fields.iter().filter(|field| field.unique) {
            let held = |r: &Record| r.fields.get(&field.number).map(|state| state.value.clone());
            let key = |value: Value| (kind.number(), field.number, value);
            if let Some(old) = before.as_ref().and_then(held) {
                // A deleted record's value may be another's by now.
                if self.world.unique.get(&key(old.clone())) == Some(&record.id) {
                    self.world.hold_unique(key(old), None);
                }
            }
            if let Some(new) = held(record).filter(|value| record.is_live() && !value.is_blank()) {
                self.world.hold_unique(key(new), Some(record.id));
            }
        }
    }

    /// Returns the unit a changed record goes to because this operation set the field that names its owner.
    ///
    /// # Errors
    /// Refused with `not_permitted` if the author's rights do not reach that unit.
    pub(super) fn new_home(&self, record: &Record) -> Result<Option<UnitId>, Refusal> {
        let Some(kind) = Kind::from_number(record.kind) else { return Ok(None) };
        let (Owner::Field(key) | Owner::Of(key)) = kind.spec().owner else { return Ok(None) };
        let field = kind.spec().field(key).and_then(|field| record.fields.get(&field.number));
        if field.is_none_or(|state| state.origin != self.op.id) {
            return Ok(None);
        }
        let values = record.values();
        let unit =
            owner_unit(self.world, Some(kind), record.id, record.unit, &values, self.author)?;
        if unit == record.unit {
            return Ok(None);
        }
        if !self.world.reaches(self.author, unit) {
            return Err(Refusal::at("not_permitted", key));
        }
        Ok(Some(unit))
    }

    /// Moves a record, what belongs wherever it belongs, and the open conflicts about them, to another unit.
    pub(super) fn move_to(&mut self, record: Record, to: UnitId) {
        let mut waiting = vec![record];
        while let Some(record) = waiting.pop() {
            let followers = self.world.followers.get(&record.id).cloned().unwrap_or_default();
            self.move_one(record, to);
            let followers = followers.iter().filter_map(|id| self.world.records.get(id));
            waiting.extend(followers.filter(|follower| follower.unit != to).cloned());
        }
    }

    fn move_one(&mut self, mut record: Record, to: UnitId) {
        let seq = self.stamp.seq;
        if !crate::trap!(T21) {
            self.world.leave(record.id, record.unit, seq);
        }
        let open: BTreeSet<RecordId> =
            self.world.conflicts.get(&record.id).cloned().unwrap_or_default();
        for id in open {
            if let Some(mut conflict) = self.world.records.get(&id).cloned() {
                self.world.leave(id, conflict.unit, seq);
                conflict.unit = to;
                conflict.rev = seq;
                self.world.put(conflict);
            }
        }
        record.unit = to;
        record.unit_origin = self.op.id;
        let (id, rev) = (record.id, record.rev);
        self.put(record);
        if let Some(moved) = self.world.records.get_mut(&id).filter(|_| crate::trap!(T22)) {
            moved.rev = rev;
        }
    }

    /// Keeps the operation's values as a candidate, in the open conflict about the same fields or in a new one.
    ///
    /// A candidate whose author had seen an earlier candidate replaces it: one person's offline branch is one candidate.
    pub(super) fn conflict(
        &mut self,
        record: &Record,
        kind: ConflictKind,
        values: &[(FieldNo, Value)],
    ) -> Outcome {
        self.conflict_about(record, kind, values, None)
    }

    /// The same about one element of a multi-valued field.
    pub(super) fn conflict_about(
        &mut self,
        record: &Record,
        kind: ConflictKind,
        values: &[(FieldNo, Value)],
        element: Option<Uuid>,
    ) -> Outcome {
        let mut fields: Vec<FieldNo> = values.iter().map(|(no, _)| *no).collect();
        fields.sort_unstable();
        let candidate = Candidate {
            op: self.op.id,
            values: values.to_vec(),
            actor: self.op.actor,
            hlc: self.op.hlc,
            recv_at: self.stamp.recv_at,
        };
        let seen: BTreeSet<OpId> = self.op.bases().into_iter().collect();
        let open = self.world.open_conflict(record.id, &fields, element);
        let found = open.map(|r| r.id).zip(open.and_then(|r| r.conflict.clone()));
        let (id, mut conflict) = match found {
            Some((id, conflict)) => (id, *conflict),
            None => (
                Conflict::id_for(record.id, &fields, self.op.id),
                Conflict { element, ..self.new_conflict(record, kind, fields.clone()) },
            ),
        };
        conflict.candidates.retain(|old| !seen.contains(&old.op) || crate::trap!(T55));
        conflict.candidates.push(candidate);
        conflict.current = self.standing(record, &fields, element);
        let seq = self.stamp.seq;
        self.world.put(conflict.into_record(id, record.unit, self.op.id, seq));
        self.recount(record.id);
        Outcome::Conflict { seq, id }
    }

    fn new_conflict(&self, record: &Record, kind: ConflictKind, fields: Vec<FieldNo>) -> Conflict {
        Conflict {
            record: record.id,
            record_kind: record.kind,
            base: self.base_values(&fields),
            current: Vec::new(),
            fields,
            candidates: Vec::new(),
            kind,
            state: ConflictState::Open,
            element: None,
        }
    }

    /// Returns who set the current values of these fields.
    pub(super) fn standing(
        &self,
        record: &Record,
        fields: &[FieldNo],
        element: Option<Uuid>,
    ) -> Vec<Standing> {
        current_of(record, fields, element)
            .into_iter()
            .map(|(field, op)| {
                let by = op.and_then(|op| {
                    if op == self.op.id { Some(self.op) } else { self.world.ops.get(&op) }
                });
                Standing { field, op, actor: by.map(|op| op.actor), hlc: by.map_or(0, |op| op.hlc) }
            })
            .collect()
    }

    /// Returns what the author had seen in these fields, from the operations they name.
    fn base_values(&self, fields: &[FieldNo]) -> Vec<(FieldNo, Value)> {
        let base_of = |field: &FieldNo| match &self.op.body {
            OpBody::Set { sets } => {
                sets.iter().find(|(no, _, _)| no == field).map(|(_, base, _)| *base)
            }
            OpBody::ElementSet { base, .. } => Some(*base),
            OpBody::Create { .. }
            | OpBody::ElementAdd { .. }
            | OpBody::ElementDelete { .. }
            | OpBody::Note { .. }
            | OpBody::Move { .. }
            | OpBody::Delete { .. }
            | OpBody::Restore { .. }
            | OpBody::Command { .. }
            | OpBody::Resolve { .. }
            | OpBody::Unknown { .. } => None,
        };
        fields
            .iter()
            .filter_map(|field| {
                let Base::Seen(id) = base_of(field)? else { return None };
                let op = self.world.ops.get(&id)?;
                op.value_of(*field).map(|value| (*field, value.clone()))
            })
            .collect()
    }

    /// Refuses what the author may not do; if they could write to this record, or to the field, before, their rights have changed since, and
    /// headquarters decides.
    pub(super) fn not_permitted(
        &mut self,
        record: &Record,
        refusal: Refusal,
        values: &[(FieldNo, Value)],
    ) -> Result<Outcome, Refusal> {
        let theirs =
            |op: &OpId| self.world.ops.get(op).is_some_and(|op| op.actor == self.author.user);
        let spec = Kind::from_number(record.kind).map(Kind::spec);
        let one = spec.and_then(|spec| spec.field(&refusal.field)).map(|field| field.number);
        let wrote = match one {
            Some(no) => record.fields.get(&no).is_some_and(|state| theirs(&state.origin)),
            None => {
                theirs(&record.unit_origin)
                    || record.fields.values().any(|state| theirs(&state.origin))
            }
        };
        if wrote {
            return Ok(self.conflict(record, ConflictKind::NotPermittedAnyMore, values));
        }
        Err(refusal)
    }

    /// Writes the number of open conflicts into the record they are about.
    pub(super) fn recount(&mut self, id: RecordId) {
        let open = self.world.count_open(id);
        if let Some(mut record) = self.world.records.get(&id).cloned()
            && record.open_conflicts != open
        {
            record.open_conflicts = open;
            record.rev = self.stamp.seq;
            self.world.put(record);
        }
    }
}

/// Returns the operations that set the current values of these fields, or of this element of one.
pub(super) fn current_of(
    record: &Record,
    fields: &[FieldNo],
    element: Option<Uuid>,
) -> Vec<(FieldNo, Option<OpId>)> {
    fields
        .iter()
        .map(|no| match *no {
            _ if let Some(id) = element => {
                (*no, record.elements.get(&(*no, id)).map(|state| state.origin))
            }
            UNIT_FIELD => (*no, Some(record.unit_origin)),
            DELETED_FIELD => (*no, record.tombstone.as_ref().map(|tombstone| tombstone.by)),
            _ => (*no, record.fields.get(no).map(|state| state.origin)),
        })
        .collect()
}
