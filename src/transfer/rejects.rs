//! The rows a person must look at, as a table with the sheet's own columns and the reason beside them.

use super::export::Table;
use super::import::{Outcome, ParsedSheet, Plan};
use crate::domain::record::Issue;

/// Words of the two added columns, in the language of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectWords {
    /// Heading of the column of row numbers.
    pub row: String,
    /// Heading of the column of reasons.
    pub reason: String,
}

/// Lists refused and warned rows with their original cells; `message` turns an issue into text.
///
/// The columns are those of the sheet, under the same headings, so that the corrected table can be imported as it is.
pub fn table(
    sheet: &ParsedSheet,
    plan: &Plan,
    words: &RejectWords,
    message: &dyn Fn(&Issue) -> String,
) -> Table {
    let headings = sheet.columns.iter().map(|column| column.heading.clone());
    let added = [words.row.clone(), words.reason.clone()];
    let mut table = Table::new(sheet.sheet.clone(), headings.chain(added));
    for (planned, parsed) in plan.rows.iter().zip(&sheet.rows) {
        if planned.outcome != Outcome::Refused && planned.issues.is_empty() {
            continue;
        }
        let cell = |index: usize| parsed.raw.get(index).map(|cell| cell.text().into_owned());
        let cells = sheet.columns.iter().map(|column| cell(column.index).unwrap_or_default());
        let reasons: Vec<String> = planned.issues.iter().map(message).collect();
        let added = [planned.row.to_string(), reasons.join("; ")];
        table.rows.push(cells.chain(added).collect());
    }
    table
}
