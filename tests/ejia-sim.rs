//! Runs seeds of the simulator (docs/reliability.md, Simulator).
//!
//! `cargo run --profile sim --example ejia-sim -- 1..100000 --threads 2`, or one seed with `--tell` for what happened in it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a tool for developers: it prints, and stops at what it does not expect"
)]

#[path = "it/sim/mod.rs"]
mod sim;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sim::faults::{Coverage, Fault};

/// What the command line asks for.
struct Args {
    from: u64,
    to: u64,
    seconds: Option<u64>,
    threads: usize,
    faults: Vec<Fault>,
    tell: bool,
    twice: bool,
    keep_going: bool,
    trap: Option<String>,
}

const USAGE: &str = "ejia-sim SEED | FROM..TO [--seconds N] [--threads N] [--faults a,b | --without a,b] [--trap T01] [--tell] \
    [--twice] [--keep-going]";

fn main() {
    let args = read_args();
    if let Some(trap) = &args.trap {
        let found = ejia::trap::Trap::named(trap).unwrap_or_else(|| panic!("no trap {trap}"));
        assert!(ejia::trap::set(Some(found)), "this build has no traps; use --profile sim");
    }
    let start = Instant::now();
    let next = AtomicU64::new(args.from);
    let stop = AtomicBool::new(false);
    let total = Mutex::new((Coverage::default(), Vec::<u64>::new(), 0_u64, 0_u64));
    std::thread::scope(|scope| {
        for _ in 0..args.threads {
            scope.spawn(|| work(&args, &next, &stop, &total, start));
        }
    });
    let (coverage, failed, runs, saved) = total.into_inner().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    table(&coverage);
    println!(
        "{runs} seeds, {saved} edits, {} failed, {seconds:.1} s, {:.0} seeds/s with {} threads",
        failed.len(),
        f64::from(u32::try_from(runs).unwrap()) / seconds,
        args.threads
    );
    if let Some(trap) = &args.trap {
        match failed.iter().min() {
            Some(seed) => println!("{trap} caught by seed {seed}, after {runs} seeds"),
            None => println!("{trap} NOT caught in {runs} seeds"),
        }
    }
    if !failed.is_empty() {
        println!("failed: {failed:?}");
        std::process::exit(1);
    }
}

/// Coverage, failed seeds, runs, edits.
type Total = (Coverage, Vec<u64>, u64, u64);

fn work(args: &Args, next: &AtomicU64, stop: &AtomicBool, total: &Mutex<Total>, start: Instant) {
    while !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let late = args.seconds.is_some_and(|s| start.elapsed() >= Duration::from_secs(s));
        if seed > args.to || late {
            break;
        }
        let report = std::panic::catch_unwind(|| sim::run(seed, &args.faults, args.tell));
        total.lock().unwrap().2 += 1;
        let Ok(report) = report else {
            println!(
                "seed {seed} PANICS; cargo run --profile sim --example ejia-sim -- {seed} --tell"
            );
            total.lock().unwrap().1.push(seed);
            stop.store(!args.keep_going, Ordering::Relaxed);
            continue;
        };
        {
            let mut total = total.lock().unwrap();
            total.3 += u64::try_from(report.saved).unwrap();
            total.0.add(&report.fired);
        }
        for line in &report.lines {
            println!("{line}");
        }
        if args.tell {
            println!("{}", report.setup);
        }
        if args.twice || seed.is_multiple_of(50) {
            let again = sim::run(seed, &args.faults, false).hash;
            assert_eq!(report.hash, again, "seed {seed} does not repeat");
        }
        if !report.violations.is_empty() {
            println!("{}", report.setup);
            for violation in report.violations.iter().take(5) {
                println!("  {violation}");
            }
            println!("  cargo run --profile sim --example ejia-sim -- {seed} --tell");
            total.lock().unwrap().1.push(seed);
            stop.store(!args.keep_going, Ordering::Relaxed);
        }
    }
}

fn table(coverage: &Coverage) {
    println!("{:<20}{:>12}{:>22}", "fault", "times", "least with another");
    let kinds = Fault::ALL.len();
    for (i, fault) in Fault::ALL.iter().enumerate() {
        let pair = |j: usize| coverage.pairs[i.min(j) * kinds + i.max(j)];
        let least = (0..kinds).filter(|j| *j != i).map(pair).min().unwrap_or(0);
        println!("{:<20}{:>12}{:>22}", fault.key(), coverage.fired[i], least);
    }
}

fn read_args() -> Args {
    let mut args = Args {
        from: 1,
        to: u64::MAX,
        seconds: None,
        threads: 1,
        faults: Fault::ALL.to_vec(),
        tell: false,
        twice: false,
        keep_going: false,
        trap: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{USAGE}"));
        match word.as_str() {
            "--seconds" => args.seconds = value().parse().ok(),
            "--threads" => args.threads = value().parse().unwrap(),
            "--faults" => args.faults = faults(&value()),
            "--without" => {
                let off = faults(&value());
                args.faults.retain(|fault| !off.contains(fault));
            }
            "--trap" => args.trap = Some(value()),
            "--tell" => args.tell = true,
            "--twice" => args.twice = true,
            "--keep-going" => args.keep_going = true,
            range => {
                let (from, to) = range.split_once("..").unwrap_or((range, range));
                args.from = from.parse().unwrap_or_else(|_not_a_seed| panic!("{USAGE}"));
                args.to = to.parse().unwrap_or_else(|_not_a_seed| panic!("{USAGE}"));
            }
        }
    }
    args
}

fn faults(names: &str) -> Vec<Fault> {
    let named = |name: &str| Fault::ALL.iter().copied().find(|fault| fault.key() == name);
    names
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| named(name).unwrap_or_else(|| panic!("no fault {name}")))
        .collect()
}
