//! Who has the data directory open: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::StoreError;
use super::files::At;

/// How long a lock may be held by nobody: a process that was just started shares its parent's open files until it becomes its own
/// program, and a lock given up meanwhile is still held by it.
const PATIENCE: Duration = Duration::from_millis(400);
const STEP: Duration = Duration::from_millis(10);

/// The lock of a data directory, released when the last clone is dropped or the process ends, however it ends.
#[derive(Clone)]
pub(super) struct Lock {
    _file: Arc<File>,
}

impl Lock {
    /// Takes the lock and writes this process's id down for whoever comes second.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("owner.lock");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.at(&path)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => sleep(STEP),
                Err(TryLockError::WouldBlock) => return Err(in_use(dir, &mut file)),
                Err(TryLockError::Error(source)) => return Err(StoreError::io(&path, source)),
            }
        }
        // The id is a courtesy: on a full disk the lock holds without it.
        let written = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        drop(written.and_then(|_| writeln!(file, "{}", std::process::id())));
        Ok(Self { _file: Arc::new(file) })
    }
}

fn in_use(dir: &Path, file: &mut File) -> StoreError {
    let mut holder = String::new();
    drop(file.read_to_string(&mut holder));
    let holder = holder.trim();
    let holder = if holder.is_empty() { "?" } else { holder };
    let since = file.metadata().and_then(|meta| meta.modified()).ok();
    let since = since.and_then(|at| jiff::Timestamp::try_from(at).ok());
    StoreError::InUse { path: dir.into(), holder: holder.into(), since }
}
