//! ejia
pub mod domain;
pub mod locale;
#[cfg(feature = "client")]
pub mod store;
