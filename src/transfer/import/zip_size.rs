//! How large a zip archive is unpacked: what its directory says, and whether that is true. Who reads it afterwards unpacks whole
//! parts into memory, however long they turn out to be.

use std::io::Read as _;

use flate2::read::DeflateDecoder;

/// Largest workbook unpacked, in bytes: a hundred thousand rows of the roster are a tenth of it.
pub(super) const MAX_UNPACKED_BYTES: u64 = 1024 * 1024 * 1024;

const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const ENTRY_SIGNATURE: &[u8] = b"PK\x01\x02";
const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
const END_LEN: usize = 22;
const ENTRY_LEN: usize = 46;
const LOCAL_LEN: usize = 30;
const DEFLATED: u64 = 8;

/// Why an archive is not unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It says that it is larger than [`MAX_UNPACKED_BYTES`]. A size of 4 GiB or more (zip64) counts as `u32::MAX`.
    TooLarge,
    /// Its directory cannot be read, or a part is longer than it says there.
    Untrue,
}

/// Reads the directory and unpacks every part once, keeping nothing, until it ends or goes beyond what it says.
pub(super) fn check(zip: &[u8]) -> Result<(), Refused> {
    let parts = directory(zip).ok_or(Refused::Untrue)?;
    let total = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.unpacked));
    if total > MAX_UNPACKED_BYTES {
        return Err(Refused::TooLarge);
    }
    if parts.iter().all(|part| part.is_true(zip).unwrap_or(false)) {
        Ok(())
    } else {
        Err(Refused::Untrue)
    }
}

/// One entry of the directory.
struct Part {
    local: usize,
    packed: usize,
    unpacked: u64,
    method: u64,
}

impl Part {
    /// True if the part is not longer than it says; `None` if it is not there.
    fn is_true(&self, zip: &[u8]) -> Option<bool> {
        let local = zip.get(self.local..)?;
        if !local.starts_with(LOCAL_SIGNATURE) {
            return None;
        }
        let names = usize::try_from(le(local, 26, 2)? + le(local, 28, 2)?).ok()?;
        let start = LOCAL_LEN.checked_add(names)?;
        let packed = local.get(start..start.checked_add(self.packed)?)?;
        if self.method != DEFLATED {
            return Some(u64::try_from(self.packed).ok()? <= self.unpacked);
        }
        let mut unpacked = DeflateDecoder::new(packed).take(self.unpacked.saturating_add(1));
        // Damage before that is for the reader to tell.
        let mut buffer = [0; 16 << 10];
        let mut length = 0_u64;
        while let Ok(read @ 1..) = unpacked.read(&mut buffer) {
            length = length.saturating_add(u64::try_from(read).ok()?);
        }
        Some(length <= self.unpacked)
    }
}

/// Reads the directory, which may stand behind something that is no part of the archive.
fn directory(zip: &[u8]) -> Option<Vec<Part>> {
    let tail_start = zip.len().saturating_sub(END_LEN + usize::from(u16::MAX));
    let tail = zip.get(tail_start..)?;
    let at = tail.windows(4).rposition(|window| window == END_SIGNATURE)?;
    let end = tail.get(at..)?;
    let count = le(end, 10, 2)?;
    let size = usize::try_from(le(end, 12, 4)?).ok()?;
    let mut place = tail_start.checked_add(at)?.checked_sub(size)?;
    let before = place.checked_sub(usize::try_from(le(end, 16, 4)?).ok()?)?;
    let mut parts = Vec::new();
    for _ in 0..count {
        let entry = zip.get(place..)?;
        parts.push(part(entry, before)?);
        let names = le(entry, 28, 2)? + le(entry, 30, 2)? + le(entry, 32, 2)?;
        place = place.checked_add(ENTRY_LEN)?.checked_add(usize::try_from(names).ok()?)?;
    }
    Some(parts)
}

/// Reads one entry of the directory.
fn part(entry: &[u8], before: usize) -> Option<Part> {
    entry.starts_with(ENTRY_SIGNATURE).then_some(())?;
    Some(Part {
        local: usize::try_from(le(entry, 42, 4)?).ok()?.checked_add(before)?,
        packed: usize::try_from(le(entry, 20, 4)?).ok()?,
        unpacked: le(entry, 24, 4)?,
        method: le(entry, 10, 2)?,
    })
}

/// Reads a little-endian number.
fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}
