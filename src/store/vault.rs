//! One data directory: store and journal under one key and one lock.

use super::{Finding, Journal, MemoryJournal, MemoryStore, Store};

/// An open data directory, or its likeness in memory.
pub struct Vault {
    /// The base records and the notes.
    pub store: Box<dyn Store>,
    /// The device's own edits.
    pub journal: Box<dyn Journal>,
    /// What was found and done at open; empty after a clean one.
    pub findings: Vec<Finding>,
}

impl Vault {
    /// Makes a vault in memory, without key and files.
    pub fn memory() -> Self {
        Self {
            store: Box::new(MemoryStore::default()),
            journal: Box::new(MemoryJournal::default()),
            findings: Vec::new(),
        }
    }
}
