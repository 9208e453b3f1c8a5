//! `calendar`: what is due from a day on, of all modules, as a list, a sheet or a file for a calendar program.

use std::path::{Path, PathBuf};

use clap::Args;

use super::list::{not_exported, write};
use super::report::{day, unit_with};
use super::todo;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::client::TaskView;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;
use crate::transfer::export::ics::{Entry, to_ics};
use crate::transfer::export::{self, Table};

#[derive(Debug, Args)]
pub(in crate::cli) struct Calendar {
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, command: &Calendar) -> CommandResult {
    let from = day(command.from.as_deref())?.date;
    let until = match &command.until {
        Some(text) => day(Some(text))?.date,
        None => dates::plus_years(from, 1).unwrap_or(from),
    };
    if dates::end_of(until) < from {
        return Err(CommandError::usage("bad-span").with("from", from).with("until", until));
    }
    let client = cx.open()?;
    let unit = command.unit.as_deref().map(|code| unit_with(&client, code)).transpose()?;
    let mut tasks = client.calendar(from, until);
    tasks.retain(|view| unit.is_none_or(|unit| view.task.unit.is_none_or(|of| of.unit() == unit)));
    match &command.output {
        Some(file) if is_ics(file) => {
            let entries: Vec<Entry> = tasks.iter().filter_map(|view| entry(cx, view)).collect();
            write(file, &to_ics(&cx.locale.text("cli-calendar"), &entries, from))?;
        }
        Some(file) => {
            let bytes = export::to_bytes(&table(cx, &tasks), file).map_err(not_exported)?;
            write(file, &bytes)?;
        }
        None => cx.table(
            || tasks.iter().map(todo::json_of).collect(),
            &COLUMNS,
            || tasks.iter().map(|view| row(cx, view)).collect(),
        )?,
    }
    Ok(0)
}

const COLUMNS: [&str; 4] = ["cli-col-due", "cli-col-task", "cli-col-unit", "cli-col-record"];

fn is_ics(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ics"))
}

fn row(cx: &Context, view: &TaskView) -> Vec<String> {
    vec![
        view.task.due.as_ref().map(PartialDate::to_string).unwrap_or_default(),
        todo::name(cx, view),
        view.unit_name.clone(),
        view.title.clone(),
    ]
}

fn table(cx: &Context, tasks: &[TaskView]) -> Table {
    let headings = COLUMNS.map(|key| cx.locale.text(key));
    let mut table = Table::new(cx.locale.text("cli-calendar"), headings);
    table.rows.extend(tasks.iter().map(|view| row(cx, view)));
    table
}

/// The record and what is due name an entry, so that a day which moves does not leave the old one behind.
fn entry(cx: &Context, view: &TaskView) -> Option<Entry> {
    let task = &view.task;
    let on = task.due?;
    let about = match task.record {
        Some(id) => id.to_string(),
        None => dates::year_of(dates::end_of(on))?.to_string(),
    };
    let (name, title) = (todo::name(cx, view), &view.title);
    let summary = if title.is_empty() { name } else { format!("{name}: {title}") };
    let uid = format!("{}-{about}@ejia", task.code);
    Some(Entry { uid, on, summary, description: view.unit_name.clone() })
}
