//! ejia (黨建e家): offline records for a university's Party-building offices, with review and sync.
//!
//! The layers, each importing only what stands above it (checked by tests/it/layers.rs):
//! [`domain`] (record kinds and rules), [`sync`] (operations and the one merge), [`wire`] (what goes over the network and onto disk),
//! `store` (the encrypted files of a device), [`locale`] (texts), `transfer` and `report` (sheets and figures), [`settings`] and
//! [`telemetry`], `server`, `client` (use cases), `tui` and `cli` (faces). Start at `cli::run`. [`mod@trap`] is the bug bank's switch.

#[cfg(any(feature = "client", feature = "server"))]
pub mod cli;
#[cfg(feature = "client")]
pub mod client;
pub mod domain;
pub mod locale;
#[cfg(feature = "server")]
pub mod server;
pub mod settings;
#[cfg(feature = "client")]
pub mod store;
pub mod sync;
pub mod telemetry;
#[cfg(feature = "client")]
pub mod transfer;
pub mod trap;
#[cfg(feature = "client")]
pub mod tui;
pub mod wire;
