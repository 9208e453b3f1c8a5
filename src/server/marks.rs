//! What must outlive a restore: revocations, closed accounts, changed roles, leases, erasures, and how far the history was.
//!
//! One JSON object a line, appended and synced, never rewritten. A line that was cut by a crash was not acknowledged; a line of a newer
//! program is passed over.

use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::beside::{Beside, private, sync_folder};
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::sync::Digest;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mark", rename_all = "snake_case")]
pub(crate) enum Mark {
    /// The database has got this far.
    Head {
        /// History.
        epoch: Uuid,
        /// Last position.
        seq: u64,
        /// Chain value there.
        chain: Digest,
        /// Number of the history; 0 in older lines.
        #[serde(default)]
        epoch_no: u64,
    },
    /// A device was revoked.
    Revoked {
        /// The device.
        device: DeviceId,
        /// Its data key shall be destroyed.
        wipe: bool,
    },
    /// A device was given a token.
    Admitted {
        /// The device.
        device: DeviceId,
        /// When, milliseconds: certificates of before are void.
        at: i64,
    },
    /// An account was closed or opened.
    Account {
        /// The account.
        user: UserId,
        /// True if closed.
        disabled: bool,
        /// Its rights.
        role: Role,
        /// Unit the rights are for.
        unit: UnitId,
    },
    /// Numbers were leased to a device.
    Lease {
        /// Word of the range.
        range: String,
        /// Unit the range is of; nil for the university's.
        unit: UnitId,
        /// Last number given out.
        high: u64,
    },
    /// A record's content was erased by law.
    Erased {
        /// The record.
        record: RecordId,
    },
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MarksRead {
    /// Lines in order.
    pub(crate) marks: Vec<Mark>,
    /// Lines that could not be read.
    pub(crate) unreadable: usize,
}

/// The file of marks of one database. A database on a server has one at each `serve`, or none.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    path: Option<PathBuf>,
}

impl Marks {
    /// Names the file; it need not be there yet.
    pub(crate) fn of(beside: Option<&Beside>) -> Self {
        Self { path: beside.map(Beside::marks) }
    }

    /// Where the file is, if marks are kept.
    pub(crate) const fn path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// Appends lines; they are on the disk when this returns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn append(&self, marks: &[Mark]) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut text = Vec::new();
        for mark in marks {
            serde_json::to_writer(&mut text, mark)?;
            text.push(b'\n');
        }
        let new = !path.exists();
        if !new && !ends_whole(path)? {
            text.insert(0, b'\n');
        }
        let mut file = private().append(true).create(true).open(path)?;
        file.write_all(&text)?;
        file.sync_data()?;
        if new { sync_folder(path) } else { Ok(()) }
    }

    /// Reads all lines; nothing if there is no file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read(&self) -> io::Result<MarksRead> {
        let Some(path) = &self.path else { return Ok(MarksRead::default()) };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(MarksRead::default());
            }
            Err(error) => return Err(error),
        };
        let mut read = MarksRead::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(mark) => read.marks.push(mark),
                Err(_cut_or_newer) => read.unreadable += 1,
            }
        }
        Ok(read)
    }
}

/// True if the last line ends.
fn ends_whole(path: &std::path::Path) -> io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_costs_itself_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let beside = Beside::of(&folder.path().join("server.sqlite").into());
        let marks = Marks::of(beside.as_ref());
        assert_eq!(marks.read().unwrap(), MarksRead::default());
        let revoked = |n| Mark::Revoked { device: DeviceId(n), wipe: n == 2 };
        let head = Mark::Head { epoch: Uuid::from_u128(7), seq: 9, chain: [3; 16], epoch_no: 1 };
        marks.append(&[revoked(u64::MAX), head.clone()]).unwrap();
        let path = folder.path().join("server.sqlite.marks");
        let mut cut = std::fs::read(&path).unwrap();
        cut.extend(b"{\"mark\":\"revo");
        std::fs::write(&path, cut).unwrap();
        marks.append(&[revoked(2)]).unwrap();
        let read = marks.read().unwrap();
        assert_eq!(read.marks, [revoked(u64::MAX), head, revoked(2)]);
        assert_eq!(read.unreadable, 1);
    }
}
