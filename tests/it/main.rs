//! Integration tests, one binary: `cargo test --test it`.

#[cfg(all(feature = "client", feature = "server"))]
mod server;

mod layers;
#[cfg(all(feature = "client", feature = "server"))]
mod sync;
