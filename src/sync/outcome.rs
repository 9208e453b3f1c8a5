//! Outcomes: what the server made of an operation; stored with it, returned again for every repetition.

use crate::domain::ids::RecordId;

/// What became of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Applied {
        /// Server position.
        seq: u64,
    },
    /// The record already held the same.
    Converged {
        /// Server position.
        seq: u64,
    },
    /// Somebody else's value stays; this one is kept as a candidate for a person.
    Conflict {
        /// Server position.
        seq: u64,
        /// The conflict record.
        id: RecordId,
    },
    /// A request that waits for a place.
    WaitListed {
        /// Server position.
        seq: u64,
        /// Place in the queue, from 1.
        position: u32,
    },
    /// Kept until something it depends on arrives.
    Held {
        /// Server position.
        seq: u64,
        /// Stable word, such as `missing_base`.
        why: String,
    },
    /// Refused for ever; kept with its reason on both sides.
    Rejected {
        /// Server position.
        seq: u64,
        /// Stable word, such as `not_permitted`, `invalid`, `duplicate`.
        code: String,
        /// Key of the field it is about, or empty.
        field: String,
        /// Detail for a person: an issue code or the other record's id, never a value.
        message: String,
    },
    /// Depends on a refused operation of the same device.
    Blocked {
        /// Server position.
        seq: u64,
        /// `n` of that operation.
        by: u64,
    },
    /// An outcome a newer server wrote.
    Unknown {
        /// Frame tag.
        tag: u16,
        /// Frame bytes.
        bytes: Vec<u8>,
    },
}

impl Outcome {
    /// Returns the tag used on the wire, in the chain and on disk.
    pub const fn tag(&self) -> u16 {
        match self {
            Self::Applied { .. } => 1,
            Self::Converged { .. } => 2,
            Self::Conflict { .. } => 3,
            Self::WaitListed { .. } => 4,
            Self::Held { .. } => 5,
            Self::Rejected { .. } => 6,
            Self::Blocked { .. } => 7,
            Self::Unknown { tag, .. } => *tag,
        }
    }

    /// Returns the server position; 0 if unknown.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Applied { seq }
            | Self::Converged { seq }
            | Self::Conflict { seq, .. }
            | Self::WaitListed { seq, .. }
            | Self::Held { seq, .. }
            | Self::Rejected { seq, .. }
            | Self::Blocked { seq, .. } => *seq,
            Self::Unknown { .. } => 0,
        }
    }

    /// True if the change is not in effect and its author must look at it.
    pub const fn needs_attention(&self) -> bool {
        match self {
            Self::Rejected { .. } | Self::Blocked { .. } | Self::Held { .. } => true,
            Self::Applied { .. }
            | Self::Converged { .. }
            | Self::Conflict { .. }
            | Self::WaitListed { .. }
            | Self::Unknown { .. } => false,
        }
    }

    /// Returns the word used in JSON.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Converged { .. } => "converged",
            Self::Conflict { .. } => "conflict",
            Self::WaitListed { .. } => "wait_listed",
            Self::Held { .. } => "held",
            Self::Rejected { .. } => "rejected",
            Self::Blocked { .. } => "blocked",
            Self::Unknown { .. } => "unknown",
        }
    }
}
