//! A few hundred seeds on every `cargo test`; examples/ejia-sim.rs runs as many as one likes.

use super::faults::{Coverage, Fault};
use super::run;

/// Seeds of a test run.
const SEEDS: u64 = 60;

/// Faults of a test run.
const FAULTS: &[Fault] = &[
    Fault::DropRequest,
    Fault::DropReply,
    Fault::Duplicate,
    Fault::Reorder,
    Fault::Delay,
    Fault::Truncate,
    Fault::Html,
    Fault::TokenExpiry,
    Fault::CrashClient,
    Fault::CrashServer,
    Fault::TornTail,
    Fault::LostWrites,
    Fault::DiskFull,
    Fault::DiskError,
    Fault::StoreLost,
];

#[test]
fn nothing_saved_is_lost_in_any_of_these_runs() {
    let mut coverage = Coverage::default();
    let mut saved = 0;
    for seed in 1..=SEEDS {
        let report = run(seed, FAULTS, false);
        assert!(
            report.violations.is_empty(),
            "{}\n{:#?}\nrun it again: cargo run --profile sim --example ejia-sim -- {seed} --tell",
            report.setup,
            report.violations
        );
        coverage.add(&report.fired);
        saved += report.saved;
    }
    assert!(saved > 1_000, "{saved} edits");
    for fault in FAULTS {
        assert!(coverage.fired[fault.place()] > 0, "{} never happened", fault.key());
    }
}

#[test]
fn a_seed_gives_the_same_run_every_time() {
    for seed in [3, 17, 40] {
        let [one, two] = [run(seed, Fault::ALL, true), run(seed, Fault::ALL, true)];
        let other = one.lines.iter().zip(&two.lines).find(|(one, two)| one != two);
        assert_eq!(other, None, "seed {seed}");
        assert_eq!(one.hash, two.hash, "seed {seed}");
    }
}
