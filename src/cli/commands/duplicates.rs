//! `duplicates`, `merge`: persons who may be there twice.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::CommandResult;
use crate::cli::output::say;
use crate::client::{Client, Duplicate, MergePreview};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::FieldNo;

#[derive(Debug, Args)]
pub(in crate::cli) struct Merge {
    keep: String,
    drop: String,
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(cx: &Context) -> CommandResult {
    let client = cx.open()?;
    let found = client.duplicates();
    cx.table(
        || found.iter().map(|duplicate| one(&client, duplicate)).collect(),
        &["cli-col-sign", "cli-col-name", "cli-col-unit", "cli-col-id"],
        || found.iter().flat_map(|duplicate| rows(cx, &client, duplicate)).collect(),
    )?;
    if found.is_empty() {
        say(&cx.locale.text("cli-duplicates-none"));
    }
    Ok(0)
}

fn one(client: &Client, duplicate: &Duplicate) -> Json {
    let person = |id: &RecordId| {
        let unit = client.view(*id).map(|view| view.unit_name).unwrap_or_default();
        json!({ "id": id.to_string(), "name": client.title(*id), "unit": unit })
    };
    let persons: Vec<Json> = duplicate.persons.iter().map(person).collect();
    json!({ "sign": duplicate.sign.key(), "persons": persons })
}

fn rows(cx: &Context, client: &Client, duplicate: &Duplicate) -> Vec<Vec<String>> {
    let sign = cx.locale.text(&format!("duplicate-{}", duplicate.sign.key().replace('_', "-")));
    let row = |id: &RecordId| {
        let unit = client.view(*id).map(|view| view.unit_name).unwrap_or_default();
        vec![sign.clone(), client.title(*id), unit, id.to_string()]
    };
    duplicate.persons.iter().map(row).collect()
}

pub(super) fn merge(cx: &Context, command: &Merge) -> CommandResult {
    let client = cx.open()?;
    let keep = record_of(&client, &command.keep)?;
    let drop = record_of(&client, &command.drop)?;
    let explain = |error| cx.explain(Kind::Person, error);
    let preview = client.merge_preview(keep, drop).map_err(explain)?;
    if !command.dry_run {
        client.merge_persons(keep, drop).map_err(explain)?;
    }
    cx.table(
        || told(&preview, !command.dry_run),
        &["cli-col-field", "cli-col-kept", "cli-col-dropped"],
        || changes(cx, &client, &preview),
    )?;
    say(&cx.locale.text(if command.dry_run { "cli-merge-would" } else { "cli-merge-asked" }));
    Ok(0)
}

fn key(no: FieldNo) -> &'static str {
    Kind::Person.spec().field_no(no).map_or("", |field| field.key)
}

/// Names fields only: values of persons are read with `show`.
fn told(preview: &MergePreview, merged: bool) -> Json {
    let takes: Vec<&str> = preview.takes.iter().map(|(no, _)| key(*no)).collect();
    let differs: Vec<&str> = preview.differs.iter().map(|(no, _, _)| key(*no)).collect();
    json!({
        "keep": preview.keep.to_string(),
        "drop": preview.drop.to_string(),
        "takes": takes,
        "differs": differs,
        "references": preview.references,
        "merged": merged,
    })
}

fn changes(cx: &Context, client: &Client, preview: &MergePreview) -> Vec<Vec<String>> {
    let shown = |no, value| cx.shown(client, Kind::Person, key(no), value);
    let label = |no| cx.label(Kind::Person, key(no));
    let takes =
        preview.takes.iter().map(|(no, value)| vec![label(*no), String::new(), shown(*no, value)]);
    let differs = preview
        .differs
        .iter()
        .map(|(no, kept, dropped)| vec![label(*no), shown(*no, kept), shown(*no, dropped)]);
    takes.chain(differs).collect()
}
