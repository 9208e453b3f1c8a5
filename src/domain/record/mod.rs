//! How a record kind is written: values, field specs, the `record!` macro, issues.
//!
//! A kind is one file with one `record!` block. Everything else (form, table, filter, import, export, merge policy, data
//! dictionary, command-line nouns) is read from its [`RecordSpec`].

pub mod care;
mod date;
mod issue;
mod macros;
pub mod mask;
pub mod parse;
mod spec;
mod types;
mod value;

pub use date::{DateError, PartialDate, Precision};
pub use issue::{Issue, Level};
pub use parse::ParseContext;
pub use spec::{
    Against, Awaits, Due, FieldId, FieldSpec, Merge, Owner, RecordSpec, Shape, Step, ValueKind,
};
pub use types::{
    ClassId, Code, CultivationId, Date, EnrolmentId, FieldType, Flag, Hours, IdNumber, Identifier,
    Instant, Integer, Many, Name, Notes, PersonId, Phone, SessionId, StaffFileId, Text, UnitRef,
};
pub use value::{FieldNo, Fields, Value, ValueRef};

/// A typed view of one record's fields, made by `record!`.
pub trait Record: Sized {
    /// The static description that everything else is read from.
    const SPEC: &'static RecordSpec;

    /// Reads the typed record out of stored fields.
    ///
    /// # Errors
    /// One [`Issue`] for each required field that is missing and each value of the wrong type.
    fn hydrate(fields: &Fields) -> Result<Self, Vec<Issue>>;

    /// Runs the kind's own rules (checks Q01-Q13 that need one record only).
    fn check(&self) -> Vec<Issue>;
}
