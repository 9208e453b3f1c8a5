//! One run: who does what next, and what goes wrong.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ejia::client::{Client, ClientError};
use ejia::domain::ids::{RecordId, UnitId};
use ejia::server::service::{Answered, Call};

use super::ambient::Time;
use super::device::Device;
use super::faults::{Fault, KINDS};
use super::ledger::Ledger;
use super::rng::Rng;
use super::server::{Server, block};
use super::setup::Setup;
use super::transport::{Late, Wire};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// A run is sixty days long.
const DAYS: i64 = 60;
/// How deep things happen inside one another.
const DEPTH: u8 = 2;

const DISK: &[Fault] =
    &[Fault::CrashClient, Fault::TornTail, Fault::LostWrites, Fault::DiskFull, Fault::DiskError];

/// Everything there is.
pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) rng: Rng,
    pub(crate) time: Time,
    pub(crate) server: Server,
    pub(crate) devices: Vec<Device>,
    pub(crate) units: Vec<UnitId>,
    pub(crate) ledger: Ledger,
    pub(crate) late: Vec<Late>,
    /// Enrolments whose place somebody was told of.
    pub(crate) told: BTreeSet<RecordId>,
    /// Those of them from before the server was set back, which are kept even where there is no room.
    pub(crate) promised: BTreeSet<RecordId>,
    /// Something was sent or received since it was last set to false.
    pub(crate) moved: bool,
    /// Only a newer program may receive.
    pub(crate) upgrade: bool,
    pub(crate) fired: [u64; KINDS],
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Trace,
    /// No faults, nothing in between.
    pub(crate) quiet: bool,
    depth: u8,
}

/// What happened, as a hash, and as lines if somebody wants to read them.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) hash: u64,
    pub(crate) lines: Option<Vec<String>>,
}

impl Trace {
    fn add(&mut self, line: String) {
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }
}

impl World {
    pub(super) fn empty(setup: Setup, rng: Rng, time: Time, server: Server) -> Self {
        Self {
            setup,
            rng,
            time,
            server,
            devices: Vec::new(),
            units: Vec::new(),
            ledger: Ledger::default(),
            late: Vec::new(),
            told: BTreeSet::new(),
            promised: BTreeSet::new(),
            moved: false,
            upgrade: false,
            fired: [0; KINDS],
            violations: Vec::new(),
            trace: Trace::default(),
            quiet: false,
            depth: 0,
        }
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        self.trace.add(line);
    }

    pub(crate) fn violate(&mut self, line: String) {
        self.trace.add(format!("VIOLATION {line}"));
        self.violations.push(line);
    }

    pub(crate) fn fire(&mut self, fault: Fault) {
        self.fired[fault.place()] += 1;
        self.note(|| format!("  fault {}", fault.key()));
    }

    /// Draws a fault for this place; it counts as met.
    pub(crate) fn strike(&mut self, of: &[Fault]) -> Option<Fault> {
        if self.quiet {
            return None;
        }
        let fault = self.setup.mix.strike(&mut self.rng, of)?;
        // These two count when they really happen.
        if !matches!(fault, Fault::CrashServer | Fault::ReplicaLag) {
            self.fire(fault);
        }
        Some(fault)
    }

    /// Runs all steps.
    pub(crate) fn run(&mut self) {
        let pace =
            usize::try_from(2 * DAYS * 24 * HOUR / MINUTE).unwrap() / self.setup.steps.max(1);
        for step in 0..self.setup.steps {
            let minutes = i64::try_from(self.rng.below(pace)).unwrap();
            self.time.pass(minutes * MINUTE);
            self.note(|| format!("step {step}"));
            self.step();
            if !self.violations.is_empty() {
                return;
            }
        }
    }

    fn step(&mut self) {
        if !self.late.is_empty() && self.rng.per_mille(300) {
            let at = self.rng.below(self.late.len());
            let late = self.late.swap_remove(at);
            self.note(|| format!("  late {:?}", late.call));
            drop(self.server.call(late.call, &late.token, &late.body));
        }
        if self.rng.per_mille(60) {
            let mut rng = self.rng.fork();
            self.server.keep_copy(&mut rng);
        }
        self.upset();
        let i = self.rng.below(self.devices.len());
        if self.rng.per_mille(40) && !self.devices[i].gone {
            self.devices[i].keep_image();
        }
        if self.rng.per_mille(self.setup.edits) {
            for _ in 0..self.rng.between(1, 4) {
                self.edit(i);
            }
        } else {
            self.sync(i);
        }
    }

    /// Something that may happen between two steps of a protocol.
    pub(crate) fn meanwhile(&mut self, device: usize) {
        if self.quiet || self.depth >= DEPTH || !self.rng.per_mille(self.setup.interleave) {
            return;
        }
        self.depth += 1;
        self.note(|| "  meanwhile".to_owned());
        let other = self.rng.below(self.devices.len());
        match self.rng.below(4) {
            0 | 1 => self.edit(device),
            2 => self.edit(other),
            _ => drop(self.sync(other)),
        }
        self.depth -= 1;
    }

    /// Makes sure that a program runs on the device; false if there cannot be one.
    pub(crate) fn is_up(&mut self, i: usize) -> bool {
        let device = &mut self.devices[i];
        if device.gone {
            return false;
        }
        if device.busy {
            return !device.disk.is_dead();
        }
        if device.client.is_some() && !device.disk.needs_reopening() {
            return true;
        }
        let opened = device.open(self.setup.limits);
        self.note(|| format!("device {i} opens: {opened:?}"));
        let Err(error) = opened else {
            let entries = self.devices[i].disk.with_image(|image| image.entries.clone());
            self.ledger.learn(i, &entries);
            return true;
        };
        let empty = self.devices[i].disk.with_image(|image| image.entries.is_empty());
        if empty || self.devices[i].disk.with_image(|image| image.base.rows.is_empty()) {
            // Store and journal lost together.
            self.devices[i].gone = true;
            self.ledger.excuse(i, &std::collections::BTreeSet::new());
        } else {
            self.violate(format!("device {i} cannot open its disk: {error}"));
            self.devices[i].gone = true;
        }
        false
    }

    pub(crate) fn client(&self, i: usize) -> Arc<Client> {
        Arc::<Client>::clone(self.devices[i].client.as_ref().unwrap())
    }

    /// Lets one of the disk's faults strike during what the device does next.
    pub(crate) fn arm(&mut self, i: usize, most: usize) {
        if self.quiet || self.devices[i].busy {
            return;
        }
        if let Some(fault) = self.setup.mix.strike(&mut self.rng, DISK) {
            let writes = self.rng.between(1, most);
            self.devices[i].disk.arm(fault, writes);
        }
    }

    /// Writes down what the device has said is saved, and looks at what it shows.
    pub(crate) fn harvest(&mut self, i: usize) {
        for entry in self.devices[i].disk.take_saved() {
            self.ledger.add(i, &entry);
        }
        for fault in self.devices[i].disk.take_fired() {
            self.fire(fault);
        }
    }

    /// One sync of a device, with whatever befalls it.
    pub(crate) fn sync(&mut self, i: usize) -> bool {
        if self.devices[i].busy || !self.is_up(i) {
            return false;
        }
        let client = self.client(i);
        let Some(joined) = client.profile().server else { return false };
        self.arm(i, 10);
        self.devices[i].busy = true;
        let before = client.inside();
        let mut wire = Wire::new(self, i, joined.token);
        let result = client.sync_over(&mut wire, &|_| {}, &AtomicBool::new(false));
        self.devices[i].busy = false;
        self.devices[i].disk.disarm();
        self.harvest(i);
        let inside = client.inside();
        self.moved |= result.as_ref().map_or(true, |done| done.pushed + done.pulled > 0);
        match &result {
            Ok(done) => self.note(|| {
                format!(
                    "device {i} syncs: pushed {}, pulled {}, waiting {}, at {}, gen {}",
                    done.pushed, done.pulled, done.pending, inside.cursor.seq, inside.generation
                )
            }),
            Err(error) => self.note(|| format!("device {i} syncs: {error} {:?}", error.args())),
        }
        let kept = inside.generation == before.generation && inside.acked_n < before.last_n;
        if kept && matches!(result, Err(ClientError::Ended { reason: "upgrade" })) {
            self.violate(format!("T40: device {i} must upgrade and could not send what it had"));
        }
        drop(client);
        if self.is_up(i) {
            self.check_shown(i);
            if result.is_ok() {
                self.check_synced(i);
            }
        }
        result.is_ok()
    }

    /// Answers a page from an earlier state of the database.
    pub(crate) fn ask_replica(&mut self, call: Call, token: &str, body: &[u8]) -> Option<Answered> {
        let mut rng = self.rng.fork();
        let Some(copy) = self.server.any_copy(&mut rng) else {
            return self.server.call(call, token, body);
        };
        self.fire(Fault::ReplicaLag);
        Some(block(self.server.reader(&copy, self.setup.limits).call(call, token, body)))
    }

    /// Starts the server again if it was stopped.
    pub(crate) fn server_died_perhaps(&mut self) {
        if self.server.db.is_stopped() {
            self.fire(Fault::CrashServer);
            self.server.start();
        }
    }
}
