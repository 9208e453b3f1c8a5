//! Opening a device whose lease has run out, over the telephone.

use super::{AdminError, AdminResult, open};
use crate::domain::ids::DeviceId;
use crate::server::care::Care;
use crate::server::clock::{Machine, now_ms};
use crate::server::db::location::Location;
use crate::server::db::rows::{Event, Mend};
use crate::server::db::{Db, DbError, Tx};
use crate::server::opening::unlock_secret;
use crate::sync::pass::{DAY_MS, code};

/// A code that opens one device.
#[derive(Clone, PartialEq, Eq)]
pub struct UnlockCode {
    /// The code, in groups.
    pub code: String,
    /// Until when it opens the device, milliseconds.
    pub until: i64,
}

/// Codes are secrets.
impl std::fmt::Debug for UnlockCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnlockCode").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Makes a code that opens a device for so many days more, and lists that it was made.
///
/// # Errors
/// [`AdminError::NoDevice`], also for one that was revoked; [`AdminError::Database`].
pub async fn unlock(
    database: impl Into<Location>,
    device: DeviceId,
    days: u16,
) -> AdminResult<UnlockCode> {
    let database = database.into();
    let db = open(&database).await?;
    let known = db.devices().await?;
    if !known.iter().any(|known| known.id == device && known.is_admitted()) {
        return Err(AdminError::NoDevice { device: device.to_string() });
    }
    let care = Care::open(&db, &database, None, &Machine).await;
    let care = care.map_err(|_cause| DbError::Damaged { table: "secret" })?;
    let now = now_ms();
    let today = u16::try_from(now.div_euclid(DAY_MS)).unwrap_or(u16::MAX);
    let day = today.saturating_add(days);
    let mut tx = db.begin().await?;
    let event = Event::new(now, "device.unlocked").of_device(device).with(format!("{days} days"));
    tx.mend(&Mend::Event(event)).await?;
    tx.commit().await?;
    db.close().await;
    let until = i64::from(day).saturating_add(1).saturating_mul(DAY_MS);
    Ok(UnlockCode { code: code(&unlock_secret(&care.keys, device), device, day), until })
}
