//! Integration tests, one binary: `cargo test --test it`.

#[cfg(all(feature = "client", feature = "server"))]
mod server;

mod golden;
mod layers;
#[cfg(all(feature = "client", feature = "server"))]
mod sync;
#[cfg(feature = "client")]
mod tui;
