//! JSON: an array of objects whose members are the headings, in order; empty cells are left out.

use serde_json::{Map, Value};

use super::{ExportError, Sheet};

/// Writes a table as .json, one record a line.
///
/// # Errors
/// [`ExportError::Json`] if the text cannot be made.
pub fn to_bytes(table: Sheet<'_>) -> Result<Vec<u8>, ExportError> {
    let mut out = b"[".to_vec();
    for (place, row) in table.rows.enumerate() {
        let separator: &[u8] = if place == 0 { b"\n" } else { b",\n" };
        out.extend_from_slice(separator);
        let filled = table.columns.iter().zip(row.iter()).filter(|(_, cell)| !cell.is_empty());
        let object: Map<String, Value> =
            filled.map(|(column, cell)| (column.heading.clone(), cell.clone().into())).collect();
        serde_json::to_writer(&mut out, &object)?;
    }
    out.extend_from_slice(b"\n]\n");
    Ok(out)
}
