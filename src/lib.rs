//! ejia
pub mod domain;
#[cfg(feature = "client")]
pub mod store;
