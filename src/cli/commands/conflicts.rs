//! `conflicts` and `resolve`: the review queue and a person's decision.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{Human, say};
use crate::cli::values::{json_at, json_of, unknown_field, value};
use crate::client::{
    Client, ClientError, ConflictView, FieldConflictView, Resolution, Saved, ValueView,
};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::Value;
use crate::locale::instant_text;

#[derive(Debug, Args)]
pub(in crate::cli) struct Resolve {
    id: String,
    #[arg(long, value_name = "current|candidate:N", value_parser = choice, required_unless_present = "value")]
    take: Option<Resolution>,
    #[arg(long, value_name = "TEXT", conflicts_with = "take")]
    value: Option<String>,
    #[arg(long, value_name = "F", requires = "value")]
    field: Option<String>,
}

fn choice(text: &str) -> Result<Resolution, String> {
    let candidate = |text: &str| text.strip_prefix("candidate:")?.parse().ok();
    match text {
        "current" => Ok(Resolution::Current),
        text => candidate(text)
            .filter(|n| *n > 0)
            .map(Resolution::Candidate)
            .ok_or_else(|| "current, candidate:1, candidate:2".to_owned()),
    }
}

pub(super) fn run(cx: &Context) -> CommandResult {
    let client = cx.open()?;
    let conflicts = client.conflicts();
    cx.output.answer(
        || conflicts.iter().map(one).collect(),
        || {
            Human::Lines(
                conflicts.iter().flat_map(|conflict| lines(cx, &client, conflict)).collect(),
            )
        },
    )?;
    if conflicts.is_empty() {
        say(&cx.locale.text("cli-conflicts-none"));
    }
    Ok(0)
}

fn one(conflict: &ConflictView) -> Json {
    let kind = conflict.kind;
    let told = |key: &str, view: &ValueView| json!({ "value": json_of(kind, key, view.value.as_ref()), "by": view.by, "at": json_at(view.at) });
    let field = |field: &FieldConflictView| {
        let candidates: Vec<Json> =
            field.candidates.iter().map(|candidate| told(&field.key, &candidate.value)).collect();
        json!({
            "field": field.key,
            "base": json_of(kind, &field.key, field.base.as_ref()),
            "current": told(&field.key, &field.current),
            "candidates": candidates,
        })
    };
    let fields: Vec<Json> = conflict.fields.iter().map(field).collect();
    json!({
        "id": conflict.id.to_string(),
        "record": conflict.record.to_string(),
        "kind": kind.key(),
        "reason": conflict.reason.key(),
        "fields": fields,
    })
}

/// Tells a conflict in lines: the record, then for each field what was seen, what holds, and what else was written.
fn lines(cx: &Context, client: &Client, conflict: &ConflictView) -> Vec<String> {
    let kind = conflict.kind;
    let shown = |key: &str, value: Option<&Value>| {
        value.map_or_else(
            || cx.locale.text("cli-value-empty"),
            |value| cx.shown(client, kind, key, value),
        )
    };
    let author = |view: &ValueView| {
        let at = if view.at == 0 { String::new() } else { instant_text(view.at) };
        format!("{} {at}", view.by).trim().to_owned()
    };
    let label = cx.locale.kind_label(kind.spec());
    let mut lines = vec![format!("{}  {label} {}", conflict.id, conflict.title)];
    lines.push(format!(
        "  {}",
        cx.locale.text(&format!("conflict-reason-{}", conflict.reason.key()))
    ));
    for field in &conflict.fields {
        lines.push(format!("  {}", cx.label(kind, &field.key)));
        let base = shown(&field.key, field.base.as_ref());
        lines.push(format!("    {}  {base}", cx.locale.text("cli-conflict-base")));
        let current = shown(&field.key, field.current.value.as_ref());
        let by = author(&field.current);
        lines.push(format!("    {}  {current}  ({by})", cx.locale.text("cli-conflict-current")));
        for candidate in &field.candidates {
            let value = shown(&field.key, candidate.value.value.as_ref());
            let by = author(&candidate.value);
            lines.push(format!("    candidate:{}  {value}  ({by})", candidate.n));
        }
    }
    lines
}

pub(super) fn resolve(cx: &Context, command: &Resolve) -> CommandResult {
    let client = cx.open()?;
    let conflict = find(&client, &command.id)?;
    let decision = match (&command.take, &command.value) {
        (Some(choice), _) => choice.clone(),
        (None, Some(text)) => Resolution::Values(own_value(cx, &client, &conflict, command, text)?),
        (None, None) => return Err(CommandError::usage("usage-missing").with("argument", "--take")),
    };
    let explain = |error| cx.explain(conflict.kind, error);
    let id = client.resolve(conflict.id, &decision).map_err(explain)?;
    super::edit::done(cx, conflict.kind, &Saved { id, issues: Vec::new() }, "cli-resolved")
}

/// Finds an open conflict by its own id or by what names its record.
fn find(client: &Client, text: &str) -> CommandResult<ConflictView> {
    let missing = || ClientError::NotFound { what: "conflict", id: text.to_owned() };
    let id: RecordId = match record_of(client, text) {
        Ok(id) => id,
        Err(_not_named) => return Err(missing().into()),
    };
    let mut open = client.conflicts();
    let at = open.iter().position(|conflict| conflict.id == id);
    let at = at.or_else(|| open.iter().position(|conflict| conflict.record == id));
    Ok(at.map(|at| open.swap_remove(at)).ok_or_else(missing)?)
}

/// Reads a value of the person's own for one field of the conflict.
fn own_value(
    cx: &Context,
    client: &Client,
    conflict: &ConflictView,
    command: &Resolve,
    text: &str,
) -> CommandResult<Vec<(crate::domain::record::FieldNo, Value)>> {
    let kind: Kind = conflict.kind;
    let among = |key: &str| conflict.fields.iter().find(|field| field.key == key);
    let chosen = match (&command.field, conflict.fields.as_slice()) {
        (Some(key), _) => among(key).ok_or_else(|| unknown_field(kind, key))?,
        (None, [only]) => only,
        (None, _) => return Err(CommandError::usage("usage-missing").with("argument", "--field")),
    };
    let spec = kind.spec();
    let field = spec.field(&chosen.key).ok_or_else(|| unknown_field(kind, &chosen.key))?;
    let value = value(client, spec, field, text)
        .map_err(|issue| cx.explain(kind, ClientError::Invalid { issues: vec![issue] }))?;
    Ok(vec![(field.number, value.unwrap_or(Value::Null))])
}
