//! `deploy`, `sign`: a task goes out to the units, a notice is signed for.

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::context::Context;
use crate::cli::device::record_of;
use crate::cli::error::CommandResult;
use crate::cli::output::say;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

#[derive(Debug, Args)]
pub(in crate::cli) struct Deploy {
    id: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Sign {
    #[arg(required = true)]
    id: Vec<String>,
}

pub(super) fn deploy(cx: &Context, command: &Deploy) -> CommandResult {
    let client = cx.open()?;
    let id = record_of(&client, &command.id)?;
    let done = client.deploy(id).map_err(|error| cx.explain(Kind::Deployment, error))?;
    let one = |(unit, record): &(RecordId, RecordId)| json!({ "unit": unit.to_string(), "unit_name": client.title(*unit), "id": record.to_string() });
    let all = |rows: &[(RecordId, RecordId)]| rows.iter().map(one).collect::<Vec<Json>>();
    cx.table(
        || json!({ "made": all(&done.made), "joined": all(&done.joined), "had": done.had, "unknown": done.unknown }),
        &["cli-col-unit", "cli-col-id"],
        || {
            let rows = done.made.iter().chain(&done.joined);
            rows.map(|(unit, record)| vec![client.title(*unit), record.to_string()]).collect()
        },
    )?;
    let counts = [
        ("made", done.made.len().to_string()),
        ("joined", done.joined.len().to_string()),
        ("had", done.had.to_string()),
    ];
    let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
    say(&cx.locale.text_with("cli-deployed", &counts));
    if done.unknown.is_empty() {
        return Ok(0);
    }
    let codes = done.unknown.join(", ");
    say(&cx.locale.text_with("cli-deploy-unknown", &[("codes", &codes)]));
    Ok(1)
}

pub(super) fn sign(cx: &Context, command: &Sign) -> CommandResult {
    let client = cx.open()?;
    let ids: Vec<RecordId> =
        command.id.iter().map(|text| record_of(&client, text)).collect::<CommandResult<_>>()?;
    let mut signed = Vec::with_capacity(ids.len());
    for id in ids {
        let receipt = client.sign_for(id).map_err(|error| cx.explain(Kind::Notice, error))?;
        signed.push((id, receipt));
    }
    cx.table(
        || {
            let one = |(notice, receipt): &(RecordId, crate::client::Signed)| json!({ "notice": notice.to_string(), "id": receipt.id.to_string(), "new": receipt.new });
            signed.iter().map(one).collect()
        },
        &["cli-col-name", "cli-col-id"],
        || {
            let rows = signed.iter();
            rows.map(|(notice, receipt)| vec![client.title(*notice), receipt.id.to_string()])
                .collect()
        },
    )?;
    let new = signed.iter().filter(|(_, receipt)| receipt.new).count();
    let (new, before) = (new.to_string(), (signed.len() - new).to_string());
    say(&cx.locale.text_with("cli-signed", &[("new", &new), ("before", &before)]));
    Ok(0)
}
