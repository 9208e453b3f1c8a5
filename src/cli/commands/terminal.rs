//! No command: the terminal interface.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
#[cfg(unix)]
use std::process::Command;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::client::{ClientError, users};
use crate::tui::theme::Depth;
use crate::tui::{self, Ended, RunOptions};

pub(super) fn run(cx: &Context) -> CommandResult {
    let look = &cx.config.settings.look;
    let plain = look.plain || cx.config.dumb;
    needs_screen(plain)?;
    let dir = cx.dir()?;
    let mut secret = if cx.config.locked { None } else { cx.given_passphrase()? };
    if plain && secret.is_none() && crate::client::Vault::exists(&dir) {
        secret = Some(cx.asked("cli-ask-passphrase")?);
    }
    match start(cx, dir, secret, plain)? {
        Ended::Left => Ok(0),
        Ended::Locked => Ok(again(cx)),
        Ended::Wiped => Err(ClientError::Ended { reason: "wiped" }.into()),
    }
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
    start(cx, dir, Some(Zeroizing::new(secret)), plain)?;
    Ok(0)
}

fn start(
    cx: &Context,
    dir: PathBuf,
    secret: Option<Zeroizing<String>>,
    plain: bool,
) -> CommandResult<Ended> {
    let ask = secret.is_none();
    let minutes = u64::from(cx.config.settings.data.lock_minutes);
    let users = match (&cx.config.profile, ask) {
        (None, true) => users::all(&cx.config.base()?),
        _ => Vec::new(),
    };
    let options = RunOptions {
        dir,
        users,
        passphrase: secret.map(tui::Secret),
        locked: cx.config.locked,
        lock_after: (minutes > 0).then(|| Duration::from_secs(minutes * 60)),
        lang: cx.locale.lang(),
        plain,
        look: cx.config.settings.look.clone(),
        depth: Depth::of(cx.config.colours.0.as_deref(), cx.config.colours.1.as_deref()),
        read_only: cx.config.read_only,
        keymap: crate::settings::keymap_file(),
    };
    tui::run(options).map_err(|error| CommandError::usage("terminal").with("cause", error))
}

/// Begins again as a new program in the same process: nothing of the old one's memory is left, freed parts of it included, which no
/// care of ours for single values would reach. Where that cannot be done the program ends, which forgets as much.
fn again(cx: &Context) -> u8 {
    #[cfg(unix)]
    if let Ok(program) = std::env::current_exe() {
        let mut args: Vec<_> = std::env::args_os().skip(1).collect();
        if !cx.config.locked {
            args.push("--locked".into());
        }
        let refused = std::os::unix::process::CommandExt::exec(Command::new(program).args(args));
        drop(refused);
    }
    say(&cx.locale.text("cli-locked"));
    0
}
