//! Commits, pages and flips.
//!
//! Every change is: blocks written (visible to nobody), then one batch that makes them visible, then a sync, then what they
//! replace erased. A crash before the batch leaves orphan blocks, after it leaves old ones; the next open erases both.

use std::collections::BTreeMap;

use ::sled::Batch;

use super::codec::{self, ItemRef, PageHead};
use super::{SledStore, keys, mirror};
use crate::domain::ids::RecordId;
use crate::store::bytes::len64;
use crate::store::{Change, MAX_VALUE, Row, StoreError};

/// Changes up to this many records are written one by one; above it a block is cheaper to write and to read.
const SINGLES: usize = 64;
/// A flip of up to this many records is written one by one, so that daily syncs do not leave a block each.
const SMALL_FLIP: usize = 256;
/// This many single rows are folded into blocks: they cost 3 times their size on the disk and some time at open.
const FOLD: usize = 1_024;
/// Bytes of blocks that go into one batch: sled holds a batch in memory.
const CHUNK: usize = 4 << 20;

type Notes = [(String, Option<Vec<u8>>)];

/// Blocks written and not yet visible.
type Written = Vec<(u64, u32)>;

impl SledStore {
    pub(super) fn write_change(&mut self, change: &Change) -> Result<(), StoreError> {
        self.guard.check_writable()?;
        check_lengths(change)?;
        let items = codec::settle(change);
        let mut batch = Batch::default();
        if items.len() <= SINGLES {
            let singles = self.put_singles(&items, &mut batch);
            self.put_notes(&change.notes, &mut batch)?;
            self.finish(batch)?;
            self.set_singles(singles);
        } else {
            let written = self.write_blocks(items.iter().copied())?;
            let stamp = self.next_stamp();
            Self::show(&written, stamp, &mut batch);
            self.remove_singles(items.iter().map(|item| item.id()), &mut batch);
            self.put_notes(&change.notes, &mut batch)?;
            self.finish(batch)?;
            self.live.extend(written.iter().map(|(block, entries)| ((stamp, *block), *entries)));
            self.forget_singles(items.iter().map(|item| item.id()));
        }
        if self.singles.len() > FOLD { self.fold() } else { Ok(()) }
    }

    pub(super) fn write_page(&mut self, page: &Change) -> Result<(), StoreError> {
        self.guard.check_writable()?;
        check_lengths(page)?;
        let items = codec::settle(page);
        let blocks = self.write_blocks(items.iter().copied())?;
        let ids = items.iter().map(|item| item.id()).collect();
        let head = PageHead { blocks, ids, notes: page.notes.clone() };
        let number = self.pages.keys().next_back().map_or(0, |last| last.saturating_add(1));
        let key = keys::numbered(keys::PAGE, number);
        let mut batch = Batch::default();
        let pieces = self.put_value(&key, &head.encode(), 0, &mut batch);
        self.finish(batch)?;
        self.pages.insert(number, pieces);
        Ok(())
    }

    pub(super) fn write_flip(&mut self, replace: bool, notes: &Notes) -> Result<(), StoreError> {
        self.guard.check_writable()?;
        check_notes(notes)?;
        let heads = self.heads()?;
        let entries: usize = heads.iter().map(|head| head.ids.len()).sum();
        if replace || entries > SMALL_FLIP {
            self.flip_blocks(replace, heads, notes)
        } else {
            self.flip_singles(heads, notes)
        }
    }

    /// Makes the pages' blocks visible as they are.
    fn flip_blocks(
        &mut self,
        replace: bool,
        heads: Vec<PageHead>,
        notes: &Notes,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let old = if replace { self.live.clone() } else { BTreeMap::new() };
        for (stamp, block) in old.keys() {
            batch.remove(keys::live(*stamp, *block));
        }
        let mut shown = Vec::new();
        for (stamp, head) in (self.next_stamp()..).zip(&heads) {
            Self::show(&head.blocks, stamp, &mut batch);
            shown.extend(head.blocks.iter().map(|(block, entries)| ((stamp, *block), *entries)));
        }
        let overridden: Vec<RecordId> = if replace {
            self.singles.keys().copied().collect()
        } else {
            heads.iter().flat_map(|head| head.ids.iter().copied()).collect()
        };
        self.remove_singles(overridden.iter().copied(), &mut batch);
        self.remove_pages(&mut batch);
        let all: Vec<_> =
            heads.into_iter().flat_map(|head| head.notes).chain(notes.iter().cloned()).collect();
        self.put_notes(&all, &mut batch)?;
        self.finish(batch)?;
        self.pages.clear();
        self.forget_singles(overridden.into_iter());
        self.live.retain(|key, _| !old.contains_key(key));
        self.live.extend(shown);
        let replaced: Vec<u64> = old.keys().map(|(_, block)| *block).collect();
        self.erase_replaced(&replaced);
        Ok(())
    }

    /// Writes what the pages come to as single rows.
    fn flip_singles(&mut self, heads: Vec<PageHead>, notes: &Notes) -> Result<(), StoreError> {
        let staged: Vec<u64> =
            heads.iter().flat_map(|head| head.blocks.iter().map(|(block, _)| *block)).collect();
        let mut unpacker = None;
        let mut rows: BTreeMap<RecordId, Option<Row>> = BTreeMap::new();
        let mut all = Vec::new();
        for head in heads {
            let page = self.page(head, &mut unpacker)?;
            rows.extend(page.puts.into_iter().map(|row| (row.id, Some(row))));
            rows.extend(page.removes.into_iter().map(|id| (id, None)));
            all.extend(page.notes);
        }
        all.extend_from_slice(notes);
        let item = |(id, row)| -> ItemRef<'_> {
            let (id, row): (&RecordId, &Option<Row>) = (id, row);
            row.as_ref().map_or(ItemRef::Remove(*id), ItemRef::Put)
        };
        let items: Vec<ItemRef<'_>> = rows.iter().map(item).collect();
        let mut batch = Batch::default();
        let singles = self.put_singles(&items, &mut batch);
        self.remove_pages(&mut batch);
        self.put_notes(&all, &mut batch)?;
        self.finish(batch)?;
        self.pages.clear();
        self.set_singles(singles);
        self.erase_replaced(&staged);
        if self.singles.len() > FOLD { self.fold() } else { Ok(()) }
    }

    /// Forgets the staged pages.
    pub(super) fn drop_pages(&mut self) -> Result<(), StoreError> {
        let heads = self.heads().unwrap_or_default();
        let mut batch = Batch::default();
        self.remove_pages(&mut batch);
        self.finish(batch)?;
        self.pages.clear();
        let staged: Vec<u64> =
            heads.iter().flat_map(|head| head.blocks.iter().map(|(block, _)| *block)).collect();
        self.erase_replaced(&staged);
        Ok(())
    }

    /// Syncs, and rewrites everything when most of what the blocks hold is out of date.
    pub(super) fn tidy(&mut self) -> Result<(), StoreError> {
        self.guard.check_writable()?;
        let entries: u64 = self.live.values().map(|entries| u64::from(*entries)).sum();
        let rows = self.rows.get();
        if rows > 0 && entries > rows.saturating_mul(2).saturating_add(4_096) {
            self.rewrite()?;
        }
        self.guard.sync()?;
        self.seen.sync();
        if self.notes_changed {
            mirror::write(&self.dir, &self.sealer, &self.read_notes("")?)?;
            self.notes_changed = false;
        }
        Ok(())
    }

    /// Puts the single rows into blocks of their own.
    fn fold(&mut self) -> Result<(), StoreError> {
        let (mut puts, mut removes) = (Vec::new(), Vec::new());
        self.read_singles(&mut |item| match item {
            codec::Item::Put(row) => puts.push(row),
            codec::Item::Remove(id) => removes.push(id),
        })?;
        let items =
            puts.iter().map(ItemRef::Put).chain(removes.iter().copied().map(ItemRef::Remove));
        let written = self.write_blocks(items)?;
        let stamp = self.next_stamp();
        let mut batch = Batch::default();
        Self::show(&written, stamp, &mut batch);
        self.remove_singles(self.singles.keys().copied(), &mut batch);
        self.finish(batch)?;
        self.singles.clear();
        self.live.extend(written.iter().map(|(block, entries)| ((stamp, *block), *entries)));
        Ok(())
    }

    /// Writes all visible rows into new blocks in place of the old ones.
    fn rewrite(&mut self) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        self.read_rows(&mut |row| rows.push(row))?;
        let written = self.write_blocks(rows.iter().map(ItemRef::Put))?;
        let stamp = self.next_stamp();
        let mut batch = Batch::default();
        Self::show(&written, stamp, &mut batch);
        for (stamp, block) in self.live.keys() {
            batch.remove(keys::live(*stamp, *block));
        }
        self.remove_singles(self.singles.keys().copied(), &mut batch);
        self.finish(batch)?;
        self.singles.clear();
        let old: Vec<u64> =
            std::mem::take(&mut self.live).keys().map(|(_, block)| *block).collect();
        self.live.extend(written.iter().map(|(block, entries)| ((stamp, *block), *entries)));
        self.erase_replaced(&old);
        Ok(())
    }

    /// Writes items as blocks that nothing speaks of yet.
    fn write_blocks<'a>(
        &mut self,
        items: impl IntoIterator<Item = ItemRef<'a>>,
    ) -> Result<Written, StoreError> {
        let mut written = Written::new();
        let (mut batch, mut bytes) = (Batch::default(), 0);
        codec::blocks(items, &mut |packed, entries| {
            let block = self.next_block;
            self.next_block += 1;
            let key = keys::numbered(keys::BLOCK, block);
            bytes += packed.len();
            let pieces = self.put_value(&key, &packed, 0, &mut batch);
            self.blocks.insert(block, pieces);
            written.push((block, entries));
            if bytes > CHUNK {
                bytes = 0;
                self.guard.apply(std::mem::take(&mut batch))?;
            }
            Ok(())
        })?;
        if bytes > 0 {
            self.guard.apply(batch)?;
        }
        Ok(written)
    }

    /// Erases blocks nothing speaks of; not synced, for the next open would do it again.
    pub(super) fn erase_blocks(&mut self, blocks: &[u64]) -> Result<(), StoreError> {
        for chunk in blocks.chunks(256) {
            let mut batch = Batch::default();
            for block in chunk {
                let key = keys::numbered(keys::BLOCK, *block);
                let pieces = self.blocks.remove(block).unwrap_or(0);
                (0..pieces).for_each(|piece| batch.remove(keys::piece(&key, piece)));
            }
            self.guard.apply(batch)?;
        }
        Ok(())
    }

    /// Erases what a finished change replaced. The change stands whether or not this succeeds.
    fn erase_replaced(&mut self, blocks: &[u64]) {
        if self.erase_blocks(blocks).is_err() {
            self.guard.poison();
        }
    }

    /// Counts the commit, applies its batch and makes it durable.
    fn finish(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        let commits = self.commits.saturating_add(1);
        batch.insert(keys::COMMITS, &commits.to_be_bytes());
        self.guard.apply(batch)?;
        self.guard.sync()?;
        self.commits = commits;
        self.seen.note(commits);
        Ok(())
    }

    fn next_stamp(&self) -> u64 {
        self.live.keys().next_back().map_or(0, |(stamp, _)| stamp.saturating_add(1))
    }

    fn show(written: &Written, stamp: u64, batch: &mut Batch) {
        for (block, entries) in written {
            batch.insert(keys::live(stamp, *block), &entries.to_be_bytes());
        }
    }

    /// Writes single rows; a removal needs a mark only where a block may have the record.
    fn put_singles(
        &self,
        items: &[ItemRef<'_>],
        batch: &mut Batch,
    ) -> Vec<(RecordId, Option<u16>)> {
        let mut singles = Vec::with_capacity(items.len());
        let mut plain = Vec::new();
        for item in items {
            let (id, key) = (item.id(), keys::single(item.id()));
            let old = self.singles.get(&id).copied().unwrap_or(0);
            if self.live.is_empty() && matches!(item, ItemRef::Remove(_)) {
                (0..old).for_each(|piece| batch.remove(keys::piece(&key, piece)));
                singles.push((id, None));
            } else {
                plain.clear();
                codec::encode(*item, &mut plain);
                singles.push((id, Some(self.put_value(&key, &plain, old, batch))));
            }
        }
        singles
    }

    fn set_singles(&mut self, singles: Vec<(RecordId, Option<u16>)>) {
        for (id, pieces) in singles {
            match pieces {
                Some(pieces) => self.singles.insert(id, pieces),
                None => self.singles.remove(&id),
            };
        }
    }

    fn forget_singles(&mut self, ids: impl Iterator<Item = RecordId>) {
        for id in ids {
            self.singles.remove(&id);
        }
    }

    fn remove_singles(&self, ids: impl Iterator<Item = RecordId>, batch: &mut Batch) {
        for (id, pieces) in ids.filter_map(|id| self.singles.get(&id).map(|pieces| (id, *pieces))) {
            let key = keys::single(id);
            (0..pieces).for_each(|piece| batch.remove(keys::piece(&key, piece)));
        }
    }

    fn remove_pages(&self, batch: &mut Batch) {
        for (page, pieces) in &self.pages {
            let key = keys::numbered(keys::PAGE, *page);
            (0..*pieces).for_each(|piece| batch.remove(keys::piece(&key, piece)));
        }
    }

    fn put_notes(&mut self, notes: &Notes, batch: &mut Batch) -> Result<(), StoreError> {
        self.notes_changed |= !notes.is_empty();
        // Only the last word on a name counts, and sled's batch keeps only the last word on a key.
        let last: BTreeMap<&str, Option<&[u8]>> =
            notes.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        for (name, value) in last {
            let key = keys::note(name);
            let first = self.guard.get(&keys::piece(&key, 0))?;
            let old = first.and_then(|first| keys::count(&first)).unwrap_or(0);
            match value {
                Some(value) => drop(self.put_value(&key, value, old, batch)),
                None => (0..old).for_each(|piece| batch.remove(keys::piece(&key, piece))),
            }
        }
        Ok(())
    }

    /// Seals a value and writes its pieces over the `old` ones; returns how many there are now.
    fn put_value(&self, key: &[u8], plain: &[u8], old: u16, batch: &mut Batch) -> u16 {
        let sealed = self.sealer.seal("store", key, plain);
        let mut number = 0_u16;
        for piece in keys::cut(&sealed) {
            batch.insert(keys::piece(key, number), piece);
            number = number.saturating_add(1);
        }
        (number..old).for_each(|piece| batch.remove(keys::piece(key, piece)));
        number
    }
}

fn check_lengths(change: &Change) -> Result<(), StoreError> {
    let long = change.puts.iter().map(|row| row.bytes.len()).find(|len| *len > MAX_VALUE);
    long.map_or(Ok(()), |len| Err(StoreError::TooLong { bytes: len64(len) }))?;
    check_notes(&change.notes)
}

/// A name is part of a key, and long keys make sled's pages long.
const MAX_NAME: usize = 255;

fn check_notes(notes: &Notes) -> Result<(), StoreError> {
    for (name, value) in notes {
        let len = value.as_ref().map_or(0, Vec::len);
        if len > MAX_VALUE || name.len() > MAX_NAME {
            return Err(StoreError::TooLong { bytes: len64(len.max(name.len())) });
        }
    }
    Ok(())
}
