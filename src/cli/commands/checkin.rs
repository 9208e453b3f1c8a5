//! `checkin`: marks attendance by whatever one types fastest.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::error::{CommandResult, NEEDS_PERSON};
use crate::cli::output::{Grid, Human, say};
use crate::client::{Client, ClientError, Query, clock};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::{Comparison, Filter};
use crate::domain::record::{Fields, Value};

#[derive(Debug, Args)]
pub(in crate::cli) struct Checkin {
    #[arg(long, value_name = "ID")]
    session: String,
    query: Vec<String>,
}

/// A person who may be meant.
struct Candidate {
    id: RecordId,
    name: String,
    staff_no: String,
    unit: String,
}

pub(super) fn run(cx: &Context, command: &Checkin) -> CommandResult {
    let client = cx.open()?;
    let session = session(&client, &command.session)?;
    let class = reference(&client, session, "class");
    let query = command.query.join(" ");
    let expected = expected(&client, class)?;
    let found = found(&client, &query, &expected)?;
    if query.trim().is_empty() {
        let here = present(&client, session)?;
        let missing: Vec<RecordId> = found.into_iter().filter(|id| !here.contains(id)).collect();
        answer(cx, None, &candidates(&client, &missing))?;
        return Ok(0);
    }
    match found.as_slice() {
        [one] => {
            let marked = mark(cx, &client, session, *one)?;
            answer(cx, Some(marked), &candidates(&client, &[*one]))?;
            say(&cx.locale.text("cli-checkin-done"));
            Ok(0)
        }
        several => {
            let word = if several.is_empty() { "cli-checkin-none" } else { "cli-checkin-several" };
            answer(cx, None, &candidates(&client, several))?;
            say(&cx.locale.text(word));
            Ok(NEEDS_PERSON)
        }
    }
}

fn session(client: &Client, text: &str) -> Result<RecordId, ClientError> {
    let missing = || ClientError::NotFound { what: "record", id: text.to_owned() };
    let id: RecordId = text.parse().map_err(|_no_id| missing())?;
    let view = client.view(id)?;
    if view.kind == Kind::Session && !view.deleted { Ok(id) } else { Err(missing()) }
}

fn reference(client: &Client, id: RecordId, key: &str) -> Option<RecordId> {
    let view = client.view(id).ok()?;
    let field = view.kind.spec().field(key)?;
    view.fields.get(&field.number).and_then(Value::as_ref_id)
}

fn equal(field: &str, id: RecordId) -> Filter {
    Filter { field: field.to_owned(), comparison: Comparison::Equal, text: id.to_string() }
}

/// Returns the people enrolled in the class, except those who gave their place back; empty if nobody is enrolled.
fn expected(client: &Client, class: Option<RecordId>) -> Result<BTreeSet<RecordId>, ClientError> {
    let Some(class) = class else { return Ok(BTreeSet::new()) };
    let mut filters = vec![equal("class", class)];
    for gone in ["status!=withdrawn", "status!=substituted", "status!=returned"] {
        filters.extend(gone.parse::<Filter>());
    }
    let enrolments = client.list(&Query { filters, ..Query::all(Kind::Enrolment) })?;
    Ok(enrolments.into_iter().filter_map(|id| reference(client, id, "person")).collect())
}

/// Returns the expected people a query finds; where nobody is enrolled, anybody it finds.
fn found(
    client: &Client,
    query: &str,
    expected: &BTreeSet<RecordId>,
) -> Result<Vec<RecordId>, ClientError> {
    let query = Query { search: query.to_owned(), ..Query::all(Kind::Person) };
    let mut found = client.list(&query)?;
    found.retain(|id| expected.is_empty() || expected.contains(id));
    Ok(found)
}

fn present(client: &Client, session: RecordId) -> Result<BTreeSet<RecordId>, ClientError> {
    let filters = vec![equal("session", session)];
    let marks = client.list(&Query { filters, ..Query::all(Kind::Attendance) })?;
    Ok(marks.into_iter().filter_map(|id| reference(client, id, "person")).collect())
}

/// Marks a person present; a mark that is there is only changed if it says otherwise.
fn mark(
    cx: &Context,
    client: &Client,
    session: RecordId,
    person: RecordId,
) -> CommandResult<RecordId> {
    let spec = Kind::Attendance.spec();
    let pairs = [
        ("session", Value::Ref(session)),
        ("person", Value::Ref(person)),
        ("state", Value::Code("present".to_owned())),
        ("marked_at", Value::Instant(clock::now_ms())),
    ];
    let fields: Fields = pairs
        .into_iter()
        .filter_map(|(key, value)| Some((spec.field(key)?.number, value)))
        .collect();
    let filters = vec![equal("session", session), equal("person", person)];
    let there = client.list(&Query { filters, ..Query::all(Kind::Attendance) })?;
    let explain = |error| cx.explain(Kind::Attendance, error);
    let Some(mark) = there.first() else {
        return Ok(client.create_record(Kind::Attendance, None, fields).map_err(explain)?.id);
    };
    let state = spec.field("state").map(|field| field.number);
    let view = client.view(*mark)?;
    let now = state.and_then(|no| view.fields.get(&no));
    if now.is_some_and(|state| state.as_text() != Some("present")) {
        client.set_fields(*mark, fields).map_err(explain)?;
    }
    Ok(*mark)
}

fn candidates(client: &Client, ids: &[RecordId]) -> Vec<Candidate> {
    let number = Kind::Person.spec().field("staff_no").map(|field| field.number);
    let views = client.views(ids);
    views
        .into_iter()
        .map(|view| Candidate {
            id: view.id,
            staff_no: number
                .and_then(|no| view.fields.get(&no)?.as_text().map(ToOwned::to_owned))
                .unwrap_or_default(),
            name: view.title,
            unit: view.unit_name,
        })
        .collect()
}

fn answer(cx: &Context, marked: Option<RecordId>, people: &[Candidate]) -> CommandResult<()> {
    let json = || {
        let one = |person: &Candidate| json!({ "id": person.id.to_string(), "name": person.name, "unit": person.unit });
        let candidates: Vec<Json> = people.iter().map(one).collect();
        json!({ "marked": marked.map(|id| id.to_string()), "candidates": candidates })
    };
    let row = |person: &Candidate| {
        vec![
            person.name.clone(),
            person.staff_no.clone(),
            person.unit.clone(),
            person.id.to_string(),
        ]
    };
    let headings = ["cli-col-name", "cli-col-staff-no", "cli-col-unit", "cli-col-id"];
    let headings = headings.map(|key| cx.locale.text(key)).to_vec();
    let grid = || Human::Grid(Grid { headings, rows: people.iter().map(row).collect() });
    cx.output.answer(json, grid)
}
