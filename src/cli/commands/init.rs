//! `init`: makes this device's encrypted files.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::client::{Client, NewDevice, StoreError, Vault, passphrase};

#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    #[arg(long, value_name = "NAME")]
    user: String,
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
}

pub(super) fn run(cx: &Context, command: &Init) -> CommandResult {
    let dir = cx.dir()?;
    if Vault::exists(&dir) {
        return Err(StoreError::AlreadyExists { path: dir }.into());
    }
    let user = command.user.trim();
    if user.is_empty() {
        return Err(CommandError::usage("usage-missing").with("argument", "--user"));
    }
    let secret = cx.new_passphrase(cx.config.passphrase_file.as_deref())?;
    let cost = passphrase::tuned_cost();
    let new = NewDevice { user: user.to_owned(), unit_code: command.unit.clone(), cost };
    let (client, code) = Client::create(&dir, &secret, &new)?;
    let device = client.profile().device.to_string();
    client.flush()?;
    let code = code.text();
    cx.facts(
        || json!({ "device": device, "recovery_code": *code }),
        || {
            vec![
                ("cli-col-folder", dir.display().to_string()),
                ("cli-col-device", device.clone()),
                ("cli-col-recovery-code", code.to_string()),
            ]
        },
    )?;
    say(&cx.locale.text("cli-init-keep-code"));
    Ok(0)
}
