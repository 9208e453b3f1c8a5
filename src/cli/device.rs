//! What the commands of a device share: how its files are opened, and how records are named.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::context::Context;
use super::error::{CommandError, CommandResult};
use super::output::{say, worded};
use crate::client::passphrase::must_be_good;
use crate::client::{Client, ClientError};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Issue, RecordSpec};

/// Longest passphrase file read, bytes: a passphrase is one line, not a disk image.
const PASSPHRASE_BYTES: u64 = 4096;

impl Context {
    /// Opens this device's files.
    pub(super) fn open(&self) -> CommandResult<Client> {
        let client = self.open_any()?;
        client.must_be_leased()?;
        Ok(client)
    }

    /// Opens this device's files also when its lease has run out.
    pub(super) fn open_any(&self) -> CommandResult<Client> {
        let dir = self.dir()?;
        let secret = self.secret(&dir)?;
        let client = Client::open_any(&dir, &secret)?;
        client.strengthen(&secret);
        for finding in client.findings() {
            say(&self.finding(&finding));
        }
        Ok(client)
    }

    /// Returns the passphrase of existing files; that there are some is looked at first, so that nobody types for nothing.
    pub(super) fn secret(&self, dir: &Path) -> CommandResult<Zeroizing<String>> {
        if !crate::client::Vault::exists(dir) {
            let missing = crate::client::StoreError::NotCreated { path: dir.to_owned() };
            return Err(missing.into());
        }
        self.passphrase("cli-ask-passphrase")
    }

    /// Returns the passphrase: from the file, else asked on the terminal.
    pub(super) fn passphrase(&self, question: &str) -> CommandResult<Zeroizing<String>> {
        if let Some(secret) = self.given_passphrase()? {
            return Ok(secret);
        }
        self.asked(question)
    }

    /// Returns the passphrase that a file gives.
    pub(super) fn given_passphrase(&self) -> CommandResult<Option<Zeroizing<String>>> {
        self.config.passphrase_file.as_deref().map(first_line).transpose()
    }

    /// Returns a new passphrase: from the file, or asked twice on the terminal.
    pub(super) fn new_passphrase(&self, file: Option<&Path>) -> CommandResult<Zeroizing<String>> {
        if let Some(path) = file {
            let secret = first_line(path)?;
            must_be_good(&secret)?;
            return Ok(secret);
        }
        let secret = self.asked("cli-ask-new-passphrase")?;
        must_be_good(&secret)?;
        if self.asked("cli-ask-passphrase-again")? != secret {
            return Err(CommandError::usage("passphrase-differs"));
        }
        Ok(secret)
    }

    /// Asks for a secret on the terminal; what is typed does not show.
    pub(super) fn asked(&self, question: &str) -> CommandResult<Zeroizing<String>> {
        if !io::stdin().is_terminal() {
            return Err(CommandError::usage("no-passphrase"));
        }
        let asked = rpassword::prompt_password(format!("{} ", self.locale.text(question)))?;
        Ok(Zeroizing::new(asked))
    }

    /// Puts the issues of a failure into words, now that its kind is known.
    pub(super) fn explain(&self, kind: Kind, error: impl Into<CommandError>) -> CommandError {
        let mut error = error.into();
        let bare: Vec<Issue> = error.issues.iter().map(|(issue, _)| issue.clone()).collect();
        error.issues = worded(&self.locale, kind.spec(), &bare);
        error
    }

    /// Writes the warnings of a saved record to standard error.
    pub(super) fn warn(&self, spec: &RecordSpec, issues: &[Issue]) {
        for (_, text) in worded(&self.locale, spec, issues) {
            say(&text);
        }
    }
}

/// Reads a secret from the first line of a file.
pub(super) fn first_line(path: &Path) -> CommandResult<Zeroizing<String>> {
    let failed = |cause: String| {
        CommandError::usage("passphrase-file").with("path", path.display()).with("cause", cause)
    };
    let size = fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > PASSPHRASE_BYTES {
        return Err(failed(format!("> {PASSPHRASE_BYTES} B")));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let text = Zeroizing::new(text);
    let line = text.lines().next().unwrap_or_default().trim_start_matches('\u{feff}');
    if line.is_empty() {
        return Err(CommandError::usage("passphrase-empty"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// Returns the kind with that key.
pub(super) fn kind_of(key: &str) -> CommandResult<Kind> {
    Kind::from_key(key).ok_or_else(|| {
        CommandError::usage("not-found-kind")
            .with("id", key)
            .knowing(Kind::ALL.iter().map(|kind| kind.key()))
    })
}

/// Finds the record that text names: an id, the school number of a person, or the code of a unit.
pub(super) fn record_of(client: &Client, text: &str) -> CommandResult<RecordId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    for kind in [Kind::Person, Kind::Unit] {
        if let [one] = client.named(kind, text).as_slice() {
            return Ok(*one);
        }
    }
    Err(ClientError::NotFound { what: "record", id: text.to_owned() }.into())
}
