//! Training: classes, sessions, enrolments, attendance, certificates (domain rules of 輪訓、論壇、訓練營).

pub mod attendance;
pub mod class_quota;
pub mod enrolment;
pub mod session;
pub mod training_class;
