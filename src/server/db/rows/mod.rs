//! Rows as the server's code sees them: typed ids, no SQL.

mod mend;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};
use crate::sync::hash::{chain_step, digest_of};
use crate::sync::open::Known;
use crate::sync::{Author, Digest, Op, OpId, Record};

pub use mend::{
    Alarm, Event, EventRow, Mend, NewSession, Quarantined, Returned, UnitQuery, UnitRows,
};

/// SHA-256 of a secret; secrets themselves are never stored.
pub type TokenHash = [u8; 32];
/// A device's public key, Ed25519.
pub type PublicKey = [u8; 32];

/// The tenant's counter row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Identity.
    pub id: Uuid,
    /// Name of the university.
    pub name: String,
    /// Root unit.
    pub root: UnitId,
    /// Device id under which the server itself writes operations.
    pub server_device: DeviceId,
    /// History of the data; a restore starts a new one.
    pub epoch: Uuid,
    /// How many restores there were.
    pub epoch_no: u64,
    /// Last position given out.
    pub head_seq: u64,
    /// Chain value there.
    pub head_chain: Digest,
    /// Position of the last change to the tree that alters what an existing unit contains.
    pub reparent_seq: u64,
    /// Deletions up to this position have left the feed.
    pub tomb_floor: u64,
    /// When the last verified backup was made, milliseconds; 0 for never.
    pub backup_at: i64,
    /// Number of the last event.
    pub event_no: u64,
    /// Chain value of the events there.
    pub event_chain: Digest,
}

/// A tenant to make.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Identity.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Root unit.
    pub root: UnitId,
    /// The server's own device id.
    pub server_device: DeviceId,
    /// First history.
    pub epoch: Uuid,
}

/// A user account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Identity.
    pub id: UserId,
    /// Name typed on the command line.
    pub name: String,
    /// Rights.
    pub role: Role,
    /// Unit the rights are for.
    pub unit: UnitId,
    /// True once it was closed.
    pub disabled: bool,
}

/// Names are personal data and stay out of logs.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// An enrolled device as headquarters sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Identity.
    pub id: DeviceId,
    /// Its user.
    pub account: UserId,
    /// Name of the machine.
    pub name: String,
    /// `active`, `returned` (let in again by its certificate after a restore) or `revoked`.
    pub state: String,
    /// Newest generation seen.
    pub generation: u32,
    /// Last operation of it.
    pub last_n: u64,
    /// Hash of that.
    pub last_hash: Digest,
    /// Last operation inside a verified backup.
    pub durable_n: u64,
    /// How far it has the feed, by its last opening.
    pub acked_seq: u64,
    /// Last contact, milliseconds; 0 for never.
    pub last_seen: i64,
    /// Operations that waited at its last opening.
    pub outbox_depth: u64,
    /// Program version.
    pub app_version: String,
    /// Server clock minus device clock, milliseconds.
    pub clock_off_ms: i64,
    /// True if a revoked device shall destroy its data key.
    pub wipe: bool,
    /// When a second copy of the device was last noticed, milliseconds; 0 for never.
    pub clone_seen_at: i64,
}

impl Device {
    /// True if its calls are answered.
    pub fn is_admitted(&self) -> bool {
        matches!(self.state.as_str(), "active" | "returned")
    }
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Session {
    /// The device.
    pub device: Device,
    /// Its user.
    pub account: Account,
    /// The token is good until then, milliseconds.
    pub expires_at: i64,
}

impl Session {
    /// Returns the user as the merge sees them.
    pub const fn author(&self) -> Author {
        Author { user: self.account.id, role: self.account.role, home: self.account.unit }
    }
}

/// A device to enrol.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Id it drew itself.
    pub id: DeviceId,
    /// Its user.
    pub account: UserId,
    /// Its public key, Ed25519.
    pub key: PublicKey,
    /// Name of the machine.
    pub name: String,
    /// Program version.
    pub app_version: String,
    /// Now, milliseconds.
    pub now: i64,
}

/// What an opening said about a device.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The device.
    pub id: DeviceId,
    /// How far it has the feed.
    pub acked_seq: u64,
    /// Scope it shall hold.
    pub scope_token: u64,
    /// Now, milliseconds.
    pub now: i64,
    /// Operations waiting on it.
    pub outbox_depth: u64,
    /// Program version.
    pub app_version: String,
    /// Server clock minus its clock.
    pub clock_off_ms: i64,
}

/// A one-time code to store.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Its hash.
    pub hash: TokenHash,
    /// Account it is for.
    pub account: UserId,
    /// Not valid from then on, milliseconds.
    pub expires_at: i64,
}

/// What using a code gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeUse {
    /// Used now, for this account.
    Taken(UserId),
    /// No such code.
    Wrong,
    /// Used before.
    Used,
    /// Too late.
    Expired,
}

/// What an opening asks for.
#[derive(Clone, Debug)]
pub struct PositionQuery {
    /// The device.
    pub device: DeviceId,
    /// Generation it is in.
    pub generation: u32,
    /// Last operation it has written.
    pub last_n: u64,
    /// Position of its cursor.
    pub cursor_seq: u64,
    /// Earlier generations it still holds operations of.
    pub earlier: Vec<u32>,
}

/// Where server and device stand.
#[derive(Clone, Debug)]
pub struct Position {
    /// The counter row.
    pub tenant: Tenant,
    /// Chain value at the device's cursor.
    pub chain_at_cursor: Option<Digest>,
    /// What the server has of the device's own generation.
    pub known: Known,
    /// Newest generation with operations; 0 for none.
    pub newest_generation: u32,
    /// What it has of the earlier generations asked for.
    pub earlier: Vec<Known>,
    /// Hash of operation `last_n` of the device's generation.
    pub hash_at_device_last: Option<Digest>,
}

/// Which records a device may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// Everything.
    All,
    /// Records of some units, and published kinds of the units above.
    Units {
        /// Home unit and everything below it.
        within: BTreeSet<UnitId>,
        /// Units above.
        above: BTreeSet<UnitId>,
        /// Numbers of the kinds that units below their owner see.
        published: BTreeSet<u16>,
    },
}

impl Visible {
    /// True if a record of this kind and unit may be seen.
    pub fn includes(&self, kind: u16, unit: UnitId) -> bool {
        match self {
            Self::All => true,
            Self::Units { within, above, published } => {
                within.contains(&unit) || (above.contains(&unit) && published.contains(&kind))
            }
        }
    }
}

/// One page to read.
#[derive(Clone, Debug)]
pub struct PageQuery {
    /// After this position.
    pub after: u64,
    /// What may be seen.
    pub visible: Visible,
    /// Most rows.
    pub limit: u32,
    /// Most bytes of record bodies; at least one position is always given.
    pub max_bytes: usize,
}

/// Rows of a page, by position.
#[derive(Clone, Debug)]
pub struct PageRows {
    /// The counter row of the same snapshot.
    pub tenant: Tenant,
    /// Chain value at `after`, if the server has that position; the start has zeros.
    pub chain_at_after: Option<Digest>,
    /// Changed records.
    pub puts: Vec<RecordRow>,
    /// Records that left, with the position.
    pub removes: Vec<(RecordId, u64)>,
    /// Last position of the page and chain value there.
    pub end: (u64, Digest),
    /// True if nothing follows.
    pub complete: bool,
}

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Identity.
    pub id: RecordId,
    /// Kind number.
    pub kind: u16,
    /// Owner.
    pub unit: UnitId,
    /// Position of its last change.
    pub last_seq: u64,
    /// Position of its deletion.
    pub tomb_seq: Option<u64>,
    /// For an open conflict: the record it is about. For an open held record: the key of what it waits for.
    pub about: Option<RecordId>,
    /// The record whose unit is always this one's.
    pub follows: Option<RecordId>,
    /// The record by which this one is found besides: an enrolment's class.
    pub points: Option<RecordId>,
    /// The record's frame.
    pub body: Vec<u8>,
}

/// A stored operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpRow {
    /// Position.
    pub seq: u64,
    /// Identity.
    pub id: OpId,
    /// Record it is about; nil if unreadable.
    pub record: RecordId,
    /// Kind number; 0 if unreadable.
    pub kind: u16,
    /// Its frame.
    pub bytes: Vec<u8>,
    /// Hash of that.
    pub hash: Digest,
    /// Chain value at its position.
    pub chain: Digest,
    /// Account, rights and unit at the time, so that a replay decides the same.
    pub author: Author,
    /// When it arrived, milliseconds.
    pub recv_at: i64,
    /// Encoded outcome.
    pub outcome: Vec<u8>,
    /// Whether it took effect.
    pub refused: Refused,
    /// Key of its name before a renumbering.
    pub was: Option<RecordId>,
    /// What the server knew from outside the log when it decided ([`crate::sync::command::Outside`]), encoded.
    pub outside: Option<Vec<u8>>,
}

impl OpRow {
    /// Returns the chain value at this row's position (protocol, Chain).
    pub fn link(&self, previous: &Digest, outcome_tag: u16) -> Digest {
        chain_step(previous, &self.hash, outcome_tag, self.seq, &self.noted())
    }

    /// Returns the digest of what the log says of the operation besides its bytes.
    pub fn noted(&self) -> Digest {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let (role, outside) = (self.author.role.key().as_bytes(), self.outside.as_deref());
        digest_of(&[
            &self.id.device.0.to_le_bytes(),
            &self.id.generation.to_le_bytes(),
            &self.id.n.to_le_bytes(),
            self.record.0.as_bytes(),
            &self.kind.to_le_bytes(),
            self.author.user.0.as_bytes(),
            &length(role),
            role,
            self.author.home.0.as_bytes(),
            &self.recv_at.to_le_bytes(),
            &self.refused.number().to_le_bytes(),
            &length(&self.outcome),
            &self.outcome,
            &[u8::from(outside.is_some())],
            outside.unwrap_or_default(),
            &[u8::from(self.was.is_some())],
            self.was.as_ref().map(|was| was.0.as_bytes().as_slice()).unwrap_or_default(),
        ])
    }
}

/// Whether an operation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// It was not.
    No,
    /// It was.
    Yes,
    /// It was, and would have made a record.
    Creation,
}

impl Refused {
    /// Returns the stored number.
    pub const fn number(self) -> i64 {
        match self {
            Self::No => 0,
            Self::Yes => 1,
            Self::Creation => 2,
        }
    }

    /// Reads the stored number; `None` if it is none of them.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::No),
            1 => Some(Self::Yes),
            2 => Some(Self::Creation),
            _ => None,
        }
    }
}

/// An operation in a record's history.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// Position.
    pub seq: u64,
    /// When it arrived.
    pub recv_at: i64,
    /// Name of the account.
    pub actor: String,
    /// Its frame.
    pub bytes: Vec<u8>,
    /// Encoded outcome.
    pub outcome: Vec<u8>,
}

/// What is stored of a device's operations around a batch.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Newest generation with operations.
    pub newest_generation: u32,
    /// Last operation of the batch's generation; 0 for none.
    pub last_n: u64,
    /// Hash of the operation before the batch.
    pub hash_before: Option<Digest>,
    /// Hash and encoded outcome of operations the batch repeats, by number.
    pub repeated: BTreeMap<u64, (Digest, Vec<u8>)>,
}

/// What a batch may touch.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Records by id.
    pub records: BTreeSet<RecordId>,
    /// Records whose open conflicts are needed too.
    pub about: BTreeSet<RecordId>,
    /// Records that may move, with all that follow them.
    pub moving: BTreeSet<RecordId>,
    /// Records with all that point to them ([`RecordRow::points`]).
    pub pointing: BTreeSet<RecordId>,
    /// Records whose creation may have been refused.
    pub creations: BTreeSet<RecordId>,
    /// Unique values to look up.
    pub unique: BTreeSet<(u16, FieldNo, Value)>,
    /// Earlier operations, also under new names.
    pub ops: BTreeSet<OpId>,
    /// Keys of what open held records may wait for.
    pub needs: BTreeSet<RecordId>,
}

impl Wanted {
    /// Returns what is not asked for in `asked`.
    #[must_use]
    pub fn without(mut self, asked: &Self) -> Self {
        self.records.retain(|id| !asked.records.contains(id));
        self.about.retain(|id| !asked.about.contains(id));
        self.moving.retain(|id| !asked.moving.contains(id));
        self.pointing.retain(|id| !asked.pointing.contains(id));
        self.creations.retain(|id| !asked.creations.contains(id));
        self.unique.retain(|key| !asked.unique.contains(key));
        self.ops.retain(|id| !asked.ops.contains(id));
        self.needs.retain(|id| !asked.needs.contains(id));
        // Conflicts and followers are looked for around records of the same question.
        self.records.extend(self.about.iter().chain(&self.moving));
        self
    }

    /// True if it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.pointing.is_empty()
            && self.creations.is_empty()
            && self.unique.is_empty()
            && self.ops.is_empty()
            && self.needs.is_empty()
    }

    /// Adds another question.
    pub fn add(&mut self, other: Self) {
        self.records.extend(other.records);
        self.about.extend(other.about);
        self.moving.extend(other.moving);
        self.pointing.extend(other.pointing);
        self.creations.extend(other.creations);
        self.unique.extend(other.unique);
        self.ops.extend(other.ops);
        self.needs.extend(other.needs);
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Records, conflicts too.
    pub records: Vec<Record>,
    /// Who holds the unique values.
    pub unique: BTreeMap<(u16, FieldNo, Value), RecordId>,
    /// Earlier operations that are readable, with the hashes of their bytes and when they arrived.
    pub ops: Vec<(Op, Digest, i64)>,
    /// What the server knew of some of them from outside the log, encoded.
    pub outside: Vec<(OpId, Vec<u8>)>,
    /// Which of the earlier operations were refused.
    pub refused: BTreeSet<OpId>,
    /// Refused creations, the last one of each record.
    pub refused_creations: BTreeMap<RecordId, OpId>,
}

/// One unique value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UniqueRow {
    /// Kind number.
    pub kind: u16,
    /// Field number.
    pub field: u16,
    /// Encoded value.
    pub key: Vec<u8>,
    /// Holder.
    pub record: RecordId,
}

/// What a batch changed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New operations, in order.
    pub ops: Vec<OpRow>,
    /// New or changed records.
    pub records: Vec<RecordRow>,
    /// Which of them are new: they were looked for in this transaction, and are not there.
    pub made: BTreeSet<RecordId>,
    /// Units that records left: unit, record, position.
    pub exits: Vec<(UnitId, RecordId, u64)>,
    /// Unique values given up.
    pub unique_dropped: Vec<UniqueRow>,
    /// Unique values taken that somebody may have had.
    pub unique_taken: Vec<UniqueRow>,
    /// Unique values taken that nobody had.
    pub unique_made: Vec<UniqueRow>,
    /// Units that are gone.
    pub units_dropped: Vec<UnitId>,
    /// New or moved units with their parent.
    pub units_put: Vec<(UnitId, Option<UnitId>)>,
    /// The newest operation of each device, with its hash.
    pub devices: Vec<(OpId, Digest)>,
    /// Events that devices noted.
    pub events: Vec<Event>,
    /// New last position and chain value.
    pub head: (u64, Digest),
    /// New value of [`Tenant::reparent_seq`].
    pub reparent_seq: u64,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Operations.
    pub ops: u64,
    /// Records, conflicts and deleted ones too.
    pub records: u64,
    /// Scope exits.
    pub exits: u64,
    /// Unique values.
    pub unique_values: u64,
}
