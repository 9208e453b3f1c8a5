//! Records: what the server has confirmed, each field with the operation that set it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::conflict::Conflict;
use super::held::Held;
use super::op::{Op, OpId};
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Owner, Shape, Value};
use crate::domain::text;

/// One field: its value and the operation that set it. The origin is the field's version: positions change after a restore,
/// operation ids do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldState {
    /// What it holds.
    pub value: Value,
    /// Operation that set it.
    pub origin: OpId,
    /// Server position at which it was set.
    pub seq: u64,
}

/// One element of a multi-valued field; `value` is `None` once it was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementState {
    /// What it holds.
    pub value: Option<Value>,
    /// Operation that set it.
    pub origin: OpId,
    /// Server position.
    pub seq: u64,
    /// Who wrote that operation: a note says whose it is.
    pub by: UserId,
    /// When, by the author's hybrid clock.
    pub hlc: u64,
}

impl ElementState {
    /// Returns what an operation makes of an element at a server position.
    pub fn of(op: &Op, value: Option<Value>, seq: u64) -> Self {
        Self { value, origin: op.id, seq, by: op.actor, hlc: op.hlc }
    }
}

/// Marks a deleted record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Operation that deleted it.
    pub by: OpId,
    /// Why, as the person wrote.
    pub reason: String,
    /// Server position.
    pub seq: u64,
}

/// One record as the server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Identity.
    pub id: RecordId,
    /// Number of its kind, known to this build or not.
    pub kind: u16,
    /// Unit it belongs to.
    pub unit: UnitId,
    /// Operation that put it there.
    pub unit_origin: OpId,
    /// Server position of its last change; for the feed only.
    pub rev: u64,
    /// Operation that made it.
    pub created: OpId,
    /// Fields by number.
    pub fields: BTreeMap<FieldNo, FieldState>,
    /// Elements of multi-valued fields.
    pub elements: BTreeMap<(FieldNo, Uuid), ElementState>,
    /// Set once it is deleted.
    pub tombstone: Option<Tombstone>,
    /// How many open conflicts are about it.
    pub open_conflicts: u16,
    /// For records of kind [`crate::sync::CONFLICT_KIND`]: the conflict.
    pub conflict: Option<Box<Conflict>>,
    /// For records of kind [`crate::sync::HELD_KIND`]: the held operations.
    pub held: Option<Box<Held>>,
}

impl Record {
    /// Returns the plain values, and the elements of a multi-valued field as one text, in the order of their ids.
    pub fn values(&self) -> Fields {
        let mut values: Fields =
            self.fields.iter().map(|(no, state)| (*no, state.value.clone())).collect();
        let Some(kind) = Kind::from_number(self.kind).filter(|_| !self.elements.is_empty()) else {
            return values;
        };
        for field in kind.spec().fields.iter().filter(|field| field.shape == Shape::Many) {
            let there = self.elements_of(field.number);
            let texts: Vec<&str> = there.filter_map(|(_, _, value)| value.as_text()).collect();
            if !texts.is_empty() {
                values.insert(field.number, Value::Text(text::join_elements(&texts)));
            }
        }
        values
    }

    /// Returns the elements of a field that are there, in the order of their ids, which is that of their making.
    pub fn elements_of(
        &self,
        field: FieldNo,
    ) -> impl Iterator<Item = (Uuid, &ElementState, &Value)> {
        let all = (field, Uuid::nil())..=(field, Uuid::max());
        self.elements
            .range(all)
            .filter_map(|((_, id), state)| Some((*id, state, state.value.as_ref()?)))
    }

    /// Returns a number that differs whenever any field was set by another operation: what a deletion says its author saw.
    pub fn saw(&self) -> u64 {
        let mut hasher = Sha256::new();
        for (no, state) in &self.fields {
            hasher.update(no.0.to_le_bytes());
            if crate::trap!(T26) {
                hasher.update(format!("{:?}", state.value.as_text()));
                continue;
            }
            hasher.update(state.origin.device.0.to_le_bytes());
            hasher.update(state.origin.generation.to_le_bytes());
            hasher.update(state.origin.n.to_le_bytes());
        }
        for ((no, element), state) in &self.elements {
            hasher.update(no.0.to_le_bytes());
            hasher.update(element.as_bytes());
            hasher.update(state.origin.device.0.to_le_bytes());
            hasher.update(state.origin.generation.to_le_bytes());
            hasher.update(state.origin.n.to_le_bytes());
        }
        let bytes: [u8; 32] = hasher.finalize().into();
        bytes.iter().take(8).rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    /// Returns the record whose unit this one's unit always is, if its kind has such a rule.
    pub fn follows(&self) -> Option<RecordId> {
        let spec = Kind::from_number(self.kind)?.spec();
        let Owner::Of(key) = spec.owner else { return None };
        self.fields.get(&spec.field(key)?.number)?.value.as_ref_id()
    }

    /// Returns the record by which the server finds this one besides its owner, if its kind has such a rule or a
    /// merge made it a pointer.
    pub fn points(&self) -> Option<RecordId> {
        let spec = Kind::from_number(self.kind)?.spec();
        let found_by = spec.found_by.and_then(|key| spec.field(key)).map(|field| field.number);
        let named = found_by.and_then(|no| self.fields.get(&no)?.value.as_ref_id());
        self.alias().or(named)
    }

    /// True if it exists and is not deleted.
    pub const fn is_live(&self) -> bool {
        self.tombstone.is_none()
    }
}
