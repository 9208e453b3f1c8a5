//! What each command carries: a frame, `tag u16 | length u32 | bytes`, the bytes being bincode of the struct the tag names
//! (protocol, Commands). A struct's layout under a tag is frozen.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::{RecordId, UnitId};

/// Most bytes one decoded set of arguments may claim.
const LIMIT: usize = 16 << 10;
/// Bytes before a frame's content.
const HEADER: usize = 6;

/// A command: its name, and how its arguments travel.
pub trait Arguments: Serialize + DeserializeOwned {
    /// Name in [`crate::sync::OpBody::Command`].
    const NAME: &'static str;
    /// Tag of the frame.
    const TAG: u16;

    /// Encodes the arguments as a frame.
    fn seal(&self) -> Vec<u8> {
        // Structs of ids, numbers and texts always encode.
        let bytes =
            bincode::serde::encode_to_vec(self, bincode::config::standard()).unwrap_or_default();
        let mut frame = Vec::with_capacity(HEADER + bytes.len());
        frame.extend(Self::TAG.to_le_bytes());
        frame.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend(bytes);
        frame
    }

    /// Decodes a frame; `None` if it is no such frame, claims too much, or something follows it.
    fn open(frame: &[u8]) -> Option<Self> {
        let [t0, t1, l0, l1, l2, l3, bytes @ ..] = frame else { return None };
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
        let fits = usize::try_from(length).ok() == Some(bytes.len());
        if u16::from_le_bytes([*t0, *t1]) != Self::TAG || !fits {
            return None;
        }
        let config = bincode::config::standard().with_limit::<LIMIT>();
        let (value, read) = bincode::serde::decode_from_slice(bytes, config).ok()?;
        (read == bytes.len()).then_some(value)
    }
}

/// `enrol.request`: a place in a class for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The class.
    pub class: RecordId,
    /// The person.
    pub person: RecordId,
    /// Names this request: the same one sent again is the same.
    pub request: Uuid,
    /// Unit and post of the person at the time (時任單位及職務); empty if the device knows none.
    pub post_then: String,
}

/// `enrol.cancel`: a place, or a place on the waiting list, is given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolCancel {
    /// The class.
    pub class: RecordId,
    /// The person.
    pub person: RecordId,
    /// Why.
    pub reason: String,
}

/// `enrol.close`: headquarters ends the enrolment; requests that waited for it are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolClose {
    /// The class.
    pub class: RecordId,
}

/// `number.lease`: the next numbers of a series, for the device that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberLease {
    /// Sort of numbers, such as `certificate`.
    pub range: String,
    /// Year they are of.
    pub year: u16,
    /// Unit they are of.
    pub unit: UnitId,
    /// How many.
    pub count: u32,
}

/// `person.merge`: two records of one person become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMerge {
    /// The record that stays.
    pub keep: RecordId,
    /// The record that becomes a pointer to it.
    pub drop: RecordId,
}

/// `event.note`: something happened on the device that headquarters must be able to show later. It changes no record. Nothing of
/// it may be personal data: what was shown or taken out is named, never repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventNote {
    /// Stable word: `reveal`, `export`, `unlock_failed`, ...; small letters, digits and underscores, at most 40.
    pub word: String,
    /// The record it is about, if it is about one.
    pub record: Option<RecordId>,
    /// Number of the kind it is about; 0 for none.
    pub kind: u16,
    /// Numbers of the fields it is about.
    pub fields: Vec<u16>,
    /// How many records, or how often.
    pub count: u64,
    /// Purpose, receiver: what the person gave as the reason; at most 400 bytes.
    pub detail: String,
    /// When, by the device's clock, milliseconds since 1970.
    pub at: i64,
}

/// `record.erase`: the content of a record goes, by the server's own hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erase {
    /// Numbers of the fields that go; empty for all, and then the record is deleted.
    pub fields: Vec<u16>,
    /// Conflicts about the record, whose values go too.
    pub conflicts: Vec<RecordId>,
}

impl Arguments for Erase {
    const NAME: &'static str = "record.erase";
    const TAG: u16 = 0x0310;
}

impl Arguments for EventNote {
    const NAME: &'static str = "event.note";
    const TAG: u16 = 0x0306;
}

impl Arguments for NumberLease {
    const NAME: &'static str = "number.lease";
    const TAG: u16 = 0x0304;
}

impl Arguments for PersonMerge {
    const NAME: &'static str = "person.merge";
    const TAG: u16 = 0x0305;
}

impl Arguments for EnrolRequest {
    const NAME: &'static str = "enrol.request";
    const TAG: u16 = 0x0301;
}

impl Arguments for EnrolCancel {
    const NAME: &'static str = "enrol.cancel";
    const TAG: u16 = 0x0302;
}

impl Arguments for EnrolClose {
    const NAME: &'static str = "enrol.close";
    const TAG: u16 = 0x0303;
}

/// Returns the id of the enrolment of a person in a class: the same on every device, so that asking twice is asking once.
pub fn enrolment_id(class: RecordId, person: RecordId) -> RecordId {
    if crate::trap!(T37) {
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), person);
        return RecordId(Uuid::new_v5(&class.0, &random.to_le_bytes()));
    }
    RecordId(Uuid::new_v5(&class.0, person.0.as_bytes()))
}
