//! Rules that more than one kind needs, and rules that look at more than one record (checks Q01-Q16, docs/rules.md).
//!
//! Pure: what a rule must know of other records it asks of a [`registry::Registry`].

pub mod dates;
pub mod duplicates;
pub mod id_number;
pub mod policy;
pub mod registry;
pub mod service;
pub mod values;
pub mod within;
pub mod workdays;

pub use registry::{Registry, check_against};
