//! One entry on the disk: `len u32 | checksum 8 | generation u32 | n u64 | sealed`, and how a segment's bytes are walked.
//!
//! A length of zero is the end. The checksum tells a whole frame from a cut or rotten one without the key; the seal inside
//! is what proves the content.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::super::bytes::{Reader, len32};
use super::super::seal::{OVERHEAD, Sealer};
use super::super::{Entry, MAX_VALUE};

/// Bytes before the sealed part.
pub(super) const HEAD: usize = 4 + 8 + 4 + 8;
/// Begins every segment; the digit is the version.
pub(super) const MAGIC: &[u8; 16] = b"ejia journal v1\n";
/// The part of [`MAGIC`] that every version has.
pub(super) const MAGIC_STEM: &[u8] = b"ejia journal v";
/// Highest generation and number that a search after damage takes for real: what is found must not be chance.
const PLAUSIBLE: (u32, u64) = (1 << 16, 1 << 48);

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of the sealed part.
    pub(super) len: usize,
    checksum: [u8; 8],
    pub(super) generation: u32,
    pub(super) n: u64,
}

/// What walking a segment found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Where the intact frames are, in order.
    pub(super) frames: Vec<Range<usize>>,
    /// Unreadable stretches with intact frames after them.
    pub(super) bad: Vec<Range<usize>>,
    /// What follows the last intact frame and is not zero; empty when there is nothing.
    pub(super) torn: Range<usize>,
    /// Generation and number of the last intact frame.
    pub(super) last: Option<(u32, u64)>,
}

impl Scan {
    /// Returns where the last intact frame ends.
    pub(super) fn end(&self) -> usize {
        self.frames.last().map_or(MAGIC.len(), |frame| frame.end)
    }
}

/// Appends the frame of `entry` to `out`.
pub(super) fn encode(entry: &Entry, sealer: &Sealer, out: &mut Vec<u8>) {
    let sealed = sealer.seal("journal", &place(entry.generation, entry.n), &entry.bytes);
    let (len, generation, n) = (len32(sealed.len()), entry.generation, entry.n);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&checksum(len, generation, n, &sealed));
    out.extend_from_slice(&generation.to_be_bytes());
    out.extend_from_slice(&n.to_be_bytes());
    out.extend_from_slice(&sealed);
}

/// Returns how long the frame of an entry with `bytes` bytes is.
pub(super) fn encoded_len(bytes: usize) -> usize {
    HEAD + OVERHEAD + bytes
}

/// Unseals the frame that `bytes` is; `None` if it was not sealed under this key for this place.
pub(super) fn decode(bytes: &[u8], sealer: &Sealer) -> Option<Entry> {
    let head = head(bytes)?;
    let sealed = bytes.get(HEAD..HEAD.checked_add(head.len)?)?;
    let bytes = sealer.open("journal", &place(head.generation, head.n), sealed)?;
    Some(Entry { generation: head.generation, n: head.n, bytes })
}

/// Reads the head at the beginning of `bytes`; `None` at the end mark or when too little is left.
pub(super) fn head(bytes: &[u8]) -> Option<Head> {
    let mut reader = Reader(bytes);
    let len = usize::try_from(reader.u32()?).ok()?;
    let head = Head { len, checksum: reader.array()?, generation: reader.u32()?, n: reader.u64()? };
    let possible = (OVERHEAD..=OVERHEAD + MAX_VALUE).contains(&len) && len <= reader.0.len();
    possible.then_some(head)
}

/// Walks the bytes of a segment, over damage to whatever is intact after it.
pub(super) fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan::default();
    let mut at = MAGIC.len().min(bytes.len());
    if !bytes.starts_with(MAGIC) {
        scan.bad.push(0..at);
    }
    while let Some((frame, head)) = next(bytes, at) {
        if frame.start > at {
            scan.bad.push(at..frame.start);
        }
        at = frame.end;
        scan.last = Some((head.generation, head.n));
        scan.frames.push(frame);
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let torn = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    scan.torn = at..at + torn;
    scan
}

/// Finds the first intact frame at or after `at`.
fn next(bytes: &[u8], at: usize) -> Option<(Range<usize>, Head)> {
    if let Some(found) = intact(bytes, at) {
        return Some(found);
    }
    let mut from = at;
    loop {
        // A head begins with its length, whose first byte is 0 or 1 and whose bytes are not all 0: zeros are skipped fast.
        let rest = bytes.get(from..)?;
        let skip = rest.iter().position(|byte| *byte != 0)?;
        let candidates = (from + skip).saturating_sub(3).max(at + 1)..=from + skip;
        for candidate in candidates.clone() {
            if let Some((frame, head)) = intact(bytes, candidate)
                && head.generation < PLAUSIBLE.0
                && head.n < PLAUSIBLE.1
            {
                return Some((frame, head));
            }
        }
        from += skip + 1;
    }
}

fn intact(bytes: &[u8], at: usize) -> Option<(Range<usize>, Head)> {
    let rest = bytes.get(at..)?;
    let head = head(rest)?;
    if head.generation >= PLAUSIBLE.0 || head.n >= PLAUSIBLE.1 {
        return None;
    }
    let end = HEAD.checked_add(head.len)?;
    let sealed = rest.get(HEAD..end)?;
    let sum = checksum(len32(head.len), head.generation, head.n, sealed);
    (sum == head.checksum).then_some((at..at + end, head))
}

fn checksum(len: u32, generation: u32, n: u64, sealed: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(len.to_be_bytes());
    hash.update(generation.to_be_bytes());
    hash.update(n.to_be_bytes());
    hash.update(sealed);
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

fn place(generation: u32, n: u64) -> [u8; 12] {
    let mut place = [0; 12];
    let (head, tail) = place.split_at_mut(4);
    head.copy_from_slice(&generation.to_be_bytes());
    tail.copy_from_slice(&n.to_be_bytes());
    place
}
