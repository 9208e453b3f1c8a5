//! The terminal interface in a real pseudo terminal: the bytes it writes are read back by a terminal emulator.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop, and say where"
)]

mod child;
mod craft;
#[cfg(feature = "server")]
mod day;
#[cfg(feature = "server")]
mod desk;
#[cfg(target_os = "linux")]
mod lock;
#[cfg(feature = "server")]
mod review;
mod session;
mod term;
