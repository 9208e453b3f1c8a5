//! What headquarters looks at: every device, and what went wrong.

use super::{AdminResult, DeviceInfo, devices, open};
use crate::server::clock::now_ms;
use crate::server::db::Db;
use crate::server::db::location::Location;
use crate::server::db::rows::{Alarm, EventRow, Tenant};
use crate::server::upkeep;

/// Alarms shown.
const ALARMS: u32 = 50;

/// The devices and the alarms.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The counter row: history, last position, last verified backup.
    pub tenant: Tenant,
    /// All devices with their users.
    pub devices: Vec<DeviceInfo>,
    /// The newest alarms, newest first.
    pub alarms: Vec<Alarm>,
}

impl Fleet {
    /// True if there was no verified backup for so many days: devices then keep everything they ever wrote.
    pub fn wants_backup(&self, days: u32) -> bool {
        let oldest = now_ms().saturating_sub(i64::from(days).saturating_mul(86_400_000));
        self.tenant.backup_at < oldest
    }
}

/// Tells how all devices are.
///
/// # Errors
/// [`super::AdminError::Database`].
pub async fn fleet(database: impl Into<Location>) -> AdminResult<Fleet> {
    let database = database.into();
    let devices = devices(&database).await?;
    let db = open(database).await?;
    let tenant = db.tenant().await?;
    let alarms = db.alarms(ALARMS).await?;
    db.close().await;
    Ok(Fleet { tenant, devices, alarms })
}

/// An event as listed.
#[derive(Clone, PartialEq, Eq)]
pub struct EventInfo {
    /// The stored event.
    pub row: EventRow,
    /// Name of the account it is about; empty if it is about none.
    pub user: String,
}

/// Names are personal data and stay out of logs.
impl std::fmt::Debug for EventInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventInfo").field("row", &self.row).finish_non_exhaustive()
    }
}

/// Lists events after a number, oldest first.
///
/// # Errors
/// [`super::AdminError::Database`].
pub async fn events(
    database: impl Into<Location>,
    after: u64,
    limit: u32,
) -> AdminResult<Vec<EventInfo>> {
    let db = open(database).await?;
    let accounts = db.accounts().await?;
    let rows = db.events(after, limit).await?;
    db.close().await;
    let name = |id| accounts.iter().find(|a| Some(a.id) == id).map(|a| a.name.clone());
    let info = |row: EventRow| EventInfo { user: name(row.event.user).unwrap_or_default(), row };
    Ok(rows.into_iter().map(info).collect())
}

/// Takes deletions out of the feed that are older than `days` and that every device has; returns up to which position. A running
/// server does it every day for 400 days.
///
/// # Errors
/// [`super::AdminError::Database`].
pub async fn bury(database: impl Into<Location>, days: u32) -> AdminResult<u64> {
    let db = open(database).await?;
    let floor = upkeep::bury(&db, i64::from(days) * 86_400_000, now_ms()).await?;
    db.close().await;
    Ok(floor)
}
