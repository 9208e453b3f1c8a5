//! No command: the terminal interface.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::tui::{self, RunOptions};

pub(super) fn run(cx: &Context) -> CommandResult {
    let look = &cx.config.settings.look;
    let plain = look.plain || cx.config.dumb;
    needs_screen(plain)?;
    let dir = cx.dir()?;
    let mut secret = cx.given_passphrase()?.map(|secret| secret.to_string());
    if plain && secret.is_none() && crate::client::Vault::exists(&dir) {
        secret = Some(cx.passphrase("cli-ask-passphrase")?.to_string());
    }
    start(cx, dir, secret, plain)
}

/// Refuses to draw where nobody would see it.
pub(super) fn needs_screen(plain: bool) -> CommandResult<()> {
    let screen = io::stdin().is_terminal() && io::stdout().is_terminal();
    if plain || screen { Ok(()) } else { Err(CommandError::usage("no-terminal")) }
}

/// Opens the terminal interface on a data directory with a passphrase that is known.
#[cfg(feature = "server")]
pub(super) fn open_with(cx: &Context, dir: PathBuf, secret: String) -> CommandResult {
    let plain = cx.config.settings.look.plain || cx.config.dumb;
    start(cx, dir, Some(secret), plain)
}

fn start(cx: &Context, dir: PathBuf, secret: Option<String>, plain: bool) -> CommandResult {
    let options = RunOptions {
        dir,
        passphrase: secret.map(tui::Secret),
        lang: cx.locale.lang(),
        plain,
        colour: cx.config.settings.look.color,
        ascii: false,
    };
    tui::run(options).map_err(|error| CommandError::usage("terminal").with("cause", error))?;
    Ok(0)
}
