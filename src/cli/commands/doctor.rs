//! `doctor`: checks journal, store and index, and says what it found and did.

use clap::Args;
use serde_json::{Map, Value as Json, json};

use super::backup::live;
use crate::cli::context::Context;
use crate::cli::error::{CommandResult, NEEDS_PERSON};
use crate::cli::output::say;
use crate::client::{Client, Finding, Vault, clock};

#[derive(Debug, Args)]
pub(in crate::cli) struct Doctor {
    #[arg(long)]
    repair: bool,
}

pub(super) fn run(cx: &Context, command: &Doctor) -> CommandResult {
    let dir = cx.dir()?;
    let secret = cx.secret(&dir)?;
    let now = clock::now_ms();
    let vault = if command.repair {
        Vault::repair(&dir, &secret, now)?
    } else {
        Vault::open_at(&dir, &secret, now)?
    };
    let client = Client::from_vault(&dir, vault)?;
    let done = client.findings();
    let open: Vec<Finding> =
        client.check_store().into_iter().filter(|finding| !done.contains(finding)).collect();
    let records = live(&client);
    let refill = done.iter().chain(&open).any(|finding| finding.code.needs_refill());
    let told = |findings: &[Finding]| -> Json {
        findings.iter().map(|finding| one(cx, finding)).collect()
    };
    cx.table(
        || json!({ "ok": open.is_empty(), "records": records, "done": told(&done), "findings": told(&open) }),
        &["cli-col-state", "cli-col-finding"],
        || {
            let row = |word: &str, finding: &Finding| vec![cx.locale.text(word), cx.finding(finding)];
            let done = done.iter().map(|finding| row("cli-doctor-done", finding));
            done.chain(open.iter().map(|finding| row("cli-doctor-open", finding))).collect()
        },
    )?;
    if done.is_empty() && open.is_empty() {
        let count = records.to_string();
        say(&cx.locale.text_with("cli-doctor-sound", &[("count", &count)]));
    }
    if refill {
        say(&cx.locale.text("cli-doctor-refill"));
    }
    if !open.is_empty() && !command.repair {
        say(&cx.locale.text("cli-doctor-repair"));
    }
    Ok(if open.is_empty() { 0 } else { NEEDS_PERSON })
}

fn one(cx: &Context, finding: &Finding) -> Json {
    let numbers: Map<String, Json> =
        finding.numbers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "code": finding.code.key(),
        "path": finding.path.display().to_string(),
        "numbers": numbers,
        "message": cx.finding(finding),
    })
}

impl Context {
    /// Puts a finding of the store into words.
    pub(in crate::cli) fn finding(&self, finding: &Finding) -> String {
        let numbers: Vec<(&str, String)> =
            finding.numbers.iter().map(|(name, value)| (*name, value.to_string())).collect();
        let path = finding.path.display().to_string();
        let mut args: Vec<(&str, &str)> =
            numbers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        args.push(("path", &path));
        self.locale.text_with(finding.code.key(), &args)
    }
}
