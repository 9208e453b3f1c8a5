//! Paper forms: what is printed, stamped and filed. A template that an office can change in a word processor, filled from records.
//!
//! [`registry`] names the forms, [`docx`] fills documents, [`ledger`] writes rosters; both ask a [`Source`] for what a tag stands
//! for. The templates are under config/forms, their language is that of the offices' paper.

pub mod docx;
pub mod ledger;
pub mod registry;
pub mod tags;

use crate::domain::record::PartialDate;
use tags::{Format, ListTag};

/// What a tag stands for.
#[derive(Clone, PartialEq, Eq)]
pub enum Filled {
    /// Text, already in the words of the paper's language; may have lines.
    Text(String),
    /// A date, written as the tag asks.
    Date(PartialDate),
    /// A period, written as the tag asks; nothing if neither end is known.
    Period(Option<PartialDate>, Option<PartialDate>),
    /// A moment in milliseconds since 1970, written as the tag asks.
    Moment(i64),
}

/// Where the values of a form come from: a record, and those it points to or that point to it.
pub trait Source {
    /// Returns what a path such as `person.name` stands for; empty text where nothing is known.
    ///
    /// # Errors
    /// [`Unknown`] if a step of the path is no field.
    fn value(&self, path: &[&str]) -> Result<Filled, Unknown>;

    /// Returns the rows of a list such as `enrolment status=confirmed`.
    ///
    /// # Errors
    /// [`Unknown`] if nothing of that name points here, or a condition names no field.
    fn list(&self, list: &ListTag) -> Result<Vec<Box<dyn Source + '_>>, Unknown>;

    /// Returns a row of that list with nothing in it, for the empty lines of a paper form.
    ///
    /// # Errors
    /// As for [`Source::list`].
    fn blank(&self, list: &ListTag) -> Result<Box<dyn Source + '_>, Unknown>;
}

/// A name that a form asks for and nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// Names there are at that place.
    pub known: Vec<String>,
}

/// Why a form could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The template is no .docx, or is damaged.
    #[error("not a document: {cause}")]
    NotADocument {
        /// What the reader said.
        cause: String,
    },
    /// A part of the template is larger than [`docx::LARGEST_PART`], or nested deeper than any form.
    #[error("the document is too large")]
    TooLarge,
    /// A tag asks for what there is not.
    #[error("the tag {{{{{tag}}}}} asks for {name}", name = .unknown.name)]
    UnknownName {
        /// The tag as it stands in the template.
        tag: String,
        /// What is not there.
        unknown: Unknown,
    },
    /// A tag is not written as tags are, or a list is opened and not closed in the same row.
    #[error("the tag {{{{{tag}}}}} cannot be understood")]
    BadTag {
        /// The tag as it stands in the template.
        tag: String,
    },
    /// The definition of a roster is not TOML, or lacks something.
    #[error("the definition cannot be read: {cause}")]
    Definition {
        /// What the reader said, with the line.
        cause: String,
    },
    /// The spreadsheet writer refused.
    #[error("the workbook could not be made")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

impl FormError {
    /// Returns the stable word of the error: in JSON, and in the keys of message and hint.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotADocument { .. } => "document",
            Self::TooLarge => "too-large",
            Self::UnknownName { .. } => "unknown",
            Self::BadTag { .. } => "tag",
            Self::Definition { .. } => "definition",
            Self::Workbook(_) => "workbook",
        }
    }

    /// Returns what fills the message's placeholders.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotADocument { cause } | Self::Definition { cause } => {
                vec![("cause", cause.clone())]
            }
            Self::Workbook(error) => vec![("cause", error.to_string())],
            Self::UnknownName { tag, unknown } => {
                vec![("tag", tag.clone()), ("name", unknown.name.clone())]
            }
            Self::BadTag { tag } => vec![("tag", tag.clone())],
            Self::TooLarge => Vec::new(),
        }
    }
}

/// Writes what a tag stands for.
fn written(filled: Filled, format: Format) -> String {
    match filled {
        Filled::Text(text) => text,
        Filled::Date(date) => format.date(date),
        Filled::Moment(ms) => format.moment(ms),
        Filled::Period(None, None) => String::new(),
        Filled::Period(from, to) => {
            let end =
                |day: Option<PartialDate>| day.map(|day| format.date(day)).unwrap_or_default();
            format!("{}—{}", end(from), end(to))
        }
    }
}

#[cfg(test)]
mod tests;
