//! Rosters and ledgers (花名冊、臺賬、簽到表): a workbook ready to print, with title, page numbers and the line for the stamp.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use super::registry::Roster;
use super::tags::{self, ListTag};
use super::{FormError, Source};
use crate::transfer::export::xlsx::sheet_name;

/// Height of the title's row in points.
const TITLE_HEIGHT: f64 = 30.0;
/// Height of the headings' row in points: two lines.
const HEADING_HEIGHT: f64 = 34.0;
/// Height of every other row in points: room for a signature.
const ROW_HEIGHT: f64 = 22.0;

/// Widest column whose cells are centred: numbers, dates, names; longer texts begin at the left.
const NARROW: f64 = 14.0;

/// How cells look.
struct Looks {
    left: Format,
    centred: Format,
}

/// One column as it is written.
struct Column {
    heading: String,
    value: String,
    width: f64,
}

/// Writes a roster for a record.
///
/// # Errors
/// [`FormError::UnknownName`] or [`FormError::BadTag`] with what to correct in the definition; [`FormError::Workbook`].
pub fn to_bytes(roster: &Roster, source: &dyn Source) -> Result<Vec<u8>, FormError> {
    let list = list_tag(&roster.rows)?;
    let unknown = |unknown| tags::unknown_name(&format!("#{}", list.name), unknown);
    let rows = source.list(&list).map_err(unknown)?;
    let blank = source.blank(&list).map_err(unknown)?;
    let columns = columns(roster, source)?;
    let title = tags::fill(&roster.title, source)?;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(&title))?;
    let first = headings(sheet, roster, &columns, &title, source)?;
    let blanks = list.lines.saturating_sub(rows.len());
    let looks = Looks { left: cell(), centred: cell().set_align(FormatAlign::Center) };
    let mut line = first;
    for row in rows.iter().chain(std::iter::repeat_n(&blank, blanks)) {
        write_row(sheet, line, &columns, row.as_ref(), &looks)?;
        line = line.saturating_add(1);
    }
    finish(sheet, roster, line, last(&columns), source)?;
    Ok(book.save_to_buffer()?)
}

fn list_tag(text: &str) -> Result<ListTag, FormError> {
    ListTag::parse(text).ok_or_else(|| FormError::BadTag { tag: text.to_owned() })
}

fn columns(roster: &Roster, source: &dyn Source) -> Result<Vec<Column>, FormError> {
    let fixed = roster.columns.iter().map(|column| Column {
        heading: column.heading.clone(),
        value: column.value.clone(),
        width: column.width,
    });
    let mut columns: Vec<Column> = fixed.collect();
    if let Some(each) = &roster.each {
        let list = list_tag(&each.list)?;
        let unknown = |unknown| tags::unknown_name(&format!("#{}", list.name), unknown);
        let made = source.list(&list).map_err(unknown)?;
        let blank = source.blank(&list).map_err(unknown)?;
        let blanks = list.lines.saturating_sub(made.len());
        for item in made.iter().chain(std::iter::repeat_n(&blank, blanks)) {
            let heading = tags::fill(&each.heading, item.as_ref())?;
            columns.push(Column { heading, value: String::new(), width: each.width });
        }
    }
    Ok(columns)
}

fn last(columns: &[Column]) -> u16 {
    u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX)
}

fn cell() -> Format {
    Format::new()
        .set_num_format("@")
        .set_border(FormatBorder::Thin)
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
}

/// Writes title, the line under it and the headings; returns the first line of the rows.
fn headings(
    sheet: &mut Worksheet,
    roster: &Roster,
    columns: &[Column],
    title: &str,
    source: &dyn Source,
) -> Result<u32, FormError> {
    let large = Format::new()
        .set_bold()
        .set_font_size(16)
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter);
    let bold = cell().set_bold().set_align(FormatAlign::Center);
    merged(sheet, 0, last(columns), title, &large)?;
    sheet.set_row_height(0, TITLE_HEIGHT)?;
    merged(sheet, 1, last(columns), &tags::fill(&roster.head, source)?, &Format::new())?;
    for (place, column) in (0_u16..).zip(columns) {
        sheet.set_column_width(place, column.width)?;
        sheet.write_string_with_format(2, place, &column.heading, &bold)?;
    }
    sheet.set_row_height(2, HEADING_HEIGHT)?;
    sheet.set_freeze_panes(3, 0)?;
    sheet.set_repeat_rows(0, 2)?;
    Ok(3)
}

/// Writes one text over all columns; a single cell cannot be merged.
fn merged(
    sheet: &mut Worksheet,
    line: u32,
    last: u16,
    text: &str,
    format: &Format,
) -> Result<(), FormError> {
    if last == 0 {
        sheet.write_string_with_format(line, 0, text, format)?;
    } else {
        sheet.merge_range(line, 0, line, last, text, format)?;
    }
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    line: u32,
    columns: &[Column],
    row: &dyn Source,
    looks: &Looks,
) -> Result<(), FormError> {
    for (place, column) in (0_u16..).zip(columns) {
        let text = tags::fill(&column.value, row)?;
        let look = if column.width <= NARROW { &looks.centred } else { &looks.left };
        sheet.write_string_with_format(line, place, text, look)?;
    }
    sheet.set_row_height(line, ROW_HEIGHT)?;
    Ok(())
}

/// Writes the line for the stamp and sets up the page: A4, one page wide, numbered.
fn finish(
    sheet: &mut Worksheet,
    roster: &Roster,
    line: u32,
    last: u16,
    source: &dyn Source,
) -> Result<(), FormError> {
    /// A4.
    const PAPER: u8 = 9;
    let foot = tags::fill(&roster.foot, source)?;
    merged(sheet, line, last, &foot, &Format::new().set_align(FormatAlign::VerticalCenter))?;
    sheet.set_row_height(line, TITLE_HEIGHT)?;
    sheet.set_paper_size(PAPER);
    if roster.portrait {
        sheet.set_portrait();
    } else {
        sheet.set_landscape();
    }
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_print_area(0, 0, line, last)?;
    sheet.set_footer("&C&P / &N");
    Ok(())
}
