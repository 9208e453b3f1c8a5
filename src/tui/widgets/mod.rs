//! Pieces that screens are made of. They know cells and text, no records.

pub mod calendar;
pub mod chart;
pub mod dialog;
pub mod input;
pub mod picker;
pub mod pressable;
pub mod table;
pub mod viewer;
