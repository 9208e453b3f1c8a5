//! Where the device stands, in figures.

use super::Client;
use crate::domain::access::Role;
use crate::domain::ids::UnitId;
use crate::domain::kinds::Kind;

/// What `status` and the title bar show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Name of the account.
    pub user: String,
    /// Its rights.
    pub role: Role,
    /// Code of its unit, or empty.
    pub unit: String,
    /// Name of its unit, or empty.
    pub unit_name: String,
    /// Address of the server, once joined.
    pub server: Option<String>,
    /// When the last sync ended well, milliseconds.
    pub last_sync_at: Option<i64>,
    /// Operations waiting to be sent.
    pub pending: usize,
    /// Open conflicts.
    pub conflicts: usize,
    /// Refused changes.
    pub attention: usize,
    /// Live records by kind, those without any left out.
    pub records: Vec<(Kind, usize)>,
}

impl Client {
    /// Returns where the device stands.
    pub fn status(&self) -> Status {
        let inner = self.lock();
        let profile = &inner.profile;
        let count =
            |kind: Kind| inner.live.get(&kind.number()).map_or(0, std::collections::BTreeSet::len);
        Status {
            user: profile.user_name.clone(),
            role: profile.role,
            unit: inner.unit_code(profile.unit),
            unit_name: inner.unit_name(profile.unit),
            server: profile.server.as_ref().map(|server| server.url.clone()),
            last_sync_at: inner.sync.last_sync_at,
            pending: inner.outbox.after(inner.sync.acked_n).count(),
            conflicts: inner.open_conflicts().len(),
            attention: inner.refused.len(),
            records: Kind::ALL
                .iter()
                .map(|kind| (*kind, count(*kind)))
                .filter(|(_, count)| *count > 0)
                .collect(),
        }
    }
}

impl super::state::Inner {
    /// Returns the office code of a unit, or what was given at `init`.
    pub(super) fn unit_code(&self, unit: UnitId) -> String {
        if unit == UnitId::HOME {
            return self.profile.unit_code.clone().unwrap_or_default();
        }
        let field = Kind::Unit.spec().field("code");
        let value = field.and_then(|field| self.field(unit.record(), field.number));
        value.as_ref().and_then(|value| value.as_text()).unwrap_or_default().to_owned()
    }
}
