//! The device's clock and randomness: the only place of the client that reads them.
#![expect(clippy::disallowed_methods, reason = "this module is where the client reads the clock")]

use std::fmt;

use jiff::civil;

/// What a client takes from its machine; a simulation has its own.
pub trait Ambient: fmt::Debug + Send + Sync {
    /// Returns milliseconds since 1970-01-01T00:00Z by the device's clock, whatever it is set to.
    fn now_ms(&self) -> i64;
    /// Returns the business day: today's date where the offices are.
    fn today(&self) -> civil::Date;
    /// Fills the bytes with randomness.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock and randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Ambient for Machine {
    fn now_ms(&self) -> i64 {
        now_ms()
    }

    fn today(&self) -> civil::Date {
        today()
    }

    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes);
    }
}

/// Returns milliseconds since 1970-01-01T00:00Z by the device's clock, whatever it is set to.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Returns the business day: today's date in the offices' time zone, whatever zone this device is set to.
pub fn today() -> civil::Date {
    crate::locale::office_date(jiff::Timestamp::now())
}
