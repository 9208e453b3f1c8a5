//! Processes killed with SIGKILL at any moment, many times: what they had reported is there afterwards.
//!
//! `cargo test` does a few; `EJIA_TEST_KILLS=2000 cargo test --test it proc::kill -- --nocapture` does the long run and prints
//! its figures.

#![expect(clippy::print_stdout, reason = "a long run says how far it is")]

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use ejia::client::Client;

use super::Rng;
use super::child::{self, Running, check, saved};
use super::serving::Place;
use super::writer::Writer;
use crate::server::harness::{Server, block};
use crate::server::pg;
use crate::sync::PASSPHRASE;
use ejia::server::admin;

/// Kills of one device before it is checked in full and a new one begins.
const ROUNDS: u64 = 40;

/// What the kills of a client came to.
#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    /// Before the child had opened the device.
    opening: u64,
    saved: u64,
}

#[test]
fn a_client_killed_at_any_moment_has_every_edit_it_reported() {
    if let Some(order) = child::order() {
        child::write_for_ever(order[0].as_ref(), order[1] == "syncs");
    }
    let kills = child::amount("EJIA_TEST_KILLS", 12);
    let mut rng = Rng::new(child::amount("EJIA_TEST_SEED", 1));
    let mut tally = Tally::default();
    let begun = Instant::now();
    while tally.kills < kills {
        let rounds = ROUNDS.min(kills - tally.kills);
        killed_device(&mut rng, rounds, &mut tally);
        if kills > 100 {
            println!("{tally:?} in {} s, 0 lost", begun.elapsed().as_secs());
        }
    }
    assert!(tally.saved > tally.kills, "{tally:?}: the children hardly worked");
}

/// One device with its server, killed `rounds` times.
fn killed_device(rng: &mut Rng, rounds: u64, tally: &mut Tally) {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let client = child::new_device(&dir);
    client.enrol(&server.url, &server.first_code, "test").unwrap();
    drop(client);
    let mut acked = None;
    for _round in 0..rounds {
        let test = "proc::kill::a_client_killed_at_any_moment_has_every_edit_it_reported";
        let running = Running::start(child::command(test, &[dir.to_str().unwrap(), "syncs"]));
        let end = Instant::now() + Duration::from_millis(5 + rng.below(295));
        let mut lines = Vec::new();
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            lines.extend(running.line(left));
        }
        lines.extend(running.kill());
        tally.kills += 1;
        tally.opening += u64::from(!lines.iter().any(|line| line.starts_with("open")));
        let numbers: Vec<u64> = lines.iter().filter_map(|line| saved(line)).collect();
        tally.saved += u64::try_from(numbers.len().saturating_sub(1)).unwrap();
        acked = acked.max(numbers.last().copied());
        // Every other time the next child is the one that finds what is left.
        if rng.below(2) == 0 {
            acked = checked(&dir, acked);
        }
    }
    acked = checked(&dir, acked);
    let client = Client::open(&dir, PASSPHRASE).unwrap();
    let summary = client.sync(&|_| {}, &std::sync::atomic::AtomicBool::new(false)).unwrap();
    assert_eq!((summary.pending, summary.refused, summary.conflicts), (0, 0, 0));
    every_edit_is_in_the_history(&client, acked);
    let verified = block(admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
    assert!(verified.ops > acked.unwrap_or(0), "{} operations, {acked:?}", verified.ops);
}

/// Checks the device and returns the newest edit it shows, which may be one more than was reported.
fn checked(dir: &std::path::Path, acked: Option<u64>) -> Option<u64> {
    let client = Client::open(dir, PASSPHRASE).unwrap();
    check(&client, acked);
    child::shown(&client).iter().map(|(_, n)| *n).max()
}

/// Asks the server and the journal for the history of all persons: every edit up to `newest` must be in it, once and in order.
fn every_edit_is_in_the_history(client: &Client, newest: Option<u64>) {
    let mut transport = client.connect().unwrap();
    let mut found = Vec::new();
    for (id, _) in child::shown(client) {
        let history = client.history_over(&mut transport, id).unwrap();
        let changes = history.iter().flat_map(|entry| &entry.changes);
        let names = changes.filter(|change| change.key == "name");
        found.extend(names.filter_map(|change| match &change.new {
            Some(ejia::domain::record::Value::Text(text)) => {
                text.strip_prefix('v')?.parse::<u64>().ok()
            }
            _ => None,
        }));
    }
    found.sort_unstable();
    let want: Vec<u64> = newest.map_or_else(Vec::new, |newest| (0..=newest).collect());
    assert_eq!(found, want);
}

/// Devices that push at the same time.
const WRITERS: u64 = 4;

#[test]
fn a_server_killed_during_pushes_has_every_operation_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    kill_server(&Place::sqlite(folder.path()), child::amount("EJIA_TEST_SERVER_KILLS", 10));
}

#[test]
fn a_server_on_postgresql_killed_during_pushes_has_every_operation_it_acknowledged() {
    let Some(cluster) = pg::cluster() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = Place::postgres(folder.path(), &cluster.database());
    kill_server(&place, child::amount("EJIA_TEST_SERVER_KILLS", 10));
}

/// Lets devices push to a server that is killed again and again, and checks after each kill and at the end.
pub(crate) fn kill_server(place: &Place<'_>, kills: u64) {
    let made = place.admin(&["init", "--name", "T", "--admin", "hq"]);
    let mut rng = Rng::new(child::amount("EJIA_TEST_SEED", 1));
    let mut serving = place.serve();
    let mut writers = vec![Writer::enrol(&serving.url, made["code"].as_str().unwrap(), 1)];
    for id in 2..=WRITERS {
        let code = place.admin(&["code", "hq"]);
        writers.push(Writer::enrol(&serving.url, code["code"].as_str().unwrap(), id));
    }
    let begun = Instant::now();
    for kill in 1..=kills {
        let url = serving.url.clone();
        let (done, over) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let (url, done) = (url.as_str(), done.clone());
                scope.spawn(move || {
                    while writer.push(url).is_ok() {}
                    drop(done);
                });
            }
            drop(done);
            // Nothing is ever sent: it ends when the time is over, or all writers gave up.
            let time = Duration::from_millis(5 + rng.below(150));
            let ended: Result<(), _> = over.recv_timeout(time);
            assert_eq!(ended, Err(RecvTimeoutError::Timeout), "the server failed by itself");
            serving.kill();
        });
        serving = place.serve();
        for writer in &writers {
            writer.check(&serving.url);
        }
        if kill.is_multiple_of(100) {
            let acked: u64 = writers.iter().map(|writer| writer.acked).sum();
            let seconds = begun.elapsed().as_secs();
            println!("{kill} kills, {acked} acknowledged, 0 lost, {seconds} s");
        }
    }
    for writer in &mut writers {
        writer.push(&serving.url).unwrap();
    }
    let acked: u64 = writers.iter().map(|writer| writer.acked).sum();
    let records: u64 = writers.iter().map(|writer| writer.records).sum();
    assert!(acked > kills, "{acked} operations: the writers hardly worked");
    assert_eq!(writers[0].pull(&serving.url), records);
    serving.kill();
    let verified = place.admin(&["verify"]);
    assert_eq!((&verified["ok"], &verified["ops"]), (&true.into(), &(acked + 1).into()));
    if kills > 100 {
        println!(
            "{kills} kills, {acked} operations of {WRITERS} devices, {records} records, 0 lost"
        );
    }
}
