//! The sync core: operations, records, the one merge, and the state machines of both ends (docs/protocol.md).
//!
//! Pure: no files, no network, no clock, no randomness; time and ids are arguments, and iteration is over sorted maps only, so
//! that a replay of the same operations rebuilds the same records byte for byte. It imports `domain`. Start at [`op`] (what a
//! person did), [`record`] (what is confirmed) and [`apply`] (how one becomes the other, on the server and, to predict, on the
//! device).

#![warn(clippy::wildcard_enum_match_arm)]

pub mod apply;
pub mod archive;
pub mod check;
pub mod client;
pub mod clock;
pub mod command;
pub mod conflict;
pub mod cursor;
mod element;
pub mod group;
pub mod hash;
pub mod held;
pub mod limits;
pub mod merge;
pub mod op;
pub mod open;
pub mod outcome;
pub mod overlay;
pub mod pass;
pub mod record;
pub mod resolve;
mod task;
pub mod upcast;
pub mod world;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_rights;

pub use conflict::{CONFLICT_KIND, Candidate, Conflict, ConflictKind, ConflictState, Standing};
pub use cursor::{Cursor, Witness};
pub use hash::{Digest, chain_step, digest};
pub use held::{HELD_KIND, Held, HeldPart, HeldState, Need};
pub use limits::{AppVersion, Limits};
pub use op::{Base, Group, Op, OpBody, OpId};
pub use outcome::Outcome;
pub use record::{ElementState, FieldState, Record, Tombstone};
pub use world::{Author, UnitTree, World};
