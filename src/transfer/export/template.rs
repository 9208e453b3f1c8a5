//! Empty workbooks to fill in: the labels of a kind as headings, text columns, drop-down lists of its codes.
//!
//! The headings are those that the import reads back, in any of the three languages.

use rust_xlsxwriter::{DataValidation, Format, Formula, Workbook, Worksheet};

use super::{ExportError, xlsx};
use crate::domain::access::Office;
use crate::domain::codes::{self, CodeList};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, Owner, Shape, ValueKind};
use crate::locale::Locale;

/// Rows that get the drop-down lists and the text format.
const ROWS: u32 = 5_000;
/// Name of the hidden sheet that holds the lists.
const LISTS: &str = "codes";

/// Makes an empty workbook for one kind of records in the language of `locale`.
///
/// Fields reserved for headquarters are left out unless `office` is headquarters. A required field says so in its heading.
///
/// # Errors
/// [`ExportError::Workbook`] if the writer refuses.
pub fn to_bytes(kind: Kind, office: Office, locale: &Locale) -> Result<Vec<u8>, ExportError> {
    let text = Format::new().set_num_format("@");
    let bold = Format::new().set_num_format("@").set_bold().set_text_wrap();
    let mut book = Workbook::new();
    let mut lists = Worksheet::new();
    lists.set_name(LISTS)?.set_hidden(true);
    let sheet = book.add_worksheet();
    sheet.set_name(xlsx::sheet_name(&locale.kind_label(kind.spec())))?;
    let mut at = 0_u16;
    for field in kind.spec().fields {
        let reserved = field.office == Office::Headquarters && office != Office::Headquarters;
        if reserved || field.shape == Shape::Notes {
            continue;
        }
        column(sheet, at, &heading(kind, field, locale), &text, &bold)?;
        if let Some(list) = list_of(kind, field) {
            let formula = write_list(&mut lists, at, list, locale)?;
            let choice = DataValidation::new().allow_list_formula(Formula::new(formula));
            sheet.add_data_validation(1, at, ROWS, at, &choice)?;
        }
        at = at.saturating_add(1);
    }
    if kind.spec().owner == Owner::Chosen {
        column(sheet, at, &locale.text("import-owner-unit"), &text, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    book.push_worksheet(lists);
    Ok(book.save_to_buffer()?)
}

fn column(
    sheet: &mut Worksheet,
    at: u16,
    heading: &str,
    text: &Format,
    bold: &Format,
) -> Result<(), ExportError> {
    sheet.set_column_width(at, f64::from(xlsx::NARROWEST))?;
    sheet.set_column_format(at, text)?;
    sheet.write_string_with_format(0, at, heading, bold)?;
    Ok(())
}

/// The label, with a note in brackets on what to write; the import reads headings without such notes.
fn heading(kind: Kind, field: &FieldSpec, locale: &Locale) -> String {
    let mut notes = Vec::new();
    match field.kind {
        ValueKind::Reference("person") => notes.push(locale.text("import-by-staff-no")),
        ValueKind::Reference("unit") => notes.push(locale.text("import-by-code")),
        // A cultivation or a staff file is found by the person it is about.
        ValueKind::Reference(kind)
            if Kind::from_key(kind).is_some_and(|kind| kind.spec().field("person").is_some()) =>
        {
            notes.push(locale.text("import-by-staff-no"));
        }
        _ => {}
    }
    if field.required {
        notes.push(locale.text("import-required"));
    }
    let label = locale.field_label(kind.spec(), field);
    if notes.is_empty() { label } else { format!("{label} ({})", notes.join(", ")) }
}

fn list_of(kind: Kind, field: &FieldSpec) -> Option<&'static CodeList> {
    match field.kind {
        ValueKind::Code => codes::list(field.codes?),
        ValueKind::Choice => codes::choice_list(kind.key(), field.key),
        _ => None,
    }
}

/// Writes the labels of a list below one another and returns the formula that names them.
fn write_list(
    lists: &mut Worksheet,
    at: u16,
    list: &CodeList,
    locale: &Locale,
) -> Result<String, ExportError> {
    let mut last = 0_u32;
    for (line, entry) in (0_u32..).zip(list.entries()) {
        lists.write_string(line, at, entry.label(locale.lang().key()))?;
        last = line;
    }
    let column = rust_xlsxwriter::utility::column_number_to_name(at);
    Ok(format!("={LISTS}!${column}$1:${column}${}", last.saturating_add(1)))
}
