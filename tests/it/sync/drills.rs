//! Restore drills: every row of the protocol's table of restores, with a real server and real devices. Nothing may be lost and
//! headquarters must be told. `EJIA_DRILLS=50` runs fifty rounds of the mixed drill instead of three.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ejia::client::transport::{Counters, TransportError};
use ejia::client::{Client, ClientError, HttpTransport, KeyCost, NewDevice, Transport, Vault};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::admin;
use ejia::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, EnrolAnswer, EnrolRequest, Hello,
    HistoryAnswer, Page, PullRequest, PushAnswer, PushRequest, QuarantineAnswer, QuarantineRequest,
    ReadmitAnswer, ReadmitRequest, SessionAnswer, SessionRequest, SyncAnswer, SyncRequest,
};

use super::{Device, PASSPHRASE, data, text};
use crate::server::harness::{Server, block};

/// Headquarters and some organizers of two colleges; what each wrote and was told is safe.
struct Drill {
    server: Server,
    hq: Device,
    devices: Vec<Device>,
    colleges: [RecordId; 2],
    /// Persons made, by their number.
    made: Vec<(RecordId, String)>,
    backups: PathBuf,
}

const UNITS: [&str; 2] = ["020100", "030100"];

impl Drill {
    fn start(devices: usize) -> Self {
        let server = Server::start();
        let hq = Device::hq(&server);
        hq.sync();
        let colleges = UNITS.map(|code| hq.unit(code, None));
        hq.sync();
        let backups = server.folder().join("backups");
        let mut drill =
            Self { server, hq, devices: Vec::new(), colleges, made: Vec::new(), backups };
        for _ in 0..devices {
            drill.enrol();
        }
        drill
    }

    fn enrol(&mut self) {
        let i = self.devices.len();
        let device = Device::joined(&self.server, &format!("d{i}"), Role::Organizer, UNITS[i % 2]);
        device.sync();
        self.devices.push(device);
    }

    /// One more person and one more edit by a device, not sent yet.
    fn write(&mut self, i: usize) -> RecordId {
        let n = self.made.len();
        let number = format!("{n:06}");
        let id = self.devices[i].person(self.colleges[i % 2], &number, "某人");
        let name = format!("某人{n}");
        self.devices[i].set(id, "name", &name);
        self.made.push((id, name));
        id
    }

    fn work(&mut self, i: usize, times: usize) {
        for _ in 0..times {
            self.write(i);
        }
        self.devices[i].sync();
    }

    fn backup(&self) -> admin::Backup {
        block(admin::backup(&self.server.database, &self.backups)).unwrap()
    }

    fn restore(&mut self) -> admin::Restored {
        self.server.stop();
        let done = block(admin::restore(&self.server.database, &self.backups)).unwrap();
        self.server.run();
        done
    }

    fn file(&self) -> PathBuf {
        PathBuf::from(self.server.database.to_string())
    }

    /// Copies the database as an operator would, without a word to anybody.
    fn copy(&mut self, name: &str) -> PathBuf {
        self.server.stop();
        let copy = self.server.folder().join(name);
        std::fs::copy(self.file(), &copy).unwrap();
        self.server.run();
        copy
    }

    /// Puts a copy back the same way, and the marks with it if `marks` says so.
    fn put_back(&mut self, copy: &Path, without_marks: bool) {
        self.server.stop();
        for end in ["-wal", "-shm"] {
            let _absent = std::fs::remove_file(format!("{}{end}", self.file().display()));
        }
        std::fs::copy(copy, self.file()).unwrap();
        if without_marks {
            std::fs::remove_file(format!("{}.marks", self.file().display())).unwrap();
        }
        self.server.run();
    }

    fn sync_all(&self) {
        for _ in 0..2 {
            for device in self.devices.iter().chain([&self.hq]) {
                device.sync();
            }
        }
    }

    fn alarms(&self) -> Vec<String> {
        let fleet = block(admin::fleet(&self.server.database)).unwrap();
        fleet.alarms.into_iter().map(|alarm| alarm.word).collect()
    }

    fn epoch_no(&self) -> u64 {
        block(admin::fleet(&self.server.database)).unwrap().tenant.epoch_no
    }

    /// Everything that was written is at headquarters, nobody has anything to settle, and every device holds what the server does.
    fn nothing_is_lost(&self) {
        self.sync_all();
        for (id, name) in &self.made {
            assert_eq!(self.hq.value(*id, "name"), Some(text(name)), "{name}");
        }
        assert_eq!(self.hq.count(Kind::Person), self.made.len());
        assert!(self.hq.client.conflicts().is_empty());
        for device in self.devices.iter().chain([&self.hq]) {
            let status = device.client.status();
            assert_eq!((status.pending, status.attention), (0, 0));
            let compared = device.client.compare(&|_| {}, &AtomicBool::new(false)).unwrap();
            assert!(compared.compared && compared.repaired == 0, "{compared:?}");
        }
        let verified = block(admin::verify(&self.server.database)).unwrap();
        assert_eq!(verified.difference, None);
    }
}

/// A second copy of a device's folder, opened as it is.
fn twin(of: Device) -> (Device, Device) {
    let Device { client, folder } = of;
    client.flush().unwrap();
    drop(client);
    let other = tempfile::tempdir().unwrap();
    copy_folder(&data(folder.path()), &data(other.path()));
    let open = |dir: &Path| Client::open(&data(dir), PASSPHRASE).unwrap();
    let one = Device { client: open(folder.path()), folder };
    let two = Device { client: open(other.path()), folder: other };
    (one, two)
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_server_restored_by_the_tool_is_filled_again() {
    let mut drill = Drill::start(3);
    drill.work(0, 3);
    drill.work(1, 3);
    drill.backup();
    drill.work(0, 3);
    drill.work(2, 3);
    drill.hq.sync();
    let running = block(admin::restore(&drill.server.database, &drill.backups));
    assert!(matches!(running, Err(admin::AdminError::Running)), "{running:?}");
    let restored = drill.restore();
    assert!(restored.kept.unwrap().exists());
    assert_eq!(drill.epoch_no(), 2);
    drill.nothing_is_lost();
    assert!(drill.alarms().contains(&"restored".to_owned()));
}

#[test]
fn a_copy_put_back_in_silence_is_noticed_at_the_start() {
    let mut drill = Drill::start(2);
    drill.work(0, 3);
    let copy = drill.copy("copy");
    drill.work(0, 2);
    drill.work(1, 2);
    drill.put_back(&copy, false);
    assert_eq!(drill.epoch_no(), 2, "before any device came");
    drill.nothing_is_lost();
    assert!(drill.alarms().contains(&"rolled_back".to_owned()));
}

#[test]
fn without_marks_the_first_device_proves_it_and_only_once() {
    let mut drill = Drill::start(3);
    drill.work(0, 3);
    let copy = drill.copy("copy");
    drill.work(0, 2);
    drill.hq.sync();
    drill.put_back(&copy, true);
    assert_eq!(drill.epoch_no(), 1);
    // The server grows past every cursor before anybody who knows better comes.
    for _ in 0..8 {
        let n = drill.write(1);
        assert!(drill.devices[1].client.view(n).is_ok());
    }
    drill.devices[1].sync();
    drill.hq.sync();
    assert_eq!(drill.epoch_no(), 2);
    drill.nothing_is_lost();
    assert_eq!(drill.epoch_no(), 2);
    assert_eq!(drill.alarms().iter().filter(|word| *word == "rolled_back").count(), 1);
}

#[test]
fn a_device_enrolled_after_the_backup_comes_back_by_its_certificate() {
    let mut drill = Drill::start(1);
    drill.work(0, 2);
    drill.backup();
    drill.enrol();
    drill.work(1, 3);
    drill.write(1);
    drill.restore();
    drill.nothing_is_lost();
    let fleet = block(admin::fleet(&drill.server.database)).unwrap();
    let back = fleet.devices.iter().find(|info| info.device.state == "returned").unwrap();
    assert_eq!(back.user, "d1");
    block(admin::confirm(&drill.server.database, back.device.id)).unwrap();
    drill.devices[1].sync();
    assert!(drill.alarms().contains(&"returned".to_owned()));
}

#[test]
fn a_revoked_device_hands_in_what_it_has_and_a_restore_does_not_let_it_in_again() {
    let mut drill = Drill::start(2);
    drill.work(0, 2);
    drill.backup();
    let revoked = drill.devices[1].client.profile().device;
    for _ in 0..15 {
        drill.write(1);
    }
    let device = drill.devices.pop().unwrap();
    let unsent = drill.made.split_off(2);
    block(admin::revoke(&drill.server.database, revoked, true)).unwrap();
    block(admin::user_disable(&drill.server.database, "d0")).unwrap();
    let restored = drill.restore();
    assert_eq!((restored.reapplied.revoked, restored.reapplied.accounts), (1, 1));
    let ended = device.client.sync(&|_| {}, &AtomicBool::new(false));
    assert!(matches!(ended, Err(ClientError::Ended { reason: "wiped" })), "{ended:?}");
    let quarantine = block(admin::quarantine(&drill.server.database)).unwrap();
    assert_eq!(quarantine.len(), unsent.len() * 2);
    assert!(quarantine.iter().all(|info| info.row.id.device == revoked));
    let Device { client, folder } = device;
    drop(client);
    assert!(Client::open(&data(folder.path()), PASSPHRASE).is_err(), "its key is destroyed");
    let closed = drill.devices[0].client.sync(&|_| {}, &AtomicBool::new(false));
    assert!(matches!(closed, Err(ClientError::Transport(_))), "{closed:?}");
}

#[test]
fn two_live_copies_of_one_device_lose_nothing_and_headquarters_is_told() {
    let mut drill = Drill::start(1);
    drill.work(0, 2);
    let (one, two) = twin(drill.devices.pop().unwrap());
    drill.devices = vec![one, two];
    drill.colleges[1] = drill.colleges[0];
    for round in 0..6 {
        drill.write(round % 2);
        drill.write((round + 1) % 2);
        drill.devices[round % 2].sync();
        drill.devices[(round + 1) % 2].sync();
    }
    drill.nothing_is_lost();
    assert!(drill.devices.iter().any(|device| device.client.profile().generation == 1));
    let fleet = block(admin::fleet(&drill.server.database)).unwrap();
    assert!(fleet.devices.iter().any(|info| info.device.clone_seen_at > 0));
    assert!(drill.alarms().contains(&"clone".to_owned()));
}

#[test]
fn a_device_restored_from_an_old_copy_sends_all_ninety_edits() {
    let mut drill = Drill::start(1);
    for _ in 0..25 {
        drill.write(0);
    }
    drill.devices[0].sync();
    let copy = drill.server.folder().join("device.backup");
    drill.write(0);
    drill.devices[0].client.backup(&copy).unwrap();
    for _ in 0..14 {
        drill.write(0);
    }
    drill.devices[0].sync();
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::restore(&copy, &data(folder.path()), PASSPHRASE).unwrap();
    let client = Client::from_vault(&data(folder.path()), vault).unwrap();
    drill.devices[0] = Device { client, folder };
    for _ in 0..5 {
        drill.write(0);
    }
    drill.nothing_is_lost();
    assert_eq!(drill.devices[0].client.profile().generation, 2);
}

#[test]
fn a_device_put_back_to_before_the_servers_restore_is_told_what_was_refused_there() {
    let mut drill = Drill::start(2);
    drill.hq.sync();
    drill.backup();
    let mine = drill.devices[0].person(drill.colleges[0], "000001", "某人");
    drill.devices[0].sync();
    let copy = drill.server.folder().join("device.backup");
    drill.devices[0].client.backup(&copy).unwrap();
    drill.restore();
    // Before the device comes back, headquarters gives its number to somebody else.
    drill.hq.person(drill.colleges[0], "000001", "別人");
    drill.hq.sync();
    drill.devices[0].sync();
    let told = |drill: &Drill| -> Vec<RecordId> {
        drill.devices[0].client.attention().iter().map(|item| item.record).collect()
    };
    assert_eq!(told(&drill), [mine]);
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::restore(&copy, &data(folder.path()), PASSPHRASE).unwrap();
    let client = Client::from_vault(&data(folder.path()), vault).unwrap();
    drill.devices[0] = Device { client, folder };
    assert_eq!(told(&drill), []);
    drill.devices[0].sync();
    assert_eq!(told(&drill), [mine]);
    drill.devices[0].client.discard(drill.devices[0].client.attention()[0].n, "登記錯").unwrap();
    drill.devices[0].sync();
    assert_eq!(told(&drill), []);
}

#[test]
fn old_generations_are_sent_again_too() {
    let mut drill = Drill::start(2);
    drill.backup();
    drill.work(0, 3);
    for _ in 0..2 {
        let copy = drill.server.folder().join(format!("device.{}", drill.made.len()));
        drill.devices[0].client.backup(&copy).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::restore(&copy, &data(folder.path()), PASSPHRASE).unwrap();
        let client = Client::from_vault(&data(folder.path()), vault).unwrap();
        drill.devices[0] = Device { client, folder };
        drill.work(0, 3);
    }
    assert_eq!(drill.devices[0].client.profile().generation, 3);
    drill.restore();
    drill.nothing_is_lost();
}

#[test]
fn the_journal_forgets_what_is_in_a_verified_backup_and_nothing_else() {
    let mut drill = Drill::start(1);
    for n in 0..9_000 {
        let number = format!("9{n:06}");
        let id = drill.devices[0].person(drill.colleges[0], &number, "某人");
        drill.made.push((id, "某人".to_owned()));
    }
    drill.devices[0].sync();
    let journal = data(drill.devices[0].folder.path()).join("journal");
    let segments = || std::fs::read_dir(&journal).unwrap().count();
    let before = segments();
    drill.devices[0].sync();
    assert_eq!(segments(), before, "no backup yet");
    drill.backup();
    drill.work(0, 1);
    assert!(segments() < before, "{} of {before}", segments());
    drill.devices[0] = std::mem::replace(&mut drill.devices[0], Device::new("none")).reopen();
    drill.work(0, 1);
    drill.restore();
    drill.nothing_is_lost();
}

#[test]
fn a_unit_that_moves_takes_one_request_more_and_not_the_whole_scope() {
    let mut drill = Drill::start(2);
    let leaf = drill.hq.unit("020101", Some(drill.colleges[0]));
    drill.hq.sync();
    for n in 0..200 {
        let id = drill.hq.person(leaf, &format!("7{n:05}"), "支部的人");
        drill.made.push((id, "支部的人".to_owned()));
    }
    for n in 0..300 {
        let id = drill.hq.person(drill.colleges[1], &format!("8{n:05}"), "某人");
        drill.made.push((id, "某人".to_owned()));
    }
    drill.hq.sync();
    drill.sync_all();
    let moved = drill.made[0].0;
    drill.devices[0].set(moved, "name", "未送");
    let fields = super::fields(Kind::Unit, &[("parent", Value::Ref(drill.colleges[1]))]);
    drill.hq.client.set_fields(leaf, fields).unwrap();
    drill.hq.sync();
    let gained = drill.devices[1].sync();
    assert!(gained.pulled <= 203, "{gained:?}");
    assert_eq!(drill.devices[1].count(Kind::Person), 500);
    let lost = drill.devices[0].sync();
    assert!(lost.pulled <= 5 && lost.removed >= 200, "{lost:?}");
    assert_eq!(drill.devices[0].count(Kind::Person), 0);
    assert!(drill.devices[0].client.view(moved).is_err());
    drill.hq.sync();
    let settled = drill.hq.value(moved, "name") == Some(text("未送"));
    assert!(
        settled || !drill.hq.client.conflicts().is_empty(),
        "the edit is applied or waits for a person"
    );
}

#[test]
fn deletions_leave_the_feed_once_everybody_has_them_and_an_old_copy_starts_again() {
    let mut drill = Drill::start(2);
    drill.work(0, 3);
    let gone = drill.made.pop().unwrap().0;
    drill.sync_all();
    let copy = drill.server.folder().join("old.backup");
    drill.devices[0].set(gone, "name", "舊副本裏改的");
    drill.devices[0].client.backup(&copy).unwrap();
    drill.devices[0].sync();
    drill.hq.sync();
    drill.hq.client.delete(gone, "調出").unwrap();
    drill.hq.sync();
    drill.sync_all();
    drill.sync_all();
    let head = block(admin::fleet(&drill.server.database)).unwrap().tenant.head_seq;
    assert_eq!(block(admin::bury(&drill.server.database, 400)).unwrap(), 0, "too young");
    assert_eq!(block(admin::bury(&drill.server.database, 0)).unwrap(), head);
    let late = Device::joined(&drill.server, "late", Role::Organizer, UNITS[0]);
    late.sync();
    assert!(late.client.view(gone).is_err(), "who comes later hears nothing of it");
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::restore(&copy, &data(folder.path()), PASSPHRASE).unwrap();
    let client = Client::from_vault(&data(folder.path()), vault).unwrap();
    client.set_fields(gone, super::fields(Kind::Person, &[("phone", text("138"))])).unwrap();
    let stale = Device { client, folder };
    stale.sync();
    drill.hq.sync();
    assert!(drill.hq.client.view(gone).is_ok_and(|view| view.deleted), "not brought back");
    assert!(!drill.hq.client.conflicts().is_empty(), "a person decides");
    assert_eq!(stale.client.status().pending, 0);
}

/// Says something else than the device holds, once.
struct Rotten(HttpTransport, bool);

impl Transport for Rotten {
    fn hello(&mut self) -> Result<Hello, TransportError> {
        self.0.hello()
    }
    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError> {
        self.0.enrol(request)
    }
    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError> {
        self.0.sync(request)
    }
    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError> {
        self.0.push(request)
    }
    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.0.pull(request)
    }
    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError> {
        self.0.history(record)
    }
    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError> {
        self.0.challenge(request)
    }

    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError> {
        self.0.session(request)
    }

    fn set_token(&mut self, token: &str) {
        self.0.set_token(token);
    }

    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError> {
        self.0.readmit(request)
    }
    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError> {
        self.0.quarantine(request)
    }
    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError> {
        let mut request = request.clone();
        if !std::mem::replace(&mut self.1, true) {
            for (_, sum) in &mut request.units {
                *sum ^= 1;
            }
        }
        self.0.check(&request)
    }
    fn counters(&self) -> Counters {
        self.0.counters()
    }
}

#[test]
fn a_device_that_holds_something_else_takes_the_unit_again_and_headquarters_is_told() {
    let mut drill = Drill::start(1);
    drill.work(0, 5);
    drill.sync_all();
    drill.write(0);
    let device = &drill.devices[0];
    let never = AtomicBool::new(false);
    let mut transport = Rotten(device.client.connect().unwrap(), false);
    let compared = device.client.compare_over(&mut transport, &|_| {}, &never).unwrap();
    assert!(compared.compared && compared.repaired > 0, "{compared:?}");
    assert_eq!(device.client.status().pending, 2, "what waits is not touched");
    assert_eq!(device.count(Kind::Person), 6);
    let again = device.client.compare_over(&mut transport, &|_| {}, &never).unwrap();
    assert_eq!((again.compared, again.repaired), (true, 0));
    drill.nothing_is_lost();
    assert!(drill.alarms().contains(&"state_hash".to_owned()));
}

/// Backups, restores, clones, old copies and silent copies in an order that a number decides.
fn mixed(seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % n).unwrap()
    };
    let mut drill = Drill::start(4);
    drill.backup();
    for step in 0..12 {
        let i = below(4);
        match below(7) {
            0 => {
                drill.backup();
            }
            1 => {
                drill.restore();
            }
            2 => {
                let copy = drill.copy(&format!("copy-{step}"));
                drill.work(i, 1);
                drill.put_back(&copy, below(2) == 0);
            }
            3 => {
                let copy = drill.server.folder().join(format!("device-{step}"));
                drill.devices[i].client.backup(&copy).unwrap();
                let folder = tempfile::tempdir().unwrap();
                let vault = Vault::restore(&copy, &data(folder.path()), PASSPHRASE).unwrap();
                let client = Client::from_vault(&data(folder.path()), vault).unwrap();
                drill.devices[i] = Device { client, folder };
            }
            4 => {
                drill.write(i);
            }
            _ => drill.work(i, 2),
        }
    }
    drill.nothing_is_lost();
}

#[expect(clippy::disallowed_methods, reason = "a test asks how often it shall run")]
fn rounds() -> u64 {
    std::env::var("EJIA_DRILLS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

#[test]
fn restores_of_every_sort_in_any_order_lose_nothing() {
    for seed in 1..=rounds() {
        mixed(seed);
    }
}

/// The key cost and the profile of a new device, for those who need one outside a drill.
#[test]
fn a_device_that_never_joined_is_not_asked_for_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let new = NewDevice { user: "alone".into(), unit_code: None, cost: KeyCost::CHEAP };
    let (client, _) = Client::create(&data(folder.path()), PASSPHRASE, &new).unwrap();
    let ended = client.sync(&|_| {}, &AtomicBool::new(false));
    assert!(matches!(ended, Err(ClientError::NotEnrolled)), "{ended:?}");
}

#[test]
fn a_change_whose_ground_the_server_lost_waits_in_sight_until_its_author_comes_back() {
    let mut drill = Drill::start(1);
    let id = drill.write(0);
    drill.sync_all();
    let copy = drill.copy("before");
    drill.hq.set(id, "name", "甲");
    drill.hq.sync();
    drill.devices[0].sync();
    drill.devices[0].set(id, "name", "乙");
    drill.devices[0].sync();
    drill.put_back(&copy, false);
    // The college comes back first: what it had seen is not there yet.
    drill.devices[0].sync();
    let college = &drill.devices[0].client;
    let held = college.attention();
    assert_eq!(held.iter().map(|item| item.code.as_str()).collect::<Vec<_>>(), ["held"]);
    assert_eq!(held[0].record, id);
    assert_eq!(held[0].message, "missing_base");
    assert_eq!(college.status().attention, 1);
    assert!(college.conflicts().is_empty());
    drill.hq.sync();
    drill.devices[0].sync();
    drill.hq.sync();
    for device in [&drill.hq, &drill.devices[0]] {
        assert_eq!(device.value(id, "name"), Some(text("乙")));
        assert_eq!(device.client.attention(), []);
        assert!(device.client.conflicts().is_empty());
        assert_eq!(device.client.status().pending, 0);
    }
    block(admin::verify(&drill.server.database)).unwrap();
}
