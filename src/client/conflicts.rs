//! Conflicts for review: base, current and candidates, field by field, and the decision.

use super::Client;
use super::edit::Edit;
use super::error::ClientError;
use super::journal::Inverse;
use super::records::not_allowed;
use super::state::Inner;
use crate::domain::ids::{RecordId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use crate::sync::{Conflict, ConflictKind, OpBody, OpId, Record};

/// A value with who wrote it and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueView {
    /// The value; `None` if the field is empty.
    pub value: Option<Value>,
    /// Name of the author, where known here.
    pub by: String,
    /// Author's clock, milliseconds; 0 where unknown.
    pub at: i64,
}

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateView {
    /// Number to choose it by, from 1.
    pub n: usize,
    /// Its value.
    pub value: ValueView,
}

/// One field of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldConflictView {
    /// Field number; [`UNIT_FIELD`] and [`DELETED_FIELD`] for the unit and the deletion.
    pub field: FieldNo,
    /// Key of the field; `unit` and `deleted` for those two.
    pub key: String,
    /// What the candidate's author had seen.
    pub base: Option<Value>,
    /// What holds now.
    pub current: ValueView,
    /// What else was written.
    pub candidates: Vec<CandidateView>,
}

/// One open conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictView {
    /// Identity of the conflict.
    pub id: RecordId,
    /// The record it is about.
    pub record: RecordId,
    /// The record's kind.
    pub kind: Kind,
    /// What names the record.
    pub title: String,
    /// Why a person is asked.
    pub reason: ConflictKind,
    /// Fields that are settled together.
    pub fields: Vec<FieldConflictView>,
}

/// A person's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// What holds now stays.
    Current,
    /// The candidate with this number, from 1.
    Candidate(usize),
    /// Values of the person's own, for some or all of the fields; the others stay.
    Values(Vec<(FieldNo, Value)>),
}

impl Client {
    /// Returns the open conflicts, the oldest first.
    pub fn conflicts(&self) -> Vec<ConflictView> {
        let inner = self.lock();
        let mut open = inner.open_conflicts();
        open.sort_by_key(|(id, record)| (record.rev, *id));
        open.iter().filter_map(|(id, record)| inner.conflict_view(*id, record)).collect()
    }

    /// Settles a conflict, named by its own id or by the record's if that has only one.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Invalid`] if the values do not make a valid record or it is archived,
    /// [`ClientError::Store`].
    pub fn resolve(&self, id: RecordId, decision: &Resolution) -> Result<RecordId, ClientError> {
        let mut inner = self.lock();
        let open = inner.open_conflicts();
        let mut about = open.iter().filter(|(conflict_id, record)| {
            *conflict_id == id || record.conflict.as_ref().is_some_and(|c| c.record == id)
        });
        let found = about.next().map(|(id, record)| (*id, record.conflict.clone()));
        let Some((conflict_id, Some(conflict))) = found else {
            return Err(ClientError::NotFound { what: "conflict", id: id.to_string() });
        };
        let record = inner.record(conflict.record)?;
        if !inner.reaches(record.unit)
            || (conflict.kind == ConflictKind::NotPermittedAnyMore
                && !inner.profile.role.is_headquarters())
        {
            return Err(not_allowed("resolve"));
        }
        let values = decided(&conflict, &record, decision)?;
        if *decision != Resolution::Current
            && !(matches!(decision, Resolution::Candidate(_))
                && inner.profile.role.is_headquarters())
        {
            // What was written before somebody knew of the archive, headquarters may still take; nobody writes anything else there.
            inner.not_frozen(&record)?;
        }
        if conflict.element.is_none() {
            check_decision(&record, &values)?;
        }
        let edit = Edit {
            record: record.id,
            kind: record.kind,
            body: OpBody::Resolve { conflict: conflict_id, seen: seen(&conflict, &record), values },
            inverse: Inverse::Never,
        };
        inner.commit(vec![edit], None)?;
        Ok(record.id)
    }
}

/// Returns the values a decision stands for.
fn decided(
    conflict: &Conflict,
    record: &Record,
    decision: &Resolution,
) -> Result<Vec<(FieldNo, Value)>, ClientError> {
    let current = || -> Vec<(FieldNo, Value)> {
        let value = |no: &FieldNo| Some((*no, current_value(conflict, record, *no)?));
        conflict.fields.iter().filter_map(value).collect()
    };
    match decision {
        Resolution::Current => Ok(current()),
        Resolution::Candidate(n) => n
            .checked_sub(1)
            .and_then(|index| conflict.candidates.get(index))
            .map(|candidate| candidate.values.clone())
            .ok_or_else(|| ClientError::NotFound { what: "candidate", id: n.to_string() }),
        Resolution::Values(values) => {
            let mut all = current();
            all.retain(|(no, _)| !values.iter().any(|(other, _)| other == no));
            all.extend(values.iter().cloned());
            all.sort_by_key(|(no, _)| *no);
            Ok(all)
        }
    }
}

/// Refuses a decision that does not make a valid record.
fn check_decision(record: &Record, values: &[(FieldNo, Value)]) -> Result<(), ClientError> {
    let Some(kind) = Kind::from_number(record.kind) else { return Ok(()) };
    if values.iter().any(|(no, value)| *no == DELETED_FIELD && *value == Value::Flag(true)) {
        return Ok(());
    }
    let mut after = record.values();
    let plain = |no: &FieldNo| *no != UNIT_FIELD && *no != DELETED_FIELD;
    after.extend(values.iter().filter(|(no, _)| plain(no)).cloned());
    super::records::refuse_errors(kind.check(&after)).map(|_warnings| ())
}

/// Names every operation whose value the person saw.
fn seen(conflict: &Conflict, record: &Record) -> Vec<OpId> {
    let mut seen: Vec<OpId> = conflict.candidates.iter().map(|c| c.op).collect();
    seen.extend(conflict.fields.iter().filter_map(|no| current_origin(conflict, record, *no)));
    seen.sort_unstable();
    seen.dedup();
    seen
}

fn current_value(conflict: &Conflict, record: &Record, no: FieldNo) -> Option<Value> {
    match no {
        no if let Some(id) = conflict.element => record.elements.get(&(no, id))?.value.clone(),
        UNIT_FIELD => Some(Value::Ref(record.unit.record())),
        DELETED_FIELD => Some(Value::Flag(!record.is_live())),
        no => record.fields.get(&no).map(|state| state.value.clone()),
    }
}

fn current_origin(conflict: &Conflict, record: &Record, no: FieldNo) -> Option<OpId> {
    match no {
        no if let Some(id) = conflict.element => {
            record.elements.get(&(no, id)).map(|state| state.origin)
        }
        UNIT_FIELD => Some(record.unit_origin),
        DELETED_FIELD => record.tombstone.as_ref().map(|tombstone| tombstone.by),
        no => record.fields.get(&no).map(|state| state.origin),
    }
}

impl Inner {
    fn conflict_view(&self, id: RecordId, stored: &Record) -> Option<ConflictView> {
        let conflict = stored.conflict.as_ref()?;
        let kind = Kind::from_number(conflict.record_kind)?;
        let record = self.record(conflict.record).ok()?;
        let fields = conflict
            .fields
            .iter()
            .map(|no| self.field_conflict(kind, conflict, &record, *no))
            .collect();
        Some(ConflictView {
            id,
            record: record.id,
            kind,
            title: self.title(record.id),
            reason: conflict.kind,
            fields,
        })
    }

    fn field_conflict(
        &self,
        kind: Kind,
        conflict: &Conflict,
        record: &Record,
        no: FieldNo,
    ) -> FieldConflictView {
        let key = match no {
            UNIT_FIELD => "unit".to_owned(),
            DELETED_FIELD => "deleted".to_owned(),
            no => kind.spec().field_no(no).map_or_else(|| no.0.to_string(), |f| f.key.to_owned()),
        };
        let value_in = |values: &[(FieldNo, Value)]| {
            values.iter().find(|(other, _)| *other == no).map(|(_, value)| value.clone())
        };
        let origin = current_origin(conflict, record, no);
        let standing = conflict.current.iter().find(|s| s.field == no && s.op == origin);
        let author = standing.and_then(|s| s.actor).zip(origin);
        FieldConflictView {
            field: no,
            key,
            base: value_in(&conflict.base),
            current: ValueView {
                value: current_value(conflict, record, no),
                by: match author {
                    Some((user, op)) => self.user_name(user, op),
                    None => origin.map(|op| self.author(op)).unwrap_or_default(),
                },
                at: standing.map_or(0, |s| hlc_ms(s.hlc)),
            },
            candidates: conflict
                .candidates
                .iter()
                .enumerate()
                .map(|(index, candidate)| CandidateView {
                    n: index + 1,
                    value: ValueView {
                        value: value_in(&candidate.values),
                        by: self.user_name(candidate.actor, candidate.op),
                        at: hlc_ms(candidate.hlc),
                    },
                })
                .collect(),
        }
    }

    /// Names the author of an operation: this device's user, or the device.
    fn author(&self, op: OpId) -> String {
        if op.device == self.profile.device {
            return self.profile.user_name.clone();
        }
        op.device.to_string()
    }

    pub(super) fn user_name(&self, user: UserId, op: OpId) -> String {
        if user == self.profile.user {
            return self.profile.user_name.clone();
        }
        self.names.get(&user).cloned().unwrap_or_else(|| self.author(op))
    }
}

/// Returns the milliseconds of a hybrid clock value.
pub(super) fn hlc_ms(hlc: u64) -> i64 {
    i64::try_from(hlc >> 16).unwrap_or(0)
}
