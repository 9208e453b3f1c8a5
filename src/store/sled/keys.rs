//! The key layout: one tree, one letter a family, numbers big-endian so that a range is in order of number.
//!
//! | key | value |
//! | --- | --- |
//! | `b` block u64, piece u16 | many rows, compressed and sealed |
//! | `l` stamp u64, block u64 | number of entries; a block is visible while it has such a key |
//! | `p` page u64, piece u16 | a staged page: its blocks, ids and notes, sealed |
//! | `s` record id, piece u16 | one changed or removed row, sealed; stands before every block |
//! | `n` name, piece u16 | a note, sealed |
//! | `m` name | plain counters: `commits`, `format` |
//!
//! Values longer than [`PIECE`] are cut into pieces: sled keeps up to 17 values in one page and writes a page above 128 KiB
//! to a file of its own, which it does not sync.

use uuid::Uuid;

use crate::domain::ids::RecordId;

/// Most bytes of a value in sled: 19 of them, the most a page can get by a merge, stay below sled's 128 KiB.
pub(super) const PIECE: usize = 6_000;

/// Families of keys.
pub(super) const BLOCK: u8 = b'b';
pub(super) const LIVE: u8 = b'l';
pub(super) const PAGE: u8 = b'p';
pub(super) const SINGLE: u8 = b's';
pub(super) const NOTE: u8 = b'n';
/// Counts the commits, to be compared with the count beside the store.
pub(super) const COMMITS: &[u8] = b"mcommits";
/// The version of this layout.
pub(super) const FORMAT: &[u8] = b"mformat";

/// Returns the key of a numbered value, without its piece.
pub(super) fn numbered(family: u8, number: u64) -> Vec<u8> {
    let mut key = vec![family];
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// Returns the key that makes `block` visible with `stamp`.
pub(super) fn live(stamp: u64, block: u64) -> Vec<u8> {
    let mut key = numbered(LIVE, stamp);
    key.extend_from_slice(&block.to_be_bytes());
    key
}

/// Returns the key of a single row, without its piece.
pub(super) fn single(id: RecordId) -> Vec<u8> {
    let mut key = vec![SINGLE];
    key.extend_from_slice(id.0.as_bytes());
    key
}

/// Returns the key of a note, without its piece.
pub(super) fn note(name: &str) -> Vec<u8> {
    let mut key = vec![NOTE];
    key.extend_from_slice(name.as_bytes());
    key
}

/// Returns the key of one piece of a value.
pub(super) fn piece(key: &[u8], number: u16) -> Vec<u8> {
    let mut piece = Vec::with_capacity(key.len() + 2);
    piece.extend_from_slice(key);
    piece.extend_from_slice(&number.to_be_bytes());
    piece
}

/// Takes the piece number off a key.
pub(super) fn split_piece(key: &[u8]) -> Option<(&[u8], u16)> {
    key.split_last_chunk().map(|(key, number)| (key, u16::from_be_bytes(*number)))
}

/// Reads the number of a numbered key.
pub(super) fn number(key: &[u8]) -> Option<u64> {
    key.get(1..)?.try_into().ok().map(u64::from_be_bytes)
}

/// Reads stamp and block of a live key.
pub(super) fn stamp_and_block(key: &[u8]) -> Option<(u64, u64)> {
    let (stamp, block) = key.get(1..)?.split_first_chunk()?;
    Some((u64::from_be_bytes(*stamp), u64::from_be_bytes(block.try_into().ok()?)))
}

/// Reads the record id of a single key.
pub(super) fn id(key: &[u8]) -> Option<RecordId> {
    Uuid::from_slice(key.get(1..)?).ok().map(RecordId)
}

/// Reads the name of a note key.
pub(super) fn name(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(1..)?).ok()
}

/// Cuts a value into pieces; the first begins with the length of the whole.
pub(super) fn cut(value: &[u8]) -> Vec<Vec<u8>> {
    let mut whole = Vec::with_capacity(value.len() + 4);
    crate::store::bytes::put_bytes(&mut whole, value);
    whole.chunks(PIECE).map(<[u8]>::to_vec).collect()
}

/// Returns the value that pieces make together; `None` if one is missing.
pub(super) fn join(pieces: &[u8]) -> Option<&[u8]> {
    let mut reader = crate::store::bytes::Reader(pieces);
    reader.bytes().filter(|_| reader.is_done())
}

/// Returns how many pieces a value with this first piece has.
pub(super) fn count(first: &[u8]) -> Option<u16> {
    let total = crate::store::bytes::Reader(first).u32()?;
    let whole = usize::try_from(total).ok()?.checked_add(4)?;
    u16::try_from(whole.div_ceil(PIECE)).ok()
}
