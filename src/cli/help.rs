//! Help and usage errors in the user's language: clap's structure, our texts.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Format;
use super::error::{CommandError, USAGE};
use super::output::{Output, data, say};
use crate::locale::{Lang, Locale};

/// Reads `ejia help COMMAND` as `ejia COMMAND --help`, which is what people type first.
pub(super) fn asked(args: &[OsString]) -> Vec<OsString> {
    let mut args = args.to_vec();
    if args.get(1).is_some_and(|word| word == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

/// Returns the language asked for, before the arguments are understood: a usage error is told in it too.
pub(super) fn lang_of(args: &[OsString]) -> Option<Lang> {
    Lang::from_key(&option(args, "--lang")?)
}

/// Returns the format asked for, for errors.
pub(super) fn format_of(args: &[OsString]) -> Format {
    match option(args, "--format").as_deref() {
        Some("json") => Format::Json,
        Some("jsonl") => Format::Jsonl,
        _ => Format::Table,
    }
}

fn option(args: &[OsString], name: &str) -> Option<String> {
    let texts: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let after = texts.iter().zip(texts.iter().skip(1)).find(|(arg, _)| **arg == name);
    let joined = || texts.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='));
    after.map(|(_, value)| *value).or_else(joined).map(ToOwned::to_owned)
}

/// Puts the texts of a language into a command and everything below it.
pub(super) fn translated(command: Command, locale: &Locale) -> Command {
    let command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(flag("help", 'h', clap::ArgAction::Help).global(true))
        .arg(flag("version", 'V', clap::ArgAction::Version));
    texts(command, locale, "ejia")
}

fn flag(name: &'static str, short: char, action: clap::ArgAction) -> clap::Arg {
    clap::Arg::new(name).short(short).long(name).action(action)
}

fn texts(command: Command, locale: &Locale, name: &str) -> Command {
    let heading = locale.text("cli-options");
    let command = command
        .about(locale.text(&format!("cli-about-{name}")))
        .disable_help_subcommand(true)
        .subcommand_help_heading(locale.text("cli-commands"))
        .subcommand_value_name("COMMAND")
        .next_help_heading(heading.clone())
        .help_template(template(locale))
        .mut_args(|arg| {
            let id = arg.get_id().as_str().replace('_', "-");
            let own = locale.find(&format!("cli-arg-{name}-{id}"), &[]);
            let text = own.unwrap_or_else(|| locale.text(&format!("cli-arg-{id}")));
            arg.help(text).help_heading(heading.clone()).hide_possible_values(false)
        });
    command.mut_subcommands(|below| {
        let full = match name {
            "ejia" => below.get_name().to_owned(),
            above => format!("{above}-{}", below.get_name()),
        };
        texts(below, locale, &full)
    })
}

fn template(locale: &Locale) -> String {
    format!("{{about}}\n\n{} {{usage}}\n\n{{all-args}}\n", locale.text("cli-usage"))
}

/// Writes help, the version or a usage error, and returns the exit code.
pub(super) fn refused(error: &clap::Error, locale: &Locale, format: Format) -> u8 {
    let output = Output { format };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match data(&error.render().to_string()) {
                Ok(()) => 0,
                Err(error) => error.exit,
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say(&error.render().to_string());
            USAGE
        }
        kind => {
            output.error(&usage_error(error, kind), locale);
            USAGE
        }
    }
}

fn usage_error(error: &clap::Error, kind: ErrorKind) -> CommandError {
    let text = |context: ContextKind| match error.get(context) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let code = match kind {
        ErrorKind::InvalidSubcommand => "usage-command",
        ErrorKind::UnknownArgument => "usage-unknown",
        ErrorKind::MissingRequiredArgument => "usage-missing",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "usage-value",
        ErrorKind::ArgumentConflict => "usage-together",
        _ => "usage-other",
    };
    let argument = match kind {
        ErrorKind::InvalidSubcommand => text(ContextKind::InvalidSubcommand),
        _ => text(ContextKind::InvalidArg),
    };
    CommandError::usage(code)
        .with("argument", argument)
        .with("value", text(ContextKind::InvalidValue))
        .with("detail", error.kind())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::args::Args;
    use super::*;

    fn texts_of(command: &Command, found: &mut Vec<String>) {
        found.extend(command.get_about().map(ToString::to_string));
        found.extend(command.get_arguments().filter_map(|a| a.get_help().map(ToString::to_string)));
        command.get_subcommands().for_each(|below| texts_of(below, found));
    }

    #[test]
    fn every_command_and_option_has_a_text_in_every_language() {
        for lang in Lang::ALL {
            let command = translated(Args::command(), &Locale::new(lang));
            command.clone().debug_assert();
            let mut found = Vec::new();
            texts_of(&command, &mut found);
            assert!(found.len() > 60);
            let bare: Vec<&String> = found.iter().filter(|text| text.starts_with('[')).collect();
            assert!(bare.is_empty(), "{}: {bare:?}", lang.key());
        }
    }

    #[test]
    fn the_language_is_known_before_the_arguments_are() {
        let args = |texts: &[&str]| texts.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(lang_of(&args(&["ejia", "--lang", "en", "nonsense"])), Some(Lang::En));
        assert_eq!(lang_of(&args(&["ejia", "--lang=zh-Hans"])), Some(Lang::Hans));
        assert_eq!(lang_of(&args(&["ejia", "--lang"])), None);
    }
}
