//! `init`: makes this device's encrypted files.

use std::io::{self, IsTerminal as _};

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::client::{Client, KeyCost, NewDevice, StoreError, Vault};

/// Fewest characters of a new passphrase: fewer are guessed in hours even at the cost of our key derivation.
const SHORTEST: usize = 8;

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
    let secret = new_passphrase(cx)?;
    let new =
        NewDevice { user: user.to_owned(), unit_code: command.unit.clone(), cost: KeyCost::NORMAL };
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

/// Returns a new passphrase: from the file, or asked twice.
fn new_passphrase(cx: &Context) -> CommandResult<Zeroizing<String>> {
    let secret = cx.passphrase("cli-ask-new-passphrase")?;
    if secret.chars().count() < SHORTEST {
        return Err(CommandError::usage("passphrase-short").with("count", SHORTEST));
    }
    if cx.given_passphrase()?.is_none() && io::stdin().is_terminal() {
        let again = cx.passphrase("cli-ask-passphrase-again")?;
        if again != secret {
            return Err(CommandError::usage("passphrase-differs"));
        }
    }
    Ok(secret)
}
