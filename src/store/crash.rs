//! A process killed at any moment leaves the state before or after the operation it was in, never one between.

#![expect(
    clippy::disallowed_methods,
    reason = "the child process gets its directory through the environment"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::contract::{id, put, row};
use super::*;

const DIR: &str = "EJIA_TEST_CRASH_DIR";
const FROM: &str = "EJIA_TEST_CRASH_FROM";

/// Operation `k`, the same on every backend.
pub(super) fn operate(store: &mut dyn Store, k: u32) -> Result<(), StoreError> {
    let note = ("k".to_owned(), Some(k.to_string().into_bytes()));
    let rows =
        |from: u32, len: u32| put((from..from + len).map(|n| row(n, &format!("row {n} by {k}"))));
    match k % 12 {
        0..=2 => store.stage(&Change { removes: vec![id(k)], ..rows(k * 31 % 900, 150) }),
        3 | 6 => store.flip(false, &[note]),
        4 => store.commit(&Change { notes: vec![note], ..rows(k * 17 % 900, 200) }),
        5 => store.stage(&rows(k % 50, 30)),
        7 => store.stage(&rows(0, 400)),
        8 if k % 24 == 8 => store.unstage(),
        8 => store.flip(k % 36 == 8, &[note]),
        9 => store.flush(),
        _ => store.commit(&Change {
            removes: vec![id(k % 700)],
            notes: vec![note],
            ..rows(k * 7 % 900, 3)
        }),
    }
}

pub(super) fn entry(n: u64) -> Entry {
    Entry { generation: 1, n, bytes: vec![7; 300] }
}

fn work(vault: &mut Vault, k: u32) {
    if vault.journal.last().is_none_or(|(_, n)| n < u64::from(k)) {
        vault.journal.append(&[entry(u64::from(k))]).unwrap();
    }
    operate(&mut *vault.store, k).unwrap();
}

pub(super) type State = (Vec<Row>, Vec<(String, Vec<u8>)>, Vec<Change>);

pub(super) fn state(store: &dyn Store) -> State {
    let mut pages = Vec::new();
    store
        .staged(&mut |mut page| {
            // The sled store gives a page back with each record once.
            page.puts.retain(|row| !page.removes.contains(&row.id));
            pages.push(page);
        })
        .unwrap();
    (super::contract::seen(store), store.notes("").unwrap(), pages)
}

/// The child's part: works from where it is told until it is killed. Without a directory it checks the operations themselves.
#[test]
fn operations_come_to_the_same_on_disk_as_in_memory() {
    if let (Ok(dir), Ok(from)) = (std::env::var(DIR), std::env::var(FROM)) {
        let mut vault = Vault::open(Path::new(&dir), "p").unwrap();
        for k in from.parse().unwrap()..100_000 {
            work(&mut vault, k);
            println!("\ndone {k}");
        }
    }
    let temp = TempDir::new().unwrap();
    let mut vault = Vault::create(temp.path(), "p", KeyCost::CHEAP).unwrap().0;
    let mut model = MemoryStore::default();
    for k in 0..75 {
        work(&mut vault, k);
        operate(&mut model, k).unwrap();
        assert!(state(&*vault.store) == state(&model), "operation {k}");
    }
}

#[test]
fn a_killed_process_leaves_the_state_before_or_after_an_operation() {
    let temp = TempDir::new().unwrap();
    drop(Vault::create(temp.path(), "p", KeyCost::CHEAP).unwrap());
    let mut model = MemoryStore::default();
    let mut next = 0_u32;
    for round in 0..16_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::crash::operations_come_to_the_same_on_disk_as_in_memory",
                "--nocapture",
            ])
            .env(DIR, temp.path())
            .env(FROM, next.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let done = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("done ")?.parse::<u32>().ok());
        let last = done
            .take(usize::try_from(round * 7 % 23 + 1).unwrap())
            .last()
            .expect("the child worked");
        child.kill().unwrap();
        child.wait().unwrap();
        let vault = Vault::open(temp.path(), "p").unwrap();
        let found = state(&*vault.store);
        // The child ran on between its last line that we read and the kill.
        for k in next..=last {
            operate(&mut model, k).unwrap();
        }
        next = last + 1;
        while state(&model) != found {
            assert!(
                next < last + 200,
                "round {round}: a state that no operation after {last} leaves"
            );
            operate(&mut model, next).unwrap();
            next += 1;
        }
        let mut entries = Vec::new();
        vault.journal.read(&mut |read| entries.push(read.n)).unwrap();
        assert!(entries.len() >= usize::try_from(next).unwrap(), "round {round}: an edit is lost");
        assert_eq!(entries, (0..u64::try_from(entries.len()).unwrap()).collect::<Vec<_>>());
        let harmless = [FindingCode::SnapshotRemoved, FindingCode::JournalTorn];
        assert!(
            vault.findings.iter().all(|found| harmless.contains(&found.code)),
            "{:?}",
            vault.findings
        );
    }
}
