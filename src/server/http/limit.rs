//! How often what may be tried: enrolments and sessions by address, requests by device, wrong codes with growing rests.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::ids::DeviceId;

/// Keys remembered at once; those that have rested are forgotten.
const KEYS: usize = 10_000;
/// A window of counting, milliseconds.
const WINDOW_MS: i64 = 60_000;
/// How many minutes' requests a device may make at once: a first sync has many pages.
const BURST: u32 = 10;
/// Wrong codes before the first rest.
const FREE: u32 = 5;
/// Longest rest after a wrong code, milliseconds.
const LONGEST_MS: i64 = 900_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whole seconds, at least one.
fn seconds(ms: i64) -> u32 {
    u32::try_from(ms.max(0) / 1_000).unwrap_or(u32::MAX).saturating_add(1)
}

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
        let mut seen = lock(&self.seen);
        if seen.len() >= KEYS {
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
        Err(seconds(WINDOW_MS.saturating_sub(now.saturating_sub(*start))))
    }
}

/// Lets each device make so many requests a minute in the long run, and ten minutes' worth at once.
#[derive(Debug)]
pub(crate) struct Requests {
    per_minute: u32,
    /// Requests left, in thousandths, and when that was.
    left: Mutex<BTreeMap<DeviceId, (i64, i64)>>,
}

impl Requests {
    /// Allows so many requests a minute; the largest number for no limit.
    pub(crate) const fn new(per_minute: u32) -> Self {
        Self { per_minute, left: Mutex::new(BTreeMap::new()) }
    }

    /// Counts a request; `Err` says after how many seconds the next one may come.
    pub(crate) fn count(&self, device: DeviceId, now: i64) -> Result<(), u32> {
        if self.per_minute == u32::MAX {
            return Ok(());
        }
        let rate = i64::from(self.per_minute.max(1));
        let full = rate.saturating_mul(BURST.into()).saturating_mul(1_000);
        let mut known = lock(&self.left);
        if known.len() >= KEYS {
            let rest = i64::from(BURST) * WINDOW_MS;
            known.retain(|_, (_, at)| now.saturating_sub(*at) < rest);
        }
        let (left, at) = known.entry(device).or_insert((full, now));
        let passed = now.saturating_sub(*at).clamp(0, WINDOW_MS.saturating_mul(BURST.into()));
        // A thousandth of a request comes back every `60 / rate` milliseconds.
        *left = left.saturating_add(passed.saturating_mul(rate) / (WINDOW_MS / 1_000)).min(full);
        *at = now;
        if *left >= 1_000 {
            *left -= 1_000;
            return Ok(());
        }
        let missing = 1_000_i64.saturating_sub(*left);
        Err(seconds(missing.saturating_mul(WINDOW_MS / 1_000) / rate))
    }
}

/// Makes an address rest after wrong codes, twice as long each time.
#[derive(Debug, Default)]
pub(crate) struct Lockout {
    /// Wrong codes in a row, and when the last one came.
    wrong: Mutex<BTreeMap<IpAddr, (u32, i64)>>,
}

impl Lockout {
    /// Says whether the address may try; `Err` says after how many seconds it may.
    pub(crate) fn check(&self, from: IpAddr, now: i64) -> Result<(), u32> {
        let wrong = lock(&self.wrong);
        let Some((count, at)) = wrong.get(&from) else { return Ok(()) };
        let left = rest(*count).saturating_sub(now.saturating_sub(*at));
        if left > 0 { Err(seconds(left)) } else { Ok(()) }
    }

    /// Notes a wrong code; returns the rest in seconds if one begins.
    pub(crate) fn wrong(&self, from: IpAddr, now: i64) -> Option<u32> {
        let mut wrong = lock(&self.wrong);
        if wrong.len() >= KEYS {
            wrong.retain(|_, (_, at)| now.saturating_sub(*at) < LONGEST_MS);
        }
        let (count, at) = wrong.entry(from).or_insert((0, now));
        if now.saturating_sub(*at) > 2 * LONGEST_MS {
            *count = 0;
        }
        (*count, *at) = (count.saturating_add(1), now);
        let rest = rest(*count);
        (rest > 0).then(|| seconds(rest.saturating_sub(1)))
    }

    /// Forgets wrong codes after a right one.
    pub(crate) fn right(&self, from: IpAddr) {
        lock(&self.wrong).remove(&from);
    }
}

/// How long an address rests after so many wrong codes, milliseconds.
fn rest(wrong: u32) -> i64 {
    match wrong.checked_sub(FREE) {
        None => 0,
        Some(more) => 1_000_i64.checked_shl(more.min(20)).unwrap_or(LONGEST_MS).min(LONGEST_MS),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

    #[test]
    fn attempts_are_counted_per_address_and_minute() {
        let attempts = Attempts::new(2);
        assert_eq!(attempts.count(ONE, 0), Ok(()));
        assert_eq!(attempts.count(ONE, 10), Ok(()));
        assert_eq!(attempts.count(ONE, 20_000), Err(41));
        assert_eq!(attempts.count(OTHER, 20_000), Ok(()));
        assert_eq!(attempts.count(ONE, 60_000), Ok(()));
    }

    #[test]
    fn a_device_may_hurry_once_and_then_has_its_share_of_every_minute() {
        let requests = Requests::new(60);
        let (one, other) = (DeviceId(1), DeviceId(2));
        let made = (0..700).filter(|_| requests.count(one, 5).is_ok()).count();
        assert_eq!(made, 600);
        assert_eq!(requests.count(one, 5), Err(2));
        assert_eq!(requests.count(other, 5), Ok(()), "another device's share is its own");
        assert_eq!(requests.count(one, 1_005), Ok(()), "one a second");
        assert!(requests.count(one, 1_005).is_err());
        let later = 1_005 + 60_000;
        let made = (0..700).filter(|_| requests.count(one, later).is_ok()).count();
        assert_eq!(made, 60);
    }

    #[test]
    fn wrong_codes_make_an_address_rest_twice_as_long_each_time() {
        let lockout = Lockout::default();
        let mut now = 0;
        for _ in 1..FREE {
            assert_eq!(lockout.wrong(ONE, now), None);
            assert_eq!(lockout.check(ONE, now), Ok(()));
        }
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert_eq!(lockout.wrong(ONE, now), Some(expected));
            assert!(lockout.check(ONE, now).is_err());
            assert_eq!(lockout.check(OTHER, now), Ok(()));
            now += i64::from(expected) * 1_000;
            assert_eq!(lockout.check(ONE, now), Ok(()));
        }
        lockout.right(ONE);
        assert_eq!(lockout.wrong(ONE, now), None);
    }
}
