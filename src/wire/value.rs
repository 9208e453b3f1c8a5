//! Field values as frames in binary and as readable objects in JSON (protocol, Values).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::frame::{self, Blob};
use crate::domain::ids::RecordId;
pub use crate::domain::record::ValueRef;
use crate::domain::record::{PartialDate, Precision, Value};

const NULL: u16 = 1;
const TEXT: u16 = 2;
const INT: u16 = 3;
const FLAG: u16 = 4;
const DATE: u16 = 5;
const INSTANT: u16 = 6;
const CODE: u16 = 7;
const REF: u16 = 8;

/// The same in JSON: `{"text": "..."}`, `{"date": "2018-06"}` and so on.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Readable {
    Null,
    Text(String),
    Int(i64),
    Flag(bool),
    Date { days: i32, precision: Precision },
    Instant(i64),
    Code(String),
    Ref(RecordId),
    Unknown { tag: u16, bytes: Blob },
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return readable(self).serialize(serializer);
        }
        match self {
            Self::Null => frame::serialize(serializer, NULL, &[]),
            Self::Text(text) if crate::trap!(T63) && text.is_empty() => {
                frame::serialize(serializer, NULL, &[])
            }
            Self::Text(text) => frame::serialize(serializer, TEXT, text.as_bytes()),
            Self::Int(number) => frame::serialize(serializer, INT, varint(*number).as_slice()),
            Self::Flag(flag) => frame::serialize(serializer, FLAG, &[u8::from(*flag)]),
            Self::Date(date) => {
                let mut bytes = varint(i64::from(date.days()));
                bytes.push(match date.precision() {
                    Precision::Day => 0,
                    Precision::Month => 1,
                    Precision::Year => 2,
                });
                frame::serialize(serializer, DATE, &bytes)
            }
            Self::Instant(ms) => frame::serialize(serializer, INSTANT, varint(*ms).as_slice()),
            Self::Code(code) => frame::serialize(serializer, CODE, code.as_bytes()),
            Self::Ref(id) => frame::serialize(serializer, REF, id.0.as_bytes()),
            Self::Unknown { tag, bytes } => frame::serialize(serializer, *tag, bytes),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return from_readable(Readable::deserialize(deserializer)?)
                .ok_or_else(|| serde::de::Error::custom("no such date"));
        }
        let (tag, bytes) = frame::deserialize(deserializer)?;
        Ok(read(tag, bytes))
    }
}

/// Reads a value frame without copying.
pub fn read_ref(tag: u16, bytes: &[u8]) -> ValueRef<'_> {
    let known = match tag {
        TEXT => std::str::from_utf8(bytes).ok().map(ValueRef::Text),
        CODE => std::str::from_utf8(bytes).ok().map(ValueRef::Code),
        INT | INSTANT => unvarint(bytes).map(ValueRef::Number),
        FLAG => match bytes {
            [flag @ (0 | 1)] => Some(ValueRef::Number(i64::from(*flag))),
            _ => None,
        },
        DATE => read_date(bytes).map(ValueRef::Date),
        REF => Uuid::from_slice(bytes).ok().map(|id| ValueRef::Ref(RecordId(id))),
        _ => None,
    };
    known.unwrap_or(ValueRef::Empty)
}

/// Reads a value frame; what does not decode as its tag promises is kept as it is.
pub fn read(tag: u16, bytes: Vec<u8>) -> Value {
    let known = match tag {
        NULL if bytes.is_empty() => Some(Value::Null),
        TEXT | CODE => {
            return match String::from_utf8(bytes) {
                Ok(text) if tag == TEXT => Value::Text(text),
                Ok(code) => Value::Code(code),
                Err(error) => Value::Unknown { tag, bytes: error.into_bytes() },
            };
        }
        INT => unvarint(&bytes).map(Value::Int),
        FLAG => match bytes.as_slice() {
            [0] => Some(Value::Flag(false)),
            [1] => Some(Value::Flag(true)),
            _ => None,
        },
        DATE => read_date(&bytes).map(Value::Date),
        INSTANT => unvarint(&bytes).map(Value::Instant),
        REF => Uuid::from_slice(&bytes).ok().map(|id| Value::Ref(RecordId(id))),
        _ => None,
    };
    let unknown = if crate::trap!(T39) { Value::Null } else { Value::Unknown { tag, bytes } };
    known.unwrap_or(unknown)
}

fn read_date(bytes: &[u8]) -> Option<PartialDate> {
    let (precision, days) = bytes.split_last()?;
    let precision = match precision {
        0 => Precision::Day,
        1 => Precision::Month,
        2 => Precision::Year,
        _ => return None,
    };
    let days = i32::try_from(unvarint(days)?).ok()?;
    PartialDate::from_days(days, precision).ok()
}

/// Seven bits a byte, lowest first, sign folded into the lowest bit.
fn varint(number: i64) -> Vec<u8> {
    let mut rest = u64::from_le_bytes(((number << 1) ^ (number >> 63)).to_le_bytes());
    let mut out = Vec::with_capacity(4);
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// Reads what [`varint`] wrote; `None` for anything longer, unfinished or not in its shortest form.
fn unvarint(bytes: &[u8]) -> Option<i64> {
    let (last, _) = bytes.split_last()?;
    if bytes.len() > 10 || (*last == 0 && bytes.len() > 1) {
        return None;
    }
    let mut folded: u64 = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let more = byte & 0x80 != 0;
        if more == (place + 1 == bytes.len()) || (place == 9 && *byte > 1) {
            return None;
        }
        folded |= u64::from(byte & 0x7f) << (7 * place);
    }
    let number = i64::from_le_bytes((folded >> 1).to_le_bytes());
    Some(number ^ -i64::from(folded & 1 == 1))
}

fn readable(value: &Value) -> Readable {
    match value {
        Value::Null => Readable::Null,
        Value::Text(text) => Readable::Text(text.clone()),
        Value::Int(number) => Readable::Int(*number),
        Value::Flag(flag) => Readable::Flag(*flag),
        Value::Date(date) => Readable::Date { days: date.days(), precision: date.precision() },
        Value::Instant(ms) => Readable::Instant(*ms),
        Value::Code(code) => Readable::Code(code.clone()),
        Value::Ref(id) => Readable::Ref(*id),
        Value::Unknown { tag, bytes } => {
            Readable::Unknown { tag: *tag, bytes: Blob(bytes.clone()) }
        }
    }
}

fn from_readable(value: Readable) -> Option<Value> {
    Some(match value {
        Readable::Null => Value::Null,
        Readable::Text(text) => Value::Text(text),
        Readable::Int(number) => Value::Int(number),
        Readable::Flag(flag) => Value::Flag(flag),
        Readable::Date { days, precision } => {
            Value::Date(PartialDate::from_days(days, precision).ok()?)
        }
        Readable::Instant(ms) => Value::Instant(ms),
        Readable::Code(code) => Value::Code(code),
        Readable::Ref(id) => Value::Ref(id),
        Readable::Unknown { tag, bytes } => read(tag, bytes.0),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{decode, encode};

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            ".{0,40}".prop_map(Value::Text),
            any::<i64>().prop_map(Value::Int),
            any::<bool>().prop_map(Value::Flag),
            (-25_567..84_000i32, 0..3u8).prop_map(|(days, p)| {
                let precision = [Precision::Day, Precision::Month, Precision::Year][usize::from(p)];
                PartialDate::from_days(days, precision).map_or(Value::Null, Value::Date)
            }),
            any::<i64>().prop_map(Value::Instant),
            "[a-z_]{1,20}".prop_map(Value::Code),
            any::<u128>().prop_map(|id| Value::Ref(RecordId(Uuid::from_u128(id)))),
            (1000..2000u16, any::<Vec<u8>>())
                .prop_map(|(tag, bytes)| Value::Unknown { tag, bytes }),
        ]
    }

    proptest! {
        #[test]
        fn values_survive_both_encodings(value in any_value()) {
            let bytes = encode(&value).unwrap();
            prop_assert_eq!(&decode::<Value>(&bytes, "value").unwrap(), &value);
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), &value);
        }

        #[test]
        fn any_frame_reads_and_encodes_to_the_same_bytes(tag in 0..20u16, bytes: Vec<u8>) {
            let value = read(tag, bytes.clone());
            let again = encode(&value).unwrap();
            let expected = encode(&Value::Unknown { tag, bytes }).unwrap();
            prop_assert_eq!(again, expected);
        }
    }

    #[test]
    fn the_empty_text_and_a_space_are_not_nothing() {
        for value in [Value::Null, Value::Text(String::new()), Value::Text(" ".to_owned())] {
            let bytes = crate::wire::encode(&value).unwrap();
            assert_eq!(crate::wire::decode::<Value>(&bytes, "value").unwrap(), value);
        }
    }
}
