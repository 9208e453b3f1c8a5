//! Reading a sheet: bytes to rows of values, and rows to a plan of what they add and change.
//!
//! In order: [`workbook`] opens the file, `header` finds the heading row and the kind by the layouts of config/headers.toml,
//! `rows` reads the cells, [`plan()`] compares them with what is stored, [`report`] says what came of it.

mod delimited;
mod error;
mod header;
mod json;
pub mod layout;
mod plan;
mod references;
pub mod report;
mod rows;
pub mod workbook;
mod xls_size;
mod zip_size;

pub use error::ImportError;
pub use header::{Column, ColumnUse};
pub use layout::{By, FieldTarget};
pub use plan::{Defaults, Outcome, Plan, PlannedRow, plan};
pub use references::{Existing, Lookup, unit_key};
pub use rows::{Cell, CellValue, ParsedRow};

use crate::domain::kinds::Kind;
use crate::domain::record::{Issue, ParseContext};

/// Largest file read, in bytes: a whole university's roster is a twentieth of it.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// What the caller knows about a file before it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct SheetRequest<'a> {
    /// Name of the file, for messages and for the guess of its format.
    pub file: &'a str,
    /// The sheet asked for; else the first visible one with a heading row.
    pub sheet: Option<&'a str>,
    /// The kind asked for; else guessed from the headings.
    pub kind: Option<Kind>,
}

/// One sheet, read but not yet compared with what is stored.
#[derive(Clone, Debug)]
pub struct ParsedSheet {
    /// Name of the file.
    pub file: String,
    /// Name of the sheet; empty for formats without sheets.
    pub sheet: String,
    /// The kind its rows are of.
    pub kind: Kind,
    /// The layout it was read by.
    pub form: &'static layout::Form,
    /// Row of the headings, from 1.
    pub header_row: u32,
    /// The columns, with what became of them.
    pub columns: Vec<Column>,
    /// The rows that hold data.
    pub rows: Vec<ParsedRow>,
    /// What is to be said about the sheet as a whole: unknown columns, numbers in columns of identifiers.
    pub notes: Vec<Issue>,
}

/// Opens a file, finds its heading row and reads its rows.
///
/// # Errors
/// [`ImportError`] if the file or the sheet as a whole cannot be read; problems of single rows are in the rows.
pub fn read_sheet(
    request: &SheetRequest<'_>,
    bytes: &[u8],
    cx: &ParseContext,
) -> Result<ParsedSheet, ImportError> {
    let sheets = workbook::open(request.file, request.sheet, bytes)?;
    let (sheet, found) = header::choose(request, sheets)?;
    Ok(rows::read(request.file, sheet, found, cx))
}

#[cfg(test)]
mod tests;
