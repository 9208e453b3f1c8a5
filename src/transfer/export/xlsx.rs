//! Workbooks: every cell is text in format `@`, so an 18-digit number keeps its digits and no cell is a formula.

use std::collections::BTreeSet;

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::{ExportError, Table};

/// Narrowest column, so that an 18-digit number is seen whole.
pub(super) const NARROWEST: u16 = 20;
/// Longest sheet name that Excel accepts.
const MAX_TITLE_CHARS: usize = 31;

/// Writes a table as .xlsx: headings bold and frozen.
///
/// # Errors
/// [`ExportError::Workbook`] if there are more rows, columns or characters in a cell than a workbook holds.
pub fn to_bytes(table: &Table) -> Result<Vec<u8>, ExportError> {
    book(std::slice::from_ref(table))
}

/// Writes tables as the sheets of one .xlsx; names that repeat get a number.
///
/// # Errors
/// As for [`to_bytes`].
pub fn book(tables: &[Table]) -> Result<Vec<u8>, ExportError> {
    let text = Format::new().set_num_format("@");
    let bold = Format::new().set_num_format("@").set_bold();
    let mut book = Workbook::new();
    let mut names = BTreeSet::new();
    for table in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(unused(&sheet_name(&table.title), &mut names))?;
        fill(sheet, table, &text, &bold)?;
    }
    Ok(book.save_to_buffer()?)
}

fn fill(
    sheet: &mut Worksheet,
    table: &Table,
    text: &Format,
    bold: &Format,
) -> Result<(), ExportError> {
    for (place, column) in table.columns.iter().enumerate() {
        let at = u16::try_from(place).unwrap_or(u16::MAX);
        sheet.set_column_width(at, f64::from(column.width.max(NARROWEST)))?;
        sheet.set_column_format(at, text)?;
        sheet.write_string_with_format(0, at, &column.heading, bold)?;
    }
    for (place, row) in table.rows.iter().enumerate() {
        let line = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            sheet.write_string_with_format(line, column, cell, text)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// Puts a number behind a name that another sheet has; Excel compares without case.
fn unused(name: &str, names: &mut BTreeSet<String>) -> String {
    let mut chosen = name.to_owned();
    for number in 2_u32.. {
        if names.insert(chosen.to_lowercase()) {
            break;
        }
        let end = format!(" {number}");
        let kept = MAX_TITLE_CHARS.saturating_sub(end.chars().count());
        chosen = name.chars().take(kept).collect::<String>() + &end;
    }
    chosen
}

/// Makes a name that Excel accepts: 31 characters, none of `[]:*?/\`, no apostrophe at an end.
pub(in crate::transfer) fn sheet_name(title: &str) -> String {
    let allowed = title.chars().filter(|c| !c.is_control() && !"[]:*?/\\".contains(*c));
    let name: String = allowed.take(MAX_TITLE_CHARS).collect();
    let name = name.trim_matches('\'').trim();
    if name.is_empty() { "Sheet1".to_owned() } else { name.to_owned() }
}
