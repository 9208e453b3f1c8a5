//! `checkin`: marks attendance by whatever one types fastest.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::error::{CommandResult, NEEDS_PERSON};
use crate::cli::output::{Grid, Human, say};
use crate::client::{Checked, ClientError, RollRow};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

#[derive(Debug, Args)]
pub(in crate::cli) struct Checkin {
    #[arg(long, value_name = "ID")]
    session: String,
    query: Vec<String>,
}

pub(super) fn run(cx: &Context, command: &Checkin) -> CommandResult {
    let client = cx.open()?;
    let missing = || ClientError::NotFound { what: "record", id: command.session.clone() };
    let session: RecordId = command.session.parse().map_err(|_no_id| missing())?;
    let roll = client.roll(session)?;
    let query = command.query.join(" ");
    let found = client.found_on_roll(&roll, &query);
    if query.trim().is_empty() {
        answer(cx, None, &found)?;
        return Ok(0);
    }
    match found.as_slice() {
        [one] => {
            let explain = |error| cx.explain(Kind::Attendance, error);
            let checked = client.check_in(session, one.person, "present", "").map_err(explain)?;
            let marked = match checked {
                Checked::Marked(id) => id,
                Checked::Already(mark) => mark.id,
            };
            answer(cx, Some(marked), &found)?;
            say(&cx.locale.text("cli-checkin-done"));
            Ok(0)
        }
        several => {
            let word = if several.is_empty() { "cli-checkin-none" } else { "cli-checkin-several" };
            answer(cx, None, several)?;
            say(&cx.locale.text(word));
            Ok(NEEDS_PERSON)
        }
    }
}

fn answer(cx: &Context, marked: Option<RecordId>, people: &[RollRow]) -> CommandResult<()> {
    let json = || {
        let one = |person: &RollRow| json!({ "id": person.person.to_string(), "name": person.name, "unit": person.unit });
        let candidates: Vec<Json> = people.iter().map(one).collect();
        json!({ "marked": marked.map(|id| id.to_string()), "candidates": candidates })
    };
    let row = |person: &RollRow| {
        vec![
            person.name.clone(),
            person.staff_no.clone(),
            person.unit.clone(),
            person.person.to_string(),
        ]
    };
    let headings = ["cli-col-name", "cli-col-staff-no", "cli-col-unit", "cli-col-id"];
    let headings = headings.map(|key| cx.locale.text(key)).to_vec();
    let grid = || Human::Grid(Grid { headings, rows: people.iter().map(row).collect() });
    cx.output.answer(json, grid)
}
