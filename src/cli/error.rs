//! Failures at the edge: a code that names the message and hint in config/locales, and the exit code for scripts.

use std::io;

use crate::domain::record::Issue;
use crate::locale::Locale;

/// Exit code: the data or the answer needs a person.
pub(super) const NEEDS_PERSON: u8 = 1;
/// Exit code: wrong usage, or not set up.
pub(super) const USAGE: u8 = 2;
/// Exit code: whoever read the output has gone.
pub(super) const BROKEN_PIPE: u8 = 3;
/// Exit code: the sync finished, and conflicts or refused changes wait.
pub(super) const CONFLICTS: u8 = 4;
/// Exit code: the network or the server could not be reached.
pub(super) const UNREACHABLE: u8 = 5;
/// Exit code: internal error.
pub(super) const INTERNAL: u8 = 70;

/// A command did not do what it was asked.
#[derive(Debug)]
pub(super) struct CommandError {
    /// Names `error-<code>` and `hint-<code>`.
    pub(super) code: String,
    /// Placeholders of both.
    pub(super) args: Vec<(&'static str, String)>,
    /// Names that would have been understood; shown after the hint.
    pub(super) known: String,
    /// What to fix, with the text for people.
    pub(super) issues: Vec<(Issue, String)>,
    /// Exit code.
    pub(super) exit: u8,
}

/// What a command gives: its exit code, or why not.
pub(super) type CommandResult<T = u8> = Result<T, CommandError>;

impl CommandError {
    /// Makes an error with that exit code.
    pub(super) fn new(exit: u8, code: impl Into<String>) -> Self {
        Self { code: code.into(), args: Vec::new(), known: String::new(), issues: Vec::new(), exit }
    }

    /// Makes an error of usage.
    pub(super) fn usage(code: impl Into<String>) -> Self {
        Self::new(USAGE, code)
    }

    /// Adds a placeholder.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass literals and numbers as they are"
    )]
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// Returns what happened, as text.
    pub(super) fn message(&self, locale: &Locale) -> String {
        self.text(locale, "error").unwrap_or_else(|| self.code.clone())
    }

    /// Returns what to do, as text; empty if there is nothing to say.
    pub(super) fn hint(&self, locale: &Locale) -> String {
        let hint = self.text(locale, "hint").unwrap_or_default();
        if self.known.is_empty() { hint } else { format!("{hint} ({})", self.known) }
    }

    /// Adds the names that would have been understood.
    #[must_use]
    pub(super) fn knowing<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.known = names.into_iter().collect::<Vec<_>>().join(" ");
        self
    }

    fn text(&self, locale: &Locale, what: &str) -> Option<String> {
        let args: Vec<(&str, &str)> =
            self.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // A sheet's message stands with the other texts of the import and says what to do itself.
        let import = self.code.strip_prefix("import-").filter(|_| what == "error");
        let general = self.code.split_once('-').map(|(family, _)| format!("{what}-{family}-other"));
        locale
            .find(&format!("{what}-{}", self.code), &args)
            .or_else(|| locale.find(&format!("import-error-{}", import?), &args))
            .or_else(|| locale.find(&general?, &args))
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(BROKEN_PIPE, "broken-pipe"),
            _ => Self::new(INTERNAL, "output").with("cause", error),
        }
    }
}

#[cfg(feature = "client")]
mod client {
    use super::{CommandError, INTERNAL, NEEDS_PERSON, UNREACHABLE, USAGE};
    use crate::client::{ClientError, StoreError, TransportError};

    impl From<ClientError> for CommandError {
        fn from(error: ClientError) -> Self {
            let exit = exit_of(&error);
            let issues = match &error {
                ClientError::Invalid { issues } => issues.clone(),
                ClientError::StepClosed { reason, .. } => vec![(**reason).clone()],
                _ => Vec::new(),
            };
            Self {
                code: error.code(),
                args: error.args(),
                known: String::new(),
                issues: issues.into_iter().map(|issue| (issue, String::new())).collect(),
                exit,
            }
        }
    }

    impl From<StoreError> for CommandError {
        fn from(error: StoreError) -> Self {
            ClientError::Store(error).into()
        }
    }

    fn exit_of(error: &ClientError) -> u8 {
        match error {
            ClientError::Store(error) => exit_of_store(error),
            ClientError::Transport(error) => exit_of_transport(error),
            ClientError::NotFound { what: "kind" | "field" | "report" | "action", .. }
            | ClientError::NotEnrolled
            | ClientError::AlreadyEnrolled
            | ClientError::SyncRunning
            | ClientError::WeakPassphrase
            | ClientError::ReasonMissing
            | ClientError::PurposeMissing
            | ClientError::Read { .. }
            | ClientError::Write { .. } => USAGE,
            ClientError::Codec(_) | ClientError::Ended { reason: "confused" } => INTERNAL,
            _ => NEEDS_PERSON,
        }
    }

    fn exit_of_store(error: &StoreError) -> u8 {
        match error {
            StoreError::InUse { .. }
            | StoreError::WrongPassphrase
            | StoreError::TooManyTries { .. }
            | StoreError::NotCreated { .. }
            | StoreError::AlreadyExists { .. }
            | StoreError::NotEmpty { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::NotBackup { .. }
            | StoreError::TooNew { .. } => USAGE,
            StoreError::DiskFull { .. }
            | StoreError::Damaged { .. }
            | StoreError::TooLong { .. } => NEEDS_PERSON,
            StoreError::Io { source, .. } if is_wrong_path(source.kind()) => USAGE,
            StoreError::Io { .. } | StoreError::Poisoned => INTERNAL,
        }
    }

    /// True for a path that names nothing usable, rather than a failing disk.
    const fn is_wrong_path(kind: std::io::ErrorKind) -> bool {
        use std::io::ErrorKind;
        matches!(
            kind,
            ErrorKind::NotFound
                | ErrorKind::AlreadyExists
                | ErrorKind::NotADirectory
                | ErrorKind::IsADirectory
                | ErrorKind::InvalidFilename
        )
    }

    fn exit_of_transport(error: &TransportError) -> u8 {
        match error {
            TransportError::BadAddress { .. } => USAGE,
            TransportError::WrongPin { .. } | TransportError::Untrusted { .. } => UNREACHABLE,
            other if other.is_retryable() => UNREACHABLE,
            _ => NEEDS_PERSON,
        }
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;
    use crate::client::{ClientError, StoreError, TransportError};

    #[test]
    fn scripts_tell_failures_apart_by_their_exit_code() {
        let exit = |error: ClientError| CommandError::from(error).exit;
        assert_eq!(exit(StoreError::WrongPassphrase.into()), USAGE);
        assert_eq!(exit(ClientError::NotEnrolled), USAGE);
        assert_eq!(exit(ClientError::NothingToUndo), NEEDS_PERSON);
        assert_eq!(exit(TransportError::Unreachable { url: "u".into() }.into()), UNREACHABLE);
        assert_eq!(exit(ClientError::Ended { reason: "confused" }), INTERNAL);
        let gone = CommandError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(gone.exit, BROKEN_PIPE);
    }
}
