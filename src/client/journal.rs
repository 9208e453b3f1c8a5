//! What one journal entry holds: the operation's frame, and behind it what only this device needs to undo it.
//!
//! Entries of generation 0 are not operations: they hold the profile, so that a device whose store is lost still knows whose it is.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::ClientError;
use super::profile::Profile;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::record::{FieldNo, Value};
use crate::store::{Entry, Vault};
use crate::sync::OpId;
use crate::wire::{decode, encode, frame};

/// Frame tag of [`Local`].
const LOCAL_TAG: u16 = 0x0180;
/// Frame tag of a [`Profile`] in generation 0.
const PROFILE_TAG: u16 = 0x0181;

/// What a device remembers of its own operation; never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Local {
    /// The operation.
    pub(super) id: OpId,
    /// Number of the user's command it belongs to: an import is one command of many operations.
    pub(super) command: u64,
    /// The record.
    pub(super) record: RecordId,
    /// Number of its kind.
    pub(super) kind: u16,
    /// How to take it back.
    pub(super) inverse: Inverse,
    /// Number of the command that this one takes back: an undo takes a command of the user back, a redo takes an undo back.
    pub(super) undoes: Option<u64>,
}

/// How to take an operation back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Inverse {
    /// Delete what was made.
    Delete,
    /// Put the values back; `None` where the field was empty.
    Set(Vec<(FieldNo, Option<Value>)>),
    /// Put the record back into its unit.
    Move(UnitId),
    /// Bring the record back.
    Restore,
    /// A decision about a conflict is decided again, a note is answered by another: neither is taken back.
    Never,
    /// Put an element back as it was; `None` takes it out.
    Element {
        /// Field.
        field: FieldNo,
        /// Element.
        element: Uuid,
        /// What it held.
        before: Option<Value>,
    },
    /// Give the place back that was asked for.
    Request,
    /// Delete again what an undo brought back.
    DeleteAgain,
}

/// Joins an operation's frame and the local part into one entry.
pub(super) fn entry(op: &[u8], local: &Local) -> Result<Entry, ClientError> {
    let mut bytes = op.to_vec();
    bytes.extend(frame::seal(LOCAL_TAG, &encode(local)?));
    Ok(Entry { generation: local.id.generation, n: local.id.n, bytes })
}

/// Returns the operation's frame of an entry.
pub(super) fn op_of(entry: &Entry) -> Option<&[u8]> {
    entry.bytes.get(..frame::length(&entry.bytes)?)
}

/// Takes an entry apart: the operation's frame, and the local part if it can be read.
pub(super) fn split(entry: &Entry) -> Option<(&[u8], Option<Local>)> {
    let length = frame::length(&entry.bytes)?;
    let (op, rest) = entry.bytes.split_at_checked(length)?;
    let local = frame::expect(rest, LOCAL_TAG).ok();
    Some((op, local.and_then(|bytes| decode(bytes, "local part").ok())))
}

/// Writes the profile into the journal and the store.
pub(super) fn save_profile(vault: &mut Vault, profile: &Profile) -> Result<(), ClientError> {
    let encoded = log_profile(vault, profile)?;
    let notes = vec![(super::profile::PROFILE.to_owned(), Some(encoded))];
    vault.store.commit(&crate::store::Change { notes, ..Default::default() })?;
    Ok(())
}

/// Writes the profile into the journal, which is what a new generation begins with, and returns what the store is to note.
pub(super) fn log_profile(vault: &mut Vault, profile: &Profile) -> Result<Vec<u8>, ClientError> {
    let encoded = encode(profile)?;
    let bytes = frame::seal(PROFILE_TAG, &encoded);
    vault.journal.append(&[Entry { generation: 0, n: 0, bytes }])?;
    Ok(encoded)
}

/// Reads a profile entry.
pub(super) fn read_profile(entry: &Entry) -> Option<Profile> {
    let bytes = frame::expect(&entry.bytes, PROFILE_TAG).ok()?;
    decode(bytes, "profile").ok()
}
