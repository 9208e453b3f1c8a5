//! Bulk actions: one change to many records, looked at row by row before it is made, and one command to be undone.

use std::collections::BTreeSet;

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::records::{deletion, not_allowed};
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Issue, Value};
use crate::domain::workflow;
use crate::sync::OpBody;
use crate::sync::command::EventNote;

/// What is done to each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkChange {
    /// Fields get these values; [`Value::Null`] empties one.
    Set(Fields),
    /// A workflow step is taken.
    Step(String),
    /// The record is deleted.
    Delete,
}

/// One change to many records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// The records, in the order they are shown.
    pub ids: Vec<RecordId>,
    /// What is done to each.
    pub change: BulkChange,
    /// Why; noted with the change, and part of it where a step asks for a reason.
    pub reason: String,
    /// True to leave out the records about which there is a warning.
    pub skip_warned: bool,
}

/// What would become of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkStanding {
    /// It changes.
    Changes,
    /// It is like that already.
    Same,
    /// It would change, but there is a warning and those are left out.
    Skipped,
    /// It cannot be done: the code of the error, and what is wrong with the data.
    Blocked(String, Vec<Issue>),
}

/// One row of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRow {
    /// The record.
    pub id: RecordId,
    /// What names it.
    pub title: String,
    /// Name of its unit.
    pub unit: String,
    /// Fields that change, with the old value and the new one.
    pub changes: Vec<(FieldNo, Option<Value>, Option<Value>)>,
    /// What becomes of it.
    pub standing: BulkStanding,
    /// Warnings that the change brings.
    pub warnings: Vec<Issue>,
}

/// Stands for a reason in a preview.
const REASON_TO_COME: &str = "……";

impl Client {
    /// Says for each record what the change would do to it; nothing is written.
    pub fn bulk_preview(&self, bulk: &Bulk) -> Vec<BulkRow> {
        let inner = self.lock();
        inner.planned(bulk).into_iter().map(|(row, _)| row).collect()
    }

    /// Makes the change on every record where it can be made, as one command: all are on the disk when this returns, none if it fails.
    /// Returns how many records changed.
    ///
    /// # Errors
    /// [`ClientError::NotAllowed`] for a field that no two records may share; [`ClientError::ReasonMissing`] if the step needs a reason;
    /// [`ClientError::Store`].
    pub fn bulk(&self, bulk: &Bulk) -> Result<usize, ClientError> {
        let mut inner = self.lock();
        inner.refuse_bulk(bulk)?;
        let planned = inner.planned(bulk);
        let kind = planned.first().and_then(|(row, _)| Some(inner.rows.get(&row.id)?.kind));
        let mut groups = Vec::with_capacity(planned.len() + 1);
        let mut fields = BTreeSet::new();
        for (row, edits) in planned {
            if row.standing == BulkStanding::Changes && !edits.is_empty() {
                fields.extend(row.changes.iter().map(|(no, ..)| no.0));
                groups.push(edits);
            }
        }
        let count = groups.len();
        if count == 0 {
            return Ok(0);
        }
        if !bulk.reason.trim().is_empty() {
            let note = EventNote {
                word: "bulk".to_owned(),
                kind: kind.unwrap_or_default(),
                fields: fields.into_iter().collect(),
                count: u64::try_from(count).unwrap_or(u64::MAX),
                detail: bulk.reason.trim().to_owned(),
                ..EventNote::default()
            };
            groups.push(vec![inner.event(note)]);
        }
        inner.commit_groups(groups, None)?;
        Ok(count)
    }

    /// Returns the fields of a kind that a bulk action may set: those the user's office writes, one value each, not moved by steps, and not
    /// such as name a record or no two records may share.
    pub fn bulk_fields(&self, kind: Kind) -> Vec<&'static str> {
        use crate::domain::record::{Merge, Shape};
        let role = self.lock().profile.role;
        let settable = kind.spec().fields.iter().filter(|field| {
            field.shape == Shape::One
                && field.merge != Merge::Steps
                && !field.unique
                && !field.sensitive
                && !kind.spec().natural.contains(&field.key)
                && !kind.spec().title.contains(&field.key)
                && role.acts_for(field.office)
        });
        settable.map(|field| field.key).collect()
    }
}

impl Inner {
    fn refuse_bulk(&self, bulk: &Bulk) -> Result<(), ClientError> {
        let Some(kind) = bulk.ids.first().and_then(|id| self.rows.get(id)) else { return Ok(()) };
        let Some(kind) = Kind::from_number(kind.kind) else { return Err(not_allowed("set")) };
        match &bulk.change {
            BulkChange::Set(fields) => {
                let shared = |no: &FieldNo| kind.spec().field_no(*no).is_some_and(|f| f.unique);
                if fields.keys().any(shared) && bulk.ids.len() > 1 {
                    return Err(not_allowed("set"));
                }
            }
            BulkChange::Step(action) => {
                let step = workflow::step(kind, action);
                if step.is_some_and(|step| step.reason) && bulk.reason.trim().is_empty() {
                    return Err(ClientError::ReasonMissing);
                }
            }
            BulkChange::Delete => {}
        }
        Ok(())
    }

    fn planned(&self, bulk: &Bulk) -> Vec<(BulkRow, Vec<Edit>)> {
        let open = self.open_conflicts();
        let disputed: BTreeSet<RecordId> = open
            .iter()
            .filter_map(|(_, record)| record.conflict.as_ref().map(|conflict| conflict.record))
            .collect();
        bulk.ids.iter().map(|id| self.planned_row(bulk, *id, disputed.contains(id))).collect()
    }

    fn planned_row(&self, bulk: &Bulk, id: RecordId, disputed: bool) -> (BulkRow, Vec<Edit>) {
        let unit = self.rows.get(&id).map(|row| self.unit_name(row.unit)).unwrap_or_default();
        let row = |changes, standing, warnings| BulkRow {
            id,
            title: self.title(id),
            unit,
            changes,
            standing,
            warnings,
        };
        let blocked = |code: &str, issues| BulkStanding::Blocked(code.to_owned(), issues);
        if disputed {
            return (row(Vec::new(), blocked("open-conflict", Vec::new()), Vec::new()), Vec::new());
        }
        match self.planned_edits(bulk, id) {
            Err(error) => {
                let code = error.code();
                let issues = match error {
                    ClientError::Invalid { issues } => {
                        issues.into_iter().filter(Issue::is_error).collect()
                    }
                    ClientError::StepClosed { reason, .. } => vec![*reason],
                    _ => Vec::new(),
                };
                (row(Vec::new(), blocked(&code, issues), Vec::new()), Vec::new())
            }
            Ok((edits, _)) if edits.is_empty() => {
                (row(Vec::new(), BulkStanding::Same, Vec::new()), Vec::new())
            }
            Ok((edits, warnings)) => {
                let changes = self.changed_by(id, &edits);
                let skipped = bulk.skip_warned && !warnings.is_empty();
                let standing = if skipped { BulkStanding::Skipped } else { BulkStanding::Changes };
                (row(changes, standing, warnings), edits)
            }
        }
    }

    /// Builds the edits of one record, with the warnings that were not there before.
    fn planned_edits(
        &self,
        bulk: &Bulk,
        id: RecordId,
    ) -> Result<(Vec<Edit>, Vec<Issue>), ClientError> {
        let (edits, issues) = match &bulk.change {
            BulkChange::Set(fields) => self.change(id, fields.clone())?,
            BulkChange::Step(action) => {
                let typed = Some(bulk.reason.trim()).filter(|reason| !reason.is_empty());
                // What the preview shows does not hang on a reason that is still to be typed in it; without one nothing is carried out.
                let kind = self.rows.get(&id).and_then(|row| Kind::from_number(row.kind));
                let step = kind.and_then(|kind| workflow::step(kind, action));
                let asked = step.is_some_and(|step| step.reason).then_some(REASON_TO_COME);
                self.step(id, action, typed.or(asked), Fields::new())?
            }
            BulkChange::Delete => {
                let record = self.record(id)?;
                self.may_delete(&record)?;
                (vec![deletion(&record, bulk.reason.trim())], Vec::new())
            }
        };
        if issues.is_empty() {
            return Ok((edits, issues));
        }
        let record = self.record(id)?;
        let before = Kind::from_number(record.kind)
            .map(|kind| self.check(kind, Some(id), &record.values()))
            .unwrap_or_default();
        let is_new = |issue: &Issue| {
            !before.iter().any(|old| old.code == issue.code && old.field == issue.field)
        };
        Ok((edits, issues.into_iter().filter(is_new).collect()))
    }

    /// Returns the fields that edits of a record change: old and new values.
    fn changed_by(
        &self,
        id: RecordId,
        edits: &[Edit],
    ) -> Vec<(FieldNo, Option<Value>, Option<Value>)> {
        let mut changes = Vec::new();
        for edit in edits {
            let OpBody::Set { sets } = &edit.body else { continue };
            for (no, _, value) in sets {
                let old = self.field(id, *no).filter(|value| *value != Value::Null);
                let new = Some(value.clone()).filter(|value| *value != Value::Null);
                if old != new {
                    changes.push((*no, old, new));
                }
            }
        }
        let state = self.rows.get(&id).and_then(|row| Kind::from_number(row.kind));
        let state = state.and_then(|kind| kind.spec().state_field()).map(|field| field.number);
        changes.sort_by_key(|(no, ..)| Some(*no) != state);
        changes
    }
}
