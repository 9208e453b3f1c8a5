//! Rows of the days when something went wrong: alarms, what came back, what was handed in.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Account, NewDevice, RecordRow, Tenant, TokenHash};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::sync::hash::digest_of;
use crate::sync::{Digest, OpId};

/// Something headquarters must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When, milliseconds.
    pub at: i64,
    /// Stable word: `rolled_back`, `restored`, `clone`, `old_copy`, `state_hash`, `returned`, `quarantine`.
    pub word: String,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// Detail, no personal data.
    pub detail: String,
}

/// Something that must be provable later: who may do what, who tried and failed, what was shown or taken out of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When the server learnt of it, milliseconds.
    pub at: i64,
    /// Stable word; what a device noted begins with `note.`.
    pub word: String,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// The account it is about.
    pub user: Option<UserId>,
    /// Detail, no personal data; JSON for what a device noted.
    pub detail: String,
}

impl Event {
    /// Makes an event about nobody yet.
    pub fn new(at: i64, word: &str) -> Self {
        Self { at, word: word.to_owned(), device: None, user: None, detail: String::new() }
    }

    /// Says which device it is about.
    #[must_use]
    pub fn of_device(self, device: DeviceId) -> Self {
        Self { device: Some(device), ..self }
    }

    /// Says which account it is about.
    #[must_use]
    pub fn of_user(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// Returns the chain value after this event, the `no`th (protocol, Events).
    pub fn link(&self, previous: &Digest, no: u64) -> Digest {
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
        let device = self.device.map_or([0; 8], |device| device.0.to_le_bytes());
        let user = self.user.map_or([0; 16], |user| *user.0.as_bytes());
        digest_of(&[
            previous,
            &no.to_le_bytes(),
            &self.at.to_le_bytes(),
            &length(&self.word),
            self.word.as_bytes(),
            &[u8::from(self.device.is_some())],
            &device,
            &[u8::from(self.user.is_some())],
            &user,
            &length(&self.detail),
            self.detail.as_bytes(),
        ])
    }
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its number, from 1 without gaps.
    pub no: u64,
    /// What happened.
    pub event: Event,
    /// Chain value there.
    pub chain: Digest,
}

/// A session to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Hash of its token.
    pub token: TokenHash,
    /// The device.
    pub device: DeviceId,
    /// Hash of what the device signed: good once.
    pub nonce: Digest,
    /// Now, milliseconds.
    pub now: i64,
    /// Good until then, milliseconds.
    pub expires_at: i64,
}

/// A device as its certificate describes it, to be put back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The device.
    pub device: NewDevice,
    /// Its account.
    pub account: Account,
}

/// An operation a revoked device handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its name.
    pub id: OpId,
    /// Its hash.
    pub hash: Digest,
    /// Its frame.
    pub bytes: Vec<u8>,
    /// When it came, milliseconds.
    pub recv_at: i64,
    /// Its number in the list, given when it is stored.
    pub no: u64,
    /// `open`, `taken` or `rejected`.
    pub state: String,
}

/// What a restore, a revocation or the daily upkeep changes.
#[derive(Clone, Debug)]
pub enum Mend {
    /// A new history begins.
    Epoch(Uuid),
    /// A verified backup was made at this time, milliseconds.
    Backup(i64),
    /// Deletions up to this position leave the feed, and exits of before.
    TombFloor(u64),
    /// Something for headquarters to look at.
    Alarm(Alarm),
    /// Something to be provable later.
    Event(Event),
    /// The payload of an operation is replaced by what an erasure leaves of it; its hash stays.
    Redact {
        /// Its position.
        seq: u64,
        /// What is left.
        bytes: Vec<u8>,
    },
    /// A scope is kept under its token.
    Scope {
        /// Token.
        token: u64,
        /// What it covers, encoded.
        body: Vec<u8>,
    },
    /// A device and its account come back; an account that is there stays as it is, a revoked device stays out.
    PutBack(Returned),
    /// An account's rights, and whether it is closed.
    Account {
        /// The account.
        user: UserId,
        /// True if closed.
        disabled: bool,
        /// Rights.
        role: Role,
        /// Unit they are for.
        unit: UnitId,
    },
    /// Whether a revoked device shall destroy its data key.
    Wipe {
        /// The device.
        device: DeviceId,
        /// Whether.
        wipe: bool,
    },
    /// A second copy of a device was seen.
    Clone {
        /// The device.
        device: DeviceId,
        /// When, milliseconds.
        at: i64,
    },
    /// What was decided about an operation in the quarantine; not if it was decided before.
    Decided {
        /// Its number in the list.
        no: u64,
        /// `taken` or `rejected`.
        state: &'static str,
    },
    /// Operations of a revoked device; those that are there stay as they are.
    Quarantine(Vec<Quarantined>),
    /// A session begins; not if its nonce has begun one before. Those that are over are forgotten.
    Session(NewSession),
    /// The server's secret, where it is kept in the database; one that is there stays.
    Secret([u8; 32]),
}

/// Rows of one unit, older ones too.
#[derive(Clone, Debug)]
pub struct UnitQuery {
    /// The unit.
    pub unit: UnitId,
    /// Only these kinds; all if `None`.
    pub kinds: Option<BTreeSet<u16>>,
    /// After this position.
    pub after: u64,
    /// Most rows.
    pub limit: u32,
    /// Most bytes of record bodies; at least one position is always given.
    pub max_bytes: usize,
}

/// Rows of one unit, by position.
#[derive(Clone, Debug)]
pub struct UnitRows {
    /// The counter row of the same snapshot.
    pub tenant: Tenant,
    /// The records.
    pub puts: Vec<RecordRow>,
    /// Last position given.
    pub end: u64,
    /// True if nothing follows.
    pub complete: bool,
}
