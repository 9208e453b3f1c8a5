//! A disk that may lose its power: what is certainly on it, what is only on its way, and images of what may be found afterwards.
//!
//! Certain is what a sync covered. Of the rest, each sector has any state it had since the last sync of its file, whatever its
//! neighbours have; a file's length is any it had; and of the names in a directory any first part of the changes since its last sync is
//! done. `Order::Journalled` is milder in one thing, as the usual file systems are: syncing a file makes its name durable too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Rng;
use super::shim::Step;

/// How names become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Only by a sync of their directory.
    Strict,
    /// By any sync, with all names before.
    Journalled,
    /// Nothing ever does, nor does a sync make content durable: a disk that lies.
    Deaf,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Arc<[u8]>),
    Cut(usize),
}

#[derive(Clone, Debug, Default)]
struct File {
    certain: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Naming {
    /// `None` for a directory.
    Make(PathBuf, Option<usize>),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

type Names = BTreeMap<PathBuf, Option<usize>>;

/// The disk below one directory.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    order: Order,
    files: Vec<File>,
    names: Names,
    certain: Names,
    pending: Vec<Naming>,
}

impl Disk {
    /// Takes a directory as it is, and as durable.
    pub(crate) fn of(root: &Path, order: Order) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            order,
            files: Vec::new(),
            names: Names::new(),
            certain: Names::new(),
            pending: Vec::new(),
        };
        disk.take(root);
        disk.certain = disk.names.clone();
        disk
    }

    fn take(&mut self, dir: &Path) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let file = if path.is_dir() {
                self.take(&path);
                None
            } else {
                let certain = std::fs::read(&path).unwrap();
                Some(self.add(File { certain, pending: Vec::new() }))
            };
            self.names.insert(path, file);
        }
    }

    fn add(&mut self, file: File) -> usize {
        self.files.push(file);
        self.files.len() - 1
    }

    fn file(&mut self, path: &Path) -> &mut File {
        let place = match self.names.get(path) {
            Some(Some(place)) => *place,
            other => panic!("{} is {other:?}", path.display()),
        };
        &mut self.files[place]
    }

    /// Does one step.
    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Write(path, at, data) => {
                self.file(path).pending.push(Change::Write(*at, data.clone()));
            }
            Step::Cut(path, len) => self.file(path).pending.push(Change::Cut(*len)),
            Step::Sync(_) | Step::SyncDir(_) if self.order == Order::Deaf => {}
            Step::Sync(path) => {
                let file = self.file(path);
                let pending = std::mem::take(&mut file.pending);
                for change in &pending {
                    apply(&mut file.certain, change);
                }
                if self.order == Order::Journalled {
                    self.settle(|_| true);
                }
            }
            Step::SyncDir(dir) => {
                let all = self.order == Order::Journalled;
                self.settle(|naming| all || naming.dir() == Some(dir));
            }
            Step::Make(path, is_dir) => {
                let file = if *is_dir { None } else { Some(self.add(File::default())) };
                self.change(Naming::Make(path.clone(), file));
            }
            Step::Rename(from, to) => self.change(Naming::Rename(from.clone(), to.clone())),
            Step::Remove(path) => self.change(Naming::Remove(path.clone())),
            Step::Said(_) => {}
        }
    }

    fn change(&mut self, naming: Naming) {
        naming.apply(&mut self.names);
        self.pending.push(naming);
    }

    fn settle(&mut self, covered: impl Fn(&Naming) -> bool) {
        let pending = std::mem::take(&mut self.pending);
        for naming in pending {
            if covered(&naming) {
                naming.apply(&mut self.certain);
            } else {
                self.pending.push(naming);
            }
        }
    }

    /// Writes one of the states that may be found after a power cut now.
    pub(crate) fn image(&self, to: &Path, rng: &mut Rng) {
        let mut names = self.certain.clone();
        let mut left: BTreeMap<Option<PathBuf>, usize> = BTreeMap::new();
        for naming in &self.pending {
            let dir = match self.order {
                Order::Strict => naming.dir().map(Path::to_owned),
                Order::Journalled | Order::Deaf => None,
            };
            *left.entry(dir).or_default() += 1;
        }
        for count in left.values_mut() {
            *count = rng.index(*count + 1);
        }
        for naming in &self.pending {
            let dir = match self.order {
                Order::Strict => naming.dir().map(Path::to_owned),
                Order::Journalled | Order::Deaf => None,
            };
            let left = left.get_mut(&dir).unwrap();
            if *left > 0 {
                *left -= 1;
                naming.apply(&mut names);
            }
        }
        let sector = if rng.below(2) == 0 { 512 } else { 4_096 };
        for (path, file) in &names {
            let reachable = path
                .ancestors()
                .skip(1)
                .take_while(|up| *up != self.root)
                .all(|up| names.get(up) == Some(&None));
            let place = to.join(path.strip_prefix(&self.root).unwrap());
            match file {
                _ if !reachable => {}
                None => std::fs::create_dir_all(&place).unwrap(),
                Some(file) => {
                    let bytes = found(&self.files[*file], sector, rng);
                    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                    std::fs::write(&place, bytes).unwrap();
                }
            }
        }
    }
}

impl Naming {
    fn dir(&self) -> Option<&Path> {
        match self {
            Self::Make(path, _) | Self::Remove(path) => path.parent(),
            Self::Rename(_, to) => to.parent(),
        }
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Self::Make(path, file) => {
                names.insert(path.clone(), *file);
            }
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                    let inside = |path: &&PathBuf| path.starts_with(from);
                    let moved: Vec<PathBuf> = names.keys().filter(inside).cloned().collect();
                    for path in moved {
                        let file = names.remove(&path).unwrap();
                        names.insert(to.join(path.strip_prefix(from).unwrap()), file);
                    }
                }
            }
            Self::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, data) => {
            let end = at + data.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*at..end].copy_from_slice(data);
        }
        Change::Cut(len) => bytes.resize(*len, 0),
    }
}

/// One of the contents that a file may have: every sector and the length as after any of the pending changes.
fn found(file: &File, sector: usize, rng: &mut Rng) -> Vec<u8> {
    let mut versions = vec![file.certain.clone()];
    // Each version is the file after one change more; files with many changes pending are few and small.
    for change in &file.pending {
        let mut next = versions.last().unwrap().clone();
        apply(&mut next, change);
        versions.push(next);
    }
    // Half of the time the disk kept the order, and lost only the end.
    if rng.below(2) == 0 {
        return versions.swap_remove(rng.index(versions.len()));
    }
    let mut bytes = vec![0; versions[rng.index(versions.len())].len()];
    for (place, part) in bytes.chunks_mut(sector).enumerate() {
        let version = &versions[rng.index(versions.len())];
        let from = version.get(place * sector..).unwrap_or_default();
        let len = part.len().min(from.len());
        part[..len].copy_from_slice(&from[..len]);
    }
    bytes
}
