//! Passphrases: what a good one is, changing it, coming back by the recovery code, and what deriving a key from it shall cost.

use std::path::Path;
use std::time::{Duration, Instant};

use super::clock::Machine;
use super::error::ClientError;
use super::{Client, clock};
use crate::store::{KeyCost, RecoveryCode, StoreError, Vault};

/// Fewest characters of a passphrase of several sorts of characters.
pub const SHORT: usize = 8;
/// Sorts of characters that a short passphrase needs: small letters, capitals, digits, others.
pub const SORTS: usize = 3;
/// Fewest characters of a passphrase of any sort: a sentence.
pub const LONG: usize = 14;
/// Fewest different characters of any passphrase.
const DIFFERENT: usize = 5;
/// How long deriving a key shall take on this machine at least.
const SLOW: Duration = Duration::from_millis(400);
/// Most passes that are chosen for a fast machine: the files may be opened on a slower one.
const MOST_PASSES: u32 = 12;

/// True if a passphrase may be chosen: [`LONG`] characters, or [`SHORT`] of [`SORTS`] sorts, and not the same few again and again.
///
/// ```
/// use ejia::client::passphrase::is_good;
/// assert!(is_good("correct horse battery") && is_good("Chang.an7"));
/// assert!(!is_good("correct") && !is_good("12345678") && !is_good("aaaaaaaaaaaaaaaa"));
/// ```
pub fn is_good(passphrase: &str) -> bool {
    let count = passphrase.chars().count();
    let sorts: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_ascii_alphanumeric(),
    ];
    let sorts = sorts.iter().filter(|sort| passphrase.chars().any(**sort)).count();
    let mut different: Vec<char> = passphrase.chars().collect();
    different.sort_unstable();
    different.dedup();
    different.len() >= DIFFERENT && (count >= LONG || (count >= SHORT && sorts >= SORTS))
}

/// Returns the cost of a new key on this machine: never less than [`KeyCost::NORMAL`], and more passes where they are fast.
pub fn tuned_cost() -> KeyCost {
    let normal = KeyCost::NORMAL;
    let start = Instant::now();
    normal.probe();
    let took = start.elapsed().as_millis().max(1);
    let passes = u128::from(normal.passes) * SLOW.as_millis() / took;
    let passes = u32::try_from(passes).unwrap_or(MOST_PASSES).clamp(normal.passes, MOST_PASSES);
    KeyCost { passes, ..normal }
}

impl Client {
    /// Replaces the passphrase; no record is written anew, and the recovery code stays. `current` may be the recovery code.
    ///
    /// # Errors
    /// [`ClientError::WeakPassphrase`]; [`ClientError::Store`]: `current` is wrong, or the disk failed. The old one still holds then.
    pub fn change_passphrase(
        &self,
        current: &str,
        new: &str,
        cost: KeyCost,
    ) -> Result<(), ClientError> {
        must_be_good(new)?;
        Ok(self.lock().vault.change_passphrase(current, new, cost)?)
    }

    /// Opens the data directory with the recovery code and replaces passphrase and code; returns the new code, which is shown once
    /// and never stored.
    ///
    /// # Errors
    /// As for [`Client::change_passphrase`].
    pub fn recover(
        dir: &Path,
        code: &str,
        new: &str,
        cost: KeyCost,
    ) -> Result<RecoveryCode, ClientError> {
        must_be_good(new)?;
        if RecoveryCode::parse(code).is_none() {
            return Err(StoreError::WrongPassphrase.into());
        }
        let vault = Vault::open_at(dir, code, clock::now_ms())?;
        Ok(vault.recover(code, new, cost)?)
    }

    /// Raises what guessing the passphrase costs to what is usual today; `secret` is what opened the files. A disk that takes
    /// nothing keeps nobody from working.
    pub fn strengthen(&self, secret: &str) {
        drop(self.lock().vault.strengthen(secret, KeyCost::NORMAL));
    }
}

/// Refuses a passphrase that is guessed too soon.
///
/// # Errors
/// [`ClientError::WeakPassphrase`].
pub fn must_be_good(passphrase: &str) -> Result<(), ClientError> {
    if is_good(passphrase) { Ok(()) } else { Err(ClientError::WeakPassphrase) }
}

/// Opens the vault of a data directory, with its wrong tries counted.
pub(super) fn vault(dir: &Path, secret: &str) -> Result<Vault, ClientError> {
    use super::clock::Ambient as _;
    Ok(Vault::open_at(dir, secret, Machine.now_ms())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_long_or_of_three_sorts_and_never_monotonous() {
        for good in ["correct horse b", "Chang.an7", "長安一片月，萬戶搗衣聲。秋風吹不", "aB3defgh"]
        {
            assert!(is_good(good), "{good}");
        }
        for bad in
            ["", "Chang.a", "correct horse", "password1", "abcabcabcabcabcabc", "12345678901"]
        {
            assert!(!is_good(bad), "{bad}");
        }
    }

    #[test]
    fn the_cost_of_a_new_key_is_never_below_the_usual_one() {
        let cost = tuned_cost();
        assert_eq!(cost.memory_kib, KeyCost::NORMAL.memory_kib);
        assert!((KeyCost::NORMAL.passes..=MOST_PASSES).contains(&cost.passes));
    }
}
