//! Decisions about conflicts that were made and not applied yet: kept like drafts, sealed, until they are applied or the conflict is gone.

use serde::{Deserialize, Serialize};

use super::Client;
use super::error::ClientError;
use crate::domain::ids::RecordId;
use crate::domain::record::{FieldNo, Value};
use crate::wire::{decode, encode};

const PREFIX: &str = "decision/";

/// What was decided for one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// What holds now.
    Current,
    /// The candidate at this place, from 0.
    Candidate(usize),
    /// Something else.
    Typed(Value),
}

impl Client {
    /// Keeps the decisions about a conflict; none forgets them.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn keep_decisions(
        &self,
        conflict: RecordId,
        decisions: &[(FieldNo, Decision)],
    ) -> Result<(), ClientError> {
        let bytes = if decisions.is_empty() { None } else { Some(encode(&decisions.to_vec())?) };
        self.lock().note(vec![(format!("{PREFIX}{conflict}"), bytes)])
    }

    /// Returns the decisions that were kept about a conflict.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub fn decisions(&self, conflict: RecordId) -> Result<Vec<(FieldNo, Decision)>, ClientError> {
        let bytes = self.lock().vault.store.note(&format!("{PREFIX}{conflict}"))?;
        Ok(bytes.map(|bytes| decode(&bytes, "decisions")).transpose()?.unwrap_or_default())
    }
}
