//! The organisation: units, persons, posts.

pub mod person;
pub mod post;
pub mod unit;
