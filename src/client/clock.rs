//! The device's clock: the only place of the client that reads it.
#![expect(clippy::disallowed_methods, reason = "this module is where the client reads the clock")]

use jiff::civil;

/// Returns milliseconds since 1970-01-01T00:00Z by the device's clock, whatever it is set to.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Returns today's date in the device's time zone.
pub fn today() -> civil::Date {
    jiff::Zoned::now().date()
}
