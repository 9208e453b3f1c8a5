//! Drafts of forms: sealed like the data, written while a person types, offered again after a crash.

use serde::{Deserialize, Serialize};

use super::Client;
use super::error::ClientError;
use crate::domain::ids::RecordId;
use crate::wire::{decode, encode};

const PREFIX: &str = "draft/";

/// What a form held when it was last written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Key of the kind.
    pub kind: String,
    /// The record, or `None` for a new one.
    pub record: Option<RecordId>,
    /// Field keys with the text as typed.
    pub texts: Vec<(String, String)>,
    /// When it was written, milliseconds.
    pub saved_at: i64,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft({}, {} fields)", self.kind, self.texts.len())
    }
}

impl Client {
    /// Writes a draft; one per kind and record.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn save_draft(&self, draft: &Draft) -> Result<(), ClientError> {
        let name = name_of(&draft.kind, draft.record);
        self.lock().note(vec![(name, Some(encode(draft)?))])
    }

    /// Returns the draft for a record, or for a new record of a kind.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn draft(
        &self,
        kind: &str,
        record: Option<RecordId>,
    ) -> Result<Option<Draft>, ClientError> {
        let bytes = self.lock().vault.store.note(&name_of(kind, record))?;
        Ok(bytes.map(|bytes| decode(&bytes, "draft")).transpose()?)
    }

    /// Returns every draft.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn drafts(&self) -> Result<Vec<Draft>, ClientError> {
        let notes = self.lock().vault.store.notes(PREFIX)?;
        Ok(notes.iter().filter_map(|(_, bytes)| decode(bytes, "draft").ok()).collect())
    }

    /// Throws a draft away, once it was saved or given up.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn drop_draft(&self, kind: &str, record: Option<RecordId>) -> Result<(), ClientError> {
        self.lock().note(vec![(name_of(kind, record), None)])
    }
}

fn name_of(kind: &str, record: Option<RecordId>) -> String {
    match record {
        Some(id) => format!("{PREFIX}{kind}/{id}"),
        None => format!("{PREFIX}{kind}/new"),
    }
}
