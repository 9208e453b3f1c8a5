//! Reading one field of an encoded record without decoding the rest: what sorting and filtering 100,000 records need.

use uuid::Uuid;

use super::codec::CodecError;
use super::frame::{self, HEADER};
use super::op::{CREATE, OP_TAG, RESOLVE};
use super::record::RECORD_TAG;
use super::value::{ValueRef, read, read_ref};
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};
use crate::sync::Group;
use crate::sync::conflict::DELETED_FIELD;

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

    /// Returns the bytes that `read` goes over.
    fn span(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), CodecError>,
    ) -> Result<&'a [u8], CodecError> {
        let before = self.rest;
        read(self)?;
        before.get(..before.len() - self.rest.len()).ok_or(MALFORMED)
    }

    /// Skips what stands between an operation's id and its kind, and returns its clock value and group.
    fn skip_to_kind(&mut self) -> Result<(u64, Option<Group>), CodecError> {
        self.take(16)?; // hash of the operation before
        self.number()?; // salt
        let hlc = self.number()?;
        self.number()?; // clock difference
        self.take(1)?; // its confidence
        self.skip_bytes()?; // actor
        self.number()?; // schema
        let group = if self.take(1)? == [1] { Some(self.group()?) } else { None };
        Ok((hlc, group))
    }

    fn group(&mut self) -> Result<Group, CodecError> {
        let small = |number| u16::try_from(number).map_err(|_too_large| MALFORMED);
        let first = self.number()?;
        Ok(Group { first, index: small(self.number()?)?, length: small(self.number()?)? })
    }

    /// Skips a nested frame.
    fn skip_value(&mut self) -> Result<(), CodecError> {
        self.number()?;
        self.skip_bytes()
    }

    /// Skips an element after the number of its field, and returns its author.
    fn skip_element(&mut self) -> Result<UserId, CodecError> {
        self.skip_bytes()?; // element
        self.number()?; // origin
        if self.take(1)? == [1] {
            self.skip_value()?;
        }
        let author = UserId(self.uuid()?);
        self.number()?; // clock
        Ok(author)
    }

    /// Skips everything before the elements.
    fn skip_fields(&mut self) -> Result<(), CodecError> {
        self.skip_head()?;
        for _field in 0..self.length()? {
            self.number()?; // field
            self.number()?; // origin
            self.skip_value()?;
        }
        Ok(())
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

/// What an encoded operation says of itself before its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpHead {
    /// Hybrid clock value.
    pub hlc: u64,
    /// All-or-none group it is in.
    pub group: Option<Group>,
    /// The record it is about.
    pub record: RecordId,
    /// True if it settles a conflict.
    pub is_resolve: bool,
}

/// Reads the head of an encoded operation.
///
/// # Errors
/// [`CodecError`] if the bytes are no operation of a known layout.
pub fn op_head(bytes: &[u8]) -> Result<OpHead, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, OP_TAG)? };
    for _part in 0..3 {
        reader.number()?; // device, generation, n
    }
    let (hlc, group) = reader.skip_to_kind()?;
    reader.number()?; // kind
    let record = RecordId(reader.uuid()?);
    let is_resolve = reader.number()? == u64::from(RESOLVE);
    Ok(OpHead { hlc, group, record, is_resolve })
}

/// Returns the encoded record that an encoded creation makes, before any server has seen it; `None` for other operations and for
/// creations that say more than plain fields. The same bytes come of decoding, `sync::overlay` and encoding, ten times slower.
pub fn created_record(op: &[u8]) -> Option<Vec<u8>> {
    transcribe(op).ok().flatten()
}

fn transcribe(op: &[u8]) -> Result<Option<Vec<u8>>, CodecError> {
    let mut reader = Reader { rest: frame::expect(op, OP_TAG)? };
    let id = reader.span(|reader| (0..3).try_for_each(|_part| reader.number().map(|_n| ())))?;
    reader.skip_to_kind()?;
    let kind = reader.span(|reader| reader.number().map(|_kind| ()))?;
    let record = reader.span(Reader::skip_bytes)?;
    if reader.number()? != u64::from(CREATE) {
        return Ok(None);
    }
    let length = reader.length()?;
    let mut body = Reader { rest: reader.take(length)? };
    let unit = body.span(Reader::skip_bytes)?;
    let mut out = Vec::with_capacity(HEADER + op.len());
    for part in [record, kind, unit, &[0, 1], id, &[0, 0, 0]] {
        out.extend_from_slice(part);
    }
    let mut count = 0;
    let counted = body.span(|body| body.number().map(|fields| count = fields))?;
    out.extend_from_slice(counted);
    let mut before = 0;
    for _field in 0..count {
        let mut number = 0;
        let written = body.span(|body| body.number().map(|found| number = found))?;
        // The first and the last number name no fields; out of order, a later one may replace an earlier one.
        if number <= before || number >= u64::from(DELETED_FIELD.0) {
            return Ok(None);
        }
        before = number;
        out.extend_from_slice(written);
        out.push(0);
        out.extend_from_slice(body.span(Reader::skip_value)?);
    }
    out.extend_from_slice(&[0; 4]); // elements, tombstone, conflicts, conflict
    Ok(body.rest.is_empty().then(|| frame::seal(RECORD_TAG, &out)))
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
    frames(bytes, wanted, |number, tag, content| found(number, read(tag, content.to_vec())))
}

/// As [`peek`], without copying.
///
/// # Errors
/// [`CodecError`] if the bytes are no record of a known layout.
pub fn peek_refs<'a>(
    bytes: &'a [u8],
    wanted: &[FieldNo],
    mut found: impl FnMut(FieldNo, ValueRef<'a>),
) -> Result<(), CodecError> {
    frames(bytes, wanted, |number, tag, content| found(number, read_ref(tag, content)))
}

fn frames<'a>(
    bytes: &'a [u8],
    wanted: &[FieldNo],
    mut found: impl FnMut(FieldNo, u16, &'a [u8]),
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
            found(FieldNo(number), tag, content);
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

/// Returns who wrote the elements of an encoded record; nobody for bytes that are no record.
pub fn element_authors(bytes: &[u8]) -> Vec<UserId> {
    authors(bytes).unwrap_or_default()
}

fn authors(bytes: &[u8]) -> Result<Vec<UserId>, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    reader.skip_fields()?;
    let mut found = Vec::new();
    for _element in 0..reader.length()? {
        reader.number()?; // field
        found.push(reader.skip_element()?);
    }
    Ok(found)
}

/// True if an encoded record carries a tombstone; false for bytes that are no record.
pub fn is_deleted(bytes: &[u8]) -> bool {
    tombstone_flag(bytes).unwrap_or(false)
}

fn tombstone_flag(bytes: &[u8]) -> Result<bool, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    reader.skip_fields()?;
    for _element in 0..reader.length()? {
        reader.number()?; // field
        reader.skip_element()?;
    }
    Ok(reader.take(1)? == [1])
}

/// Returns one field of an encoded record, several elements as one text; `None` if it is not set or the bytes are no record.
pub fn peek_one(bytes: &[u8], wanted: FieldNo) -> Option<Value> {
    let mut value = None;
    peek(bytes, &[wanted], |_, found| value = Some(found)).ok()?;
    if value.is_none() && has_element(bytes, wanted).unwrap_or(false) {
        return super::decode_record(bytes).ok()?.values().remove(&wanted);
    }
    value
}

fn has_element(bytes: &[u8], wanted: FieldNo) -> Result<bool, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    reader.skip_fields()?;
    for _element in 0..reader.length()? {
        if reader.number()? == u64::from(wanted.0) {
            return Ok(true);
        }
        reader.skip_element()?;
    }
    Ok(false)
}

/// Returns one field of an encoded record without copying it; `Empty` as well if the bytes are no record.
pub fn peek_ref(bytes: &[u8], wanted: FieldNo) -> ValueRef<'_> {
    find_field(bytes, wanted).ok().flatten().unwrap_or(ValueRef::Empty)
}

fn find_field(bytes: &[u8], wanted: FieldNo) -> Result<Option<ValueRef<'_>>, CodecError> {
    let mut reader = Reader { rest: frame::expect(bytes, RECORD_TAG)? };
    reader.skip_head()?;
    for _field in 0..reader.length()? {
        let number = reader.number()?;
        reader.number()?; // origin
        let tag = reader.number()?;
        let length = reader.length()?;
        let content = reader.take(length)?;
        if number == u64::from(wanted.0) {
            return Ok(u16::try_from(tag).ok().map(|tag| read_ref(tag, content)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::ids::DeviceId;
    use crate::sync::conflict::UNIT_FIELD;
    use crate::sync::{FieldState, Op, OpBody, OpId, Record};
    use crate::wire::encode_record;

    #[test]
    fn the_head_of_an_encoded_operation_is_read_without_its_body() {
        let id = OpId { device: DeviceId(u64::MAX), generation: 300, n: 70_000 };
        let settle = OpBody::Resolve {
            conflict: RecordId(Uuid::from_u128(3)),
            seen: vec![id],
            values: vec![],
        };
        let note =
            OpBody::Note { field: FieldNo(1), element: Uuid::from_u128(4), text: "x".into() };
        for (body, group) in
            [(settle, None), (note, Some(Group { first: 70_000, index: 900, length: 1_000 }))]
        {
            let op = Op {
                id,
                prev: [251; 16],
                salt: u64::MAX,
                hlc: 1 << 60,
                clock_off_ms: -70_000,
                clock_conf: 3,
                actor: UserId(Uuid::from_u128(5)),
                schema: 700,
                group,
                kind: 900,
                record: RecordId(Uuid::from_u128(6)),
                body,
                was: None,
            };
            let bytes = crate::wire::encode_op(&op).unwrap();
            let head = op_head(&bytes).unwrap();
            assert_eq!((head.hlc, head.group, head.record), (op.hlc, op.group, op.record));
            assert_eq!(head.is_resolve, matches!(op.body, OpBody::Resolve { .. }));
            assert!(op_head(&bytes[..60]).is_err());
        }
    }

    fn creation(fields: Vec<(FieldNo, Value)>) -> Op {
        Op {
            id: OpId { device: DeviceId(7 << 60), generation: 2, n: 300 },
            prev: [9; 16],
            salt: 1 << 50,
            hlc: 1 << 55,
            clock_off_ms: 5,
            clock_conf: 1,
            actor: UserId(Uuid::from_u128(5)),
            schema: 1,
            group: None,
            kind: 2,
            record: RecordId(Uuid::from_u128(6)),
            body: OpBody::Create { unit: UnitId(Uuid::from_u128(8)), fields },
            was: None,
        }
    }

    #[test]
    fn a_creation_is_transcribed_into_the_record_it_makes() {
        let text = |length: usize| Value::Text("歐".repeat(length));
        let all: Vec<_> = vec![
            (FieldNo(1), text(1)),
            (FieldNo(2), text(200)),
            (FieldNo(260), Value::Int(-70_000)),
            (FieldNo(261), Value::Null),
            (FieldNo(262), Value::Ref(RecordId(Uuid::from_u128(9)))),
        ];
        for count in 0..=all.len() {
            let op = creation(all[..count].to_vec());
            let record = crate::sync::overlay::overlay(None, &op).unwrap();
            let made = created_record(&crate::wire::encode_op(&op).unwrap());
            assert_eq!(made, Some(encode_record(&record).unwrap()), "{count} fields");
        }
        let odd = [
            vec![(FieldNo(2), text(1)), (FieldNo(1), text(1))],
            vec![(FieldNo(1), text(1)), (FieldNo(1), text(2))],
            vec![(UNIT_FIELD, Value::Ref(RecordId(Uuid::from_u128(9))))],
            vec![(DELETED_FIELD, Value::Flag(true))],
        ];
        for fields in odd {
            let bytes = crate::wire::encode_op(&creation(fields)).unwrap();
            assert_eq!(created_record(&bytes), None);
        }
        let bytes = crate::wire::encode_op(&creation(all)).unwrap();
        for cut in 0..bytes.len() {
            assert_eq!(created_record(&bytes[..cut]), None);
        }
        let set = Op { body: OpBody::Set { sets: vec![] }, ..creation(vec![]) };
        assert_eq!(created_record(&crate::wire::encode_op(&set).unwrap()), None);
    }

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
            held: None,
        };
        let bytes = encode_record(&record).unwrap();
        for (no, state) in &record.fields {
            assert_eq!(peek_one(&bytes, *no).as_ref(), Some(&state.value));
            assert_eq!(peek_ref(&bytes, *no), ValueRef::Text(state.value.as_text().unwrap()));
        }
        assert_eq!(peek_one(&bytes, FieldNo(41)), None);
        assert_eq!(peek_ref(&bytes, FieldNo(41)), ValueRef::Empty);
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
