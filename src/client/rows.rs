//! The rows of the view: one tree for each kind, so that a list walks its own records only, and the kind of each id.

use std::collections::BTreeMap;

use crate::domain::ids::RecordId;
use crate::store::Row;

/// Rows by id, each id once.
#[derive(Default)]
pub(super) struct Rows {
    by_kind: BTreeMap<u16, BTreeMap<RecordId, Row>>,
    kinds: BTreeMap<RecordId, u16>,
}

impl Rows {
    /// Takes rows that stand in order of id, each id once: trees made from sorted rows are made at once.
    pub(super) fn of_sorted(rows: Vec<Row>) -> Self {
        let kinds = rows.iter().map(|row| (row.id, row.kind)).collect();
        let mut by_kind: BTreeMap<u16, Vec<(RecordId, Row)>> = BTreeMap::new();
        for row in rows {
            by_kind.entry(row.kind).or_default().push((row.id, row));
        }
        let by_kind = by_kind.into_iter().map(|(kind, rows)| (kind, rows.into_iter().collect()));
        Self { by_kind: by_kind.collect(), kinds }
    }

    /// Returns a row.
    pub(super) fn get(&self, id: &RecordId) -> Option<&Row> {
        self.by_kind.get(self.kinds.get(id)?)?.get(id)
    }

    /// True if there is such a row.
    pub(super) fn contains_key(&self, id: &RecordId) -> bool {
        self.kinds.contains_key(id)
    }

    /// Puts a row in the place of the one with its id.
    pub(super) fn insert(&mut self, row: Row) {
        let before = self.kinds.insert(row.id, row.kind);
        if let Some(kind) = before.filter(|kind| *kind != row.kind)
            && let Some(rows) = self.by_kind.get_mut(&kind)
        {
            rows.remove(&row.id);
        }
        self.by_kind.entry(row.kind).or_default().insert(row.id, row);
    }

    /// Takes a row away and returns it.
    pub(super) fn remove(&mut self, id: &RecordId) -> Option<Row> {
        let kind = self.kinds.remove(id)?;
        self.by_kind.get_mut(&kind)?.remove(id)
    }

    /// Returns every id, in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = RecordId> {
        self.kinds.keys().copied()
    }

    /// Returns every row, kind by kind, in order of ids within a kind.
    pub(super) fn values(&self) -> impl Iterator<Item = &Row> {
        self.by_kind.values().flat_map(BTreeMap::values)
    }

    /// Returns the rows of a kind in order of ids, those of deleted records among them.
    pub(super) fn of_kind(&self, kind: u16) -> impl ExactSizeIterator<Item = &Row> {
        const NONE: &BTreeMap<RecordId, Row> = &BTreeMap::new();
        self.by_kind.get(&kind).unwrap_or(NONE).values()
    }
}
