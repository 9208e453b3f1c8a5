//! How large a zip archive says it is unpacked, read from its directory before anything is unpacked.

/// Largest workbook unpacked, in bytes: a hundred thousand rows of the roster are a tenth of it.
pub(super) const MAX_UNPACKED_BYTES: u64 = 1024 * 1024 * 1024;

const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const ENTRY_SIGNATURE: &[u8] = b"PK\x01\x02";
const END_LEN: usize = 22;
const ENTRY_LEN: usize = 46;

/// Returns the sum of the unpacked sizes; `None` if there is no directory to read. A size of 4 GiB or more (zip64) counts as
/// `u32::MAX`, which is over every limit.
pub(super) fn unpacked_bytes(zip: &[u8]) -> Option<u64> {
    let tail_start = zip.len().saturating_sub(END_LEN + usize::from(u16::MAX));
    let tail = zip.get(tail_start..)?;
    let at = tail.windows(4).rposition(|window| window == END_SIGNATURE)?;
    let end = tail.get(at..)?;
    let count = le(end, 10, 2)?;
    let mut place = usize::try_from(le(end, 16, 4)?).ok()?;
    let mut total = 0_u64;
    for _ in 0..count {
        let entry = zip.get(place..)?;
        if entry.get(..4)? != ENTRY_SIGNATURE {
            return None;
        }
        total = total.saturating_add(le(entry, 24, 4)?);
        let names = le(entry, 28, 2)? + le(entry, 30, 2)? + le(entry, 32, 2)?;
        place = place.checked_add(ENTRY_LEN)?.checked_add(usize::try_from(names).ok()?)?;
    }
    Some(total)
}

/// Reads a little-endian number.
fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}
