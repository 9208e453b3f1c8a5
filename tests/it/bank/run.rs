//! Runs what the table of docs/reliability.md says: each named test of this binary, with its mistake switched on and without,
//! each in a process of its own. The library's own tests include this file, too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::{Command, Output};
use std::sync::Mutex;

/// Processes at a time.
const WORKERS: usize = 2;

/// One line of the table.
pub(super) struct Row {
    /// Such as `T04`.
    pub(super) trap: String,
    /// `test`, `itself`, `simulator`, `impossible` or `open`.
    pub(super) how: String,
    /// Names in back quotes, such as `it::bank::device::what_a_page_does_not_hold_stays`.
    pub(super) names: Vec<String>,
    /// First seed of the simulator that shows the mistake, if one does soon.
    pub(super) seed: Option<u64>,
}

/// One test, run in a process of its own.
pub(super) struct Job {
    /// Its name in this binary.
    pub(super) test: String,
    /// The mistake that is switched on.
    pub(super) trap: Option<String>,
    /// What it finds in `EJIA_TEST_SEED`.
    pub(super) seed: Option<u64>,
}

/// Reads the table.
pub(super) fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let ["", trap, _mistake, _place, how, caught, seed, ""] = cells.as_slice() else {
                return None;
            };
            let number = trap.strip_prefix('T')?;
            number.parse::<u8>().ok()?;
            let names = caught.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            let seed = seed.parse().ok();
            Some(Row { trap: (*trap).to_owned(), how: (*how).to_owned(), names, seed })
        })
        .collect()
}

/// How this binary's tests are named in the table.
fn prefix() -> &'static str {
    if env!("CARGO_CRATE_NAME") == "it" { "it::" } else { "lib::" }
}

fn child(job: &Job) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &job.test, "--test-threads=1"]).env_remove("EJIA_TRAP");
    // A failure that is wanted leaves no file behind.
    command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    command.envs(job.trap.as_ref().map(|trap| ("EJIA_TRAP", trap)));
    command.envs(job.seed.map(|seed| ("EJIA_TEST_SEED", seed.to_string())));
    command.output().unwrap()
}

/// Says what is wrong with how a test answers a mistake; nothing if it fails with it and holds without.
fn complaint(job: &Job) -> Option<String> {
    let output = child(job);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let Job { test, trap, .. } = job;
    if !text.contains("running 1 test") {
        return Some(format!("{test} does not exist"));
    }
    let failed = output.status.code() == Some(101) && text.contains("panicked at");
    match trap {
        Some(trap) if !failed => Some(format!("{test} does not notice {trap}: {text}")),
        None if !output.status.success() => Some(format!("{test} fails by itself: {text}")),
        Some(_) | None => None,
    }
}

/// Runs them all, two at a time, and returns what is wrong.
pub(super) fn complaints(jobs: Vec<Job>) -> String {
    let jobs = Mutex::new(VecDeque::from(jobs));
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().pop_front();
                    let Some(job) = job else { break };
                    let wrong = complaint(&job);
                    complaints.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    complaints.into_inner().unwrap().join("\n")
}

#[test]
fn every_mistake_is_noticed_by_the_test_that_the_table_names() {
    let mut jobs = Vec::new();
    let mut alone = BTreeSet::new();
    for row in rows().into_iter().filter(|row| row.how == "test") {
        for test in row.names.iter().filter_map(|name| name.strip_prefix(prefix())) {
            let trap = Some(row.trap.clone());
            jobs.push(Job { test: test.to_owned(), trap, seed: row.seed });
            alone.insert(test.to_owned());
        }
    }
    assert!(jobs.len() > 10);
    jobs.extend(alone.into_iter().map(|test| Job { test, trap: None, seed: None }));
    let wrong = complaints(jobs);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_test_named_in_the_table_exists() {
    let list = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let known: BTreeSet<&str> =
        list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let mut missing = BTreeMap::new();
    for row in rows() {
        for name in row.names.iter().filter_map(|name| name.strip_prefix(prefix())) {
            if !known.contains(name) {
                missing.insert(name.to_owned(), row.trap.clone());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
