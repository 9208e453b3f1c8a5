//! A device's disk: what is on it survives the program, and every write may be the one that fails.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use ejia::client::{Finding, StoreError, Vault};
use ejia::domain::ids::RecordId;
use ejia::store::{Change, Entry, FindingCode, Journal, Row, Store};

use super::faults::Fault;
use super::rng::Rng;

type Notes = BTreeMap<String, Vec<u8>>;

/// What the store's files hold.
#[derive(Clone, Default)]
pub(crate) struct Base {
    pub(crate) rows: BTreeMap<RecordId, Row>,
    notes: Notes,
    staged: Vec<Arc<Change>>,
}

/// Everything on the disk, as a copy of it would have it.
#[derive(Clone, Default)]
pub(crate) struct Image {
    pub(crate) base: Base,
    pub(crate) entries: Vec<Arc<Entry>>,
}

struct State {
    image: Image,
    /// Which opening may use the disk; earlier ones belong to a program that is gone.
    opening: u64,
    /// The program was killed.
    dead: bool,
    /// A write of the store failed: it takes no more until it is opened again.
    poisoned: bool,
    /// A fault that strikes at the so-manieth write.
    armed: Option<(Fault, usize)>,
    /// What of the store is really on the platter, if a power cut is to come.
    platter: Option<Base>,
    /// What the next opening will find.
    findings: Vec<FindingCode>,
    /// Entries whose append was answered, since they were last asked for.
    saved: Vec<Arc<Entry>>,
    fired: Vec<Fault>,
    rng: Rng,
}

/// The disk of one device; clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<State>>);

struct Handle {
    disk: Disk,
    opening: u64,
}

impl Disk {
    pub(crate) fn new(image: Image, rng: Rng) -> Self {
        Self(Arc::new(Mutex::new(State {
            image,
            opening: 0,
            dead: false,
            poisoned: false,
            armed: None,
            platter: None,
            findings: Vec::new(),
            saved: Vec::new(),
            fired: Vec::new(),
            rng,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Opens the disk for a new program.
    pub(crate) fn open(&self) -> Vault {
        let mut state = self.lock();
        state.opening += 1;
        state.dead = false;
        state.poisoned = false;
        state.armed = None;
        state.platter = None;
        let finding = |code| Finding { code, path: PathBuf::new(), numbers: Vec::new() };
        let findings = std::mem::take(&mut state.findings).into_iter().map(finding).collect();
        let opening = state.opening;
        drop(state);
        let handle = || Box::new(Handle { disk: self.clone(), opening });
        Vault::from_parts(handle(), handle(), findings)
    }

    /// Lets a fault strike at one of the next writes.
    pub(crate) fn arm(&self, fault: Fault, writes: usize) {
        let mut state = self.lock();
        state.platter = (fault == Fault::LostWrites).then(|| state.image.base.clone());
        state.armed = Some((fault, writes));
    }

    pub(crate) fn disarm(&self) {
        self.lock().armed = None;
    }

    /// True if the program on it is gone or can do nothing more.
    pub(crate) fn needs_reopening(&self) -> bool {
        let state = self.lock();
        state.dead || state.poisoned
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.lock().dead
    }

    pub(crate) fn image(&self) -> Image {
        self.lock().image.clone()
    }

    /// Puts other contents on the disk while no program runs.
    pub(crate) fn set_image(&self, image: Image) {
        let mut state = self.lock();
        state.image = image;
        state.dead = true;
    }

    pub(crate) fn lose_store(&self) {
        let mut state = self.lock();
        state.image.base = Base::default();
        state.findings.push(FindingCode::StoreMovedAside);
        state.dead = true;
    }

    pub(crate) fn lose_journal(&self) {
        let mut state = self.lock();
        state.image.entries.clear();
        state.dead = true;
    }

    pub(crate) fn take_saved(&self) -> Vec<Arc<Entry>> {
        std::mem::take(&mut self.lock().saved)
    }

    pub(crate) fn take_fired(&self) -> Vec<Fault> {
        std::mem::take(&mut self.lock().fired)
    }

    pub(crate) fn with_image<T>(&self, look: impl FnOnce(&Image) -> T) -> T {
        look(&self.lock().image)
    }
}

fn gone() -> StoreError {
    StoreError::Io { path: PathBuf::from("sim"), source: std::io::Error::from_raw_os_error(5) }
}

fn full() -> StoreError {
    StoreError::DiskFull { path: PathBuf::from("sim") }
}

impl State {
    /// Counts a write and says whether a fault strikes here.
    fn strikes(&mut self, journal: bool) -> Option<Fault> {
        let (fault, left) = self.armed.as_mut()?;
        *left = left.saturating_sub(1);
        let wrong_part = *fault == Fault::TornTail && !journal;
        if *left > 0 || wrong_part {
            return None;
        }
        let fault = *fault;
        self.armed = None;
        self.fired.push(fault);
        Some(fault)
    }

    /// Does a write of the store, or fails as a fault says.
    fn write(&mut self, apply: impl FnOnce(&mut Base)) -> Result<(), StoreError> {
        if self.poisoned {
            return Err(gone());
        }
        match self.strikes(false) {
            None => {
                apply(&mut self.image.base);
                Ok(())
            }
            Some(Fault::DiskFull) => {
                self.poisoned = true;
                Err(full())
            }
            Some(Fault::DiskError) => {
                self.poisoned = true;
                Err(gone())
            }
            Some(Fault::LostWrites) => {
                if let Some(platter) = self.platter.take() {
                    self.image.base = platter;
                }
                self.findings.push(FindingCode::StoreShort);
                self.dead = true;
                Err(gone())
            }
            Some(_crash) => {
                if self.rng.per_mille(500) {
                    apply(&mut self.image.base);
                }
                self.dead = true;
                Err(gone())
            }
        }
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut new: Vec<Arc<Entry>> = entries.iter().cloned().map(Arc::new).collect();
        match self.strikes(true) {
            None => {
                self.saved.extend(new.iter().cloned());
                self.image.entries.extend(new);
                Ok(())
            }
            Some(Fault::DiskFull) => Err(full()),
            Some(Fault::DiskError) => Err(gone()),
            Some(fault) => {
                // The frames are written in order and synced together; nobody was told that they are there.
                let whole =
                    if fault == Fault::TornTail { new.len().saturating_sub(1) } else { new.len() };
                let kept = self.rng.between(0, whole);
                new.truncate(kept);
                self.image.entries.extend(new);
                if fault == Fault::LostWrites {
                    if let Some(platter) = self.platter.take() {
                        self.image.base = platter;
                    }
                    self.findings.push(FindingCode::StoreShort);
                }
                self.findings.push(FindingCode::JournalTorn);
                self.dead = true;
                Err(gone())
            }
        }
    }
}

impl Base {
    fn apply(&mut self, change: &Change) {
        for row in &change.puts {
            self.rows.insert(row.id, row.clone());
        }
        for id in &change.removes {
            self.rows.remove(id);
        }
        self.note(&change.notes);
    }

    fn note(&mut self, notes: &[(String, Option<Vec<u8>>)]) {
        for (key, value) in notes {
            match value {
                Some(value) => self.notes.insert(key.clone(), value.clone()),
                None => self.notes.remove(key),
            };
        }
    }
}

impl Handle {
    /// The disk, if the program that holds this handle still runs.
    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.disk.lock();
        if state.dead || state.opening != self.opening { Err(gone()) } else { Ok(state) }
    }
}

impl Store for Handle {
    fn rows(&self, visit: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.state()?.image.base.rows.values().cloned().for_each(visit);
        Ok(())
    }

    fn note(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state()?.image.base.notes.get(key).cloned())
    }

    fn notes(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let state = self.state()?;
        let from = state.image.base.notes.range(prefix.to_owned()..);
        let found = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn commit(&mut self, change: &Change) -> Result<(), StoreError> {
        self.state()?.write(|base| base.apply(change))
    }

    fn stage(&mut self, page: &Change) -> Result<(), StoreError> {
        self.state()?.write(|base| base.staged.push(Arc::new(page.clone())))
    }

    fn staged(&self, visit: &mut dyn FnMut(Change)) -> Result<(), StoreError> {
        let staged = self.state()?.image.base.staged.clone();
        for change in &staged {
            visit(Change::clone(change));
        }
        Ok(())
    }

    fn flip(
        &mut self,
        replace: bool,
        notes: &[(String, Option<Vec<u8>>)],
    ) -> Result<(), StoreError> {
        self.state()?.write(|base| {
            if replace {
                base.rows.clear();
            }
            for page in std::mem::take(&mut base.staged) {
                base.apply(&page);
            }
            base.note(notes);
        })
    }

    fn unstage(&mut self) -> Result<(), StoreError> {
        self.state()?.write(|base| base.staged.clear())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.state()?.write(|_| ())
    }
}

impl Journal for Handle {
    fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.state()?.append(entries)
    }

    fn read_some(
        &self,
        wanted: &dyn Fn(u32, u64) -> bool,
        visit: &mut dyn FnMut(Entry),
    ) -> Result<(), StoreError> {
        let entries = self.state()?.image.entries.clone();
        let wanted = entries.iter().filter(|entry| wanted(entry.generation, entry.n));
        wanted.for_each(|entry| visit(Entry::clone(entry)));
        Ok(())
    }

    fn last(&self) -> Option<(u32, u64)> {
        let state = self.state().ok()?;
        state.image.entries.last().map(|entry| (entry.generation, entry.n))
    }

    fn trimmable(&self, _done: &dyn Fn(u32, u64) -> bool) -> Result<usize, StoreError> {
        Ok(0)
    }

    fn trim(&mut self, _parts: usize) -> Result<(), StoreError> {
        Ok(())
    }
}
