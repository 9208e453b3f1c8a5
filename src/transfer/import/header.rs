//! Finding the row of headings, and with it the kind of the sheet.

use std::collections::BTreeSet;

use super::SheetRequest;
use super::error::ImportError;
use super::layout::{self, By, FieldTarget, Form, Known};
use super::workbook::{RawCell, RawRow, RawSheet};
use crate::domain::kinds::Kind;
use crate::domain::record::RecordSpec;

/// Rows from the top among which the headings must stand: title, instructions and signature lines take up to eight.
const SEARCHED_ROWS: usize = 30;

/// What became of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnUse {
    /// It fills something.
    Used,
    /// Known, and not stored.
    Ignored,
    /// Not known, or a second column for the same thing.
    Unknown,
}

/// One column of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Place in the rows, from 0.
    pub index: usize,
    /// The heading as it stands.
    pub heading: String,
    /// What it fills.
    pub targets: Vec<FieldTarget>,
    /// What became of it.
    pub used: ColumnUse,
}

/// A row of headings read by a layout.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) form: &'static Form,
    pub(super) header_row: u32,
    /// Place in the rows of the first row after the headings.
    pub(super) first_data: usize,
    pub(super) columns: Vec<Column>,
    score: usize,
    marked: bool,
}

impl Found {
    fn has(&self, target: FieldTarget) -> bool {
        self.columns.iter().any(|column| column.targets.contains(&target))
    }

    fn missing(&self) -> Vec<FieldTarget> {
        if self.has(FieldTarget::Id) {
            return Vec::new();
        }
        self.form.requires.iter().copied().filter(|target| !self.names(*target)).collect()
    }

    /// True if a column says what a required one would: a code names a unit as well as its name does.
    fn names(&self, target: FieldTarget) -> bool {
        let by_code = match target {
            FieldTarget::Field(field)
            | FieldTarget::Reference { field, by: By::Any | By::Name } => {
                self.has(FieldTarget::Reference { field, by: By::Code })
            }
            FieldTarget::Reference { .. } | FieldTarget::Owner(_) | FieldTarget::Id => false,
        };
        by_code || self.has(target)
    }
}

/// Chooses the first sheet with a row of headings, and reads it.
pub(super) fn choose(
    request: &SheetRequest<'_>,
    sheets: Vec<RawSheet>,
) -> Result<(RawSheet, Found), ImportError> {
    let file = || request.file.to_owned();
    if sheets.iter().all(|sheet| sheet.rows.iter().all(is_blank)) {
        return Err(ImportError::Empty { file: file() });
    }
    let mut first_error = None;
    for sheet in sheets {
        match find(request, &sheet) {
            Ok(found) => return Ok((sheet, found)),
            Err(error) => {
                let weak = matches!(first_error, None | Some(ImportError::NoHeader { .. }));
                if weak {
                    first_error = Some(error);
                }
            }
        }
    }
    Err(first_error.unwrap_or_else(|| ImportError::NoHeader { file: file() }))
}

pub(super) fn is_blank(row: &RawRow) -> bool {
    row.cells.iter().all(RawCell::is_blank)
}

fn find(request: &SheetRequest<'_>, sheet: &RawSheet) -> Result<Found, ImportError> {
    let candidates = candidates(sheet);
    let best_of = |kind: Option<Kind>| {
        let fits = |found: &&Found| {
            kind.is_none_or(|kind| found.form.kind == kind)
                && found.missing().is_empty()
                && (found.marked || kind.is_some())
        };
        let key = |found: &&Found| (found.score, std::cmp::Reverse(found.header_row));
        candidates.iter().filter(fits).rev().max_by_key(key)
    };
    let best = best_of(None);
    let Some(asked) = request.kind else {
        let best = best.ok_or_else(|| nothing_fits(request, &candidates))?;
        return unambiguous(request, best, &candidates);
    };
    match (best_of(Some(asked)), best) {
        (Some(mine), Some(other)) if other.form.kind != asked && other.score > mine.score => {
            Err(other_kind(request, asked, other.form.kind))
        }
        (Some(mine), _) => Ok(mine.clone()),
        (None, Some(other)) if other.form.kind != asked => {
            Err(other_kind(request, asked, other.form.kind))
        }
        (None, _) => Err(nothing_fits(request, &candidates)),
    }
}

fn other_kind(request: &SheetRequest<'_>, asked: Kind, found: Kind) -> ImportError {
    ImportError::OtherKind { file: request.file.to_owned(), asked: asked.key(), found: found.key() }
}

/// Refuses a guess if another kind fits as well.
fn unambiguous(
    request: &SheetRequest<'_>,
    best: &Found,
    candidates: &[Found],
) -> Result<Found, ImportError> {
    // A layout without marks proves nothing by itself: then every layout with as many columns counts.
    let equal = |found: &&Found| {
        (found.marked || best.form.marks.is_empty())
            && found.missing().is_empty()
            && found.score == best.score
    };
    let kinds: BTreeSet<&str> =
        candidates.iter().filter(equal).map(|found| found.form.kind.key()).collect();
    if kinds.len() > 1 {
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        return Err(ImportError::Ambiguous { file: request.file.to_owned(), kinds });
    }
    Ok(best.clone())
}

/// Says what is missing if a layout nearly fits, else that there are no headings.
fn nothing_fits(request: &SheetRequest<'_>, candidates: &[Found]) -> ImportError {
    let file = request.file.to_owned();
    let near = candidates
        .iter()
        .filter(|found| request.kind.is_none_or(|kind| found.form.kind == kind) && found.score >= 3)
        .max_by_key(|found| (found.marked, found.score));
    match near {
        None => ImportError::NoHeader { file },
        Some(found) if found.missing().is_empty() => {
            let equal = |other: &&Found| other.missing().is_empty() && other.score == found.score;
            let kinds: BTreeSet<&str> =
                candidates.iter().filter(equal).map(|found| found.form.kind.key()).collect();
            ImportError::Ambiguous { file, kinds: kinds.into_iter().collect::<Vec<_>>().join(", ") }
        }
        Some(found) => {
            let spec = found.form.kind.spec();
            let keys: Vec<&str> =
                found.missing().into_iter().map(|target| target_key(spec, target)).collect();
            ImportError::MissingColumns { file, kind: spec.key, columns: keys.join(", ") }
        }
    }
}

/// Returns the key of the field that a target fills; `unit` for the owner, `id` for the id.
pub(super) fn target_key(spec: &RecordSpec, target: FieldTarget) -> &'static str {
    match target {
        FieldTarget::Field(field) | FieldTarget::Reference { field, .. } => {
            spec.field_no(field).map_or("", |field| field.key)
        }
        FieldTarget::Owner(_) => "unit",
        FieldTarget::Id => "id",
    }
}

/// Reads each of the first rows by each layout.
fn candidates(sheet: &RawSheet) -> Vec<Found> {
    let mut out = Vec::new();
    for (place, row) in sheet.rows.iter().enumerate().take(SEARCHED_ROWS) {
        let own = folded(row);
        if own.iter().filter(|heading| !heading.is_empty()).count() < 2 {
            continue;
        }
        let below = sheet.rows.get(place.saturating_add(1)).map(folded).unwrap_or_default();
        for form in &layout::layouts().forms {
            out.extend(read_by(form, row, &own, &below, place));
        }
    }
    out
}

fn folded(row: &RawRow) -> Vec<String> {
    let word = |cell: &RawCell| match cell {
        RawCell::Text(text) if text.len() <= 200 => layout::fold(text),
        _ => String::new(),
    };
    row.cells.iter().map(word).collect()
}

/// Reads a row of headings by one layout; a second row of sub-headings directly below may fill the gaps of merged headings.
fn read_by(
    form: &'static Form,
    row: &RawRow,
    own: &[String],
    below: &[String],
    place: usize,
) -> Option<Found> {
    let sub = is_sub_headings(form, own, below);
    let width = if sub { own.len().max(below.len()) } else { own.len() };
    let mut taken: BTreeSet<FieldTarget> = BTreeSet::new();
    let mut columns = Vec::with_capacity(width);
    let mut marked = form.marks.is_empty();
    for index in 0..width {
        let first = own.get(index).map_or("", String::as_str);
        let second = below.get(index).filter(|_| sub).map_or("", String::as_str);
        let heading = if second.is_empty() || matches!(form.find(first), Known::Fills(_)) {
            first
        } else {
            second
        };
        if heading.is_empty() {
            continue;
        }
        marked |= form.is_mark(heading);
        let (mut targets, mut used) = match form.find(heading) {
            Known::Fills(targets) => (targets.to_vec(), ColumnUse::Used),
            Known::Ignored => (Vec::new(), ColumnUse::Ignored),
            Known::Unknown => (Vec::new(), ColumnUse::Unknown),
        };
        targets.retain(|target| taken.insert(*target));
        if targets.is_empty() && used == ColumnUse::Used {
            used = ColumnUse::Unknown;
        }
        let shown = row.cells.get(index).map(|cell| cell.text().trim().to_owned());
        let shown = shown.filter(|text| !text.is_empty()).unwrap_or_else(|| heading.to_owned());
        columns.push(Column { index, heading: shown, targets, used });
    }
    let score = columns.iter().filter(|column| column.used == ColumnUse::Used).count();
    let first_data = place.saturating_add(if sub { 2 } else { 1 });
    let enough = score >= 2 || (score == 1 && taken.contains(&FieldTarget::Id));
    enough.then_some(Found { form, header_row: row.row, first_data, columns, score, marked })
}

/// True if every cell of the row below is a heading of the layout, and one of them fills a column that the first row does not.
fn is_sub_headings(form: &Form, own: &[String], below: &[String]) -> bool {
    let known = |heading: &str| form.find(heading) != Known::Unknown;
    let filled: Vec<(usize, &String)> =
        below.iter().enumerate().filter(|(_, heading)| !heading.is_empty()).collect();
    let adds = |(index, heading): &(usize, &String)| {
        let above = own.get(*index).map_or("", String::as_str);
        matches!(form.find(heading), Known::Fills(_)) && !known(above)
    };
    filled.iter().all(|(_, heading)| known(heading)) && filled.iter().any(adds)
}
