//! `template`: an empty workbook to fill in, with the headings and lists that `import` reads.

use std::path::PathBuf;

use clap::Args;

use super::list::{not_exported, write};
use crate::cli::context::Context;
use crate::cli::device::kind_of;
use crate::cli::error::{CommandError, CommandResult};
use crate::cli::output::say;
use crate::domain::access::Office;
use crate::transfer::export::template;

#[derive(Debug, Args)]
pub(in crate::cli) struct Template {
    kind: String,
    #[arg(short = 'o', long = "output", value_name = "FILE.xlsx")]
    output: PathBuf,
}

pub(super) fn run(cx: &Context, command: &Template) -> CommandResult {
    let kind = kind_of(&command.kind)?;
    let file = &command.output;
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if extension != "xlsx" {
        return Err(CommandError::usage("extension-template").with("extension", extension));
    }
    let role = cx.open()?.profile().role;
    let offices = [Office::Headquarters, Office::UnitLead];
    let office = offices.into_iter().find(|office| role.acts_for(*office));
    let office = office.unwrap_or(Office::Organizer);
    write(file, &template::to_bytes(kind, office, &cx.locale).map_err(not_exported)?)?;
    let path = file.display().to_string();
    say(&cx.locale.text_with("cli-template-written", &[("path", &path)]));
    Ok(0)
}
