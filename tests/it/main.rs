//! Integration tests, one binary: `cargo test --test it`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    clippy::cognitive_complexity,
    reason = "a test that cannot go on fails; a story is told in one piece"
)]

#[cfg(all(feature = "client", feature = "server"))]
mod bank;
#[cfg(all(feature = "client", feature = "server"))]
mod cli;
#[cfg(all(feature = "client", feature = "server"))]
mod server;

#[cfg(feature = "client")]
mod coverage;
#[cfg(all(feature = "client", feature = "server"))]
mod crash;
mod figures;
#[cfg(all(feature = "client", feature = "server"))]
mod fuzz;
mod golden;
mod layers;
mod left_out;
#[cfg(all(feature = "client", feature = "server"))]
mod model;
#[cfg(all(feature = "client", feature = "server"))]
mod proc;
#[cfg(all(feature = "client", feature = "server"))]
mod readme;
#[cfg(all(feature = "client", feature = "server"))]
mod security;
#[cfg(all(feature = "client", feature = "server"))]
mod sim;
#[cfg(all(feature = "client", feature = "server"))]
mod sync;
#[cfg(feature = "client")]
mod tui;
