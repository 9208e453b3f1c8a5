//! Opening a file: what its bytes are, whatever its name says, and the raw cells of its sheets.

use std::borrow::Cow;
use std::io::Cursor;

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Reader, SheetType, SheetVisible, Xls, Xlsx, XlsxError,
};

use super::error::ImportError;
use super::{MAX_FILE_BYTES, delimited, json, xls_size, zip_size};

/// Most columns read of a sheet: the widest office sheet has under a hundred, a stray cell far right must not cost memory.
const MAX_COLUMNS: usize = 512;

/// Longest sheet whose merged cells are looked at: what people merge by hand is short, and looking means reading the sheet twice.
const MERGES_UP_TO: usize = 20_000;
/// Most merged cells that are looked at.
const MOST_MERGES: usize = 2_000;

/// One cell as the file holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RawCell {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(String),
    /// A number; Excel keeps fifteen digits.
    Number(f64),
    /// A date, or date and time, in a cell formatted as one: ISO text.
    Date(String),
    /// True or false.
    Flag(bool),
    /// A formula that failed: `#N/A`.
    Failed(String),
}

impl RawCell {
    /// Returns the cell as text, integers without a decimal point.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Date(text) | Self::Failed(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        }
    }

    /// True if there is nothing to see in it.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Date(_) | Self::Flag(_) | Self::Failed(_) => false,
        }
    }
}

/// One row with its number in the sheet, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRow {
    /// Number of the row.
    pub row: u32,
    /// Cells from the first column on.
    pub cells: Vec<RawCell>,
}

/// One sheet of raw cells.
#[derive(Clone, Debug, PartialEq)]
pub struct RawSheet {
    /// Name; empty for formats without sheets.
    pub name: String,
    /// Rows that have a cell, in order.
    pub rows: Vec<RawRow>,
}

/// Opens a file by what its bytes are: .xlsx, .xls, delimited text or JSON.
///
/// Returns the visible sheets in order, or the one named `sheet` (which may be hidden). A file may well bear the wrong
/// extension: `.xls` files that systems export are often .xlsx, delimited text or web pages.
///
/// # Errors
/// [`ImportError`] if it cannot be read.
pub fn open(file: &str, sheet: Option<&str>, bytes: &[u8]) -> Result<Vec<RawSheet>, ImportError> {
    let name = || file.to_owned();
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ImportError::TooLarge { file: name(), limit_mib: MAX_FILE_BYTES >> 20 });
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Empty { file: name() });
    }
    if bytes.starts_with(b"PK") {
        return guarded(file, || open_xlsx(file, sheet, bytes));
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return guarded(file, || open_xls(file, sheet, bytes));
    }
    if bytes.starts_with(b"%PDF") || bytes.starts_with(b"{\\rtf") || bytes.starts_with(b"Rar!") {
        return Err(ImportError::Unsupported { file: name() });
    }
    let text = delimited::decode(file, bytes)?;
    let start = text.trim_start();
    if start.starts_with('<') {
        return Err(ImportError::Html { file: name() });
    }
    if start.starts_with(['[', '{']) {
        return json::read(file, start).map(|sheet| vec![sheet]);
    }
    delimited::read(file, &text).map(|sheet| vec![sheet])
}

/// Name of the thread that takes workbooks apart. A panic in it is an answer, not a fault of the program: a panic hook that
/// gives the terminal back leaves it alone.
pub const READER_THREAD: &str = "sheet-reader";

/// Runs a reader that panics on some damaged files (calamine on .xls) and makes an error of that.
fn guarded(
    file: &str,
    read: impl FnOnce() -> Result<Vec<RawSheet>, ImportError> + Send,
) -> Result<Vec<RawSheet>, ImportError> {
    let corrupt =
        |detail: &str| ImportError::Corrupt { file: file.to_owned(), detail: detail.to_owned() };
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().name(READER_THREAD.to_owned());
        match reader.spawn_scoped(scope, read) {
            Ok(running) => running
                .join()
                .unwrap_or_else(|_panic| Err(corrupt("its parts contradict each other"))),
            Err(_no_thread) => Err(corrupt("there is no thread to read it")),
        }
    })
}

fn open_xlsx(file: &str, sheet: Option<&str>, bytes: &[u8]) -> Result<Vec<RawSheet>, ImportError> {
    let corrupt = |error: &XlsxError| match error {
        XlsxError::Password => ImportError::Password { file: file.to_owned() },
        other => ImportError::Corrupt { file: file.to_owned(), detail: other.to_string() },
    };
    zip_size::check(bytes).map_err(|refused| match refused {
        zip_size::Refused::TooLarge => ImportError::TooLarge {
            file: file.to_owned(),
            limit_mib: usize::try_from(zip_size::MAX_UNPACKED_BYTES >> 20).unwrap_or(usize::MAX),
        },
        zip_size::Refused::Untrue => ImportError::Corrupt {
            file: file.to_owned(),
            detail: "its directory and its parts contradict each other".to_owned(),
        },
    })?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound => {
            ImportError::Unsupported { file: file.to_owned() }
        }
        other => corrupt(&other),
    })?;
    let names = wanted(file, sheet, book.sheets_metadata())?;
    let mut sheets = Vec::with_capacity(names.len());
    for name in names {
        let mut reader = match book.worksheet_cells_reader(&name) {
            Err(XlsxError::NotAWorksheet(_)) => continue,
            other => other.map_err(|error| corrupt(&error))?,
        };
        let mut rows = Rows::default();
        while let Some(cell) = reader.next_cell().map_err(|error| corrupt(&error))? {
            let (row, column) = cell.get_position();
            rows.put(row, column, xlsx_cell(cell.get_value()));
        }
        drop(reader);
        let mut rows = rows.finish();
        if rows.len() <= MERGES_UP_TO {
            let merged = book.merge_cells_by_sheet_name(&name).map_err(|error| corrupt(&error))?;
            spread(&mut rows, &merged);
        }
        sheets.push(RawSheet { name, rows });
    }
    Ok(sheets)
}

/// Writes the text of a cell that was merged downwards into the rows it covers, as a person reads it: the branch beside all its
/// members. Only rows with a text of their own get it, so that a block of instructions stays one.
fn spread(rows: &mut [RawRow], merged: &[Dimensions]) {
    for region in merged.iter().take(MOST_MERGES).filter(|region| region.end.0 > region.start.0) {
        let Ok(column) = usize::try_from(region.start.1) else { continue };
        let at = |row: &RawRow| row.cells.get(column).filter(|cell| !cell.is_blank()).cloned();
        let top = rows.iter().find(|row| row.row == region.start.0.saturating_add(1));
        let Some(value) = top.and_then(at) else { continue };
        let covered = region.start.0.saturating_add(2)..=region.end.0.saturating_add(1);
        for row in rows.iter_mut().filter(|row| covered.contains(&row.row)) {
            let said = row.cells.iter().any(|cell| !cell.is_blank());
            while said && row.cells.len() <= column {
                row.cells.push(RawCell::Empty);
            }
            if let Some(cell) = row.cells.get_mut(column).filter(|cell| said && cell.is_blank()) {
                *cell = value.clone();
            }
        }
    }
}

fn open_xls(file: &str, sheet: Option<&str>, bytes: &[u8]) -> Result<Vec<RawSheet>, ImportError> {
    if has_encrypted_package(bytes) {
        return Err(ImportError::Password { file: file.to_owned() });
    }
    if xls_size::claims_too_much(bytes) {
        let detail = "it claims more cells than the format holds".to_owned();
        return Err(ImportError::Corrupt { file: file.to_owned(), detail });
    }
    let corrupt = |error: calamine::XlsError| match error {
        calamine::XlsError::Password => ImportError::Password { file: file.to_owned() },
        other => ImportError::Corrupt { file: file.to_owned(), detail: other.to_string() },
    };
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(corrupt)?;
    let mut sheets = Vec::new();
    for name in wanted(file, sheet, book.sheets_metadata())? {
        let range = book.worksheet_range(&name).map_err(corrupt)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut rows = Rows::default();
        for (row, column, value) in range.used_cells() {
            let row = u32::try_from(row).unwrap_or(u32::MAX).saturating_add(top);
            let column = u32::try_from(column).unwrap_or(u32::MAX).saturating_add(left);
            rows.put(row, column, xls_cell(value));
        }
        sheets.push(RawSheet { name, rows: rows.finish() });
    }
    Ok(sheets)
}

/// Encrypted .xlsx files are OLE containers with a stream of this name, in UTF-16.
fn has_encrypted_package(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|window| window == name)
}

/// Returns the names of the sheets to read: the one asked for, else the visible ones.
fn wanted(
    file: &str,
    asked: Option<&str>,
    sheets: &[calamine::Sheet],
) -> Result<Vec<String>, ImportError> {
    let tables = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let Some(asked) = asked else {
        let visible = tables().filter(|sheet| sheet.visible == SheetVisible::Visible);
        return Ok(visible.map(|sheet| sheet.name.clone()).collect());
    };
    let same = |name: &str| name.trim() == asked.trim();
    match tables().find(|sheet| same(&sheet.name)) {
        Some(sheet) => Ok(vec![sheet.name.clone()]),
        None => Err(ImportError::NoSheet {
            file: file.to_owned(),
            sheet: asked.to_owned(),
            sheets: tables().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

fn xlsx_cell(value: &DataRef<'_>) -> RawCell {
    match value {
        DataRef::SharedString(text) => RawCell::Text((*text).to_owned()),
        DataRef::String(text) | DataRef::DurationIso(text) => RawCell::Text(text.clone()),
        DataRef::Float(number) => RawCell::Number(*number),
        DataRef::Int(number) => integer(*number),
        DataRef::Bool(flag) => RawCell::Flag(*flag),
        DataRef::DateTime(moment) => date(moment),
        DataRef::DateTimeIso(text) => RawCell::Date(text.clone()),
        DataRef::Error(error) => RawCell::Failed(error.to_string()),
        DataRef::Empty => RawCell::Empty,
    }
}

fn xls_cell(value: &Data) -> RawCell {
    match value {
        Data::String(text) | Data::DurationIso(text) => RawCell::Text(text.clone()),
        Data::Float(number) => RawCell::Number(*number),
        Data::Int(number) => integer(*number),
        Data::Bool(flag) => RawCell::Flag(*flag),
        Data::DateTime(moment) => date(moment),
        Data::DateTimeIso(text) => RawCell::Date(text.clone()),
        Data::Error(error) => RawCell::Failed(error.to_string()),
        Data::Empty => RawCell::Empty,
    }
}

/// An integer of the file; beyond what a double keeps exactly it stays text, so nothing is lost.
fn integer(number: i64) -> RawCell {
    match i32::try_from(number) {
        Ok(small) => RawCell::Number(f64::from(small)),
        Err(_large) => number.to_string().parse().map_or(RawCell::Empty, RawCell::Number),
    }
}

/// A date cell as ISO text, with the time only if there is one.
fn date(moment: &ExcelDateTime) -> RawCell {
    let (year, month, day, hour, minute, second, _ms) = moment.to_ymd_hms_milli();
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return RawCell::Text(format!("{hour:02}:{minute:02}:{second:02}"));
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    RawCell::Date(match (hour, minute, second) {
        (0, 0, 0) => day,
        _ => format!("{day} {hour:02}:{minute:02}:{second:02}"),
    })
}

/// Collects cells that come in order of rows.
#[derive(Default)]
struct Rows {
    rows: Vec<RawRow>,
    width: usize,
}

impl Rows {
    fn put(&mut self, row: u32, column: u32, cell: RawCell) {
        let Ok(column) = usize::try_from(column) else { return };
        if column >= MAX_COLUMNS || cell == RawCell::Empty {
            return;
        }
        let row = row.saturating_add(1);
        if self.rows.last().is_none_or(|last| last.row != row) {
            self.rows.push(RawRow { row, cells: Vec::with_capacity(self.width) });
        }
        let Some(last) = self.rows.last_mut() else { return };
        while last.cells.len() <= column {
            last.cells.push(RawCell::Empty);
        }
        if let Some(slot) = last.cells.get_mut(column) {
            *slot = cell;
        }
        self.width = self.width.max(last.cells.len());
    }

    /// Returns the rows in order; a file may list them in any.
    fn finish(mut self) -> Vec<RawRow> {
        if !self.rows.is_sorted_by_key(|row| row.row) {
            self.rows.sort_by_key(|row| row.row);
        }
        self.rows
    }
}
