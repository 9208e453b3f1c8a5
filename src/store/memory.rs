//! The backend without files: for tests, the simulator and trying things out. It forgets everything at exit.

use std::collections::BTreeMap;

use super::{Change, Entry, Journal, Row, Store, StoreError};
use crate::domain::ids::RecordId;

/// A [`Store`] in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: BTreeMap<RecordId, Row>,
    notes: BTreeMap<String, Vec<u8>>,
    staged: Vec<Change>,
}

/// A [`Journal`] in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    entries: Vec<Entry>,
}

impl MemoryStore {
    fn apply(&mut self, change: &Change) {
        for row in &change.puts {
            self.rows.insert(row.id, row.clone());
        }
        for id in &change.removes {
            self.rows.remove(id);
        }
        self.apply_notes(&change.notes);
    }

    fn apply_notes(&mut self, notes: &[(String, Option<Vec<u8>>)]) {
        for (key, value) in notes {
            match value {
                Some(value) => self.notes.insert(key.clone(), value.clone()),
                None => self.notes.remove(key),
            };
        }
    }
}

impl Store for MemoryStore {
    fn rows(&self, visit: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.rows.values().cloned().for_each(visit);
        Ok(())
    }

    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.notes.get(key).cloned())
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let from = self.notes.range(prefix.to_owned()..);
        Ok(from
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn commit(&mut self, change: &Change) -> Result<(), StoreError> {
        self.apply(change);
        Ok(())
    }

    fn stage(&mut self, page: &Change) -> Result<(), StoreError> {
        self.staged.push(page.clone());
        Ok(())
    }

    fn staged(&self, visit: &mut dyn FnMut(Change)) -> Result<(), StoreError> {
        self.staged.iter().cloned().for_each(visit);
        Ok(())
    }

    fn flip(
        &mut self,
        replace: bool,
        notes: &[(String, Option<Vec<u8>>)],
    ) -> Result<(), StoreError> {
        if replace {
            self.rows.clear();
        }
        for page in std::mem::take(&mut self.staged) {
            self.apply(&page);
        }
        self.apply_notes(notes);
        Ok(())
    }

    fn unstage(&mut self) -> Result<(), StoreError> {
        self.staged.clear();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.entries.extend_from_slice(entries);
        Ok(())
    }

    fn read_some(
        &self,
        wanted: &dyn Fn(u32, u64) -> bool,
        visit: &mut dyn FnMut(Entry),
    ) -> Result<(), StoreError> {
        let wanted = self.entries.iter().filter(|entry| wanted(entry.generation, entry.n));
        wanted.cloned().for_each(visit);
        Ok(())
    }

    fn last(&self) -> Option<(u32, u64)> {
        self.entries.last().map(|entry| (entry.generation, entry.n))
    }

    fn trimmable(&self, _done: &dyn Fn(u32, u64) -> bool) -> Result<usize, StoreError> {
        Ok(0)
    }

    fn trim(&mut self, _parts: usize) -> Result<(), StoreError> {
        Ok(())
    }
}
