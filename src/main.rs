//! The `ejia` executable.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(ejia::cli::run(&std::env::args_os().collect::<Vec<_>>()))
}
