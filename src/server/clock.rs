//! The server's clock and randomness, read here and passed on as arguments.
#![expect(clippy::disallowed_methods, reason = "the one place of the server that reads the clock")]

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// What a running server takes from its machine; a simulation has its own.
pub trait Ambient: fmt::Debug + Send + Sync {
    /// Returns milliseconds since 1970-01-01T00:00Z.
    fn now_ms(&self) -> i64;
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

    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes);
    }
}

/// Returns milliseconds since 1970-01-01T00:00Z.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    random_of(&Machine)
}

/// Returns random bytes of a given source.
pub(crate) fn random_of<const N: usize>(from: &dyn Ambient) -> [u8; N] {
    let mut bytes = [0; N];
    from.fill(&mut bytes);
    bytes
}

/// Returns an id that says when it was made.
pub(crate) fn new_id(from: &dyn Ambient) -> Uuid {
    let ms = u64::try_from(from.now_ms()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(ms, &random_of::<10>(from)).into_uuid()
}
