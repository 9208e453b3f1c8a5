//! Restores, scopes, revocation: what is seldom called.

use std::collections::BTreeMap;

use super::State;
use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::server::db::rows::{
    Account, Alarm, Device, Event, EventRow, Mend, OpRow, Quarantined, RecordRow, Returned,
    UnitQuery, UnitRows, Visible,
};
use crate::server::db::{DbError, DbResult};

impl State {
    pub(in super::super) fn recv_at(&self, seq: u64) -> Option<i64> {
        self.ops.get(&seq).map(|op| op.recv_at)
    }

    pub(in super::super) fn generations(&self) -> Vec<(DeviceId, u32, u64)> {
        let last: BTreeMap<_, _> =
            self.by_number.keys().map(|id| ((id.device, id.generation), id.n)).collect();
        last.into_iter().map(|((device, generation), n)| (device, generation, n)).collect()
    }

    pub(in super::super) fn scope(&self, token: u64) -> Option<Vec<u8>> {
        self.scopes.get(&token).cloned()
    }

    pub(in super::super) const fn secret(&self) -> Option<[u8; 32]> {
        self.secret
    }

    pub(in super::super) fn alarms(&self, limit: u32) -> Vec<Alarm> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.alarms.iter().rev().take(limit).cloned().collect()
    }

    pub(in super::super) fn events(&self, after: u64, limit: u32) -> Vec<EventRow> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.events.iter().filter(|row| row.no > after).take(limit).cloned().collect()
    }

    /// Adds an event after the last one.
    pub(super) fn note_event(&mut self, event: &Event) {
        let Some(tenant) = &mut self.tenant else { return };
        tenant.event_no += 1;
        tenant.event_chain = event.link(&tenant.event_chain, tenant.event_no);
        let (no, chain) = (tenant.event_no, tenant.event_chain);
        self.events.push(EventRow { no, event: event.clone(), chain });
    }

    pub(in super::super) fn quarantined(&self) -> Vec<Quarantined> {
        let mut all: Vec<Quarantined> = self.quarantine.values().cloned().collect();
        all.sort_by_key(|op| op.no);
        all
    }

    pub(in super::super) fn live_rows(
        &self,
        visible: &Visible,
        visit: &mut dyn FnMut(UnitId, RecordId, u64),
    ) {
        let live = self.records.values().filter(|row| row.tomb_seq.is_none());
        for row in live.filter(|row| visible.includes(row.kind, row.unit)) {
            visit(row.unit, row.id, row.last_seq);
        }
    }

    pub(in super::super) fn unit_rows(&self, query: &UnitQuery) -> DbResult<UnitRows> {
        let tenant = self.tenant.clone().ok_or(DbError::NoTenant)?;
        let start = (query.after.saturating_add(1), RecordId(uuid::Uuid::nil()));
        let wanted = |row: &&RecordRow| {
            row.unit == query.unit
                && query.kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.kind))
        };
        let rows = self.feed.range(start..).filter_map(|(_, id)| self.records.get(id));
        let rows: Vec<&RecordRow> = rows.map(|row| &**row).filter(wanted).collect();
        let limit = usize::try_from(query.limit.max(1)).unwrap_or(usize::MAX);
        let (mut puts, mut bytes): (Vec<RecordRow>, usize) = (Vec::new(), 0);
        for position in rows.chunk_by(|a, b| a.last_seq == b.last_seq) {
            let more = position.iter().map(|row| row.body.len()).sum::<usize>();
            let over = puts.len() + position.len() > limit || bytes + more > query.max_bytes;
            if over && !puts.is_empty() {
                break;
            }
            bytes = bytes.saturating_add(more);
            puts.extend(position.iter().copied().cloned());
        }
        let end = puts.last().map_or(query.after, |row| row.last_seq);
        let complete = puts.len() == rows.len();
        Ok(UnitRows { tenant, puts, end, complete })
    }

    /// True if what the change is about is there and may change.
    pub(in super::super) fn may_mend(&self, mend: &Mend) -> bool {
        match mend {
            Mend::Epoch(_) | Mend::Backup(_) | Mend::Alarm(_) | Mend::Event(_) => true,
            Mend::Redact { seq, .. } => self.ops.contains_key(seq),
            Mend::TombFloor(floor) => self.tenant.as_ref().is_some_and(|t| t.tomb_floor < *floor),
            Mend::Scope { token, .. } => !self.scopes.contains_key(token),
            Mend::PutBack(Returned { device, .. }) => self
                .device(device.id)
                .is_none_or(|known| known.account == device.account && known.state != "revoked"),
            Mend::Account { user, .. } => self.accounts.contains_key(user),
            Mend::Wipe { device, .. } | Mend::Clone { device, .. } => {
                self.devices.contains_key(device)
            }
            Mend::Decided { no, .. } => {
                self.quarantine.values().any(|op| op.no == *no && op.state == "open")
            }
            Mend::Quarantine(ops) => !ops.is_empty(),
            Mend::Session(new) => self
                .sessions
                .values()
                .all(|old| old.expires_at <= new.now || old.nonce != new.nonce),
            Mend::Secret(_) => self.secret.is_none(),
        }
    }

    pub(super) fn mend(&mut self, mend: &Mend) {
        match mend {
            Mend::Epoch(_) | Mend::Backup(_) | Mend::TombFloor(_) => self.mend_tenant(mend),
            Mend::Alarm(alarm) => self.alarms.push(alarm.clone()),
            Mend::Event(event) => self.note_event(event),
            Mend::Redact { seq, bytes } => {
                if let Some(op) = self.ops.get_mut(seq) {
                    let mut changed = OpRow::clone(op);
                    changed.bytes.clone_from(bytes);
                    *op = changed.into();
                }
            }
            Mend::Scope { token, body } => {
                self.scopes.insert(*token, body.clone());
            }
            Mend::PutBack(returned) => self.put_back(returned),
            Mend::Account { user, disabled, role, unit } => {
                if let Some(account) = self.accounts.get_mut(user) {
                    (account.disabled, account.role, account.unit) = (*disabled, *role, *unit);
                }
            }
            Mend::Wipe { device, wipe } => {
                if let Some((_, device)) = self.devices.get_mut(device) {
                    device.wipe = *wipe;
                }
            }
            Mend::Clone { device, at } => {
                if let Some((_, device)) = self.devices.get_mut(device) {
                    device.clone_seen_at = *at;
                }
            }
            Mend::Decided { no, state } => {
                for op in self.quarantine.values_mut().filter(|op| op.no == *no) {
                    (*state).clone_into(&mut op.state);
                }
            }
            Mend::Quarantine(ops) => {
                for op in ops {
                    let no = self.quarantine.values().map(|op| op.no).max().unwrap_or(0) + 1;
                    let new = || Quarantined { no, ..op.clone() };
                    self.quarantine.entry((op.id, op.hash)).or_insert_with(new);
                }
            }
            Mend::Session(new) => {
                self.sessions.retain(|_, old| old.expires_at > new.now);
                self.sessions.insert(new.token, new.clone());
            }
            Mend::Secret(key) => self.secret = Some(*key),
        }
    }

    fn mend_tenant(&mut self, mend: &Mend) {
        let Some(tenant) = &mut self.tenant else { return };
        match mend {
            Mend::Epoch(epoch) => {
                tenant.epoch = *epoch;
                tenant.epoch_no += 1;
            }
            Mend::Backup(at) => tenant.backup_at = *at,
            Mend::TombFloor(floor) => {
                tenant.tomb_floor = *floor;
                self.exits.retain(|_, seq| *seq > *floor);
            }
            _ => {}
        }
    }

    fn put_back(&mut self, returned: &Returned) {
        let (new, account) = (&returned.device, &returned.account);
        let taken = self.account_named(&account.name).is_some_and(|other| other.id != account.id);
        let name = if taken {
            format!("{} {}", account.name, account.id.0.simple())
        } else {
            account.name.clone()
        };
        let account = Account { name, disabled: false, ..account.clone() };
        self.accounts.entry(account.id).or_insert(account);
        let last = self.newest(new.id, u32::MAX);
        let (generation, last_n, last_hash) =
            last.map_or((0, 0, [0; 16]), |op| (op.id.generation, op.id.n, op.hash));
        let device = Device {
            id: new.id,
            account: new.account,
            name: new.name.clone(),
            state: "returned".to_owned(),
            generation,
            last_n,
            last_hash,
            durable_n: 0,
            acked_seq: 0,
            last_seen: new.now,
            outbox_depth: 0,
            app_version: new.app_version.clone(),
            clock_off_ms: 0,
            wipe: false,
            clone_seen_at: 0,
        };
        let entry = self.devices.entry(new.id).or_insert((new.key, device));
        entry.0 = new.key;
        "returned".clone_into(&mut entry.1.state);
    }
}
