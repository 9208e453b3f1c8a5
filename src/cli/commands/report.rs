//! `report`: figures with numerator, denominator and the list behind them, each or all of them at once.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value as Json, json};

use super::list::{not_exported, write};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{Grid, Human, say};
use crate::client::{
    Client, ClientError, ReportRequest, ReportRow, ReportView, clock, report_names,
};
use crate::domain::figures::{Ask, Condition, Item, Missing, Note};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::record::parse::{ParseContext, parse_date};
use crate::transfer::export::{self, Table};

/// Name that asks for every report.
const ALL: &str = "all";

#[derive(Debug, Args)]
pub(in crate::cli) struct Report {
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i16).range(1900..=9999))]
    year: Option<i16>,
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    #[arg(long)]
    behind: bool,
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

pub(super) fn run(cx: &Context, command: &Report) -> CommandResult {
    let Some(name) = command.name.as_deref().filter(|_| !command.list) else {
        return list(cx);
    };
    if name != ALL && !report_names().contains(&name) {
        return Err(CommandError::usage("not-found-report")
            .with("id", name)
            .knowing(report_names()));
    }
    let as_of = day(command.as_of.as_deref())?;
    let client = cx.open()?;
    let unit = command.unit.as_deref().map(|code| unit_with(&client, code)).transpose()?;
    let year = i64::from(command.year.unwrap_or_else(|| as_of.civil_year()));
    if name == ALL {
        let views = client.reports(Ask { as_of: as_of.date, year }, unit);
        return all(cx, &client, command, &views);
    }
    let request = ReportRequest { name: name.to_owned(), as_of: as_of.date, year, unit };
    let view = client.report(&request)?;
    match &command.output {
        Some(file) if is_json(file) => {
            write(file, &serde_json::to_vec_pretty(&json_of(&view)).unwrap_or_default())?;
        }
        Some(file) => {
            let behind = behind_table(cx, &client, std::slice::from_ref(&view));
            let tables = if command.behind {
                vec![behind]
            } else {
                vec![figures_table(cx, &client, &view), behind]
            };
            write(file, &export::many_to_bytes(&tables, file).map_err(not_exported)?)?;
        }
        None if command.behind => {
            let table = || behind_table(cx, &client, std::slice::from_ref(&view));
            cx.output.answer(|| behind_json(&client, &view), || Human::Grid(grid_of(table())))?;
        }
        None => {
            cx.output.answer(|| json_of(&view), || Human::Grid(grid(cx, &view)))?;
            warn(cx, &view);
            if cx.output.is_table() {
                say(&cx.locale.text("cli-report-behind"));
            }
        }
    }
    Ok(0)
}

pub(super) fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "json")
}

/// Says on standard error what a person should look at.
fn warn(cx: &Context, view: &ReportView) {
    for warning in &view.warnings {
        let (whole, tenth) = (warning.limit_per_mille / 10, warning.limit_per_mille % 10);
        let limit = format!("{whole}.{tenth}%");
        say(&cx.locale.text_with(&format!("cli-warning-{}", warning.code), &[("limit", &limit)]));
    }
}

/// Every report: a summary, or a workbook with one sheet each.
fn all(cx: &Context, client: &Client, command: &Report, views: &[ReportView]) -> CommandResult {
    let json = || Json::Array(views.iter().map(json_of).collect());
    match &command.output {
        Some(file) if is_json(file) => {
            write(file, &serde_json::to_vec_pretty(&json()).unwrap_or_default())?;
        }
        Some(file) => {
            let mut tables = vec![summary(cx, views)];
            tables.extend(views.iter().map(|view| figures_table(cx, client, view)));
            tables.push(behind_table(cx, client, views));
            write(file, &export::many_to_bytes(&tables, file).map_err(not_exported)?)?;
        }
        None => {
            cx.output.answer(json, || Human::Grid(grid_of(summary(cx, views))))?;
            for view in views {
                warn(cx, view);
            }
        }
    }
    Ok(0)
}

fn summary(cx: &Context, views: &[ReportView]) -> Table {
    let keys = [
        "cli-col-name",
        "cli-col-part",
        "cli-col-numerator",
        "cli-col-denominator",
        "cli-col-rate",
        "cli-col-rate-before",
    ];
    let mut table =
        Table::new(cx.locale.text("cli-report-all"), keys.map(|key| cx.locale.text(key)));
    for view in views {
        for (key, _, total) in view.all_parts() {
            let mut row = vec![label(cx, view.name), part_label(cx, key)];
            row.extend(figures(total));
            table.rows.push(row);
        }
    }
    table
}

pub(super) fn label(cx: &Context, name: &str) -> String {
    cx.locale.text(&format!("cli-report-{name}"))
}

pub(super) fn part_label(cx: &Context, key: &str) -> String {
    cx.locale.text(&format!("cli-part-{key}"))
}

fn list(cx: &Context) -> CommandResult {
    let row = |name: &str| vec![name.to_owned(), label(cx, name)];
    cx.table(
        || report_names().iter().map(|name| json!({ "name": name })).collect(),
        &["cli-col-name", "cli-col-meaning"],
        || report_names().into_iter().map(row).collect(),
    )?;
    Ok(0)
}

/// The day of a report.
pub(super) struct AsOf {
    pub(super) date: PartialDate,
    year: i16,
}

impl AsOf {
    pub(super) const fn civil_year(&self) -> i16 {
        self.year
    }
}

pub(super) fn day(text: Option<&str>) -> CommandResult<AsOf> {
    let today = clock::today();
    let Some(text) = text else {
        let date = PartialDate::from_civil(today);
        let date = date.map_err(|_out_of_range| CommandError::usage("usage-other"))?;
        return Ok(AsOf { date, year: today.year() });
    };
    let unreadable =
        || CommandError::usage("usage-value").with("argument", "--as-of").with("value", text);
    let date = parse_date(text, &ParseContext::typed(today)).ok_or_else(unreadable)?;
    let year = date.to_string().split('-').next().and_then(|year| year.parse().ok());
    Ok(AsOf { date, year: year.ok_or_else(unreadable)? })
}

pub(super) fn unit_with(client: &Client, code: &str) -> CommandResult<UnitId> {
    match client.named(Kind::Unit, code).as_slice() {
        [one] => Ok(one.unit()),
        _ => Err(ClientError::NotFound { what: "unit", id: code.to_owned() }.into()),
    }
}

fn rate_of(per_mille: Option<usize>) -> Json {
    let rate = per_mille.map(|rate| format!("{}.{:03}", rate / 1000, rate % 1000));
    rate.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Json::Null)
}

fn ids(items: &[Item]) -> Json {
    items.iter().map(|item| json!(item.id.to_string())).collect()
}

/// Returns what is said of the items of a list, by their ids.
fn notes(items: &[Item]) -> Json {
    let noted = items.iter().filter_map(|item| Some((item.id.to_string(), note_json(item.note?))));
    Json::Object(noted.collect::<Map<_, _>>())
}

fn note_json(note: Note) -> Json {
    match note {
        Note::HoursLacking(tenths) => json!({ "hours_lacking": tenths_text(tenths) }),
        Note::DaysOver(days) => json!({ "days_over": days }),
        Note::DaysLeft(days) => json!({ "days_left": days }),
        Note::PostsLacking(posts) => json!({ "posts_lacking": posts }),
        Note::Months(months) => json!({ "months": months }),
        Note::Of(part, whole) => json!({ "part": part, "whole": whole }),
        Note::Rule(code) => json!({ "rule": code }),
        Note::Window { from, to } => {
            json!({ "from": from.map(|day| day.to_string()), "to": to.map(|day| day.to_string()) })
        }
        Note::Lacks(conditions) => {
            let by: Vec<&str> = conditions.into_iter().flatten().map(Condition::key).collect();
            json!({ "blocked_by": by })
        }
        Note::Blocked { from, by, places } => {
            let by: Vec<&str> = by.into_iter().flatten().map(Missing::key).collect();
            let places = places.map(|places| {
                let source = places.source.to_string();
                json!({ "source": source, "held": places.held, "approved": places.approved })
            });
            let from = from.map(|from| from.to_string());
            json!({ "eligible_from": from, "blocked_by": by, "places": places })
        }
    }
}

fn tenths_text(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Returns the JSON of a figure; `before` names what it is compared with.
pub(super) fn row_json(row: &ReportRow, before: &str) -> Json {
    json!({
        "unit": row.unit.map(|unit| unit.to_string()),
        "unit_name": row.unit_name,
        "numerator": row.numerator,
        "denominator": row.denominator,
        "rate": rate_of(row.per_mille()),
        before: before_json(row),
        "missing": ids(&row.missing),
        "notes": notes(&row.missing),
    })
}

fn before_json(row: &ReportRow) -> Json {
    row.before.map_or(Json::Null, |(part, whole)| {
        json!({ "numerator": part, "denominator": whole, "rate": rate_of(row.per_mille_before()) })
    })
}

fn total_json(row: &ReportRow) -> Json {
    json!({
        "numerator": row.numerator,
        "denominator": row.denominator,
        "rate": rate_of(row.per_mille()),
        "year_before": before_json(row),
    })
}

/// Returns the JSON of a report.
pub(super) fn json_of(view: &ReportView) -> Json {
    let rows = |rows: &[ReportRow]| {
        rows.iter().map(|row| row_json(row, "year_before")).collect::<Vec<_>>()
    };
    let parts = view.parts.iter().map(|part| {
        json!({ "part": part.key, "rows": rows(&part.rows), "total": total_json(&part.total) })
    });
    let lists = view
        .lists
        .iter()
        .map(|(key, items)| json!({ "list": key, "records": ids(items), "notes": notes(items) }));
    let warnings = view.warnings.iter().map(|warning| {
        json!({ "code": warning.code, "limit": rate_of(usize::try_from(warning.limit_per_mille).ok()) })
    });
    let vacant = view.lists.iter().find(|(key, _)| *key == "vacant");
    json!({
        "name": view.name,
        "as_of": view.as_of.to_string(),
        "year": view.year,
        "rows": rows(&view.rows),
        "total": total_json(&view.total),
        "parts": parts.collect::<Vec<_>>(),
        "lists": lists.collect::<Vec<_>>(),
        "vacant": vacant.map_or_else(|| json!([]), |(_, items)| ids(items)),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}

fn percent(per_mille: Option<usize>) -> String {
    per_mille.map_or_else(String::new, |rate| format!("{}.{}%", rate / 10, rate % 10))
}

pub(super) fn figures(row: &ReportRow) -> Vec<String> {
    vec![
        row.numerator.to_string(),
        row.denominator.to_string(),
        percent(row.per_mille()),
        percent(row.per_mille_before()),
    ]
}

const HEADINGS: [&str; 6] = [
    "cli-col-part",
    "cli-col-unit",
    "cli-col-numerator",
    "cli-col-denominator",
    "cli-col-rate",
    "cli-col-rate-before",
];

fn grid(cx: &Context, view: &ReportView) -> Grid {
    let whole = cx.locale.text("cli-report-total");
    let mut rows = Vec::new();
    for (key, of_part, total) in view.all_parts() {
        let part = part_label(cx, key);
        let line =
            |name: String, row: &ReportRow| [vec![part.clone(), name], figures(row)].concat();
        rows.extend(of_part.iter().map(|row| line(row.unit_name.clone(), row)));
        rows.push(line(whole.clone(), total));
    }
    Grid { headings: HEADINGS.map(|key| cx.locale.text(key)).to_vec(), rows }
}

fn grid_of(table: Table) -> Grid {
    let headings = table.columns.into_iter().map(|column| column.heading).collect();
    Grid { headings, rows: table.rows }
}

/// Puts the figures and the names of who is missing into one table, for a file.
fn figures_table(cx: &Context, client: &Client, view: &ReportView) -> Table {
    let grid = grid(cx, view);
    let missing = cx.locale.text("cli-col-missing");
    let title = label(cx, view.name);
    let mut table = Table::new(title, grid.headings.into_iter().chain([missing]));
    table.rows = grid.rows;
    let all = view.all_parts().flat_map(|(_, rows, total)| rows.iter().chain([total]));
    for (cells, row) in table.rows.iter_mut().zip(all) {
        // The whole stands below its rows: their names are not written a second time.
        let named =
            if row.unit.is_some() || view.rows.is_empty() { row.missing.as_slice() } else { &[] };
        let names: Vec<String> =
            named.iter().take(NAMED).map(|item| client.title(item.id)).collect();
        cells.push(names.join(" "));
    }
    table
}

/// Names in one cell; the whole list is in the table behind.
const NAMED: usize = 500;

/// One line of the list behind a report.
struct Behind<'a> {
    part: &'a str,
    unit: &'a str,
    id: RecordId,
    /// `met`, `missing`, or the name of a list.
    state: &'static str,
    note: Option<Note>,
}

fn lines(view: &ReportView) -> Vec<Behind<'_>> {
    let mut lines = Vec::new();
    for (part, rows, total) in view.all_parts() {
        let rows = if rows.is_empty() { std::slice::from_ref(total) } else { rows };
        for row in rows {
            let unit = row.unit_name.as_str();
            let missing = row.missing.iter().map(|item| (item.id, "missing", item.note));
            let met = row.met.iter().map(|id| (*id, "met", None));
            lines.extend(missing.chain(met).map(|(id, state, note)| Behind {
                part,
                unit,
                id,
                state,
                note,
            }));
        }
    }
    for (key, items) in &view.lists {
        let of_list = items.iter();
        lines.extend(of_list.map(|item| Behind {
            part: "all",
            unit: "",
            id: item.id,
            state: key,
            note: item.note,
        }));
    }
    lines
}

/// Puts the lists behind reports into one table: who is in, who is missing, and what is said of each.
fn behind_table(cx: &Context, client: &Client, views: &[ReportView]) -> Table {
    let keys = [
        "cli-col-name",
        "cli-col-part",
        "cli-col-unit",
        "cli-col-record",
        "cli-col-state",
        "cli-col-note",
    ];
    let mut table =
        Table::new(cx.locale.text("cli-report-behind-title"), keys.map(|key| cx.locale.text(key)));
    for view in views {
        for line in lines(view) {
            table.rows.push(vec![
                label(cx, view.name),
                part_label(cx, line.part),
                line.unit.to_owned(),
                client.title(line.id),
                cx.locale.text(&format!("cli-list-{}", line.state)),
                line.note.map(|note| note_text(cx, note)).unwrap_or_default(),
            ]);
        }
    }
    table
}

fn behind_json(client: &Client, view: &ReportView) -> Json {
    let line = |line: Behind<'_>| {
        json!({
            "part": line.part,
            "unit": line.unit,
            "id": line.id.to_string(),
            "title": client.title(line.id),
            "state": line.state,
            "note": line.note.map(note_json),
        })
    };
    lines(view).into_iter().map(line).collect()
}

fn note_text(cx: &Context, note: Note) -> String {
    let number = |key: &str, number: String| cx.locale.text_with(key, &[("n", number.as_str())]);
    match note {
        Note::HoursLacking(tenths) => number("cli-note-hours", tenths_text(tenths)),
        Note::DaysOver(days) => number("cli-note-days-over", days.to_string()),
        Note::DaysLeft(days) => number("cli-note-days-left", days.to_string()),
        Note::PostsLacking(posts) => number("cli-note-posts", posts.to_string()),
        Note::Months(months) => number("cli-note-months", months.to_string()),
        Note::Of(part, whole) => format!("{part}/{whole}"),
        Note::Rule(code) => cx.locale.text(&format!("cli-rule-{code}")),
        Note::Window { from, to } => {
            let day = |day: Option<PartialDate>| day.map(|day| day.to_string()).unwrap_or_default();
            cx.locale.text_with("cli-note-window", &[("from", &day(from)), ("to", &day(to))])
        }
        Note::Lacks(conditions) => {
            let words = conditions.into_iter().flatten();
            let words =
                words.map(|lacking| cx.locale.text(&format!("cli-blocked-{}", lacking.key())));
            words.collect::<Vec<_>>().join(" ")
        }
        Note::Blocked { from, by, places } => {
            let by = by.into_iter().flatten();
            let by: Vec<String> = by
                .map(|missing| cx.locale.text(&format!("cli-blocked-{}", missing.key())))
                .collect();
            let from = from.map(|from| number("cli-note-from", from.to_string()));
            let held = places.map(|places| format!("{}/{}", places.held, places.approved));
            from.into_iter().chain(by).chain(held).collect::<Vec<_>>().join(" ")
        }
    }
}
