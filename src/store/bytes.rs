//! Reading and writing of fixed-width numbers and length-prefixed bytes, big-endian so that keys sort by number.

use uuid::Uuid;

use super::Row;
use crate::domain::ids::{RecordId, UnitId};

/// Takes parts off the front of a slice; every method is `None` when too little is left.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Takes a length and that many bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u32()?).ok()?;
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a row as blocks and backups keep it.
pub(super) fn put_row(out: &mut Vec<u8>, row: &Row) {
    out.extend_from_slice(row.id.0.as_bytes());
    out.extend_from_slice(&row.kind.to_be_bytes());
    out.extend_from_slice(row.unit.0.as_bytes());
    out.extend_from_slice(&row.rev.to_be_bytes());
    put_bytes(out, &row.bytes);
}

/// Takes a row off the front.
pub(super) fn take_row(reader: &mut Reader<'_>) -> Option<Row> {
    Some(Row {
        id: RecordId(Uuid::from_bytes(reader.array()?)),
        kind: reader.u16()?,
        unit: UnitId(Uuid::from_bytes(reader.array()?)),
        rev: reader.u64()?,
        bytes: reader.bytes()?.into(),
    })
}

/// Appends a length and the bytes; lengths are checked against [`super::MAX_VALUE`] before they come here.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&len32(bytes.len()).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Returns a length as 32 bits; `u32::MAX`, which no reader accepts, for what does not fit.
pub(super) fn len32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Returns a length as 64 bits.
pub(super) fn len64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
