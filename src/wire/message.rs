//! The messages of every call, both directions (protocol, Calls).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::codec::items;
use super::frame::Blob;
use super::packet::Message;
use super::record::RecordBytes;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::sync::open::{Open, Opened};
use crate::sync::{Cursor, Digest, OpId, Outcome, Witness};

macro_rules! messages {
    ($($Type:ident = $tag:literal),* $(,)?) => { $(impl Message for $Type { const TAG: u16 = $tag; })* };
}
messages! {
    Hello = 0x0201, EnrolRequest = 0x0202, EnrolAnswer = 0x0203, SyncRequest = 0x0204, SyncAnswer = 0x0205,
    PushAnswer = 0x0207, PullRequest = 0x0208, Page = 0x0209, HistoryAnswer = 0x020a, Problem = 0x020b,
    ReadmitRequest = 0x0220, ReadmitAnswer = 0x0221, QuarantineRequest = 0x0222, QuarantineAnswer = 0x0223,
    CheckRequest = 0x0224, CheckAnswer = 0x0225, ChallengeRequest = 0x0226, ChallengeAnswer = 0x0227,
    SessionRequest = 0x0228, SessionAnswer = 0x0229, AuditAnswer = 0x022a,
}

/// A device sends an operation once, often over a slow line, and waits for the server far longer than for this.
impl Message for PushRequest {
    const TAG: u16 = 0x0206;
    const LEVEL: i32 = 6;
}

/// Answer to `GET /v1/hello`: what the server is, for anyone who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Lowest protocol spoken.
    pub protocol_min: u16,
    /// Highest protocol spoken.
    pub protocol_max: u16,
    /// History of the server's data.
    pub epoch: Uuid,
    /// Its clock, milliseconds.
    pub server_time: i64,
    /// Most operations in a batch.
    pub batch_ops: u32,
    /// Most bytes in a batch.
    pub batch_bytes: u32,
    /// Most records in a page.
    pub page_records: u32,
    /// Oldest program version that may pull.
    pub min_app: String,
    /// Version of its field catalogue.
    pub schema: u16,
}

/// Body of `POST /v1/enrol`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The one-time code as typed.
    pub code: String,
    /// Id the device drew for itself.
    pub device: DeviceId,
    /// The device's public key: Ed25519, 32 bytes.
    pub public_key: Blob,
    /// Name of the machine, for headquarters' list.
    pub name: String,
    /// Program version.
    pub app: String,
}

/// Answer to a successful enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// Token of the device's first session; the server keeps its hash only.
    pub token: String,
    /// Tenant.
    pub tenant: Uuid,
    /// Name of the tenant.
    pub tenant_name: String,
    /// Account the code was for.
    pub user: UserId,
    /// Its name.
    pub user_name: String,
    /// Its rights.
    pub role: Role,
    /// Unit the rights are for.
    pub unit: UnitId,
    /// Root unit of the tenant.
    pub root: UnitId,
    /// History of the server's data.
    pub epoch: Uuid,
    /// Lets the device in again if the server is restored from a copy that does not know it; opaque, kept by the device.
    pub certificate: Blob,
}

/// Body of `POST /v1/challenge`: a device wants to prove who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// The device.
    pub device: DeviceId,
}

/// Answer to [`ChallengeRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeAnswer {
    /// What the device shall sign; opaque, good once and for two minutes.
    pub nonce: Blob,
}

/// Body of `POST /v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The device.
    pub device: DeviceId,
    /// What the server gave.
    pub nonce: Blob,
    /// Ed25519 over [`proof`].
    pub signature: Blob,
}

/// Answer to [`SessionRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionAnswer {
    /// Bearer token for every call of the session.
    pub token: String,
    /// How long it is good, by the server's clock.
    pub seconds: u32,
}

/// Returns what a device signs: the purpose, the tenant, the device and the server's nonce, so that a proof for one server or purpose
/// is none for another.
pub fn proof(purpose: &str, tenant: Uuid, device: DeviceId, nonce: &[u8]) -> Vec<u8> {
    let mut bytes = format!("ejia {purpose} 1\0").into_bytes();
    bytes.extend(tenant.as_bytes());
    bytes.extend(device.0.to_le_bytes());
    bytes.extend(nonce);
    bytes
}

/// Body of `POST /v1/readmit`: a device that a restored server does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadmitRequest {
    /// What the enrolment gave.
    pub certificate: Blob,
    /// What the server gave.
    pub nonce: Blob,
    /// Ed25519 over [`proof`] by the key the certificate names.
    pub signature: Blob,
    /// Name of the machine.
    pub name: String,
    /// Program version.
    pub app: String,
}

/// Answer to [`ReadmitRequest`]: the device may have sessions again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadmitAnswer {
    /// The user's rights.
    pub role: Role,
    /// Unit the rights are for.
    pub unit: UnitId,
    /// History of the server's data.
    pub epoch: Uuid,
}

/// Body of `POST /v1/quarantine`, the one call a revoked device may make: its unsent operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineRequest {
    /// Generation of the operations.
    pub generation: u32,
    /// Number of the first one.
    pub from_n: u64,
    /// Operation frames, in order.
    #[serde(deserialize_with = "items")]
    pub ops: Vec<Blob>,
}

/// Answer to [`QuarantineRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineAnswer {
    /// Operations kept.
    pub kept: u64,
    /// The data key shall be destroyed now.
    pub wipe: bool,
}

/// Body of `POST /v1/sync/check`: what the device holds, unit by unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// How far its base is.
    pub cursor: Cursor,
    /// Scope it covers.
    pub scope_token: u64,
    /// State hash of every unit of which it has live records.
    #[serde(deserialize_with = "items")]
    pub units: Vec<(UnitId, u64)>,
}

/// Answer to [`CheckRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// False if the server has moved on since the cursor: pull, then check again.
    pub compared: bool,
    /// Units whose records differ: drop them and take them again.
    #[serde(deserialize_with = "items")]
    pub differ: Vec<UnitId>,
    /// Units the device must not have: drop them.
    #[serde(deserialize_with = "items")]
    pub gone: Vec<UnitId>,
}

/// Body of `POST /v1/sync/push`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRequest {
    /// Generation of the operations.
    pub generation: u32,
    /// Number of the first one.
    pub from_n: u64,
    /// Hash of the operation before it.
    pub prev: Digest,
    /// Operation frames, in order.
    #[serde(deserialize_with = "items")]
    pub ops: Vec<Blob>,
    /// What the server has answered to some of them before, in a history it may have lost.
    #[serde(default)]
    pub receipts: Vec<Receipt>,
}

/// Outcomes of a batch; a 200 alone says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAnswer {
    /// Last operation the server has.
    pub last_n: u64,
    /// Number and outcome of each operation sent.
    #[serde(deserialize_with = "items")]
    pub results: Vec<(u64, Outcome)>,
    /// Receipts of the commands among them.
    #[serde(default)]
    pub receipts: Vec<Receipt>,
}

/// The server's word on one command, sealed. Whoever was told something shows it to a server that was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The operation.
    pub id: OpId,
    /// History of the answer.
    pub epoch: Uuid,
    /// The answer.
    pub outcome: Outcome,
    /// Keyed hash, 32 bytes; only the server can make or check it.
    pub mac: Blob,
}

/// Query of `POST /v1/sync/pull`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// From here.
    pub cursor: Cursor,
    /// Scope the device holds.
    pub scope_token: u64,
    /// Refuse if the server has not this much.
    pub min_seq: u64,
    /// Most records wanted.
    pub limit: u32,
    /// Units whose older records are wanted, with the position reached; while any is named, the page holds nothing else.
    #[serde(deserialize_with = "items")]
    pub backfill: Vec<(UnitId, u64)>,
    /// Up to where deletions had left the feed when this pull was begun.
    pub floor: u64,
    /// How far the server had come when it gave the pages of this pull so far; the start before the first.
    pub head: Cursor,
}

/// One page of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Records, by position.
    #[serde(deserialize_with = "items")]
    pub puts: Vec<RecordBytes>,
    /// Records that left the scope: id, stable word, position.
    #[serde(deserialize_with = "items")]
    pub removes: Vec<(RecordId, String, u64)>,
    /// Where the page ends.
    pub cursor: Cursor,
    /// True if nothing follows.
    pub complete: bool,
    /// How far each backfill is; empty when done.
    #[serde(deserialize_with = "items")]
    pub backfill: Vec<(UnitId, u64)>,
    /// Names of the accounts that the page's conflicts speak of.
    #[serde(deserialize_with = "items")]
    pub names: Vec<(UserId, String)>,
    /// The server's mark on the cursor, to be shown with it at the next opening.
    pub seal: Digest,
    /// How far the server has come: records that changed after the page's end are left out of it.
    pub head: Witness,
}

/// Body of `POST /v1/sync`: opening, first batch and first page in one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// Where the device stands.
    pub open: Open,
    /// First batch.
    pub push: Option<PushRequest>,
    /// First page wanted.
    pub pull: Option<PullRequest>,
}

/// Answer to [`SyncRequest`]; if the order is not `Proceed`, the rest is empty and the operations were not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncAnswer {
    /// The server's side.
    pub opened: Opened,
    /// The user's rights now, which an administrator may have changed.
    pub role: Role,
    /// Unit the rights are for.
    pub unit: UnitId,
    /// Outcomes.
    pub push: Option<PushAnswer>,
    /// First page.
    pub page: Option<Page>,
}

/// One operation in a record's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Server position.
    pub seq: u64,
    /// When it arrived, milliseconds.
    pub recv_at: i64,
    /// Name of the account.
    pub actor: String,
    /// The operation's frame.
    pub op: Blob,
    /// What became of it.
    pub outcome: Outcome,
}

/// Answer to `GET /v1/record/{id}/history`, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryAnswer {
    /// The operations.
    #[serde(deserialize_with = "items")]
    pub entries: Vec<HistoryEntry>,
}

/// One link of the log's chain: `chain = digest(chain before || hash || outcome_tag || seq || noted)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditOp {
    /// Position.
    pub seq: u64,
    /// The operation.
    pub op: OpId,
    /// When it arrived, milliseconds.
    pub recv_at: i64,
    /// Account it came from.
    pub actor: UserId,
    /// That account's role then.
    pub role: Role,
    /// Hash of its bytes.
    pub hash: Digest,
    /// Tag of its outcome.
    pub outcome_tag: u16,
    /// Digest of the rest of the log's row.
    pub noted: Digest,
    /// Chain value here.
    pub chain: Digest,
}

/// One event, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Its number.
    pub no: u64,
    /// When, milliseconds.
    pub at: i64,
    /// Stable word.
    pub word: String,
    /// The device it is about.
    pub device: Option<DeviceId>,
    /// The account it is about.
    pub user: Option<UserId>,
    /// Detail.
    pub detail: String,
    /// Chain value here.
    pub chain: Digest,
}

/// Answer to `GET /v1/audit?after=SEQ&events_after=NO`: at most 1,000 links of each chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditAnswer {
    /// History of the server's data.
    pub epoch: Uuid,
    /// Last position.
    pub head_seq: u64,
    /// Chain value there.
    pub head_chain: Digest,
    /// Number of the last event.
    pub event_no: u64,
    /// Chain value there.
    pub event_chain: Digest,
    /// Links of the log.
    #[serde(deserialize_with = "items")]
    pub ops: Vec<AuditOp>,
    /// Events.
    #[serde(deserialize_with = "items")]
    pub events: Vec<AuditEvent>,
}

/// Body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable word: `gap`, `fork`, `bad_code`, `expired_code`, `unauthorized`, `not_permitted`, `too_large`, `behind`, ...
    pub code: String,
    /// For people who read logs; English.
    pub message: String,
    /// Number expected next, for `gap`.
    pub expected: Option<u64>,
    /// Names this request in the server's log.
    pub request_id: String,
}
