//! `show`: one record with everything it says and everything that is wrong with it.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::CommandResult;
use crate::cli::output::{Grid, Human, say, told, worded};
use crate::cli::values::{note_lines, record_json, unknown_field};
use crate::client::{Client, RecordView};
use crate::domain::record::{FieldNo, Shape};

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    id: String,
    #[arg(long, value_name = "FIELD", value_delimiter = ',', requires = "reason")]
    reveal: Vec<String>,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn run(cx: &Context, command: &Show) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let record = client.view(id)?;
    let revealed = revealed(&client, &record, command)?;
    if !cx.output.is_table() {
        note_output(&client, std::slice::from_ref(&record))?;
    }
    let issues = worded(&cx.locale, record.kind.spec(), &client.issues(id)?);
    let json = || {
        let mut json = record_json(&record);
        if let Some(object) = json.as_object_mut() {
            object.insert("issues".to_owned(), told(&issues));
            if record.deleted {
                object.insert("deleted".to_owned(), true.into());
            }
            if record.read_only {
                object.insert("read_only".to_owned(), true.into());
            }
        }
        json
    };
    cx.output.answer(json, || Human::Grid(grid(cx, &client, &record, &revealed)))?;
    if record.read_only {
        say(&cx.locale.text("cli-read-only"));
    }
    for (_, text) in &issues {
        say(text);
    }
    Ok(0)
}

/// Returns the fields that are shown in full, once that is noted with its reason.
fn revealed(client: &Client, record: &RecordView, command: &Show) -> CommandResult<Vec<FieldNo>> {
    let spec = record.kind.spec();
    let field = |key: &String| spec.field(key).ok_or_else(|| unknown_field(record.kind, key));
    let fields = command.reveal.iter().map(|key| Ok(field(key)?.number));
    let fields = fields.collect::<CommandResult<Vec<FieldNo>>>()?;
    if !fields.is_empty() {
        client.reveal(record.id, &fields, command.reason.as_deref().unwrap_or_default())?;
    }
    Ok(fields)
}

/// Notes that a script gets sensitive values, if there are any.
pub(super) fn note_output(client: &Client, records: &[RecordView]) -> CommandResult<()> {
    let Some(kind) = records.first().map(|record| record.kind) else { return Ok(()) };
    let filled =
        |no: &FieldNo| records.iter().any(|r| r.fields.get(no).is_some_and(|v| !v.is_blank()));
    let sensitive = kind.spec().fields.iter().filter(|field| field.sensitive);
    let fields: Vec<FieldNo> =
        sensitive.map(|field| field.number).filter(|no| filled(no)).collect();
    if !fields.is_empty() {
        client.note_output(kind, &fields, records.len())?;
    }
    Ok(())
}

fn grid(cx: &Context, client: &Client, record: &RecordView, revealed: &[FieldNo]) -> Grid {
    let text = |key: &str| cx.locale.text(key);
    let spec = record.kind.spec();
    let mut rows = vec![
        vec![text("cli-col-id"), record.id.to_string()],
        vec![text("cli-col-kind"), cx.locale.kind_label(spec)],
        vec![text("cli-col-unit"), record.unit_name.clone()],
        vec![text("cli-col-state"), text(&format!("state-{}", record.state.key()))],
    ];
    if record.deleted {
        rows.push(vec![text("cli-col-deleted"), text("flag-yes")]);
    }
    for field in spec.fields {
        let notes =
            if field.shape == Shape::Notes { note_lines(record, field) } else { Vec::new() };
        for (n, line) in notes.into_iter().enumerate() {
            let label = if n == 0 { cx.locale.field_label(spec, field) } else { String::new() };
            rows.push(vec![label, line]);
        }
        if let Some(value) = record.fields.get(&field.number) {
            let full = revealed.contains(&field.number);
            let shown = if full {
                cx.full(client, record.kind, field.key, value)
            } else {
                cx.shown(client, record.kind, field.key, value)
            };
            rows.push(vec![cx.locale.field_label(spec, field), shown]);
        }
    }
    Grid { headings: Vec::new(), rows }
}
