//! Organizers: staff files, appointments, yearly reviews, the posts a unit is entitled to (domain notes B3).

pub mod appointment;
pub mod establishment;
pub mod staff_file;
pub mod staff_review;
