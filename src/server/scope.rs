//! What a device may see: its user's unit with everything below it, and what the units above publish (protocol, Scope).

use std::collections::BTreeSet;

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
