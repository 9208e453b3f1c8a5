//! Workbooks: every cell is text in format `@`, so an 18-digit number keeps its digits and no cell is a formula.
//!
//! The library makes the workbook with its headings; the rows are written into the finished package one after the other. It could
//! only hold them all in memory, or leave them in a file of its own whose errors it does not survive.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError, utility};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{ExportError, Sheet, TableColumn};

/// Narrowest column, so that an 18-digit number is seen whole.
pub(super) const NARROWEST: u16 = 20;
/// Longest sheet name that Excel accepts.
const MAX_TITLE_CHARS: usize = 31;
/// Rows of a sheet of Excel, the headings among them.
const MAX_ROWS: usize = 1_048_576;
/// Characters of a cell of Excel.
const MAX_CELL_CHARS: usize = 32_767;
/// Quick rather than small: whoever exports waits, and the text is repetitive enough.
const LEVEL: i64 = 3;
/// Rows are handed to the compressor in pieces of about this many bytes.
const PIECE: usize = 64 << 10;

/// Writes sheets as one .xlsx: headings bold and frozen; names that repeat get a number.
///
/// # Errors
/// [`ExportError::Workbook`] if there are more rows, columns or characters in a cell than a workbook holds.
pub fn to_bytes(sheets: Vec<Sheet<'_>>) -> Result<Vec<u8>, ExportError> {
    let headings = headings(&sheets)?;
    let mut base = ZipArchive::new(Cursor::new(headings))?;
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let mut sheets: Vec<_> = sheets.into_iter().map(Some).collect();
    for index in 0..base.len() {
        let part = base.by_index_raw(index)?;
        let Some(sheet) = place(part.name()).and_then(|at| sheets.get_mut(at)?.take()) else {
            out.raw_copy_file(part)?;
            continue;
        };
        let name = part.name().to_owned();
        drop(part);
        let mut xml = String::new();
        base.by_name(&name)?.read_to_string(&mut xml)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL));
        out.start_file(name, options)?;
        rows(&mut out, &xml, sheet)?;
    }
    Ok(out.finish()?.into_inner())
}

/// The workbook without its rows.
fn headings(sheets: &[Sheet<'_>]) -> Result<Vec<u8>, ExportError> {
    let text = Format::new().set_num_format("@");
    let bold = Format::new().set_num_format("@").set_bold();
    let mut book = Workbook::new();
    let mut names = BTreeSet::new();
    for sheet in sheets {
        let page = book.add_worksheet();
        page.set_name(unused(&sheet_name(sheet.title), &mut names))?;
        head(page, sheet.columns, &text, &bold)?;
    }
    Ok(book.save_to_buffer()?)
}

fn head(
    page: &mut Worksheet,
    columns: &[TableColumn],
    text: &Format,
    bold: &Format,
) -> Result<(), ExportError> {
    for (place, column) in columns.iter().enumerate() {
        let at = u16::try_from(place).unwrap_or(u16::MAX);
        page.set_column_width(at, f64::from(column.width.max(NARROWEST)))?;
        page.set_column_format(at, text)?;
        page.write_string_with_format(0, at, &column.heading, bold)?;
    }
    page.set_freeze_panes(1, 0)?;
    Ok(())
}

/// Which sheet a part of the package is, from 0.
fn place(part: &str) -> Option<usize> {
    let number = part.strip_prefix("xl/worksheets/sheet")?.strip_suffix(".xml")?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

/// Writes a sheet: what the library made, with the rows after the headings.
fn rows(
    out: &mut ZipWriter<Cursor<Vec<u8>>>,
    xml: &str,
    sheet: Sheet<'_>,
) -> Result<(), ExportError> {
    // A sheet without a heading has an empty element.
    let xml = xml.replacen("<sheetData/>", "<sheetData></sheetData>", 1);
    let (before, after) = xml.split_once("</sheetData>").unwrap_or((&xml, ""));
    let style = column_style(before);
    out.write_all(without_size(before).as_bytes())?;
    let mut piece = String::with_capacity(PIECE * 2);
    for (place, row) in sheet.rows.enumerate() {
        if place + 1 >= MAX_ROWS {
            return Err(XlsxError::RowColumnLimitError.into());
        }
        line(&mut piece, place + 2, &row, &style)?;
        if piece.len() >= PIECE {
            out.write_all(piece.as_bytes())?;
            piece.clear();
        }
    }
    out.write_all(piece.as_bytes())?;
    out.write_all(b"</sheetData>")?;
    Ok(out.write_all(after.as_bytes())?)
}

/// The number of the text format among the styles of the workbook, as the columns name it.
fn column_style(xml: &str) -> String {
    let columns = xml.split_once("<cols>").map_or("", |(_, rest)| rest);
    let style = columns.split_once("style=\"").map_or("", |(_, rest)| rest);
    style.chars().take_while(char::is_ascii_digit).collect()
}

/// Leaves out the optional `dimension` element: it would name the headings only.
fn without_size(xml: &str) -> String {
    match xml.split_once("<dimension ") {
        Some((before, rest)) => {
            let after = rest.split_once("/>").map_or("", |(_, after)| after);
            [before, after].concat()
        }
        None => xml.to_owned(),
    }
}

fn line(xml: &mut String, number: usize, row: &[String], style: &str) -> Result<(), ExportError> {
    xml.extend(["<row r=\"", &number.to_string(), "\">"]);
    for (place, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        if cell.len() > MAX_CELL_CHARS && cell.chars().count() > MAX_CELL_CHARS {
            return Err(XlsxError::MaxStringLengthExceeded.into());
        }
        let column = utility::column_number_to_name(u16::try_from(place).unwrap_or(u16::MAX));
        let opened = format!("<c r=\"{column}{number}\" s=\"{style}\" t=\"inlineStr\"><is>");
        xml.push_str(&opened);
        xml.push_str("<t xml:space=\"preserve\">");
        escape(xml, cell);
        xml.push_str("</t></is></c>");
    }
    xml.push_str("</row>");
    Ok(())
}

/// Escapes a cell: for XML, and what XML cannot hold as `_xHHHH_` (ECMA-376 part 1, 22.9.2.19), so that such a text itself
/// needs its underscore escaped.
fn escape(xml: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if text.get(at..).is_some_and(looks_escaped) => xml.push_str("_x005F_"),
            '\t' | '\n' => xml.push(c),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {
                let code = format!("_x{:04X}_", u32::from(c));
                xml.push_str(&code);
            }
            c => xml.push(c),
        }
    }
}

/// True for a text that starts as `_xHHHH_`.
fn looks_escaped(text: &str) -> bool {
    let Some([b'_', b'x', digits @ .., b'_']) = text.as_bytes().get(..7) else { return false };
    digits.iter().all(u8::is_ascii_hexdigit)
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
