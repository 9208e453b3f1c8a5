//! What the device keeps: the confirmed records (the base), small notes beside them, and the journal of its own edits.
//!
//! The client holds all base records in memory, so a [`Store`] only loads everything at open and makes changes durable. The
//! [`Journal`] is the other half: an edit is in it before anybody is told "saved", so that losing the store costs a
//! download and never an edit. A [`Vault`] is one data directory with both, under one key and one lock.
//!
//! May import: `domain`, `sync` types. Only `store::sled` may name the sled crate. Nothing here reads a clock.

mod backup;
mod bytes;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crash;
mod error;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod faults;
mod files;
mod finding;
#[cfg(test)]
mod full;
mod journal;
mod keyfile;
mod lock;
mod memory;
mod seal;
mod sled;
#[cfg(test)]
mod tests;
mod tries;
mod types;
mod vault;

/// The longest row, note or journal entry, in bytes: what one frame of the wire may hold.
pub const MAX_VALUE: usize = 16 << 20;

pub use backup::BackupSummary;
pub use error::StoreError;
pub use finding::{Finding, FindingCode};
pub use keyfile::{KeyCost, RecoveryCode};
pub use memory::{MemoryJournal, MemoryStore};
pub use types::{Change, Entry, Journal, Row, Store};
pub use vault::{RESTORED, Vault};
