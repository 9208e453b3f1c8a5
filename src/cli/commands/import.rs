//! `import`: reads sheets, writes what is right, says what is not.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::list::{not_exported, write};
use crate::cli::context::Context;
use crate::cli::device::kind_of;
use crate::cli::error::{CommandError, CommandResult, NEEDS_PERSON};
use crate::cli::output::{Grid, Human, say};
use crate::client::{Client, ClientError, ImportRequest, Imported};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::Issue;
use crate::transfer::export::{self, Table};
use crate::transfer::import::report::{self, ImportReport};
use crate::transfer::rejects::{self, RejectWords};

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    #[arg(required = true, value_name = "[KIND] FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    #[arg(long, value_name = "ID")]
    class: Option<String>,
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    all_or_nothing: bool,
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, command: &Import) -> CommandResult {
    let (kind, files) = kind_and_files(&command.files)?;
    let client = cx.open()?;
    let class = of_kind(&client, command.class.as_deref(), Kind::TrainingClass, "class")?;
    let session = of_kind(&client, command.session.as_deref(), Kind::Session, "session")?;
    let mut done = Vec::new();
    for file in files {
        let request = ImportRequest {
            file: file.clone(),
            kind,
            sheet: command.sheet.clone(),
            class,
            session,
            dry_run: command.dry_run,
            all_or_nothing: command.all_or_nothing,
        };
        match client.import(&request) {
            Ok(imported) => done.push(imported),
            Err(error) => {
                if !done.is_empty() {
                    tell(cx, command, &done)?;
                }
                return Err(error.into());
            }
        }
    }
    client.flush()?;
    tell(cx, command, &done)?;
    if let Some(path) = &command.report {
        let table = refused_rows(cx, &done);
        write(path, &export::to_bytes(&table, path).map_err(not_exported)?)?;
    }
    let refused = done.iter().flat_map(|d| &d.plan.rows).any(|row| row.outcome.key() == "refused");
    Ok(if refused { NEEDS_PERSON } else { 0 })
}

/// The first word is a kind if it is the name of one and no file of that name is there.
fn kind_and_files(words: &[PathBuf]) -> CommandResult<(Option<Kind>, &[PathBuf])> {
    let Some((first, rest)) = words.split_first() else {
        return Err(CommandError::usage("usage-missing").with("argument", "FILE"));
    };
    let named = first.to_str().and_then(Kind::from_key).filter(|_| !first.exists());
    match named {
        Some(_) if rest.is_empty() => {
            Err(CommandError::usage("usage-missing").with("argument", "FILE"))
        }
        Some(kind) => Ok((Some(kind), rest)),
        // A word without a dot before other files was meant as a kind.
        None if !rest.is_empty() && first.extension().is_none() && !first.exists() => {
            Err(kind_of(&first.display().to_string())
                .err()
                .unwrap_or_else(|| CommandError::usage("usage-missing").with("argument", "FILE")))
        }
        None => Ok((None, words)),
    }
}

fn of_kind(
    client: &Client,
    text: Option<&str>,
    kind: Kind,
    what: &'static str,
) -> CommandResult<Option<RecordId>> {
    let Some(text) = text else { return Ok(None) };
    match client.named(kind, text).as_slice() {
        [one] if client.view(*one).is_ok_and(|view| view.kind == kind) => Ok(Some(*one)),
        _ => Err(ClientError::NotFound { what, id: text.to_owned() }.into()),
    }
}

fn report_of(cx: &Context, imported: &Imported) -> ImportReport {
    let message = |issue: &Issue| cx.locale.issue_of(imported.sheet.kind.spec(), issue);
    report::report(&imported.sheet, &imported.plan, &message)
}

fn tell(cx: &Context, command: &Import, done: &[Imported]) -> CommandResult<()> {
    let reports: Vec<ImportReport> = done.iter().map(|imported| report_of(cx, imported)).collect();
    let json = || {
        let files: Vec<Json> = reports
            .iter()
            .map(|report| serde_json::to_value(report).unwrap_or(Json::Null))
            .collect();
        json!({ "files": files })
    };
    cx.output.answer(json, || Human::Grid(figures(cx, &reports)))?;
    if cx.output.is_table() {
        for report in &reports {
            rows(cx, report);
        }
    }
    if command.dry_run {
        say(&cx.locale.text("cli-import-dry-run"));
    } else if done.iter().any(|imported| !imported.written) {
        say(&cx.locale.text("cli-import-not-written"));
    }
    Ok(())
}

fn figures(cx: &Context, reports: &[ImportReport]) -> Grid {
    let keys = ["file", "kind", "added", "changed", "same", "refused", "warned"];
    let row = |report: &ImportReport| {
        let kind = Kind::from_key(report.kind).map(|kind| cx.locale.kind_label(kind.spec()));
        let mut cells = vec![report.file.clone(), kind.unwrap_or_default()];
        let counts = [report.added, report.changed, report.same, report.refused, report.warned];
        cells.extend(counts.iter().map(ToString::to_string));
        cells
    };
    Grid {
        headings: keys.map(|key| cx.locale.text(&format!("cli-col-{key}"))).to_vec(),
        rows: reports.iter().map(row).collect(),
    }
}

/// Tells what is wrong row by row, on standard error.
fn rows(cx: &Context, report: &ImportReport) {
    for row in &report.rows {
        for issue in &row.issues {
            let number = row.row.to_string();
            let word = cx.locale.text(&format!("cli-import-{}", row.outcome));
            let args =
                [("row", number.as_str()), ("outcome", word.as_str()), ("message", &issue.message)];
            say(&cx.locale.text_with("cli-import-row", &args));
        }
    }
    for note in &report.notes {
        say(&note.message);
    }
}

/// Puts the rows a person must look at into one table; those of several sheets one below the other.
fn refused_rows(cx: &Context, done: &[Imported]) -> Table {
    let words = RejectWords {
        row: cx.locale.text("import-reject-row"),
        reason: cx.locale.text("import-reject-reason"),
    };
    let mut whole: Option<Table> = None;
    for imported in done {
        let message = |issue: &Issue| cx.locale.issue_of(imported.sheet.kind.spec(), issue);
        let table = rejects::table(&imported.sheet, &imported.plan, &words, &message);
        match &mut whole {
            None => whole = Some(table),
            Some(whole) => {
                if whole.columns != table.columns {
                    whole.rows.push(table.columns.iter().map(|c| c.heading.clone()).collect());
                }
                whole.rows.extend(table.rows);
            }
        }
    }
    whole.unwrap_or_else(|| Table::new(words.reason.clone(), [words.row, words.reason]))
}
