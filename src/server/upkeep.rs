//! What is done once a day: deletions that everybody has leave the feed (protocol, Deletions).

use std::time::Duration;

use super::clock::now_ms;
use super::db::{Db, DbResult, Tx};
use crate::telemetry as field;

/// How long a deletion stays in the feed at least, days (protocol, Limits).
pub(crate) const TOMBSTONE_DAYS: u32 = 400;
const DAY: Duration = Duration::from_hours(24);
const DAY_MS: i64 = 86_400_000;

/// Looks after the feed until the server stops.
pub(crate) async fn daily<D: Db>(db: D) {
    loop {
        if let Err(error) = bury(&db, TOMBSTONE_DAYS, now_ms()).await {
            tracing::error!({ field::ERROR } = %error, "the daily upkeep failed");
        }
        tokio::time::sleep(DAY).await;
    }
}

/// Takes deletions out of the feed that are older than `days` and that every device in use has passed; returns up to where they are
/// gone. The rows themselves stay for the merge: an edit of what is gone meets its deletion, and a person decides.
///
/// # Errors
/// The database failed.
pub(crate) async fn bury<D: Db>(db: &D, days: u32, now: i64) -> DbResult<u64> {
    let tenant = db.tenant().await?;
    let in_use = db.devices().await?.into_iter().filter(|d| d.is_admitted() && d.acked_seq > 0);
    let passed = in_use.map(|device| device.acked_seq).min().unwrap_or(tenant.head_seq);
    let before = now.saturating_sub(i64::from(days).saturating_mul(DAY_MS));
    let old = arrived_by(db, passed.min(tenant.head_seq), before).await?;
    if old > tenant.tomb_floor {
        let mut tx = db.begin().await?;
        tx.lock().await?;
        tx.raise_tomb_floor(old).await?;
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
