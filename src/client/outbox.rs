//! The device's own operations that are not yet part of the confirmed base, in order.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::RecordId;
use crate::sync::Digest;

/// One operation in the outbox.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) record: RecordId,
    /// The operation's frame, as it was first encoded.
    pub(super) bytes: Vec<u8>,
}

/// Operations after `settled_n`, and where the numbering stands.
#[derive(Default)]
pub(super) struct Outbox {
    ops: BTreeMap<u64, Waiting>,
    by_record: BTreeMap<RecordId, Vec<u64>>,
    /// Operations that the server holds, by generation and number: not decided, so still part of the view.
    held: BTreeMap<(u32, u64), Waiting>,
    held_by_record: BTreeMap<RecordId, BTreeSet<(u32, u64)>>,
    /// Last number used in this generation; 0 for none.
    pub(super) last_n: u64,
    /// Hash of that operation.
    pub(super) last_hash: Digest,
}

impl Outbox {
    pub(super) fn push(&mut self, n: u64, record: RecordId, bytes: Vec<u8>) {
        let numbers = self.by_record.entry(record).or_default();
        // Operations that wait again come after later ones, and are laid over the record before them.
        if let Err(place) = numbers.binary_search(&n) {
            numbers.insert(place, n);
        }
        self.ops.insert(n, Waiting { record, bytes });
    }

    /// Takes one operation out and returns the record it was about.
    pub(super) fn remove(&mut self, n: u64) -> Option<RecordId> {
        let waiting = self.ops.remove(&n)?;
        if let Some(ns) = self.by_record.get_mut(&waiting.record) {
            ns.retain(|other| *other != n);
            if ns.is_empty() {
                self.by_record.remove(&waiting.record);
            }
        }
        Some(waiting.record)
    }

    /// Takes out everything up to `n` and returns the records.
    pub(super) fn settle(&mut self, n: u64) -> Vec<RecordId> {
        let numbers: Vec<u64> = self.ops.range(..=n).map(|(number, _)| *number).collect();
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Drops what waits for one record: the mistake T24.
    pub(super) fn forget(&mut self, record: RecordId) {
        for n in self.by_record.remove(&record).unwrap_or_default() {
            self.ops.remove(&n);
        }
    }

    /// Keeps an operation that the server holds.
    pub(super) fn hold(&mut self, key: (u32, u64), record: RecordId, bytes: Vec<u8>) {
        self.held_by_record.entry(record).or_default().insert(key);
        self.held.insert(key, Waiting { record, bytes });
    }

    /// Takes out an operation that the server holds no longer, and returns its record.
    pub(super) fn let_go(&mut self, key: (u32, u64)) -> Option<RecordId> {
        let waiting = self.held.remove(&key)?;
        if let Some(keys) = self.held_by_record.get_mut(&waiting.record) {
            keys.remove(&key);
            if keys.is_empty() {
                self.held_by_record.remove(&waiting.record);
            }
        }
        Some(waiting.record)
    }

    /// Takes over what another outbox holds.
    pub(super) fn take_held(&mut self, other: &mut Self) {
        self.held = std::mem::take(&mut other.held);
        self.held_by_record = std::mem::take(&mut other.held_by_record);
    }

    /// Names of the held operations after `n` of a generation.
    pub(super) fn held_after(&self, generation: u32, n: u64) -> Vec<(u32, u64)> {
        let after = (generation, n.saturating_add(1))..=(generation, u64::MAX);
        self.held.range(after).map(|(key, _)| *key).collect()
    }

    /// Operations on one record in the order they were written.
    pub(super) fn of_record(&self, record: RecordId) -> Vec<&Waiting> {
        let held = self.held_by_record.get(&record).into_iter().flatten();
        let held = held.filter_map(|key| self.held.get(key));
        let numbers = self.by_record.get(&record).into_iter().flatten();
        held.chain(numbers.filter_map(|n| self.ops.get(n))).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.held.is_empty()
    }

    pub(super) fn touches(&self, record: RecordId) -> bool {
        self.by_record.contains_key(&record) || self.held_by_record.contains_key(&record)
    }

    /// Operations after `n`, in order.
    pub(super) fn after(&self, n: u64) -> impl Iterator<Item = (u64, &Waiting)> {
        self.ops.range(n.saturating_add(1)..).map(|(number, waiting)| (*number, waiting))
    }

    pub(super) fn records(&self) -> Vec<RecordId> {
        let records: BTreeSet<RecordId> =
            self.by_record.keys().chain(self.held_by_record.keys()).copied().collect();
        records.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_wait_again_stand_before_later_ones() {
        let record = RecordId(uuid::Uuid::from_u128(1));
        let mut outbox = Outbox::default();
        for n in [4, 1, 2] {
            outbox.push(n, record, vec![u8::try_from(n).unwrap()]);
        }
        let order: Vec<u8> = outbox.of_record(record).iter().map(|op| op.bytes[0]).collect();
        assert_eq!(order, [1, 2, 4]);
    }
}
