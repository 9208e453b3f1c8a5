//! ejia
pub mod domain;
