//! Operations as frames: encoded once when made, then only copied (protocol, Operations).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::codec::{CodecError, decode, encode};
use super::frame::{self, Blob};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::record::{FieldNo, Value};
use crate::sync::{Base, Op, OpBody, OpId, Outcome};

/// Frame tag of an operation, first layout.
pub const OP_TAG: u16 = 0x0100;
/// Frame tag of an [`OpBody::Create`].
pub(super) const CREATE: u16 = 1;
/// Frame tag of an [`OpBody::Resolve`].
pub(super) const RESOLVE: u16 = 10;

/// Encodes an operation. Done once, by its author's device.
///
/// # Errors
/// [`CodecError`] if it cannot be represented; none of ours is.
pub fn encode_op(op: &Op) -> Result<Vec<u8>, CodecError> {
    Ok(frame::seal(OP_TAG, &encode(op)?))
}

/// Decodes an operation.
///
/// # Errors
/// [`CodecError`] if the bytes are no operation of a known layout.
pub fn decode_op(bytes: &[u8]) -> Result<Op, CodecError> {
    decode(frame::expect(bytes, OP_TAG)?, "operation")
}

/// Declares the frames of a union: tag, variant, and the fields in their order.
macro_rules! union_frames {
    ($T:ident as $Readable:ident { $($tag:literal = $Variant:ident { $($field:ident: $ty:ty),* },)* }) => {
        /// The readable form used in JSON.
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "snake_case", tag = "type")]
        enum $Readable { $($Variant { $($field: $ty),* },)* Unknown { tag: u16, bytes: Blob } }

        impl Serialize for $T {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return match self.clone() {
                        $(Self::$Variant { $($field),* } => $Readable::$Variant { $($field),* },)*
                        Self::Unknown { tag, bytes } => $Readable::Unknown { tag, bytes: Blob(bytes) },
                    }.serialize(serializer);
                }
                match self {
                    $(Self::$Variant { $($field),* } => {
                        let bytes = encode(&($($field,)*)).map_err(serde::ser::Error::custom)?;
                        frame::serialize(serializer, $tag, &bytes)
                    })*
                    Self::Unknown { tag, bytes } => frame::serialize(serializer, *tag, bytes),
                }
            }
        }

        impl<'de> Deserialize<'de> for $T {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    return Ok(match $Readable::deserialize(deserializer)? {
                        $($Readable::$Variant { $($field),* } => Self::$Variant { $($field),* },)*
                        $Readable::Unknown { tag, bytes } => Self::Unknown { tag, bytes: bytes.0 },
                    });
                }
                let (tag, bytes) = frame::deserialize(deserializer)?;
                Ok(match tag {
                    $($tag => match part::<($($ty,)*)>(&bytes) {
                        Some(($($field,)*)) => Self::$Variant { $($field),* },
                        None => Self::Unknown { tag, bytes },
                    },)*
                    _ => Self::Unknown { tag, bytes },
                })
            }
        }
    };
}

fn part<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    decode(bytes, "frame content").ok()
}

union_frames! { OpBody as ReadableBody {
    1 = Create { unit: UnitId, fields: Vec<(FieldNo, Value)> },
    2 = Set { sets: Vec<(FieldNo, Base, Value)> },
    3 = ElementAdd { field: FieldNo, element: Uuid, value: Value },
    4 = ElementDelete { field: FieldNo, element: Uuid, base: Base },
    5 = Note { field: FieldNo, element: Uuid, text: String },
    6 = Move { base: Base, to: UnitId },
    7 = Delete { saw: u64, reason: String },
    8 = Restore { saw: u64 },
    9 = Command { name: String, args: Vec<u8> },
    11 = ElementSet { field: FieldNo, element: Uuid, base: Base, value: Value },
    10 = Resolve { conflict: RecordId, seen: Vec<OpId>, values: Vec<(FieldNo, Value)> },
} }

union_frames! { Outcome as ReadableOutcome {
    1 = Applied { seq: u64 },
    2 = Converged { seq: u64 },
    3 = Conflict { seq: u64, id: RecordId },
    4 = WaitListed { seq: u64, position: u32 },
    5 = Held { seq: u64, why: String },
    6 = Rejected { seq: u64, code: String, field: String, message: String },
    7 = Blocked { seq: u64, by: u64 },
} }
