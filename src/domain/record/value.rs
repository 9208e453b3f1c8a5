//! Stored values: what one field of one record holds.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::PartialDate;
use crate::domain::ids::RecordId;

/// A field's number within its kind: on the wire and on disk, for ever; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldNo(pub u16);

/// What one field holds. Absent (no entry), [`Value::Null`] (known to be none) and empty text are three different things.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Known to be none: the sheet said 無, or a person cleared the field.
    Null,
    /// Text as it was entered, NFC, without control or bidi characters.
    Text(String),
    /// A whole number, or a decimal in the unit its spec names (hours are tenths).
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// A civil date with the precision it was given in.
    Date(PartialDate),
    /// Milliseconds since 1970-01-01T00:00Z.
    Instant(i64),
    /// A code of a list or a choice of a closed set.
    Code(String),
    /// Another record.
    Ref(RecordId),
    /// A value of a type this build does not know; kept and passed on byte for byte.
    Unknown {
        /// Frame tag (protocol, Frames).
        tag: u16,
        /// Frame bytes.
        bytes: Vec<u8>,
    },
}

/// The fields of one record, by number.
pub type Fields = BTreeMap<FieldNo, Value>;

/// A value as it lies in an encoded record, without a copy of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// Text.
    Text(&'a str),
    /// A code.
    Code(&'a str),
    /// A number, moment or flag as a number.
    Number(i64),
    /// A date.
    Date(PartialDate),
    /// Another record.
    Ref(RecordId),
    /// Nothing, or what this build cannot read.
    Empty,
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Code(code) => Self::Code(code),
            Value::Int(number) | Value::Instant(number) => Self::Number(*number),
            Value::Flag(flag) => Self::Number(i64::from(*flag)),
            Value::Date(date) => Self::Date(*date),
            Value::Ref(id) => Self::Ref(*id),
            Value::Null | Value::Unknown { .. } => Self::Empty,
        }
    }
}

impl<'a> ValueRef<'a> {
    /// Returns the text of a text or code.
    pub const fn as_text(self) -> Option<&'a str> {
        if let Self::Text(text) | Self::Code(text) = self { Some(text) } else { None }
    }

    /// Returns a number, moment or flag.
    pub const fn as_number(self) -> Option<i64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// Returns a date.
    pub const fn as_date(self) -> Option<PartialDate> {
        if let Self::Date(date) = self { Some(date) } else { None }
    }

    /// Returns the record a reference points to.
    pub const fn as_ref_id(self) -> Option<RecordId> {
        if let Self::Ref(id) = self { Some(id) } else { None }
    }
}

impl Value {
    /// Returns the number of an integer or of tenths.
    pub const fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// Returns the milliseconds of an instant.
    pub const fn as_instant(&self) -> Option<i64> {
        if let Self::Instant(ms) = self { Some(*ms) } else { None }
    }

    /// Returns the text of a text or code value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Code(text) => Some(text),
            Self::Null
            | Self::Int(_)
            | Self::Flag(_)
            | Self::Date(_)
            | Self::Instant(_)
            | Self::Ref(_)
            | Self::Unknown { .. } => None,
        }
    }

    /// Returns the record a reference points to.
    pub const fn as_ref_id(&self) -> Option<RecordId> {
        if let Self::Ref(id) = self { Some(*id) } else { None }
    }

    /// Returns the date of a date value.
    pub const fn as_date(&self) -> Option<PartialDate> {
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    /// True for null and for text without a visible character.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) | Self::Code(text) => text.trim().is_empty(),
            Self::Int(_)
            | Self::Flag(_)
            | Self::Date(_)
            | Self::Instant(_)
            | Self::Ref(_)
            | Self::Unknown { .. } => false,
        }
    }
}

/// Names the type and hides the content: values are personal data and must not reach a log or a panic report.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if cfg!(test) {
            return match self {
                Self::Null => f.write_str("Null"),
                Self::Text(text) => write!(f, "Text({text:?})"),
                Self::Int(number) => write!(f, "Int({number})"),
                Self::Flag(flag) => write!(f, "Flag({flag})"),
                Self::Date(date) => write!(f, "Date({date})"),
                Self::Instant(ms) => write!(f, "Instant({ms})"),
                Self::Code(code) => write!(f, "Code({code:?})"),
                Self::Ref(id) => write!(f, "Ref({id})"),
                Self::Unknown { tag, bytes } => write!(f, "Unknown({tag}, {} bytes)", bytes.len()),
            };
        }
        f.write_str(match self {
            Self::Null => "Null",
            Self::Text(_) => "Text(..)",
            Self::Int(_) => "Int(..)",
            Self::Flag(_) => "Flag(..)",
            Self::Date(_) => "Date(..)",
            Self::Instant(_) => "Instant(..)",
            Self::Code(_) => "Code(..)",
            Self::Ref(_) => "Ref(..)",
            Self::Unknown { .. } => "Unknown(..)",
        })
    }
}
