//! The command line: one of the two faces of the use cases (docs/guide/command-line.md).
//!
//! It may import `client`, `domain`, `transfer`, `report`, `settings`, `telemetry`, `locale`, `tui::run` and `server`; only this
//! module names clap. Start at [`run`].

mod args;
mod commands;
#[cfg(feature = "client")]
mod context;
mod environment;
mod error;
mod help;
mod output;
#[cfg(feature = "client")]
mod values;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Args, Format};
use environment::Environment;
use error::CommandError;
use output::Output;

use crate::locale::Locale;

/// Runs a command line, program name first, and returns the exit code.
pub fn run(args: &[OsString]) -> u8 {
    let environment = Environment::read();
    let lang = help::lang_of(args).unwrap_or(environment.lang);
    let locale = Locale::new(lang);
    let matches = match help::translated(Args::command(), &locale).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return help::refused(&error, &locale, help::format_of(args)),
    };
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => return help::refused(&error, &locale, Format::Table),
    };
    let output = Output { format: args.format };
    match commands::dispatch(args, environment, lang) {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error, &locale);
            error.exit
        }
    }
}

impl From<clap::Error> for CommandError {
    fn from(error: clap::Error) -> Self {
        Self::usage("usage").with("detail", error)
    }
}
