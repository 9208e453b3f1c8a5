//! Persons who may be there twice, and making one record of two.

use super::Client;
use super::error::ClientError;
use super::places::command;
use super::records::{Saved, not_allowed};
use super::state::Inner;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::domain::rules::duplicates::{Sign, groups, signs};
use crate::sync::Outcome;
use crate::sync::command::PersonMerge;
use crate::wire::decode_record;

/// Records that may be about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// What they share.
    pub sign: Sign,
    /// The persons, oldest record first.
    pub persons: Vec<RecordId>,
}

/// What a merge would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergePreview {
    /// Record that stays.
    pub keep: RecordId,
    /// Record that becomes a pointer to it.
    pub drop: RecordId,
    /// Values taken over.
    pub takes: Vec<(FieldNo, Value)>,
    /// Values that differ, kept and dropped: a conflict asks about each.
    pub differs: Vec<(FieldNo, Value, Value)>,
    /// Records here that will refer to the kept one.
    pub references: usize,
}

impl Client {
    /// Returns persons who may be there twice, the surest first.
    pub fn duplicates(&self) -> Vec<Duplicate> {
        let inner = self.lock();
        let rows = inner.rows_of(Kind::Person);
        let persons = rows.into_iter().filter_map(|row| {
            let record = decode_record(&row.bytes).ok()?;
            Some((row.id, signs(&record.values())))
        });
        groups(persons).into_iter().map(|(sign, persons)| Duplicate { sign, persons }).collect()
    }

    /// Says what making one record of two would do.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::NotAllowed`].
    pub fn merge_preview(
        &self,
        keep: RecordId,
        drop: RecordId,
    ) -> Result<MergePreview, ClientError> {
        let inner = self.lock();
        inner.may_merge(keep, drop)?;
        let kept = inner.record(keep)?.values();
        let mut preview = MergePreview {
            keep,
            drop,
            takes: Vec::new(),
            differs: Vec::new(),
            references: inner.referring(drop),
        };
        let dropped = inner.values_of_person(drop);
        for (no, value) in dropped.into_iter().filter(|(_, value)| !value.is_blank()) {
            match kept.get(&no).filter(|own| !own.is_blank()) {
                None => preview.takes.push((no, value)),
                Some(own) if *own == value => {}
                Some(own) => preview.differs.push((no, own.clone(), value)),
            }
        }
        Ok(preview)
    }

    /// Asks the server to make one record of two. What follows is seen after the next sync.
    ///
    /// # Errors
    /// As for [`Client::merge_preview`], and [`ClientError::Store`].
    pub fn merge_persons(&self, keep: RecordId, drop: RecordId) -> Result<Saved, ClientError> {
        let mut inner = self.lock();
        inner.may_merge(keep, drop)?;
        let edit = command(keep, Kind::Person.number(), &PersonMerge { keep, drop });
        inner.commit(vec![edit], None)?;
        Ok(Saved { id: keep, issues: Vec::new() })
    }
}

impl Inner {
    /// Headquarters merges; a person whom the server refused as a duplicate may be merged by who wrote it.
    fn may_merge(&self, keep: RecordId, drop: RecordId) -> Result<(), ClientError> {
        self.live(keep, Kind::Person)?;
        let refused = self.refused_person(drop).is_some();
        if !refused {
            self.live(drop, Kind::Person)?;
        }
        let unit = self.record(keep)?.unit;
        let role = self.profile.role;
        let own = refused && role.acts_for(Office::Organizer) && self.reaches(unit);
        if keep == drop || !(own || role.acts_for(Office::Headquarters)) {
            return Err(not_allowed("merge"));
        }
        Ok(())
    }

    /// The refused creation of a person whom the server knows under another id.
    fn refused_person(&self, id: RecordId) -> Option<&super::attention::Refused> {
        self.refused.values().find(|refused| {
            refused.op.record == id
                && matches!(&refused.outcome, Outcome::Rejected { code, .. } if code == "duplicate")
        })
    }

    fn values_of_person(&self, id: RecordId) -> crate::domain::record::Fields {
        match self.record(id) {
            Ok(record) => record.values(),
            Err(_not_here) => self
                .refused_person(id)
                .map(|refused| super::attention::values_of(&refused.op))
                .unwrap_or_default(),
        }
    }

    fn referring(&self, id: RecordId) -> usize {
        let mut count = 0;
        for kind in Kind::ALL {
            let fields: Vec<FieldNo> =
                kind.spec().fields.iter().map(|field| field.number).collect();
            let refers = |record: &RecordId| {
                let value = |no: &FieldNo| self.field(*record, *no);
                fields.iter().any(|no| value(no) == Some(Value::Ref(id)))
            };
            count += self.of_kind(*kind).filter(refers).count();
        }
        count
    }
}
