//! What a device may see: its user's unit with everything below it, and what the units above publish (protocol, Scope).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::ids::UnitId;
use crate::domain::kinds::Kind;
use crate::server::db::rows::{Account, Tenant, Visible};
use crate::sync::{UnitTree, digest};

/// Returns what this account may see.
pub(crate) fn visible(account: &Account, units: &UnitTree) -> Visible {
    if account.role.is_headquarters() {
        return Visible::All;
    }
    let within = units.subtree(account.unit);
    let above: BTreeSet<UnitId> = units.path(account.unit).into_iter().skip(1).collect();
    let published =
        Kind::ALL.iter().filter(|kind| kind.spec().published).map(|kind| kind.number()).collect();
    Visible::Units { above: above.difference(&within).copied().collect(), within, published }
}

/// Returns a number that changes whenever records older than a device's cursor come into or go out of its sight. Never 0, which
/// means "none" on the wire.
pub(crate) fn token(account: &Account, tenant: &Tenant) -> u64 {
    let mut name = Vec::with_capacity(64);
    name.extend(tenant.epoch.as_bytes());
    if account.role.is_headquarters() {
        name.extend(b"headquarters");
    } else {
        name.extend(account.unit.0.as_bytes());
        if !crate::trap!(T23) {
            name.extend(tenant.reparent_seq.to_le_bytes());
        }
    }
    let hash = digest(&name);
    let bytes: [u8; 8] = std::array::from_fn(|i| hash.get(i).copied().unwrap_or(0));
    u64::from_le_bytes(bytes).max(1)
}

/// The units of a scope, as kept under its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    /// Seen whole.
    within: BTreeSet<UnitId>,
    /// Seen as far as published.
    above: BTreeSet<UnitId>,
}

impl Extent {
    /// The units of what may be seen; `None` for everything, which has no list.
    pub(crate) fn of(visible: &Visible) -> Option<Self> {
        match visible {
            Visible::All => None,
            Visible::Units { within, above, .. } => {
                Some(Self { within: within.clone(), above: above.clone() })
            }
        }
    }

    fn level(&self, unit: UnitId) -> u8 {
        if self.within.contains(&unit) { 2 } else { u8::from(self.above.contains(&unit)) }
    }

    /// Returns which units to take from the start and which to drop, for a device that holds `self` and shall hold `new`. A unit of
    /// which less is to be seen than before is dropped and taken again.
    ///
    /// Units may have been added since `self` was kept, which changes no token: whatever of `all` is out of sight is dropped.
    pub(crate) fn change_to(
        &self,
        new: &Self,
        all: impl Iterator<Item = UnitId>,
    ) -> (Vec<UnitId>, Vec<UnitId>) {
        let units: BTreeSet<UnitId> = [&self.within, &self.above, &new.within, &new.above]
            .into_iter()
            .flat_map(|units| units.iter().copied())
            .chain(all)
            .collect();
        let (mut add, mut drop) = (Vec::new(), Vec::new());
        for unit in units {
            let (was, is) = (self.level(unit), new.level(unit));
            if was > is || is == 0 {
                drop.push(unit);
            }
            if is > was || (is > 0 && was > is) {
                add.push(unit);
            }
        }
        (add, drop)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn units(numbers: &[u128]) -> BTreeSet<UnitId> {
        numbers.iter().map(|n| UnitId(Uuid::from_u128(*n))).collect()
    }

    #[test]
    fn what_is_seen_more_of_is_added_and_what_is_seen_less_of_is_dropped() {
        let old = Extent { within: units(&[1, 2, 3]), above: units(&[9, 8]) };
        let new = Extent { within: units(&[1, 4, 9]), above: units(&[2]) };
        let (add, drop) = old.change_to(&new, units(&[1, 5]).into_iter());
        assert_eq!(add, units(&[2, 4, 9]).into_iter().collect::<Vec<_>>());
        assert_eq!(drop, units(&[2, 3, 5, 8]).into_iter().collect::<Vec<_>>());
        let same = new.change_to(&new, std::iter::empty());
        assert_eq!(same, (Vec::new(), Vec::new()));
    }
}
