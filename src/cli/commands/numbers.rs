//! `numbers`, `certify`: the numbers of certificates.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::client::{Certified, LeaseView, clock};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::Date;
use crate::domain::record::parse::{ParseContext, parse_date};

#[derive(Debug, Args)]
pub(in crate::cli) struct Numbers {
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(u16).range(1990..=2199), requires = "lease")]
    year: Option<u16>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), requires = "year")]
    lease: Option<u32>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Certify {
    #[arg(required = true)]
    id: Vec<String>,
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
}

pub(super) fn numbers(cx: &Context, command: &Numbers) -> CommandResult {
    let client = cx.open()?;
    if let (Some(year), Some(count)) = (command.year, command.lease) {
        client.lease_numbers(year, count)?;
        say(&cx.locale.text("cli-numbers-asked"));
    }
    let leases = client.leases();
    cx.table(
        || {
            let one = |view: &LeaseView| {
                json!({
                    "year": view.lease.year,
                    "lo": view.lease.lo,
                    "hi": view.lease.hi,
                    "next": view.next,
                    "left": view.left(),
                })
            };
            leases.iter().map(one).collect()
        },
        &["cli-col-year", "cli-col-first", "cli-col-last", "cli-col-next", "cli-col-left"],
        || {
            let row = |view: &LeaseView| {
                let numbers = [view.lease.lo, view.lease.hi, view.next, view.left()];
                let numbers = numbers.iter().map(u64::to_string);
                std::iter::once(view.lease.year.to_string()).chain(numbers).collect()
            };
            leases.iter().map(row).collect()
        },
    )?;
    Ok(0)
}

pub(super) fn certify(cx: &Context, command: &Certify) -> CommandResult {
    let day = command.on.as_deref().map(day).transpose()?;
    let client = cx.open()?;
    let ids: Vec<RecordId> =
        command.id.iter().map(|text| record_of(&client, text)).collect::<CommandResult<_>>()?;
    let done = client.certify(&ids, day).map_err(|error| cx.explain(Kind::Enrolment, error))?;
    cx.table(
        || {
            let one = |certified: &Certified| {
                json!({
                    "id": certified.enrolment.to_string(),
                    "number": certified.number,
                    "label": certified.label,
                })
            };
            done.iter().map(one).collect()
        },
        &["cli-col-name", "cli-col-number", "cli-col-label"],
        || {
            let row = |certified: &Certified| {
                vec![
                    client.title(certified.enrolment),
                    certified.number.clone().unwrap_or_default(),
                    certified.label.clone().unwrap_or_default(),
                ]
            };
            done.iter().map(row).collect()
        },
    )?;
    if done.iter().any(|certified| certified.number.is_none()) {
        say(&cx.locale.text("cli-certify-provisional"));
    }
    Ok(0)
}

fn day(text: &str) -> CommandResult<Date> {
    let unreadable =
        || CommandError::usage("usage-value").with("argument", "--on").with("value", text);
    let context = ParseContext::typed(clock::today());
    parse_date(text, &context).map(Date).ok_or_else(unreadable)
}
