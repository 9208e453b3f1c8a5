//! Why the store could not do what was asked.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the store or the journal. No variant carries anything a record says.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the data directory open.
    #[error("{path} is in use by process {holder}", path = path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// The other process's id as it wrote it down, `?` when it has not yet.
        holder: String,
        /// When it opened the directory, where the file system knows.
        since: Option<jiff::Timestamp>,
    },
    /// Neither the passphrase wrap nor the recovery wrap opens with this secret.
    #[error("wrong passphrase or recovery code")]
    WrongPassphrase,
    /// Too many wrong passphrases in a row: the next try must wait. The recovery code need not.
    #[error("too many wrong passphrases, wait {seconds} s")]
    TooManyTries {
        /// How long, seconds.
        seconds: u64,
    },
    /// There is no store in this directory.
    #[error("no store in {path}", path = path.display())]
    NotCreated {
        /// The directory looked into.
        path: PathBuf,
    },
    /// There is a store already.
    #[error("there is a store in {path} already", path = path.display())]
    AlreadyExists {
        /// The data directory.
        path: PathBuf,
    },
    /// A backup can only be restored into an empty directory.
    #[error("{path} is not empty", path = path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// No room left, or the quota or file size limit is reached.
    #[error("no room left on the disk of {path}", path = path.display())]
    DiskFull {
        /// The file or directory written to.
        path: PathBuf,
    },
    /// A file or directory cannot be written by this user.
    #[error("{path} cannot be written", path = path.display())]
    ReadOnly {
        /// The file or directory.
        path: PathBuf,
    },
    /// Bytes on the disk are not what was written.
    #[error("{what} in {path} is damaged", path = path.display())]
    Damaged {
        /// Which part, in a word.
        what: String,
        /// The file or directory.
        path: PathBuf,
    },
    /// A file that was to be restored does not begin as a backup does.
    #[error("{path} is not a backup", path = path.display())]
    NotBackup {
        /// The file.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error("the store has version {version}, newer than this program knows")]
    TooNew {
        /// The version found.
        version: u32,
    },
    /// A row, note or entry above the limit of [`super::MAX_VALUE`] bytes; nothing was written.
    #[error("a value of {bytes} bytes is too long")]
    TooLong {
        /// Its length.
        bytes: u64,
    },
    /// Any other failure of the file system.
    #[error("file system error at {path}", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An earlier commit failed: what is loaded can be shown, writing needs the store opened again.
    #[error("an earlier write failed, open the store again")]
    Poisoned,
}

impl StoreError {
    /// Tells whether the same call may succeed later without anything being repaired: room made, the other process gone.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::InUse { .. } | Self::DiskFull { .. } | Self::TooManyTries { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
            }
            _ => false,
        }
    }

    /// Returns the message key of this error in `store.ftl`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "store-in-use",
            Self::WrongPassphrase => "store-wrong-passphrase",
            Self::TooManyTries { .. } => "store-too-many-tries",
            Self::NotCreated { .. } => "store-not-created",
            Self::AlreadyExists { .. } => "store-already-exists",
            Self::NotEmpty { .. } => "store-not-empty",
            Self::DiskFull { .. } => "store-disk-full",
            Self::ReadOnly { .. } => "store-read-only",
            Self::Damaged { .. } => "store-damaged",
            Self::NotBackup { .. } => "store-not-backup",
            Self::TooNew { .. } => "store-too-new",
            Self::TooLong { .. } => "store-too-long",
            Self::Io { .. } => "store-io",
            Self::Poisoned => "store-poisoned",
        }
    }

    /// Returns the arguments of that message, as text.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Path| ("path", path.display().to_string());
        match self {
            Self::InUse { path: dir, holder, since } => vec![
                path(dir),
                ("holder", holder.clone()),
                ("since", since.map_or_else(|| "?".into(), local)),
            ],
            Self::NotCreated { path: p }
            | Self::AlreadyExists { path: p }
            | Self::NotEmpty { path: p }
            | Self::NotBackup { path: p }
            | Self::DiskFull { path: p }
            | Self::ReadOnly { path: p } => vec![path(p)],
            Self::Damaged { what, path: p } => vec![path(p), ("what", what.clone())],
            Self::TooNew { version } => vec![("version", version.to_string())],
            Self::TooManyTries { seconds } => vec![
                ("seconds", seconds.to_string()),
                ("minutes", seconds.div_ceil(60).to_string()),
            ],
            Self::TooLong { bytes } => vec![("bytes", bytes.to_string())],
            Self::Io { path: p, source } => vec![path(p), ("reason", source.to_string())],
            Self::WrongPassphrase | Self::Poisoned => Vec::new(),
        }
    }

    /// Folds a file system error into the variant a person can act on.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::DiskFull { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path }
            }
            _ => Self::Io { path, source },
        }
    }

    /// Names a damaged part.
    pub(crate) fn damaged(what: &str, path: &Path) -> Self {
        Self::Damaged { what: what.into(), path: path.to_path_buf() }
    }
}

/// Returns a moment as the clock on this machine's wall showed it, to the second.
fn local(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}
