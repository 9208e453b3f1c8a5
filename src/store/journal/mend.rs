//! Loading a segment that a crash or a bad disk may have touched. Nothing unreadable is thrown away: it is copied aside
//! before the segment is put in order.

use std::fs::{self, OpenOptions};
use std::path::Path;

use super::super::bytes::len64;
use super::super::files::{self, At};
use super::super::seal::Sealer;
use super::super::{Finding, FindingCode, StoreError};
use super::disk::{Disk, Real};
use super::frame::{self, MAGIC, MAGIC_STEM, Scan, scan};
use super::{SEGMENT, Segment, list};

/// Loads one segment; the flag says whether it may be appended to.
#[expect(clippy::type_complexity, reason = "used once, by the caller above")]
pub(super) fn load(
    number: u32,
    path: &Path,
    newest: bool,
    findings: &mut Vec<Finding>,
) -> Result<(Segment, Option<(u32, u64)>, bool), StoreError> {
    let bytes = read(path)?;
    let found = scan(&bytes);
    let last = found.last;
    let damaged = !found.bad.is_empty() || (!found.torn.is_empty() && !newest);
    let mut usable = true;
    let (size, frames) = if damaged {
        let kept = set_aside(path, &bytes);
        findings.extend(damage(kept.as_deref().unwrap_or(path), &found));
        let rewritten = kept.and_then(|_| rewrite(path, &bytes, &found));
        usable = rewritten.is_ok();
        rewritten.unwrap_or((bytes.len(), found.frames))
    } else {
        if !found.torn.is_empty() {
            usable = cut(path, &bytes, &found, findings).is_ok();
        }
        (bytes.len(), found.frames)
    };
    let end = frames.last().map_or(MAGIC.len(), |frame| frame.end);
    // A file cut by something else than us may be shorter than its header.
    usable &= size >= end;
    Ok((Segment { number, path: path.into(), size, frames, end, dirty: end }, last, usable))
}

/// Reads everything, checks the seals and the order of numbers, and changes nothing.
pub(super) fn check(dir: &Path, sealer: &Sealer) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let mut before: Option<(u32, u64)> = None;
    for (_, path) in list(dir)? {
        let bytes = read(&path)?;
        let found = scan(&bytes);
        if !found.bad.is_empty() {
            findings.extend(damage(&path, &found));
        } else if !found.torn.is_empty() {
            findings.push(torn(&path, &found));
        }
        for range in &found.frames {
            let Some(entry) =
                bytes.get(range.clone()).and_then(|frame| frame::decode(frame, sealer))
            else {
                let numbers =
                    [("at", len64(range.start)), ("bytes", len64(range.len())), ("after", 0)];
                findings.push(Finding::new(FindingCode::JournalDamaged, &path, &numbers));
                continue;
            };
            if let Some((generation, n)) = before
                && generation == entry.generation
                && entry.n > n.saturating_add(1)
            {
                let numbers = [("from", n.saturating_add(1)), ("to", entry.n.saturating_sub(1))];
                findings.push(Finding::new(FindingCode::JournalGap, &path, &numbers));
            }
            before = Some((entry.generation, entry.n));
        }
    }
    Ok(findings)
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let bytes = fs::read(path).at(path)?;
    let version = bytes.strip_prefix(MAGIC_STEM).and_then(<[u8]>::first).copied();
    match version {
        Some(digit @ b'2'..=b'9') => Err(StoreError::TooNew { version: u32::from(digit - b'0') }),
        _ => Ok(bytes),
    }
}

/// Copies the whole segment aside, durable when `Ok`, and returns where to.
fn set_aside(path: &Path, bytes: &[u8]) -> Result<std::path::PathBuf, StoreError> {
    let aside = files::free_name(path, "damaged");
    files::write_whole(&aside, bytes).map(|()| aside)
}

/// Writes the intact frames one after another in place of the segment.
fn rewrite(
    path: &Path,
    bytes: &[u8],
    found: &Scan,
) -> Result<(usize, Vec<std::ops::Range<usize>>), StoreError> {
    let mut whole = MAGIC.to_vec();
    let mut frames = Vec::with_capacity(found.frames.len());
    for frame in found.frames.iter().filter_map(|range| bytes.get(range.clone())) {
        let at = whole.len();
        whole.extend_from_slice(frame);
        frames.push(at..whole.len());
    }
    whole.resize(whole.len().max(SEGMENT), 0);
    files::write_whole(path, &whole)?;
    Ok((whole.len(), frames))
}

/// Erases a torn tail after it was copied aside.
fn cut(
    path: &Path,
    bytes: &[u8],
    found: &Scan,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let aside = set_aside(path, bytes.get(found.torn.clone()).unwrap_or_default());
    findings.push(torn(aside.as_deref().unwrap_or(path), found));
    aside?;
    let file = OpenOptions::new().write(true).open(path).at(path)?;
    let zeros = vec![0; found.torn.len()];
    let wiped = Real.write(&file, len64(found.end()), &zeros);
    wiped.and_then(|()| Real.sync(&file)).at(path)
}

fn torn(path: &Path, found: &Scan) -> Finding {
    let numbers = [("at", len64(found.torn.start)), ("bytes", len64(found.torn.len()))];
    Finding::new(FindingCode::JournalTorn, path, &numbers)
}

fn damage(path: &Path, found: &Scan) -> Vec<Finding> {
    let torn = Some(found.torn.clone()).filter(|torn| !torn.is_empty());
    let all = found.bad.iter().cloned().chain(torn);
    all.map(|bad| {
        let after = found.frames.iter().filter(|frame| frame.start >= bad.end).count();
        let numbers =
            [("at", len64(bad.start)), ("bytes", len64(bad.len())), ("after", len64(after))];
        Finding::new(FindingCode::JournalDamaged, path, &numbers)
    })
    .collect()
}
