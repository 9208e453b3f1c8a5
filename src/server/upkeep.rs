//! What is done once a day: deletions that everybody has leave the feed (protocol, Deletions).

use std::time::Duration;

use super::clock::{Ambient, Machine, now_ms};
use super::db::rows::{Event, Mend};
use super::db::{Db, DbResult, Tx};
use super::erase::{Erased, erase, overdue};
use super::keys::Keys;
use crate::sync::Limits;
use crate::telemetry as field;

const DAY: Duration = Duration::from_hours(24);

/// Looks after the feed until the server stops.
pub(crate) async fn daily<D: Db>(db: D, keys: Keys, limits: Limits) {
    loop {
        told(bury(&db, limits.tombstone_ms, now_ms()).await, "taking old deletions out");
        told(logistics(&db, &keys, &Machine).await, "erasing what classes needed");
        tokio::time::sleep(DAY).await;
    }
}

fn told<T>(result: DbResult<T>, what: &str) {
    if let Err(error) = result {
        tracing::error!({ field::ERROR } = %error, what, "the daily upkeep failed");
    }
}

/// Erases what classes needed on their days and nobody needs any more.
///
/// # Errors
/// The database failed.
pub(crate) async fn logistics<D: Db>(
    db: &D,
    keys: &Keys,
    ambient: &dyn Ambient,
) -> DbResult<Erased> {
    let now = ambient.now_ms();
    let targets = overdue(db, now).await?;
    let event = Event::new(now, "record.expired").with(format!("{} enrolments", targets.len()));
    erase(db, keys, &targets, (Some(event), ambient)).await
}

/// Takes deletions out of the feed that are older than `age_ms` and that every device in use has passed; returns up to where they are
/// gone. The rows themselves stay for the merge: an edit of what is gone meets its deletion, and a person decides.
///
/// # Errors
/// The database failed.
pub(crate) async fn bury<D: Db>(db: &D, age_ms: i64, now: i64) -> DbResult<u64> {
    let tenant = db.tenant().await?;
    let in_use = db.devices().await?.into_iter().filter(|d| d.is_admitted() && d.acked_seq > 0);
    let passed = in_use.map(|device| device.acked_seq).min().unwrap_or(tenant.head_seq);
    let before = now.saturating_sub(age_ms);
    let old = arrived_by(db, passed.min(tenant.head_seq), before).await?;
    if old > tenant.tomb_floor {
        let mut tx = db.begin().await?;
        tx.lock().await?;
        tx.mend(&Mend::TombFloor(old)).await?;
        tx.commit().await?;
    }
    Ok(old.max(tenant.tomb_floor))
}

/// Finds the last position up to `head` whose operation arrived before a time, by halving.
async fn arrived_by<D: Db>(db: &D, head: u64, before: i64) -> DbResult<u64> {
    let (mut low, mut high) = (0, head);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if db.recv_at(middle).await?.is_some_and(|at| at <= before) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}
