//! `list`: the records of a kind, by condition, search and order.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serializer as _;
use serde_json::Value as Json;

use super::show::note_output;
use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::device::kind_of;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{Grid, Human, say};
use crate::cli::values::{note_lines, record_json, unknown_field};
use crate::client::{Client, ClientError, Query, RecordView, Taken, clock, files};
use crate::domain::codes::{self, CodeList};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::{Comparison, Filter, Sort};
use crate::domain::record::parse::{self, ParseContext};
use crate::domain::record::{FieldSpec, Owner, Shape, Value, ValueKind};
use crate::telemetry;
use crate::transfer::export::{self, ExportError, Sheet, TableColumn};

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    kind: String,
    #[arg(long = "where", value_name = "EXPR", value_parser = filter)]
    filters: Vec<Filter>,
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    #[arg(long, value_name = "FIELD[:desc]", value_parser = sort)]
    sort: Vec<Sort>,
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    columns: Vec<String>,
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    #[arg(long, value_name = "TEXT", requires = "output")]
    purpose: Option<String>,
    #[arg(long, value_name = "TEXT", requires = "output")]
    receiver: Option<String>,
}

pub(super) fn filter(text: &str) -> Result<Filter, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn sort(text: &str) -> Result<Sort, String> {
    text.parse().map_err(|error| format!("{error}"))
}

pub(super) fn run(cx: &Context, command: &List) -> CommandResult {
    let kind = kind_of(&command.kind)?;
    let columns = columns(kind, &command.columns)?;
    let client = cx.open()?;
    let query = Query {
        search: command.search.clone().unwrap_or_default(),
        filters: conditions(cx, kind, &command.filters)?,
        sorts: command.sort.clone(),
        ..Query::all(kind)
    };
    let mut ids = client.list(&query).map_err(|error| known_fields(kind, error))?;
    ids.truncate(command.limit.unwrap_or(usize::MAX));
    if let Some(file) = &command.output {
        note_export(&client, kind, command, file, ids.len())?;
        return export_to(cx, &client, file, kind, &command.columns, &ids);
    }
    let records = client.views(&ids);
    if !cx.output.is_table() {
        note_output(&client, &records)?;
    }
    let whole = cx.output.format != Format::Csv || command.columns.is_empty();
    let one = |record| if whole { record_json(record) } else { only(record, &columns) };
    let json = || records.iter().map(one).collect();
    cx.output.answer(json, || Human::Grid(grid(cx, &client, kind, &columns, &records)))?;
    Ok(0)
}

/// Reads the texts that conditions compare with as values of their fields, and writes them in the form that lists compare: a
/// condition that can never hold is refused rather than answered with nothing.
fn conditions(cx: &Context, kind: Kind, filters: &[Filter]) -> CommandResult<Vec<Filter>> {
    let read = |filter: &Filter| {
        let Some(field) = kind.spec().field(&filter.field) else { return Ok(filter.clone()) };
        let compared = !filter.text.is_empty() && filter.comparison != Comparison::Contains;
        match accepted(field.kind).filter(|_| compared) {
            Some(word) => condition(cx, kind, field, filter, word),
            None => Ok(filter.clone()),
        }
    };
    filters.iter().map(read).collect()
}

fn condition(
    cx: &Context,
    kind: Kind,
    field: &FieldSpec,
    filter: &Filter,
    word: &str,
) -> CommandResult<Filter> {
    let today = ParseContext::typed(clock::today());
    let text = match parse::parse(kind.spec(), field, &filter.text, &today) {
        Ok(Some(Value::Instant(ms))) => ms.to_string(),
        Ok(Some(value)) if value != Value::Null => parse::format(kind.spec(), field, &value),
        // A bound may lie outside what can be entered.
        Err(issue) if issue.code == "out-of-range" => filter.text.clone(),
        _ => {
            let error = CommandError::usage("condition")
                .with("field", &filter.field)
                .with("value", &filter.text)
                .with("accepted", cx.locale.text(&format!("cli-accepted-{word}")));
            return Err(error.knowing(codes_of(field)));
        }
    };
    Ok(Filter { text, ..filter.clone() })
}

/// Returns what is accepted for a field whose values are not any text; names `cli-accepted-<word>`.
const fn accepted(kind: ValueKind) -> Option<&'static str> {
    match kind {
        ValueKind::Date => Some("date"),
        ValueKind::Integer | ValueKind::Tenths => Some("number"),
        ValueKind::Flag => Some("flag"),
        ValueKind::Instant => Some("moment"),
        ValueKind::Code | ValueKind::Choice => Some("code"),
        _ => None,
    }
}

/// Returns the choices or codes of a field, the first few of a long list.
fn codes_of(field: &FieldSpec) -> Vec<&'static str> {
    /// As many as fit into a hint.
    const SHOWN: usize = 20;
    let listed = field.codes.and_then(codes::list).map(CodeList::entries).unwrap_or_default();
    let codes = listed.iter().map(|entry| entry.code.as_str());
    field.choices.iter().copied().chain(codes).take(SHOWN).collect()
}

/// Returns the columns that were asked for, in their order.
fn only(record: &RecordView, columns: &[String]) -> Json {
    let json = record_json(record);
    let value = |key: &String| match record.kind.spec().field(key) {
        Some(_) => json.get("fields").and_then(|fields| fields.get(key)),
        None => json.get(key),
    };
    columns.iter().map(|key| (key.clone(), value(key).cloned().unwrap_or(Json::Null))).collect()
}

/// Names the fields there are when one was asked for that is not.
pub(super) fn known_fields(kind: Kind, error: ClientError) -> CommandError {
    match error {
        ClientError::NotFound { what: "field", id } => unknown_field(kind, &id),
        other => other.into(),
    }
}

fn columns(kind: Kind, asked: &[String]) -> CommandResult<Vec<String>> {
    let spec = kind.spec();
    if asked.is_empty() {
        return Ok(spec.list.iter().map(|key| (*key).to_owned()).collect());
    }
    let known = |key: &str| spec.field(key).is_some() || ["id", "unit", "state"].contains(&key);
    match asked.iter().find(|key| !known(key)) {
        Some(key) => Err(unknown_field(kind, key)),
        None => Ok(asked.to_vec()),
    }
}

fn grid(
    cx: &Context,
    client: &Client,
    kind: Kind,
    columns: &[String],
    records: &[RecordView],
) -> Grid {
    let mut keys = columns.to_vec();
    for key in ["state", "id"] {
        if !keys.iter().any(|other| other == key) {
            keys.push(key.to_owned());
        }
    }
    let headings = keys.iter().map(|key| heading(cx, kind, key)).collect();
    let cells = |record: &RecordView| {
        keys.iter()
            .map(|key| cell(record, key, |value| cx.shown(client, kind, key, value), cx))
            .collect()
    };
    Grid { headings, rows: records.iter().map(cells).collect() }
}

fn heading(cx: &Context, kind: Kind, key: &str) -> String {
    match key {
        "id" | "state" if kind.spec().field(key).is_none() => {
            cx.locale.text(&format!("cli-col-{key}"))
        }
        key => cx.label(kind, key),
    }
}

fn cell(record: &RecordView, key: &str, text: impl Fn(&Value) -> String, cx: &Context) -> String {
    match record.kind.spec().field(key) {
        Some(field) if field.shape == Shape::Notes => note_lines(record, field).join("\n"),
        Some(field) => record.fields.get(&field.number).map(text).unwrap_or_default(),
        None => match key {
            "id" => record.id.to_string(),
            "state" => cx.locale.text(&format!("state-{}", record.state.key())),
            "unit" => record.unit_name.clone(),
            _ => String::new(),
        },
    }
}

/// Records that are read together for a file: all of them would take more memory than the store.
const TOGETHER: usize = 500;

/// Writes the records to a file: every field, sensitive ones in full, because an office asks for a file to work with it.
fn export_to(
    cx: &Context,
    client: &Client,
    file: &Path,
    kind: Kind,
    asked: &[String],
    ids: &[RecordId],
) -> CommandResult {
    let records = || ids.chunks(TOGETHER).flat_map(|chunk| client.views(chunk));
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let bytes = if extension == "json" {
        let mut out = Vec::new();
        serde_json::Serializer::pretty(&mut out)
            .collect_seq(records().map(|record| record_json(&record)))
            .map_err(|error| not_exported(error.into()))?;
        out
    } else {
        let (keys, columns) = head(cx, kind, asked);
        let full = |record: RecordView| {
            let shown =
                |key: &String| cell(&record, key, |value| cx.full(client, kind, key, value), cx);
            Cow::Owned(keys.iter().map(shown).collect())
        };
        let title = cx.locale.kind_label(kind.spec());
        let rows = Box::new(records().map(full));
        export::to_bytes(Sheet { title: &title, columns: &columns, rows }, file)
            .map_err(not_exported)?
    };
    write(file, &bytes)?;
    log_sensitive(cx, kind, if extension == "json" { &[] } else { asked }, ids.len());
    let count = ids.len().to_string();
    let path = file.display().to_string();
    say(&cx.locale.text_with("cli-list-written", &[("count", &count), ("path", &path)]));
    Ok(0)
}

/// Notes what leaves in a file before it does, and refuses what needs a purpose and has none.
fn note_export(
    client: &Client,
    kind: Kind,
    command: &List,
    file: &Path,
    count: usize,
) -> CommandResult<()> {
    let json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let asked =
        |key: &str| json || command.columns.is_empty() || command.columns.iter().any(|c| c == key);
    let fields = kind.spec().fields.iter().filter(|field| asked(field.key));
    let narrowed =
        !command.filters.is_empty() || command.search.is_some() || command.limit.is_some();
    client.note_export(&Taken {
        kind,
        fields: fields.map(|field| field.number).collect(),
        count,
        purpose: command.purpose.as_deref().unwrap_or_default(),
        receiver: command.receiver.as_deref().unwrap_or_default(),
        whole: !narrowed,
    })?;
    Ok(())
}

/// Logs that sensitive columns left in a file: which ones and how many rows, never a value.
fn log_sensitive(cx: &Context, kind: Kind, asked: &[String], rows: usize) {
    let wanted = |key: &str| asked.is_empty() || asked.iter().any(|other| other == key);
    let left = kind.spec().fields.iter().filter(|field| field.sensitive && wanted(field.key));
    let columns = left.map(|field| field.key).collect::<Vec<_>>().join(",");
    if columns.is_empty() {
        return;
    }
    let log = &cx.config.settings.log;
    let format = telemetry::Format::from_key(&log.format).unwrap_or(telemetry::Format::Text);
    telemetry::start(format, &log.level);
    tracing::info!(
        { telemetry::KIND } = kind.key(),
        { telemetry::ROWS } = rows,
        { telemetry::COLUMNS } = columns,
        "exported sensitive columns"
    );
}

/// Returns the keys of the columns of a file, and the columns.
fn head(cx: &Context, kind: Kind, asked: &[String]) -> (Vec<String>, Vec<TableColumn>) {
    let spec = kind.spec();
    let mut keys: Vec<String> = asked.to_vec();
    if keys.is_empty() {
        keys.extend(spec.fields.iter().map(|field| field.key.to_owned()));
        if spec.owner == Owner::Chosen {
            keys.push("unit".to_owned());
        }
    }
    let column = |key: &String| TableColumn {
        heading: heading(cx, kind, key),
        width: spec.field(key).map_or(20, |field| field.width),
    };
    let columns = keys.iter().map(column).collect();
    (keys, columns)
}

pub(super) fn not_exported(error: ExportError) -> CommandError {
    match error {
        ExportError::Extension { extension } => {
            CommandError::usage("extension").with("extension", extension)
        }
        other => CommandError::new(crate::cli::error::INTERNAL, "export").with("cause", other),
    }
}

/// Writes a file for its owner only.
pub(super) fn write(file: &Path, bytes: &[u8]) -> CommandResult<()> {
    let failed = |source| ClientError::Write { path: file.display().to_string(), source };
    Ok(files::write(file, bytes).map_err(failed)?)
}
