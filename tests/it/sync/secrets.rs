//! What a thief gets, and what a colleague who left gets: the lease, the wipe, and what is noted of who saw what.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use ejia::client::clock::{Ambient, Machine};
use ejia::client::{Client, ClientError, Taken, Vault};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::server::admin;

use super::{Device, PASSPHRASE, data};
use crate::server::harness::{Server, block};

const DAY: i64 = 86_400_000;

/// A clock that a test sets.
#[derive(Debug)]
struct Set(AtomicI64);

impl Ambient for Set {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
    fn today(&self) -> jiff::civil::Date {
        Machine.today()
    }
    fn fill(&self, bytes: &mut [u8]) {
        Machine.fill(bytes);
    }
}

/// Closes a device and opens it with a clock that stands somewhere.
fn at(device: Device, clock: &Arc<Set>, ms: i64) -> Device {
    let Device { client, folder } = device;
    client.flush().unwrap();
    drop(client);
    clock.0.store(ms, Ordering::SeqCst);
    let dir = data(folder.path());
    let vault = Vault::open(&dir, PASSPHRASE).unwrap();
    let client = Client::from_vault_in(&dir, vault, clock.clone()).unwrap();
    Device { client, folder }
}

/// A server, headquarters, and a device of a college with a person in it.
fn office() -> (Server, Device, Device, RecordId) {
    let server = Server::start();
    let hq = Device::hq(&server);
    let college = hq.unit("020100", None);
    let person = hq.person(college, "10001", "歐陽若明");
    hq.sync();
    let device = Device::joined(&server, "organizer", Role::Organizer, "020100");
    device.sync();
    (server, hq, device, person)
}

#[test]
fn a_device_without_contact_is_locked_and_loses_nothing_of_what_waits() {
    let (mut server, hq, device, person) = office();
    let clock = Arc::new(Set(AtomicI64::new(0)));
    let start = Machine.now_ms();
    let device = at(device, &clock, start);
    device.sync();
    device.set(person, "name", "歐陽未送");
    let device = at(device, &clock, start + 29 * DAY);
    assert!(!device.client.is_expired(), "within the lease");
    let device = at(device, &clock, start + 30 * DAY + DAY / 2);
    assert!(device.client.is_expired(), "nothing is shown after the lease");
    let locked = device.client.must_be_leased();
    assert!(matches!(locked, Err(ClientError::LeaseExpired { pending: 1, .. })), "{locked:?}");

    let device = at(device, &clock, start + DAY);
    assert!(device.client.is_expired(), "setting the clock back gains nothing");
    server.stop();
    assert!(device.client.sync(&|_| {}, &AtomicBool::new(false)).is_err());
    assert!(device.client.is_expired() && device.client.status().pending == 1);
    server.run();
    device.sync();
    assert!(!device.client.is_expired(), "contact opens it");
    hq.sync();
    assert_eq!(hq.value(person, "name"), Some(super::text("歐陽未送")));
}

#[test]
fn headquarters_opens_a_locked_device_by_a_code_for_some_days() {
    let (server, _hq, device, _person) = office();
    let clock = Arc::new(Set(AtomicI64::new(0)));
    let start = Machine.now_ms();
    let device = at(device, &clock, start + 40 * DAY);
    assert!(device.client.is_expired());
    let id = device.client.profile().device;
    let short = block(admin::unlock(&server.database, id, 7)).unwrap();
    let late = device.client.unlock_by_code(&short.code);
    assert!(matches!(late, Err(ClientError::BadUnlockCode)), "its day is over on this clock");
    let long = block(admin::unlock(&server.database, id, 60)).unwrap();
    device.client.unlock_by_code(&long.code.to_lowercase()).unwrap();
    assert!(!device.client.is_expired());
    let device = at(device, &clock, start + 62 * DAY);
    assert!(device.client.is_expired(), "until its day, no longer");
    let other = Device::joined(&server, "other", Role::Organizer, "020100");
    other.sync();
    assert!(other.client.unlock_by_code(&long.code).is_err(), "for one device only");
    assert!(block(admin::unlock(&server.database, ejia::domain::ids::DeviceId(1), 7)).is_err());
}

#[test]
fn thirty_unsent_edits_are_handed_in_before_the_data_is_destroyed() {
    let (server, _hq, device, person) = office();
    for n in 0..30 {
        device.set(person, "name", &format!("歐陽改{n}"));
    }
    let id = device.client.profile().device;
    block(admin::revoke(&server.database, id, true)).unwrap();
    let ended = device.client.sync(&|_| {}, &AtomicBool::new(false));
    assert!(matches!(ended, Err(ClientError::Ended { reason: "wiped" })), "{ended:?}");
    let kept = block(admin::quarantine(&server.database)).unwrap();
    assert!(kept.len() == 30 && kept.iter().all(|k| k.row.id.device == id), "{}", kept.len());
    let Device { client, folder } = device;
    drop(client);
    let dir = data(folder.path());
    assert!(Client::open(&dir, PASSPHRASE).is_err());
    let left: Vec<_> = std::fs::read_dir(&dir).into_iter().flatten().flatten().collect();
    let left: Vec<_> = left.iter().map(std::fs::DirEntry::file_name).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_device_that_dies_between_handing_in_and_destroying_does_both_once() {
    for dies_before in [1, 2] {
        let (server, _hq, device, person) = office();
        for n in 0..30 {
            device.set(person, "name", &format!("歐陽改{n}"));
        }
        let id = device.client.profile().device;
        block(admin::revoke(&server.database, id, true)).unwrap();
        let step = AtomicI64::new(0);
        let died = catch_unwind(AssertUnwindSafe(|| {
            let progress =
                |_| assert!(step.fetch_add(1, Ordering::SeqCst) < dies_before, "dies here");
            device.client.sync(&progress, &AtomicBool::new(false))
        }));
        assert!(died.is_err(), "{dies_before}");
        let device = device.reopen();
        assert_eq!(device.client.status().pending, 30, "nothing is gone before it was handed in");
        assert_eq!(device.value(person, "name"), Some(super::text("歐陽改29")));
        let handed = block(admin::quarantine(&server.database)).unwrap();
        assert_eq!(handed.len(), if dies_before == 1 { 0 } else { 30 });
        let ended = device.client.sync(&|_| {}, &AtomicBool::new(false));
        assert!(matches!(ended, Err(ClientError::Ended { reason: "wiped" })), "{ended:?}");
        assert_eq!(block(admin::quarantine(&server.database)).unwrap().len(), 30);
    }
}

#[test]
fn who_opened_a_masked_field_exported_or_failed_to_get_in_stands_in_the_servers_list() {
    let (server, _hq, device, person) = office();
    let number = Kind::Person.spec().field("id_number").unwrap().number;
    let none = device.client.reveal(person, &[number], "  ");
    assert!(matches!(none, Err(ClientError::ReasonMissing)));
    device.client.reveal(person, &[number], "核對檔案").unwrap();
    let whole = Taken {
        kind: Kind::Person,
        fields: vec![Kind::Person.spec().field("name").unwrap().number],
        count: 1,
        purpose: "",
        receiver: "",
        whole: true,
    };
    let refused = device.client.note_export(&whole);
    assert!(matches!(refused, Err(ClientError::PurposeMissing)), "a unit's whole table");
    device.client.note_export(&Taken { purpose: "年報", receiver: "校辦", ..whole }).unwrap();
    let Device { client, folder } = device;
    drop(client);
    let dir = data(folder.path());
    for _ in 0..3 {
        assert!(Client::open(&dir, "not the passphrase").is_err());
    }
    let device = Device { client: Client::open(&dir, PASSPHRASE).unwrap(), folder };
    device.sync();
    let list = block(admin::events(&server.database, 0, 1_000)).unwrap();
    let of = |word: &str| {
        let found = list.iter().find(|info| info.row.event.word == word);
        found.map(|info| (info.user.clone(), info.row.event.detail.clone())).unwrap()
    };
    let (user, detail) = of("note.reveal");
    assert!(user == "organizer" && detail.contains("id_number") && detail.contains("核對檔案"));
    assert!(!detail.contains("歐陽"), "a note names nobody: {detail}");
    assert!(of("note.export").1.contains("年報 -> 校辦"));
    assert!(of("note.unlock_failed").1.contains("\"count\":3"));
}
