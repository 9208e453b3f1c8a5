//! What can be typed: options and commands, as clap reads them. Help texts come from config/locales (`cli-about-<command>`,
//! `cli-arg-<option>`), so that they are there in three languages.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::locale::Lang;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "ejia", version, disable_help_subcommand = true, about = "")]
pub(super) struct Args {
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<String>,
    #[arg(long, global = true, value_name = "LANG", value_parser = lang)]
    pub(super) lang: Option<Lang>,
    #[arg(long, global = true)]
    pub(super) plain: bool,
    #[arg(long)]
    pub(super) read_only: bool,
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "table")]
    pub(super) format: Format,
    /// Given by the program to itself when it locks: a passphrase file is not looked at.
    #[arg(long, hide = true)]
    pub(super) locked: bool,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
    Jsonl,
    Csv,
}

fn lang(text: &str) -> Result<Lang, String> {
    Lang::from_key(text).ok_or_else(|| {
        let keys: Vec<&str> = Lang::ALL.into_iter().map(Lang::key).collect();
        keys.join(", ")
    })
}

/// The verbs. What each takes stands beside what it does, in `commands`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[cfg(feature = "client")]
    Init(super::commands::init::Init),
    #[cfg(feature = "client")]
    Passphrase(super::commands::passphrase::Passphrase),
    #[cfg(feature = "client")]
    Recover(super::commands::passphrase::Recover),
    #[cfg(feature = "client")]
    Unlock(super::commands::passphrase::Unlock),
    #[cfg(feature = "client")]
    Enrol(super::commands::enrol::Enrol),
    #[cfg(feature = "client")]
    Import(super::commands::import::Import),
    #[cfg(feature = "client")]
    List(super::commands::list::List),
    #[cfg(feature = "client")]
    Show(super::commands::show::Show),
    #[cfg(feature = "client")]
    History(super::commands::history::History),
    #[cfg(feature = "client")]
    Add(super::commands::edit::Add),
    #[cfg(feature = "client")]
    Set(super::commands::edit::Set),
    #[cfg(feature = "client")]
    Note(super::commands::edit::Note),
    #[cfg(feature = "client")]
    Delete(super::commands::edit::Delete),
    #[cfg(feature = "client")]
    Undo,
    #[cfg(feature = "client")]
    Redo,
    #[cfg(feature = "client")]
    Act(super::commands::act::Act),
    #[cfg(feature = "client")]
    Deploy(super::commands::deploy::Deploy),
    #[cfg(feature = "client")]
    Sign(super::commands::deploy::Sign),
    #[cfg(feature = "client")]
    Request(super::commands::places::Request),
    #[cfg(feature = "client")]
    Cancel(super::commands::places::Cancel),
    #[cfg(feature = "client")]
    Numbers(super::commands::numbers::Numbers),
    #[cfg(feature = "client")]
    Results(super::commands::results::Results),
    #[cfg(feature = "client")]
    Certify(super::commands::numbers::Certify),
    #[cfg(feature = "client")]
    Duplicates,
    #[cfg(feature = "client")]
    Merge(super::commands::duplicates::Merge),
    #[cfg(feature = "client")]
    Checkin(super::commands::checkin::Checkin),
    #[cfg(feature = "client")]
    Sync(super::commands::sync::Sync),
    #[cfg(feature = "client")]
    Status,
    #[cfg(feature = "client")]
    Conflicts,
    #[cfg(feature = "client")]
    Resolve(super::commands::conflicts::Resolve),
    #[cfg(feature = "client")]
    Attention,
    #[cfg(feature = "client")]
    Resend(super::commands::attention::Resend),
    #[cfg(feature = "client")]
    Discard(super::commands::attention::Discard),
    #[cfg(feature = "client")]
    Backup(super::commands::backup::Backup),
    #[cfg(feature = "client")]
    Restore(super::commands::backup::Restore),
    #[cfg(feature = "client")]
    Doctor(super::commands::doctor::Doctor),
    #[cfg(feature = "client")]
    Template(super::commands::template::Template),
    #[cfg(feature = "client")]
    Report(super::commands::report::Report),
    #[cfg(feature = "client")]
    Todo(super::commands::todo::Todo),
    #[cfg(feature = "client")]
    Calendar(super::commands::calendar::Calendar),
    #[cfg(feature = "client")]
    Boards(super::commands::boards::Boards),
    #[cfg(feature = "client")]
    Form(super::commands::form::Form),
    #[cfg(all(feature = "client", feature = "server"))]
    Demo(super::commands::demo::Demo),
    #[cfg(feature = "server")]
    Serve(super::commands::serve::Serve),
    #[cfg(feature = "server")]
    Admin(super::commands::admin::Admin),
}
