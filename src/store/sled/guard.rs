//! What sled 0.34 needs around it (docs/store.md, "What sled must not be trusted with").
//!
//! Leftover `*.generating` snapshots are removed before it opens, or it may refuse for ever. It panics on some damage, so
//! every call that reads a file is caught. Its `flush` is `sync_file_range` on Linux, which survives no power cut, so each
//! commit ends with `fdatasync` of its file. After a failed write it goes on saying yes, so we say no.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sled::{Batch, Db, IVec};

use super::flush::flush;
use crate::store::files::{self, At};
use crate::store::{Finding, FindingCode, StoreError};

/// Given up when the disk is full at open, where sled must write a snapshot before anything can be read.
const RESERVE: u64 = if cfg!(test) { 2 << 20 } else { 16 << 20 };
/// The client holds the records itself; sled needs only enough to write well.
const CACHE: u64 = 16 << 20;
/// How long another process may take to let go of sled's own lock after it ended.
const PATIENCE: Duration = Duration::from_secs(3);

/// Takes a key and its value.
type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'a;

/// An open sled database.
pub(super) struct Guard {
    db: Opened,
    data: File,
    dir: PathBuf,
    poisoned: bool,
}

impl Guard {
    /// Opens or makes the database in `dir`; our own lock must be held.
    pub(super) fn open(dir: &Path, findings: &mut Vec<Finding>) -> Result<Self, StoreError> {
        files::make_dir(dir)?;
        remove_unfinished(dir, findings)?;
        let reserve = files::beside(dir, "reserve");
        let db = match open_patiently(dir) {
            Err(StoreError::DiskFull { .. }) if reserve.exists() => {
                fs::remove_file(&reserve).at(&reserve)?;
                findings.push(Finding::new(
                    FindingCode::ReserveUsed,
                    &reserve,
                    &[("bytes", RESERVE)],
                ));
                open_patiently(dir)?
            }
            other => {
                if let (Ok(_), Err(_)) = (&other, keep_reserve(&reserve)) {
                    findings.push(Finding::new(
                        FindingCode::NoReserve,
                        &reserve,
                        &[("bytes", RESERVE)],
                    ));
                }
                other?
            }
        };
        let file = dir.join("db");
        let data = OpenOptions::new().read(true).write(true).open(&file).at(&file)?;
        let conf = dir.join("conf");
        File::open(&conf).and_then(|conf| conf.sync_all()).at(&conf)?;
        data.sync_all().at(&file)?;
        files::sync_dir(dir)?;
        dir.parent().map_or(Ok(()), files::sync_dir)?;
        Ok(Self { db, data, dir: dir.into(), poisoned: false })
    }

    /// Applies a batch, all of it or nothing after a crash; not durable before [`Guard::sync`].
    pub(super) fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.writing(|guard| guard.caught(|db| db.apply_batch(batch)))
    }

    /// Makes everything applied so far durable.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        self.writing(|guard| {
            guard.caught(flush)?;
            guard.data.sync_data().at(&guard.dir)
        })
    }

    /// Refuses all further writes.
    pub(super) fn poison(&mut self) {
        self.poisoned = true;
    }

    /// Fails when an earlier write did.
    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        if self.poisoned { Err(StoreError::Poisoned) } else { Ok(()) }
    }

    /// Reads one value.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.caught(|db| db.get(key))
    }

    /// Visits keys and values that begin with `prefix`, in order, until `visit` fails.
    pub(super) fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let mut iter = self.db()?.scan_prefix(prefix);
        while let Some((key, value)) = self.caught(|_| iter.next().transpose())? {
            visit(&key, &value)?;
        }
        Ok(())
    }

    /// Like [`Guard::scan`], but from both ends towards the damage when there is some.
    pub(super) fn salvage(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) {
        let Ok(db) = self.db() else { return };
        let mut forward = db.scan_prefix(prefix);
        let mut last = None;
        loop {
            match self.caught(|_| forward.next().transpose()) {
                Ok(Some((key, value))) => visit(&key, &value),
                Ok(None) => return,
                Err(_) => break,
            }
        }
        let mut backward = db.scan_prefix(prefix);
        while let Ok(Some((key, value))) = self.caught(|_| backward.next_back().transpose()) {
            // A broken tree may be walked in a circle.
            if last.as_ref().is_some_and(|last| *last <= key) {
                break;
            }
            visit(&key, &value);
            last = Some(key);
        }
    }

    fn writing(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.check_writable()?;
        let done = act(self);
        self.poisoned = done.is_err();
        done
    }

    fn caught<T>(&self, act: impl FnOnce(&Db) -> sled::Result<T>) -> Result<T, StoreError> {
        let db = self.db()?;
        match catch_unwind(AssertUnwindSafe(|| act(db))) {
            Ok(result) => result.map_err(|error| fold(error, &self.dir)),
            Err(_) => Err(StoreError::damaged("store", &self.dir)),
        }
    }

    fn db(&self) -> Result<&Db, StoreError> {
        self.db.0.as_ref().ok_or(StoreError::Poisoned)
    }
}

/// sled's handle; `None` only while it is closed.
struct Opened(Option<Db>);

impl Drop for Opened {
    /// Closes, which in sled panics when the disk fails. What had to be durable is: every commit synced for itself.
    fn drop(&mut self) {
        let db = self.0.take();
        drop(catch_unwind(AssertUnwindSafe(|| drop(db))));
    }
}

fn open_patiently(dir: &Path) -> Result<Opened, StoreError> {
    let begun = Instant::now();
    loop {
        let config = sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(None);
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(db)) => return Ok(Opened(Some(db))),
            Ok(Err(error)) if is_locked(&error) && begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(Err(error)) => return Err(fold(error, dir)),
            Err(_) => return Err(StoreError::damaged("store", dir)),
        }
    }
}

/// sled tells a held lock only by its words.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

fn fold(error: sled::Error, dir: &Path) -> StoreError {
    match error {
        error if is_locked(&error) => {
            StoreError::InUse { path: dir.into(), holder: "?".into(), since: None }
        }
        // A file cut short or missing shows as one of these; what is left of Io is the disk's fault and may pass.
        sled::Error::Io(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::NotFound
                    | io::ErrorKind::Other
            ) =>
        {
            StoreError::io(dir, error)
        }
        _ => StoreError::damaged("store", dir),
    }
}

fn remove_unfinished(dir: &Path, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).at(dir)? {
        let path = entry.at(dir)?.path();
        if path.extension().is_some_and(|ending| ending == "generating") {
            let bytes = fs::metadata(&path).map_or(0, |meta| meta.len());
            fs::remove_file(&path).at(&path)?;
            findings.push(Finding::new(FindingCode::SnapshotRemoved, &path, &[("bytes", bytes)]));
        }
    }
    Ok(())
}

/// Makes the reserve file, with real blocks behind it.
fn keep_reserve(path: &Path) -> Result<(), StoreError> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() == RESERVE) {
        return Ok(());
    }
    let file = files::create(path)?;
    let made = fill(&file);
    if made.is_err() {
        drop(fs::remove_file(path));
    }
    made.at(path)
}

#[cfg(target_os = "linux")]
fn fill(file: &File) -> io::Result<()> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, RESERVE)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn fill(mut file: &File) -> io::Result<()> {
    use io::Write as _;
    let zeros = vec![0; usize::try_from(RESERVE).unwrap_or_default()];
    file.write_all(&zeros)?;
    file.sync_all()
}
