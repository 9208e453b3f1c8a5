//! Opening a sync: looking up where both sides stand and giving the order (protocol, Open).

use crate::domain::ids::{DeviceId, UnitId};
use crate::server::care::Care;
use crate::server::clock::Ambient;
use crate::server::db::rows::{Alarm, Mend, Position, PositionQuery, Seen, Session, Tenant};
use crate::server::db::{Db, DbError, DbResult, Tx};
use crate::server::history;
use crate::server::keys::Keys;
use crate::server::scope::{self, Extent};
use crate::sync::open::{Facts, Open, Opened, Order, judge};
use crate::sync::{AppVersion, Cursor, Digest, Limits};
use crate::wire::{decode, encode};

/// How long a noticed clone is not told of again, milliseconds.
const CLONE_EVERY_MS: i64 = 86_400_000;

/// Judges an opening and notes what the device said about itself.
pub(crate) async fn open<D: Db>(
    db: &D,
    care: &Care,
    session: &Session,
    open: &Open,
    (ambient, limits): (&dyn Ambient, &Limits),
) -> DbResult<Opened> {
    let now = ambient.now_ms();
    let may_pull = AppVersion::of(&open.app) >= limits.min_app;
    let query = PositionQuery {
        device: session.device.id,
        generation: open.generation,
        last_n: open.last_n,
        cursor_seq: open.cursor.seq,
        earlier: open.earlier.iter().map(|(generation, _)| *generation).collect(),
    };
    let mut position = db.position(&query).await?;
    let head_holds = head_holds(db, &position.tenant, &open.cursor, &open.head.at).await?;
    let mut found = Found { scope_token: 0, scope_known: true, head_holds, may_pull };
    if facts(&position, &found).contradicts(&open.cursor) && is_ours(care, &position, open, &found)
    {
        let alarm = Alarm {
            at: now,
            word: "rolled_back".to_owned(),
            device: Some(session.device.id),
            detail: format!("head {}, seen {}", position.tenant.head_seq, open.cursor.seq),
        };
        let witness = (alarm, ambient);
        history::begin(db, &care.marks, position.tenant.epoch, witness).await?;
        position = db.position(&query).await?;
    }
    let scope_token = scope::token(&session.account, &position.tenant);
    let change = scope_change(db, session, open, scope_token).await?;
    (found.scope_token, found.scope_known) = (scope_token, change.is_some());
    let order = judge(open, &facts(&position, &found));
    note(db, session, open, scope_token, now).await?;
    watch(db, session, open, &position, &order, now).await?;
    let (scope_add, scope_drop) =
        change.filter(|_| order == Order::Proceed && open.cursor.seq > 0).unwrap_or_default();
    let mut known = position.known;
    let others = position.hash_at_device_last.is_some_and(|hash| hash != open.last_hash);
    if others && matches!(order, Order::NewGeneration(_)) {
        // These numbers are another copy's: of this one nothing is known.
        (known.last_n, known.last_hash) = (0, [0; 16]);
    }
    Ok(Opened {
        server_time: now,
        epoch: position.tenant.epoch,
        head_seq: position.tenant.head_seq,
        known,
        earlier: position.earlier,
        tomb_floor: position.tenant.tomb_floor,
        scope_token,
        scope_add,
        scope_drop,
        order,
        lease_ms: limits.lease_ms,
        unlock: unlock_secret(&care.keys, session.device.id),
    })
}

/// Returns the secret that headquarters' codes for a device are made with. The device gets it with every contact.
pub(crate) fn unlock_secret(keys: &Keys, device: DeviceId) -> Digest {
    let mac = keys.mac("unlock", &[&device.0.to_le_bytes()]);
    std::array::from_fn(|at| mac.get(at).copied().unwrap_or(0))
}

/// What is found out about an opening besides its position.
struct Found {
    scope_token: u64,
    scope_known: bool,
    head_holds: bool,
    may_pull: bool,
}

/// True if the server still has everything that it had when it gave the pages of a pull that is not complete. Where the cursor
/// already says that, or another history has begun, there is nothing to look up.
pub(crate) async fn head_holds<D: Db>(
    db: &D,
    tenant: &Tenant,
    cursor: &Cursor,
    head: &Cursor,
) -> DbResult<bool> {
    if head.seq <= cursor.seq || head.epoch != tenant.epoch {
        return Ok(true);
    }
    Ok(db.chain_at(head.seq).await? == Some(head.chain))
}

/// True if what contradicts this server carries the seal that only this server can have put on it.
fn is_ours(care: &Care, position: &Position, open: &Open, found: &Found) -> bool {
    let (at, seal) =
        if found.head_holds { (&open.cursor, open.seal) } else { (&open.head.at, open.head.seal) };
    let own = history::seal(&care.keys, position.tenant.id, at);
    own.iter().zip(seal).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn facts(position: &Position, found: &Found) -> Facts {
    Facts {
        epoch: position.tenant.epoch,
        head_seq: position.tenant.head_seq,
        chain_at_cursor: position.chain_at_cursor,
        head_holds: found.head_holds,
        scope_token: found.scope_token,
        scope_known: found.scope_known,
        tomb_floor: position.tenant.tomb_floor,
        may_pull: found.may_pull,
        known: position.known.clone(),
        newest_generation: position.newest_generation,
        earlier: position.earlier.clone(),
        hash_at_device_last: position.hash_at_device_last,
    }
}

type Change = (Vec<UnitId>, Vec<UnitId>);

/// Returns what changed since the scope the device holds, `None` if that is not known; keeps the new one for the next change.
async fn scope_change<D: Db>(
    db: &D,
    session: &Session,
    open: &Open,
    token: u64,
) -> DbResult<Option<Change>> {
    if open.scope_token == token {
        return Ok(Some(Change::default()));
    }
    let units = db.units().await?;
    let visible = scope::visible(&session.account, &units);
    let Some(new) = Extent::of(&visible) else { return Ok(None) };
    let damaged = |_cause| DbError::Damaged { table: "scope" };
    if db.scope(token).await?.is_none() {
        let body = encode(&new).map_err(damaged)?;
        let mut tx = db.begin().await?;
        tx.mend(&Mend::Scope { token, body }).await?;
        tx.commit().await?;
    }
    let Some(body) = db.scope(open.scope_token).await? else { return Ok(None) };
    let old: Extent = decode(&body, "scope").map_err(damaged)?;
    Ok(Some(old.change_to(&new, units.all())))
}

/// Tells headquarters of old copies and of two copies of one device. A device never goes back to an earlier generation, so an opening
/// in one while a later one has operations is another copy.
async fn watch<D: Db>(
    db: &D,
    session: &Session,
    open: &Open,
    position: &Position,
    order: &Order,
    now: i64,
) -> DbResult<()> {
    let word = match order {
        Order::NewGeneration(_) => "old_copy",
        _ if open.generation < position.newest_generation && position.known.last_n > 0 => "clone",
        _ => return Ok(()),
    };
    let device = &session.device;
    if word == "clone" && now.saturating_sub(device.clone_seen_at) < CLONE_EVERY_MS {
        return Ok(());
    }
    let detail = format!("generation {} of {}", open.generation, position.newest_generation);
    let alarm = Alarm { at: now, word: word.to_owned(), device: Some(device.id), detail };
    let mut tx = db.begin().await?;
    tx.mend(&Mend::Alarm(alarm)).await?;
    if word == "clone" {
        tx.mend(&Mend::Clone { device: device.id, at: now }).await?;
    }
    tx.commit().await
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
