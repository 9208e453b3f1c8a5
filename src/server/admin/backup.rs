//! Backup: a consistent copy, checked before anyone relies on it.

use std::path::{Path, PathBuf};

use super::verify::{Verified, verify_file};
use super::{AdminError, AdminResult, open};
use crate::domain::ids::DeviceId;
use crate::server::beside::{Beside, sync_folder};
use crate::server::clock::now_ms;
use crate::server::db::location::Location;
use crate::server::db::rows::Mend;
use crate::server::db::{Database, Db, Tx};
use crate::server::history::mark_head;
use crate::server::marks::Marks;

/// A verified copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// What its verification counted.
    pub verified: Verified,
    /// Devices that may now forget operations inside it.
    pub devices: usize,
}

/// Copies the database into a new file in `folder`, replays the copy's log, and only then tells devices that their operations
/// are safe (protocol, Durability).
///
/// # Errors
/// [`AdminError::File`] for the folder, [`AdminError::NotVerified`] if the copy is not what its log says; it is kept for inspection.
pub async fn backup(database: impl Into<Location>, folder: &Path) -> AdminResult<Backup> {
    let failed = |source| AdminError::File { path: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = folder.join(format!("ejia-{}.sqlite", now_ms()));
    let database = database.into();
    let db = open(&database).await?;
    db.copy_to(&file).await?;
    sync_file(&file).map_err(failed)?;
    let size_bytes = std::fs::metadata(&file).map_err(failed)?.len();
    let verified = verify_file(&file).await?;
    if let Some(difference) = verified.difference.clone() {
        return Err(AdminError::NotVerified { difference });
    }
    let (durable, devices) = inside(&file).await?;
    let mut tx = db.begin().await?;
    tx.set_durable(&durable).await?;
    tx.mend(&Mend::Backup(now_ms())).await?;
    tx.commit().await?;
    mark_head(&Marks::of(Beside::of(&database).as_ref()), &db.tenant().await?);
    db.close().await;
    Ok(Backup { file, size_bytes, verified, devices })
}

/// Makes the copy survive a power cut.
fn sync_file(file: &Path) -> std::io::Result<()> {
    std::fs::File::open(file)?.sync_all()?;
    sync_folder(file)
}

/// Returns the last number of each device and generation in the copy, and how many devices it has.
async fn inside(file: &Path) -> AdminResult<(Vec<(DeviceId, u32, u64)>, usize)> {
    let copy = Database::open(file, false).await?;
    let generations = copy.generations().await?;
    let devices = copy.devices().await?.len();
    copy.close().await;
    Ok((generations, devices))
}
