//! A full and a read-only disk, on a small file system of its own where this user may mount one.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::contract::{put, row, seen};
use super::*;

/// A mounted tmpfs, gone when dropped.
struct Mounted(TempDir);

impl Mounted {
    /// `None`, with a line that says so, where mounting is not allowed.
    fn new(options: &str) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", options, "tmpfs"], dir.path());
        if !mounted {
            println!("skipped: this user may not mount a tmpfs");
        }
        mounted.then_some(Self(dir))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

fn mount(args: &[&str], dir: &Path) -> bool {
    Command::new("mount").args(args).arg(dir).status().is_ok_and(|status| status.success())
}

fn entries(vault: &Vault) -> Vec<u64> {
    let mut seen = Vec::new();
    vault.journal.read(&mut |entry| seen.push(entry.n)).unwrap();
    seen
}

/// Incompressible, so that the disk fills.
fn noise(n: u32) -> Row {
    let mut state = u64::from(n) + 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    Row { bytes: (0..4_000).map(|_| next()).collect(), ..row(n, "") }
}

#[test]
fn a_full_disk_refuses_the_commit_and_keeps_what_was_acknowledged() {
    let Some(disk) = Mounted::new("size=10m") else { return };
    let dir = disk.0.path().join("v");
    let mut vault = Vault::create(&dir, "p", KeyCost::CHEAP).unwrap().0;
    let filler = disk.0.path().join("filler");
    fs::write(&filler, vec![1; 5 << 20]).unwrap();
    let mut kept = Vec::new();
    let error = loop {
        let n = u32::try_from(kept.len()).unwrap();
        match vault.store.commit(&put([noise(n)])) {
            Ok(()) => kept.push(noise(n)),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. }) && error.is_retryable(), "{error:?}");
    kept.sort_by_key(|row| row.id);
    assert!(matches!(vault.store.commit(&put([row(1, "x")])), Err(StoreError::Poisoned)));
    assert!(matches!(vault.store.flush(), Err(StoreError::Poisoned)));
    drop(vault);
    let vault = Vault::open(&dir, "p").unwrap();
    assert_eq!(seen(&*vault.store), kept);
    drop(vault);
    fs::remove_file(&filler).unwrap();
    let mut vault = Vault::open(&dir, "p").unwrap();
    vault.store.commit(&put([row(900_000, "after")])).unwrap();
    assert_eq!(seen(&*vault.store).len(), kept.len() + 1);
}

#[test]
fn the_journal_goes_on_when_the_disk_has_room_again() {
    let Some(disk) = Mounted::new("size=10m") else { return };
    let dir = disk.0.path().join("v");
    let mut vault = Vault::create(&dir, "p", KeyCost::CHEAP).unwrap().0;
    let filler = disk.0.path().join("filler");
    fs::write(&filler, vec![1; 5 << 20]).unwrap();
    let batch = |from: u64| {
        (from..from + 10)
            .map(|n| Entry { generation: 1, n, bytes: vec![9; 3_000] })
            .collect::<Vec<_>>()
    };
    let mut next = 0;
    let error = loop {
        match vault.journal.append(&batch(next)) {
            Ok(()) => next += 10,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert_eq!(entries(&vault), (0..next).collect::<Vec<_>>());
    fs::remove_file(&filler).unwrap();
    vault.journal.append(&batch(next)).unwrap();
    drop(vault);
    let vault = Vault::open(&dir, "p").unwrap();
    assert_eq!(vault.findings, []);
    assert_eq!(entries(&vault), (0..next + 10).collect::<Vec<_>>());
}

#[test]
fn a_read_only_disk_is_named() {
    let Some(disk) = Mounted::new("size=10m") else { return };
    let dir = disk.0.path().join("v");
    drop(Vault::create(&dir, "p", KeyCost::CHEAP).unwrap());
    if !mount(&["-o", "remount,ro"], disk.0.path()) {
        println!("skipped: cannot remount");
        return;
    }
    assert!(matches!(Vault::open(&dir, "p"), Err(StoreError::ReadOnly { .. })));
    let other = Vault::create(&disk.0.path().join("w"), "p", KeyCost::CHEAP).err();
    assert!(matches!(other, Some(StoreError::ReadOnly { .. })), "{other:?}");
}
