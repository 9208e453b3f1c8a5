//! The backend over sled 0.34, sealed. Rows that come together are kept together in compressed blocks, rows changed one
//! by one stand before the blocks until there are enough of them to fold into blocks again.
//!
//! Invariant: a single row is newer than every visible block that has its record; whoever makes a block visible removes the
//! singles of its records in the same batch.

mod codec;
mod flush;
mod guard;
mod keys;
mod mirror;
mod read;
mod salvage;
mod seen;
#[cfg(test)]
mod tests;
mod write;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::seal::Sealer;
use super::{Change, Finding, FindingCode, Row, Store, StoreError};
use crate::domain::ids::RecordId;
use codec::PageHead;
use guard::Guard;
use seen::Seen;

pub(super) use salvage::{move_aside, resume};

/// The version of the key layout and the codec.
const FORMAT: u32 = 1;

/// A [`Store`] in a directory of its own.
pub(super) struct SledStore {
    guard: Guard,
    sealer: Sealer,
    dir: PathBuf,
    /// Visible blocks by stamp and number, with the number of entries in each.
    live: BTreeMap<(u64, u64), u32>,
    /// Every block there is, with the number of its pieces.
    blocks: BTreeMap<u64, u16>,
    /// The single rows, with the number of their pieces.
    singles: BTreeMap<RecordId, u16>,
    /// The staged pages, with the number of pieces of their heads.
    pages: BTreeMap<u64, u16>,
    next_block: u64,
    commits: u64,
    seen: Seen,
    /// Whether notes changed since they were mirrored.
    notes_changed: bool,
    /// Visible rows as of the last full read; 0 before it.
    rows: Cell<u64>,
    /// Held as long as anything of the directory is open.
    _lock: Option<Lock>,
}

impl SledStore {
    /// Opens or makes the store in `dir` and reads every page once, so that damage shows now and not later.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when [`move_aside`] is the way on.
    pub(super) fn open(
        dir: &Path,
        sealer: Sealer,
        lock: Option<Lock>,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, StoreError> {
        let guard = Guard::open(dir, findings)?;
        let mut store = Self {
            guard,
            sealer,
            dir: dir.into(),
            live: BTreeMap::new(),
            blocks: BTreeMap::new(),
            singles: BTreeMap::new(),
            pages: BTreeMap::new(),
            next_block: 0,
            commits: 0,
            seen: Seen::open(dir)?,
            notes_changed: false,
            rows: Cell::new(0),
            _lock: lock,
        };
        store.check_format()?;
        store.load_index()?;
        store.check_blocks(findings)?;
        store.check_seen(findings)?;
        Ok(store)
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::damaged(what, &self.dir)
    }

    fn check_format(&mut self) -> Result<(), StoreError> {
        let found = self.guard.get(keys::FORMAT)?;
        let Some(found) = found else {
            let mut batch = ::sled::Batch::default();
            batch.insert(keys::FORMAT, &FORMAT.to_be_bytes());
            self.guard.apply(batch)?;
            return self.guard.sync();
        };
        match found.as_ref().try_into().map(u32::from_be_bytes) {
            Ok(version) if version > FORMAT => Err(StoreError::TooNew { version }),
            Ok(_) => Ok(()),
            Err(_) => Err(self.damaged("format")),
        }
    }

    fn load_index(&mut self) -> Result<(), StoreError> {
        if let Some(commits) = self.guard.get(keys::COMMITS)? {
            let commits = commits.as_ref().try_into().map(u64::from_be_bytes);
            self.commits = commits.ok().ok_or_else(|| self.damaged("commits"))?;
        }
        let (guard, bad) = (&self.guard, |what| StoreError::damaged(what, &self.dir));
        let live = &mut self.live;
        guard.scan(&[keys::LIVE], &mut |key, value| {
            let key = keys::stamp_and_block(key).ok_or_else(|| bad("index"))?;
            let entries =
                value.try_into().ok().map(u32::from_be_bytes).ok_or_else(|| bad("index"))?;
            live.insert(key, entries);
            Ok(())
        })?;
        let dir = &self.dir;
        self.blocks = pieces(guard, dir, keys::BLOCK, keys::number)?;
        self.pages = pieces(guard, dir, keys::PAGE, keys::number)?;
        self.singles = pieces(guard, dir, keys::SINGLE, keys::id)?;
        // Notes are few; reading them here finds their damage now.
        pieces(guard, dir, keys::NOTE, |key| keys::name(key).map(str::to_owned))?;
        self.next_block = self.blocks.keys().next_back().map_or(0, |last| last.saturating_add(1));
        Ok(())
    }

    /// Compares the blocks there are with the blocks that are spoken of.
    fn check_blocks(&mut self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        if self.live.keys().any(|(_, block)| !self.blocks.contains_key(block)) {
            return Err(self.damaged("blocks"));
        }
        let heads: Option<Vec<PageHead>> = self.heads().ok();
        let whole =
            |head: &PageHead| head.blocks.iter().all(|(block, _)| self.blocks.contains_key(block));
        let heads = heads.filter(|heads| heads.iter().all(whole));
        let Some(heads) = heads else {
            let numbers = [("pages", super::bytes::len64(self.pages.len()))];
            findings.push(Finding::new(FindingCode::StagingDropped, &self.dir, &numbers));
            return self.drop_pages();
        };
        let staged = heads.iter().flat_map(|head| head.blocks.iter().map(|(block, _)| *block));
        let used: BTreeSet<u64> = staged.chain(self.live.keys().map(|(_, block)| *block)).collect();
        let orphans: Vec<u64> =
            self.blocks.keys().copied().filter(|block| !used.contains(block)).collect();
        self.erase_blocks(&orphans)
    }

    fn check_seen(&mut self, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
        let expected = self.seen.count();
        if expected > self.commits {
            let known: BTreeSet<String> =
                self.read_notes("")?.into_iter().map(|(name, _)| name).collect();
            let mirrored = mirror::read(&self.dir, &self.sealer).into_iter();
            let lost = mirrored.filter(|(name, _)| !known.contains(name));
            let notes = lost.map(|(name, value)| (name, Some(value))).collect();
            let numbers = [("expected", expected), ("found", self.commits)];
            findings.push(Finding::new(FindingCode::StoreShort, &self.dir, &numbers));
            // Told once: the refill is on its way.
            self.commits = expected;
            self.write_change(&Change { notes, ..Change::default() })?;
        }
        Ok(())
    }
}

/// Reads the keys of a family: how many pieces each value has. Fails where pieces are missing.
fn pieces<K: Ord + Clone>(
    guard: &Guard,
    dir: &Path,
    family: u8,
    parse: impl Fn(&[u8]) -> Option<K>,
) -> Result<BTreeMap<K, u16>, StoreError> {
    let mut found: BTreeMap<K, u16> = BTreeMap::new();
    let mut open: Option<(K, u16)> = None;
    let bad = || StoreError::damaged("pieces", dir);
    guard.scan(&[family], &mut |key, value| {
        let (key, piece) = keys::split_piece(key).ok_or_else(bad)?;
        let key = parse(key).ok_or_else(bad)?;
        let left = match open.take() {
            None if piece == 0 => keys::count(value).ok_or_else(bad)?,
            Some((before, left)) if before == key => left,
            _ => return Err(bad()),
        };
        found.insert(key.clone(), piece.saturating_add(1));
        open = left.checked_sub(1).filter(|left| *left > 0).map(|left| (key, left));
        Ok(())
    })?;
    if open.is_some() { Err(bad()) } else { Ok(found) }
}

impl Store for SledStore {
    fn rows(&self, visit: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.read_rows(visit)
    }

    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_note(key)
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.read_notes(prefix)
    }

    fn commit(&mut self, change: &Change) -> Result<(), StoreError> {
        self.write_change(change)
    }

    fn stage(&mut self, page: &Change) -> Result<(), StoreError> {
        self.write_page(page)
    }

    fn staged(&self, visit: &mut dyn FnMut(Change)) -> Result<(), StoreError> {
        self.read_pages(visit)
    }

    fn flip(
        &mut self,
        replace: bool,
        notes: &[(String, Option<Vec<u8>>)],
    ) -> Result<(), StoreError> {
        self.write_flip(replace, notes)
    }

    fn unstage(&mut self) -> Result<(), StoreError> {
        self.guard.check_writable()?;
        self.drop_pages()
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.tidy()
    }
}
