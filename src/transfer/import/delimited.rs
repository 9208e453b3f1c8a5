//! Delimited text: .csv as Excel of a Chinese locale writes it (GB18030 without a mark) and as everybody else does.

use std::io::Read as _;

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::error::ImportError;
use super::workbook::{RawCell, RawRow, RawSheet};
use crate::domain::text::unguarded;

/// Decodes by byte order mark, else UTF-8 if it is valid, else GB18030.
pub(super) fn decode(file: &str, bytes: &[u8]) -> Result<String, ImportError> {
    let (encoding, skip) = Encoding::for_bom(bytes)
        .unwrap_or_else(|| (if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { GB18030 }, 0));
    let body = bytes.get(skip..).unwrap_or_default();
    let (text, had_errors) = encoding.decode_without_bom_handling(body);
    if had_errors || text.contains('\0') {
        let detail = format!("its text is not {}", encoding.name());
        return Err(ImportError::Corrupt { file: file.to_owned(), detail });
    }
    Ok(text.into_owned())
}

/// Reads delimited text; the delimiter is the one of comma, tab and semicolon that the first lines have most of.
pub(super) fn read(file: &str, text: &str) -> Result<RawSheet, ImportError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes().chain(&b"\n"[..]));
    let mut rows = Vec::new();
    let (mut row, mut next_line) = (0_u32, 1_u64);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| ImportError::Corrupt {
        file: file.to_owned(),
        detail: error.to_string(),
    })? {
        // The reader skips blank lines; a spreadsheet counts them, and counts a cell of two lines once.
        let breaks = record.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
        let end = reader.position().line();
        let lines = u64::try_from(breaks).unwrap_or(0).saturating_add(1);
        let skipped = end.saturating_sub(lines).saturating_sub(next_line);
        row = row.saturating_add(1).saturating_add(u32::try_from(skipped).unwrap_or(0));
        next_line = end;
        let cells = record.iter().map(|cell| {
            if cell.is_empty() { RawCell::Empty } else { RawCell::Text(unguarded(cell).to_owned()) }
        });
        rows.push(RawRow { row, cells: cells.collect() });
    }
    Ok(RawSheet { name: String::new(), rows })
}

fn delimiter(text: &str) -> u8 {
    let head: Vec<&str> = text.lines().take(30).collect();
    let count =
        |mark: u8| head.iter().map(|line| line.bytes().filter(|b| *b == mark).count()).sum();
    [b',', b'\t', b';']
        .into_iter()
        .rev()
        .max_by_key(|mark| -> usize { count(*mark) })
        .unwrap_or(b',')
}
