//! `report`: figures with numerator, denominator and the list behind them.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::list::{not_exported, write};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{Grid, Human, say};
use crate::client::{
    Client, ClientError, ReportRequest, ReportRow, ReportView, clock, report_names,
};
use crate::domain::ids::UnitId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::record::parse::{ParseContext, parse_date};
use crate::transfer::export::{self, Table};

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
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

pub(super) fn run(cx: &Context, command: &Report) -> CommandResult {
    let Some(name) = command.name.as_deref().filter(|_| !command.list) else {
        return list(cx);
    };
    if !report_names().contains(&name) {
        return Err(CommandError::usage("not-found-report")
            .with("id", name)
            .knowing(report_names()));
    }
    let as_of = day(command.as_of.as_deref())?;
    let client = cx.open()?;
    let unit = command.unit.as_deref().map(|code| unit_with(&client, code)).transpose()?;
    let year = command.year.unwrap_or_else(|| as_of.civil_year());
    let request =
        ReportRequest { name: name.to_owned(), as_of: as_of.date, year: i64::from(year), unit };
    let view = client.report(&request)?;
    match &command.output {
        Some(file) if file.extension().is_none_or(|extension| extension != "json") => {
            let table = table(cx, &client, &view);
            write(file, &export::to_bytes(&table, file).map_err(not_exported)?)?;
        }
        Some(file) => write(file, &serde_json::to_vec_pretty(&json_of(&view)).unwrap_or_default())?,
        None => {
            cx.output.answer(|| json_of(&view), || Human::Grid(grid(cx, &view)))?;
            if cx.output.is_table() {
                say(&cx.locale.text("cli-report-behind"));
            }
        }
    }
    Ok(0)
}

fn list(cx: &Context) -> CommandResult {
    let row = |name: &str| vec![name.to_owned(), cx.locale.text(&format!("cli-report-{name}"))];
    cx.table(
        || report_names().iter().map(|name| json!({ "name": name })).collect(),
        &["cli-col-name", "cli-col-meaning"],
        || report_names().into_iter().map(row).collect(),
    )?;
    Ok(0)
}

/// The day of a report.
struct AsOf {
    date: PartialDate,
    year: i16,
}

impl AsOf {
    const fn civil_year(&self) -> i16 {
        self.year
    }
}

fn day(text: Option<&str>) -> CommandResult<AsOf> {
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

fn unit_with(client: &Client, code: &str) -> CommandResult<UnitId> {
    match client.named(Kind::Unit, code).as_slice() {
        [one] => Ok(one.unit()),
        _ => Err(ClientError::NotFound { what: "unit", id: code.to_owned() }.into()),
    }
}

fn rate(row: &ReportRow) -> Json {
    let rate = row.per_mille().map(|rate| format!("{}.{:03}", rate / 1000, rate % 1000));
    rate.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Json::Null)
}

/// Returns the JSON of a report.
pub(super) fn json_of(view: &ReportView) -> Json {
    let ids = |ids: &[crate::domain::ids::RecordId]| -> Json {
        ids.iter().map(|id| json!(id.to_string())).collect()
    };
    let row = |row: &ReportRow| {
        json!({
            "unit": row.unit.map(|unit| unit.to_string()),
            "unit_name": row.unit_name,
            "numerator": row.numerator,
            "denominator": row.denominator,
            "rate": rate(row),
            "missing": ids(&row.missing),
        })
    };
    let rows: Vec<Json> = view.rows.iter().map(row).collect();
    json!({
        "name": view.name,
        "as_of": view.as_of.to_string(),
        "year": view.year,
        "rows": rows,
        "total": {
            "numerator": view.total.numerator,
            "denominator": view.total.denominator,
            "rate": rate(&view.total),
        },
        "vacant": ids(&view.vacant),
    })
}

fn percent(row: &ReportRow) -> String {
    row.per_mille().map_or_else(String::new, |rate| format!("{}.{}%", rate / 10, rate % 10))
}

fn figures(name: String, row: &ReportRow) -> Vec<String> {
    vec![name, row.numerator.to_string(), row.denominator.to_string(), percent(row)]
}

fn grid(cx: &Context, view: &ReportView) -> Grid {
    let keys = ["cli-col-unit", "cli-col-numerator", "cli-col-denominator", "cli-col-rate"];
    let mut rows: Vec<Vec<String>> =
        view.rows.iter().map(|row| figures(row.unit_name.clone(), row)).collect();
    rows.push(figures(cx.locale.text("cli-report-total"), &view.total));
    Grid { headings: keys.map(|key| cx.locale.text(key)).to_vec(), rows }
}

/// Puts the figures and the list behind them into one table, for a file.
fn table(cx: &Context, client: &Client, view: &ReportView) -> Table {
    let grid = grid(cx, view);
    let missing = cx.locale.text("cli-col-missing");
    let title = cx.locale.text(&format!("cli-report-{}", view.name));
    let mut table = Table::new(title, grid.headings.into_iter().chain([missing]));
    table.rows = grid.rows;
    let all = view.rows.iter().chain([&view.total]);
    for (cells, row) in table.rows.iter_mut().zip(all) {
        let names: Vec<String> = row.missing.iter().map(|id| client.title(*id)).collect();
        cells.push(names.join(" "));
    }
    table
}
