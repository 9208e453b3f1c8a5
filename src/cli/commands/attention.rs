//! `attention`, `resend`, `discard`: changes the server refused.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::client::{AttentionView, Client, ClientError, Saved};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};

#[derive(Debug, Args)]
pub(in crate::cli) struct Resend {
    n: u64,
    #[arg(value_name = "FIELD=VALUE")]
    values: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Discard {
    n: u64,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn run(cx: &Context) -> CommandResult {
    let client = cx.open()?;
    let mut items = client.attention();
    items.extend(client.elsewhere()?);
    cx.table(
        || items.iter().map(|item| one(cx, item)).collect(),
        &[
            "cli-col-n",
            "cli-col-kind",
            "cli-col-name",
            "cli-col-field",
            "cli-col-written",
            "cli-col-reason",
            "cli-col-id",
        ],
        || items.iter().map(|item| row(cx, &client, item)).collect(),
    )?;
    if items.is_empty() {
        say(&cx.locale.text("cli-attention-none"));
    }
    Ok(0)
}

fn one(cx: &Context, item: &AttentionView) -> Json {
    json!({
        "n": item.n,
        "record": item.record.to_string(),
        "kind": item.kind.map(Kind::key),
        "code": item.code,
        "field": item.field,
        "message": message(cx, item),
    })
}

/// Says why a change was refused: the issue in words where there is one, else the word for the code.
fn message(cx: &Context, item: &AttentionView) -> String {
    let issue = cx.locale.find(&format!("issue-{}", item.message), &[]);
    let refusal = || {
        cx.locale
            .find(&format!("refused-{}", item.code.replace('_', "-")), &[("detail", &item.message)])
    };
    issue.or_else(refusal).unwrap_or_else(|| format!("{} {}", item.code, item.message))
}

fn row(cx: &Context, client: &Client, item: &AttentionView) -> Vec<String> {
    let kind = item.kind.map(|kind| cx.locale.kind_label(kind.spec())).unwrap_or_default();
    let label = item.kind.map(|kind| cx.label(kind, &item.field)).unwrap_or_default();
    let written = |(no, value): (&FieldNo, &Value)| {
        let kind = item.kind?;
        let field = kind.spec().field_no(*no)?;
        let shown = cx.shown(client, kind, field.key, value);
        (item.field.is_empty() || item.field == field.key).then_some(shown)
    };
    let written: Vec<String> = item.values.iter().filter_map(written).collect();
    vec![
        item.n.to_string(),
        kind,
        item.title.clone(),
        label,
        written.join(" "),
        message(cx, item),
        item.record.to_string(),
    ]
}

fn find(client: &Client, n: u64) -> CommandResult<AttentionView> {
    let missing = || ClientError::NotFound { what: "attention", id: n.to_string() };
    let found = client.attention().into_iter().find(|item| item.n == n);
    Ok(found.ok_or_else(missing)?)
}

pub(super) fn resend(cx: &Context, command: &Resend) -> CommandResult {
    let client = cx.open()?;
    let item = find(&client, command.n)?;
    let kind = item.kind.unwrap_or(Kind::Person);
    let typed = cx.typed(&client, kind, &command.values)?;
    let id = client.resend(command.n, &typed.fields).map_err(|error| cx.explain(kind, error))?;
    super::edit::done(cx, kind, &Saved { id, issues: Vec::new() }, "cli-resent")
}

pub(super) fn discard(cx: &Context, command: &Discard) -> CommandResult {
    let reason = command.reason.trim();
    if reason.is_empty() {
        return Err(CommandError::usage("usage-missing").with("argument", "--reason"));
    }
    let client = cx.open()?;
    let item = find(&client, command.n)?;
    let id = client.discard(command.n, reason)?;
    let kind = item.kind.unwrap_or(Kind::Person);
    super::edit::done(cx, kind, &Saved { id, issues: Vec::new() }, "cli-discarded")
}
