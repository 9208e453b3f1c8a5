//! `request`, `cancel`: places in a class, which the server gives.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::{say, told, worded};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

#[derive(Debug, Args)]
pub(in crate::cli) struct Request {
    class: String,
    #[arg(required = true)]
    person: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Cancel {
    id: String,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn request(cx: &Context, command: &Request) -> CommandResult {
    let client = cx.open()?;
    let class = record_of(&client, &command.class)?;
    let persons: Vec<RecordId> =
        command.person.iter().map(|text| record_of(&client, text)).collect::<CommandResult<_>>()?;
    let saved = client
        .request_places(class, &persons)
        .map_err(|error| cx.explain(Kind::Enrolment, error))?;
    let words = |issues: &[_]| worded(&cx.locale, Kind::Enrolment.spec(), issues);
    cx.table(
        || {
            let one = |(saved, person): (&crate::client::Saved, &RecordId)| {
                json!({
                    "id": saved.id.to_string(),
                    "person": person.to_string(),
                    "issues": told(&words(&saved.issues)),
                })
            };
            saved.iter().zip(&persons).map(one).collect()
        },
        &["cli-col-name", "cli-col-id"],
        || {
            let row = |(saved, person): (&crate::client::Saved, &RecordId)| {
                vec![client.title(*person), saved.id.to_string()]
            };
            saved.iter().zip(&persons).map(row).collect()
        },
    )?;
    say(&cx.locale.text("cli-requested"));
    for saved in &saved {
        cx.warn(Kind::Enrolment.spec(), &saved.issues);
    }
    Ok(0)
}

pub(super) fn cancel(cx: &Context, command: &Cancel) -> CommandResult {
    let reason = command.reason.trim();
    if reason.is_empty() {
        return Err(CommandError::usage("usage-missing").with("argument", "--reason"));
    }
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let saved =
        client.cancel_place(id, reason).map_err(|error| cx.explain(Kind::Enrolment, error))?;
    super::edit::done(cx, Kind::Enrolment, &saved, "cli-cancelled")
}
