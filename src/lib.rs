//! ejia
pub mod domain;
pub mod sync;
pub mod wire;
