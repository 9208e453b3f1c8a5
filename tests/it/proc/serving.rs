//! The real `ejia serve` as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A program with a database: what stands for it in the arguments, and where its processes run.
pub(crate) struct Place<'a> {
    /// `["--database", "server.sqlite"]`, for example.
    pub(crate) database: Vec<String>,
    pub(crate) folder: &'a Path,
    /// What else the server's process gets from its environment.
    pub(crate) env: Vec<(&'static str, String)>,
}

impl<'a> Place<'a> {
    pub(crate) fn sqlite(folder: &'a Path) -> Self {
        let database = ["--database", "server.sqlite"].map(str::to_owned).to_vec();
        Self { database, folder, env: Vec::new() }
    }

    /// A database of PostgreSQL.
    pub(crate) fn postgres(folder: &'a Path, url: &str) -> Self {
        let database = ["--database", url].map(str::to_owned).to_vec();
        Self { database, folder, env: Vec::new() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(super::child::program());
        command
            .args(["--format", "json"])
            .args(args)
            .args(&self.database)
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `ejia admin ...` to its end.
    pub(crate) fn admin(&self, args: &[&str]) -> serde_json::Value {
        let output = self.command(&[&["admin"], args].concat()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {error}"))
    }

    /// Starts serving on a free port and waits until it does.
    pub(crate) fn serve(&self) -> Serving {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        // What a server says when it does not start is what the failing test shows.
        let said = tempfile::tempfile().unwrap();
        command.stderr(said.try_clone().unwrap()).envs(self.env.iter().cloned());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap_or_default().to_owned();
        if !url.starts_with("http://") {
            let (mut said, mut text) = (said, String::new());
            said.rewind().unwrap();
            said.read_to_string(&mut text).unwrap();
            panic!("{line:?}: {text}");
        }
        Serving { child, url }
    }
}

/// A serving process; killed when dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Serving {
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Serving {
    /// Asks it to stop, as a service manager does, and waits for the end.
    pub(crate) fn stop(mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}
