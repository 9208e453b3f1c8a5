//! The verbs, one file each: what a command takes and what it does.

#[cfg(feature = "client")]
pub(super) mod act;
#[cfg(feature = "server")]
pub(super) mod admin;
#[cfg(feature = "client")]
pub(super) mod attention;
#[cfg(feature = "client")]
pub(super) mod backup;
#[cfg(feature = "client")]
pub(super) mod boards;
#[cfg(feature = "client")]
pub(super) mod calendar;
#[cfg(feature = "client")]
pub(super) mod checkin;
#[cfg(feature = "client")]
pub(super) mod conflicts;
#[cfg(all(feature = "client", feature = "server"))]
pub(super) mod demo;
#[cfg(feature = "client")]
pub(super) mod deploy;
#[cfg(feature = "client")]
pub(super) mod doctor;
#[cfg(feature = "client")]
pub(super) mod duplicates;
#[cfg(feature = "client")]
pub(super) mod edit;
#[cfg(feature = "client")]
pub(super) mod enrol;
#[cfg(feature = "server")]
mod fleet;
#[cfg(feature = "client")]
pub(super) mod form;
#[cfg(feature = "client")]
pub(super) mod history;
#[cfg(feature = "client")]
pub(super) mod import;
#[cfg(feature = "client")]
pub(super) mod init;
#[cfg(feature = "client")]
pub(super) mod list;
#[cfg(feature = "client")]
pub(super) mod numbers;
#[cfg(feature = "client")]
pub(super) mod passphrase;
#[cfg(feature = "client")]
pub(super) mod places;
#[cfg(feature = "client")]
pub(super) mod report;
#[cfg(feature = "client")]
pub(super) mod results;
#[cfg(feature = "server")]
pub(super) mod serve;
#[cfg(feature = "client")]
pub(super) mod show;
#[cfg(feature = "client")]
pub(super) mod status;
#[cfg(feature = "client")]
pub(super) mod sync;
#[cfg(feature = "client")]
pub(super) mod template;
#[cfg(feature = "client")]
mod terminal;
#[cfg(feature = "client")]
pub(super) mod todo;

use super::args::{Args, Command};
use super::config::Config;
use super::context::Context;
#[cfg(feature = "server")]
use super::error::CommandError;
use super::error::CommandResult;
use crate::locale::Lang;

/// Runs the command that was typed; without one, the terminal interface.
pub(super) fn dispatch(mut args: Args, config: Config, lang: Lang) -> CommandResult {
    let command = args.command.take();
    let cx = Context::new(&args, config, lang);
    match command {
        None => without_command(&cx),
        #[cfg(feature = "server")]
        Some(Command::Serve(command)) => serve::run(&cx, &command),
        #[cfg(feature = "server")]
        Some(Command::Admin(command)) => admin::run(&cx, &command),
        #[cfg(feature = "client")]
        Some(command) => of_a_device(&cx, command),
    }
}

#[cfg(feature = "client")]
fn without_command(cx: &Context) -> CommandResult {
    terminal::run(cx)
}

#[cfg(not(feature = "client"))]
fn without_command(_cx: &Context) -> CommandResult {
    Err(CommandError::usage("usage-missing").with("argument", "COMMAND"))
}

#[cfg(feature = "client")]
fn of_a_device(cx: &Context, command: Command) -> CommandResult {
    match command {
        Command::Init(command) => init::run(cx, &command),
        Command::Passphrase(command) => passphrase::run(cx, &command),
        Command::Unlock(command) => passphrase::unlock(cx, &command),
        Command::Recover(command) => passphrase::recover(cx, &command),
        Command::Enrol(command) => enrol::run(cx, &command),
        Command::Import(command) => import::run(cx, &command),
        Command::List(command) => list::run(cx, &command),
        Command::Show(command) => show::run(cx, &command),
        Command::History(command) => history::run(cx, &command),
        Command::Add(command) => edit::add(cx, &command),
        Command::Set(command) => edit::set(cx, &command),
        Command::Note(command) => edit::note(cx, &command),
        Command::Delete(command) => edit::delete(cx, &command),
        Command::Undo => edit::undo(cx),
        Command::Redo => edit::redo(cx),
        Command::Act(command) => act::run(cx, &command),
        Command::Deploy(command) => deploy::deploy(cx, &command),
        Command::Sign(command) => deploy::sign(cx, &command),
        Command::Request(command) => places::request(cx, &command),
        Command::Cancel(command) => places::cancel(cx, &command),
        Command::Numbers(command) => numbers::numbers(cx, &command),
        Command::Results(command) => results::run(cx, &command),
        Command::Certify(command) => numbers::certify(cx, &command),
        Command::Duplicates => duplicates::run(cx),
        Command::Merge(command) => duplicates::merge(cx, &command),
        Command::Checkin(command) => checkin::run(cx, &command),
        Command::Sync(command) => sync::run(cx, &command),
        Command::Status => status::run(cx),
        Command::Conflicts => conflicts::run(cx),
        Command::Resolve(command) => conflicts::resolve(cx, &command),
        Command::Attention => attention::run(cx),
        Command::Resend(command) => attention::resend(cx, &command),
        Command::Discard(command) => attention::discard(cx, &command),
        Command::Backup(command) => backup::run(cx, &command),
        Command::Restore(command) => backup::restore(cx, &command),
        Command::Doctor(command) => doctor::run(cx, &command),
        Command::Template(command) => template::run(cx, &command),
        Command::Report(command) => report::run(cx, &command),
        Command::Todo(command) => todo::run(cx, &command),
        Command::Boards(command) => boards::run(cx, &command),
        Command::Calendar(command) => calendar::run(cx, &command),
        Command::Form(command) => form::run(cx, &command),
        #[cfg(feature = "server")]
        Command::Demo(command) => demo::run(cx, &command),
        #[cfg(feature = "server")]
        other @ (Command::Serve(_) | Command::Admin(_)) => {
            Err(CommandError::usage("usage-command").with("argument", format!("{other:?}")))
        }
    }
}
