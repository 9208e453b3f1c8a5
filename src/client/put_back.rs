//! Taking back one change of a record's history, whoever made it: as a change of one's own, which says what was there before.

use std::collections::BTreeMap;

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::history::{ChangeView, HistoryView};
use super::journal::Inverse;
use super::records::{Saved, not_allowed};
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Shape, Value};
use crate::domain::rights::Action;
use crate::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use crate::sync::{Base, OpBody, Record};

/// What taking a change back would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutBack {
    /// What each field holds now, and what it would hold.
    pub changes: Vec<ChangeView>,
    /// True if somebody has changed one of these fields since.
    pub changed_since: bool,
}

impl Client {
    /// Says what taking a change back would do; nothing is written.
    ///
    /// # Errors
    /// [`ClientError::CannotUndo`] for what has nothing before it: a creation, an entry of a list, a note, a command of the server;
    /// [`ClientError::NotFound`].
    pub fn put_back_preview(
        &self,
        id: RecordId,
        entry: &HistoryView,
    ) -> Result<PutBack, ClientError> {
        let inner = self.lock();
        let record = inner.record(id)?;
        let now = current(&record);
        let (mut changes, mut changed_since) = (Vec::new(), false);
        for change in undoable(&record, entry)? {
            let held = now.get(&change.field).cloned();
            changed_since |= blank(held.as_ref()) != blank(change.new.as_ref());
            if blank(held.as_ref()) != blank(change.old.as_ref()) {
                changes.push(ChangeView { old: held, new: change.old.clone(), ..change.clone() });
            }
        }
        Ok(PutBack { changes, changed_since })
    }

    /// Takes a change back: its fields hold again what they held before it. It is one command, which can be undone; nothing is written
    /// where they hold that already.
    ///
    /// # Errors
    /// As for [`Client::put_back_preview`] and [`Client::set_fields`].
    pub fn put_back(&self, id: RecordId, entry: &HistoryView) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        let record = inner.record(id)?;
        let wanted = undoable(&record, entry)?;
        let (mut fields, mut whole) = (Fields::new(), None);
        for change in wanted {
            let before = change.old.clone().unwrap_or(Value::Null);
            match change.field {
                DELETED_FIELD | UNIT_FIELD => whole = inner.back(&record, change.field, &before)?,
                field => {
                    fields.insert(field, before);
                }
            }
        }
        let (mut edits, issues) =
            if fields.is_empty() { (Vec::new(), Vec::new()) } else { inner.change(id, fields)? };
        edits.extend(whole);
        if !edits.is_empty() {
            inner.commit(edits, None)?;
        }
        Ok(Saved { id, issues })
    }
}

impl Inner {
    /// Builds the return of a deleted record, or of one that was moved; nothing if it is where it was.
    fn back(
        &self,
        record: &Record,
        field: FieldNo,
        before: &Value,
    ) -> Result<Option<Edit>, ClientError> {
        self.not_frozen(record)?;
        let edit = |body, inverse| Edit { record: record.id, kind: record.kind, body, inverse };
        let Some(unit) = before.as_ref_id().filter(|_| field == UNIT_FIELD) else {
            if record.is_live() {
                return Ok(None);
            }
            if !self.allows(record.kind, Action::Delete, record.unit) {
                return Err(not_allowed("restore"));
            }
            let body = OpBody::Restore { saw: record.saw() };
            return Ok(Some(edit(body, Inverse::DeleteAgain)));
        };
        let to = unit.unit();
        if to == record.unit {
            return Ok(None);
        }
        if !self.reaches(to) || !self.reaches(record.unit) {
            return Err(not_allowed("move"));
        }
        let body = OpBody::Move { base: Base::Seen(record.unit_origin), to };
        Ok(Some(edit(body, Inverse::Move(record.unit))))
    }
}

/// Returns the fields of a change that can be put back.
fn undoable<'a>(
    record: &Record,
    entry: &'a HistoryView,
) -> Result<Vec<&'a ChangeView>, ClientError> {
    let took_effect =
        matches!(entry.outcome.as_str(), "applied" | "converged" | "pending" | "sent");
    if !took_effect || !matches!(entry.action, "set" | "move" | "delete" | "resolve") {
        return Err(ClientError::CannotUndo);
    }
    let kind = Kind::from_number(record.kind);
    let one = |field: FieldNo| match field {
        // What was there before a first move is not in the history: the unit a record was made in.
        DELETED_FIELD | UNIT_FIELD => true,
        field => {
            let spec = kind.and_then(|kind| kind.spec().field_no(field));
            spec.is_some_and(|spec| spec.shape == Shape::One)
        }
    };
    let known = |change: &&ChangeView| {
        one(change.field) && (change.field != UNIT_FIELD || change.old.is_some())
    };
    let found: Vec<&ChangeView> = entry.changes.iter().filter(known).collect();
    if found.is_empty() { Err(ClientError::CannotUndo) } else { Ok(found) }
}

/// What a record holds, with its unit and whether it is deleted beside its fields.
fn current(record: &Record) -> BTreeMap<FieldNo, Value> {
    let mut now: BTreeMap<FieldNo, Value> =
        record.fields.iter().map(|(no, state)| (*no, state.value.clone())).collect();
    now.insert(UNIT_FIELD, Value::Ref(record.unit.record()));
    now.insert(DELETED_FIELD, Value::Flag(!record.is_live()));
    now
}

/// A field without a value and one that was emptied hold the same; so do a record that was never deleted and one that came back.
fn blank(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_blank() && **value != Value::Flag(false))
}
