//! What a person looked at in full or took out, and who tried to get in: noted in the journal like an edit, and so with headquarters
//! after the next sync. A note names records, kinds and fields; it never repeats a value.

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::ids;
use super::places::command;
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::FieldNo;
use crate::sync::command::{EVENT_KIND, EventNote};
use crate::wire::{decode, encode};

/// Longest reason that is noted, bytes: what the server takes.
const MAX_DETAIL: usize = 400;
/// Prefix of the notes that say on which day output of a kind was noted last.
const OUTPUT: &str = "events/output/";

/// What left the records in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken<'a> {
    /// Kind of the records.
    pub kind: Kind,
    /// Columns of the file.
    pub fields: Vec<FieldNo>,
    /// How many records.
    pub count: usize,
    /// What it is for.
    pub purpose: &'a str,
    /// Who gets it.
    pub receiver: &'a str,
    /// True if it is every record of the kind that is here.
    pub whole: bool,
}

impl Client {
    /// Notes that sensitive fields of a record are shown in full; only then may they be.
    ///
    /// # Errors
    /// [`ClientError::ReasonMissing`]; [`ClientError::NotFound`]; [`ClientError::Store`] if it cannot be noted.
    pub fn reveal(
        &self,
        record: RecordId,
        fields: &[FieldNo],
        reason: &str,
    ) -> Result<(), ClientError> {
        if reason.trim().is_empty() {
            return Err(ClientError::ReasonMissing);
        }
        let mut inner = self.lock();
        let kind = inner.record(record)?.kind;
        inner.note_event(EventNote {
            word: "reveal".to_owned(),
            record: Some(record),
            kind,
            fields: fields.iter().map(|field| field.0).collect(),
            count: 1,
            detail: reason.trim().to_owned(),
            ..EventNote::default()
        })
    }

    /// Notes that records leave in a file; only then may they.
    ///
    /// # Errors
    /// [`ClientError::PurposeMissing`] if a unit takes out sensitive fields, or all its persons, without saying what for;
    /// [`ClientError::Store`] if it cannot be noted.
    pub fn note_export(&self, taken: &Taken<'_>) -> Result<(), ClientError> {
        let mut inner = self.lock();
        let spec = taken.kind.spec();
        let sensitive = |no: &FieldNo| spec.field_no(*no).is_some_and(|field| field.sensitive);
        let much =
            taken.fields.iter().any(sensitive) || (taken.whole && taken.kind == Kind::Person);
        let unit = !inner.profile.role.is_headquarters();
        if unit && much && taken.purpose.trim().is_empty() {
            return Err(ClientError::PurposeMissing);
        }
        let parts = [taken.purpose.trim(), taken.receiver.trim()];
        inner.note_event(EventNote {
            word: "export".to_owned(),
            kind: taken.kind.number(),
            fields: taken.fields.iter().map(|field| field.0).collect(),
            count: u64::try_from(taken.count).unwrap_or(u64::MAX),
            detail: parts
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" -> "),
            ..EventNote::default()
        })
    }

    /// Notes that a script was given sensitive values of a kind; once a day for each kind, since scripts ask often.
    ///
    /// # Errors
    /// [`ClientError::Store`] if it cannot be noted.
    pub fn note_output(
        &self,
        kind: Kind,
        fields: &[FieldNo],
        count: usize,
    ) -> Result<(), ClientError> {
        let mut inner = self.lock();
        let name = format!("{OUTPUT}{}", kind.key());
        let today = inner.env.today().to_string();
        let noted = inner.vault.store.note(&name)?;
        let noted: Option<String> = noted.and_then(|bytes| decode(&bytes, "day").ok());
        if noted.as_ref() == Some(&today) {
            return Ok(());
        }
        inner.note_event(EventNote {
            word: "output".to_owned(),
            kind: kind.number(),
            fields: fields.iter().map(|field| field.0).collect(),
            count: u64::try_from(count).unwrap_or(u64::MAX),
            ..EventNote::default()
        })?;
        inner.note(vec![(name, Some(encode(&today)?))])
    }

    /// Notes that wrong passphrases had been typed before the right one.
    pub(super) fn note_wrong_tries(&self, count: u32) {
        let note = EventNote {
            word: "unlock_failed".to_owned(),
            count: u64::from(count),
            ..EventNote::default()
        };
        // A disk that takes nothing keeps nobody from reading.
        drop(self.lock().note_event(note));
    }
}

impl Inner {
    /// Writes a note as an operation of its own.
    fn note_event(&mut self, note: EventNote) -> Result<(), ClientError> {
        let edit = self.event(note);
        self.commit(vec![edit], None)
    }

    /// Makes the operation of a note, to be written with what it tells about.
    pub(super) fn event(&self, note: EventNote) -> Edit {
        let mut end = note.detail.len().min(MAX_DETAIL);
        while !note.detail.is_char_boundary(end) {
            end -= 1;
        }
        let detail = note.detail.get(..end).unwrap_or_default().to_owned();
        let note = EventNote { at: self.env.now_ms(), detail, ..note };
        let id = ids::record(&*self.env);
        command(id, EVENT_KIND, &note)
    }
}
