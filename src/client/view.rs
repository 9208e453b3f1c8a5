//! Records as people see them.

use super::Client;
use super::elements::ElementView;
use super::error::ClientError;
use super::state::Inner;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Issue, Value};
use crate::sync::Record;

/// Where a record stands between this device and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowState {
    /// Only here, on a device that has joined no server.
    Local,
    /// Changes wait to be sent.
    Pending,
    /// As the server has it.
    Synced,
    /// A person must settle something.
    Conflict,
    /// The server refused a change.
    Attention,
}

impl RowState {
    /// Returns the word used in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Pending => "pending",
            Self::Synced => "synced",
            Self::Conflict => "conflict",
            Self::Attention => "attention",
        }
    }
}

/// One record with everything a screen or a JSON answer shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Identity.
    pub id: RecordId,
    /// Kind.
    pub kind: Kind,
    /// Unit it belongs to.
    pub unit: UnitId,
    /// That unit's name, or its id where it is not here.
    pub unit_name: String,
    /// Where it stands.
    pub state: RowState,
    /// Values.
    pub fields: Fields,
    /// What names it to a person.
    pub title: String,
    /// True if it is deleted.
    pub deleted: bool,
    /// Elements of fields with several values, and notes. The elements are in `fields` too, as one text.
    pub elements: Vec<ElementView>,
    /// True if it holds what only a newer program understands: it is shown, not changed.
    pub read_only: bool,
}

impl Client {
    /// Returns a record as people see it.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] if there is none, or one of a kind that only a newer program knows.
    pub fn view(&self, id: RecordId) -> Result<RecordView, ClientError> {
        let inner = self.lock();
        let record = inner.record(id)?;
        inner.view(&record)
    }

    /// Returns several records at once, for a screen of a list; those that are gone meanwhile are left out.
    pub fn views(&self, ids: &[RecordId]) -> Vec<RecordView> {
        let inner = self.lock();
        let view = |id: &RecordId| inner.record(*id).and_then(|record| inner.view(&record)).ok();
        ids.iter().filter_map(view).collect()
    }

    /// Returns what names a record to a person: a name, a code, or the id where it is not here.
    pub fn title(&self, id: RecordId) -> String {
        self.lock().title(id)
    }

    /// Returns the issues of a stored record.
    ///
    /// # Errors
    /// [`ClientError::NotFound`].
    pub fn issues(&self, id: RecordId) -> Result<Vec<Issue>, ClientError> {
        let inner = self.lock();
        let record = inner.record(id)?;
        let kind = Kind::from_number(record.kind);
        Ok(kind.map_or_else(Vec::new, |kind| inner.check(kind, Some(id), &record.values())))
    }
}

/// Deepest chain of references followed for a title.
const TITLE_DEPTH: u8 = 3;

impl Inner {
    pub(super) fn view(&self, record: &Record) -> Result<RecordView, ClientError> {
        let kind = Kind::from_number(record.kind)
            .ok_or_else(|| ClientError::NotFound { what: "record", id: record.id.to_string() })?;
        Ok(RecordView {
            id: record.id,
            kind,
            unit: record.unit,
            unit_name: self.unit_name(record.unit),
            state: self.row_state(record),
            fields: record.values(),
            title: self.title(record.id),
            deleted: !record.is_live(),
            elements: self.element_views(record, kind),
            read_only: super::records::has_unknown(record),
        })
    }

    fn row_state(&self, record: &Record) -> RowState {
        if self.refused.values().any(|refused| refused.op.record == record.id) {
            RowState::Attention
        } else if record.open_conflicts > 0 && self.has_open_conflict(record.id) {
            RowState::Conflict
        } else if self.outbox.touches(record.id) {
            if self.profile.server.is_some() { RowState::Pending } else { RowState::Local }
        } else {
            RowState::Synced
        }
    }

    fn has_open_conflict(&self, id: RecordId) -> bool {
        self.open_conflicts()
            .iter()
            .any(|(_, record)| record.conflict.as_ref().is_some_and(|c| c.record == id))
    }

    /// Names a unit, by its short name where it has one.
    pub(super) fn unit_name(&self, unit: UnitId) -> String {
        if unit == UnitId::HOME {
            return self.profile.unit_code.clone().unwrap_or_default();
        }
        let spec = Kind::Unit.spec();
        ["short_name", "name"]
            .into_iter()
            .filter_map(|key| spec.field(key))
            .find_map(|field| match self.field(unit.record(), field.number) {
                Some(Value::Text(name)) if !name.is_empty() => Some(name),
                _ => None,
            })
            .unwrap_or_default()
    }

    pub(super) fn title(&self, id: RecordId) -> String {
        self.title_to(id, TITLE_DEPTH)
    }

    fn title_to(&self, id: RecordId, depth: u8) -> String {
        let kind = self.rows.get(&id).and_then(|row| Kind::from_number(row.kind));
        let (Some(kind), Some(depth)) = (kind, depth.checked_sub(1)) else {
            return id.to_string();
        };
        let spec = kind.spec();
        let parts: Vec<String> = spec
            .title
            .iter()
            .filter_map(|key| self.field(id, spec.field(key)?.number))
            .map(|value| match value {
                Value::Ref(other) => self.title_to(other, depth),
                Value::Text(text) | Value::Code(text) => text,
                Value::Int(number) => number.to_string(),
                Value::Date(date) => date.to_string(),
                Value::Null | Value::Flag(_) | Value::Instant(_) | Value::Unknown { .. } => {
                    String::new()
                }
            })
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" ")
    }
}
