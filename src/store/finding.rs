//! What opening or checking a data directory found, told with codes and numbers; the words live in `store.ftl`.

use std::path::PathBuf;

/// What was found, and what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingCode {
    /// The last journal frame was cut by a crash before anybody was told "saved"; it was erased. `at`, `bytes`.
    JournalTorn,
    /// Bytes inside the journal are unreadable; the entries after them were kept, the bytes were copied aside.
    /// `at`, `bytes`, `after` (intact frames after the damage in that segment).
    JournalDamaged,
    /// Entry numbers are missing between two intact entries. `from`, `to`.
    JournalGap,
    /// A snapshot that sled had not finished was removed, as it must be. `bytes`.
    SnapshotRemoved,
    /// The store could not be read; it was moved aside and has to be filled again from the server. `rows`, `notes` (kept).
    StoreMovedAside,
    /// Some blocks or rows of the store cannot be read; the others were kept. `parts`.
    StoreDamaged,
    /// The store remembers fewer commits than were counted beside it: its end is lost. `expected`, `found`.
    StoreShort,
    /// Staged pages could not be read and were dropped; the sync asks for them again. `pages`.
    StagingDropped,
    /// The reserve file for a full disk is missing and could not be made again. `bytes`.
    NoReserve,
    /// The disk was full at open; the reserve file was given up so that reading goes on. `bytes`.
    ReserveUsed,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub code: FindingCode,
    /// The file or directory concerned; for what was moved or copied aside, where it is now.
    pub path: PathBuf,
    /// Named numbers: offsets and lengths in bytes, counts.
    pub numbers: Vec<(&'static str, u64)>,
}

impl FindingCode {
    /// Every code, for the test that all have words.
    pub const ALL: [Self; 10] = [
        Self::JournalTorn,
        Self::JournalDamaged,
        Self::JournalGap,
        Self::SnapshotRemoved,
        Self::StoreMovedAside,
        Self::StoreDamaged,
        Self::StoreShort,
        Self::StagingDropped,
        Self::NoReserve,
        Self::ReserveUsed,
    ];

    /// Returns the message key of this code in `store.ftl`.
    pub fn key(self) -> &'static str {
        match self {
            Self::JournalTorn => "store-finding-journal-torn",
            Self::JournalDamaged => "store-finding-journal-damaged",
            Self::JournalGap => "store-finding-journal-gap",
            Self::SnapshotRemoved => "store-finding-snapshot-removed",
            Self::StoreMovedAside => "store-finding-moved-aside",
            Self::StoreDamaged => "store-finding-store-damaged",
            Self::StoreShort => "store-finding-store-short",
            Self::StagingDropped => "store-finding-staging-dropped",
            Self::NoReserve => "store-finding-no-reserve",
            Self::ReserveUsed => "store-finding-reserve-used",
        }
    }

    /// Tells whether the base must be fetched from the server again.
    pub fn needs_refill(self) -> bool {
        matches!(self, Self::StoreMovedAside | Self::StoreDamaged | Self::StoreShort)
    }
}

impl Finding {
    /// Makes a finding.
    pub(crate) fn new(
        code: FindingCode,
        path: impl Into<PathBuf>,
        numbers: &[(&'static str, u64)],
    ) -> Self {
        Self { code, path: path.into(), numbers: numbers.to_vec() }
    }

    /// Returns the number called `name`.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}
