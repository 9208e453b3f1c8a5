//! Erasing a person, or any record, by law.

use std::collections::BTreeSet;

use super::accounts::mark;
use super::{AdminError, AdminResult, open};
use crate::domain::ids::RecordId;
use crate::server::care::Care;
use crate::server::clock::{Machine, now_ms};
use crate::server::db::location::Location;
use crate::server::db::rows::Event;
use crate::server::db::{Db, DbError};
use crate::server::erase::{self, Erased, closure};
use crate::server::marks::Mark;
use crate::server::upkeep;

/// Erases the content of a record and of all that belongs to it; notes who asked and why in the events. `reason` names no person.
///
/// # Errors
/// [`AdminError::NoRecord`]; [`AdminError::Database`], and then the call may be repeated.
pub async fn erase(
    database: impl Into<Location>,
    record: RecordId,
    reason: &str,
) -> AdminResult<Erased> {
    let database = database.into();
    let db = open(&database).await?;
    let care = Care::open(&db, &database, None, &Machine).await;
    let care = care.map_err(|_cause| DbError::Damaged { table: "secret" })?;
    let targets = closure(&db, &BTreeSet::from([record])).await?;
    if targets.is_empty() {
        return Err(AdminError::NoRecord { id: record.to_string() });
    }
    // The marks first: whatever happens then, no restore brings it back.
    for target in &targets {
        mark(&database, &Mark::Erased { record: target.record() })?;
    }
    let detail =
        format!("{record} and {} more: {}", targets.len().saturating_sub(1), reason.trim());
    let event = Event::new(now_ms(), "record.erased").with(detail);
    let done = erase::erase(&db, &care.keys, &targets, (Some(event), &Machine)).await?;
    db.close().await;
    Ok(done)
}

/// Erases what classes needed on their days, where the days for which it is kept are over. A running server does it every day.
///
/// # Errors
/// [`AdminError::Database`].
pub async fn expire(database: impl Into<Location>) -> AdminResult<Erased> {
    let database = database.into();
    let db = open(&database).await?;
    let care = Care::open(&db, &database, None, &Machine).await;
    let care = care.map_err(|_cause| DbError::Damaged { table: "secret" })?;
    let done = upkeep::logistics(&db, &care.keys, &Machine).await?;
    db.close().await;
    Ok(done)
}
