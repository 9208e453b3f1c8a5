//! Files beside the database, which a copy put back over it does not take back: the key, the marks, the lock.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::db::location::Location;

/// Names the files beside one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    stem: PathBuf,
}

impl Beside {
    /// The files of this database: its own name with a word behind it. A database without a file has none.
    pub(crate) fn of(database: &Location) -> Option<Self> {
        match database {
            Location::File(file) => Some(Self { stem: file.clone() }),
            Location::Postgres(_) => None,
        }
    }

    /// The files of a database on a server, in a folder of this machine.
    pub(crate) fn inside(folder: &Path, tenant: uuid::Uuid) -> Self {
        Self { stem: folder.join(format!("ejia-{tenant}")) }
    }

    /// Where the key is.
    pub(crate) fn key(&self) -> PathBuf {
        self.with("key")
    }

    /// Where the marks are.
    pub(crate) fn marks(&self) -> PathBuf {
        self.with("marks")
    }

    /// Returns another file of the same name with a word behind it.
    pub(crate) fn with(&self, word: &str) -> PathBuf {
        let mut name = self.stem.clone().into_os_string();
        name.push(".");
        name.push(word);
        name.into()
    }

    /// Takes the lock that a running server holds; `None` if another process has it. It ends with the process or the handle.
    pub(crate) fn lock(&self) -> io::Result<Option<File>> {
        let mut options = private();
        let file = options.read(true).write(true).create(true).open(self.with("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Options for files that only their owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes names in a folder survive a power cut.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}
