//! The tables as sorted maps, and what a transaction may do to them.

mod care;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::server::db::rows::{
    Account, Alarm, Device, EventRow, NewCode, NewSession, OpRow, PublicKey, Quarantined,
    RecordRow, Session, Tenant, TokenHash,
};
use crate::sync::{Digest, OpId, UnitTree};

pub(super) use write::Write;

/// Everything the database holds.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    tenant: Option<Tenant>,
    accounts: BTreeMap<UserId, Account>,
    codes: BTreeMap<TokenHash, (NewCode, bool)>,
    devices: BTreeMap<DeviceId, (PublicKey, Device)>,
    sessions: BTreeMap<TokenHash, NewSession>,
    ops: BTreeMap<u64, Arc<OpRow>>,
    by_number: BTreeMap<OpId, Arc<OpRow>>,
    by_record: BTreeSet<(RecordId, u64)>,
    by_old_name: BTreeSet<(RecordId, OpId)>,
    records: BTreeMap<RecordId, Arc<RecordRow>>,
    feed: BTreeSet<(u64, RecordId)>,
    about: BTreeSet<(RecordId, RecordId)>,
    follows: BTreeSet<(RecordId, RecordId)>,
    points: BTreeSet<(RecordId, RecordId)>,
    exits: BTreeMap<(UnitId, RecordId), u64>,
    units: UnitTree,
    unique: BTreeMap<(u16, u16, Vec<u8>), RecordId>,
    durable: BTreeMap<(DeviceId, u32), u64>,
    scopes: BTreeMap<u64, Vec<u8>>,
    alarms: Vec<Alarm>,
    events: Vec<EventRow>,
    quarantine: BTreeMap<(OpId, Digest), Quarantined>,
    secret: Option<[u8; 32]>,
}

impl State {
    pub(super) const fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    pub(super) const fn units(&self) -> &UnitTree {
        &self.units
    }

    pub(super) fn account(&self, id: UserId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    pub(super) fn account_named(&self, name: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.name == name)
    }

    pub(super) fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(&id).map(|(_, device)| device)
    }

    /// Returns a code and whether it was used.
    pub(super) fn code(&self, hash: &TokenHash) -> Option<(&NewCode, bool)> {
        self.codes.get(hash).map(|(code, used)| (code, *used))
    }

    pub(super) fn session(&self, token: &TokenHash) -> Option<Session> {
        let session = self.sessions.get(token)?;
        let device = self.device(session.device)?.clone();
        let account = self.accounts.get(&device.account)?.clone();
        Some(Session { device, account, expires_at: session.expires_at })
    }

    pub(super) fn device_key(&self, id: DeviceId) -> Option<PublicKey> {
        self.devices.get(&id).map(|(key, _)| *key)
    }

    pub(super) fn record(&self, id: RecordId) -> Option<&RecordRow> {
        self.records.get(&id).map(|row| &**row)
    }

    /// True if no operation has a place that is taken.
    pub(super) fn takes(&self, ops: &[OpRow]) -> bool {
        ops.iter().all(|op| !self.ops.contains_key(&op.seq) && !self.by_number.contains_key(&op.id))
    }
}
