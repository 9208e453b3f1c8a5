//! State hash: do device and server hold the same records? One number a unit, added up so that order does not matter (protocol,
//! State hash).

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::domain::ids::{RecordId, UnitId};

/// Sums of the live records of each unit. Deleted records do not count: their marks leave the feed one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitHashes {
    units: BTreeMap<UnitId, u64>,
}

impl UnitHashes {
    /// Adds one live record: 64 bits of SHA-256 over its id and the position of its last change.
    pub fn add(&mut self, unit: UnitId, id: RecordId, rev: u64) {
        let hash = Sha256::new().chain_update(id.0.as_bytes()).chain_update(rev.to_le_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let low: [u8; 8] = std::array::from_fn(|i| hash.get(i).copied().unwrap_or(0));
        let sum = self.units.entry(unit).or_default();
        *sum = sum.wrapping_add(u64::from_le_bytes(low));
    }

    /// Returns the sums, by unit.
    pub fn sums(&self) -> Vec<(UnitId, u64)> {
        self.units.iter().map(|(unit, sum)| (*unit, *sum)).collect()
    }

    /// Returns the units whose sums differ, also those that only one side has.
    pub fn differ(&self, theirs: &BTreeMap<UnitId, u64>) -> Vec<UnitId> {
        let here = self.units.iter().filter(|(unit, sum)| theirs.get(unit) != Some(sum));
        let there = theirs.keys().filter(|unit| !self.units.contains_key(unit));
        here.map(|(unit, _)| *unit).chain(there.copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn order_does_not_matter_and_every_difference_shows() {
        let unit = |n| UnitId(Uuid::from_u128(n));
        let record = |n| RecordId(Uuid::from_u128(n));
        let mut one = UnitHashes::default();
        let mut two = UnitHashes::default();
        for n in 1..=5_u64 {
            one.add(unit(1), record(n.into()), n);
            two.add(unit(1), record(u128::from(6 - n)), 6 - n);
        }
        let sums = |hashes: &UnitHashes| hashes.sums().into_iter().collect::<BTreeMap<_, _>>();
        assert_eq!(one.differ(&sums(&two)), []);
        two.add(unit(2), record(9), 9);
        assert_eq!(one.differ(&sums(&two)), [unit(2)]);
        one.add(unit(2), record(9), 10);
        assert_eq!(one.differ(&sums(&two)), [unit(2)], "another version of the same record");
    }
}
