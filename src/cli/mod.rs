//! The command line: one of the two faces of the use cases (docs/guide/command-line.md).
//!
//! It may import `client`, `domain`, `transfer`, `report`, `settings`, `telemetry`, `locale`, `tui::run` and `server`; only this
//! module names clap. Start at [`run`].
#![cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "a server alone uses part of what commands share")
)]

mod args;
mod commands;
mod config;
mod context;
#[cfg(feature = "client")]
mod device;
mod error;
mod help;
mod output;
mod process;
#[cfg(feature = "client")]
mod values;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::Args;
use config::Config;
use error::CommandResult;
use output::Output;

use crate::locale::Locale;
use crate::settings::Environment;

/// Runs a command line, program name first, and returns the exit code.
pub fn run(args: &[OsString]) -> u8 {
    process::harden();
    let args = &help::asked(args);
    let environment = Environment::read();
    let lang = help::lang_of(args).unwrap_or_else(|| config::lang(None, &environment));
    let locale = Locale::new(lang);
    let parsed = help::translated(Args::command(), &locale)
        .try_get_matches_from(args)
        .and_then(|matches| Args::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return help::refused(&error, &locale, help::format_of(args)),
    };
    let output = Output { format: args.format };
    match start(args, &environment) {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error, &locale);
            error.exit
        }
    }
}

fn start(args: Args, environment: &Environment) -> CommandResult {
    let config = Config::load(&args, environment)?;
    let lang = config::lang(Some(&config), environment);
    commands::dispatch(args, config, lang)
}
