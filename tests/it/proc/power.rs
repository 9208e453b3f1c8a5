//! Power cuts: every change that a process makes to its files is written down, and disks that lost their power at some moment
//! are made from it. What was acknowledged before that moment must be there.
//!
//! `EJIA_TEST_CUTS=500 cargo test --test it proc::power -- --nocapture` makes more of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ejia::client::Client;

use super::Rng;
use super::child::{self, Running, check, saved};
use super::disk::{Disk, Order};
use super::serving::Place;
use super::shim::{self, Notes, Step};
use super::writer::Writer;
use crate::server::harness::Server;
use crate::sync::PASSPHRASE;

/// Calls `see` with an image of the disk for each of `cuts` moments, and with what had been said before.
fn cut(
    disk: &mut Disk,
    steps: &[Step],
    cuts: u64,
    rng: &mut Rng,
    see: &mut dyn FnMut(&Path, &[&str]),
) {
    let mut moments: BTreeMap<usize, u32> = BTreeMap::new();
    for _cut in 0..cuts {
        *moments.entry(rng.index(steps.len() + 1)).or_default() += 1;
    }
    let mut said: Vec<&str> = Vec::new();
    for at in 0..=steps.len() {
        for _image in 0..moments.get(&at).copied().unwrap_or(0) {
            let folder = tempfile::tempdir().unwrap();
            disk.image(folder.path(), rng);
            see(folder.path(), &said);
        }
        let Some(step) = steps.get(at) else { break };
        disk.step(step);
        if let Step::Said(text) = step {
            said.extend(text.lines());
        }
    }
}

#[test]
fn a_device_whose_power_is_cut_at_any_moment_has_every_edit_it_reported() {
    if let Some(order) = child::order() {
        child::write_for_ever(order[0].as_ref(), true);
    }
    let cuts = child::amount("EJIA_TEST_CUTS", 40);
    let (mut findings, mut reported) = (BTreeMap::new(), 0);
    for order in [Order::Strict, Order::Journalled] {
        cut_device(order, cuts / 2, &mut |dir, acked| {
            reported += u64::from(acked.is_some());
            let client = Client::open(dir, PASSPHRASE).unwrap();
            check(&client, acked);
            for finding in client.findings() {
                *findings.entry(format!("{:?}", finding.code)).or_insert(0) += 1;
            }
            goes_on(client, dir);
        });
    }
    assert!(reported > cuts / 2, "only {reported} cuts came after a reported edit");
    if cuts > 100 {
        println!("{cuts} power cuts of a device, 0 edits lost, found: {findings:?}");
    }
}

#[test]
fn a_disk_that_only_says_it_has_synced_loses_edits_which_these_cuts_show() {
    let mut lost = 0;
    cut_device(Order::Deaf, 10, &mut |dir, acked| {
        let newest = Client::open(dir, PASSPHRASE).ok().and_then(|client| {
            let shown = child::shown(&client);
            shown.iter().map(|(_, n)| *n).max()
        });
        lost += u32::from(newest < acked);
    });
    assert!(lost > 0);
}

/// Lets a device work, and calls `see` with what may be left of it after power cuts and with the last edit it had reported.
fn cut_device(order: Order, cuts: u64, see: &mut dyn FnMut(&Path, Option<u64>)) {
    let mut rng = Rng::new(child::amount("EJIA_TEST_SEED", 1));
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("device");
    let (dir, log) = (root.join("data"), folder.path().join("log"));
    std::fs::create_dir(&root).unwrap();
    let client = child::new_device(&dir);
    client.enrol(&server.url, &server.first_code, "test").unwrap();
    drop(client);
    // Holes and preallocated space are none of the shim's business: the program makes it again.
    std::fs::remove_file(dir.join("store.reserve")).unwrap();
    let mut disk = Disk::of(&root, order);
    record(&dir, &root, &log, 30 + cuts / 2);
    let steps = shim::read(&log);
    cut(&mut disk, &steps, cuts, &mut rng, &mut |image, said| {
        see(&image.join("data"), said.iter().filter_map(|line| saved(line)).max());
    });
}

/// Lets a child edit and sync until it has said enough.
fn record(dir: &Path, root: &Path, log: &Path, edits: u64) {
    let test = "proc::power::a_device_whose_power_is_cut_at_any_moment_has_every_edit_it_reported";
    let mut command = child::command(test, &[dir.to_str().unwrap()]);
    command.envs(shim::recording(root, log));
    let running = Running::start(command);
    let limit = Duration::from_mins(2);
    while running.line(limit).as_deref().and_then(saved).is_none_or(|n| n < edits) {
        assert!(log.exists(), "nothing was written down");
    }
    running.kill();
}

/// Edits once more, and finds it again.
fn goes_on(client: Client, dir: &Path) {
    let before = child::shown(&client);
    let mut ids = before.iter().map(|(id, _)| *id).collect();
    let n = before.iter().map(|(_, n)| n + 1).max().unwrap_or(0);
    child::edit(&client, &mut ids, n).unwrap();
    drop(client);
    let client = Client::open(dir, PASSPHRASE).unwrap();
    check(&client, Some(n));
    assert_eq!(client.findings(), []);
}

/// Devices that push at the same time.
const WRITERS: u64 = 3;

#[test]
fn a_server_whose_power_is_cut_at_any_moment_has_every_operation_it_acknowledged() {
    let cuts = child::amount("EJIA_TEST_CUTS", 20);
    let mut rng = Rng::new(child::amount("EJIA_TEST_SEED", 1));
    let mut acknowledged = 0;
    for order in [Order::Strict, Order::Journalled] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("server");
        let log = folder.path().join("log");
        std::fs::create_dir(&root).unwrap();
        let mut place = Place::sqlite(&root);
        let made = place.admin(&["init", "--name", "T", "--admin", "hq"]);
        let mut codes = vec![made["code"].as_str().unwrap().to_owned()];
        for _device in 1..WRITERS {
            codes.push(place.admin(&["code", "hq"])["code"].as_str().unwrap().to_owned());
        }
        let mut disk = Disk::of(&root, order);
        place.env = shim::recording(&root, &log);
        let writers = record_pushes(&place, &codes, &log, 12 + cuts / 10);
        let steps = shim::read(&log);
        let mut count = 0;
        cut(&mut disk, &steps, cuts / 2, &mut rng, &mut |image, said| {
            // The index of the log is memory of running processes; none is left to have mapped it.
            drop(std::fs::remove_file(image.join("server.sqlite-shm")));
            count += 1;
            acknowledged += u64::from(!said.is_empty());
            check_image(image, &writers, said, count % 4 == 0);
        });
    }
    assert!(acknowledged > cuts / 2, "only {acknowledged} cuts came after an acknowledgement");
    if cuts > 100 {
        println!("{cuts} power cuts of a server on SQLite, 0 acknowledged operations lost");
    }
}

/// Lets devices push through two lives of the server, and notes what each was told.
fn record_pushes(place: &Place<'_>, codes: &[String], log: &Path, pushes: u64) -> Vec<Writer> {
    let notes = Notes::open(log);
    let mut serving = place.serve();
    let mut writers: Vec<Writer> = Vec::new();
    for (id, code) in (1..).zip(codes) {
        writers.push(Writer::enrol(&serving.url, code, id));
        notes.note(&format!("{id} 0"));
    }
    for life in 0..2 {
        if life > 0 {
            // Stopping puts the write-ahead log into the database.
            serving.stop();
            serving = place.serve();
        }
        let url = serving.url.as_str();
        std::thread::scope(|scope| {
            for writer in &mut writers {
                let notes = &notes;
                scope.spawn(move || {
                    for _push in 0..pushes {
                        writer.push(url).unwrap();
                        notes.note(&format!("{} {}", writer.id.0, writer.acked));
                    }
                });
            }
        });
    }
    serving.kill();
    writers
}

/// Serves from an image and checks that it is whole and has what `said` names.
fn check_image(image: &Path, writers: &[Writer], said: &[&str], push: bool) {
    let place = Place::sqlite(image);
    let verified = place.admin(&["verify"]);
    assert_eq!(verified["ok"], true, "{verified}");
    let mut acked = BTreeMap::new();
    for line in said {
        if let Some((id, n)) = line.split_once(' ')
            && let (Ok(id), Ok(n)) = (id.parse::<u64>(), n.parse::<u64>())
        {
            acked.insert(id, n);
        }
    }
    let serving = place.serve();
    for writer in writers {
        if let Some(acked) = acked.get(&writer.id.0) {
            writer.check_first(&serving.url, *acked);
        }
    }
    if push {
        let code = place.admin(&["code", "hq"]);
        let mut other = Writer::enrol(&serving.url, code["code"].as_str().unwrap(), 1_000);
        other.push(&serving.url).unwrap();
    }
}
