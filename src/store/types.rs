//! The two traits every backend implements, and the values they carry.

use std::fmt;

use super::StoreError;
use crate::domain::ids::{RecordId, UnitId};

/// One confirmed record, encoded by `wire`; the store never looks into `bytes`.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Which record; at most one row per id is visible.
    pub id: RecordId,
    /// The number of the record's kind.
    pub kind: u16,
    /// The unit the record belongs to, so that a unit can be dropped without decoding.
    pub unit: UnitId,
    /// The server's revision of the record, rising.
    pub rev: u64,
    /// The encoded record, at most 16 MiB.
    pub bytes: Box<[u8]>,
}

/// What one commit or one page does: puts, then removes, then notes.
///
/// A record both put and removed in one change is removed; of two puts of one record the later one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Rows to write, each replacing any row of the same id.
    pub puts: Vec<Row>,
    /// Rows to remove; removing what is absent is no error.
    pub removes: Vec<RecordId>,
    /// Small named values (cursor, outcomes, drafts, profile); `None` deletes. A name holds no personal data: unlike
    /// the value it is stored readable.
    pub notes: Vec<(String, Option<Vec<u8>>)>,
}

/// The base records and the notes.
///
/// Consistency: one writer. What `commit` and `flip` did is visible at once and after any crash, or not at all. A handle
/// dropped without a call in progress loses nothing.
pub trait Store: Send {
    /// Visits every visible row once, in no promised order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a part cannot be read; the intact rows were visited before.
    fn rows(&self, visit: &mut dyn FnMut(Row)) -> Result<(), StoreError>;

    /// Returns a note, `None` when there is none of that name.
    ///
    /// # Errors
    /// Damage or a failing disk.
    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns every note whose name begins with `prefix`, ordered by name.
    ///
    /// # Errors
    /// Damage or a failing disk.
    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Makes one change, atomic and durable when `Ok`.
    ///
    /// # Errors
    /// After any error but [`StoreError::TooLong`] nothing of the change is visible, and every further write is refused as
    /// [`StoreError::Poisoned`] until the store is opened again. Reads may fail too then: keep what was loaded.
    fn commit(&mut self, change: &Change) -> Result<(), StoreError>;

    /// Keeps a page for the next [`Store::flip`]: durable, and invisible to `rows` and `note` until then.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn stage(&mut self, page: &Change) -> Result<(), StoreError>;

    /// Visits the staged pages in the order they were staged (a page's rows and removals in no promised order).
    ///
    /// # Errors
    /// Damage or a failing disk.
    fn staged(&self, visit: &mut dyn FnMut(Change)) -> Result<(), StoreError>;

    /// Makes all staged pages visible at once, as if they were committed now, one after another, and then `notes`.
    ///
    /// With `replace` they replace the whole base; notes that neither a page nor `notes` names stay.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn flip(
        &mut self,
        replace: bool,
        notes: &[(String, Option<Vec<u8>>)],
    ) -> Result<(), StoreError>;

    /// Forgets every staged page.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn unstage(&mut self) -> Result<(), StoreError>;

    /// Waits until everything is on the disk and does the upkeep that may wait (rewriting scattered rows together).
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn flush(&mut self) -> Result<(), StoreError>;
}

/// One operation of this device, as the journal keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Generation of the device's numbering; a restored copy starts a new one.
    pub generation: u32,
    /// Number of the operation within its generation.
    pub n: u64,
    /// The encoded operation, at most 16 MiB.
    pub bytes: Vec<u8>,
}

/// The device's own edits, append-only.
pub trait Journal: Send {
    /// Appends entries with one write and one sync; `Ok` means that they survive a power cut.
    ///
    /// # Errors
    /// Nothing of the call is kept then, what was there before stays readable, and a later append may succeed.
    fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError>;

    /// Visits every intact entry, in the order they were appended.
    ///
    /// # Errors
    /// A failing disk; damaged entries are skipped and were reported at open.
    fn read(&self, visit: &mut dyn FnMut(Entry)) -> Result<(), StoreError> {
        self.read_some(&|_, _| true, visit)
    }

    /// Visits the intact entries whose generation and number are `wanted`, in the order they were appended; the others cost
    /// almost nothing.
    ///
    /// # Errors
    /// As [`Journal::read`].
    fn read_some(
        &self,
        wanted: &dyn Fn(u32, u64) -> bool,
        visit: &mut dyn FnMut(Entry),
    ) -> Result<(), StoreError>;

    /// Returns generation and number of the entry appended last.
    fn last(&self) -> Option<(u32, u64)>;

    /// Counts the oldest parts that hold nothing but entries that are `done`; the newest part is never among them.
    ///
    /// # Errors
    /// A failing disk.
    fn trimmable(&self, done: &dyn Fn(u32, u64) -> bool) -> Result<usize, StoreError>;

    /// Removes so many of the oldest parts. A crash in between leaves the newer ones.
    ///
    /// # Errors
    /// A failing disk; some may be gone then.
    fn trim(&mut self, parts: usize) -> Result<(), StoreError>;
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Row({}, kind {}, rev {}, {} bytes)",
            self.id,
            self.kind,
            self.rev,
            self.bytes.len()
        )
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}.{}, {} bytes)", self.generation, self.n, self.bytes.len())
    }
}
