//! The journal in files: preallocated segments, one write and one sync for each append.
//!
//! Overwriting zeros that are on the disk already needs no change of the file's size or extents, so `fdatasync` has only the
//! data to write. A batch that does not fit the current segment becomes a segment of its own, written under a temporary
//! name: it is there whole or not at all.
//!
//! May import: the store's own helpers.

mod disk;
mod frame;
mod mend;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::bytes::len64;
use super::files::{self, At};
use super::lock::Lock;
use super::seal::Sealer;
use super::{Entry, Finding, Journal, MAX_VALUE, StoreError};
use disk::{Disk, Real};

/// Bytes of an ordinary segment: some 2,500 edits, and short to fill with zeros when it is made (about 3 ms).
const SEGMENT: usize = if cfg!(test) { 64 << 10 } else { 1 << 20 };

/// The journal of one data directory.
pub(super) struct FileJournal {
    dir: PathBuf,
    sealer: Sealer,
    segments: Vec<Segment>,
    /// The last segment, open for writing; `None` when the next append begins a new one.
    current: Option<File>,
    /// A segment that failed half-way through its publication and must be gone before the next append.
    unpublished: Option<PathBuf>,
    last: Option<(u32, u64)>,
    disk: Box<dyn Disk>,
    /// Held as long as anything of the directory is open.
    _lock: Option<Lock>,
}

/// One file of the journal.
struct Segment {
    number: u32,
    path: PathBuf,
    /// Bytes of the file.
    size: usize,
    frames: Vec<Range<usize>>,
    /// Where the next frame goes.
    end: usize,
    /// End of what a failed append may have left after `end`; equal to or below `end` when nothing is left.
    dirty: usize,
}

impl FileJournal {
    /// Opens the journal in `dir`, mends what a crash left and tells what it found.
    pub(super) fn open(
        dir: &Path,
        sealer: Sealer,
        lock: Option<Lock>,
    ) -> Result<(Self, Vec<Finding>), StoreError> {
        Self::open_on(dir, sealer, lock, Box::new(Real))
    }

    fn open_on(
        dir: &Path,
        sealer: Sealer,
        lock: Option<Lock>,
        disk: Box<dyn Disk>,
    ) -> Result<(Self, Vec<Finding>), StoreError> {
        files::make_dir(dir)?;
        let dir = dir.to_path_buf();
        let mut journal = Self {
            segments: Vec::new(),
            current: None,
            unpublished: None,
            last: None,
            dir,
            sealer,
            disk,
            _lock: lock,
        };
        let paths = list(&journal.dir)?;
        let mut findings = Vec::new();
        let newest = paths.last().map(|(number, _)| *number);
        for (number, path) in paths {
            let (segment, last, usable) =
                mend::load(number, &path, newest == Some(number), &mut findings)?;
            journal.last = last.or(journal.last);
            if usable && newest == Some(number) {
                let file = OpenOptions::new().read(true).write(true).open(&path).at(&path)?;
                journal.current = Some(file);
            }
            journal.segments.push(segment);
        }
        Ok((journal, findings))
    }

    /// Reads everything again without changing anything, for `doctor`.
    pub(super) fn check(dir: &Path, sealer: &Sealer) -> Result<Vec<Finding>, StoreError> {
        mend::check(dir, sealer)
    }

    /// Writes `bytes` behind the last frame of the current segment.
    fn overwrite(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.wipe()?;
        let Self { segments, current: Some(file), disk, .. } = self else {
            return Err(StoreError::Poisoned);
        };
        let Some(segment) = segments.last_mut() else {
            return Err(StoreError::Poisoned);
        };
        let at = len64(segment.end);
        segment.dirty = segment.end + bytes.len();
        let synced =
            |disk: &mut Box<dyn Disk>| if crate::trap!(T46) { Ok(()) } else { disk.sync(file) };
        let written = disk.write(file, at, bytes).and_then(|()| synced(disk)).at(&segment.path);
        let written = if crate::trap!(T48) { Ok(()) } else { written };
        if written.is_ok() {
            segment.end = segment.dirty;
        } else {
            // If this fails too, the next append tries again before it does anything.
            drop(self.wipe());
        }
        written
    }

    /// Puts zeros over what a failed append left: its frames would come back to life at the next open.
    fn wipe(&mut self) -> Result<(), StoreError> {
        if let Some(path) = self.unpublished.clone() {
            self.disk.remove(&path).at(&path)?;
            files::sync_dir(&self.dir)?;
            self.unpublished = None;
        }
        let (Some(file), Some(segment)) = (&self.current, self.segments.last_mut()) else {
            return Ok(());
        };
        if segment.dirty > segment.end {
            let zeros = vec![0; segment.dirty - segment.end];
            let wiped = self.disk.write(file, len64(segment.end), &zeros);
            wiped.and_then(|()| self.disk.sync(file)).at(&segment.path)?;
            segment.dirty = segment.end;
        }
        Ok(())
    }

    /// Makes the next segment with `frames` as its content.
    fn begin(&mut self, frames: &[u8]) -> Result<(), StoreError> {
        self.wipe()?;
        let number = self.segments.last().map_or(1, |segment| segment.number.saturating_add(1));
        let path = self.dir.join(format!("{number:08}.seg"));
        let end = frame::MAGIC.len() + frames.len();
        let size = end.max(SEGMENT);
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(frame::MAGIC);
        bytes.extend_from_slice(frames);
        bytes.resize(size, 0);
        let file = self.publish(&path, &bytes)?;
        self.segments.push(Segment { number, path, size, frames: Vec::new(), end, dirty: end });
        self.current = Some(file);
        Ok(())
    }

    fn publish(&mut self, path: &Path, bytes: &[u8]) -> Result<File, StoreError> {
        let temporary = files::beside(path, "new");
        let file = files::create(&temporary)?;
        let written = self.disk.write(&file, 0, bytes).and_then(|()| self.disk.sync(&file));
        if let Err(error) = written.at(path) {
            drop(self.disk.remove(&temporary));
            return Err(error);
        }
        if let Err(error) = self.disk.publish(&temporary, path).at(path) {
            drop(self.disk.remove(&temporary));
            self.unpublished = Some(path.to_path_buf());
            drop(self.wipe());
            return Err(error);
        }
        Ok(file)
    }

    fn encode(&self, entries: &[Entry]) -> Result<Vec<u8>, StoreError> {
        let mut total = 0_usize;
        for entry in entries {
            if entry.bytes.len() > MAX_VALUE {
                return Err(StoreError::TooLong { bytes: len64(entry.bytes.len()) });
            }
            total = total.saturating_add(frame::encoded_len(entry.bytes.len()));
        }
        let mut bytes = Vec::with_capacity(total);
        for entry in entries {
            frame::encode(entry, &self.sealer, &mut bytes);
        }
        Ok(bytes)
    }
}

impl Journal for FileJournal {
    fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let Some(newest) = entries.last() else {
            return Ok(());
        };
        let bytes = self.encode(entries)?;
        let fits = |segment: &Segment| segment.end.saturating_add(bytes.len()) <= segment.size;
        if self.current.is_some() && self.segments.last().is_some_and(fits) {
            self.overwrite(&bytes)?;
        } else {
            self.begin(&bytes)?;
        }
        if let Some(segment) = self.segments.last_mut() {
            let mut at = segment.end - bytes.len();
            for entry in entries {
                let end = at + frame::encoded_len(entry.bytes.len());
                segment.frames.push(at..end);
                at = end;
            }
        }
        self.last = Some((newest.generation, newest.n));
        Ok(())
    }

    fn read_some(
        &self,
        wanted: &dyn Fn(u32, u64) -> bool,
        visit: &mut dyn FnMut(Entry),
    ) -> Result<(), StoreError> {
        for segment in self.segments.iter().filter(|segment| !segment.frames.is_empty()) {
            let bytes = fs::read(&segment.path).at(&segment.path)?;
            for frame in segment.frames.iter().filter_map(|frame| bytes.get(frame.clone())) {
                if frame::head(frame).is_some_and(|head| wanted(head.generation, head.n)) {
                    frame::decode(frame, &self.sealer).into_iter().for_each(&mut *visit);
                }
            }
        }
        Ok(())
    }

    fn last(&self) -> Option<(u32, u64)> {
        self.last
    }

    fn trimmable(&self, done: &dyn Fn(u32, u64) -> bool) -> Result<usize, StoreError> {
        let older = self.segments.len().saturating_sub(1);
        let mut count = 0;
        for segment in self.segments.iter().take(older) {
            let bytes = fs::read(&segment.path).at(&segment.path)?;
            let mut heads = segment
                .frames
                .iter()
                .filter_map(|frame| bytes.get(frame.clone()).and_then(frame::head));
            if !heads.all(|head| done(head.generation, head.n)) {
                break;
            }
            count += 1;
        }
        Ok(count)
    }

    fn trim(&mut self, parts: usize) -> Result<(), StoreError> {
        for _part in 0..parts.min(self.segments.len().saturating_sub(1)) {
            let segment = self.segments.remove(0);
            fs::remove_file(&segment.path).at(&segment.path)?;
        }
        files::sync_dir(&self.dir)
    }
}

/// Lists the segments by number and removes what a crash left half-made.
fn list(dir: &Path) -> Result<Vec<(u32, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).at(dir)? {
        let path = entry.at(dir)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(number) = name.strip_suffix(".seg").and_then(|stem| stem.parse().ok()) {
            found.push((number, path));
        } else if name.ends_with(".seg.new") {
            fs::remove_file(&path).at(&path)?;
        }
    }
    found.sort();
    Ok(found)
}
