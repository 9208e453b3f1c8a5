//! Delimited text: UTF-8 with a byte order mark, so that Excel of a Chinese locale reads it; lines end in CR LF (RFC 4180).
//!
//! A cell that a spreadsheet would take for a formula (it starts with `=`, `+`, `-`, `@`, a tab or a line break) gets an apostrophe
//! in front, as OWASP advises; so does a cell that starts with apostrophes before one of these, and the import takes exactly
//! one apostrophe off such cells. Example: `-1` is written `'-1` and read as `-1`.

use super::{ExportError, Sheet};
use crate::domain::text::guarded;

const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// Writes a table as .csv.
///
/// # Errors
/// [`ExportError::Delimited`] if a row cannot be written.
pub fn to_bytes(table: Sheet<'_>) -> Result<Vec<u8>, ExportError> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(BOM.to_vec());
    writer.write_record(table.columns.iter().map(|column| guarded(&column.heading)))?;
    for row in table.rows {
        let missing = table.columns.len().saturating_sub(row.len());
        let cells = row.iter().map(|cell| guarded(cell));
        writer.write_record(cells.chain(std::iter::repeat_n(String::new(), missing)))?;
    }
    writer.into_inner().map_err(|error| ExportError::Delimited(error.into_error().into()))
}
