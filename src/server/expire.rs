//! What waits too long: the server's own device ends the waiting, so that it happens without anybody's traffic (protocol, Held).

use uuid::Uuid;

use super::db::rows::{PositionQuery, RecordRow};
use super::db::{Db, DbError, DbResult};
use super::push::Batch;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::sync::group::EXPIRE;
use crate::sync::{Author, Digest, HELD_KIND, Limits, Op, OpBody, OpId, digest};
use crate::wire::frame::Blob;
use crate::wire::{PushRequest, decode_record, encode_op};

/// Returns the operations that end what has waited too long by now; `None` if nothing has.
///
/// They are numbered behind what the server wrote last: another server on the same database may be faster, and this batch is
/// then refused and made again the next time.
pub(crate) async fn overdue<D: Db>(db: &D, now: i64, limits: Limits) -> DbResult<Option<Batch>> {
    let mut due = db.open_of(HELD_KIND).await?;
    due.retain(|row| is_due(row, now, &limits));
    due.truncate(limits.batch_ops);
    if due.is_empty() {
        return Ok(None);
    }
    let OwnPlace { device, root, generation, last_n, before } = own_place(db).await?;
    let from_n = last_n.saturating_add(1);
    let mut prev = before;
    let mut ops = Vec::with_capacity(due.len());
    for (n, row) in (from_n..).zip(&due) {
        let op = ending(OpId { device, generation, n }, prev, row, now);
        let bytes = encode_op(&op).map_err(|_cause| DbError::Damaged { table: "record" })?;
        prev = digest(&bytes);
        ops.push(Blob(bytes));
    }
    let author = Author { user: UserId(Uuid::nil()), role: Role::HqAdmin, home: root };
    let request = PushRequest { generation, from_n, prev: before, ops, receipts: Vec::new() };
    Ok(Some(Batch::new(device, author, request, now, limits)))
}

/// Where the server's own device goes on writing.
pub(crate) struct OwnPlace {
    /// The device.
    pub(crate) device: DeviceId,
    /// The root unit, where it is at home.
    pub(crate) root: UnitId,
    /// Its generation.
    pub(crate) generation: u32,
    /// The last number used.
    pub(crate) last_n: u64,
    /// Hash of that operation.
    pub(crate) before: Digest,
}

/// Returns where the server's own device goes on writing.
pub(crate) async fn own_place<D: Db>(db: &D) -> DbResult<OwnPlace> {
    let tenant = db.tenant().await?;
    let device = tenant.server_device;
    // The numbers of another history may be in use by what a restored server has forgotten.
    let generation = u32::try_from(tenant.epoch_no).unwrap_or(u32::MAX).max(1);
    let query = PositionQuery { device, generation, last_n: 0, cursor_seq: 0, earlier: Vec::new() };
    let known = db.position(&query).await?.known;
    let (generation, last_n, before) = if known.generation >= generation {
        (known.generation, known.last_n, known.last_hash)
    } else {
        (generation, 0, [0; 16])
    };
    Ok(OwnPlace { device, root: tenant.root, generation, last_n, before })
}

fn is_due(row: &RecordRow, now: i64, limits: &Limits) -> bool {
    let held = decode_record(&row.body).ok().and_then(|record| record.held);
    held.is_some_and(|held| held.recv_at.saturating_add(limits.held_ms) <= now)
}

fn ending(id: OpId, prev: crate::sync::Digest, row: &RecordRow, now: i64) -> Op {
    Op {
        id,
        prev,
        // There is nothing in it that could be erased.
        salt: 0,
        hlc: u64::try_from(now).unwrap_or(0) << 16,
        clock_off_ms: 0,
        clock_conf: 3,
        actor: UserId(Uuid::nil()),
        schema: 1,
        group: None,
        kind: HELD_KIND,
        record: row.id,
        body: OpBody::Command { name: EXPIRE.to_owned(), args: Vec::new() },
        was: None,
    }
}
