//! What came of a sheet, in the JSON shape of `import`.

use serde::Serialize;

use super::ParsedSheet;
use super::header::ColumnUse;
use super::plan::{Outcome, Plan, PlannedRow};
use crate::domain::record::Issue;

/// What came of one sheet; serialises to an element of `files` of `import --format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Name of the file.
    pub file: String,
    /// Key of the kind.
    pub kind: &'static str,
    /// Name of the sheet; empty for formats without sheets.
    pub sheet: String,
    /// Row of the headings, from 1.
    pub header_row: u32,
    /// Rows that make a record.
    pub added: usize,
    /// Rows that change a record.
    pub changed: usize,
    /// Rows that say what is stored.
    pub same: usize,
    /// Rows that are not written.
    pub refused: usize,
    /// Rows that are written and should be looked at.
    pub warned: usize,
    /// Every row that is not simply added or same.
    pub rows: Vec<RowReport>,
    /// Headings of columns that are known and not stored.
    pub ignored_columns: Vec<String>,
    /// Headings of columns that are not known.
    pub unknown_columns: Vec<String>,
    /// What is to be said about the sheet as a whole.
    pub notes: Vec<IssueReport>,
}

/// What came of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowReport {
    /// Number in the sheet, from 1.
    pub row: u32,
    /// What the row is about, as the sheet names it.
    pub key: String,
    /// `added`, `changed`, `same` or `refused`.
    pub outcome: &'static str,
    /// Id of the record; absent for a refused row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What a person should fix or look at.
    pub issues: Vec<IssueReport>,
}

/// One issue with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssueReport {
    /// Key of the field; empty if it is about the whole row.
    pub field: String,
    /// Stable code.
    pub code: &'static str,
    /// `error` or `warning`.
    pub level: &'static str,
    /// Text in the language of the user.
    pub message: String,
}

impl Outcome {
    /// Returns the name used in JSON.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Added { .. } => "added",
            Self::Changed { .. } => "changed",
            Self::Same { .. } => "same",
            Self::Refused => "refused",
        }
    }

    /// Returns the record's id; `None` if refused.
    pub const fn id(&self) -> Option<crate::domain::ids::RecordId> {
        match self {
            Self::Added { id, .. } | Self::Changed { id, .. } | Self::Same { id } => Some(*id),
            Self::Refused => None,
        }
    }
}

/// Counts a plan and lists its rows; `message` turns an issue into text.
pub fn report(
    sheet: &ParsedSheet,
    plan: &Plan,
    message: &dyn Fn(&Issue) -> String,
) -> ImportReport {
    let count = |key: &str| plan.rows.iter().filter(|row| row.outcome.key() == key).count();
    let warned = |row: &&PlannedRow| row.outcome != Outcome::Refused && !row.issues.is_empty();
    let headings = |used: ColumnUse| {
        let columns = sheet.columns.iter().filter(move |column| column.used == used);
        columns.map(|column| column.heading.clone()).collect()
    };
    let texts =
        |issues: &[Issue]| issues.iter().map(|issue| issue_report(issue, message)).collect();
    let listed = |row: &&PlannedRow| match row.outcome {
        Outcome::Added { .. } | Outcome::Same { .. } => !row.issues.is_empty(),
        Outcome::Changed { .. } | Outcome::Refused => true,
    };
    let rows = plan.rows.iter().filter(listed).map(|row| RowReport {
        row: row.row,
        key: row.key.clone(),
        outcome: row.outcome.key(),
        id: row.outcome.id().map(|id| id.to_string()),
        issues: texts(&row.issues),
    });
    ImportReport {
        file: sheet.file.clone(),
        kind: sheet.kind.key(),
        sheet: sheet.sheet.clone(),
        header_row: sheet.header_row,
        added: count("added"),
        changed: count("changed"),
        same: count("same"),
        refused: count("refused"),
        warned: plan.rows.iter().filter(warned).count(),
        rows: rows.collect(),
        ignored_columns: headings(ColumnUse::Ignored),
        unknown_columns: headings(ColumnUse::Unknown),
        notes: texts(&sheet.notes),
    }
}

fn issue_report(issue: &Issue, message: &dyn Fn(&Issue) -> String) -> IssueReport {
    IssueReport {
        field: issue.field.clone(),
        code: issue.code,
        level: issue.level.key(),
        message: message(issue),
    }
}
