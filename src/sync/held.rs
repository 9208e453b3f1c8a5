//! Held operations: kept until what they need arrives, because a restored server gets its log back from many devices in any order
//! (protocol, Held). They are records of a reserved kind, so they sync like everything else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::op::{Op, OpBody, OpId};
use super::outcome::Outcome;
use super::record::Record;
use super::world::Author;
use crate::domain::ids::{RecordId, UserId};
use crate::domain::record::{FieldNo, Value};

/// The reserved kind number of held operations.
pub const HELD_KIND: u16 = 1003;

/// Name space of the keys that stand for operations.
const OP_SPACE: Uuid = Uuid::from_u128(0x6f70_6b65_7900_5000_8000_0000_0000_0001);
/// Name space of the ids of held records.
const HELD_SPACE: Uuid = Uuid::from_u128(0x6865_6c64_0000_5000_8000_0000_0000_0002);

/// What an operation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Need {
    /// The operation its author had seen.
    Op(OpId),
    /// The record it is about or belongs to.
    Record(RecordId),
}

/// One held operation of a group, readable without the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPart {
    /// The operation.
    pub op: OpId,
    /// The record it is about.
    pub record: RecordId,
    /// Number of that record's kind.
    pub kind: u16,
    /// What it was to write.
    pub values: Vec<(FieldNo, Value)>,
}

/// How a held operation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldState {
    /// Waits.
    Open,
    /// Decided when what it needed came.
    Released {
        /// Operation that it waited for, or that brought the record.
        by: OpId,
        /// What became of each part.
        outcomes: Vec<Outcome>,
    },
    /// Decided without what it needed, because that did not come in time. An outcome that is still `Held` means that its record
    /// never came: the values stay here.
    Expired {
        /// Operation that ended the waiting.
        by: OpId,
        /// What became of each part.
        outcomes: Vec<Outcome>,
    },
}

/// One operation, or one all-or-none group, that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its operations in order.
    pub parts: Vec<HeldPart>,
    /// Who wrote it, with the rights it was sent under.
    pub author: Author,
    /// Author's hybrid clock.
    pub hlc: u64,
    /// When the server received it, milliseconds.
    pub recv_at: i64,
    /// Server position.
    pub seq: u64,
    /// What it waits for now.
    pub need: Need,
    /// How it stands.
    pub state: HeldState,
}

impl Need {
    /// Returns the id under which everything that waits for this is found.
    pub fn key(&self) -> RecordId {
        match self {
            Self::Op(op) => RecordId(Uuid::new_v5(&OP_SPACE, &name(*op))),
            Self::Record(id) => *id,
        }
    }

    /// Returns the stable word for it.
    pub const fn why(&self) -> &'static str {
        match self {
            Self::Op(_) => "missing_base",
            Self::Record(_) => "missing_record",
        }
    }
}

fn name(op: OpId) -> [u8; 20] {
    let mut name = [0; 20];
    let parts = op.device.0.to_le_bytes().into_iter().chain(op.generation.to_le_bytes());
    for (to, from) in name.iter_mut().zip(parts.chain(op.n.to_le_bytes())) {
        *to = from;
    }
    name
}

impl HeldPart {
    /// Describes an operation.
    pub fn new(op: &Op) -> Self {
        let values = op.values().into_iter().map(|(no, value)| (no, value.clone()));
        let text = match &op.body {
            OpBody::Note { field, text, .. } => Some((*field, Value::Text(text.clone()))),
            OpBody::Create { .. }
            | OpBody::Set { .. }
            | OpBody::ElementAdd { .. }
            | OpBody::ElementSet { .. }
            | OpBody::ElementDelete { .. }
            | OpBody::Move { .. }
            | OpBody::Delete { .. }
            | OpBody::Restore { .. }
            | OpBody::Command { .. }
            | OpBody::Resolve { .. }
            | OpBody::Unknown { .. } => None,
        };
        Self { op: op.id, record: op.record, kind: op.kind, values: values.chain(text).collect() }
    }
}

impl Held {
    /// Returns the id of the record that holds the group which begins with this operation.
    pub fn id_for(first: OpId) -> RecordId {
        RecordId(Uuid::new_v5(&HELD_SPACE, &name(first)))
    }

    /// Returns the id of the record that would hold this operation, by its place in its group.
    pub fn id_of(op: &Op) -> RecordId {
        Self::id_for(OpId { n: op.group.map_or(op.id.n, |group| group.first), ..op.id })
    }

    /// True while it waits.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, HeldState::Open)
    }

    /// Returns what became of one of its operations; `None` while it waits.
    pub fn outcome_of(&self, op: OpId) -> Option<&Outcome> {
        let (HeldState::Released { outcomes, .. } | HeldState::Expired { outcomes, .. }) =
            &self.state
        else {
            return None;
        };
        self.parts.iter().zip(outcomes).find(|(part, _)| part.op == op).map(|(_, outcome)| outcome)
    }

    /// Returns the author's account.
    pub const fn actor(&self) -> UserId {
        self.author.user
    }

    /// Wraps it into a record of the reserved kind, seen by its author's unit and headquarters.
    pub fn into_record(self, id: RecordId, by: OpId, seq: u64) -> Record {
        Record {
            id,
            kind: HELD_KIND,
            unit: self.author.home,
            unit_origin: by,
            rev: seq,
            created: by,
            fields: BTreeMap::new(),
            elements: BTreeMap::new(),
            tombstone: None,
            open_conflicts: 0,
            conflict: None,
            held: Some(Box::new(self)),
        }
    }
}
