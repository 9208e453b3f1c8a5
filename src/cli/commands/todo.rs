//! `todo`: what the year, the terms and the records ask for around a day.

use clap::Args;
use serde_json::{Value as Json, json};

use super::report::day;
use crate::cli::context::Context;
use crate::cli::error::CommandResult;
use crate::client::TaskView;

#[derive(Debug, Args)]
pub(in crate::cli) struct Todo {
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
}

pub(super) fn run(cx: &Context, command: &Todo) -> CommandResult {
    let as_of = day(command.as_of.as_deref())?;
    let client = cx.open()?;
    let tasks = client.todo(as_of.date);
    cx.table(
        || tasks.iter().map(json_of).collect(),
        &["cli-col-task", "cli-col-due", "cli-col-days", "cli-col-unit", "cli-col-record"],
        || tasks.iter().map(|task| row(cx, task)).collect(),
    )?;
    Ok(0)
}

/// What is to be done, in the user's language.
pub(super) fn name(cx: &Context, view: &TaskView) -> String {
    cx.locale.text(&format!("cli-task-{}", view.task.code))
}

fn row(cx: &Context, view: &TaskView) -> Vec<String> {
    let task = &view.task;
    let days = task.due.map(|_| task.over.to_string()).unwrap_or_default();
    vec![
        name(cx, view),
        task.due.map(|due| due.to_string()).unwrap_or_default(),
        days,
        view.unit_name.clone(),
        view.title.clone(),
    ]
}

pub(super) fn json_of(view: &TaskView) -> Json {
    let task = &view.task;
    json!({
        "code": task.code,
        "due": task.due.map(|due| due.to_string()),
        "days_over": task.due.map(|_| task.over),
        "record": task.record.map(|id| id.to_string()),
        "title": view.title,
        "unit": task.unit.map(|id| id.to_string()),
        "unit_name": view.unit_name,
    })
}
