//! Processes killed at any moment: what was reported saved is there afterwards.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder with a server's database and a device.
struct Office {
    folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), "correct horse battery").unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ejia"));
        command
            .args(["--format", "json", "--passphrase-file"])
            .arg(self.path("passphrase"))
            .arg("--data")
            .arg(self.path("device"))
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Value {
        let output = self.command(args).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {error}"))
    }

    fn serve(&self, port: &str) -> Running {
        let listen = format!("127.0.0.1:{port}");
        let mut child = self
            .command(&["serve", "--database", "server.sqlite", "--listen", &listen])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap().to_owned();
        Running { child, url }
    }
}

struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Starts a command, kills it after `delay` if it still runs, and returns what it had printed whole.
fn killed_after(mut command: Command, delay: Duration) -> Option<Value> {
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + delay;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() >= deadline {
            child.kill().unwrap();
        }
        std::thread::yield_now();
    }
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    serde_json::from_str(&out).ok()
}

fn names_in(history: &Value) -> Vec<String> {
    let entries = history.as_array().unwrap();
    let changes = entries.iter().flat_map(|entry| entry["changes"].as_array().unwrap());
    changes
        .filter(|change| change["field"] == "name")
        .filter_map(|change| change["new"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn edits_reported_saved_survive_kills_of_the_program_and_of_the_server() {
    let office = Office::new();
    let made = office.run(&[
        "admin",
        "init",
        "--name",
        "T",
        "--admin",
        "hq",
        "--database",
        "server.sqlite",
    ]);
    let server = office.serve("0");
    let url = server.url.clone();
    let port = url.rsplit(':').next().unwrap().to_owned();
    office.run(&["init", "--user", "hq"]);
    office.run(&["enrol", "--server", &url, "--code", made["code"].as_str().unwrap()]);
    let person = office.run(&["add", "person", "staff_no=1", "name=v0"]);
    let person = person["id"].as_str().unwrap();
    let started = Instant::now();
    office.run(&["set", person, "name=v1"]);
    let whole = started.elapsed();
    let mut saved = vec!["v0".to_owned(), "v1".to_owned()];
    for n in 2..12_u32 {
        let value = format!("v{n}");
        let command = office.command(&["set", person, &format!("name={value}")]);
        let delay = whole.mul_f64(0.6 + f64::from(n) * 0.06);
        if killed_after(command, delay).is_some() {
            saved.push(value);
        }
    }
    let kept = names_in(&office.run(&["history", person]));
    assert!(saved.iter().all(|value| kept.contains(value)), "saved {saved:?}, kept {kept:?}");

    let mut server = server;
    for n in 0..4_u32 {
        for k in 0..3 {
            let number = format!("staff_no=9{n}{k}");
            office.run(&["add", "person", &number, "name=某人"]);
        }
        let mut sync = office.command(&["sync"]).spawn().unwrap();
        let deadline = Instant::now() + whole.mul_f64(0.4 + f64::from(n) * 0.2);
        while Instant::now() < deadline {
            std::thread::yield_now();
        }
        server.kill();
        sync.wait().unwrap();
        server = office.serve(&port);
    }
    let summary = office.run(&["sync"]);
    assert_eq!((&summary["pending"], &summary["refused"]), (&0.into(), &0.into()));
    let on_server = names_in(&office.run(&["history", person]));
    assert!(saved.iter().all(|value| on_server.contains(value)), "{on_server:?}");
    assert_eq!(office.run(&["list", "person"]).as_array().unwrap().len(), 13);
    server.kill();
    let verified = office.run(&["admin", "verify", "--database", "server.sqlite"]);
    assert_eq!(verified["ok"], true);
}
