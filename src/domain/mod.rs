//! Record kinds and their rules: what the offices keep, and what must hold of it.
//!
//! Pure and deterministic: no files, no clock, no randomness, no network; time and ids are arguments. It imports nothing of
//! ours. Start at [`record`] (how a kind is written) and [`kinds`] (the list of kinds); one kind is one file.

pub mod access;
pub mod archive;
pub mod codes;
pub mod cultivation;
pub mod dictionary;
pub mod figures;
pub mod ids;
pub mod improve;
pub mod kinds;
pub mod members;
pub mod org;
pub mod query;
pub mod record;
pub mod reviews;
pub mod rights;
pub mod rules;
pub mod rules_page;
pub mod staff;
pub mod text;
pub mod training;
pub mod work;
pub mod workflow;
