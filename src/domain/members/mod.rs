//! Member development (發展黨員): one file a person from application to full membership, its spans, and the numbered forms.

pub mod application_book;
pub mod development;
pub mod spans;
