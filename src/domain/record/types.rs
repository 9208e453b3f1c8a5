//! Field types: what a value of a field means, and how it is read from what is stored.

use super::date::PartialDate;
use super::issue::Issue;
use super::spec::{Shape, ValueKind};
use super::value::Value;
use crate::domain::text;

/// A type a field of a record can have.
pub trait FieldType: Sized {
    /// Sort of input.
    const KIND: ValueKind;
    /// False only for `Option`.
    const REQUIRED: bool = true;
    /// How many values.
    const SHAPE: Shape = Shape::One;
    /// The closed set, for choices.
    const CHOICES: &'static [&'static str] = &[];

    /// Reads a stored value; `None` if it is of another type.
    fn from_value(value: &Value) -> Option<Self>;

    /// Reads a slot that may be empty.
    ///
    /// # Errors
    /// An issue with code `required` if there is nothing, `wrong-type` if the value is of another type.
    fn from_slot(field: &'static str, slot: Option<&Value>) -> Result<Self, Issue> {
        match slot {
            None | Some(Value::Null) => Err(Issue::error(field, "required")),
            Some(value) => Self::from_value(value).ok_or_else(|| Issue::error(field, "wrong-type")),
        }
    }
}

impl<T: FieldType> FieldType for Option<T> {
    const KIND: ValueKind = T::KIND;
    const SHAPE: Shape = T::SHAPE;
    const REQUIRED: bool = false;
    const CHOICES: &'static [&'static str] = T::CHOICES;

    fn from_value(value: &Value) -> Option<Self> {
        T::from_value(value).map(Some)
    }

    fn from_slot(field: &'static str, slot: Option<&Value>) -> Result<Self, Issue> {
        match slot {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Self::from_value(value).ok_or_else(|| Issue::error(field, "wrong-type")),
        }
    }
}

/// Several texts ([`Shape::Many`]); none where nothing was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

impl<T: FieldType> FieldType for Many<T> {
    const KIND: ValueKind = T::KIND;
    const SHAPE: Shape = Shape::Many;
    const REQUIRED: bool = false;

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(joined) = value else { return None };
        let element = |part: &str| T::from_value(&Value::Text(part.to_owned()));
        text::elements(joined).into_iter().map(element).collect::<Option<_>>().map(Self)
    }

    fn from_slot(field: &'static str, slot: Option<&Value>) -> Result<Self, Issue> {
        match slot {
            None | Some(Value::Null) => Ok(Self(Vec::new())),
            Some(value) => Self::from_value(value).ok_or_else(|| Issue::error(field, "wrong-type")),
        }
    }
}

/// Dated remarks ([`Shape::Notes`]): they stand beside the values of a record, not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notes;

impl FieldType for Notes {
    const KIND: ValueKind = ValueKind::Text;
    const SHAPE: Shape = Shape::Notes;
    const REQUIRED: bool = false;

    fn from_value(_: &Value) -> Option<Self> {
        Some(Self)
    }

    fn from_slot(_: &'static str, _: Option<&Value>) -> Result<Self, Issue> {
        Ok(Self)
    }
}

macro_rules! text_types {
    ($($(#[$doc:meta])* $T:ident: $kind:ident from $variant:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $T(pub String);
        impl FieldType for $T {
            const KIND: ValueKind = ValueKind::$kind;
            fn from_value(value: &Value) -> Option<Self> {
                if let Value::$variant(text) = value { Some(Self(text.clone())) } else { None }
            }
        }
        impl std::fmt::Debug for $T {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($T), "(..)"))
            }
        }
    )* };
}
text_types! {
    /// Free text.
    Text: Text from Text;
    /// The name of a person or unit.
    Name: Name from Text;
    /// A school number, unit code or document number.
    Identifier: Identifier from Text;
    /// A resident identity number.
    IdNumber: IdNumber from Text;
    /// A telephone number.
    Phone: Phone from Text;
    /// A code of a list under config/codes.
    Code: Code from Code;
}

macro_rules! number_types {
    ($($(#[$doc:meta])* $T:ident($inner:ty): $kind:ident from $variant:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $T(pub $inner);
        impl FieldType for $T {
            const KIND: ValueKind = ValueKind::$kind;
            fn from_value(value: &Value) -> Option<Self> {
                if let Value::$variant(inner) = value { Some(Self(*inner)) } else { None }
            }
        }
    )* };
}
number_types! {
    /// A whole number.
    Integer(i64): Integer from Int;
    /// Hours of study (學時) in tenths.
    Hours(i64): Tenths from Int;
    /// Yes or no.
    Flag(bool): Flag from Flag;
    /// A civil date.
    Date(PartialDate): Date from Date;
    /// A moment, milliseconds since 1970-01-01T00:00Z.
    Instant(i64): Instant from Instant;
}

crate::reference! {
    /// An organisational unit.
    UnitRef -> "unit";
    /// A person.
    PersonId -> "person";
    /// A training class.
    ClassId -> "training_class";
    /// An enrolment.
    EnrolmentId -> "enrolment";
    /// A session of a class.
    SessionId -> "session";
    /// A cultivation record.
    CultivationId -> "cultivation";
    /// An organizer's staff file.
    StaffFileId -> "staff_file";
}
