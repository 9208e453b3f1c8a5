//! How many enrolments may be tried, so that nobody guesses codes at leisure.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Addresses remembered at once; the oldest are forgotten.
const ADDRESSES: usize = 10_000;
/// A window of counting, milliseconds.
const WINDOW_MS: i64 = 60_000;

/// Counts attempts per address in windows of a minute.
#[derive(Debug)]
pub(crate) struct Attempts {
    per_minute: u32,
    seen: Mutex<BTreeMap<IpAddr, (i64, u32)>>,
}

impl Attempts {
    /// Allows so many attempts a minute from one address.
    pub(crate) const fn new(per_minute: u32) -> Self {
        Self { per_minute, seen: Mutex::new(BTreeMap::new()) }
    }

    /// Counts an attempt; `Err` says after how many seconds the next one may come.
    pub(crate) fn count(&self, from: IpAddr, now: i64) -> Result<(), u32> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ADDRESSES {
            seen.retain(|_, (start, _)| now.saturating_sub(*start) < WINDOW_MS);
        }
        let (start, count) = seen.entry(from).or_insert((now, 0));
        if now.saturating_sub(*start) >= WINDOW_MS {
            (*start, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        if *count <= self.per_minute {
            return Ok(());
        }
        let left = WINDOW_MS.saturating_sub(now.saturating_sub(*start)).max(0) / 1_000;
        Err(u32::try_from(left).unwrap_or(60).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn attempts_are_counted_per_address_and_minute() {
        let attempts = Attempts::new(2);
        let (one, other) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::BROADCAST));
        assert_eq!(attempts.count(one, 0), Ok(()));
        assert_eq!(attempts.count(one, 10), Ok(()));
        assert_eq!(attempts.count(one, 20_000), Err(41));
        assert_eq!(attempts.count(other, 20_000), Ok(()));
        assert_eq!(attempts.count(one, 60_000), Ok(()));
    }
}
