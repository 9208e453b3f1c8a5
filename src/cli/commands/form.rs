//! `form`: paper forms and rosters, filled from records.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::list::{filter, known_fields, write};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{Human, say};
use crate::client::{Client, ClientError, Printer, Query, clock, file_title};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::Filter;
use crate::domain::record::PartialDate;
use crate::telemetry;
use crate::transfer::forms::FormError;
use crate::transfer::forms::registry::{self, Form as Definition};

#[derive(Debug, Args)]
pub(in crate::cli) struct Form {
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    ids: Vec<String>,
    #[arg(long = "where", value_name = "EXPR", value_parser = filter, conflicts_with = "ids")]
    filters: Vec<Filter>,
    #[arg(short = 'o', long = "output", value_name = "FILE", required_unless_present = "list")]
    output: Option<PathBuf>,
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i64).range(1900..=9999))]
    year: Option<i64>,
    #[arg(long, conflicts_with_all = ["ids", "filters"])]
    blank: bool,
    #[arg(long, conflicts_with_all = ["ids", "filters", "blank"])]
    template: bool,
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

pub(super) fn run(cx: &Context, command: &Form) -> CommandResult {
    let (Some(name), Some(output)) = (&command.name, &command.output) else { return list(cx) };
    let form = registry::form(name).ok_or_else(|| {
        let known = registry::forms().iter().map(|form| form.name.as_str());
        CommandError::usage("not-found-form").with("id", name).knowing(known)
    })?;
    let client = cx.open()?;
    if command.template {
        extension(output, if form.roster.is_some() { "toml" } else { "docx" })?;
        write(output, &form.template().map_err(|error| not_filled(error.into()))?)?;
        let own = client.own_template(form).display().to_string();
        let path = output.display().to_string();
        say(&cx.locale.text_with("cli-form-template", &[("path", &path), ("own", &own)]));
        return Ok(0);
    }
    let today = clock::today();
    let year = command.year.unwrap_or_else(|| i64::from(today.year()));
    let today =
        PartialDate::from_civil(today).map_err(|_range| CommandError::usage("usage-other"))?;
    let printer = client.printer(form, year, today).map_err(not_filled)?;
    let wanted = wanted(&client, &printer, command)?;
    let files = targets(&client, form, &wanted, command, output)?;
    if !command.blank {
        client.note_forms(&printer, files.len())?;
    }
    print(cx, &client, &printer, &files)?;
    let names = || files.iter().map(|(_, path)| path.display().to_string());
    let count = files.len().to_string();
    let path = output.display().to_string();
    let said = cx.locale.text_with("cli-form-written", &[("count", &count), ("path", &path)]);
    let json = || json!({ "form": form.name, "files": names().collect::<Vec<_>>() });
    cx.output.answer(json, || Human::Lines(vec![said]))?;
    Ok(0)
}

fn list(cx: &Context) -> CommandResult {
    let title = |form: &Definition| cx.locale.text(&format!("form-{}", form.name));
    let kind = |form: &Definition| {
        form.of().map(|kind| cx.locale.kind_label(kind.spec())).unwrap_or_default()
    };
    let json = |form: &Definition| json!({ "name": form.name, "kind": form.kind, "extension": form.extension(), "title": title(form) });
    let row = |form: &Definition| {
        vec![form.name.clone(), title(form), kind(form), form.extension().to_owned()]
    };
    cx.table(
        || registry::forms().iter().map(json).collect::<Json>(),
        &["cli-col-name", "cli-col-meaning", "cli-col-kind", "cli-col-format"],
        || registry::forms().iter().map(row).collect(),
    )?;
    Ok(0)
}

/// Returns the records the form is wanted for; `None` is an empty form.
fn wanted(
    client: &Client,
    printer: &Printer,
    command: &Form,
) -> CommandResult<Vec<Option<RecordId>>> {
    let kind = printer.kind();
    if command.blank {
        return Ok(vec![None]);
    }
    if command.ids.is_empty() && command.filters.is_empty() {
        return Err(CommandError::usage("form-for-whom").with("kind", kind.key()));
    }
    if !command.filters.is_empty() {
        let query = Query { filters: command.filters.clone(), ..Query::all(kind) };
        let found = client.list(&query).map_err(|error| known_fields(kind, error))?;
        return Ok(found.into_iter().map(Some).collect());
    }
    command.ids.iter().map(|text| named(client, kind, text).map(Some)).collect()
}

fn named(client: &Client, kind: Kind, text: &str) -> CommandResult<RecordId> {
    match client.named(kind, text).as_slice() {
        [one] => Ok(*one),
        _ => Err(ClientError::NotFound { what: "record", id: text.to_owned() }.into()),
    }
}

/// Returns where each form goes: to the file that was named, or into the folder if there are several.
fn targets(
    client: &Client,
    form: &Definition,
    wanted: &[Option<RecordId>],
    command: &Form,
    output: &Path,
) -> CommandResult<Vec<(Option<RecordId>, PathBuf)>> {
    let single = command.blank || (command.ids.len() == 1 && !output.is_dir());
    if let (true, [one]) = (single, wanted) {
        extension(output, form.extension())?;
        return Ok(vec![(*one, output.to_owned())]);
    }
    if !output.is_dir() {
        let made = std::fs::create_dir(output);
        let failed = |source| ClientError::Write { path: output.display().to_string(), source };
        made.map_err(failed)?;
    }
    let width = wanted.len().to_string().len();
    let path = |(no, id): (usize, &Option<RecordId>)| {
        let title = id.map(|id| client.title(id)).unwrap_or_default();
        let name = format!("{no:0width$}-{}.{}", file_title(&title), form.extension());
        (*id, output.join(name))
    };
    Ok((1..).zip(wanted).map(path).collect())
}

fn extension(file: &Path, wanted: &str) -> CommandResult<()> {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if extension == wanted {
        return Ok(());
    }
    Err(CommandError::usage("extension-form").with("extension", extension).with("wanted", wanted))
}

fn print(
    cx: &Context,
    client: &Client,
    printer: &Printer,
    files: &[(Option<RecordId>, PathBuf)],
) -> CommandResult<()> {
    let mut sensitive = BTreeSet::new();
    for (id, path) in files {
        let printed = client.print(printer, *id).map_err(not_filled)?;
        write(path, &printed.bytes)?;
        sensitive.extend(printed.sensitive);
    }
    log_sensitive(cx, printer.form(), &sensitive, files.len());
    Ok(())
}

/// Logs that sensitive fields left on paper: which ones and in how many forms, never a value.
fn log_sensitive(cx: &Context, form: &Definition, shown: &BTreeSet<&'static str>, forms: usize) {
    if shown.is_empty() {
        return;
    }
    let columns = shown.iter().copied().collect::<Vec<_>>().join(",");
    let log = &cx.config.settings.log;
    let format = telemetry::Format::from_key(&log.format).unwrap_or(telemetry::Format::Text);
    telemetry::start(format, &log.level);
    tracing::info!(
        { telemetry::KIND } = form.kind,
        { telemetry::ROWS } = forms,
        { telemetry::COLUMNS } = columns,
        "printed forms with sensitive fields"
    );
}

/// Names what the tag could have asked for.
fn not_filled(error: ClientError) -> CommandError {
    let known = match &error {
        ClientError::Form(FormError::UnknownName { unknown, .. }) => unknown.known.clone(),
        _ => Vec::new(),
    };
    CommandError::from(error).knowing(known.iter().map(String::as_str))
}
