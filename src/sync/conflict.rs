//! Conflicts: two values for one thing, both kept until a person settles it. They are records of a reserved kind, so they sync
//! like everything else.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::op::OpId;
use super::record::Record;
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};

/// The reserved kind number of conflict records.
pub const CONFLICT_KIND: u16 = 1000;

/// Pseudo field of a conflict about which unit a record belongs to.
pub const UNIT_FIELD: FieldNo = FieldNo(0);

/// Pseudo field of a conflict about whether a record is deleted: `Flag(true)` means deleted.
pub const DELETED_FIELD: FieldNo = FieldNo(u16::MAX);

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConflictKind {
    /// Two different values for a field or a group of fields.
    Edit,
    /// Somebody deleted what somebody else had changed.
    DeleteVsEdit,
    /// Somebody changed what was deleted.
    EditOnDeleted,
    /// Two different units.
    MoveVsMove,
    /// Each change was right, together they are not.
    Invalid,
    /// The author may no longer change this record.
    NotPermittedAnyMore,
    /// The record, or its class, was archived before the change arrived.
    Archived,
}

impl ConflictKind {
    /// Returns its name in texts and answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::DeleteVsEdit => "delete-vs-edit",
            Self::EditOnDeleted => "edit-on-deleted",
            Self::MoveVsMove => "move-vs-move",
            Self::Invalid => "invalid",
            Self::NotPermittedAnyMore => "not-permitted-any-more",
            Self::Archived => "archived",
        }
    }
}

/// How a conflict stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConflictState {
    /// Waits for a person.
    Open,
    /// Settled by a person's `Resolve`.
    ClosedByPerson(OpId),
    /// Settled by a declared policy; the loser is kept here.
    ClosedByPolicy(OpId),
}

/// Who set what holds, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Field.
    pub field: FieldNo,
    /// Operation that set it; `None` if it is empty.
    pub op: Option<OpId>,
    /// Who wrote that operation.
    pub actor: Option<UserId>,
    /// When, by the author's hybrid clock; 0 where unknown.
    pub hlc: u64,
}

/// A value that did not become current.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Operation that carries it.
    pub op: OpId,
    /// Its values, field by field.
    pub values: Vec<(FieldNo, Value)>,
    /// Who wrote it.
    pub actor: UserId,
    /// When, by the author's hybrid clock.
    pub hlc: u64,
    /// When the server received it, milliseconds.
    pub recv_at: i64,
}

/// Two or more values for one field or group of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The record.
    pub record: RecordId,
    /// Number of the record's kind.
    pub record_kind: u16,
    /// Fields that are settled together, ascending.
    pub fields: Vec<FieldNo>,
    /// What the first candidate's author had seen, where known.
    pub base: Vec<(FieldNo, Value)>,
    /// What holds when the newest candidate came, field by field.
    pub current: Vec<Standing>,
    /// Values waiting.
    pub candidates: Vec<Candidate>,
    /// Why a person is asked.
    pub kind: ConflictKind,
    /// How it stands.
    pub state: ConflictState,
    /// The element it is about, if its one field has several values.
    pub element: Option<Uuid>,
}

impl Conflict {
    /// Returns the id of the conflict that `op` opens about these fields: the same on every replay.
    pub fn id_for(record: RecordId, fields: &[FieldNo], op: OpId) -> RecordId {
        let mut name = Vec::with_capacity(20 + fields.len() * 2);
        for field in fields {
            name.extend(field.0.to_le_bytes());
        }
        name.extend(op.device.0.to_le_bytes());
        name.extend(op.generation.to_le_bytes());
        name.extend(op.n.to_le_bytes());
        if crate::trap!(T56) {
            let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), op.n);
            name.extend(random.to_le_bytes());
        }
        RecordId(Uuid::new_v5(&record.0, &name))
    }

    /// Wraps the conflict into a record of the reserved kind, owned by the unit of the record it is about.
    pub fn into_record(self, id: RecordId, unit: UnitId, by: OpId, seq: u64) -> Record {
        Record {
            id,
            kind: CONFLICT_KIND,
            unit,
            unit_origin: by,
            rev: seq,
            created: by,
            fields: std::collections::BTreeMap::new(),
            elements: std::collections::BTreeMap::new(),
            tombstone: None,
            open_conflicts: 0,
            conflict: Some(Box::new(self)),
            held: None,
        }
    }

    /// True while a person is needed.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ConflictState::Open)
    }
}
