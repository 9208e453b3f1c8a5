//! What stands in a block, a single row and a staged page before it is sealed.

use uuid::Uuid;

use crate::domain::ids::RecordId;
use crate::store::bytes::{Reader, len32, put_bytes, put_row, take_row};
use crate::store::{Change, MAX_VALUE, Row};

/// Bytes of rows in a block before compression: enough for zstd to find what rows have in common, and little to rewrite.
const BLOCK_BYTES: usize = 64 << 10;
/// Fast, and within a few per cent of the next levels on rows.
const LEVEL: i32 = 3;
const PUT: u8 = 0;
const REMOVE: u8 = 1;

/// A row or the mark that there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Put(Row),
    Remove(RecordId),
}

impl Item {
    pub(super) fn id(&self) -> RecordId {
        match self {
            Self::Put(row) => row.id,
            Self::Remove(id) => *id,
        }
    }
}

/// A row or removal on its way in, borrowed.
#[derive(Clone, Copy)]
pub(super) enum ItemRef<'a> {
    Put(&'a Row),
    Remove(RecordId),
}

impl ItemRef<'_> {
    pub(super) fn id(self) -> RecordId {
        match self {
            Self::Put(row) => row.id,
            Self::Remove(id) => id,
        }
    }
}

/// The head of a staged page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PageHead {
    /// Its blocks with the number of entries in each.
    pub(super) blocks: Vec<(u64, u32)>,
    /// Every record it puts or removes: the singles of these are out of date after the flip.
    pub(super) ids: Vec<RecordId>,
    pub(super) notes: Vec<(String, Option<Vec<u8>>)>,
}

/// Appends one item.
pub(super) fn encode(item: ItemRef<'_>, out: &mut Vec<u8>) {
    match item {
        ItemRef::Put(row) => {
            out.push(PUT);
            put_row(out, row);
        }
        ItemRef::Remove(id) => {
            out.push(REMOVE);
            out.extend_from_slice(id.0.as_bytes());
        }
    }
}

/// Takes one item off the front.
pub(super) fn decode(reader: &mut Reader<'_>) -> Option<Item> {
    match reader.u8()? {
        PUT => take_row(reader).map(Item::Put),
        REMOVE => Some(Item::Remove(RecordId(Uuid::from_bytes(reader.array()?)))),
        _ => None,
    }
}

/// Compresses items into blocks; calls `emit` with each block and the number of its entries.
pub(super) fn blocks<'a, E>(
    items: impl IntoIterator<Item = ItemRef<'a>>,
    emit: &mut dyn FnMut(Vec<u8>, u32) -> Result<(), E>,
) -> Result<(), E> {
    let mut packer = zstd::bulk::Compressor::new(LEVEL).ok();
    let mut raw = Vec::with_capacity(BLOCK_BYTES * 2);
    let mut entries = 0_u32;
    for item in items {
        encode(item, &mut raw);
        entries += 1;
        if raw.len() >= BLOCK_BYTES {
            emit(pack(&raw, packer.as_mut()), std::mem::take(&mut entries))?;
            raw.clear();
        }
    }
    if entries > 0 {
        emit(pack(&raw, packer.as_mut()), entries)?;
    }
    Ok(())
}

/// Length before compression, then the compressed bytes; a length of 0 says that they are not compressed.
fn pack(raw: &[u8], packer: Option<&mut zstd::bulk::Compressor<'_>>) -> Vec<u8> {
    let packed = packer.and_then(|packer| packer.compress(raw).ok());
    let (len, body) = packed.as_deref().map_or((0, raw), |packed| (len32(raw.len()), packed));
    let mut out = Vec::with_capacity(body.len() + 4);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// Undoes [`pack`].
pub(super) fn unpack(
    packed: &[u8],
    unpacker: &mut Option<zstd::bulk::Decompressor<'static>>,
) -> Option<Vec<u8>> {
    let mut reader = Reader(packed);
    let len = usize::try_from(reader.u32()?).ok()?;
    if len == 0 {
        return Some(reader.0.to_vec());
    }
    // A block ends with the row that fills it, so one long row is the most that can come on top.
    if len > BLOCK_BYTES + MAX_VALUE + 64 {
        return None;
    }
    if unpacker.is_none() {
        *unpacker = zstd::bulk::Decompressor::new().ok();
    }
    unpacker.as_mut()?.decompress(reader.0, len).ok()
}

impl PageHead {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.ids.len() * 16 + 256);
        out.extend_from_slice(&len32(self.blocks.len()).to_be_bytes());
        for (block, entries) in &self.blocks {
            out.extend_from_slice(&block.to_be_bytes());
            out.extend_from_slice(&entries.to_be_bytes());
        }
        out.extend_from_slice(&len32(self.ids.len()).to_be_bytes());
        self.ids.iter().for_each(|id| out.extend_from_slice(id.0.as_bytes()));
        for (name, value) in &self.notes {
            put_bytes(&mut out, name.as_bytes());
            out.push(u8::from(value.is_some()));
            put_bytes(&mut out, value.as_deref().unwrap_or_default());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let mut head = Self::default();
        for _ in 0..reader.u32()? {
            head.blocks.push((reader.u64()?, reader.u32()?));
        }
        for _ in 0..reader.u32()? {
            head.ids.push(RecordId(Uuid::from_bytes(reader.array()?)));
        }
        while !reader.is_done() {
            let name = std::str::from_utf8(reader.bytes()?).ok()?.to_owned();
            let is_set = reader.u8()? == 1;
            let value = reader.bytes()?.to_vec();
            head.notes.push((name, is_set.then_some(value)));
        }
        Some(head)
    }
}

/// Returns what a change comes to, each record once: removals win, of two puts the later one.
pub(super) fn settle(change: &Change) -> Vec<ItemRef<'_>> {
    let mut seen = std::collections::BTreeSet::new();
    let removes: Vec<_> = change.removes.iter().filter(|id| seen.insert(**id)).collect();
    let mut items: Vec<_> =
        change.puts.iter().rev().filter(|row| seen.insert(row.id)).map(ItemRef::Put).collect();
    items.reverse();
    items.extend(removes.into_iter().map(|id| ItemRef::Remove(*id)));
    items
}
