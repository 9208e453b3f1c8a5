//! Records as frames: what the server stores and sends, and the device keeps, without encoding twice (protocol, Records).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::codec::{CodecError, decode, encode};
use super::frame::{self, Blob};
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};
use crate::sync::{Conflict, ElementState, FieldState, Held, OpId, Record, Tombstone};

/// Frame tag of a record, first layout.
pub const RECORD_TAG: u16 = 0x0101;

/// The stored layout: operations named once in a table, because most fields of a record come from the same one.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: RecordId,
    kind: u16,
    unit: UnitId,
    rev: u64,
    origins: Vec<(OpId, u64)>,
    unit_origin: u16,
    created: u16,
    fields: Vec<(FieldNo, u16, Value)>,
    elements: Vec<StoredElement<Value>>,
    tombstone: Option<Tombstone>,
    open_conflicts: u16,
    aside: Aside,
}

/// An element: field, id, place of its operation in the table, value, author, the author's clock.
type StoredElement<V> = (FieldNo, Uuid, u16, Option<V>, UserId, u64);

/// What a record of a reserved kind holds instead of fields.
#[derive(Serialize, Deserialize)]
enum Aside {
    None,
    Conflict(Box<Conflict>),
    Held(Box<Held>),
}

/// The same, borrowed.
#[derive(Serialize)]
enum AsideRef<'a> {
    None,
    Conflict(&'a Conflict),
    Held(&'a Held),
}

/// The same, borrowed: the bytes are equal.
#[derive(Serialize)]
struct Storing<'a> {
    id: RecordId,
    kind: u16,
    unit: UnitId,
    rev: u64,
    origins: Vec<(OpId, u64)>,
    unit_origin: u16,
    created: u16,
    fields: Vec<(FieldNo, u16, &'a Value)>,
    elements: Vec<StoredElement<&'a Value>>,
    tombstone: Option<&'a Tombstone>,
    open_conflicts: u16,
    aside: AsideRef<'a>,
}

#[derive(Default)]
struct Origins {
    list: Vec<(OpId, u64)>,
    places: BTreeMap<OpId, u16>,
}

impl Origins {
    fn place(&mut self, op: OpId, seq: u64) -> u16 {
        if let Some(place) = self.places.get(&op) {
            if let Some(entry) = self.list.get_mut(usize::from(*place)) {
                entry.1 = entry.1.max(seq);
            }
            return *place;
        }
        let place = u16::try_from(self.list.len()).unwrap_or(u16::MAX);
        self.list.push((op, seq));
        self.places.insert(op, place);
        place
    }
}

/// Encodes a record.
///
/// # Errors
/// [`CodecError`] if it cannot be represented; none of ours is.
pub fn encode_record(record: &Record) -> Result<Vec<u8>, CodecError> {
    let mut origins = Origins::default();
    let fields = record
        .fields
        .iter()
        .map(|(no, state)| (*no, origins.place(state.origin, state.seq), &state.value))
        .collect();
    let elements = record
        .elements
        .iter()
        .map(|((no, id), state)| {
            let place = origins.place(state.origin, state.seq);
            (*no, *id, place, state.value.as_ref(), state.by, state.hlc)
        })
        .collect();
    let stored = Storing {
        id: record.id,
        kind: record.kind,
        unit: record.unit,
        rev: record.rev,
        unit_origin: origins.place(record.unit_origin, 0),
        created: origins.place(record.created, 0),
        origins: origins.list,
        fields,
        elements,
        tombstone: record.tombstone.as_ref(),
        open_conflicts: record.open_conflicts,
        aside: match (&record.conflict, &record.held) {
            (Some(conflict), _) => AsideRef::Conflict(conflict),
            (None, Some(held)) => AsideRef::Held(held),
            (None, None) => AsideRef::None,
        },
    };
    Ok(frame::seal(RECORD_TAG, &encode(&stored)?))
}

/// Decodes a record.
///
/// # Errors
/// [`CodecError`] if the bytes are no record of a known layout.
pub fn decode_record(bytes: &[u8]) -> Result<Record, CodecError> {
    let stored: Stored = decode(frame::expect(bytes, RECORD_TAG)?, "record")?;
    let origin = |place: u16| {
        let found = stored.origins.get(usize::from(place)).copied();
        found.ok_or(CodecError::Malformed { what: "record origin" })
    };
    let mut fields = BTreeMap::new();
    for (no, place, value) in stored.fields {
        let (origin, seq) = origin(place)?;
        fields.insert(no, FieldState { value, origin, seq });
    }
    let mut elements = BTreeMap::new();
    for (no, id, place, value, by, hlc) in stored.elements {
        let (origin, seq) = origin(place)?;
        elements.insert((no, id), ElementState { value, origin, seq, by, hlc });
    }
    let (conflict, held) = match stored.aside {
        Aside::None => (None, None),
        Aside::Conflict(conflict) => (Some(conflict), None),
        Aside::Held(held) => (None, Some(held)),
    };
    Ok(Record {
        id: stored.id,
        kind: stored.kind,
        unit: stored.unit,
        unit_origin: origin(stored.unit_origin)?.0,
        rev: stored.rev,
        created: origin(stored.created)?.0,
        fields,
        elements,
        tombstone: stored.tombstone,
        open_conflicts: stored.open_conflicts,
        conflict,
        held,
    })
}

/// A record's frame inside a message: passed on as it is in binary, opened up in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBytes(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Readable {
    id: RecordId,
    kind: u16,
    unit: UnitId,
    unit_origin: OpId,
    rev: u64,
    created: OpId,
    fields: Vec<ReadableField>,
    elements: Vec<ReadableElement>,
    tombstone: Option<Tombstone>,
    open_conflicts: u16,
    conflict: Option<Box<Conflict>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Box<Held>>,
}

#[derive(Serialize, Deserialize)]
struct ReadableField {
    field: FieldNo,
    value: Value,
    origin: OpId,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
struct ReadableElement {
    field: FieldNo,
    element: Uuid,
    value: Option<Value>,
    origin: OpId,
    seq: u64,
    by: UserId,
    hlc: u64,
}

impl Serialize for RecordBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(&self.0);
        }
        let record = decode_record(&self.0).map_err(serde::ser::Error::custom)?;
        Readable::from(record).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RecordBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Blob::deserialize(deserializer).map(|blob| Self(blob.0));
        }
        let record = Record::from(Readable::deserialize(deserializer)?);
        encode_record(&record).map(Self).map_err(serde::de::Error::custom)
    }
}

impl From<Record> for Readable {
    fn from(record: Record) -> Self {
        let field = |(field, state): (FieldNo, FieldState)| ReadableField {
            field,
            value: state.value,
            origin: state.origin,
            seq: state.seq,
        };
        let element = |((field, element), state): ((FieldNo, Uuid), ElementState)| {
            let ElementState { value, origin, seq, by, hlc } = state;
            ReadableElement { field, element, value, origin, seq, by, hlc }
        };
        Self {
            id: record.id,
            kind: record.kind,
            unit: record.unit,
            unit_origin: record.unit_origin,
            rev: record.rev,
            created: record.created,
            fields: record.fields.into_iter().map(field).collect(),
            elements: record.elements.into_iter().map(element).collect(),
            tombstone: record.tombstone,
            open_conflicts: record.open_conflicts,
            conflict: record.conflict,
            held: record.held,
        }
    }
}

impl From<Readable> for Record {
    fn from(r: Readable) -> Self {
        let field = |f: ReadableField| {
            (f.field, FieldState { value: f.value, origin: f.origin, seq: f.seq })
        };
        let element = |e: ReadableElement| {
            let ReadableElement { value, origin, seq, by, hlc, .. } = e;
            ((e.field, e.element), ElementState { value, origin, seq, by, hlc })
        };
        Self {
            id: r.id,
            kind: r.kind,
            unit: r.unit,
            unit_origin: r.unit_origin,
            rev: r.rev,
            created: r.created,
            fields: r.fields.into_iter().map(field).collect(),
            elements: r.elements.into_iter().map(element).collect(),
            tombstone: r.tombstone,
            open_conflicts: r.open_conflicts,
            conflict: r.conflict,
            held: r.held,
        }
    }
}
