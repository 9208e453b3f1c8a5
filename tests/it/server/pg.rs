//! A PostgreSQL cluster of this test process alone: made from the installed programs, reached by a unix socket only, gone with the
//! process however that ends. Included by the library's own tests, too.
//!
//! Without PostgreSQL the tests that need it pass with a line that says so, unless `CI=true`.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Runs PostgreSQL until this process closes the pipe, by ending or by being killed; then the folder goes, too.
const WATCH: &str = r#"postgres="$1"; folder="$2"; shift 2; "$postgres" "$@" & read -r _line
kill -QUIT $! 2>/dev/null; wait; rm -rf "$folder""#;
/// Settings of a cluster that only has to live as long as its test.
pub(crate) const SHORT_LIVED: &[&str] =
    &["fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB"];

/// One running cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) programs: PathBuf,
    pub(crate) folder: PathBuf,
    /// The shell that watches; its input is the pipe.
    _watch: Child,
    databases: AtomicU32,
}

/// Returns the cluster that all tests of this process share, each with its own database.
pub(crate) fn cluster() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let programs = programs();
        if programs.is_none() {
            assert!(!on_ci(), "PostgreSQL is not installed");
            let line = b"PostgreSQL is not installed: its tests did not run\n";
            std::io::stderr().write_all(line).unwrap();
        }
        programs.map(|programs| Cluster::start(&programs, SHORT_LIVED))
    });
    shared.as_ref()
}

#[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
fn on_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Returns the folder of the newest installed programs.
pub(crate) fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, programs)| programs)
}

/// Makes a command that runs as an ordinary user: PostgreSQL refuses to run as root.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(number("-u")).gid(number("-g"));
    }
    command.process_group(0);
    command
}

/// Returns the user or group number of user postgres.
fn number(which: &str) -> u32 {
    let out = Command::new("id").args([which, "postgres"]).output().unwrap().stdout;
    String::from_utf8(out).unwrap().trim().parse().unwrap()
}

/// Makes a folder with a short name, since a socket's path holds 107 bytes, that the cluster's user owns.
pub(crate) fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap().keep();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&folder, Some(number("-u")), Some(number("-g"))).unwrap();
    }
    folder
}

impl Cluster {
    /// Makes and starts a cluster with these settings.
    pub(crate) fn start(programs: &Path, settings: &[&str]) -> Self {
        let folder = folder();
        let mut make = command(&programs.join("initdb"));
        make.arg("-D").arg(folder.join("data"));
        make.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let made = make.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::run(programs, folder, settings)
    }

    /// Starts a cluster whose data stands in `data` below the folder.
    pub(crate) fn run(programs: &Path, folder: PathBuf, settings: &[&str]) -> Self {
        let mut watch = command(Path::new("/bin/sh"));
        watch.args(["-c", WATCH, "sh"]).arg(programs.join("postgres")).arg(&folder);
        watch.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder);
        for setting in settings.iter().chain(&["listen_addresses=", "max_connections=200"]) {
            watch.args(["-c", setting]);
        }
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let watch = watch.stdin(Stdio::piped()).stderr(log).spawn().unwrap();
        let programs = programs.to_owned();
        let cluster = Self { programs, folder, _watch: watch, databases: AtomicU32::new(0) };
        cluster.wait();
        cluster
    }

    /// Waits until it answers.
    pub(crate) fn wait(&self) {
        let start = Instant::now();
        while !self.tool("pg_isready", &["-q"]).status().unwrap().success() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_mins(1), "did not start: {}", log());
            std::thread::yield_now();
        }
    }

    /// Makes a client program's command for this cluster.
    pub(crate) fn tool(&self, name: &str, args: &[&str]) -> Command {
        let mut tool = command(&self.programs.join(name));
        tool.arg("-h").arg(&self.folder).args(["-U", "postgres"]).args(args);
        tool
    }

    /// Makes an empty database and returns its URL.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = self.tool("createdb", &[&name]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.url(&name)
    }

    /// Asks one question with one answer.
    pub(crate) fn query(&self, database: &str, sql: &str) -> String {
        let out = self.tool("psql", &["-XAtqd", database, "-c", sql]);
        let out = { out }.stdout(Stdio::piped()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Returns a database's URL.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }
}
