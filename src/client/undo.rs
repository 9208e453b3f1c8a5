//! Undo and redo: the inverse of a user's command, as new operations; nothing is rewritten.
//!
//! An undo is a command that takes one of the user's commands back, a redo one that takes an undo back. Which commands stand is read from
//! the journal, so both work after a restart; after a sync the inverse is a change like any other, which the server merges.

use std::collections::{BTreeMap, BTreeSet};

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::journal::{self, Inverse, Local};
use super::records::deletion;
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::record::{FieldNo, Fields, Value};
use crate::sync::{Base, OpBody, OpId, Record};
use crate::wire::decode_op;

/// A command that was taken back, or done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The record, or the first of several.
    pub id: RecordId,
    /// How many records it changed.
    pub records: usize,
    /// True if the command had been sent: the undo is then a change of its own, which the server gets too.
    pub sent: bool,
}

impl Client {
    /// Takes the last command that stands back: one edit, a bulk change, or a whole import. Works after a restart and after a sync too.
    ///
    /// # Errors
    /// [`ClientError::NothingToUndo`]; [`ClientError::CannotUndo`] for a note, a decision, or what the server decides;
    /// [`ClientError::ChangedSince`] if somebody has changed the same since, which undoing would
    /// overwrite.
    pub fn undo(&self) -> Result<Undone, ClientError> {
        let mut inner = self.lock();
        inner.recall()?;
        let last = inner.standing().last_command().ok_or(ClientError::NothingToUndo)?;
        inner.take_back(last)
    }

    /// Does what the last undo took back again, as long as nothing else was changed after it.
    ///
    /// # Errors
    /// [`ClientError::NothingToRedo`]; otherwise as for [`Client::undo`].
    pub fn redo(&self) -> Result<Undone, ClientError> {
        let mut inner = self.lock();
        inner.recall()?;
        let last = inner.standing().last_undo().ok_or(ClientError::NothingToRedo)?;
        inner.take_back(last)
    }

    /// Takes any command back whose fields are as it left them; one that is taken back already is done again.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a number that is none; otherwise as for [`Client::undo`].
    pub fn undo_command(&self, command: u64) -> Result<Undone, ClientError> {
        let mut inner = self.lock();
        inner.recall()?;
        let standing = inner.standing();
        if !standing.commands.contains(&command) {
            return Err(ClientError::NotFound { what: "command", id: command.to_string() });
        }
        let target = standing.taken_back.get(&command).copied().unwrap_or(command);
        inner.take_back(target)
    }
}

/// Which commands stand, and which are taken back.
#[derive(Default)]
pub(super) struct Standing {
    /// The user's commands, the oldest first.
    pub(super) commands: Vec<u64>,
    /// Of those taken back: the undo that did it.
    pub(super) taken_back: BTreeMap<u64, u64>,
    /// The undo that came last, unless a command of the user came after it.
    undo: Option<u64>,
}

impl Standing {
    fn of(commands: &[Local]) -> Self {
        let mut standing = Self::default();
        let mut undoes: BTreeMap<u64, u64> = BTreeMap::new();
        let mut open: Vec<u64> = Vec::new();
        let mut last = None;
        for local in commands {
            if last.replace(local.command) == Some(local.command) {
                continue;
            }
            match local.undoes {
                None => {
                    standing.commands.push(local.command);
                    open.clear();
                }
                Some(target) => {
                    if let Some(original) = undoes.get(&target) {
                        standing.taken_back.remove(original);
                        open.retain(|undo| *undo != target);
                    } else {
                        undoes.insert(local.command, target);
                        standing.taken_back.insert(target, local.command);
                        open.push(local.command);
                    }
                }
            }
        }
        standing.undo = open.pop();
        standing
    }

    fn last_command(&self) -> Option<u64> {
        let mut commands = self.commands.iter().rev();
        commands.find(|command| !self.taken_back.contains_key(command)).copied()
    }

    const fn last_undo(&self) -> Option<u64> {
        self.undo
    }
}

impl Inner {
    /// Says which commands stand; those of earlier runs must have been recalled.
    pub(super) fn standing(&self) -> Standing {
        Standing::of(&self.commands)
    }

    /// Returns the parts of a command, the last one first.
    pub(super) fn parts(&self, command: u64) -> Vec<Local> {
        self.commands.iter().rev().filter(|local| local.command == command).cloned().collect()
    }

    /// True if an operation was sent.
    pub(super) fn is_sent(&self, id: OpId) -> bool {
        id.generation < self.profile.generation || id.n <= self.sync.acked_n
    }

    fn take_back(&mut self, command: u64) -> Result<Undone, ClientError> {
        let parts = self.parts(command);
        let id = parts.first().map(|local| local.record).ok_or(ClientError::NothingToUndo)?;
        let edits = self.inverses(&parts)?;
        let mut records: Vec<RecordId> = edits.iter().map(|edit| edit.record).collect();
        records.sort_unstable();
        records.dedup();
        let sent = parts.iter().any(|part| self.is_sent(part.id));
        // All of a command is taken back, or nothing of it.
        self.commit_groups(vec![edits], Some(command))?;
        Ok(Undone { id, records: records.len(), sent })
    }

    /// Builds the inverse of a command's parts, the last one first.
    ///
    /// # Errors
    /// As for [`Client::undo`].
    pub(super) fn inverses(&self, parts: &[Local]) -> Result<Vec<Edit>, ClientError> {
        let mut edits = Vec::with_capacity(parts.len());
        let ids: BTreeSet<OpId> = parts.iter().map(|part| part.id).collect();
        let made: BTreeSet<RecordId> = parts
            .iter()
            .filter(|part| part.inverse == Inverse::Delete)
            .map(|part| part.record)
            .collect();
        for part in parts {
            // With a record its elements go.
            let element = matches!(part.inverse, Inverse::Element { .. });
            if !(element && made.contains(&part.record)) {
                edits.extend(self.inverse(part, parts, &ids)?);
            }
        }
        Ok(edits)
    }

    /// Reads what an operation wrote.
    fn written(&self, id: OpId) -> Option<OpBody> {
        let mut body = None;
        let wanted = |generation, n| generation == id.generation && n == id.n;
        let read = self.vault.journal.read_some(&wanted, &mut |entry| {
            let op = journal::op_of(&entry).and_then(|bytes| decode_op(bytes).ok());
            body = op.map(|op| op.body);
        });
        read.ok().and(body)
    }

    /// Builds the inverse of one operation among the `parts` of its command. A field may be put back if it holds what the operation wrote:
    /// by itself, or because whatever was written since was taken back.
    fn inverse(
        &self,
        local: &Local,
        parts: &[Local],
        ids: &BTreeSet<OpId>,
    ) -> Result<Vec<Edit>, ClientError> {
        let record = match self.record(local.record) {
            Ok(record) => record,
            Err(ClientError::NotFound { .. }) => return Err(ClientError::ChangedSince),
            Err(other) => return Err(other),
        };
        let edit = |body, inverse| Edit { record: record.id, kind: record.kind, body, inverse };
        // Values are judged one by one; anything else changes the whole record.
        if !matches!(local.inverse, Inverse::Set(_)) {
            self.not_frozen(&record)?;
        }
        let unchanged =
            |as_left: bool| if as_left { Ok(()) } else { Err(ClientError::ChangedSince) };
        match &local.inverse {
            Inverse::Delete => {
                unchanged(self.is_as_made(&record, local, parts, ids))?;
                Ok(vec![deletion(&record, "")])
            }
            Inverse::Set(previous) => {
                let numbers: Vec<FieldNo> = previous.iter().map(|(no, _)| *no).collect();
                unchanged(self.holds(&record, local.id, &numbers))?;
                let back: Fields = previous
                    .iter()
                    .map(|(no, value)| (*no, value.clone().unwrap_or(Value::Null)))
                    .collect();
                Ok(self.change(record.id, back)?.0)
            }
            Inverse::Move(unit) => {
                let moved = || matches!(self.written(local.id), Some(OpBody::Move { to, .. }) if to == record.unit);
                unchanged(record.unit_origin == local.id || moved())?;
                let body = OpBody::Move { base: Base::Seen(record.unit_origin), to: *unit };
                Ok(vec![edit(body, Inverse::Move(record.unit))])
            }
            Inverse::Restore => {
                unchanged(!record.is_live())?;
                Ok(vec![edit(OpBody::Restore { saw: record.saw() }, Inverse::DeleteAgain)])
            }
            Inverse::DeleteAgain => {
                unchanged(record.is_live())?;
                Ok(vec![deletion(&record, "")])
            }
            Inverse::Element { field, element, before } => {
                let (field, element) = (*field, *element);
                let state =
                    record.elements.get(&(field, element)).ok_or(ClientError::ChangedSince)?;
                let left =
                    || self.written(local.id).is_some_and(|body| element_of(body) == state.value);
                unchanged(state.origin == local.id || left())?;
                let base = Base::Seen(state.origin);
                let body = match (before.clone(), &state.value) {
                    (Some(value), None) => OpBody::ElementAdd { field, element, value },
                    (Some(value), Some(_)) => OpBody::ElementSet { field, element, base, value },
                    (None, _) => OpBody::ElementDelete { field, element, base },
                };
                let before = state.value.clone();
                Ok(vec![edit(body, Inverse::Element { field, element, before })])
            }
            Inverse::Request => Ok(vec![self.cancellation(record.id, "")?]),
            Inverse::Never => Err(ClientError::CannotUndo),
        }
    }

    /// True if a record that a command made is as it was made, with the elements of the same command.
    fn is_as_made(
        &self,
        record: &Record,
        local: &Local,
        parts: &[Local],
        ids: &BTreeSet<OpId>,
    ) -> bool {
        let numbers: Vec<FieldNo> = record.fields.keys().copied().collect();
        let mut elements = record.elements.iter();
        self.holds(record, local.id, &numbers)
            && elements.all(|((_, element), state)| {
                let of = |part: &&Local| matches!(part.inverse, Inverse::Element { element: e, .. } if e == *element);
                ids.contains(&state.origin)
                    || parts.iter().find(of).is_some_and(|part| {
                        self.written(part.id).is_some_and(|body| element_of(body) == state.value)
                    })
            })
    }

    /// True if the fields hold what an operation wrote into them.
    fn holds(&self, record: &Record, id: OpId, numbers: &[FieldNo]) -> bool {
        let others: Vec<&FieldNo> = numbers
            .iter()
            .filter(|no| record.fields.get(no).is_none_or(|state| state.origin != id))
            .collect();
        if others.is_empty() {
            return true;
        }
        let written: BTreeMap<FieldNo, Value> = match self.written(id) {
            Some(OpBody::Create { fields, .. }) => fields.into_iter().collect(),
            Some(OpBody::Set { sets }) => {
                sets.into_iter().map(|(no, _, value)| (no, value)).collect()
            }
            _ => return false,
        };
        let blank = |value: Option<&Value>| value.is_none_or(Value::is_blank);
        others.into_iter().all(|no| {
            let (now, then) = (record.fields.get(no).map(|s| &s.value), written.get(no));
            now == then || (blank(now) && blank(then))
        })
    }
}

/// Returns what an operation left an element with; `None` if it took it out.
fn element_of(body: OpBody) -> Option<Value> {
    match body {
        OpBody::ElementAdd { value, .. } | OpBody::ElementSet { value, .. } => Some(value),
        _ => None,
    }
}
