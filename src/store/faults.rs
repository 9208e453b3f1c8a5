//! A disk that is full or broken at any call of any operation of the store: after opening again there is the state before or after
//! that operation, and the journal has what it acknowledged.
//!
//! The calls fail through the library of tests/it/proc/shim.c, preloaded into a child.

#![expect(
    clippy::disallowed_methods,
    reason = "the child process gets its directory through the environment"
)]

use std::fs::File;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::crash::{entry, operate, state};
use super::*;

const DIR: &str = "EJIA_TEST_FAULTS_DIR";
/// How many faults; a long run asks for more.
const ROUNDS: &str = "EJIA_TEST_FAULTS";

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// Tells the shim; without it, this is a file that does not exist.
fn order(text: &str) -> i32 {
    File::open(format!("/ejia-shim/{text}")).unwrap_err().raw_os_error().unwrap()
}

fn entries(vault: &Vault) -> Vec<u64> {
    let mut seen = Vec::new();
    vault.journal.read(&mut |entry| seen.push(entry.n)).unwrap();
    seen
}

/// The child's part.
fn fail_often(dir: &Path, rounds: u32) {
    let mut vault = Vault::create(dir, "p", KeyCost::CHEAP).unwrap().0;
    let mut model = MemoryStore::default();
    let (mut next, mut n, mut failed) = (0_u32, 0_u64, 0_u32);
    for round in 0..rounds {
        let kind = if round % 2 == 0 { ENOSPC } else { EIO };
        let count = if round % 4 < 2 { 1 } else { 1_000_000 };
        order(&format!("{kind}/{}/{count}", 1 + round * 7 % 29));
        let mut error = None;
        for _operation in 0..6 {
            // The number of a refused entry is free again.
            match vault.journal.append(&[entry(n)]) {
                Ok(()) => n += 1,
                Err(refused) => assert!(told(&refused, kind), "round {round}: {refused:?}"),
            }
            if let Err(refused) = operate(&mut *vault.store, next) {
                error = Some(refused);
                break;
            }
            operate(&mut model, next).unwrap();
            next += 1;
        }
        order("0/0/0");
        let Some(error) = error else { continue };
        failed += 1;
        assert!(told(&error, kind), "round {round}, operation {next}: {error:?}");
        assert!(
            matches!(operate(&mut *vault.store, next), Err(StoreError::Poisoned)) || next % 12 == 9
        );
        drop(vault);
        vault = Vault::open(dir, "p").unwrap();
        let found = state(&*vault.store);
        if found != state(&model) {
            operate(&mut model, next).unwrap();
            next += 1;
            assert!(found == state(&model), "round {round}: a state between two operations");
        }
        // A refused entry is wiped, unless the disk refuses that too: then it may be there, whole.
        let kept = entries(&vault);
        let more = u64::from(count > 1 && kept.len() > usize::try_from(n).unwrap());
        n += more;
        assert_eq!(kept, (0..n).collect::<Vec<_>>(), "round {round}");
    }
    assert!(failed > rounds / 4, "only {failed} of {rounds} rounds met a fault");
}

fn told(error: &StoreError, kind: i32) -> bool {
    match error {
        StoreError::DiskFull { .. } => kind == ENOSPC,
        StoreError::Io { .. } => kind == EIO,
        StoreError::Poisoned => true,
        _ => false,
    }
}

#[test]
fn a_disk_that_fails_at_any_call_leaves_the_state_before_or_after_an_operation() {
    let rounds = std::env::var(ROUNDS).map_or(60, |text| text.parse().unwrap());
    if let Ok(dir) = std::env::var(DIR) {
        return fail_often(Path::new(&dir), rounds);
    }
    let temp = TempDir::new().unwrap();
    let root = temp.path().canonicalize().unwrap();
    let (source, library) = (root.join("shim.c"), root.join("shim.so"));
    std::fs::write(&source, include_str!("../../tests/it/proc/shim.c")).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .args([&library, &source])
        .arg("-lpthread")
        .status();
    assert!(built.unwrap().success());
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::faults::a_disk_that_fails_at_any_call_leaves_the_state_before_or_after_an_operation",
            "--nocapture",
        ])
        .env("LD_PRELOAD", &library)
        .env("EJIA_SHIM_DIR", root.join("vault"))
        .env(DIR, root.join("vault"))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}
