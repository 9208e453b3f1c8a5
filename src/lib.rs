//! ejia
pub mod domain;
pub mod locale;
