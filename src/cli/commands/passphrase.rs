//! `passphrase`, `recover` and `unlock`: another passphrase for this device's files, none of which is written anew; headquarters' code for a lease that ran out.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::device::first_line;
use crate::cli::error::CommandResult;
use crate::cli::output::say;
use crate::client::passphrase::tuned_cost;
use crate::client::{Client, StoreError, Vault};

#[derive(Debug, Args)]
pub(in crate::cli) struct Passphrase {
    #[arg(long, value_name = "FILE")]
    new_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Recover {
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    new_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Unlock {
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
}

pub(super) fn unlock(cx: &Context, command: &Unlock) -> CommandResult {
    let client = cx.open_any()?;
    let code = match &command.code_file {
        Some(file) => first_line(file)?,
        None => cx.asked("cli-ask-unlock-code")?,
    };
    client.unlock_by_code(&code)?;
    let device = client.profile().device.to_string();
    cx.facts(
        || json!({ "device": device, "unlocked": true }),
        || vec![("cli-col-device", device.clone())],
    )?;
    Ok(0)
}

pub(super) fn run(cx: &Context, command: &Passphrase) -> CommandResult {
    let dir = cx.dir()?;
    let current = cx.secret(&dir)?;
    let client = Client::open_any(&dir, &current)?;
    let new = cx.new_passphrase(command.new_file.as_deref())?;
    client.change_passphrase(&current, &new, tuned_cost())?;
    cx.facts(
        || json!({ "changed": true }),
        || vec![("cli-col-folder", dir.display().to_string())],
    )?;
    say(&cx.locale.text("cli-passphrase-changed"));
    Ok(0)
}

pub(super) fn recover(cx: &Context, command: &Recover) -> CommandResult {
    let dir = cx.dir()?;
    if !Vault::exists(&dir) {
        return Err(StoreError::NotCreated { path: dir }.into());
    }
    let code = match &command.code_file {
        Some(file) => first_line(file)?,
        None => cx.asked("cli-ask-recovery-code")?,
    };
    let new = cx.new_passphrase(command.new_file.as_deref())?;
    let code = Client::recover(&dir, &code, &new, tuned_cost())?.text();
    cx.facts(
        || json!({ "recovery_code": *code }),
        || vec![("cli-col-recovery-code", code.to_string())],
    )?;
    say(&cx.locale.text("cli-init-keep-code"));
    Ok(0)
}
