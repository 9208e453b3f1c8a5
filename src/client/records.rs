//! Making, changing, moving and deleting records.

use std::collections::BTreeMap;

use super::edit::Edit;
use super::error::ClientError;
use super::journal::Inverse;
use super::state::Inner;
use super::{Client, elements, ids};
use crate::domain::access::Office;
use crate::domain::archive;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Issue, Owner, RecordSpec, Value};
use crate::domain::rights::{Action, Place, may};
use crate::domain::rules::registry::{Registry, check_against};
use crate::domain::workflow;
use crate::sync::{Base, OpBody, Record};
use crate::wire::{is_deleted, peek_one};

/// A change that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The record.
    pub id: RecordId,
    /// Warnings a person should look at.
    pub issues: Vec<Issue>,
}

impl Client {
    /// Checks what a form holds before it is saved: the kind's rules and those across records.
    pub fn check(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
        self.lock().check(kind, id, fields)
    }

    /// Makes a record. `unit` is only asked where the kind does not say which unit it belongs to; `None` means the user's own.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] with everything to fix, [`ClientError::NotAllowed`], [`ClientError::Store`]: nothing was written.
    pub fn create_record(
        &self,
        kind: Kind,
        unit: Option<UnitId>,
        fields: Fields,
    ) -> Result<Saved, ClientError> {
        let mut fields = fields;
        workflow::fill_defaults(kind, &mut fields);
        let mut inner = self.lock();
        let issues = refuse_errors(inner.check(kind, None, &fields))?;
        let id = ids::record(&*inner.env);
        let edits = inner.creation(kind, id, unit, fields)?;
        inner.commit_groups(vec![edits], None)?;
        Ok(Saved { id, issues })
    }

    /// Changes fields of a record; only those whose value differs are written.
    ///
    /// # Errors
    /// As for [`Client::create_record`], and [`ClientError::NotFound`].
    pub fn set_fields(&self, id: RecordId, changes: Fields) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        let (edits, issues) = inner.change(id, changes)?;
        inner.commit(edits, None)?;
        Ok(Saved { id, issues })
    }

    /// Moves a record to another unit.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`], [`ClientError::Invalid`] in the archive, [`ClientError::Store`].
    pub fn move_record(&self, id: RecordId, to: UnitId) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        let record = inner.record(id)?;
        if !inner.reaches(to) || !inner.reaches(record.unit) {
            return Err(not_allowed("move"));
        }
        inner.not_frozen(&record)?;
        if record.unit != to {
            let edit = Edit {
                record: id,
                kind: record.kind,
                body: OpBody::Move { base: Base::Seen(record.unit_origin), to },
                inverse: Inverse::Move(record.unit),
            };
            inner.commit(vec![edit], None)?;
        }
        Ok(Saved { id, issues: Vec::new() })
    }

    /// Deletes a record; the reason goes into the history.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`], [`ClientError::Invalid`] in the archive, [`ClientError::Store`].
    pub fn delete(&self, id: RecordId, reason: &str) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        let record = inner.record(id)?;
        inner.may_delete(&record)?;
        let edit = deletion(&record, reason);
        inner.commit(vec![edit], None)?;
        Ok(Saved { id, issues: Vec::new() })
    }
}

pub(super) fn not_allowed(action: &str) -> ClientError {
    ClientError::NotAllowed { action: action.to_owned() }
}

/// Returns the warnings, or everything if there is an error among it.
pub(super) fn refuse_errors(issues: Vec<Issue>) -> Result<Vec<Issue>, ClientError> {
    if issues.iter().any(Issue::is_error) {
        return Err(ClientError::Invalid { issues });
    }
    Ok(issues)
}

pub(super) fn frozen(issue: Issue) -> ClientError {
    ClientError::Invalid { issues: vec![issue] }
}

pub(super) fn deletion(record: &Record, reason: &str) -> Edit {
    Edit {
        record: record.id,
        kind: record.kind,
        body: OpBody::Delete { saw: record.saw(), reason: reason.to_owned() },
        inverse: Inverse::Restore,
    }
}

impl Inner {
    pub(super) fn check(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
        let mut issues = kind.check(fields);
        issues.extend(check_against(self, kind, id, fields));
        if id.is_none() {
            let (role, look) = (self.profile.role, |id, no| self.field_of(id, no));
            issues.extend(archive::check_new(kind, fields, role, &look).err());
        }
        issues
    }

    /// Builds the creation of a record, with the unit its kind's rule gives, and its elements after it.
    ///
    /// # Errors
    /// [`ClientError::NotAllowed`] if the user may not make such a record there.
    pub(super) fn creation(
        &self,
        kind: Kind,
        id: RecordId,
        unit: Option<UnitId>,
        mut fields: Fields,
    ) -> Result<Vec<Edit>, ClientError> {
        self.snapshot(kind, &mut fields);
        let unit = self.owner(kind.spec(), id, unit, &fields);
        let role = self.profile.role;
        let spec = kind.spec();
        let several = elements::apart(kind, &mut fields);
        let fields: Vec<(FieldNo, Value)> = fields.into_iter().collect();
        let reserved = fields
            .iter()
            .filter_map(|(no, _)| spec.field_no(*no))
            .any(|field| !role.acts_for(field.office));
        let place = match spec.owner {
            Owner::Itself => {
                let parent = spec.field("parent").map(|field| field.number);
                let above = fields.iter().find(|(no, _)| Some(*no) == parent);
                let above = above.and_then(|(_, value)| value.as_ref_id());
                above.map_or(UnitId::HOME, RecordId::unit)
            }
            Owner::Field(_) | Owner::Of(_) | Owner::Chosen => unit,
        };
        if reserved || !self.allows(kind.number(), Action::Create, place) {
            return Err(not_allowed("add"));
        }
        let body = OpBody::Create { unit, fields };
        let mut edits =
            vec![Edit { record: id, kind: kind.number(), body, inverse: Inverse::Delete }];
        edits.extend(self.element_edits(id, kind, None, &several));
        Ok(edits)
    }

    fn owner(
        &self,
        spec: &RecordSpec,
        id: RecordId,
        chosen: Option<UnitId>,
        fields: &Fields,
    ) -> UnitId {
        let chosen = chosen.unwrap_or(self.profile.unit);
        let reference = |key: &str| {
            let number = spec.field(key).map(|field| field.number)?;
            fields.get(&number).and_then(Value::as_ref_id)
        };
        match spec.owner {
            Owner::Itself => id.unit(),
            Owner::Chosen => chosen,
            Owner::Field(key) => reference(key).map_or(chosen, RecordId::unit),
            Owner::Of(key) => {
                let about = reference(key).and_then(|id| self.rows.get(&id));
                about.map_or(chosen, |row| row.unit)
            }
        }
    }

    /// Builds the change of a record; nothing if every value is as it was.
    ///
    /// # Errors
    /// [`ClientError::Invalid`], [`ClientError::NotFound`], [`ClientError::NotAllowed`].
    pub(super) fn change(
        &self,
        id: RecordId,
        changes: Fields,
    ) -> Result<(Vec<Edit>, Vec<Issue>), ClientError> {
        let record = self.record(id)?;
        if !record.is_live() {
            return Err(ClientError::NotFound { what: "record", id: id.to_string() });
        }
        let Some(kind) = Kind::from_number(record.kind) else {
            return Err(not_allowed("set"));
        };
        let before = record.values();
        if has_unknown(&record) {
            return Err(ClientError::Newer { id: id.to_string() });
        }
        let mut touched: Fields = changes
            .into_iter()
            .filter(|(no, value)| before.get(no) != Some(value))
            .filter(|(no, value)| before.contains_key(no) || *value != Value::Null)
            .collect();
        self.may_change(kind, &record, &touched)?;
        let role = self.profile.role;
        archive::check_change(kind, &before, &touched, role, &|id, no| self.field_of(id, no))
            .map_err(frozen)?;
        let mut after = before;
        after.extend(touched.clone());
        let issues = self.check(kind, Some(id), &after);
        let issues = refuse_errors(relevant(kind, issues, &touched, &after))?;
        let several = elements::apart(kind, &mut touched);
        let mut edits = Vec::new();
        if !touched.is_empty() {
            edits.push(change_edit(kind, &record, &touched));
        }
        edits.extend(self.element_edits(id, kind, Some(&record), &several));
        Ok((edits, issues))
    }

    /// Makes sure that the user may delete a record.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Newer`], [`ClientError::NotAllowed`], [`ClientError::Invalid`] in the archive.
    pub(super) fn may_delete(&self, record: &Record) -> Result<(), ClientError> {
        let id = record.id.to_string();
        if !record.is_live() {
            return Err(ClientError::NotFound { what: "record", id });
        }
        if has_unknown(record) {
            return Err(ClientError::Newer { id });
        }
        if !self.allows(record.kind, Action::Delete, record.unit) {
            return Err(not_allowed("delete"));
        }
        self.not_frozen(record)
    }

    /// Makes sure that a record is not in the archive, by itself or with its class.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] with `archived`.
    pub(super) fn not_frozen(&self, record: &Record) -> Result<(), ClientError> {
        let Some(kind) = Kind::from_number(record.kind) else { return Ok(()) };
        let look = |id, no| self.field_of(id, no);
        archive::check_whole(kind, &record.values(), self.profile.role, &look).map_err(frozen)
    }

    fn may_change(&self, kind: Kind, record: &Record, touched: &Fields) -> Result<(), ClientError> {
        let role = self.profile.role;
        let reserved = touched
            .keys()
            .filter_map(|no| kind.spec().field_no(*no))
            .any(|field| !role.acts_for(field.office));
        let action = Action::Write(Office::Organizer);
        if reserved || !self.allows(record.kind, action, record.unit) {
            return Err(not_allowed("set"));
        }
        Ok(())
    }

    /// Asks the table of rights about a record of a unit.
    pub(super) fn allows(&self, kind: u16, action: Action, unit: UnitId) -> bool {
        let place = Place::of_reach(self.reaches(unit));
        let role = self.profile.role;
        match Kind::from_number(kind) {
            Some(kind) => may(role, kind, action, place).is_ok(),
            None => place == Place::Own && role.acts_for(Office::Organizer),
        }
    }
}

/// True if a value or an element is of a type that this build does not know: what it means together with the others is unknown.
pub(super) fn has_unknown(record: &Record) -> bool {
    let values = record.fields.values().map(|state| &state.value);
    let elements = record.elements.values().filter_map(|state| state.value.as_ref());
    values.chain(elements).any(|value| matches!(value, Value::Unknown { .. }))
}

/// Keeps what blocks a change: errors of the record itself, and errors across records about the touched fields; the rest are
/// warnings, because a fault that was there before must not lock the record.
fn relevant(kind: Kind, issues: Vec<Issue>, touched: &Fields, after: &Fields) -> Vec<Issue> {
    let own = kind.check(after);
    let is_touched = |issue: &Issue| {
        let field = kind.spec().field(&issue.field);
        field.is_none_or(|field| touched.contains_key(&field.number))
    };
    issues
        .into_iter()
        .map(|issue| {
            if own.contains(&issue) || is_touched(&issue) {
                issue
            } else {
                Issue { level: crate::domain::record::Level::Warning, ..issue }
            }
        })
        .collect()
}

/// Builds the operation: touched fields, and the other filled fields of their groups, each with what the author saw.
fn change_edit(kind: Kind, record: &Record, touched: &Fields) -> Edit {
    let mut sets: BTreeMap<FieldNo, Value> = BTreeMap::new();
    for (no, value) in touched {
        for member in kind.spec().group_of(*no) {
            if let Some(state) = record.fields.get(&member) {
                sets.entry(member).or_insert_with(|| state.value.clone());
            }
        }
        sets.insert(*no, value.clone());
    }
    let base_of =
        |no: FieldNo| record.fields.get(&no).map_or(Base::Absent, |state| Base::Seen(state.origin));
    #[cfg(debug_assertions)]
    let base_of = |no: FieldNo| match record.fields.get(&no) {
        Some(state) if crate::trap!(T61) && state.seq > 0 => {
            let device = crate::domain::ids::DeviceId(0);
            Base::Seen(crate::sync::OpId { device, generation: 0, n: state.seq })
        }
        _ => base_of(no),
    };
    let previous = touched
        .keys()
        .map(|no| (*no, record.fields.get(no).map(|state| state.value.clone())))
        .collect();
    Edit {
        record: record.id,
        kind: record.kind,
        body: OpBody::Set {
            sets: sets.into_iter().map(|(no, value)| (no, base_of(no), value)).collect(),
        },
        inverse: Inverse::Set(previous),
    }
}

impl Registry for Inner {
    fn fields(&self, id: RecordId) -> Option<(Kind, Fields)> {
        let record = self.record(id).ok().filter(Record::is_live)?;
        Some((Kind::from_number(record.kind)?, record.values()))
    }

    fn field_of(&self, id: RecordId, field: FieldNo) -> Option<Value> {
        let live = self.rows.get(&id).filter(|row| !is_deleted(&row.bytes));
        live.and_then(|row| peek_one(&row.bytes, field))
    }

    fn find(&self, kind: Kind, field: FieldNo, value: &Value) -> Vec<RecordId> {
        self.indexes.borrow_mut().find(
            kind.number(),
            field,
            value,
            self.rows.of_kind(kind.number()),
        )
    }
}
