//! The server, as a process of its own that can be killed, and the devices.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::AtomicBool;

use super::sample::Sample;
use crate::cli::error::{CommandError, CommandResult, INTERNAL};

use crate::client::{Client, ClientError, KeyCost, NewDevice, SyncSummary, files};
use crate::domain::ids::RecordId;

/// The whole demonstration.
pub(super) struct Office {
    pub(super) folder: PathBuf,
    pub(super) sample: Sample,
    pub(super) server: Server,
    /// Headquarters' device.
    pub(super) headquarters: Option<Device>,
    /// The organizers' devices, one for each unit of the sample.
    pub(super) organizers: Vec<Device>,
    /// One-time code of the first administrator.
    pub(super) first_code: String,
    /// The university's own unit.
    pub(super) root: Option<RecordId>,
    /// What was entered, by unit of the sample.
    pub(super) entered: Vec<Entered>,
    /// The class and its session.
    pub(super) class: Option<(RecordId, RecordId)>,
}

/// Records of one unit that later steps come back to.
#[derive(Clone, Debug, Default)]
pub(super) struct Entered {
    /// Persons of the unit in the order they were entered.
    pub(super) persons: Vec<RecordId>,
    /// Enrolments that are not finished yet.
    pub(super) open_enrolments: Vec<RecordId>,
    /// Branch secretaries, and how many of them finished the class.
    pub(super) secretaries: usize,
    pub(super) trained: usize,
    /// Teachers' branches with a secretary, and how many have a recognised one.
    pub(super) led: usize,
    pub(super) recognised: usize,
}

/// A device: a folder and its open files.
pub(super) struct Device {
    pub(super) dir: PathBuf,
    pub(super) client: Client,
}

impl Device {
    /// Makes a device for offline use.
    pub(super) fn new(
        dir: PathBuf,
        user: &str,
        unit: &str,
        passphrase: &str,
    ) -> CommandResult<Self> {
        let new = NewDevice {
            user: user.to_owned(),
            unit_code: Some(unit.to_owned()),
            cost: KeyCost::NORMAL,
        };
        let (client, _recovery) = Client::create(&dir, passphrase, &new)?;
        Ok(Self { dir, client })
    }

    /// Syncs once.
    pub(super) fn sync(&self) -> Result<SyncSummary, ClientError> {
        let done = self.client.sync(&|_progress| {}, &AtomicBool::new(false))?;
        self.client.flush()?;
        Ok(done)
    }
}

impl Office {
    pub(super) fn new(folder: &Path) -> CommandResult<Self> {
        let sample = Sample::load()?;
        let secret = folder.join("passphrase.txt");
        files::write(&secret, format!("{}\n", sample.passphrase).as_bytes())?;
        Ok(Self {
            folder: folder.to_owned(),
            server: Server::new(folder),
            entered: vec![Entered::default(); sample.units.len()],
            sample,
            headquarters: None,
            organizers: Vec::new(),
            first_code: String::new(),
            root: None,
            class: None,
        })
    }

    /// Returns headquarters' device.
    pub(super) fn hq(&self) -> CommandResult<&Device> {
        self.headquarters.as_ref().ok_or_else(broken)
    }

    /// Returns the device of a unit's organizer.
    pub(super) fn organizer(&self, at: usize) -> CommandResult<&Device> {
        self.organizers.get(at).ok_or_else(broken)
    }

    /// Returns what was entered for a unit.
    pub(super) fn unit(&self, at: usize) -> CommandResult<&Entered> {
        self.entered.get(at).ok_or_else(broken)
    }

    /// Closes the devices, so that another may open them, and returns the first organizer's folder.
    pub(super) fn close_devices(&mut self) -> PathBuf {
        let dir = self.organizers.first().map(|device| device.dir.clone());
        self.organizers.clear();
        self.headquarters = None;
        dir.unwrap_or_default()
    }
}

/// The error for a step that lacks what an earlier one should have made.
pub(super) fn broken() -> CommandError {
    CommandError::new(INTERNAL, "demo").with("step", "?")
}

/// The server's process.
pub(super) struct Server {
    pub(super) database: PathBuf,
    folder: PathBuf,
    log: PathBuf,
    /// Address once it ran, so that it comes back there.
    pub(super) url: String,
    running: Option<(Child, BufReader<ChildStdout>)>,
}

impl Server {
    fn new(folder: &Path) -> Self {
        let own = folder.join("server");
        Self {
            database: own.join("server.sqlite"),
            log: folder.join("server.log"),
            folder: own,
            url: String::new(),
            running: None,
        }
    }

    /// Starts it and waits until it answers.
    pub(super) fn start(&mut self) -> CommandResult<()> {
        fs::create_dir_all(&self.folder)?;
        let log = File::options().create(true).append(true).open(&self.log)?;
        let listen = self.url.strip_prefix("http://").unwrap_or("127.0.0.1:0").to_owned();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--data")
            .arg(&self.folder)
            .args(["serve", "--listen", &listen, "--database"])
            .arg(&self.database)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or_else(broken)?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let url = line.trim().strip_prefix("ready ").map(ToOwned::to_owned);
        self.running = Some((child, lines));
        self.url = url.ok_or_else(|| {
            CommandError::new(INTERNAL, "demo-server").with("path", self.log.display())
        })?;
        Ok(())
    }

    /// Ends it without a warning, as a power cut would.
    pub(super) fn kill(&mut self) -> CommandResult<()> {
        if let Some((mut child, lines)) = self.running.take() {
            child.kill()?;
            child.wait()?;
            drop(lines);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.kill();
    }
}
