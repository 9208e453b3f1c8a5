//! Writing tables: rows of text that the caller has already formatted, as .xlsx, .csv or JSON.

pub mod csv;
pub mod ics;
pub mod json;
pub mod template;
pub mod xlsx;

use std::borrow::Cow;
use std::path::Path;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Heading as written.
    pub heading: String,
    /// Width in cells of a terminal; in a workbook no column is narrower than 20.
    pub width: u16,
}

/// A table of text cells; dates are ISO, ids and codes are text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name of the sheet.
    pub title: String,
    /// Columns in order.
    pub columns: Vec<TableColumn>,
    /// Rows; a short row ends in empty cells.
    pub rows: Vec<Vec<String>>,
}

/// A table to write: its head, and its rows as they are asked for, so that a long one is never whole in memory.
pub struct Sheet<'a> {
    /// Name of the sheet.
    pub title: &'a str,
    /// Columns in order.
    pub columns: &'a [TableColumn],
    /// Rows; a short row ends in empty cells.
    pub rows: Box<dyn Iterator<Item = Cow<'a, [String]>> + 'a>,
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The spreadsheet writer refused.
    #[error("the workbook could not be made")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The package of the workbook could not be written.
    #[error("the workbook could not be packed")]
    Package(#[from] zip::result::ZipError),
    /// The package of the workbook could not be written.
    #[error("the workbook could not be packed")]
    Packing(#[from] std::io::Error),
    /// The text writer refused.
    #[error("the delimited text could not be made")]
    Delimited(#[from] ::csv::Error),
    /// The JSON writer refused.
    #[error("the JSON text could not be made")]
    Json(#[from] serde_json::Error),
    /// The extension names no format that is written.
    #[error("no format for the extension {extension}")]
    Extension {
        /// The extension, without its dot.
        extension: String,
    },
}

impl Table {
    /// Makes an empty table with these headings, twelve cells wide each.
    pub fn new(title: impl Into<String>, headings: impl IntoIterator<Item = String>) -> Self {
        let columns = headings.into_iter().map(|heading| TableColumn { heading, width: 12 });
        Self { title: title.into(), columns: columns.collect(), rows: Vec::new() }
    }
}

impl<'a> From<&'a Table> for Sheet<'a> {
    fn from(table: &'a Table) -> Self {
        let rows = table.rows.iter().map(|row| Cow::Borrowed(row.as_slice()));
        Self { title: &table.title, columns: &table.columns, rows: Box::new(rows) }
    }
}

/// Writes a table in the format that the file's extension names: .xlsx, .csv or .json.
///
/// # Errors
/// [`ExportError::Extension`] for any other extension; else what the format's writer says.
pub fn to_bytes<'a>(table: impl Into<Sheet<'a>>, file: &Path) -> Result<Vec<u8>, ExportError> {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match extension.as_str() {
        "xlsx" => xlsx::to_bytes(vec![table.into()]),
        "csv" => csv::to_bytes(table.into()),
        "json" => json::to_bytes(table.into()),
        _ => Err(ExportError::Extension { extension }),
    }
}

/// Writes several tables: as the sheets of an .xlsx, else one after the other in the first one's columns.
///
/// # Errors
/// As for [`to_bytes`].
pub fn many_to_bytes(tables: &[Table], file: &Path) -> Result<Vec<u8>, ExportError> {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match (tables, extension.as_str()) {
        (tables, "xlsx") => xlsx::to_bytes(tables.iter().map(Sheet::from).collect()),
        ([first, rest @ ..], _) => {
            let mut whole = first.clone();
            for table in rest {
                whole.rows.push(Vec::new());
                whole
                    .rows
                    .push(table.columns.iter().map(|column| column.heading.clone()).collect());
                whole.rows.extend(table.rows.iter().cloned());
            }
            to_bytes(&whole, file)
        }
        ([], _) => to_bytes(&Table::new("", []), file),
    }
}

#[cfg(test)]
mod tests;
