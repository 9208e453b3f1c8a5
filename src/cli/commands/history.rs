//! `history`: every change of a record.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::{CommandError, CommandResult, UNREACHABLE};
use crate::cli::output::say;
use crate::cli::values::{json_at, json_of};
use crate::client::{Client, HistoryView};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::locale::instant_text;

#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    id: String,
}

pub(super) fn run(cx: &Context, command: &History) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let kind = client.view(id)?.kind;
    let history = changes(cx, &client, id)?;
    cx.table(
        || history.iter().map(|change| one(kind, change)).collect(),
        &[
            "cli-col-at",
            "cli-col-by",
            "cli-col-action",
            "cli-col-outcome",
            "cli-col-field",
            "cli-col-old",
            "cli-col-new",
        ],
        || history.iter().flat_map(|change| rows(cx, &client, kind, change)).collect(),
    )?;
    Ok(0)
}

/// Asks the server for the whole history; without a network this device tells what it knows, and says so.
fn changes(cx: &Context, client: &Client, id: RecordId) -> CommandResult<Vec<HistoryView>> {
    if client.profile().server.is_none() {
        return Ok(client.history(id)?);
    }
    let whole = client.connect().and_then(|mut transport| client.history_over(&mut transport, id));
    match whole.map_err(CommandError::from) {
        Err(error) if error.exit == UNREACHABLE => {
            say(&error.message(&cx.locale));
            say(&cx.locale.text("cli-history-own-only"));
            Ok(client.history(id)?)
        }
        other => other,
    }
}

fn one(kind: Kind, change: &HistoryView) -> Json {
    let changes: Vec<Json> = change
        .changes
        .iter()
        .map(|field| {
            json!({
                "field": field.key,
                "old": json_of(kind, &field.key, field.old.as_ref()),
                "new": json_of(kind, &field.key, field.new.as_ref()),
            })
        })
        .collect();
    json!({
        "at": json_at(change.at),
        "by": change.by,
        "device": change.device.to_string(),
        "op": format!("{}-{}-{}", change.op.device, change.op.generation, change.op.n),
        "action": change.action,
        "outcome": change.outcome,
        "reason": change.reason,
        "changes": changes,
    })
}

fn rows(cx: &Context, client: &Client, kind: Kind, change: &HistoryView) -> Vec<Vec<String>> {
    let head = [
        instant_text(change.at),
        change.by.clone(),
        cx.locale.text(&format!("cli-action-{}", change.action)),
        cx.locale
            .find(&format!("cli-outcome-{}", change.outcome), &[])
            .unwrap_or_else(|| change.outcome.clone()),
    ];
    let shown = |key: &str, value: Option<&_>| {
        value.map(|value| cx.shown(client, kind, key, value)).unwrap_or_default()
    };
    let row = |cells: [String; 3]| head.iter().cloned().chain(cells).collect::<Vec<_>>();
    if change.changes.is_empty() {
        return vec![row([String::new(), String::new(), change.reason.clone()])];
    }
    let field = |field: &crate::client::ChangeView| {
        row([
            cx.label(kind, &field.key),
            shown(&field.key, field.old.as_ref()),
            shown(&field.key, field.new.as_ref()),
        ])
    };
    change.changes.iter().map(field).collect()
}
