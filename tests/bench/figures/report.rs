//! One line per figure: what it is, what it shall be, whether it is.

use std::time::Duration;

/// What a figure shall be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// Only said.
    None,
}

/// Prints figures and counts those that miss.
#[derive(Default)]
pub(crate) struct Report {
    missed: u32,
}

impl Report {
    /// Prints what the figures were measured on.
    pub(crate) fn machine() {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
        let model = model.unwrap_or("unknown").trim_start_matches([' ', '\t', ':']);
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        println!(
            "machine: {cores} cores, {model}, Linux {}",
            read("/proc/sys/kernel/osrelease").trim()
        );
        println!("{:<52} {:>12} {:>14} {:>7}", "figure", "value", "target", "ratio");
    }

    #[expect(clippy::unused_self, reason = "said between the lines of one report")]
    pub(crate) fn note(&self, text: &str) {
        println!("{text}:");
    }

    pub(crate) fn line(&mut self, name: &str, value: f64, unit: &str, target: Target) {
        let (said, ratio, holds) = match target {
            Target::AtMost(limit) => (format!("<= {limit}"), value / limit, value <= limit),
            Target::AtLeast(limit) => (format!(">= {limit}"), value / limit, value >= limit),
            Target::None => {
                println!("{name:<52} {value:>12.2} {:>14} {:>7} {unit}", "", "");
                return;
            }
        };
        let verdict = if holds { "ok" } else { "MISSED" };
        self.missed += u32::from(!holds);
        println!("{name:<52} {value:>12.2} {said:>14} {ratio:>7.2} {unit} {verdict}");
    }

    pub(crate) fn end(&self) {
        println!("{} figures missed their target", self.missed);
    }
}

/// Returns milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Returns a count or a number of bytes for dividing.
pub(crate) fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

/// Returns a length for dividing.
pub(crate) fn count(number: usize) -> f64 {
    float(u64::try_from(number).expect("a count"))
}

/// Returns the middle of the times.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
