//! The command line, whole: arguments and files in, output, files and exit code out.

mod by_hand;
mod chapter;
mod faults;
mod figures;
mod forms;
mod messages;
mod records;
mod secrets;
mod series;
mod sheets;
mod together;
mod work;
mod worked_series;
mod worked_year;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ejia::client::{Client, KeyCost, NewDevice};
use serde_json::Value;

pub(crate) const PASSPHRASE: &str = "correct horse 電池";

/// A folder with a passphrase file, for one story.
pub(crate) struct Case {
    pub(crate) folder: tempfile::TempDir,
}

/// One run of the program.
pub(crate) struct Run {
    command: Command,
    stdin: String,
}

/// What a run gave.
pub(crate) struct Done {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Case {
    /// An empty folder, and no data in it yet.
    pub(crate) fn new() -> Self {
        let case = Self { folder: tempfile::tempdir().unwrap() };
        case.file("passphrase", format!("{PASSPHRASE}\n"));
        case
    }

    /// A device that works alone.
    pub(crate) fn with_device() -> Self {
        let case = Self::new();
        case.device("data", "tester");
        case
    }

    /// Makes a device as `init` does, with a cheap key: what is tested here is not how long it takes to guess one.
    pub(crate) fn device(&self, folder: &str, user: &str) {
        let new = NewDevice { user: user.into(), unit_code: None, cost: KeyCost::CHEAP };
        drop(Client::create(&self.path(folder), PASSPHRASE, &new).unwrap());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).display().to_string()
    }

    /// Runs with the folder `data` and the passphrase file, in English.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_on("data", args)
    }

    pub(crate) fn run_on(&self, data: &str, args: &[&str]) -> Run {
        let mut run = self.bare(args);
        run.command.env("EJIA_DATA", self.path(data));
        run.command.env("EJIA_PASSPHRASE_FILE", self.path("passphrase"));
        run
    }

    /// Runs without any setting; files that are named without a folder are in the case's.
    pub(crate) fn bare(&self, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ejia"));
        for name in ["EJIA_DATA", "EJIA_PASSPHRASE_FILE", "EJIA_LANG", "LC_ALL", "LC_MESSAGES"] {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env("LANG", "en_US.UTF-8");
        command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
        command.current_dir(self.folder.path()).args(args);
        Run { command, stdin: String::new() }
    }

    /// Runs with `--format json`, expects success, and returns the document.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.json_on("data", args)
    }

    pub(crate) fn json_on(&self, data: &str, args: &[&str]) -> Value {
        let done = self.run_on(data, &[args, &["--format", "json"]].concat()).done();
        assert_eq!(done.exit, 0, "{args:?}: {}", done.stderr);
        done.json()
    }

    /// Adds a record and returns its id.
    pub(crate) fn add(&self, args: &[&str]) -> String {
        let json = self.json(&[&["add"], args].concat());
        assert_eq!(json.get("issues"), Some(&serde_json::json!([])), "{args:?}");
        json.get("id").and_then(Value::as_str).unwrap().to_owned()
    }
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.command.env(name, value.as_ref());
        self
    }

    pub(crate) fn done(mut self) -> Done {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(self.stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Done {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Expects an exit code, nothing on standard output, and an error with this code on standard error.
    pub(crate) fn fails(mut self, exit: i32, code: &str) -> Value {
        self.command.args(["--format", "json"]);
        let done = self.done();
        assert_eq!(done.exit, exit, "{}", done.stderr);
        assert_eq!(done.stdout, "");
        let last = done.stderr.lines().last().unwrap_or_default();
        let json: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", done.stderr));
        let error = json.get("error").unwrap().clone();
        assert_eq!(error.get("code").and_then(Value::as_str), Some(code));
        for text in ["message", "hint"] {
            let text = error.get(text).and_then(Value::as_str).unwrap();
            assert!(!text.is_empty() && !text.contains(['{', '$']), "{code}: {text}");
        }
        error
    }
}

impl Done {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{}", self.stdout))
    }
}

/// Expects that nobody but their owner may read these files.
pub(crate) fn assert_private(case: &Case, names: &[&str]) {
    for name in names {
        let known = std::fs::metadata(case.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&known.permissions());
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert!(known.is_file());
    }
}

/// The keys of a JSON object, in their order.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
