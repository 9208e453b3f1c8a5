//! `show`: one record with everything it says and everything that is wrong with it.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::CommandResult;
use crate::cli::output::{Grid, Human, say, told, worded};
use crate::cli::values::{note_lines, record_json};
use crate::client::{Client, RecordView};
use crate::domain::record::Shape;

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    id: String,
}

pub(super) fn run(cx: &Context, command: &Show) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let record = client.view(id)?;
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
    cx.output.answer(json, || Human::Grid(grid(cx, &client, &record)))?;
    if record.read_only {
        say(&cx.locale.text("cli-read-only"));
    }
    for (_, text) in &issues {
        say(text);
    }
    Ok(0)
}

fn grid(cx: &Context, client: &Client, record: &RecordView) -> Grid {
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
            let shown = cx.shown(client, record.kind, field.key, value);
            rows.push(vec![cx.locale.field_label(spec, field), shown]);
        }
    }
    Grid { headings: Vec::new(), rows }
}
