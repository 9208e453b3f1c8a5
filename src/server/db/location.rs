//! Where the data is: a SQLite file or a PostgreSQL database.

use std::fmt;
use std::path::{Path, PathBuf};

/// Names a database. A PostgreSQL URL may hold a password, so [`fmt::Debug`] and [`fmt::Display`] leave it out.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// `postgres://user:password@host:port/database?option=value`; several hosts stand between commas.
    Postgres(String),
}

impl Location {
    /// Reads what an option or setting says: `postgres://...`, `sqlite://FILE` or a plain path; `None` for another scheme.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Some(Self::Postgres(text.to_owned())),
            Some(("sqlite", file)) => Some(Self::File(PathBuf::from(file))),
            Some(_) => None,
            None => Some(Self::File(PathBuf::from(text))),
        }
    }

    /// Returns the folder that copies for a moment may be put in: beside the file, else the system's own.
    pub(crate) fn scratch(&self) -> PathBuf {
        match self {
            Self::File(file) => match file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                Some(dir) => dir.to_owned(),
                None => PathBuf::from("."),
            },
            Self::Postgres(_) => std::env::temp_dir(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let rest = rest.rsplit_once('@').map_or(rest, |(_user, rest)| rest);
                let rest = rest.split_once('?').map_or(rest, |(rest, _options)| rest);
                write!(f, "{scheme}://{rest}")
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

impl From<PathBuf> for Location {
    fn from(file: PathBuf) -> Self {
        Self::File(file)
    }
}

impl From<&PathBuf> for Location {
    fn from(file: &PathBuf) -> Self {
        Self::File(file.clone())
    }
}

impl From<&Path> for Location {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl From<&Self> for Location {
    fn from(location: &Self) -> Self {
        location.clone()
    }
}
