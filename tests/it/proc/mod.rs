//! Real processes and real bytes: a network that fails, processes that are killed, disks that are full or lose their power.

pub(crate) mod child;
#[cfg(target_os = "linux")]
mod disk;
mod failover;
#[cfg(target_os = "linux")]
mod full;
mod kill;
mod network;
#[cfg(target_os = "linux")]
mod power;
mod proxy;
mod serving;
#[cfg(target_os = "linux")]
mod shim;
mod writer;

/// Numbers that depend on the seed only.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap())).unwrap()
    }
}
