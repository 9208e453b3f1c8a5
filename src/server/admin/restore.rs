//! Restore: a verified copy is put in the database's place, as a new history.

use std::path::{Path, PathBuf};

use super::verify::{Verified, verify_file};
use super::{AdminError, AdminResult, open};
use crate::server::beside::{Beside, private, sync_folder};
use crate::server::clock::{Machine, now_ms};
use crate::server::db::location::Location;
use crate::server::db::rows::Alarm;
use crate::server::db::{Database, Db};
use crate::server::erase;
use crate::server::history::{self, Reapplied};
use crate::server::keys::Keys;
use crate::server::marks::Marks;

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The copy that was put in place.
    pub from: PathBuf,
    /// Where the database that stood there is now; `None` if there was none.
    pub kept: Option<PathBuf>,
    /// What the copy's verification counted.
    pub verified: Verified,
    /// Number of the new history.
    pub epoch_no: u64,
    /// What was done again from the marks.
    pub reapplied: Reapplied,
}

/// Puts a backup in the database's place: verifies it, keeps what stood there, begins a new history and does again what must outlive
/// a restore. Devices then send again what the copy lacks.
///
/// `from` is a file of `admin backup`, or a folder, whose newest is taken.
///
/// # Errors
/// [`AdminError::Running`], [`AdminError::NoBackup`], [`AdminError::NotVerified`]; nothing was changed then.
pub async fn restore(database: impl Into<Location>, from: &Path) -> AdminResult<Restored> {
    let location = database.into();
    let (Location::File(database), Some(beside)) = (&location, Beside::of(&location)) else {
        return fill(&location, from).await;
    };
    let failed = |source| AdminError::File { path: database.display().to_string(), source };
    let from = newest(from)?;
    let lock = beside.lock().map_err(failed)?.ok_or(AdminError::Running)?;
    let fresh = beside.with("restoring");
    remove(&fresh);
    copy(&from, &fresh).map_err(failed)?;
    let verified = verify_file(&fresh).await;
    let verified = match verified {
        Ok(Verified { difference: Some(difference), .. }) => {
            remove(&fresh);
            return Err(AdminError::NotVerified { difference });
        }
        other => other?,
    };
    let now = now_ms();
    let kept = put_aside(database, &beside.with(&format!("before-{now}"))).map_err(failed)?;
    std::fs::rename(&fresh, database).map_err(failed)?;
    remove(&fresh);
    sync_folder(database).map_err(failed)?;
    let db = open(&location).await?;
    let old = db.tenant().await?.epoch;
    let marks = Marks::of(Some(&beside));
    let read = marks.read().map_err(failed)?;
    let detail = format!("head {}", verified.head_seq);
    let alarm = Alarm { at: now, word: "restored".to_owned(), device: None, detail };
    let tenant = history::begin(&db, &marks, old, (alarm, &Machine)).await?;
    let mut reapplied = history::reapply(&db, &read).await?;
    let keys = Keys::load(&beside).map_err(failed)?;
    reapplied.erased = erase::again(&db, &keys, &history::erased(&read), &Machine).await?;
    db.close().await;
    drop(lock);
    Ok(Restored { from, kept, verified, epoch_no: tenant.epoch_no, reapplied })
}

/// Loads a verified backup into an empty PostgreSQL database, as a new history.
async fn fill(location: &Location, from: &Path) -> AdminResult<Restored> {
    let from = newest(from)?;
    let verified = verify_file(&from).await?;
    if let Some(difference) = verified.difference.clone() {
        return Err(AdminError::NotVerified { difference });
    }
    let db = Database::open(location, true).await?;
    db.fill_from(&from).await?;
    let tenant = db.tenant().await?;
    let detail = format!("head {}", verified.head_seq);
    let alarm = Alarm { at: now_ms(), word: "restored".to_owned(), device: None, detail };
    let marks = Marks::of(None);
    let tenant = history::begin(&db, &marks, tenant.epoch, (alarm, &Machine)).await?;
    db.close().await;
    let (kept, reapplied) = (None, Reapplied::default());
    Ok(Restored { from, kept, verified, epoch_no: tenant.epoch_no, reapplied })
}

/// Returns the file, or the newest backup of a folder: their names hold the time.
fn newest(from: &Path) -> AdminResult<PathBuf> {
    let missing = || AdminError::NoBackup { path: from.display().to_string() };
    if from.is_file() {
        return Ok(from.to_owned());
    }
    let entries = std::fs::read_dir(from).map_err(|_no_folder| missing())?;
    let copies = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_str()?;
        let made: i64 = name.strip_prefix("ejia-")?.strip_suffix(".sqlite")?.parse().ok()?;
        Some((made, path))
    });
    copies.max().map(|(_, path)| path).ok_or_else(missing)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut source = std::fs::File::open(from)?;
    let mut target = private().write(true).create_new(true).open(to)?;
    std::io::copy(&mut source, &mut target)?;
    target.sync_all()
}

/// Names of a SQLite file and of what stands beside it while it is open.
fn parts(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = file.to_owned().into_os_string();
        name.push(end);
        PathBuf::from(name)
    })
}

fn remove(file: &Path) {
    for part in parts(file) {
        let _absent = std::fs::remove_file(part);
    }
}

/// Moves a database with its log out of the way; its last commits may stand in the log only.
fn put_aside(file: &Path, to: &Path) -> std::io::Result<Option<PathBuf>> {
    if !file.exists() {
        return Ok(None);
    }
    for (part, to) in parts(file).iter().zip(parts(to)) {
        if part.exists() {
            std::fs::rename(part, to)?;
        }
    }
    Ok(Some(to.to_owned()))
}
