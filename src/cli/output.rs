//! Answers: data on standard output, messages on standard error; tables aligned by the cells a terminal draws.

use std::io::{self, Write as _};

use serde_json::{Map, Value as Json, json};
use unicode_width::UnicodeWidthStr as _;

use super::args::Format;
use super::error::{BROKEN_PIPE, CommandError, CommandResult};
use crate::domain::record::Issue;
#[cfg(feature = "client")]
use crate::domain::record::RecordSpec;
use crate::domain::text::{guarded, harmless, harmless_json};
use crate::locale::Locale;

/// A table for people: headings and rows of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// What a person sees instead of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Human {
    /// Lines as they are.
    Lines(Vec<String>),
    /// A table.
    Grid(Grid),
}

/// Where answers and messages go.
pub(super) struct Output {
    pub(super) format: Format,
}

impl Output {
    /// True if people read the answer, not a script.
    pub(super) fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    /// Writes an answer in the format that was asked for; only what is needed is built.
    pub(super) fn answer(
        &self,
        json: impl FnOnce() -> Json,
        human: impl FnOnce() -> Human,
    ) -> CommandResult<()> {
        let text = match self.format {
            Format::Table => match human() {
                Human::Lines(lines) => {
                    lines.into_iter().map(|line| harmless(&line).into_owned() + "\n").collect()
                }
                Human::Grid(grid) => aligned(&grid),
            },
            Format::Json => pretty(&json()),
            Format::Jsonl => lines(&json()),
            Format::Csv => delimited(&json()),
        };
        data(&text)
    }

    /// Writes an error to standard error, as JSON if that is the format.
    pub(super) fn error(&self, error: &CommandError, locale: &Locale) {
        if error.exit == BROKEN_PIPE {
            return;
        }
        let (message, hint) = (error.message(locale), error.hint(locale));
        if matches!(self.format, Format::Json | Format::Jsonl) {
            let mut body = json!({ "code": error.code, "message": message, "hint": hint });
            if let (Some(body), false) = (body.as_object_mut(), error.issues.is_empty()) {
                body.insert("issues".to_owned(), told(&error.issues));
            }
            say(&json!({ "error": body }).to_string());
            return;
        }
        say(&message);
        for (issue, text) in &error.issues {
            say(&format!("  {}", if text.is_empty() { issue.code } else { text }));
        }
        if !hint.is_empty() {
            say(&hint);
        }
    }
}

/// Writes text to standard output.
pub(super) fn data(text: &str) -> CommandResult<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes one line to standard error; nobody listening there is no failure.
pub(super) fn say(line: &str) {
    let _nobody_reads = writeln!(io::stderr().lock(), "{}", harmless(line));
}

/// Puts issues into words.
#[cfg(feature = "client")]
pub(super) fn worded(locale: &Locale, spec: &RecordSpec, issues: &[Issue]) -> Vec<(Issue, String)> {
    issues.iter().map(|issue| (issue.clone(), locale.issue_of(spec, issue))).collect()
}

/// Returns issues with their words as JSON.
pub(super) fn told(issues: &[(Issue, String)]) -> Json {
    let one = |(issue, text): &(Issue, String)| {
        let mut json = json!({ "field": issue.field, "code": issue.code, "level": issue.level.key(), "message": text });
        // The record that is in the way, so that a script can open it.
        let other = issue.args.iter().find(|(name, _)| *name == "other");
        if let (Some(json), Some((name, id))) = (json.as_object_mut(), other) {
            json.insert((*name).to_owned(), json!(id));
        }
        json
    };
    issues.iter().map(one).collect()
}

fn pretty(json: &Json) -> String {
    harmless_json(&serde_json::to_string_pretty(json).unwrap_or_default()).into_owned() + "\n"
}

fn lines(json: &Json) -> String {
    match json {
        Json::Array(items) => items.iter().map(line).collect(),
        other => line(other),
    }
}

fn line(json: &Json) -> String {
    harmless_json(&json.to_string()).into_owned() + "\n"
}

/// Writes JSON objects as comma separated values: one row each, nested objects by their own keys.
fn delimited(json: &Json) -> String {
    let one = std::slice::from_ref(json);
    let items = json.as_array().map_or(one, Vec::as_slice);
    let flat: Vec<Map<String, Json>> = items.iter().map(flattened).collect();
    let mut headings: Vec<&String> = Vec::new();
    for key in flat.iter().flat_map(Map::keys) {
        if !headings.contains(&key) {
            headings.push(key);
        }
    }
    let heading = headings.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(",");
    let mut text = heading + "\r\n";
    for row in &flat {
        let cell = |key: &&String| row.get(*key).map(cell_text).unwrap_or_default();
        text += &headings.iter().map(|key| quoted(&cell(key))).collect::<Vec<_>>().join(",");
        text += "\r\n";
    }
    text
}

fn flattened(item: &Json) -> Map<String, Json> {
    let Json::Object(object) = item else {
        return Map::from_iter([("value".to_owned(), item.clone())]);
    };
    let mut flat = Map::new();
    for (key, value) in object {
        match value {
            Json::Object(inner) if key == "fields" => {
                for (key, value) in inner {
                    let taken = flat.contains_key(key);
                    flat.insert(
                        if taken { format!("fields.{key}") } else { key.clone() },
                        value.clone(),
                    );
                }
            }
            other => {
                flat.insert(key.clone(), other.clone());
            }
        }
    }
    flat
}

fn cell_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => guarded(&harmless(text)),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// Returns a cell on one line, without what a terminal would act on.
fn shown(cell: &str) -> String {
    harmless(cell).replace(['\n', '\t'], " ")
}

/// Pads columns to the cells a terminal draws: a Han character takes two.
fn aligned(grid: &Grid) -> String {
    let all = || std::iter::once(&grid.headings).chain(&grid.rows);
    let columns = all().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            let cells = all().filter_map(|row| row.get(at));
            cells.map(|cell| shown(cell).width()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in all().filter(|row| !row.is_empty()) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let cell = shown(cell);
            let padding = width.saturating_sub(cell.width());
            line += &cell;
            line.extend(std::iter::repeat_n(' ', padding + 2));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_the_cells_they_take() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let grid = Grid {
            headings: row(["姓名", "no"]),
            rows: vec![row(["歐陽若明", "1"]), row(["Li", "2"])],
        };
        assert_eq!(aligned(&grid), "姓名      no\n歐陽若明  1\nLi        2\n");
    }

    #[test]
    fn rows_of_values_have_the_keys_of_the_fields() {
        let json = json!([
            { "id": "1", "unit": "u", "fields": { "name": "a,b", "unit": "v" } },
            { "id": "2", "fields": { "phone": null } },
        ]);
        assert_eq!(
            delimited(&json),
            "id,unit,name,fields.unit,phone\r\n1,u,\"a,b\",v,\r\n2,,,,\r\n"
        );
    }
}
