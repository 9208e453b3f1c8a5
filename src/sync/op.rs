//! Operations: what a person did, as an intent with the version of every field they had seen (protocol, Operations).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::conflict::{DELETED_FIELD, UNIT_FIELD};
use super::hash::Digest;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};

/// Identity of an operation: numbered from 1 without gaps within a device's generation. Time is never identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId {
    /// Device that wrote it.
    pub device: DeviceId,
    /// Raised when the device was restored from an old copy or cloned.
    pub generation: u32,
    /// Place in the generation, from 1.
    pub n: u64,
}

/// Operations that are applied all or none (protocol, Groups).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `n` of the first operation.
    pub first: u64,
    /// Place of this one, from 0.
    pub index: u16,
    /// How many there are.
    pub length: u16,
}

/// What the author was looking at when they set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Base {
    /// The field was empty.
    Absent,
    /// The field held what this operation had set.
    Seen(OpId),
}

/// One change, encoded once when it is made: the bytes are stored, hashed and sent, never encoded again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Op {
    /// Identity.
    pub id: OpId,
    /// Hash of the bytes of the operation before it in the same generation; zeros for the first.
    pub prev: Digest,
    /// Random, so that the hash of an erased operation cannot be guessed back.
    pub salt: u64,
    /// Hybrid logical clock, 48 bits of milliseconds and 16 of counter; for display and policy only.
    pub hlc: u64,
    /// Last measured difference server minus device, milliseconds.
    pub clock_off_ms: i64,
    /// How old that measurement is: 0 never measured, 1 older than a week, 2 older than a day, 3 fresh.
    pub clock_conf: u8,
    /// User who did it.
    pub actor: UserId,
    /// Version of the field catalogue the author's program used.
    pub schema: u16,
    /// All-or-none group.
    pub group: Option<Group>,
    /// Number of the record's kind.
    pub kind: u16,
    /// The record.
    pub record: RecordId,
    /// What was done.
    pub body: OpBody,
    /// Name this operation had in an earlier generation, after a renumbering.
    pub was: Option<(OpId, Digest)>,
}

/// What was done to the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpBody {
    /// A new record.
    Create {
        /// Unit it belongs to; [`UnitId::HOME`] for the author's.
        unit: UnitId,
        /// First values.
        fields: Vec<(FieldNo, Value)>,
    },
    /// New values of the touched fields only, so that an old program cannot erase fields it does not know. All fields of a
    /// merge group travel together.
    Set {
        /// Field, what the author saw, new value.
        sets: Vec<(FieldNo, Base, Value)>,
    },
    /// An element added to a multi-valued field.
    ElementAdd {
        /// Field.
        field: FieldNo,
        /// Element.
        element: Uuid,
        /// Value.
        value: Value,
    },
    /// An element of a multi-valued field gets another value.
    ElementSet {
        /// Field.
        field: FieldNo,
        /// Element.
        element: Uuid,
        /// What the author saw.
        base: Base,
        /// New value.
        value: Value,
    },
    /// An element taken out of a multi-valued field.
    ElementDelete {
        /// Field.
        field: FieldNo,
        /// Element.
        element: Uuid,
        /// What the author saw.
        base: Base,
    },
    /// A note appended; never conflicts.
    Note {
        /// Field.
        field: FieldNo,
        /// Element.
        element: Uuid,
        /// Text.
        text: String,
    },
    /// The record goes to another unit.
    Move {
        /// What the author saw.
        base: Base,
        /// New unit.
        to: UnitId,
    },
    /// The record is deleted.
    Delete {
        /// [`crate::sync::Record::saw`] of what the author was looking at.
        saw: u64,
        /// Why.
        reason: String,
    },
    /// A deleted record comes back.
    Restore {
        /// As for `Delete`.
        saw: u64,
    },
    /// A request that the server decides.
    Command {
        /// Name, such as `enrol.request`.
        name: String,
        /// Arguments, a frame the command defines.
        args: Vec<u8>,
    },
    /// A person settles a conflict.
    Resolve {
        /// The conflict record.
        conflict: RecordId,
        /// Every operation whose value the person saw: current and candidates.
        seen: Vec<OpId>,
        /// What shall hold.
        values: Vec<(FieldNo, Value)>,
    },
    /// A body a newer program wrote; carried, never applied.
    Unknown {
        /// Frame tag.
        tag: u16,
        /// Frame bytes.
        bytes: Vec<u8>,
    },
}

impl OpBody {
    /// Gives the operations its author had seen other names. `rename` is also told which field, and which entry of it, the author
    /// looked at; a settlement names operations without one.
    pub fn rename_bases(&mut self, rename: impl Fn(Option<(FieldNo, Option<Uuid>)>, &mut OpId)) {
        let rename_base = |field: FieldNo, element: Option<Uuid>, base: &mut Base| {
            if let Base::Seen(id) = base {
                rename(Some((field, element)), id);
            }
        };
        match self {
            Self::Set { sets } => {
                for (field, base, _) in sets {
                    rename_base(*field, None, base);
                }
            }
            Self::Move { base, .. } => rename_base(UNIT_FIELD, None, base),
            Self::ElementSet { field, element, base, .. }
            | Self::ElementDelete { field, element, base } => {
                rename_base(*field, Some(*element), base);
            }
            Self::Resolve { seen, .. } => seen.iter_mut().for_each(|id| rename(None, id)),
            Self::Create { .. }
            | Self::ElementAdd { .. }
            | Self::Note { .. }
            | Self::Delete { .. }
            | Self::Restore { .. }
            | Self::Command { .. }
            | Self::Unknown { .. } => {}
        }
    }

    /// True if this may have written what stands in a field of its record, or in an entry of the field.
    pub fn may_write(&self, field: FieldNo, entry: Option<Uuid>) -> bool {
        match self {
            Self::Create { fields, .. } => {
                field == UNIT_FIELD || fields.iter().any(|(no, _)| *no == field)
            }
            Self::Set { sets } => sets.iter().any(|(no, ..)| *no == field),
            Self::Move { .. } => field == UNIT_FIELD,
            Self::ElementAdd { field: no, element, .. }
            | Self::ElementSet { field: no, element, .. }
            | Self::ElementDelete { field: no, element, .. }
            | Self::Note { field: no, element, .. } => *no == field && entry == Some(*element),
            Self::Resolve { values, .. } => values.iter().any(|(no, _)| *no == field),
            Self::Delete { .. } => field == DELETED_FIELD,
            Self::Restore { .. } | Self::Command { .. } | Self::Unknown { .. } => true,
        }
    }
}

impl Op {
    /// Returns the values this operation gives to fields.
    pub fn values(&self) -> Vec<(FieldNo, &Value)> {
        match &self.body {
            OpBody::Create { fields: values, .. } | OpBody::Resolve { values, .. } => {
                values.iter().map(|(no, value)| (*no, value)).collect()
            }
            OpBody::Set { sets } => sets.iter().map(|(no, _, value)| (*no, value)).collect(),
            OpBody::ElementAdd { field, value, .. } | OpBody::ElementSet { field, value, .. } => {
                vec![(*field, value)]
            }
            OpBody::ElementDelete { .. }
            | OpBody::Note { .. }
            | OpBody::Move { .. }
            | OpBody::Delete { .. }
            | OpBody::Restore { .. }
            | OpBody::Command { .. }
            | OpBody::Unknown { .. } => Vec::new(),
        }
    }

    /// Returns the value this operation gives a field, if it gives one.
    pub fn value_of(&self, field: FieldNo) -> Option<&Value> {
        self.values().into_iter().find(|(no, _)| *no == field).map(|(_, value)| value)
    }

    /// Returns the records this operation's values, or a command's arguments, refer to.
    pub fn references(&self) -> Vec<RecordId> {
        let values = self.values().into_iter().filter_map(|(_, value)| value.as_ref_id());
        let named = if let OpBody::Command { name, args } = &self.body {
            super::command::named(name, args)
        } else {
            Vec::new()
        };
        values.chain(named).collect()
    }

    /// Returns the bytes of the longest text in it.
    pub fn longest_text(&self) -> usize {
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
        let text = match &self.body {
            OpBody::Note { text, .. } | OpBody::Delete { reason: text, .. } => text.len(),
            OpBody::Create { .. }
            | OpBody::Set { .. }
            | OpBody::ElementAdd { .. }
            | OpBody::ElementSet { .. }
            | OpBody::ElementDelete { .. }
            | OpBody::Move { .. }
            | OpBody::Restore { .. }
            | OpBody::Command { .. }
            | OpBody::Resolve { .. }
            | OpBody::Unknown { .. } => 0,
        };
        self.values().into_iter().map(|(_, value)| size(value)).fold(text, usize::max)
    }

    /// Returns the operations this one says its author had seen.
    pub fn bases(&self) -> Vec<OpId> {
        let seen = |base: &Base| if let Base::Seen(id) = base { Some(*id) } else { None };
        match &self.body {
            OpBody::Set { sets } => sets.iter().filter_map(|(_, base, _)| seen(base)).collect(),
            OpBody::Move { base, .. }
            | OpBody::ElementSet { base, .. }
            | OpBody::ElementDelete { base, .. } => seen(base).into_iter().collect(),
            OpBody::Resolve { seen, .. } => seen.clone(),
            OpBody::Create { .. }
            | OpBody::ElementAdd { .. }
            | OpBody::Note { .. }
            | OpBody::Delete { .. }
            | OpBody::Restore { .. }
            | OpBody::Command { .. }
            | OpBody::Unknown { .. } => Vec::new(),
        }
    }
}
