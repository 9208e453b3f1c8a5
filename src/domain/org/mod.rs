//! The organisation: units, persons, posts; terms, reviews, plans and rules of the units.

pub mod deployment;
pub mod development_plan;
pub mod headcount;
pub mod person;
pub mod policy;
pub mod post;
pub mod rectification;
pub mod submission;
pub mod term;
pub mod unit;
pub mod work_report;
