//! No command: the terminal interface.

use std::io::{self, IsTerminal as _};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::tui::{self, RunOptions};

pub(super) fn run(cx: &Context) -> CommandResult {
    let look = &cx.config.settings.look;
    let plain = look.plain || cx.config.dumb;
    let screen = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !plain && !screen {
        return Err(CommandError::usage("no-terminal"));
    }
    open(cx, cx.dir()?, plain)
}

/// Opens the terminal interface on a data directory.
pub(super) fn open(cx: &Context, dir: std::path::PathBuf, plain: bool) -> CommandResult {
    let given = cx.given_passphrase()?;
    let mut options = RunOptions {
        dir,
        passphrase: given.map(|secret| tui::Secret(secret.to_string())),
        lang: cx.locale.lang(),
        plain,
        colour: cx.config.settings.look.color,
        ascii: false,
    };
    if plain && options.passphrase.is_none() && crate::client::Vault::exists(&options.dir) {
        let secret = cx.passphrase("cli-ask-passphrase")?;
        options.passphrase = Some(tui::Secret(secret.to_string()));
    }
    tui::run(options).map_err(|error| CommandError::usage("terminal").with("cause", error))?;
    Ok(0)
}
