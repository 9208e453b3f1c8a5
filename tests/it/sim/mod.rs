//! The simulator: real clients and the real server in one thread, in virtual time, through sixty bad days. One seed is one run,
//! the same to the byte every time (docs/reliability.md, Simulator). Start at [`run`], then `world` (who does what next).

mod account;
mod act;
mod ambient;
mod check;
mod device;
pub(crate) mod disk;
mod elements;
pub(crate) mod faults;
mod ledger;
pub(crate) mod rng;
mod server;
pub(crate) mod setup;
#[cfg(test)]
mod tests;
mod transport;
mod upset;
mod world;

use faults::{Fault, KINDS};
use rng::Rng;
use setup::Setup;
use world::World;

/// What a run gave.
pub(crate) struct Report {
    /// What the seed stands for.
    pub(crate) setup: Setup,
    /// How often each fault struck.
    pub(crate) fired: [u64; KINDS],
    /// What did not hold; empty in a good run.
    pub(crate) violations: Vec<String>,
    /// Hash of everything that happened.
    pub(crate) hash: u64,
    /// What happened, if it was asked for.
    pub(crate) lines: Vec<String>,
    /// Operations saved by devices.
    pub(crate) saved: usize,
}

/// Runs one seed.
pub(crate) fn run(seed: u64, allowed: &[Fault], tell: bool) -> Report {
    let mut rng = Rng::new(seed);
    let setup = Setup::draw(seed, allowed, &mut rng);
    let mut world = World::new(setup.clone(), rng);
    world.trace.lines = tell.then(Vec::new);
    world.run();
    if world.violations.is_empty() {
        world.finish();
    }
    Report {
        setup,
        fired: world.fired,
        violations: world.violations,
        hash: world.trace.hash,
        lines: world.trace.lines.unwrap_or_default(),
        saved: world.ledger.saved.len(),
    }
}
