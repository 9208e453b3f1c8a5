//! The project's figures: one line each with its target (docs/performance.md).
//!
//! `cargo bench --bench figures` measures all but a million records; names after `--` choose: `edit`, `open`, `list`, `import`,
//! `sync`, `reports`, `million`; `lists` and `lists-million` measure lists alone.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark fails loudly, says what it measured and is nobody's library"
)]

mod data;
mod local;
mod report;
mod reports;
mod server;
mod sync;

use report::Report;

/// Records of most figures.
const MANY: usize = 100_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [child, dir] = args.as_slice()
        && child == "child"
    {
        return local::child(std::path::Path::new(dir));
    }
    let asked =
        |name: &str| (args.is_empty() && name != "million") || args.iter().any(|arg| arg == name);
    Report::machine();
    let mut report = Report::default();
    if asked("import") {
        local::import(&mut report);
    }
    if asked("sync") || asked("open") || asked("edit") || asked("list") {
        sync::run(&mut report, &asked);
    }
    if asked("reports") {
        reports::run(&mut report);
    }
    if args.iter().any(|arg| arg == "lists") {
        local::lists_alone(&mut report, 1, &local::MANY_LISTED);
    }
    if args.iter().any(|arg| arg == "lists-million") {
        local::lists_alone(&mut report, 10, &local::MILLION_LISTED);
    }
    if asked("million") {
        sync::million(&mut report);
    }
    report.end();
}
