//! The verbs, one file each: what a command takes and what it does.

#[cfg(feature = "client")]
pub(super) mod act;
#[cfg(feature = "client")]
pub(super) mod attention;
#[cfg(feature = "client")]
pub(super) mod backup;
#[cfg(feature = "client")]
pub(super) mod checkin;
#[cfg(feature = "client")]
pub(super) mod conflicts;
#[cfg(feature = "client")]
pub(super) mod doctor;
#[cfg(feature = "client")]
pub(super) mod edit;
#[cfg(feature = "client")]
pub(super) mod enrol;
#[cfg(feature = "client")]
pub(super) mod history;
#[cfg(feature = "client")]
pub(super) mod init;
#[cfg(feature = "client")]
pub(super) mod list;
#[cfg(feature = "client")]
pub(super) mod show;
#[cfg(feature = "client")]
pub(super) mod status;
#[cfg(feature = "client")]
pub(super) mod sync;

use super::args::{Args, Command};
#[cfg(feature = "client")]
use super::context::Context;
use super::environment::Environment;
use super::error::CommandResult;
use crate::locale::Lang;

/// Runs the command that was typed; without one, the terminal interface.
#[cfg(feature = "client")]
pub(super) fn dispatch(mut args: Args, environment: Environment, lang: Lang) -> CommandResult {
    let command = args.command.take();
    let cx = Context::new(&args, environment, lang);
    match command {
        None => status::run(&cx),
        Some(Command::Init(command)) => init::run(&cx, &command),
        Some(Command::Enrol(command)) => enrol::run(&cx, &command),
        Some(Command::List(command)) => list::run(&cx, &command),
        Some(Command::Show(command)) => show::run(&cx, &command),
        Some(Command::History(command)) => history::run(&cx, &command),
        Some(Command::Add(command)) => edit::add(&cx, &command),
        Some(Command::Set(command)) => edit::set(&cx, &command),
        Some(Command::Delete(command)) => edit::delete(&cx, &command),
        Some(Command::Undo) => edit::undo(&cx),
        Some(Command::Act(command)) => act::run(&cx, &command),
        Some(Command::Checkin(command)) => checkin::run(&cx, &command),
        Some(Command::Sync(command)) => sync::run(&cx, &command),
        Some(Command::Status) => status::run(&cx),
        Some(Command::Conflicts) => conflicts::run(&cx),
        Some(Command::Resolve(command)) => conflicts::resolve(&cx, &command),
        Some(Command::Attention) => attention::run(&cx),
        Some(Command::Resend(command)) => attention::resend(&cx, &command),
        Some(Command::Discard(command)) => attention::discard(&cx, &command),
        Some(Command::Backup(command)) => backup::run(&cx, &command),
        Some(Command::Restore(command)) => backup::restore(&cx, &command),
        Some(Command::Doctor(command)) => doctor::run(&cx, &command),
    }
}
