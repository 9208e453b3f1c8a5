//! Real devices and a real server, with something happening between two steps of a sync.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ejia::client::{
    Client, ClientError, Counters, HttpTransport, Progress, Transport, TransportError,
};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::sync::Limits;
use ejia::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, EnrolAnswer, EnrolRequest, Hello,
    HistoryAnswer, Page, PullRequest, PushAnswer, PushRequest, QuarantineAnswer, QuarantineRequest,
    ReadmitAnswer, ReadmitRequest, SessionAnswer, SessionRequest, SyncAnswer, SyncRequest,
};

use crate::server::harness::Server;
use crate::sync::{Device, PASSPHRASE, text};

/// Headquarters and a device of a college with one person.
struct Office {
    server: Server,
    hq: Device,
    a: Device,
    college: RecordId,
    person: RecordId,
}

fn office() -> Office {
    let server = Server::start();
    let hq = Device::hq(&server);
    let college = hq.unit("020100", None);
    hq.unit("030100", None);
    let person = hq.person(college, "10001", "歐陽若明");
    hq.sync();
    let a = Device::joined(&server, "a", Role::Organizer, "020100");
    a.sync();
    Office { server, hq, a, college, person }
}

/// Syncs and does something at the given step, counted from 0.
fn sync_with(device: &Device, step: usize, act: impl Fn()) -> Result<usize, ClientError> {
    let at = Cell::new(0);
    let progress = |_: Progress| {
        if at.get() == step {
            act();
        }
        at.set(at.get() + 1);
    };
    device.client.sync(&progress, &AtomicBool::new(false))?;
    Ok(at.get())
}

/// Syncs and gives up before the first request after the given step.
fn sync_until(device: &Device, step: usize) {
    let (at, cancel) = (Cell::new(0), AtomicBool::new(false));
    let progress = |_: Progress| {
        cancel.store(at.get() >= step, Ordering::SeqCst);
        at.set(at.get() + 1);
    };
    let stopped = device.client.sync(&progress, &cancel);
    assert!(matches!(stopped, Err(ClientError::Cancelled)), "{stopped:?}");
}

#[test]
fn an_own_edit_is_in_view_at_every_step_of_its_sync() {
    let Office { hq, a, person, server: _server, .. } = office();
    hq.set(person, "phone", "13800000000");
    hq.sync();
    a.set(person, "name", "歐陽改");
    let progress = |progress: Progress| {
        assert_eq!(a.value(person, "name"), Some(text("歐陽改")), "{progress:?}");
    };
    a.client.sync(&progress, &AtomicBool::new(false)).unwrap();
    assert_eq!(a.value(person, "phone"), Some(text("13800000000")));
}

#[test]
fn an_edit_made_at_any_step_of_a_sync_stays_and_is_sent_by_the_next() {
    let Office { hq, a, person, server: _server, .. } = office();
    let mut steps = 1;
    let mut step = 0;
    while step < steps {
        let name = format!("歐陽{step}");
        a.set(person, "phone", &format!("1380000000{step}"));
        steps = sync_with(&a, step, || a.set(person, "name", &name)).unwrap();
        assert_eq!(a.value(person, "name"), Some(text(&name)), "step {step}");
        a.sync();
        hq.sync();
        assert_eq!(hq.value(person, "name"), Some(text(&name)), "step {step}");
        step += 1;
    }
    assert!(steps > 3);
    assert!(hq.client.conflicts().is_empty());
}

#[test]
fn an_edit_made_while_its_record_leaves_is_kept_for_headquarters() {
    let Office { hq, a, person, server: _server, .. } = office();
    hq.client.move_record(person, hq.client.profile().unit).unwrap();
    hq.sync();
    sync_with(&a, 0, || a.set(person, "name", "歐陽遲")).unwrap();
    a.sync();
    hq.sync();
    let conflicts = hq.client.conflicts();
    assert_eq!(conflicts.len(), 1, "the edit is there to be decided");
    assert_eq!(conflicts[0].fields[0].candidates[0].value.value, Some(text("歐陽遲")));
}

#[test]
fn what_a_page_does_not_hold_stays() {
    let Office { hq, a, person, server: _server, .. } = office();
    for _ in 0..2 {
        a.sync();
        assert_eq!((a.count(Kind::Person), a.count(Kind::Unit)), (1, 2), "nothing new came");
        hq.set(person, "phone", "13800000000");
        hq.sync();
    }
    let a = a.reopen();
    assert_eq!((a.count(Kind::Person), a.count(Kind::Unit)), (1, 2));
}

/// Gives a device pages of three records, and headquarters ten more persons.
fn small_pages(office: &Office) {
    office.a.client.set_limits(Limits { page_records: 3, ..Limits::default() });
    for number in 0..10 {
        office.hq.person(office.college, &format!("2{number:04}"), "某人");
    }
    office.hq.sync();
}

#[test]
fn pages_show_all_at_once() {
    let office = office();
    small_pages(&office);
    let progress = |_: Progress| {
        let count = office.a.count(Kind::Person);
        assert!(count == 1 || count == 11, "{count} of 11 show");
    };
    office.a.client.sync(&progress, &AtomicBool::new(false)).unwrap();
    assert_eq!(office.a.count(Kind::Person), 11);
}

#[test]
fn a_pull_broken_off_at_any_page_goes_on_without_a_gap() {
    for step in 1..4 {
        let office = office();
        small_pages(&office);
        sync_until(&office.a, step);
        let a = office.a.reopen();
        assert_eq!(a.count(Kind::Person), 1);
        a.sync();
        assert_eq!(a.count(Kind::Person), 11, "broken off at step {step}");
    }
}

/// Puts the server's files back to a copy made while it was stopped.
fn put_back(server: &mut Server, copy: &Path) {
    server.stop();
    for suffix in ["-wal", "-shm"] {
        let mut name = server.file().to_owned().into_os_string();
        name.push(suffix);
        let _gone = std::fs::remove_file(name);
    }
    std::fs::copy(copy, server.file()).unwrap();
    server.run();
}

fn copy_of(server: &mut Server) -> PathBuf {
    server.stop();
    let copy = server.file().with_extension("copy");
    std::fs::copy(server.file(), &copy).unwrap();
    server.run();
    copy
}

#[test]
fn taking_everything_again_shows_the_old_until_the_new_is_there() {
    let Office { mut server, hq, a, college, person } = office();
    a.set(person, "phone", "13800000000");
    a.sync();
    let copy = copy_of(&mut server);
    hq.person(college, "30001", "後來");
    hq.sync();
    a.sync();
    put_back(&mut server, &copy);
    a.set(person, "name", "歐陽未送");
    sync_until(&a, 1);
    for _ in 0..2 {
        assert_eq!(a.value(person, "name"), Some(text("歐陽未送")));
        assert_eq!(a.count(Kind::Person), 2);
    }
    let a = a.reopen();
    assert_eq!(a.value(person, "name"), Some(text("歐陽未送")));
    assert_eq!(a.count(Kind::Person), 2);
}

#[test]
fn edits_sent_again_in_another_order_are_based_on_what_they_were() {
    let Office { mut server, hq, a, person, .. } = office();
    let b = Device::joined(&server, "b", Role::Organizer, "020100");
    b.sync();
    let copy = copy_of(&mut server);
    for round in 0..2 {
        a.set(person, "name", &format!("歐陽{round}"));
        a.sync();
        b.set(person, "phone", &format!("1380000000{round}"));
        b.sync();
    }
    put_back(&mut server, &copy);
    for _ in 0..2 {
        for device in [&b, &a, &hq] {
            device.sync();
        }
    }
    for device in [&a, &b, &hq] {
        assert_eq!(device.client.conflicts().len(), 0, "nobody edited what another edited");
        assert_eq!(device.value(person, "name"), Some(text("歐陽1")));
        assert_eq!(device.value(person, "phone"), Some(text("13800000001")));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

#[test]
fn a_row_of_edits_on_an_old_copy_of_a_device_stays_a_row() {
    let Office { server: _server, hq, a, person, .. } = office();
    let Device { client, folder } = a;
    drop(client);
    let copied = tempfile::tempdir().unwrap();
    copy_folder(&folder.path().join("data"), &copied.path().join("data"));
    let open = |folder: tempfile::TempDir| {
        let client = Client::open(&folder.path().join("data"), PASSPHRASE).unwrap();
        Device { client, folder }
    };
    let (a, copy) = (open(folder), open(copied));
    for round in 0..6 {
        a.set(person, "phone", &format!("1380000000{round}"));
    }
    a.sync();
    for round in 0..5 {
        copy.set(person, "name", &format!("歐陽{round}"));
    }
    copy.sync();
    hq.sync();
    assert!(hq.client.conflicts().is_empty(), "nobody else changed the name");
    assert_eq!(hq.value(person, "name"), Some(text("歐陽4")));
    assert_eq!(hq.value(person, "phone"), Some(text("13800000005")));
    assert_eq!(copy.client.status().pending, 0);
}

/// The network to a server where somebody else writes something between any two calls.
struct Busy<'a> {
    http: HttpTransport,
    other: &'a Device,
    college: RecordId,
    calls: u32,
}

impl Busy<'_> {
    fn somebody_writes(&mut self) {
        self.calls += 1;
        assert!(self.calls < 10, "the sync does not end while others write");
        self.other.person(self.college, &format!("4{:04}", self.calls), "某人");
        self.other.sync();
    }
}

impl Transport for Busy<'_> {
    fn hello(&mut self) -> Result<Hello, TransportError> {
        self.http.hello()
    }
    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError> {
        self.http.enrol(request)
    }
    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError> {
        self.somebody_writes();
        self.http.sync(request)
    }
    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError> {
        self.somebody_writes();
        self.http.push(request)
    }
    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.somebody_writes();
        self.http.pull(request)
    }
    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError> {
        self.http.history(record)
    }
    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError> {
        self.http.challenge(request)
    }

    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError> {
        self.http.session(request)
    }

    fn set_token(&mut self, token: &str) {
        self.http.set_token(token);
    }

    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError> {
        self.http.readmit(request)
    }
    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError> {
        self.http.quarantine(request)
    }
    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError> {
        self.http.check(request)
    }
    fn counters(&self) -> Counters {
        self.http.counters()
    }
}

#[test]
fn a_sync_ends_though_others_keep_writing() {
    let Office { hq, a, college, server: _server, .. } = office();
    let http = a.client.connect().unwrap();
    let mut busy = Busy { http, other: &hq, college, calls: 0 };
    a.client.sync_over(&mut busy, &|_| {}, &AtomicBool::new(false)).unwrap();
    assert!(busy.calls <= 3);
}
