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
    #[arg(long, value_name = "N")]
    put_back: Option<usize>,
}

pub(super) fn run(cx: &Context, command: &History) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let kind = client.view(id)?.kind;
    let (history, whole) = changes(cx, &client, id)?;
    if let Some(number) = command.put_back {
        return put_back(cx, &client, (id, kind), &history, whole, number);
    }
    cx.table(
        || history.iter().map(|change| one(kind, change)).collect(),
        &[
            "cli-col-no",
            "cli-col-at",
            "cli-col-by",
            "cli-col-action",
            "cli-col-outcome",
            "cli-col-field",
            "cli-col-old",
            "cli-col-new",
        ],
        || {
            let numbered = (1_usize..).zip(&history);
            numbered.flat_map(|(no, change)| rows(cx, &client, kind, no, change)).collect()
        },
    )?;
    Ok(0)
}

/// Takes back the change with a number, counted as it is printed. Without the server's word it is not known what others wrote in between.
fn put_back(
    cx: &Context,
    client: &Client,
    (id, kind): (RecordId, Kind),
    history: &[HistoryView],
    whole: bool,
    number: usize,
) -> CommandResult {
    if !whole {
        return Err(CommandError::new(UNREACHABLE, "history-own-only"));
    }
    let Some(entry) = number.checked_sub(1).and_then(|place| history.get(place)) else {
        return Err(CommandError::usage("usage-value")
            .with("argument", "--put-back")
            .with("value", number));
    };
    let saved = client.put_back(id, entry).map_err(|error| cx.explain(kind, error))?;
    super::edit::done(cx, kind, &saved, "cli-put-back")
}

/// Asks the server for the whole history; without a network this device tells what it knows, and says so: the answer is false then.
fn changes(cx: &Context, client: &Client, id: RecordId) -> CommandResult<(Vec<HistoryView>, bool)> {
    if client.profile().server.is_none() {
        return Ok((client.history(id)?, true));
    }
    let whole = client.connect().and_then(|mut transport| client.history_over(&mut transport, id));
    match whole.map_err(CommandError::from) {
        Err(error) if error.exit == UNREACHABLE => {
            say(&error.message(&cx.locale));
            say(&cx.locale.text("cli-history-own-only"));
            Ok((client.history(id)?, false))
        }
        other => Ok((other?, true)),
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

fn rows(
    cx: &Context,
    client: &Client,
    kind: Kind,
    no: usize,
    change: &HistoryView,
) -> Vec<Vec<String>> {
    let head = [
        no.to_string(),
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
