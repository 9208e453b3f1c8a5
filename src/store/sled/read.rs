//! Reading rows, notes and staged pages.

use std::collections::BTreeSet;

use super::codec::{self, Item, PageHead};
use super::{SledStore, keys};
use crate::store::bytes::{Reader, len64};
use crate::store::{Change, Row, StoreError};

/// Keeps zstd's context between blocks.
pub(super) type Unpacker = Option<zstd::bulk::Decompressor<'static>>;

impl SledStore {
    pub(super) fn read_rows(&self, visit: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        let mut seen = BTreeSet::new();
        let mut rows = 0_usize;
        let mut failed = None;
        let mut take = |item: Item| {
            if seen.insert(item.id())
                && let Item::Put(row) = item
            {
                rows += 1;
                visit(row);
            }
        };
        failed = self.read_singles(&mut take).err().or(failed);
        let mut unpacker = None;
        for (_, block) in self.live.keys().rev() {
            failed = self.read_block(*block, &mut unpacker, &mut take).err().or(failed);
        }
        self.rows.set(len64(rows));
        failed.map_or(Ok(()), Err)
    }

    /// Visits the single rows; the intact ones before it fails.
    pub(super) fn read_singles(&self, take: &mut dyn FnMut(Item)) -> Result<(), StoreError> {
        let mut broken = 0_u32;
        self.values(&[keys::SINGLE], &mut |key, sealed| {
            let plain = self.sealer.open("store", key, sealed);
            match plain.and_then(|plain| codec::decode(&mut Reader(&plain))) {
                Some(item) => take(item),
                None => broken += 1,
            }
        })?;
        if broken > 0 { Err(self.damaged("rows")) } else { Ok(()) }
    }

    /// Visits the entries of one block; none of them if it fails.
    pub(super) fn read_block(
        &self,
        block: u64,
        unpacker: &mut Unpacker,
        take: &mut dyn FnMut(Item),
    ) -> Result<(), StoreError> {
        let key = keys::numbered(keys::BLOCK, block);
        let raw = self.value(&key)?.and_then(|packed| codec::unpack(&packed, unpacker));
        let raw = raw.ok_or_else(|| self.damaged("blocks"))?;
        let mut reader = Reader(&raw);
        while !reader.is_done() {
            take(codec::decode(&mut reader).ok_or_else(|| self.damaged("blocks"))?);
        }
        Ok(())
    }

    pub(super) fn read_note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(&keys::note(name))
    }

    pub(super) fn read_notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut notes = Vec::new();
        let mut broken = 0_u32;
        self.values(&keys::note(prefix), &mut |key, sealed| match (
            keys::name(key),
            self.sealer.open("store", key, sealed),
        ) {
            (Some(name), Some(value)) if name.starts_with(prefix) => {
                notes.push((name.to_owned(), value));
            }
            (Some(_), Some(_)) => {}
            _ => broken += 1,
        })?;
        notes.sort();
        if broken > 0 { Err(self.damaged("notes")) } else { Ok(notes) }
    }

    pub(super) fn read_pages(&self, visit: &mut dyn FnMut(Change)) -> Result<(), StoreError> {
        let mut unpacker = None;
        for head in self.heads()? {
            visit(self.page(head, &mut unpacker)?);
        }
        Ok(())
    }

    pub(super) fn page(
        &self,
        head: PageHead,
        unpacker: &mut Unpacker,
    ) -> Result<Change, StoreError> {
        let mut page = Change { notes: head.notes, ..Change::default() };
        for (block, _) in head.blocks {
            self.read_block(block, unpacker, &mut |item| match item {
                Item::Put(row) => page.puts.push(row),
                Item::Remove(id) => page.removes.push(id),
            })?;
        }
        Ok(page)
    }

    /// Returns the heads of the staged pages in order.
    pub(super) fn heads(&self) -> Result<Vec<PageHead>, StoreError> {
        let head = |page: &u64| {
            let plain = self.value(&keys::numbered(keys::PAGE, *page))?;
            plain.and_then(|plain| PageHead::decode(&plain)).ok_or_else(|| self.damaged("pages"))
        };
        self.pages.keys().map(head).collect()
    }

    /// Reads and unseals one value, `None` when there is none.
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(first) = self.guard.get(&keys::piece(key, 0))? else {
            return Ok(None);
        };
        let count = keys::count(&first).ok_or_else(|| self.damaged("value"))?;
        let mut whole = first.to_vec();
        for piece in 1..count {
            let next = self.guard.get(&keys::piece(key, piece))?;
            whole.extend_from_slice(&next.ok_or_else(|| self.damaged("value"))?);
        }
        let plain = keys::join(&whole).and_then(|sealed| self.sealer.open("store", key, sealed));
        plain.map(Some).ok_or_else(|| self.damaged("value"))
    }

    /// Visits the sealed values whose keys begin with `prefix`, their pieces joined; a value that lacks one as empty.
    fn values(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let mut key_now = Vec::new();
        let mut whole = Vec::new();
        let mut flush = |key: &[u8], whole: &mut Vec<u8>| {
            if !whole.is_empty() {
                visit(key, keys::join(whole).unwrap_or_default());
            }
            whole.clear();
        };
        self.guard.scan(prefix, &mut |key, value| {
            let (key, _) = keys::split_piece(key).ok_or_else(|| self.damaged("keys"))?;
            if key != key_now {
                flush(&key_now, &mut whole);
                key_now = key.to_vec();
            }
            whole.extend_from_slice(value);
            Ok(())
        })?;
        flush(&key_now, &mut whole);
        Ok(())
    }
}
