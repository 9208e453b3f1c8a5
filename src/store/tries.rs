//! Wrong passphrases are counted beside the key: the next try must wait, longer each time, and a restart does not help.
//!
//! This stops a person at the keyboard. Who copies the key file away tries elsewhere; against that stands the cost of the
//! derivation alone. The recovery code is never held up: it has 200 random bits, so there is nothing to guess.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{StoreError, files};

/// Tries that nobody waits for: people mistype.
const FREE: u32 = 5;
/// The first wait, milliseconds.
const FIRST_MS: i64 = 30_000;
/// The longest wait, milliseconds: an hour locks nobody out of a working day for ever.
const LONGEST_MS: i64 = 3_600_000;

/// What is known of the tries so far; the file is gone after a right one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tries {
    /// Wrong tries in a row.
    count: u32,
    /// When the last one was made, milliseconds since 1970 by this machine's clock.
    at_ms: i64,
}

/// Says whether a try may be made at a moment.
pub(super) fn may(dir: &Path, now_ms: i64) -> Result<(), StoreError> {
    let tries = read(dir);
    // A clock that was set back makes the wait start again rather than end.
    let since = now_ms.saturating_sub(tries.at_ms).max(0);
    let rest = wait_ms(tries.count).saturating_sub(since);
    if rest > 0 {
        if now_ms < tries.at_ms {
            write(dir, Tries { at_ms: now_ms, ..tries });
        }
        let seconds = u64::try_from(rest.saturating_add(999) / 1_000).unwrap_or(0);
        return Err(StoreError::TooManyTries { seconds });
    }
    Ok(())
}

/// Counts a wrong try. Only what was wrong counts: a program that loses its power while it opens must not lock its owner out, and
/// who can end programs at will can copy the key file as well.
pub(super) fn failed(dir: &Path, now_ms: i64) {
    let count = read(dir).count.saturating_add(1);
    write(dir, Tries { count, at_ms: now_ms });
}

/// Forgets the wrong tries: the right secret was given. Returns how many there had been.
pub(super) fn passed(dir: &Path) -> u32 {
    let wrong = read(dir).count;
    drop(fs::remove_file(path(dir)));
    wrong
}

/// Returns how long one waits after so many wrong tries, milliseconds.
fn wait_ms(count: u32) -> i64 {
    match count.checked_sub(FREE) {
        None => 0,
        Some(over) => FIRST_MS.checked_shl(over).unwrap_or(LONGEST_MS).clamp(FIRST_MS, LONGEST_MS),
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("device.tries")
}

fn read(dir: &Path) -> Tries {
    let text = fs::read_to_string(path(dir)).unwrap_or_default();
    toml::from_str(&text).unwrap_or_default()
}

/// On a disk that takes nothing the right passphrase must still open the files, so a failure is passed over.
fn write(dir: &Path, tries: Tries) {
    let text = toml::to_string(&tries).unwrap_or_default();
    drop(files::write_whole(&path(dir), text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(dir: &Path, now: i64) -> Option<u64> {
        match may(dir, now) {
            Err(StoreError::TooManyTries { seconds }) => Some(seconds),
            other => {
                other.unwrap();
                failed(dir, now);
                None
            }
        }
    }

    #[test]
    fn the_wait_grows_with_every_wrong_try_and_ends_at_an_hour() {
        let waits: Vec<i64> = (0..20).map(wait_ms).collect();
        assert_eq!(waits[..8], [0, 0, 0, 0, 0, 30_000, 60_000, 120_000]);
        assert_eq!(waits[19], LONGEST_MS);
        assert_eq!(wait_ms(u32::MAX), LONGEST_MS);
    }

    #[test]
    fn a_sixth_try_waits_and_setting_the_clock_back_does_not_help() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..5 {
            assert_eq!(refused(dir.path(), 1_000_000 + n), None);
        }
        assert_eq!(refused(dir.path(), 1_000_010), Some(30));
        assert_eq!(refused(dir.path(), 500_000), Some(30), "set back");
        assert_eq!(refused(dir.path(), 529_999), Some(1));
        assert_eq!(refused(dir.path(), 530_000), None, "waited in full");
        assert_eq!(refused(dir.path(), 530_000), Some(60), "and the next wait is longer");
        assert_eq!(passed(dir.path()), 6);
        assert_eq!(refused(dir.path(), 530_000), None);
    }

    #[test]
    fn tries_that_were_broken_off_are_not_wrong_ones() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..20 {
            may(dir.path(), 1_000_000 + n).unwrap();
        }
        assert_eq!(passed(dir.path()), 0);
    }
}
