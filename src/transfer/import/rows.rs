//! Reading the cells of each row by the layout, and leaving out the rows that hold no data.

use super::ParsedSheet;
use super::header::{self, Column, Found};
use super::layout::{self, FieldTarget, Form};
use super::workbook::{RawCell, RawRow, RawSheet};
use crate::domain::record::{FieldSpec, Issue, ParseContext, PartialDate, Value, ValueKind, parse};
use crate::domain::text;

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellValue {
    /// A value of the field.
    Value(Value),
    /// Text that names another record.
    Text(String),
}

/// One cell that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it fills.
    pub field: FieldTarget,
    /// What it says.
    pub value: CellValue,
}

/// One row of data.
#[derive(Clone, Debug)]
pub struct ParsedRow {
    /// Number in the sheet, from 1.
    pub row: u32,
    /// What the row is about, as the sheet names it: the school number, the unit's code.
    pub key: String,
    /// Cells that say something.
    pub cells: Vec<Cell>,
    /// Problems of single cells.
    pub issues: Vec<Issue>,
    /// The cells as they stand, for the list of refused rows.
    pub raw: Vec<RawCell>,
}

/// Largest whole number that a double and Excel both keep exactly, plus one.
const EXACT_BELOW: f64 = 1e15;

/// Reads the rows below the headings.
pub(super) fn read(file: &str, sheet: RawSheet, found: Found, cx: &ParseContext) -> ParsedSheet {
    let reader = Reader { form: found.form, columns: &found.columns, cx };
    let headings: Vec<(usize, &str)> =
        found.columns.iter().map(|column| (column.index, column.heading.as_str())).collect();
    let mut raw = sheet.rows;
    raw.drain(..found.first_data.min(raw.len()));
    let (rows, numeric) = reader.read_all(raw, &headings);
    let mut notes: Vec<Issue> = found
        .columns
        .iter()
        .filter(|column| column.used == header::ColumnUse::Unknown)
        .map(|column| match found.form.nearest(&column.heading) {
            Some(nearest) => Issue::warning("", "unknown-column-nearest")
                .with("column", &column.heading)
                .with("nearest", nearest),
            None => Issue::warning("", "unknown-column").with("column", &column.heading),
        })
        .collect();
    if numeric > 0 {
        notes.push(Issue::warning("", "numeric-column").with("rows", numeric));
    }
    ParsedSheet {
        file: file.to_owned(),
        sheet: sheet.name,
        kind: found.form.kind,
        form: found.form,
        header_row: found.header_row,
        columns: found.columns,
        rows,
        notes,
    }
}

/// True for blank rows, totals, signatures, notes, and headings that come again in the middle.
fn is_no_data(row: &RawRow, headings: &[(usize, &str)]) -> bool {
    let Some(first) = row.cells.iter().find(|cell| !cell.is_blank()) else { return true };
    if let RawCell::Text(text) = first
        && layout::layouts().is_skipped(text)
    {
        return true;
    }
    let repeated = |(index, heading): &(usize, &str)| {
        row.cells.get(*index).is_some_and(|cell| cell.text().trim() == *heading)
    };
    headings.len() > 1 && headings.iter().all(repeated)
}

struct Reader<'a> {
    form: &'static Form,
    columns: &'a [Column],
    cx: &'a ParseContext,
}

/// Sheets with fewer rows are read by one thread.
const SHARED_FROM: usize = 2_000;

impl Reader<'_> {
    /// Reads the rows of a long sheet on two threads; says how many have a number for a key.
    fn read_all(
        &self,
        mut rows: Vec<RawRow>,
        headings: &[(usize, &str)],
    ) -> (Vec<ParsedRow>, usize) {
        if rows.len() < SHARED_FROM {
            return self.read_part(rows, headings);
        }
        let second = rows.split_off(rows.len() / 2);
        let (first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(|| self.read_part(second, headings));
            let first = self.read_part(rows, headings);
            (first, second.join())
        });
        let second = second.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (mut rows, numeric) = first;
        rows.extend(second.0);
        (rows, numeric.saturating_add(second.1))
    }

    fn read_part(&self, rows: Vec<RawRow>, headings: &[(usize, &str)]) -> (Vec<ParsedRow>, usize) {
        let mut parsed = Vec::with_capacity(rows.len());
        let mut numeric = 0_usize;
        for raw in rows {
            if is_no_data(&raw, headings) {
                continue;
            }
            numeric = numeric.saturating_add(usize::from(self.has_numeric_key(&raw)));
            parsed.push(self.row(raw));
        }
        (parsed, numeric)
    }

    fn row(&self, raw: RawRow) -> ParsedRow {
        let mut cells = Vec::with_capacity(self.columns.len());
        let mut issues = Vec::new();
        for column in self.columns {
            let Some(cell) = raw.cells.get(column.index).filter(|cell| !cell.is_blank()) else {
                continue;
            };
            for target in &column.targets {
                match self.cell(*target, cell) {
                    Ok(None) => {}
                    Ok(Some(value)) => {
                        issues.extend(self.private_use(*target, &value));
                        cells.extend(self.year(*target, column));
                        cells.push(Cell { field: *target, value });
                    }
                    Err(issue) => issues.push(issue),
                }
            }
        }
        ParsedRow { row: raw.row, key: self.key(&raw), cells, issues, raw: raw.cells }
    }

    /// A number in a column of codes or school numbers has lost its leading zeros, if it had any.
    fn has_numeric_key(&self, raw: &RawRow) -> bool {
        let is_key = |column: &&Column| column.targets.iter().any(|target| self.is_key(*target));
        let number =
            |column: &Column| matches!(raw.cells.get(column.index), Some(RawCell::Number(_)));
        self.columns.iter().filter(is_key).any(number)
    }

    fn is_key(&self, target: FieldTarget) -> bool {
        use layout::By::{Above, Any, Code, StaffNo};
        match target {
            FieldTarget::Field(field) => {
                let field = self.form.kind.spec().field_no(field);
                field.is_some_and(|field| field.kind == ValueKind::Identifier)
            }
            FieldTarget::Reference { by, .. } | FieldTarget::Owner(by) => {
                matches!(by, Any | Code | StaffNo | Above)
            }
            FieldTarget::Id => false,
        }
    }

    /// Names the row by what stands in the column that finds its record.
    fn key(&self, raw: &RawRow) -> String {
        let spec = self.form.kind.spec();
        let column = spec.natural.iter().find_map(|key| {
            let number = spec.field(key)?.number;
            let finds = |target: &FieldTarget| match target {
                FieldTarget::Field(field) => *field == number,
                FieldTarget::Reference { field, .. } => *field == number && self.is_key(*target),
                FieldTarget::Owner(_) | FieldTarget::Id => false,
            };
            self.columns.iter().find(|column| column.targets.iter().any(finds))
        });
        let column =
            column.or_else(|| self.columns.iter().find(|column| !column.targets.is_empty()));
        let cell = column.and_then(|column| raw.cells.get(column.index));
        cell.map(|cell| text::identifier(&cell.text())).unwrap_or_default()
    }

    /// A private-use character in a name was sent by an older system, and compares unequal to the real one.
    fn private_use(&self, target: FieldTarget, value: &CellValue) -> Option<Issue> {
        let (FieldTarget::Field(number), CellValue::Value(value)) = (target, value) else {
            return None;
        };
        let field = self.form.kind.spec().field_no(number)?;
        let strange =
            field.kind == ValueKind::Name && value.as_text().is_some_and(text::has_private_use);
        strange.then(|| Issue::warning(field.key, "private-use"))
    }

    /// The year in the heading of a column, for the field that keeps it.
    fn year(&self, target: FieldTarget, column: &Column) -> Option<Cell> {
        let FieldTarget::Field(field) = target else { return None };
        let year = layout::year_in(&column.heading)?;
        let field = FieldTarget::Field(self.form.year_field(field)?);
        Some(Cell { field, value: CellValue::Value(Value::Int(year)) })
    }

    fn cell(&self, target: FieldTarget, cell: &RawCell) -> Result<Option<CellValue>, Issue> {
        let spec = self.form.kind.spec();
        let key = header::target_key(spec, target);
        if let RawCell::Failed(_) = cell {
            return Err(Issue::error(key, "formula-error"));
        }
        let FieldTarget::Field(number) = target else {
            let lossy = matches!(cell, RawCell::Number(number) if !is_exact(*number));
            if lossy {
                return Err(Issue::error(key, "numeric-lossy"));
            }
            let named = cell.text();
            let said = text::blank(&named).is_none();
            return Ok(said.then(|| CellValue::Text(text::clean(&named).into_owned())));
        };
        let Some(field) = spec.field_no(number) else { return Ok(None) };
        if let RawCell::Text(typed) = cell
            && let Some(code) = self.form.value(number, typed)
        {
            return Ok(Some(CellValue::Value(Value::Code(code.to_owned()))));
        }
        Ok(self.value(field, cell)?.map(CellValue::Value))
    }

    fn value(&self, field: &FieldSpec, cell: &RawCell) -> Result<Option<Value>, Issue> {
        if let RawCell::Number(number) = cell {
            return self.number(field, *number);
        }
        parse::parse(self.form.kind.spec(), field, &cell.text(), self.cx)
    }

    /// Reads a numeric cell, with care for what a spreadsheet does to codes and dates.
    fn number(&self, field: &FieldSpec, number: f64) -> Result<Option<Value>, Issue> {
        match field.kind {
            // Excel keeps fifteen digits, so the last three are lost and the check digit fits by chance in one of eleven (Q02).
            ValueKind::IdNumber => return Err(Issue::error(field.key, "q02-numeric-id")),
            ValueKind::Name | ValueKind::Identifier | ValueKind::Phone if !is_exact(number) => {
                return Err(Issue::error(field.key, "numeric-lossy"));
            }
            ValueKind::Date => {
                if let Some(date) = serial_date(number) {
                    return Ok(Some(Value::Date(date)));
                }
            }
            ValueKind::Text
            | ValueKind::Name
            | ValueKind::Identifier
            | ValueKind::Phone
            | ValueKind::Integer
            | ValueKind::Tenths
            | ValueKind::Flag
            | ValueKind::Instant
            | ValueKind::Code
            | ValueKind::Choice
            | ValueKind::Reference(_) => {}
        }
        let mut typed = RawCell::Number(number).text().into_owned();
        if field.kind == ValueKind::Date && number.fract() != 0.0 {
            // 2018.10 as a number is 2018.1: January or October, nobody can tell.
            if typed.split_once('.').is_some_and(|(_, month)| month == "1") {
                return Err(Issue::error(field.key, "month-ambiguous"));
            }
            typed.truncate(7);
        }
        parse::parse(self.form.kind.spec(), field, &typed, self.cx)
    }
}

fn is_exact(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < EXACT_BELOW
}

/// Reads a five-digit number in a column of dates as Excel's count of days (1927 to 2173): the cell lost its format.
fn serial_date(number: f64) -> Option<PartialDate> {
    if !is_exact(number) || !(10_000.0..100_000.0).contains(&number) {
        return None;
    }
    let serial: i32 = RawCell::Number(number).text().parse().ok()?;
    // Day 25569 is 1970-01-01.
    PartialDate::from_days(serial.checked_sub(25_569)?, crate::domain::record::Precision::Day).ok()
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn day_counts_without_a_format_are_dates() {
        assert_eq!(serial_date(43252.0).unwrap().to_string(), "2018-06-01");
        assert_eq!(serial_date(201_806.0), None);
        assert_eq!(serial_date(2018.0), None);
    }
}
