//! Undo: the inverse of a user's last command, as new operations; nothing is rewritten.

use std::collections::BTreeSet;

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::journal::{Inverse, Local};
use super::records::{Saved, deletion};
use super::state::Inner;
use crate::domain::record::{Fields, Value};
use crate::sync::{Base, OpBody, OpId};

impl Client {
    /// Takes the last command back: one edit, or a whole import. Works after a restart and after a sync too.
    ///
    /// # Errors
    /// [`ClientError::NothingToUndo`]; [`ClientError::CannotUndo`] for a note, a decision, or what the server decides;
    /// [`ClientError::ChangedSince`] if somebody has changed the same since, which undoing would
    /// overwrite.
    pub fn undo(&self) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        inner.recall()?;
        let undone: BTreeSet<u64> =
            inner.commands.iter().filter_map(|local| local.undoes).collect();
        let last = inner
            .commands
            .iter()
            .rev()
            .find(|local| local.undoes.is_none() && !undone.contains(&local.command));
        let command = last.map(|local| local.command).ok_or(ClientError::NothingToUndo)?;
        let parts: Vec<Local> =
            inner.commands.iter().rev().filter(|local| local.command == command).cloned().collect();
        let record = parts.first().map(|local| local.record).ok_or(ClientError::NothingToUndo)?;
        let taken_back: BTreeSet<OpId> =
            inner.commands.iter().filter(|c| c.undoes.is_some()).map(|c| c.id).collect();
        let mut edits = Vec::with_capacity(parts.len());
        let made: BTreeSet<_> = parts
            .iter()
            .filter(|part| part.inverse == Inverse::Delete)
            .map(|part| part.record)
            .collect();
        let ours: BTreeSet<OpId> =
            parts.iter().map(|part| part.id).chain(taken_back.iter().copied()).collect();
        for part in parts {
            // With a record its elements go.
            let element = matches!(part.inverse, Inverse::Element { .. });
            if !(element && made.contains(&part.record)) {
                edits.extend(inner.inverse(&part, &taken_back, &ours)?);
            }
        }
        // All of a command is taken back, or nothing of it.
        inner.commit_groups(vec![edits], Some(command))?;
        Ok(Saved { id: record, issues: Vec::new() })
    }
}

impl Inner {
    /// Builds the inverse of one operation; `taken_back` are the operations of earlier undos, which put the same values back,
    /// `command` those and the whole command.
    fn inverse(
        &self,
        local: &Local,
        taken_back: &BTreeSet<OpId>,
        command: &BTreeSet<OpId>,
    ) -> Result<Vec<Edit>, ClientError> {
        let record = match self.record(local.record) {
            Ok(record) => record,
            Err(ClientError::NotFound { .. }) => return Err(ClientError::ChangedSince),
            Err(other) => return Err(other),
        };
        let edit = |body, inverse| Edit { record: record.id, kind: record.kind, body, inverse };
        let ours = |origin: OpId| origin == local.id || taken_back.contains(&origin);
        match &local.inverse {
            Inverse::Delete => {
                let mut elements = record.elements.values();
                if record.fields.values().any(|state| !ours(state.origin))
                    || elements.any(|state| !command.contains(&state.origin))
                {
                    return Err(ClientError::ChangedSince);
                }
                Ok(vec![deletion(&record, "")])
            }
            Inverse::Set(previous) => {
                let unchanged = |no| record.fields.get(no).is_some_and(|s| ours(s.origin));
                if !previous.iter().all(|(no, _)| unchanged(no)) {
                    return Err(ClientError::ChangedSince);
                }
                let back: Fields = previous
                    .iter()
                    .map(|(no, value)| (*no, value.clone().unwrap_or(Value::Null)))
                    .collect();
                Ok(self.change(record.id, back)?.0)
            }
            Inverse::Move(unit) => {
                if !ours(record.unit_origin) {
                    return Err(ClientError::ChangedSince);
                }
                let body = OpBody::Move { base: Base::Seen(record.unit_origin), to: *unit };
                Ok(vec![edit(body, Inverse::Move(record.unit))])
            }
            Inverse::Restore => {
                Ok(vec![edit(OpBody::Restore { saw: record.saw() }, Inverse::Delete)])
            }
            Inverse::Element { field, element, before } => {
                let (field, element) = (*field, *element);
                let state = record.elements.get(&(field, element));
                let state = state.filter(|state| ours(state.origin));
                let state = state.ok_or(ClientError::ChangedSince)?;
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
}
