//! When to sync next: a timer that is always armed, so that a failed round is never forgotten (protocol, Retries).

/// Shortest wait after a failure, milliseconds.
const FIRST_WAIT_MS: i64 = 2_000;
/// Longest wait after failures, milliseconds.
const LONGEST_WAIT_MS: i64 = 15 * 60_000;

/// Decides the next attempt. Time and randomness are arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    every_ms: i64,
    failures: u32,
    next_at: i64,
}

impl Schedule {
    /// Starts with an attempt due at once, then every `every_ms` milliseconds while it goes well.
    pub const fn new(every_ms: i64, now: i64) -> Self {
        Self { every_ms, failures: 0, next_at: now }
    }

    /// Returns when the next attempt is due, milliseconds.
    pub const fn next_at(&self) -> i64 {
        self.next_at
    }

    /// Arms the timer after a sync that ended well.
    pub const fn succeeded(&mut self, now: i64) {
        self.failures = 0;
        self.next_at = now.saturating_add(self.every_ms);
    }

    /// Arms the timer after a failure: twice as long each time, between half and all of it by `random`, or what the server asked for.
    pub fn failed(&mut self, now: i64, random: u64, retry_after_ms: Option<i64>) {
        self.failures = self.failures.saturating_add(1);
        let doubled =
            FIRST_WAIT_MS.saturating_mul(1_i64 << self.failures.saturating_sub(1).min(16));
        let ceiling = doubled.min(LONGEST_WAIT_MS);
        let half = ceiling / 2;
        let spread = i64::try_from(random % u64::try_from(half.max(1)).unwrap_or(1)).unwrap_or(0);
        let spread = if crate::trap!(T44) { half } else { spread };
        let wait = retry_after_ms.unwrap_or(half + spread).max(1);
        let wait = if crate::trap!(T45) { i64::MAX } else { wait };
        self.next_at = now.saturating_add(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_up_to_a_quarter_of_an_hour_and_always_have_a_next_time() {
        let mut schedule = Schedule::new(60_000, 0);
        let mut last = 0;
        for round in 0..60 {
            schedule.failed(0, u64::MAX - round, None);
            assert!(schedule.next_at() > 0 && schedule.next_at() <= LONGEST_WAIT_MS);
            last = schedule.next_at();
        }
        assert!(last >= LONGEST_WAIT_MS / 2);
        schedule.succeeded(1_000);
        assert_eq!(schedule.next_at(), 61_000);
    }

    #[test]
    fn devices_that_failed_together_do_not_come_back_together() {
        let next = |random| {
            let mut schedule = Schedule::new(60_000, 0);
            schedule.failed(0, random, None);
            schedule.next_at()
        };
        let times: std::collections::BTreeSet<i64> = (0..500).map(|n| next(n * 7_919)).collect();
        assert!(times.len() > 200, "{} moments for 500 devices", times.len());
    }

    #[test]
    fn the_server_says_when_to_come_back() {
        let mut schedule = Schedule::new(60_000, 0);
        schedule.failed(5, 0, Some(30_000));
        assert_eq!(schedule.next_at(), 30_005);
    }
}
