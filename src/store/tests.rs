//! The vault as a whole: secrets, locks, damage, backups.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::contract::{id, put, row, seen};
use super::*;

const SECRET: &str = "correct horse";

fn create(dir: &Path) -> Vault {
    Vault::create(dir, SECRET, KeyCost::CHEAP).unwrap().0
}

fn entry(n: u64) -> Entry {
    Entry { generation: 1, n, bytes: format!("edit {n}").into_bytes() }
}

fn entries(vault: &Vault) -> Vec<u64> {
    let mut seen = Vec::new();
    vault.journal.read(&mut |entry| seen.push(entry.n)).unwrap();
    seen
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

/// A vault with blocks, singles, notes, a staged page and a journal, closed.
fn filled(dir: &Path) {
    let mut vault = create(dir);
    vault.store.stage(&put((0..1_500).map(|n| row(n, &format!("Ng Siu Ming {n}"))))).unwrap();
    vault.store.flip(true, &[("profile".into(), Some(b"Wong Tai".to_vec()))]).unwrap();
    vault.store.commit(&put((10..30).map(|n| row(n, "Chan edited")))).unwrap();
    vault.store.stage(&put((2_000..2_100).map(|n| row(n, "Lee staged")))).unwrap();
    vault.journal.append(&(1..=50).map(entry).collect::<Vec<_>>()).unwrap();
    vault.store.flush().unwrap();
}

#[test]
fn a_vault_opens_again_with_either_secret_and_no_other() {
    let temp = TempDir::new().unwrap();
    let dir = temp.path().join("data/deep");
    assert!(!Vault::exists(&dir));
    assert!(matches!(Vault::open(&dir, SECRET), Err(StoreError::NotCreated { .. })));
    let (mut vault, code) = Vault::create(&dir, SECRET, KeyCost::CHEAP).unwrap();
    vault.store.commit(&put([row(1, "a")])).unwrap();
    vault.journal.append(&[entry(1)]).unwrap();
    drop(vault);
    assert!(matches!(
        Vault::create(&dir, SECRET, KeyCost::CHEAP),
        Err(StoreError::AlreadyExists { .. })
    ));
    for secret in [SECRET, &code.text()] {
        let vault = Vault::open(&dir, secret).unwrap();
        assert_eq!(vault.findings, []);
        assert_eq!(seen(&*vault.store), [row(1, "a")]);
        assert_eq!(entries(&vault), [1]);
        assert_eq!(vault.check(), []);
    }
    assert!(matches!(Vault::open(&dir, "wrong"), Err(StoreError::WrongPassphrase)));
}

#[test]
fn a_new_passphrase_takes_the_place_of_the_old() {
    let temp = TempDir::new().unwrap();
    let dir = temp.path();
    let mut vault = create(dir);
    vault.store.commit(&put([row(1, "a")])).unwrap();
    assert!(matches!(
        vault.change_passphrase("wrong", "new", KeyCost::CHEAP),
        Err(StoreError::WrongPassphrase)
    ));
    vault.change_passphrase(SECRET, "new", KeyCost::CHEAP).unwrap();
    drop(vault);
    assert!(matches!(Vault::open(dir, SECRET), Err(StoreError::WrongPassphrase)));
    assert_eq!(seen(&*Vault::open(dir, "new").unwrap().store), [row(1, "a")]);
}

fn only_after_closing(vault: Vault, dir: &Path) -> Vault {
    assert_eq!(entries(&vault).len(), 50);
    drop(vault);
    Vault::open(dir, SECRET).unwrap()
}

fn only_the_store(vault: Vault) -> Box<dyn Store> {
    vault.store
}

#[test]
fn a_second_opener_learns_who_has_it() {
    let temp = TempDir::new().unwrap();
    let vault = create(temp.path());
    let error = Vault::open(temp.path(), SECRET).err().unwrap();
    assert!(error.is_retryable());
    assert!(error.args().contains(&("holder", std::process::id().to_string())), "{error:?}");
    assert!(matches!(error, StoreError::InUse { since: Some(_), .. }));
    let store = only_the_store(vault);
    assert!(matches!(Vault::open(temp.path(), SECRET), Err(StoreError::InUse { .. })));
    drop(store);
    Vault::open(temp.path(), SECRET).unwrap();
}

#[test]
fn no_file_holds_what_a_record_note_or_edit_says() {
    let temp = TempDir::new().unwrap();
    let dir = temp.path().join("data");
    filled(&dir);
    let vault = Vault::open(&dir, SECRET).unwrap();
    vault.backup(&temp.path().join("copy.bak")).unwrap();
    drop(vault);
    for file in files(temp.path()) {
        let bytes = fs::read(&file).unwrap();
        for word in ["Siu Ming", "Chan", "Lee staged", "Wong", "edit ", SECRET] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} in {}", file.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = TempDir::new().unwrap();
    let dir = temp.path().join("data");
    filled(&dir);
    for path in [dir.clone(), dir.join("device.key"), dir.join("journal/00000001.seg")] {
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o077,
            0,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_backup_restores_everything_but_the_staging() {
    let temp = TempDir::new().unwrap();
    let (dir, copy, to) = (temp.path().join("a"), temp.path().join("a.bak"), temp.path().join("b"));
    filled(&dir);
    let vault = Vault::open(&dir, SECRET).unwrap();
    let summary = vault.backup(&copy).unwrap();
    assert_eq!((summary.rows, summary.notes, summary.entries), (1_500, 1, 50));
    assert_eq!(summary.bytes, fs::metadata(&copy).unwrap().len());
    assert!(matches!(Vault::restore(&copy, &dir, SECRET), Err(StoreError::NotEmpty { .. })));
    assert!(matches!(Vault::restore(&copy, &to, "wrong"), Err(StoreError::WrongPassphrase)));
    let restored = Vault::restore(&copy, &to, SECRET).unwrap();
    assert_eq!(seen(&*restored.store), seen(&*vault.store));
    assert_eq!(entries(&restored), entries(&vault));
    assert_eq!(restored.store.note("profile").unwrap(), Some(b"Wong Tai".to_vec()));
    assert!(restored.store.note(RESTORED).unwrap().is_some());
    drop(restored);
    assert_eq!(Vault::open(&to, SECRET).unwrap().check(), []);
}

#[test]
fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let temp = TempDir::new().unwrap();
    let (dir, copy, to) = (temp.path().join("a"), temp.path().join("a.bak"), temp.path().join("b"));
    filled(&dir);
    Vault::open(&dir, SECRET).unwrap().backup(&copy).unwrap();
    let whole = fs::read(&copy).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        for bad in [&flipped[..], &whole[..at]] {
            fs::write(&copy, bad).unwrap();
            let error = Vault::restore(&copy, &to, SECRET).err().unwrap();
            assert!(
                matches!(
                    error,
                    StoreError::Damaged { .. }
                        | StoreError::NotBackup { .. }
                        | StoreError::TooNew { .. }
                ),
                "{at}: {error:?}"
            );
            assert!(!to.exists());
        }
    }
}

#[test]
fn a_backup_that_cannot_be_written_leaves_the_old_one() {
    let temp = TempDir::new().unwrap();
    let vault = create(&temp.path().join("a"));
    let error = vault.backup(&temp.path().join("missing/a.bak")).err().unwrap();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    assert!(Vault::memory().backup(&temp.path().join("m.bak")).is_err());
}

/// What opening a damaged copy must come to: an explanation or everything, and the journal whole.
fn explained(dir: &Path, rows: &[Row], what: &str) {
    match Vault::open(dir, SECRET) {
        Ok(vault) => {
            assert_eq!(entries(&vault), (1..=50).collect::<Vec<_>>(), "{what}");
            let mut kept = Vec::new();
            let read = vault.store.rows(&mut |row| kept.push(row));
            kept.sort_by_key(|row| row.id);
            assert!(kept.iter().all(|row| rows.contains(row)), "{what}: a row that never was");
            assert_eq!(vault.store.note("profile").unwrap(), Some(b"Wong Tai".to_vec()), "{what}");
            let refill = vault.findings.iter().any(|found| found.code.needs_refill());
            assert!(
                kept == rows || refill || read.is_err(),
                "{what}: {} rows and {:?}",
                kept.len(),
                vault.findings
            );
            for found in
                vault.findings.iter().filter(|found| found.code == FindingCode::StoreMovedAside)
            {
                assert!(found.path.exists(), "{what}");
            }
        }
        Err(error) => panic!("{what}: {error:?}"),
    }
}

#[test]
fn damage_to_any_file_of_the_store_is_explained_and_costs_no_edit() {
    let temp = TempDir::new().unwrap();
    let dir = temp.path().join("a");
    filled(&dir);
    let rows = {
        let mut vault = Vault::open(&dir, SECRET).unwrap();
        vault.store.flush().unwrap();
        seen(&*vault.store)
    };
    for file in files(&dir.join("store")) {
        let name = file.strip_prefix(&dir).unwrap();
        let len = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        for (n, at) in (0..len).step_by((len / 30).max(1)).enumerate() {
            let copied = temp.path().join("copy");
            copy(&dir, &copied);
            let mut bytes = fs::read(&file).unwrap();
            let what = match n % 3 {
                0 => {
                    bytes.truncate(at);
                    "cut"
                }
                1 => {
                    bytes[at..(at + 4_096).min(len)].fill(0);
                    "zeroed"
                }
                _ => {
                    bytes[at] ^= 0x10;
                    "flipped"
                }
            };
            fs::write(copied.join(name), &bytes).unwrap();
            explained(&copied, &rows, &format!("{} {what} at {at} of {len}", name.display()));
            fs::remove_dir_all(&copied).unwrap();
        }
        let copied = temp.path().join("copy");
        copy(&dir, &copied);
        fs::remove_file(copied.join(name)).unwrap();
        explained(&copied, &rows, &format!("{} missing", name.display()));
        fs::remove_dir_all(&copied).unwrap();
    }
}

#[test]
fn an_unfinished_snapshot_is_removed_and_told() {
    let temp = TempDir::new().unwrap();
    filled(temp.path());
    fs::write(temp.path().join("store/snap.000000000000FFFF.generating"), b"half").unwrap();
    let vault = Vault::open(temp.path(), SECRET).unwrap();
    let codes: Vec<_> = vault.findings.iter().map(|found| found.code).collect();
    assert_eq!(codes, [FindingCode::SnapshotRemoved]);
    assert_eq!(seen(&*vault.store).len(), 1_500);
}

#[test]
fn a_store_that_lost_its_files_is_noticed() {
    let temp = TempDir::new().unwrap();
    filled(temp.path());
    fs::remove_dir_all(temp.path().join("store")).unwrap();
    let vault = Vault::open(temp.path(), SECRET).unwrap();
    assert_eq!(vault.findings[0].code, FindingCode::StoreShort);
    assert_eq!(vault.store.note("profile").unwrap(), Some(b"Wong Tai".to_vec()));
    let vault = only_after_closing(vault, temp.path());
    assert_eq!(vault.findings, []);
    assert_eq!(entries(&vault).len(), 50);
}

#[test]
fn a_move_aside_cut_between_its_renames_is_finished() {
    let temp = TempDir::new().unwrap();
    filled(temp.path());
    fs::rename(temp.path().join("store"), temp.path().join("store.fresh")).unwrap();
    let vault = Vault::open(temp.path(), SECRET).unwrap();
    assert_eq!(seen(&*vault.store).len(), 1_500);
}

#[test]
fn repairing_what_is_whole_changes_nothing() {
    let temp = TempDir::new().unwrap();
    filled(temp.path());
    let vault = Vault::repair(temp.path(), SECRET, 0).unwrap();
    assert_eq!(vault.findings, []);
    assert_eq!(seen(&*vault.store).len(), 1_500);
    assert!(!temp.path().join("store.damaged-1").exists());
}

#[test]
fn data_without_its_key_file_is_not_overwritten() {
    let temp = TempDir::new().unwrap();
    filled(temp.path());
    fs::remove_file(temp.path().join("device.key")).unwrap();
    let refused = Vault::create(temp.path(), SECRET, KeyCost::CHEAP).err();
    assert!(matches!(refused, Some(StoreError::NotEmpty { .. })));
}

#[test]
fn a_failed_removal_of_nothing_is_no_error_in_memory() {
    let mut vault = Vault::memory();
    vault.store.commit(&Change { removes: vec![id(1)], ..Change::default() }).unwrap();
    assert_eq!(vault.check(), []);
    assert!(vault.findings.is_empty());
}

#[test]
fn every_finding_and_error_has_words_in_three_languages() {
    let path = || PathBuf::from("p");
    let errors = [
        StoreError::InUse { path: path(), holder: "1".into(), since: None },
        StoreError::WrongPassphrase,
        StoreError::NotCreated { path: path() },
        StoreError::AlreadyExists { path: path() },
        StoreError::NotEmpty { path: path() },
        StoreError::DiskFull { path: path() },
        StoreError::ReadOnly { path: path() },
        StoreError::NotBackup { path: path() },
        StoreError::Damaged { what: "x".into(), path: path() },
        StoreError::TooNew { version: 2 },
        StoreError::TooLong { bytes: 1 },
        StoreError::Io { path: path(), source: std::io::Error::other("x") },
        StoreError::Poisoned,
    ];
    for texts in [
        include_str!("../../config/locales/zh-Hant/store.ftl"),
        include_str!("../../config/locales/zh-Hans/store.ftl"),
        include_str!("../../config/locales/en/store.ftl"),
    ] {
        let text =
            |key: &str| texts.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        for code in FindingCode::ALL {
            text(code.key());
        }
        for error in &errors {
            let line = text(error.key());
            for (name, _) in error.args() {
                assert!(line.contains(&format!("{{ ${name} }}")), "{name} in {line}");
            }
        }
    }
}
