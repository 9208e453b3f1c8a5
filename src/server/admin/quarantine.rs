//! What revoked devices handed in: looked at, and taken in as its author's work or not.

use super::{AdminError, AdminResult, open};
use crate::domain::ids::UserId;
use crate::domain::kinds::Kind;
use crate::server::clock::{Ambient, Machine};
use crate::server::db::location::Location;
use crate::server::db::rows::{Account, Event, Mend, PositionQuery, Quarantined};
use crate::server::db::{Database, Db, Tx};
use crate::server::push::{Batch, take as push};
use crate::sync::{Author, Limits, Op, OpBody, OpId, Outcome};
use crate::wire::frame::Blob;
use crate::wire::{PushRequest, decode_op, encode_op};

/// One operation as listed.
#[derive(Clone, PartialEq, Eq)]
pub struct QuarantineInfo {
    /// As stored.
    pub row: Quarantined,
    /// Name of its author; empty if it cannot be read.
    pub user: String,
    /// Key of its kind; empty if unknown.
    pub kind: &'static str,
    /// What it says, if it can be read.
    pub op: Option<Op>,
}

/// What it says is personal data and stays out of logs.
impl std::fmt::Debug for QuarantineInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuarantineInfo({}, {})", self.row.no, self.row.state)
    }
}

impl QuarantineInfo {
    /// Returns the word for what it does.
    pub const fn body(&self) -> &'static str {
        match &self.op {
            None => "unreadable",
            Some(op) => match op.body {
                OpBody::Create { .. } => "create",
                OpBody::Set { .. } => "set",
                OpBody::Move { .. } => "move",
                OpBody::Delete { .. } => "delete",
                OpBody::Restore { .. } => "restore",
                OpBody::Resolve { .. } => "resolve",
                OpBody::Command { .. } => "command",
                OpBody::ElementAdd { .. } => "element-add",
                OpBody::ElementDelete { .. } => "element-delete",
                OpBody::ElementSet { .. } => "element-set",
                OpBody::Note { .. } => "note",
                OpBody::Unknown { .. } => "unknown",
            },
        }
    }

    /// Returns keys of the fields it writes, with what it writes, as text.
    pub fn values(&self) -> Vec<(String, String)> {
        let kind = self.op.as_ref().and_then(|op| Kind::from_number(op.kind));
        let pair =
            |(no, value): (crate::domain::record::FieldNo, &crate::domain::record::Value)| {
                let field = kind.and_then(|kind| kind.spec().field_no(no));
                let key = field.map_or_else(|| no.0.to_string(), |field| field.key.to_owned());
                (key, serde_json::to_string(value).unwrap_or_default())
            };
        self.op.as_ref().map(|op| op.values().into_iter().map(pair).collect()).unwrap_or_default()
    }
}

/// Lists what revoked devices handed in, by number.
///
/// # Errors
/// [`AdminError::Database`].
pub async fn quarantine(database: impl Into<Location>) -> AdminResult<Vec<QuarantineInfo>> {
    let db = open(database).await?;
    let accounts = db.accounts().await?;
    let rows = db.quarantined().await?;
    db.close().await;
    Ok(rows.into_iter().map(|row| describe(row, &accounts)).collect())
}

fn describe(row: Quarantined, accounts: &[Account]) -> QuarantineInfo {
    let op = decode_op(&row.bytes).ok();
    let named = op.as_ref().and_then(|op| accounts.iter().find(|a| a.id == op.actor));
    let user = named.map(|account| account.name.clone()).unwrap_or_default();
    let kind = op.as_ref().and_then(|op| Kind::from_number(op.kind)).map_or("", Kind::key);
    QuarantineInfo { row, user, kind, op }
}

/// Takes an operation in as its author's work: it is decided like any other, with the author's rights of now, and its outcome is
/// returned.
///
/// # Errors
/// [`AdminError::NoQuarantine`] if there is no open one of that number, it cannot be read, or its author has no account.
pub async fn quarantine_take(database: impl Into<Location>, no: u64) -> AdminResult<Outcome> {
    let db = open(database).await?;
    let outcome = take_over(&db, no, &Machine).await;
    db.close().await;
    outcome
}

/// Takes an operation in, in an open database with a clock that need not be the machine's.
///
/// # Errors
/// As for [`quarantine_take`].
pub async fn take_over<D: Db>(db: &D, no: u64, ambient: &dyn Ambient) -> AdminResult<Outcome> {
    let missing = || AdminError::NoQuarantine { no };
    let rows = db.quarantined().await?;
    let row = rows.into_iter().find(|row| row.no == no && row.state == "open");
    let row = row.ok_or_else(missing)?;
    let old = decode_op(&row.bytes).map_err(|_unreadable| missing())?;
    let accounts = db.accounts().await?;
    let account = accounts.into_iter().find(|a| a.id == old.actor).ok_or_else(missing)?;
    let batch = again(db, &row, old, &account, ambient.now_ms()).await?;
    let mut tx = db.begin().await?;
    let taken = push(&mut tx, &mut None, batch).await.map_err(super::setup::refused)?;
    let (_, outcome) = taken.results.into_iter().next().ok_or(AdminError::Refused)?;
    decided(&mut tx, &row, (account.id, "taken"), outcome.key(), ambient).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Writes the operation again under the server's own numbers, with its first name in `was`.
async fn again<D: Db>(
    db: &D,
    row: &Quarantined,
    old: Op,
    account: &Account,
    now: i64,
) -> AdminResult<Batch> {
    let tenant = db.tenant().await?;
    let device = tenant.server_device;
    let generation = u32::try_from(tenant.epoch_no).unwrap_or(u32::MAX).max(1);
    let query = PositionQuery { device, generation, last_n: 0, cursor_seq: 0, earlier: Vec::new() };
    let known = db.position(&query).await?.known;
    let from_n = known.last_n.saturating_add(1);
    let prev = known.last_hash;
    let id = OpId { device, generation, n: from_n };
    let was = old.was.or(Some((row.id, row.hash)));
    let op = Op { id, prev, group: None, was, ..old };
    let bytes = encode_op(&op).map_err(|_cause| AdminError::Refused)?;
    let author = Author { user: account.id, role: account.role, home: account.unit };
    let ops = vec![Blob(bytes)];
    let request = PushRequest { generation, from_n, prev, ops, receipts: Vec::new() };
    Ok(Batch::new(device, author, request, now, Limits::default()))
}

async fn decided<T: Tx>(
    tx: &mut T,
    row: &Quarantined,
    (user, state): (UserId, &'static str),
    detail: &str,
    ambient: &dyn Ambient,
) -> AdminResult<()> {
    if !tx.mend(&Mend::Decided { no: row.no, state }).await? {
        return Err(AdminError::NoQuarantine { no: row.no });
    }
    let event = Event::new(ambient.now_ms(), &format!("quarantine.{state}"));
    let detail = serde_json::json!({ "no": row.no, "why": detail }).to_string();
    let event = event.of_device(row.id.device).of_user(user).with(detail);
    tx.mend(&Mend::Event(event)).await?;
    Ok(())
}

/// Puts an operation aside for good; it stays in the list.
///
/// # Errors
/// [`AdminError::NoQuarantine`] if there is no open one of that number.
pub async fn quarantine_reject(
    database: impl Into<Location>,
    no: u64,
    reason: &str,
) -> AdminResult<()> {
    let db: Database = open(database).await?;
    let rows = db.quarantined().await?;
    let row = rows.into_iter().find(|row| row.no == no && row.state == "open");
    let row = row.ok_or(AdminError::NoQuarantine { no })?;
    let user = decode_op(&row.bytes).map_or(UserId(uuid::Uuid::nil()), |op| op.actor);
    let mut tx = db.begin().await?;
    decided(&mut tx, &row, (user, "rejected"), reason, &Machine).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}
