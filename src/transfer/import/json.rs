//! JSON: an array of records, flat or in the shape that `list --format json` writes.

use serde_json::Value as Json;

use super::error::ImportError;
use super::workbook::{RawCell, RawRow, RawSheet};

/// Reads an array of objects as a sheet whose headings are the field keys.
///
/// `{"id", "unit", "fields": {…}}` and `{"key": value, …}` are both read. Numbers stay text, because JSON keeps every digit
/// that it is given.
pub(super) fn read(file: &str, text: &str) -> Result<RawSheet, ImportError> {
    let corrupt = |detail: String| ImportError::Corrupt { file: file.to_owned(), detail };
    let records: Vec<serde_json::Map<String, Json>> =
        serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let mut headings: Vec<String> = Vec::new();
    let mut rows = Vec::with_capacity(records.len().saturating_add(1));
    for (place, record) in records.into_iter().enumerate() {
        let mut cells = Vec::new();
        for (key, value) in flat(record) {
            let column = headings.iter().position(|heading| *heading == key).unwrap_or_else(|| {
                headings.push(key);
                headings.len().saturating_sub(1)
            });
            cells.resize(cells.len().max(column.saturating_add(1)), RawCell::Empty);
            if let Some(slot) = cells.get_mut(column) {
                *slot = cell(value);
            }
        }
        let row = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(2);
        rows.push(RawRow { row, cells });
    }
    let heading = RawRow { row: 1, cells: headings.into_iter().map(RawCell::Text).collect() };
    rows.insert(0, heading);
    Ok(RawSheet { name: String::new(), rows })
}

/// Members that say something about a record beside its fields, and are not read.
const BESIDE: [&str; 3] = ["kind", "state", "issues"];

fn flat(record: serde_json::Map<String, Json>) -> Vec<(String, Json)> {
    let nested = record.get("fields").is_some_and(Json::is_object);
    let mut out = Vec::new();
    for (key, value) in record {
        match value {
            Json::Object(fields) if nested && key == "fields" => out.extend(fields),
            _ if nested && BESIDE.contains(&key.as_str()) => {}
            other => out.push((key, other)),
        }
    }
    out
}

fn cell(value: Json) -> RawCell {
    match value {
        Json::Null => RawCell::Empty,
        Json::Bool(flag) => RawCell::Flag(flag),
        Json::Number(number) => RawCell::Text(number.to_string()),
        Json::String(text) => RawCell::Text(text),
        other @ (Json::Array(_) | Json::Object(_)) => RawCell::Text(other.to_string()),
    }
}
