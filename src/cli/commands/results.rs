//! `results`: what everybody's marks in a class come to, by the class's own rule.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::CommandResult;
use crate::cli::output::{say, told, worded};
use crate::client::{ClassResult, Client};
use crate::domain::kinds::Kind;

#[derive(Debug, Args)]
pub(in crate::cli) struct Results {
    class: String,
    #[arg(long)]
    complete: bool,
}

pub(super) fn run(cx: &Context, command: &Results) -> CommandResult {
    let client = cx.open()?;
    let class = record_of(&client, &command.class)?;
    let explain = |error| cx.explain(Kind::Enrolment, error);
    let results = if command.complete {
        client.complete_class(class).map_err(explain)?
    } else {
        client.class_results(class).map_err(explain)?
    };
    let lacks = |result: &ClassResult| worded(&cx.locale, Kind::Enrolment.spec(), &result.lacks);
    cx.table(
        || {
            let one = |result: &ClassResult| {
                json!({
                    "id": result.enrolment.to_string(),
                    "person": result.person.to_string(),
                    "sessions": result.sessions,
                    "attended": result.attended,
                    "excused": result.excused,
                    "hours": tenths(result.hours),
                    "online_hours": tenths(result.online),
                    "open": result.open,
                    "issues": told(&lacks(result)),
                })
            };
            results.iter().map(one).collect()
        },
        &[
            "cli-col-name",
            "cli-col-attended",
            "cli-col-excused",
            "cli-col-hours",
            "cli-col-result",
            "cli-col-reason",
        ],
        || results.iter().map(|result| row(cx, &client, result)).collect(),
    )?;
    if command.complete {
        let count = results.len().to_string();
        say(&cx.locale.text_with("cli-results-completed", &[("count", &count)]));
    }
    Ok(0)
}

fn row(cx: &Context, client: &Client, result: &ClassResult) -> Vec<String> {
    let words = worded(&cx.locale, Kind::Enrolment.spec(), &result.lacks);
    let words: Vec<String> = words.into_iter().map(|(_, message)| message).collect();
    let word = match (result.open, result.lacks.is_empty()) {
        (false, _) => "cli-results-decided",
        (true, true) => "cli-results-met",
        (true, false) => "cli-results-not-met",
    };
    vec![
        client.title(result.person),
        format!("{}/{}", result.attended, result.sessions),
        result.excused.to_string(),
        tenths(result.hours),
        cx.locale.text(word),
        words.join(" "),
    ]
}

fn tenths(hours: i64) -> String {
    format!("{}.{}", hours / 10, hours % 10)
}
