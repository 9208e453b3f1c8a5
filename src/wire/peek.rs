//! Reading one field of an encoded record without decoding the rest: what sorting and filtering 100,000 records need.

use uuid::Uuid;

use super::codec::CodecError;
use super::frame;
use super::record::RECORD_TAG;
use super::value::read;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::record::{FieldNo, Value};

/// A reader over bincode's standard integer encoding.
struct Reader<'a> {
    rest: &'a [u8],
}

const MALFORMED: CodecError = CodecError::Malformed { what: "record" };

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(MALFORMED)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, CodecError> {
        let (first, rest) = self.rest.split_first().ok_or(MALFORMED)?;
        self.rest = rest;
        let width = match first {
            0..=250 => return Ok(u64::from(*first)),
            251 => 2,
            252 => 4,
            253 => 8,
            254..=255 => return Err(MALFORMED),
        };
        let bytes = self.take(width)?;
        Ok(bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    fn length(&mut self) -> Result<usize, CodecError> {
        usize::try_from(self.number()?).map_err(|_too_long| MALFORMED)
    }

    fn skip_bytes(&mut self) -> Result<(), CodecError> {
        let length = self.length()?;
        self.take(length).map(|_skipped| ())
    }

    fn uuid(&mut self) -> Result<Uuid, CodecError> {
        let length = self.length()?;
        Uuid::from_slice(self.take(length)?).map_err(|_other_length| MALFORMED)
    }

    /// Skips a nested frame.
    fn skip_value(&mut self) -> Result<(), CodecError> {
        self.number()?;
        self.skip_bytes()
    }

    /// Skips everything before the fields.
    fn skip_head(&mut self) -> Result<(), CodecError> {
        self.skip_bytes()?; // id
        self.number()?; // kind
        self.skip_bytes()?; // unit
        self.number()?; // rev
        for _origin in 0..self.length()? {
            for _part in 0..4 {
                self.number()?; // device, generation, n, seq
            }
        }
        self.number()?; // unit origin
        self.number()?; // created
        Ok(())
    }
}

/// Calls `found` with every wanted field of an encoded record, in field order.
///
/// # Errors
/// [`CodecError`] if the bytes are no record of a known layout.
pub fn peek(
    bytes: &[u8],
    wanted: &[FieldNo],
    mut found: impl FnMut(FieldNo, Value),
) -> Result<(), CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    reader.skip_head()?;
    let mut missing = wanted.len();
    for _field in 0..reader.length()? {
        let number = u16::try_from(reader.number()?).map_err(|_too_large| MALFORMED)?;
        reader.number()?; // origin
        let tag = u16::try_from(reader.number()?).map_err(|_too_large| MALFORMED)?;
        let length = reader.length()?;
        let content = reader.take(length)?;
        if wanted.contains(&FieldNo(number)) {
            found(FieldNo(number), read(tag, content.to_vec()));
            missing = missing.saturating_sub(1);
            if missing == 0 {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What an encoded record says of itself before its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Identity.
    pub id: RecordId,
    /// Number of its kind.
    pub kind: u16,
    /// Unit it belongs to.
    pub unit: UnitId,
    /// Server position of its last change.
    pub rev: u64,
}

/// Reads the head of an encoded record.
///
/// # Errors
/// [`CodecError`] if the bytes are no record of a known layout.
pub fn head(bytes: &[u8]) -> Result<Head, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    let id = reader.uuid()?;
    let kind = u16::try_from(reader.number()?).map_err(|_too_large| MALFORMED)?;
    let unit = reader.uuid()?;
    let rev = reader.number()?;
    Ok(Head { id: RecordId(id), kind, unit: UnitId(unit), rev })
}

/// True if an encoded record carries a tombstone; false for bytes that are no record.
pub fn is_deleted(bytes: &[u8]) -> bool {
    tombstone_flag(bytes).unwrap_or(false)
}

fn tombstone_flag(bytes: &[u8]) -> Result<bool, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    reader.skip_head()?;
    for _field in 0..reader.length()? {
        reader.number()?; // field
        reader.number()?; // origin
        reader.skip_value()?;
    }
    for _element in 0..reader.length()? {
        reader.number()?; // field
        reader.skip_bytes()?; // element
        reader.number()?; // origin
        if reader.take(1)? == [1] {
            reader.skip_value()?;
        }
    }
    Ok(reader.take(1)? == [1])
}

/// Returns one field of an encoded record; `None` if it is not set or the bytes are no record.
pub fn peek_one(bytes: &[u8], wanted: FieldNo) -> Option<Value> {
    let mut value = None;
    peek(bytes, &[wanted], |_, found| value = Some(found)).ok()?;
    value
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::ids::DeviceId;
    use crate::sync::{FieldState, OpId, Record};
    use crate::wire::encode_record;

    #[test]
    fn every_field_of_an_encoded_record_is_found_without_decoding_it() {
        let op = |n| OpId { device: DeviceId(u64::MAX - n), generation: 300, n };
        let fields: BTreeMap<_, _> = (1..=40u16)
            .map(|no| {
                let value = Value::Text("歐".repeat(usize::from(no) * 9));
                (FieldNo(no), FieldState { value, origin: op(u64::from(no) * 900), seq: 1 << 40 })
            })
            .collect();
        let record = Record {
            id: RecordId(Uuid::from_u128(7)),
            kind: 2,
            unit: UnitId(Uuid::from_u128(8)),
            unit_origin: op(70_000),
            rev: 1 << 33,
            created: op(1),
            fields,
            elements: BTreeMap::new(),
            tombstone: None,
            open_conflicts: 0,
            conflict: None,
        };
        let bytes = encode_record(&record).unwrap();
        for (no, state) in &record.fields {
            assert_eq!(peek_one(&bytes, *no).as_ref(), Some(&state.value));
        }
        assert_eq!(peek_one(&bytes, FieldNo(41)), None);
        let (id, unit) = (record.id, record.unit);
        assert_eq!(head(&bytes).unwrap(), Head { id, kind: 2, unit, rev: 1 << 33 });
        assert!(!is_deleted(&bytes));
        let mut deleted = record.clone();
        let tombstone = crate::sync::Tombstone { by: op(1), reason: "x".into(), seq: 9 };
        deleted.tombstone = Some(tombstone);
        assert!(is_deleted(&encode_record(&deleted).unwrap()));
        for cut in 0..bytes.len() {
            assert!(peek_one(&bytes[..cut], FieldNo(40)).is_none());
        }
    }
}
