//! Organizers: staff files, appointments, yearly reviews, the posts a unit is entitled to (2021 條例 Art. 35; 黨員教育管理工作條例 Art. 41).

pub mod appointment;
pub mod establishment;
pub mod staff_file;
pub mod staff_review;
