//! Virtual time and each side's own randomness.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use super::rng::Rng;

/// The true time of a run, milliseconds since 1970; every clock is this one plus its own error.
#[derive(Clone, Debug)]
pub(crate) struct Time(Arc<AtomicI64>);

/// 2026-11-02T00:00Z.
const START: i64 = 1_793_577_600_000;

impl Time {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

/// The machine of one device or of the server.
#[derive(Debug)]
pub(crate) struct Machine {
    time: Time,
    /// How far its clock is off, milliseconds.
    error: AtomicI64,
    rng: Mutex<Rng>,
}

impl Machine {
    pub(crate) fn new(time: &Time, rng: Rng) -> Arc<Self> {
        let rng = Mutex::new(rng);
        Arc::new(Self { time: time.clone(), error: AtomicI64::new(0), rng })
    }

    pub(crate) fn set_error(&self, ms: i64) {
        self.error.store(ms, Ordering::Relaxed);
    }

    fn now(&self) -> i64 {
        self.time.now().saturating_add(self.error.load(Ordering::Relaxed))
    }
}

impl ejia::client::clock::Ambient for Machine {
    fn now_ms(&self) -> i64 {
        self.now()
    }

    fn today(&self) -> jiff::civil::Date {
        let at =
            jiff::Timestamp::from_millisecond(self.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.rng.lock().unwrap().fill(bytes);
    }
}

impl ejia::server::clock::Ambient for Machine {
    fn now_ms(&self) -> i64 {
        self.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.rng.lock().unwrap().fill(bytes);
    }
}
