//! What a seed stands for: how many devices and units, which faults, how small the limits are; and the first day.

use std::sync::Arc;

use ejia::client::Client;
use ejia::client::Profile;
use ejia::domain::access::Role;
use ejia::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{Fields, PartialDate, Value};
use ejia::store::{Change, Entry};
use ejia::sync::Limits;
use ejia::wire::{encode, frame};

use super::ambient::{Machine, Time};
use super::device::Device;
use super::disk::{Disk, Image};
use super::faults::{Fault, Mix};
use super::rng::Rng;
use super::server::Server;
use super::transport::Wire;
use super::world::World;

const DAY: i64 = 86_400_000;

/// The options a seed expands to.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) devices: usize,
    pub(crate) units: usize,
    pub(crate) steps: usize,
    /// Times in a thousand that something else happens between two protocol steps.
    pub(crate) interleave: usize,
    /// Share of edits among the steps, in a thousand.
    pub(crate) edits: usize,
    pub(crate) mix: Mix,
    pub(crate) limits: Limits,
}

impl Setup {
    pub(crate) fn draw(seed: u64, allowed: &[Fault], rng: &mut Rng) -> Self {
        let limits = Limits {
            batch_ops: 2,
            page_records: 3,
            tombstone_ms: 5 * DAY,
            held_ms: 2 * DAY,
            lease_ms: 3 * DAY,
            session_ms: 3 * DAY,
            ..Limits::default()
        };
        Self {
            seed,
            devices: rng.between(1, 12).min(rng.between(1, 12)),
            units: rng.between(3, 15).min(rng.between(3, 15)),
            steps: rng.between(40, 160),
            interleave: if rng.per_mille(300) { 0 } else { rng.between(1, 150) },
            edits: rng.between(350, 750),
            mix: Mix::draw(rng, allowed),
            limits,
        }
    }
}

impl std::fmt::Display for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, devices, units, steps, interleave, edits, mix, .. } = self;
        write!(
            f,
            "seed {seed}: {devices} devices, {units} units, {steps} steps, edits {edits}‰, interleaved {interleave}‰, \
             faults [{}] at {}‰",
            mix.names(),
            mix.rate
        )
    }
}

impl World {
    /// Makes server, units, accounts and devices; nothing goes wrong on the first day.
    pub(crate) fn new(setup: Setup, mut rng: Rng) -> Self {
        let time = Time::new();
        let (server, code) = Server::new(&time, rng.fork(), setup.limits);
        let root = server.root;
        let mut world = Self::empty(setup, rng, time, server);
        world.quiet = true;
        world.join("hq", Role::HqAdmin, root, Some(code));
        let units = world.make_units(root);
        world.announce_classes();
        for i in 1..world.setup.devices {
            let role = match world.rng.below(20) {
                0..=12 => Role::Organizer,
                13..=15 => Role::UnitLead,
                16..=18 => Role::Hq,
                _ => Role::Auditor,
            };
            let unit = if role.is_headquarters() { root } else { *world.rng.pick(&units).unwrap() };
            world.join(&format!("user{i}"), role, unit, None);
        }
        world.units = units;
        for i in 0..world.devices.len() {
            world.sync(i);
        }
        let mut rng = world.rng.fork();
        world.server.keep_copy(&mut rng);
        world.quiet = false;
        world
    }

    /// Sets a machine up and lets it join.
    fn join(&mut self, name: &str, role: Role, unit: UnitId, code: Option<String>) {
        let mut rng = self.rng.fork();
        let user = UserId(uuid::Builder::from_random_bytes(draw(&mut rng)).into_uuid());
        let code = code.unwrap_or_else(|| self.server.account(name, role, unit, user));
        let profile = Profile {
            device: DeviceId(rng.next()),
            generation: 1,
            user,
            user_name: name.to_owned(),
            role: Role::HqAdmin,
            unit: UnitId::HOME,
            unit_code: None,
            server: None,
        };
        let machine = Machine::new(&self.time, rng.fork());
        let disk = Disk::new(Image::default(), rng.fork());
        first_profile(&disk, &profile);
        let mut device = Device::new(disk, machine, user);
        device.open(self.setup.limits).unwrap();
        let client = Arc::<Client>::clone(device.client.as_ref().unwrap());
        let i = self.devices.len();
        self.devices.push(device);
        let mut wire = Wire::new(self, i, String::new());
        client.enrol_over(&mut wire, "https://sim", &code, name).unwrap();
        self.devices[i].user = client.profile().user;
        self.harvest(i);
    }

    /// Headquarters announces two classes with two places each.
    fn announce_classes(&mut self) {
        let client = self.client(0);
        let number = |key| Kind::TrainingClass.spec().field(key).unwrap().number;
        for n in 1..=2 {
            let day = |day| Value::Date(PartialDate::day(2026, 12, day).unwrap());
            let fields: Fields = [
                (number("year"), Value::Int(2026)),
                (number("name"), Value::Text(format!("class {n}"))),
                (number("starts_on"), day(1)),
                (number("ends_on"), day(20)),
                (number("capacity"), Value::Int(2)),
            ]
            .into();
            let class = client.create_record(Kind::TrainingClass, None, fields).unwrap().id;
            client.act(class, "publish", None, Fields::new()).unwrap();
        }
        self.harvest(0);
        self.sync(0);
    }

    /// Headquarters makes the tree.
    fn make_units(&mut self, root: UnitId) -> Vec<UnitId> {
        let client = Arc::<Client>::clone(self.devices[0].client.as_ref().unwrap());
        let number = |key| Kind::Unit.spec().field(key).unwrap().number;
        self.sync(0);
        let mut units = vec![root];
        for i in 1..self.setup.units {
            let above: RecordId = self.rng.pick(&units).unwrap().record();
            let fields: Fields = [
                (number("code"), Value::Text(format!("{i:06}"))),
                (number("name"), Value::Text(format!("unit {i}"))),
                (number("type"), Value::Code("committee".into())),
                (number("parent"), Value::Ref(above)),
            ]
            .into();
            let saved = client.create_record(Kind::Unit, None, fields).unwrap();
            units.push(saved.id.unit());
        }
        self.harvest(0);
        self.sync(0);
        units
    }
}

/// Writes a new device's profile, as creating its directory does.
pub(crate) fn first_profile(disk: &Disk, profile: &Profile) {
    let encoded = encode(profile).unwrap();
    let mut vault = disk.open();
    let bytes = frame::seal(0x0181, &encoded);
    vault.journal.append(&[Entry { generation: 0, n: 0, bytes }]).unwrap();
    let notes = vec![("profile".to_owned(), Some(encoded))];
    vault.store.commit(&Change { notes, ..Change::default() }).unwrap();
}

pub(super) fn draw<const N: usize>(rng: &mut Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}
