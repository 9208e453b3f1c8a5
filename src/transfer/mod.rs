//! Sheets in and out: reading offices' workbooks, planning what a sheet changes, writing tables.
//!
//! Over bytes, `Read` and `Write`, and the record kinds; it may import `domain` and `locale` and knows no store. Start at
//! [`import::read_sheet`] and [`import::plan()`]; tables go out by [`export`], refused rows by [`rejects`].

pub mod export;
pub mod forms;
pub mod import;
pub mod rejects;
