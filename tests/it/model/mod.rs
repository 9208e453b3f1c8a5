//! The same transcript through an obvious model and through the real client and server: what becomes of every operation and what
//! every device shows must be the same.

mod act;
mod host;
#[expect(clippy::module_inception, reason = "the model is what the folder is about")]
mod model;
mod seat;
mod system;

use proptest::prelude::*;

use ejia::server::db::Database;
use ejia::server::db::location::Location;
use ejia::server::db::memory::Memory;
use proptest::test_runner::TestRunner;
use tokio::runtime::Runtime;

use crate::server::harness::Server;
use crate::server::pg;
use act::{Act, transcript};
use host::{Host, InProcess};
use model::Model;
use seat::Keeping;
use system::System;

/// Runs a transcript through the model and a system and compares them after every sync and at the end.
fn agree(acts: &[Act], mut system: System) -> Result<(), TestCaseError> {
    let mut model = Model::new();
    let setup = [0, 0, 1].into_iter().zip([0, 1, 0]);
    let setup = setup.map(|(unit, device)| Act::Create { device, unit });
    let everyone = || (0..5).map(|device| Act::Sync { device });
    let all = setup.chain(everyone()).chain(acts.iter().copied());
    for act in all.chain(everyone()).chain(everyone()) {
        if !model.act(&act) {
            continue;
        }
        system.act(&act);
        if let Act::Sync { device } = act {
            same(&model, &system, device)?;
        }
    }
    for device in 0..5 {
        same(&model, &system, device)?;
        prop_assert_eq!(system.left(device).0, 0, "everything was sent");
    }
    Ok(())
}

fn same(model: &Model, system: &System, device: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!(&model.outcomes[device], &system.outcomes[device], "device {}", device);
    for record in 0..model.records() {
        let (expected, found) = (model.view(device, record), system.view(device, record));
        prop_assert_eq!(expected, found, "record {} on device {}", record, device);
    }
    let open: Vec<_> =
        model.conflicts(device).into_iter().map(|(r, parts, _)| (r, parts)).collect();
    prop_assert_eq!(open, system.conflicts(device), "conflicts on device {}", device);
    Ok(())
}

/// How many transcripts; `EJIA_MODEL_CASES` asks for more.
#[expect(clippy::disallowed_methods, reason = "a test that is asked for a longer run")]
fn cases(count: u32) -> ProptestConfig {
    let wanted = std::env::var("EJIA_MODEL_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: wanted.unwrap_or(count),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn check(count: u32, keeping: Keeping, host: impl Fn() -> Box<dyn Host>) {
    let mut runner = TestRunner::new(cases(count));
    runner.run(&transcript(60), |acts| agree(&acts, System::new(host(), keeping))).unwrap();
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn in_file() -> Box<dyn Host> {
    let (folder, runtime) = (tempfile::tempdir().unwrap(), runtime());
    let db = runtime.block_on(Database::open(&folder.path().join("db"), true)).unwrap();
    Box::new(InProcess::new(db, runtime, Some(folder)))
}

#[test]
fn the_model_agrees_with_sled_devices_and_a_sqlite_server_over_http() {
    check(3, Keeping::Sled, || Box::new(Server::start()));
}

#[test]
fn the_model_agrees_with_everything_in_memory() {
    check(30, Keeping::Memory, || Box::new(InProcess::new(Memory::default(), runtime(), None)));
}

#[test]
fn the_model_agrees_with_sled_devices() {
    check(4, Keeping::Sled, || Box::new(InProcess::new(Memory::default(), runtime(), None)));
}

#[test]
fn the_model_agrees_with_a_sqlite_server() {
    check(6, Keeping::Memory, in_file);
}

#[test]
fn the_model_agrees_with_a_postgresql_server() {
    let Some(cluster) = pg::cluster() else { return };
    check(6, Keeping::Memory, || {
        let (runtime, url) = (runtime(), Location::Postgres(cluster.database()));
        let db = runtime.block_on(Database::open(url, true)).unwrap();
        Box::new(InProcess::new(db, runtime, None))
    });
}
