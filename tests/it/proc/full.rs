//! A disk that is full, or broken, at every single call that changes a file: an error that says so, nothing reported is lost, and
//! the work goes on when the disk does.
//!
//! `EJIA_TEST_EVERY_CALL=1 cargo test --test it proc::full -- --nocapture` lets every call fail in turn; otherwise some do.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ejia::client::{Client, ClientError};
use ejia::server::admin;
use ejia::server::db::location::Location;

use super::Rng;
use super::child::{self, Running, check, say};
use super::shim::{self, Failing, fail};
use super::writer::Writer;
use crate::server::harness::{Server, block};
use crate::sync::PASSPHRASE;

/// Longest silence of a child that works.
const LIMIT: Duration = Duration::from_mins(2);

/// Runs this test as a child under the shim and returns the last thing it says.
fn run(test: &str, root: &Path, order: &[&str]) -> String {
    let mut command = child::command(test, order);
    let errors = tempfile::NamedTempFile::new().unwrap();
    command.envs(shim::faults(root)).stderr(errors.reopen().unwrap());
    let mut running = Running::start(command);
    let mut last = String::new();
    while let Some(line) = running.line(LIMIT) {
        if line.starts_with("did ") {
            last = line;
        }
    }
    let ended = running.child.wait().unwrap();
    assert!(ended.success(), "{last}\n{}", std::fs::read_to_string(errors.path()).unwrap());
    last
}

/// The faults: what the calls answer, and how many of them from the k-th on.
const KINDS: [(Failing, u64); 4] = [
    (Failing::Full, 1),
    (Failing::Full, u64::MAX >> 2),
    (Failing::Broken, 1),
    (Failing::Broken, u64::MAX >> 2),
];

/// Calls `once` with every fault at every call, or at some; it answers how many calls there were.
fn at_every_call(mut once: impl FnMut(Failing, u64, u64) -> u64) -> u64 {
    let every = child::amount("EJIA_TEST_EVERY_CALL", 0) > 0;
    let mut rng = Rng::new(1);
    let mut did = 0;
    for (failing, count) in KINDS {
        let mut k = 1;
        loop {
            let calls = once(failing, k, count);
            did += 1;
            // A fault that no call met: all have had their turn.
            if calls < k {
                break;
            }
            k += if every { 1 } else { 1 + rng.below(12) };
        }
    }
    did
}

#[test]
fn a_device_goes_on_after_its_disk_failed_at_any_call() {
    const TEST: &str = "proc::full::a_device_goes_on_after_its_disk_failed_at_any_call";
    if let Some(order) = child::order() {
        return fail_device(order[0].as_ref(), &order[1]);
    }
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("device");
    let dir = root.join("data");
    std::fs::create_dir(&root).unwrap();
    let client = child::new_device(&dir);
    client.enrol(&server.url, &server.first_code, "test").unwrap();
    drop(client);
    let code = block(admin::code(&server.database, "admin", 72)).unwrap();
    let order = [dir.to_str().unwrap(), &format!("{} {}", server.url, code.code)];
    let did = run(TEST, &root, &order);
    println!("{did}");
    assert!(did.starts_with("did "), "{did}");
    let client = Client::open(&dir, PASSPHRASE).unwrap();
    assert_eq!(client.status().pending, 0);
    assert_eq!(block(admin::verify(&server.database)).unwrap().difference, None);
}

/// The child's part: one device lives through all faults.
fn fail_device(dir: &Path, server: &str) {
    let (url, code) = server.split_once(' ').unwrap();
    let mut other = Writer::enrol(url, code, 77);
    let mut next = 0;
    let mut said = BTreeMap::new();
    let did = at_every_call(|failing, k, count| {
        // Something to receive.
        other.push(url).unwrap();
        fail(failing, k, count);
        let errors = work(dir, &mut next);
        let calls = shim::calls();
        shim::heal();
        assert!(calls < k || failing == Failing::Broken || !errors.is_empty() || count == 1);
        for error in errors {
            *said.entry(told(&error, failing)).or_insert(0) += 1;
        }
        let client = Client::open(dir, PASSPHRASE).unwrap();
        check(&client, u64::checked_sub(next, 1));
        let mut ids = child::shown(&client).iter().map(|(id, _)| *id).collect();
        // An edit that was refused may have been written all the same, but never shows.
        child::edit(&client, &mut ids, next).unwrap();
        next += 1;
        let summary = client.sync(&|_| {}, &AtomicBool::new(false)).unwrap();
        assert_eq!((summary.pending, summary.refused, summary.conflicts), (0, 0, 0), "call {k}");
        check(&client, Some(next - 1));
        calls
    });
    say(&format!("did {did} faults, {next} edits, errors: {said:?}"));
}

/// Opens, edits, syncs, tidies up; goes on after errors as a person would, and returns them.
fn work(dir: &Path, next: &mut u64) -> Vec<ClientError> {
    let mut errors = Vec::new();
    let client = match Client::open(dir, PASSPHRASE) {
        Ok(client) => client,
        Err(error) => return vec![error],
    };
    let mut ids: Vec<_> = child::shown(&client).iter().map(|(id, _)| *id).collect();
    for round in 0..6 {
        match child::edit(&client, &mut ids, *next) {
            Ok(()) => *next += 1,
            Err(error) => errors.push(error),
        }
        if round == 3 {
            errors.extend(client.sync(&|_| {}, &AtomicBool::new(false)).err());
        }
    }
    errors.extend(client.flush().err());
    errors
}

/// The word of an error; it must be one that tells what is wrong.
fn told(error: &ClientError, failing: Failing) -> String {
    let ClientError::Store(error) = error else { panic!("{error:?}") };
    let key = error.key().to_owned();
    let fits = match failing {
        Failing::Full => ["store-disk-full", "store-poisoned"].contains(&key.as_str()),
        Failing::Broken => ["store-io", "store-poisoned"].contains(&key.as_str()),
    };
    assert!(fits, "{failing:?} is told as {error:?}");
    key
}

#[test]
fn a_server_goes_on_after_its_disk_failed_at_any_call() {
    const TEST: &str = "proc::full::a_server_goes_on_after_its_disk_failed_at_any_call";
    if let Some(order) = child::order() {
        return fail_server(order[0].as_ref());
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("server");
    std::fs::create_dir(&root).unwrap();
    let did = run(TEST, &root, &[root.to_str().unwrap()]);
    println!("{did}");
    assert!(did.starts_with("did "), "{did}");
}

/// The child's part: one server lives through all faults, and starts again after some.
fn fail_server(root: &Path) {
    let mut server = Server::on(Location::File(root.join("server.sqlite")));
    let mut writer = Writer::enrol(&server.url, &server.first_code, 1);
    let mut said = BTreeMap::new();
    let mut lives = Rng::new(2);
    let did = at_every_call(|failing, k, count| {
        fail(failing, k, count);
        for _push in 0..3 {
            if let Err(error) = writer.push(&server.url) {
                let told = match failing {
                    Failing::Full => "507 Insufficient Storage disk_full",
                    Failing::Broken => "500 Internal Server Error internal",
                };
                assert_eq!(error, told);
                *said.entry(error).or_insert(0) += 1;
            }
        }
        let calls = shim::calls();
        shim::heal();
        writer.push(&server.url).unwrap();
        if lives.below(4) == 0 {
            server.stop();
            server.run();
        }
        writer.check(&server.url);
        calls
    });
    server.stop();
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!((verified.difference, verified.ops), (None, writer.acked + 1));
    say(&format!("did {did} faults, {} operations, refused: {said:?}", writer.acked));
}
