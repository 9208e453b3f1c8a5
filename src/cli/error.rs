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
        Self { code: code.into(), args: Vec::new(), issues: Vec::new(), exit }
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
        self.text(locale, "hint").unwrap_or_default()
    }

    fn text(&self, locale: &Locale, what: &str) -> Option<String> {
        let args: Vec<(&str, &str)> =
            self.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let general = self.code.split_once('-').map(|(family, _)| format!("{what}-{family}-other"));
        locale
            .find(&format!("{what}-{}", self.code), &args)
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
    use crate::client::{ClientError, TransportError};
    use crate::store::StoreError;

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
            | ClientError::Write { .. } => USAGE,
            ClientError::Codec(_) | ClientError::Ended { reason: "confused" } => INTERNAL,
            _ => NEEDS_PERSON,
        }
    }

    fn exit_of_store(error: &StoreError) -> u8 {
        match error {
            StoreError::InUse { .. }
            | StoreError::WrongPassphrase
            | StoreError::NotCreated { .. }
            | StoreError::AlreadyExists { .. }
            | StoreError::NotEmpty { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::TooNew { .. } => USAGE,
            StoreError::DiskFull { .. }
            | StoreError::Damaged { .. }
            | StoreError::TooLong { .. } => NEEDS_PERSON,
            StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => USAGE,
            StoreError::Io { .. } | StoreError::Poisoned => INTERNAL,
        }
    }

    fn exit_of_transport(error: &TransportError) -> u8 {
        match error {
            TransportError::BadAddress { .. } => USAGE,
            other if other.is_retryable() => UNREACHABLE,
            _ => NEEDS_PERSON,
        }
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::*;
    use crate::client::{ClientError, TransportError};
    use crate::locale::Lang;
    use crate::store::StoreError;
    use crate::wire::{CodecError, Problem};

    /// Every word a server answers with (server::http), and one that only a newer server knows.
    const PROBLEMS: [&str; 22] = [
        "unauthorized",
        "bad_code",
        "used_code",
        "expired_code",
        "disabled",
        "revoked",
        "device_taken",
        "not_permitted",
        "too_large",
        "too_many_requests",
        "busy",
        "internal",
        "protocol",
        "malformed",
        "gap",
        "fork",
        "behind",
        "epoch",
        "scope_changed",
        "unknown_record",
        "unknown_call",
        "of_a_newer_server",
    ];

    fn failed() -> io::Error {
        io::Error::other("because")
    }

    fn store_errors() -> Vec<StoreError> {
        let path = || PathBuf::from("/folder");
        vec![
            StoreError::InUse { path: path(), holder: "7".into(), since: None },
            StoreError::WrongPassphrase,
            StoreError::NotCreated { path: path() },
            StoreError::AlreadyExists { path: path() },
            StoreError::NotEmpty { path: path() },
            StoreError::DiskFull { path: path() },
            StoreError::ReadOnly { path: path() },
            StoreError::Damaged { what: "key".into(), path: path() },
            StoreError::TooNew { version: 9 },
            StoreError::TooLong { bytes: 9 },
            StoreError::Io { path: path(), source: failed() },
            StoreError::Poisoned,
        ]
    }

    fn transport_errors() -> Vec<TransportError> {
        let url = || "https://ejia".to_owned();
        let problem = |code: &&str| Problem {
            code: (*code).to_owned(),
            message: "text".into(),
            expected: None,
            request_id: "1".into(),
        };
        let refused = |code| TransportError::Refused {
            status: 400,
            problem: problem(code),
            retry_after_ms: None,
        };
        let mut all = vec![
            TransportError::Unreachable { url: url() },
            TransportError::TimedOut { url: url() },
            TransportError::NotOurServer { url: url() },
            TransportError::BadAddress { url: url() },
        ];
        all.extend(PROBLEMS.iter().map(refused));
        all
    }

    fn client_errors() -> Vec<ClientError> {
        let id = || "x".to_owned();
        let reason = Box::new(Issue::error("status", "step-wrong-state"));
        let mut all = vec![
            ClientError::Codec(CodecError::NotOurs),
            ClientError::Invalid { issues: Vec::new() },
            ClientError::NotAllowed { action: "set".into() },
            ClientError::StepClosed { action: "confirm".into(), reason },
            ClientError::NotEnrolled,
            ClientError::AlreadyEnrolled,
            ClientError::SyncRunning,
            ClientError::Cancelled,
            ClientError::NothingToUndo,
            ClientError::ChangedSince,
            ClientError::Write { path: "/f".into(), source: failed() },
        ];
        let whats =
            ["record", "conflict", "candidate", "attention", "report", "field", "kind", "action"];
        all.extend(whats.map(|what| ClientError::NotFound { what, id: id() }));
        all.extend(["revoked", "upgrade", "confused"].map(|reason| ClientError::Ended { reason }));
        all.extend(store_errors().into_iter().map(ClientError::from));
        all.extend(transport_errors().into_iter().map(ClientError::from));
        all
    }

    #[test]
    fn every_failure_says_what_happened_and_what_to_do() {
        for lang in Lang::ALL {
            let locale = Locale::new(lang);
            for error in client_errors() {
                let error = CommandError::from(error);
                let (message, hint) = (error.message(&locale), error.hint(&locale));
                assert!(message != error.code && !hint.is_empty(), "{} {}", lang.key(), error.code);
                for text in [message, hint] {
                    assert!(!text.contains(['{', '$']), "{} {}: {text}", lang.key(), error.code);
                }
            }
        }
    }

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
