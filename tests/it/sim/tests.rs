//! Some seeds on every `cargo test`; tests/ejia-sim.rs runs as many as one likes.

use super::faults::{Coverage, Fault};
use super::{Report, run};

/// Seeds with several faults together.
const MIXED: u64 = 40;
/// Seeds with each fault alone.
const ALONE: u64 = 3;

fn good(seed: u64, faults: &[Fault]) -> Report {
    let report = run(seed, faults, false);
    let named: Vec<&str> = faults.iter().map(|fault| fault.key()).collect();
    assert!(
        report.violations.is_empty(),
        "{}\n{:#?}\nrun it again: cargo run --profile sim --example ejia-sim -- {seed} --tell --faults {}",
        report.setup,
        report.violations,
        named.join(",")
    );
    report
}

#[test]
fn nothing_saved_is_lost_whatever_comes_together() {
    let saved: usize = (1..=MIXED).map(|seed| good(seed, Fault::ALL).saved).sum();
    assert!(saved > 1_000, "{saved} edits");
}

#[test]
fn nothing_saved_is_lost_by_any_fault_alone() {
    let mut coverage = Coverage::default();
    for fault in Fault::ALL {
        for seed in 1..=ALONE {
            coverage.add(&good(seed, &[*fault]).fired);
        }
        assert!(coverage.fired[fault.place()] > 0, "{} never happened", fault.key());
    }
}

/// Seeds that once failed; what they do changes with the program, so a new one is added for each mistake, not put in place of another.
#[test]
fn seeds_that_once_failed_hold() {
    for seed in [1088, 1297, 2037, 2183, 2211, 2261, 2271, 2457] {
        good(seed, Fault::ALL);
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
