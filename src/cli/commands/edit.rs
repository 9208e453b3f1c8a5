//! `add`, `set`, `delete`, `undo`, `redo`: one change each.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::device::{kind_of, record_of};
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{Human, say, told, worded};
use crate::cli::values::value;
use crate::client::{Client, ClientError, Saved};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Shape, Value};

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    kind: String,
    #[arg(value_name = "FIELD=VALUE")]
    values: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Set {
    id: String,
    #[arg(value_name = "FIELD=VALUE", required = true)]
    values: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Note {
    id: String,
    #[arg(value_name = "TEXT")]
    text: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    id: String,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn add(cx: &Context, command: &Add) -> CommandResult {
    let kind = kind_of(&command.kind)?;
    let client = cx.open()?;
    let mut typed = cx.typed(&client, kind, &command.values)?;
    typed.make()?;
    typed.fields.retain(|_, value| *value != Value::Null);
    let saved = client.create_record(kind, typed.unit, typed.fields);
    done(cx, kind, &saved.map_err(|error| cx.explain(kind, error))?, "cli-added")
}

pub(super) fn set(cx: &Context, command: &Set) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let view = client.view(id)?;
    let kind = view.kind;
    let mut typed = cx.typed(&client, kind, &command.values)?;
    typed.meet(&view)?;
    let explain = |error| cx.explain(kind, error);
    let mut saved = Saved { id, issues: Vec::new() };
    if !typed.fields.is_empty() {
        saved = client.set_fields(id, typed.fields).map_err(explain)?;
    }
    if let Some(unit) = typed.unit {
        client.move_record(id, unit).map_err(explain)?;
    }
    done(cx, kind, &saved, "cli-changed")
}

/// Appends a note to the record's notes.
pub(super) fn note(cx: &Context, command: &Note) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let kind = client.view(id)?.kind;
    let field = kind.spec().shaped(Shape::Notes).next();
    let field = field.ok_or_else(|| CommandError::usage("usage-no-notes"))?;
    let text = value(&client, kind.spec(), field, &command.text);
    let explain = |issue| cx.explain(kind, ClientError::Invalid { issues: vec![issue] });
    let Some(Value::Text(text)) = text.map_err(explain)? else {
        return Err(CommandError::usage("usage-missing").with("argument", "TEXT"));
    };
    let saved = client.add_note(id, field, &text).map_err(|error| cx.explain(kind, error))?;
    done(cx, kind, &saved, "cli-noted")
}

pub(super) fn delete(cx: &Context, command: &Delete) -> CommandResult {
    let reason = command.reason.trim();
    if reason.is_empty() {
        return Err(CommandError::usage("usage-missing").with("argument", "--reason"));
    }
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let kind = client.view(id)?.kind;
    let saved = client.delete(id, reason).map_err(|error| cx.explain(kind, error))?;
    done(cx, kind, &saved, "cli-deleted")
}

pub(super) fn undo(cx: &Context) -> CommandResult {
    let client = cx.open()?;
    let undone = client.undo()?;
    taken_back(cx, &client, undone.id, "cli-undone")
}

/// Does again what was taken back last.
pub(super) fn redo(cx: &Context) -> CommandResult {
    let client = cx.open()?;
    let redone = client.redo()?;
    taken_back(cx, &client, redone.id, "cli-redone")
}

fn taken_back(cx: &Context, client: &Client, id: RecordId, what: &str) -> CommandResult {
    let saved = Saved { id, issues: Vec::new() };
    let kind = client.view(id).map_or(Kind::Person, |view| view.kind);
    done(cx, kind, &saved, what)
}

/// Says which record was changed and what about it a person should look at.
pub(super) fn done(cx: &Context, kind: Kind, saved: &Saved, what: &str) -> CommandResult {
    let issues = worded(&cx.locale, kind.spec(), &saved.issues);
    cx.output.answer(
        || json!({ "id": saved.id.to_string(), "issues": told(&issues) }),
        || Human::Lines(vec![saved.id.to_string()]),
    )?;
    say(&cx.locale.text(what));
    cx.warn(kind.spec(), &saved.issues);
    Ok(0)
}
