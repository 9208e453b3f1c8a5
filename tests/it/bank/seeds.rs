//! The simulator and the mistakes: a seed that holds as the program is, and does not with the mistake on.

use super::run::{Job, complaints, rows};
use crate::sim::faults::Fault;
use crate::sim::run;

/// Mistakes that show later than this are left to a run by hand: these come quickly, and change with the program the least.
const NEAR: u64 = 40;
/// Where the run says which seed.
const SEED: &str = "EJIA_TEST_SEED";

#[expect(clippy::disallowed_methods, reason = "the run starts this test in a process of its own")]
fn asked() -> Option<u64> {
    std::env::var(SEED).ok()?.parse().ok()
}

/// As the program is, the seed asked for holds; with a mistake on it must not.
#[test]
fn a_seed_holds() {
    let seed = asked().unwrap_or(1);
    let found = run(seed, Fault::ALL, false).violations;
    assert!(found.is_empty(), "seed {seed}: {found:#?}");
}

#[test]
fn the_simulator_notices_the_mistakes_that_show_within_few_seeds() {
    let near = rows().into_iter().filter(|row| row.seed.is_some_and(|seed| seed <= NEAR));
    let mut jobs: Vec<Job> = near
        .map(|row| Job {
            test: "bank::seeds::a_seed_holds".to_owned(),
            trap: Some(row.trap),
            seed: row.seed,
        })
        .collect();
    assert!(jobs.len() > 10);
    jobs.push(Job { test: "bank::seeds::a_seed_holds".to_owned(), trap: None, seed: None });
    let wrong = complaints(jobs);
    assert!(wrong.is_empty(), "{wrong}");
}
