//! Opening a sync: looking up where both sides stand and giving the order (protocol, Open).

use crate::server::db::rows::{Position, PositionQuery, Seen, Session};
use crate::server::db::{Db, DbResult};
use crate::server::scope;
use crate::sync::open::{Facts, Open, Opened, Order, judge};
use crate::wire::PullRequest;

/// Judges an opening and notes what the device said about itself.
pub(crate) async fn open<D: Db>(
    db: &D,
    session: &Session,
    open: &Open,
    pull: Option<&PullRequest>,
    now: i64,
) -> DbResult<Opened> {
    let query = PositionQuery {
        device: session.device.id,
        generation: open.generation,
        last_n: open.last_n,
        cursor_seq: open.cursor.seq,
    };
    let position = db.position(&query).await?;
    let scope_token = scope::token(&session.account, &position.tenant);
    let mut order = judge(open, &facts(&position, scope_token));
    if order == Order::Proceed && !pull_continues(db, pull, scope_token, &position).await? {
        order = Order::Resync("scope_changed".to_owned());
    }
    note(db, session, open, scope_token, now).await?;
    Ok(Opened {
        server_time: now,
        epoch: position.tenant.epoch,
        head_seq: position.tenant.head_seq,
        known: position.known,
        scope_token,
        scope_add: Vec::new(),
        scope_drop: Vec::new(),
        order,
    })
}

fn facts(position: &Position, scope_token: u64) -> Facts {
    Facts {
        epoch: position.tenant.epoch,
        head_seq: position.tenant.head_seq,
        chain_at_cursor: position.chain_at_cursor,
        scope_token,
        known: position.known.clone(),
        hash_at_device_last: position.hash_at_device_last,
    }
}

/// An interrupted pull goes on only within the same history and scope; its cursor may be ahead of the opening's.
async fn pull_continues<D: Db>(
    db: &D,
    pull: Option<&PullRequest>,
    scope_token: u64,
    position: &Position,
) -> DbResult<bool> {
    let Some(pull) = pull.filter(|pull| pull.cursor.seq > 0) else { return Ok(true) };
    if pull.scope_token != scope_token || pull.cursor.epoch != position.tenant.epoch {
        return Ok(false);
    }
    let query = PositionQuery {
        device: crate::domain::ids::DeviceId(0),
        generation: 0,
        last_n: 0,
        cursor_seq: pull.cursor.seq,
    };
    Ok(db.position(&query).await?.chain_at_cursor == Some(pull.cursor.chain))
}

/// Writes what headquarters sees of a device, at most when something changed or a minute has passed.
async fn note<D: Db>(
    db: &D,
    session: &Session,
    open: &Open,
    scope_token: u64,
    now: i64,
) -> DbResult<()> {
    const EVERY_MS: i64 = 60_000;
    let known = &session.device;
    let same = known.acked_seq == open.cursor.seq
        && known.outbox_depth == open.outbox_depth
        && known.app_version == open.app;
    if same && now.saturating_sub(known.last_seen) < EVERY_MS {
        return Ok(());
    }
    let seen = Seen {
        id: known.id,
        acked_seq: open.cursor.seq,
        scope_token,
        now,
        outbox_depth: open.outbox_depth,
        app_version: open.app.clone(),
        clock_off_ms: now.saturating_sub(open.device_time),
    };
    db.see_device(&seen).await
}
