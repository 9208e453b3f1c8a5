//! `boards`: the four boards of the series, for the university or one unit.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::list::{not_exported, write};
use super::report::{day, figures, is_json, label, part_label, row_json, unit_with};
use crate::cli::context::Context;
use crate::cli::error::CommandResult;
use crate::client::{BoardLine, BoardView, ReportRow};
use crate::domain::figures::Ask;
use crate::transfer::export::{self, Table};

#[derive(Debug, Args)]
pub(in crate::cli) struct Boards {
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i16).range(1900..=9999))]
    year: Option<i16>,
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(cx: &Context, command: &Boards) -> CommandResult {
    let as_of = day(command.as_of.as_deref())?;
    let client = cx.open()?;
    let unit = command.unit.as_deref().map(|code| unit_with(&client, code)).transpose()?;
    let year = i64::from(command.year.unwrap_or_else(|| as_of.civil_year()));
    let boards = client.boards(Ask { as_of: as_of.date, year }, unit);
    let json = || {
        let boards: Vec<Json> = boards.iter().map(board_json).collect();
        json!({ "as_of": as_of.date.to_string(), "year": year, "boards": boards })
    };
    match &command.output {
        Some(file) if is_json(file) => {
            write(file, &serde_json::to_vec_pretty(&json()).unwrap_or_default())?;
        }
        Some(file) => {
            let tables: Vec<Table> = boards.iter().map(|board| by_unit(cx, board)).collect();
            write(file, &export::many_to_bytes(&tables, file).map_err(not_exported)?)?;
        }
        None => {
            let headings = ["cli-col-board", "cli-col-name", "cli-col-part"];
            let rows = || {
                let lines = boards.iter().flat_map(|board| {
                    board.lines.iter().map(|line| {
                        let mut row = vec![cx.locale.text(&format!("cli-board-{}", board.name))];
                        row.extend(cells(cx, line, &line.figure.total));
                        row
                    })
                });
                lines.collect()
            };
            cx.table(json, &[&headings[..], &FIGURES].concat(), rows)?;
        }
    }
    Ok(0)
}

const FIGURES: [&str; 4] =
    ["cli-col-numerator", "cli-col-denominator", "cli-col-rate", "cli-col-rate-month-before"];

fn cells(cx: &Context, line: &BoardLine, row: &ReportRow) -> Vec<String> {
    let mut cells = vec![label(cx, line.report), part_label(cx, line.figure.key)];
    cells.extend(figures(row));
    cells
}

/// A sheet of one board: every figure unit by unit, then the whole.
fn by_unit(cx: &Context, board: &BoardView) -> Table {
    let headings = ["cli-col-unit", "cli-col-name", "cli-col-part"].into_iter().chain(FIGURES);
    let title = cx.locale.text(&format!("cli-board-{}", board.name));
    let mut table = Table::new(title, headings.map(|key| cx.locale.text(key)));
    let whole = cx.locale.text("cli-report-total");
    for line in &board.lines {
        let named = line.figure.rows.iter().map(|row| (row.unit_name.clone(), row));
        for (name, row) in named.chain([(whole.clone(), &line.figure.total)]) {
            table.rows.push([vec![name], cells(cx, line, row)].concat());
        }
    }
    table
}

fn board_json(board: &BoardView) -> Json {
    let line = |line: &BoardLine| {
        let rows: Vec<Json> = line.figure.rows.iter().map(|row| row_json(row, BEFORE)).collect();
        json!({
            "report": line.report,
            "part": line.figure.key,
            "rows": rows,
            "total": row_json(&line.figure.total, BEFORE),
        })
    };
    json!({ "board": board.name, "lines": board.lines.iter().map(line).collect::<Vec<_>>() })
}

/// What the figure that a board compares with is called.
const BEFORE: &str = "month_before";
