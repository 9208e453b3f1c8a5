//! Changes the server refused: kept with their reason until a person sends them again, corrected, or discards them.

use std::collections::BTreeMap;

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::journal::Inverse;
use super::records::refuse_errors;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::Fields;
use crate::store::Vault;
use crate::sync::{Op, OpBody, Outcome};
use crate::wire::{decode, decode_op, encode};

/// Prefix of the notes that hold refused outcomes.
const PREFIX: &str = "attention/";

/// A refused operation.
pub(super) struct Refused {
    pub(super) outcome: Outcome,
    pub(super) op: Op,
}

/// One line of the attention list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionView {
    /// Number of the operation; names the item.
    pub n: u64,
    /// The record it was about.
    pub record: RecordId,
    /// Its kind.
    pub kind: Option<Kind>,
    /// What names the record, as far as it is here.
    pub title: String,
    /// Stable word: `not_permitted`, `invalid`, `duplicate`, `blocked`, ...
    pub code: String,
    /// Key of the field, or empty.
    pub field: String,
    /// Detail: an issue code, or the number of the operation it depends on.
    pub message: String,
    /// What was to be written.
    pub values: Fields,
}

/// Returns the name of an operation's note.
pub(super) fn note_of(generation: u32, n: u64) -> String {
    format!("{PREFIX}{generation:08x}/{n:016x}")
}

/// Reads the refused outcomes at start.
pub(super) fn load(vault: &Vault) -> Result<BTreeMap<(u32, u64), Outcome>, ClientError> {
    let mut found = BTreeMap::new();
    for (name, bytes) in vault.store.notes(PREFIX)? {
        let key = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
        let key = key.and_then(|(generation, n)| {
            let generation = u32::from_str_radix(generation, 16).ok()?;
            Some((generation, u64::from_str_radix(n, 16).ok()?))
        });
        if let Some(key) = key {
            found.insert(key, decode(&bytes, "outcome")?);
        }
    }
    Ok(found)
}

/// Encodes an outcome for its note.
pub(super) fn encode_outcome(outcome: &Outcome) -> Result<Vec<u8>, ClientError> {
    Ok(encode(outcome)?)
}

impl Client {
    /// Returns what the server refused, in the order it was written.
    pub fn attention(&self) -> Vec<AttentionView> {
        let inner = self.lock();
        inner
            .refused
            .iter()
            .map(|((_, n), refused)| {
                let (code, field, message) = reason(&refused.outcome);
                AttentionView {
                    n: *n,
                    record: refused.op.record,
                    kind: Kind::from_number(refused.op.kind),
                    title: inner.title(refused.op.record),
                    code,
                    field,
                    message,
                    values: values_of(&refused.op),
                }
            })
            .collect()
    }

    /// Returns the waiting changes of records that are not here any more: they went to another unit, and the server decides about
    /// what was written meanwhile.
    ///
    /// # Errors
    /// [`ClientError::Codec`] if one cannot be read.
    pub fn elsewhere(&self) -> Result<Vec<AttentionView>, ClientError> {
        let inner = self.lock();
        let mut found = Vec::new();
        for (n, waiting) in inner.outbox.after(inner.sync.acked_n) {
            if inner.rows.contains_key(&waiting.record) {
                continue;
            }
            let op = decode_op(&waiting.bytes)?;
            found.push(AttentionView {
                n,
                record: op.record,
                kind: Kind::from_number(op.kind),
                title: inner.title(op.record),
                code: "moved".to_owned(),
                field: String::new(),
                message: String::new(),
                values: values_of(&op),
            });
        }
        Ok(found)
    }

    /// Writes a refused change again, with corrections; it leaves the list.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Invalid`], [`ClientError::Store`].
    pub fn resend(&self, n: u64, corrections: &Fields) -> Result<RecordId, ClientError> {
        let mut inner = self.lock();
        let (key, op) = inner.find_refused(n)?;
        let record = op.record;
        let edits = match &op.body {
            OpBody::Create { unit, fields } => {
                let mut fields: Fields = fields.iter().cloned().collect();
                fields.extend(corrections.clone());
                if let Some(kind) = Kind::from_number(op.kind) {
                    refuse_errors(inner.check(kind, Some(record), &fields))?;
                    inner.creation(kind, record, Some(*unit), fields)?
                } else {
                    Vec::new()
                }
            }
            OpBody::Set { sets } => {
                let mut changes: Fields =
                    sets.iter().map(|(no, _, value)| (*no, value.clone())).collect();
                changes.extend(corrections.clone());
                inner.change(record, changes)?.0
            }
            other => {
                let (kind, body) = (op.kind, other.clone());
                vec![Edit { record, kind, body, inverse: Inverse::Never }]
            }
        };
        inner.commit_groups(vec![edits], None)?;
        inner.forget_refused(key, "written again")?;
        Ok(record)
    }

    /// Gives a refused change up. The server keeps it in its audit; here the reason is kept with the record's history.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Store`].
    pub fn discard(&self, n: u64, reason: &str) -> Result<RecordId, ClientError> {
        let mut inner = self.lock();
        let (key, op) = inner.find_refused(n)?;
        inner.forget_refused(key, reason)?;
        Ok(op.record)
    }
}

impl super::state::Inner {
    /// True if a person took this operation off the list.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub(super) fn is_dealt_with(&self, key: (u32, u64)) -> Result<bool, ClientError> {
        Ok(self.vault.store.note(&dealt_note_of(key))?.is_some())
    }

    fn find_refused(&self, n: u64) -> Result<((u32, u64), Op), ClientError> {
        let found = self.refused.iter().rev().find(|((_, number), _)| *number == n);
        found
            .map(|(key, refused)| (*key, refused.op.clone()))
            .ok_or_else(|| ClientError::NotFound { what: "attention", id: n.to_string() })
    }

    /// Takes an operation off the list; that and why is kept, so that a server which refuses it again does not bring it back.
    fn forget_refused(&mut self, key: (u32, u64), why: &str) -> Result<(), ClientError> {
        let dealt = (dealt_note_of(key), Some(why.as_bytes().to_vec()));
        self.note(vec![(note_of(key.0, key.1), None), dealt])?;
        self.refused.remove(&key);
        match self.outbox.let_go(key) {
            Some(record) => self.refold(record),
            None => Ok(()),
        }
    }
}

/// Name of the note that keeps why a refused operation is no longer on the list.
fn dealt_note_of(key: (u32, u64)) -> String {
    format!("discarded/{:08x}/{:016x}", key.0, key.1)
}

/// Returns the stable word, the field and the detail of an outcome.
pub(super) fn reason(outcome: &Outcome) -> (String, String, String) {
    match outcome {
        Outcome::Rejected { code, field, message, .. } => {
            (code.clone(), field.clone(), message.clone())
        }
        Outcome::Blocked { by, .. } => ("blocked".to_owned(), String::new(), by.to_string()),
        Outcome::Held { why, .. } => ("held".to_owned(), String::new(), why.clone()),
        other => (other.key().to_owned(), String::new(), String::new()),
    }
}

/// Returns what an operation was to write.
pub(super) fn values_of(op: &Op) -> Fields {
    op.values().into_iter().map(|(no, value)| (no, value.clone())).collect()
}
