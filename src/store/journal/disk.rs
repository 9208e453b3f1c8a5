//! The few file operations of the journal, behind a trait so that a test can let the k-th of them fail.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// What the journal asks of the file system.
pub(super) trait Disk: Send {
    /// Writes all of `bytes` at offset `at`.
    fn write(&mut self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = file;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    /// Makes the content durable.
    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Gives a finished file its name and makes the name durable.
    fn publish(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        match to.parent() {
            Some(dir) if cfg!(unix) => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// Removes a file whose publication failed.
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

/// The file system itself.
#[derive(Debug)]
pub(super) struct Real;

impl Disk for Real {}
