//! The number of commits, kept beside sled: a database file cut short can open without a word and with fewer records.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::store::StoreError;
use crate::store::files::{self, At};

/// The open count file.
pub(super) struct Seen {
    file: File,
    count: u64,
}

impl Seen {
    /// Opens the count beside the store in `dir`; an unreadable count is none.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = files::beside(dir, "seen");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.at(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).at(&path)?;
        let count = bytes.split_first_chunk().map_or(0, |(count, check)| {
            if check == sum(*count) { u64::from_be_bytes(*count) } else { 0 }
        });
        Ok(Self { file, count })
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Notes the count. Too low a count only misses a truncation, so it is not synced and may fail.
    pub(super) fn note(&mut self, count: u64) {
        self.count = count;
        let bytes = count.to_be_bytes();
        let written = self.file.seek(SeekFrom::Start(0));
        drop(written.and_then(|_| self.file.write_all(&[bytes, sum(bytes)].concat())));
    }

    /// Makes the count durable, if the disk lets us.
    pub(super) fn sync(&self) {
        drop(self.file.sync_data());
    }
}

fn sum(count: [u8; 8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(count).into();
    hash.first_chunk().copied().unwrap_or_default()
}
