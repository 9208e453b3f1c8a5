//! The real client against the real server over networks that fail: no edit is lost, none is done twice, and it ends.

use std::sync::atomic::AtomicBool;

use ejia::client::{ClientError, SyncSummary, TransportError};
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::server::admin;

use super::Rng;
use super::child;
use super::proxy::{Fault, Proxy};
use crate::server::harness::{Server, block};
use crate::sync::{Device, text};

/// A fault costs the sync it happens in, so twice as many attempts as faults are more than enough.
fn sync_until_done(device: &Device, most: usize) -> (SyncSummary, Vec<ClientError>) {
    let mut errors = Vec::new();
    loop {
        match device.client.sync(&|_| {}, &AtomicBool::new(false)) {
            Ok(summary) => return (summary, errors),
            Err(error) => errors.push(error),
        }
        assert!(errors.len() <= most, "{errors:?}");
    }
}

fn joined(server: &Server, proxy: &Proxy) -> Device {
    let device = Device::new("hq");
    device.client.enrol(&proxy.url, &server.first_code, "test").unwrap();
    device.sync();
    device
}

fn add(device: &Device, number: u32) -> RecordId {
    let number = format!("{number:05}");
    device.add(Kind::Person, &[("staff_no", text(&number)), ("name", text("某人"))])
}

/// Every kind of fault, at every place that matters.
fn faults() -> Vec<Fault> {
    let places = [0, 1, 40, 200, 300, 380, 500, usize::MAX];
    let mut all = vec![
        Fault::Latency(30),
        Fault::Bandwidth(1_000_000),
        Fault::Bandwidth(64_000),
        Fault::Bandwidth(9_600),
        Fault::ReplyDropped,
        Fault::Duplicated,
        Fault::Html,
        Fault::HtmlAsOurs,
        Fault::Refused,
    ];
    all.extend(places.map(Fault::ResetUp));
    all.extend(places.map(Fault::ResetDown));
    all.extend(places.map(Fault::HalfCloseUp));
    all.extend(places.map(Fault::HalfCloseDown));
    all.extend([0, 1, 17, 80, 150, 250, 400].map(Fault::GarbledUp));
    all.extend([0, 1, 17, 80, 150, 250, 400].map(Fault::GarbledDown));
    all
}

#[test]
fn each_fault_costs_at_most_a_repetition_and_never_an_edit() {
    let server = Server::start();
    let proxy = Proxy::before(&server.url);
    let device = joined(&server, &proxy);
    let (mut edits, mut repeated) = (0, 0);
    for fault in faults() {
        edits += 1;
        let id = add(&device, edits);
        proxy.plan([fault]);
        let (summary, errors) = sync_until_done(&device, 1);
        assert_eq!((summary.pending, summary.refused), (0, 0), "{fault:?}");
        assert!(
            errors
                .iter()
                .all(|error| matches!(error, ClientError::Transport(e) if e.is_retryable())),
            "{fault:?}: {errors:?}"
        );
        repeated += errors.len();
        assert_eq!(device.value(id, "name"), Some(text("某人")), "{fault:?}");
    }
    assert!(repeated > 20, "only {repeated} syncs had to be repeated");
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!((verified.difference, verified.ops), (None, u64::from(edits) + 1));
    let other = Device::joined(&server, "other", Role::HqAdmin, "000000");
    other.sync();
    assert_eq!(other.count(Kind::Person), usize::try_from(edits).unwrap());
}

#[test]
fn a_login_page_of_the_network_acknowledges_nothing() {
    let server = Server::start();
    let proxy = Proxy::before(&server.url);
    let device = joined(&server, &proxy);
    let ids: Vec<RecordId> = (0..3).map(|n| add(&device, n)).collect();
    for page in [Fault::Html, Fault::HtmlAsOurs] {
        proxy.plan([page]);
        let error = device.client.sync(&|_| {}, &AtomicBool::new(false)).unwrap_err();
        assert!(
            matches!(error, ClientError::Transport(TransportError::NotOurServer { .. })),
            "{error:?}"
        );
        assert_eq!(device.client.status().pending, 3);
    }
    let device = device.reopen();
    assert_eq!(device.client.status().pending, 3);
    assert!(ids.iter().all(|id| device.value(*id, "name").is_some()));
    assert_eq!(device.sync().pending, 0);
}

/// Any fault with any place in it; slow ones are rare and short.
fn any_fault(rng: &mut Rng) -> Fault {
    let at = usize::try_from(rng.below(900)).unwrap();
    match rng.below(25) {
        0..=8 => Fault::None,
        9 => Fault::Latency(5),
        10 => Fault::Bandwidth(1_000_000),
        11 | 12 => Fault::ResetUp(at),
        13 | 14 => Fault::ResetDown(at),
        15 => Fault::HalfCloseUp(at),
        16 => Fault::HalfCloseDown(at),
        17 | 18 => Fault::ReplyDropped,
        19 => Fault::Duplicated,
        20 => Fault::Html,
        21 => Fault::HtmlAsOurs,
        22 => Fault::GarbledUp(at),
        23 => Fault::GarbledDown(at),
        _ => Fault::Refused,
    }
}

#[test]
fn devices_on_a_network_with_all_faults_end_with_every_edit_once() {
    for seed in 0..child::amount("EJIA_TEST_WEEKS", 3) {
        a_bad_week(seed);
    }
}

/// Three devices enter and change persons and try to sync; in the end the network heals.
fn a_bad_week(seed: u64) {
    let mut rng = Rng::new(seed);
    let server = Server::start();
    let proxy = Proxy::before(&server.url);
    let mut devices = vec![joined(&server, &proxy)];
    for name in ["b", "c"] {
        let device = Device::new(name);
        block(admin::user_add(&server.database, name, Role::HqAdmin, Some("000000"))).unwrap();
        let code = block(admin::code(&server.database, name, 72)).unwrap();
        device.client.enrol(&proxy.url, &code.code, "test").unwrap();
        devices.push(device);
    }
    // Who changed what last: each person is changed on the device that entered it, so nothing is in conflict.
    let mut persons: Vec<(usize, RecordId, String)> = Vec::new();
    let mut edits = 1;
    for round in 0..30_u32 {
        let who = rng.index(devices.len());
        for step in 0..=rng.below(4) {
            let name = format!("人{round}之{step}");
            edits += 1;
            if rng.below(2) == 0 {
                let number = text(&format!("{round:04}{step}"));
                let pairs = [("staff_no", number), ("name", text(&name))];
                let id = devices[who].add(Kind::Person, &pairs);
                persons.push((who, id, name));
            } else if let Some(person) = persons.iter_mut().find(|person| person.0 == who) {
                devices[who].set(person.1, "name", &name);
                person.2 = name;
            } else {
                edits -= 1;
            }
        }
        proxy.plan((0..6).map(|_| any_fault(&mut rng)));
        let before = devices[who].client.status().pending;
        if let Err(error) = devices[who].client.sync(&|_| {}, &AtomicBool::new(false)) {
            assert!(
                matches!(&error, ClientError::Transport(e) if e.is_retryable()),
                "seed {seed}: {error:?}"
            );
            assert!(devices[who].client.status().pending <= before);
        }
        if rng.below(6) == 0 {
            let device = devices.remove(who).reopen();
            devices.insert(who, device);
        }
    }
    let (requests, faulty) = proxy.counts();
    assert!(faulty > 10, "seed {seed}: {faulty} of {requests} requests met a fault");
    proxy.plan([]);
    for device in devices.iter().chain(&devices) {
        let summary = device.sync();
        assert_eq!((summary.pending, summary.refused, summary.conflicts), (0, 0, 0), "seed {seed}");
    }
    for (_, id, name) in &persons {
        for device in &devices {
            assert_eq!(device.value(*id, "name"), Some(text(name)), "seed {seed}");
        }
    }
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!((verified.difference, verified.ops), (None, edits), "seed {seed}");
}
