//! Indexes by field value over the visible records: built when first asked for, kept current afterwards.

use std::collections::BTreeMap;

use crate::domain::ids::RecordId;
use crate::domain::record::{FieldNo, Value};
use crate::store::Row;
use crate::wire::{is_deleted, peek_one};

type ByValue = BTreeMap<Value, Vec<RecordId>>;

/// One index per kind and field that was ever asked for.
#[derive(Default)]
pub(super) struct Indexes {
    by_field: BTreeMap<(u16, FieldNo), ByValue>,
}

impl Indexes {
    /// Returns the ids of live records of a kind that hold `value`, building the index from `rows`, which
    /// are those of the kind, if there is none yet.
    pub(super) fn find<'a>(
        &mut self,
        kind: u16,
        field: FieldNo,
        value: &Value,
        rows: impl Iterator<Item = &'a Row>,
    ) -> Vec<RecordId> {
        let index = self.by_field.entry((kind, field)).or_insert_with(|| {
            let mut built = ByValue::new();
            for row in rows.filter(|row| !is_deleted(&row.bytes)) {
                if let Some(value) = peek_one(&row.bytes, field) {
                    built.entry(value).or_default().push(row.id);
                }
            }
            built
        });
        index.get(value).cloned().unwrap_or_default()
    }

    /// Follows a row that changed.
    pub(super) fn replace(&mut self, old: Option<&Row>, new: Option<&Row>) {
        let kind = old.or(new).map(|row| row.kind);
        for ((index_kind, field), index) in &mut self.by_field {
            if Some(*index_kind) != kind {
                continue;
            }
            let held = |row: Option<&Row>| {
                row.filter(|row| !is_deleted(&row.bytes)).and_then(|r| peek_one(&r.bytes, *field))
            };
            let (before, after) = (held(old), held(new));
            if before == after {
                continue;
            }
            if let (Some(value), Some(row)) = (before, old)
                && let Some(ids) = index.get_mut(&value)
            {
                ids.retain(|id| *id != row.id);
                if ids.is_empty() {
                    index.remove(&value);
                }
            }
            if let (Some(value), Some(row)) = (after, new) {
                index.entry(value).or_default().push(row.id);
            }
        }
    }
}
