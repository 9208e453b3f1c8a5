//! `backup` and `restore`: an encrypted, portable copy of a device's files.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult, NEEDS_PERSON};
use crate::cli::output::say;
use crate::client::{Client, Vault};

#[derive(Debug, Args)]
pub(in crate::cli) struct Backup {
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Restore {
    file: PathBuf,
}

/// Counts the records that are shown: what `backup`, `restore`, `doctor` and `status` all call records.
pub(super) fn live(client: &Client) -> usize {
    client.status().records.iter().map(|(_, count)| count).sum()
}

pub(super) fn run(cx: &Context, command: &Backup) -> CommandResult {
    if command.file.symlink_metadata().is_ok() {
        let path = command.file.display();
        return Err(CommandError::new(NEEDS_PERSON, "backup-exists").with("path", path));
    }
    let client = cx.open_any()?;
    let done = client.backup(&command.file)?;
    let records = live(&client);
    let file = command.file.display().to_string();
    cx.facts(
        || json!({ "file": file, "records": records, "entries": done.entries, "bytes": done.bytes }),
        || {
            vec![
                ("cli-col-file", file.clone()),
                ("cli-col-records", records.to_string()),
                ("cli-col-entries", done.entries.to_string()),
                ("cli-col-bytes", done.bytes.to_string()),
            ]
        },
    )?;
    say(&cx.locale.text("cli-backup-keep"));
    Ok(0)
}

pub(super) fn restore(cx: &Context, command: &Restore) -> CommandResult {
    let dir = cx.dir()?;
    if !command.file.exists() {
        let path = command.file.display();
        return Err(CommandError::usage("no-file").with("path", path));
    }
    let secret = cx.passphrase("cli-ask-passphrase")?;
    let vault = Vault::restore(&command.file, &dir, &secret)?;
    let client = Client::from_vault(&dir, vault)?;
    let status = client.status();
    let records = live(&client);
    client.flush()?;
    cx.facts(
        || json!({ "folder": dir.display().to_string(), "records": records, "pending": status.pending }),
        || {
            vec![
                ("cli-col-folder", dir.display().to_string()),
                ("cli-col-records", records.to_string()),
                ("cli-col-pending", status.pending.to_string()),
            ]
        },
    )?;
    Ok(0)
}
