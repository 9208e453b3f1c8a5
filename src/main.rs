//! The `ejia` executable.

fn main() {}
