//! One data directory: store and journal under one key and one lock.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::backup::{self, Backup, BackupSummary, Record};
use super::files::{self, At};
use super::journal::FileJournal;
use super::keyfile::{KeyCost, KeyFile, RecoveryCode};
use super::lock::Lock;
use super::seal::{Key, Sealer};
use super::sled::{self, SledStore};
use super::tries;
use super::{
    Change, Entry, Finding, FindingCode, Journal, MemoryJournal, MemoryStore, Store, StoreError,
};

/// The note that a restored vault carries: the sync starts a new generation when it finds it, and deletes it.
pub const RESTORED: &str = "restored";
/// Rows of a backup that are staged together.
const RESTORE_ROWS: usize = 2_000;
/// Journal entries of a backup that are appended together.
const RESTORE_ENTRIES: usize = 5_000;

/// An open data directory, or its likeness in memory.
pub struct Vault {
    /// The base records and the notes.
    pub store: Box<dyn Store>,
    /// The device's own edits.
    pub journal: Box<dyn Journal>,
    /// What was found and done at open; empty after a clean one.
    pub findings: Vec<Finding>,
    /// How many wrong passphrases had been typed before the right one; 0 unless [`Vault::open_at`] counted.
    pub wrong_tries: u32,
    /// `None` in memory.
    home: Option<Home>,
}

/// What a vault on the disk has besides its two halves.
struct Home {
    dir: PathBuf,
    key: Key,
    _lock: Lock,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.home.as_ref().map(|home| &home.dir);
        f.debug_struct("Vault")
            .field("dir", &dir)
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Makes a vault in memory, without key and files.
    pub fn memory() -> Self {
        Self {
            store: Box::new(MemoryStore::default()),
            journal: Box::new(MemoryJournal::default()),
            findings: Vec::new(),
            wrong_tries: 0,
            home: None,
        }
    }

    /// Puts a vault together from another store and journal: a simulated disk, a backend under test. It has no key and no lock.
    pub fn from_parts(
        store: Box<dyn Store>,
        journal: Box<dyn Journal>,
        findings: Vec<Finding>,
    ) -> Self {
        Self { store, journal, findings, wrong_tries: 0, home: None }
    }

    /// Tells whether there is a vault in `dir`.
    pub fn exists(dir: &Path) -> bool {
        key_path(dir).exists()
    }

    /// Makes a vault in `dir`, which need not exist. The code is shown once and stored nowhere.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`]; [`StoreError::NotEmpty`] when data lies there whose key file is missing.
    pub fn create(
        dir: &Path,
        passphrase: &str,
        cost: KeyCost,
    ) -> Result<(Self, RecoveryCode), StoreError> {
        files::make_dir(dir)?;
        let lock = Lock::take(dir)?;
        if Self::exists(dir) {
            return Err(StoreError::AlreadyExists { path: dir.into() });
        }
        if store_path(dir).exists() || journal_path(dir).exists() {
            return Err(StoreError::NotEmpty { path: dir.into() });
        }
        let (keys, key, code) = KeyFile::draw(passphrase, cost)?;
        keys.write(&key_path(dir))?;
        Ok((Self::assemble(dir, key, lock)?, code))
    }

    /// Opens the vault in `dir` with its passphrase or recovery code.
    ///
    /// A store beyond reading is moved aside and what can be read of it is kept; `findings` says so. The journal is mended.
    ///
    /// # Errors
    /// [`StoreError::NotCreated`], [`StoreError::InUse`], [`StoreError::WrongPassphrase`], [`StoreError::TooNew`],
    /// [`StoreError::Damaged`] for the key file, [`StoreError::DiskFull`], [`StoreError::ReadOnly`].
    pub fn open(dir: &Path, secret: &str) -> Result<Self, StoreError> {
        let (key, lock, _) = unlock(dir, secret, None)?;
        Self::assemble(dir, key, lock)
    }

    /// Opens the vault as [`Vault::open`] does, but counts wrong passphrases: after some of them in a row the next must wait. The
    /// recovery code never waits. `now_ms` is this machine's clock.
    ///
    /// # Errors
    /// As [`Vault::open`], and [`StoreError::TooManyTries`].
    pub fn open_at(dir: &Path, secret: &str, now_ms: i64) -> Result<Self, StoreError> {
        let (key, lock, wrong_tries) = unlock(dir, secret, Some(now_ms))?;
        Ok(Self { wrong_tries, ..Self::assemble(dir, key, lock)? })
    }

    /// Opens the vault after reading all of it, and moves the store aside also for damage that opening does not see.
    ///
    /// # Errors
    /// As [`Vault::open_at`].
    pub fn repair(dir: &Path, secret: &str, now_ms: i64) -> Result<Self, StoreError> {
        let (key, lock, _) = unlock(dir, secret, Some(now_ms))?;
        let vault = Self::assemble(dir, key.clone(), lock.clone())?;
        if !vault.check_store().iter().any(|found| found.code == FindingCode::StoreDamaged) {
            return Ok(vault);
        }
        let Self { mut findings, store, journal, .. } = vault;
        drop((store, journal));
        sled::move_aside(&store_path(dir), &Sealer::new(&key), &mut findings)?;
        let mut vault = Self::assemble(dir, key, lock)?;
        findings.append(&mut vault.findings);
        vault.findings = findings;
        Ok(vault)
    }

    /// Reads journal, store and staged pages in full and tells what is wrong; changes nothing.
    pub fn check(&self) -> Vec<Finding> {
        let Some(home) = &self.home else {
            return Vec::new();
        };
        let dir = journal_path(&home.dir);
        let mut findings = FileJournal::check(&dir, &Sealer::new(&home.key)).unwrap_or_else(|_| {
            vec![Finding::new(
                FindingCode::JournalDamaged,
                &dir,
                &[("at", 0), ("bytes", 0), ("after", 0)],
            )]
        });
        findings.extend(self.check_store());
        findings
    }

    fn check_store(&self) -> Vec<Finding> {
        let path = self.home.as_ref().map(|home| store_path(&home.dir)).unwrap_or_default();
        let parts = [
            self.store.rows(&mut drop).is_err(),
            self.store.notes("").is_err(),
            self.store.staged(&mut drop).is_err(),
        ];
        let broken = super::bytes::len64(parts.iter().filter(|broken| **broken).count());
        let found = (broken > 0)
            .then(|| Finding::new(FindingCode::StoreDamaged, path, &[("parts", broken)]));
        found.into_iter().collect()
    }

    /// Replaces the passphrase; the recovery code stays.
    ///
    /// # Errors
    /// [`StoreError::WrongPassphrase`] when `current` is neither passphrase nor recovery code; [`StoreError::NotCreated`]
    /// for a vault in memory. After any error the old passphrase still holds.
    pub fn change_passphrase(
        &self,
        current: &str,
        new: &str,
        cost: KeyCost,
    ) -> Result<(), StoreError> {
        let home = self.home()?;
        let path = key_path(&home.dir);
        let keys = KeyFile::read(&path)?;
        let key = keys.unlock(current, &path)?;
        keys.with_passphrase(new, cost, &key)?.write(&path)
    }

    /// Replaces passphrase and recovery code at once, for somebody who has the recovery code; no record is written anew. The new code
    /// is shown once and stored nowhere.
    ///
    /// # Errors
    /// [`StoreError::WrongPassphrase`] when `code` is not the recovery code; else as [`Vault::change_passphrase`].
    pub fn recover(
        &self,
        code: &str,
        new: &str,
        cost: KeyCost,
    ) -> Result<RecoveryCode, StoreError> {
        let home = self.home()?;
        let path = key_path(&home.dir);
        let keys = KeyFile::read(&path)?;
        let key = keys.by_code(code).ok_or(StoreError::WrongPassphrase)?;
        let (keys, code) = keys.with_passphrase(new, cost, &key)?.with_new_code(&key);
        keys.write(&path)?;
        Ok(code)
    }

    /// Wraps the key again if guessing the passphrase is cheaper than `floor`; `secret` is what opened the vault. A vault that was
    /// made at [`KeyCost::CHEAP`] is one of a test and stays so. Returns true if the cost was raised.
    ///
    /// # Errors
    /// A failing disk: the old wrap still holds.
    pub fn strengthen(&self, secret: &str, floor: KeyCost) -> Result<bool, StoreError> {
        let home = self.home()?;
        let path = key_path(&home.dir);
        let keys = KeyFile::read(&path)?;
        let dear = keys.cost().at_least(floor);
        if keys.cost() == KeyCost::CHEAP || dear == keys.cost() || keys.by_code(secret).is_some() {
            return Ok(false);
        }
        keys.with_passphrase(secret, dear, &home.key)?.write(&path)?;
        Ok(true)
    }

    /// Writes one encrypted portable file with everything but the staged pages; the same secrets open it.
    ///
    /// # Errors
    /// A failing disk, or damage in what is to be copied: no backup is better than one that lacks something unsaid.
    pub fn backup(&self, to: &Path) -> Result<BackupSummary, StoreError> {
        let home = self.home()?;
        let keys = KeyFile::read(&key_path(&home.dir))?;
        backup::write(to, &keys, &home.key, &*self.store, &*self.journal)
    }

    /// Makes a vault in `dir`, missing or empty, from a backup. It carries the note [`RESTORED`].
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`]; [`StoreError::Damaged`] for the backup; [`StoreError::WrongPassphrase`]. Nothing is left
    /// in `dir` then.
    pub fn restore(from: &Path, dir: &Path, secret: &str) -> Result<Self, StoreError> {
        let backup = Backup::open(from)?;
        let key = backup.keys.unlock(secret, from)?;
        files::make_dir(dir)?;
        if fs::read_dir(dir).at(dir)?.next().is_some() {
            return Err(StoreError::NotEmpty { path: dir.into() });
        }
        let restored = Self::fill(backup, dir, &key);
        if restored.is_err() {
            clear(dir);
        }
        restored
    }

    /// Destroys the key file: nothing in the directory can be read again, by anybody. Backups elsewhere have their own.
    ///
    /// # Errors
    /// A failing disk.
    pub fn destroy(&self) -> Result<(), StoreError> {
        let Ok(home) = self.home() else { return Ok(()) };
        let path = key_path(&home.dir);
        let mut file = fs::OpenOptions::new().write(true).open(&path).at(&path)?;
        files::blank(&mut file).at(&path)?;
        fs::remove_file(&path).at(&path)?;
        files::sync_dir(&home.dir)?;
        // Without the key the rest is noise; it goes too, as far as it goes.
        clear(&home.dir);
        Ok(())
    }

    fn fill(backup: Backup, dir: &Path, key: &Key) -> Result<Self, StoreError> {
        let lock = Lock::take(dir)?;
        let keys = backup.keys.clone();
        let mut vault = Self::assemble(dir, key.clone(), lock)?;
        let mut page = Change::default();
        let mut entries: Vec<Entry> = Vec::new();
        let mut notes = Vec::new();
        backup.read(key, &mut |record| {
            match record {
                Record::Row(row) => page.puts.push(row),
                Record::Note(name, value) => notes.push((name, Some(value))),
                Record::Entry(entry) => entries.push(entry),
            }
            if page.puts.len() >= RESTORE_ROWS {
                vault.store.stage(&std::mem::take(&mut page))?;
            }
            if entries.len() >= RESTORE_ENTRIES {
                vault.journal.append(&std::mem::take(&mut entries))?;
            }
            Ok(())
        })?;
        vault.store.stage(&page)?;
        vault.journal.append(&entries)?;
        notes.push((RESTORED.into(), Some(b"1".to_vec())));
        vault.store.flip(true, &notes)?;
        // The key file comes last: without it the directory is no vault yet.
        keys.write(&key_path(dir))?;
        Ok(vault)
    }

    fn assemble(dir: &Path, key: Key, lock: Lock) -> Result<Self, StoreError> {
        let sealer = Sealer::new(&key);
        let mut findings = Vec::new();
        let path = store_path(dir);
        sled::resume(&path)?;
        let open =
            |findings: &mut _| SledStore::open(&path, sealer.clone(), Some(lock.clone()), findings);
        let store = match open(&mut findings) {
            Err(StoreError::Damaged { .. }) if !crate::trap!(T49) => {
                sled::move_aside(&path, &sealer, &mut findings)?;
                open(&mut findings)?
            }
            other => other?,
        };
        let (journal, found) =
            FileJournal::open(&journal_path(dir), sealer.clone(), Some(lock.clone()))?;
        findings.extend(found);
        let home = Some(Home { dir: dir.into(), key, _lock: lock });
        let (store, journal) = (Box::new(store), Box::new(journal));
        Ok(Self { store, journal, findings, wrong_tries: 0, home })
    }

    fn home(&self) -> Result<&Home, StoreError> {
        self.home.as_ref().ok_or_else(|| StoreError::NotCreated { path: PathBuf::new() })
    }
}

fn unlock(dir: &Path, secret: &str, now_ms: Option<i64>) -> Result<(Key, Lock, u32), StoreError> {
    let path = key_path(dir);
    if let Err(error) = fs::metadata(&path) {
        return Err(match error.kind() {
            std::io::ErrorKind::NotFound => StoreError::NotCreated { path: dir.into() },
            _ => StoreError::io(&path, error),
        });
    }
    let lock = Lock::take(dir)?;
    let keys = KeyFile::read(&path)?;
    if let Some(key) = keys.by_code(secret) {
        return Ok((key, lock, tries::passed(dir)));
    }
    if let Some(now_ms) = now_ms {
        tries::may(dir, now_ms)?;
    }
    let key = keys.by_passphrase(secret, &path).inspect_err(|error| {
        if let (Some(now_ms), StoreError::WrongPassphrase) = (now_ms, error) {
            tries::failed(dir, now_ms);
        }
    })?;
    Ok((key, lock, tries::passed(dir)))
}

/// Removes the files of a vault: what an unfinished restore made in a directory that was empty before, or what has no key any more.
fn clear(dir: &Path) {
    drop(fs::remove_dir_all(store_path(dir)));
    drop(fs::remove_dir_all(journal_path(dir)));
    let names = ["store.seen", "store.notes", "store.reserve", "device.tries", "owner.lock"];
    for name in names.into_iter().chain(["device.key"]) {
        drop(fs::remove_file(dir.join(name)));
    }
}

fn key_path(dir: &Path) -> PathBuf {
    dir.join("device.key")
}

fn store_path(dir: &Path) -> PathBuf {
    dir.join("store")
}

fn journal_path(dir: &Path) -> PathBuf {
    dir.join("journal")
}
