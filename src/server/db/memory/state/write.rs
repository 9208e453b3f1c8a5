//! Changes of the tables, kept as values because a commit makes each of them a second time.

use std::sync::Arc;

use super::State;
use crate::domain::ids::DeviceId;
use crate::server::db::rows::{
    Account, Changes, Device, Mend, NewCode, NewDevice, NewTenant, OpRow, RecordRow, Seen, Tenant,
    TokenHash, UniqueRow,
};

/// One change.
#[derive(Clone, Debug)]
pub(in super::super) enum Write {
    /// The tenant is made.
    Tenant(NewTenant),
    /// An account is made or changed.
    Account(Account),
    /// A code is made.
    Code(NewCode),
    /// A code is used.
    CodeUsed(TokenHash),
    /// A device is enrolled, again perhaps.
    Device(NewDevice),
    /// A device opened a sync.
    Seen(Seen),
    /// A device's state word.
    DeviceState(DeviceId, String),
    /// What is inside a verified backup.
    Durable(Vec<(DeviceId, u32, u64)>),
    /// What a restore, a revocation or the upkeep changes.
    Mend(Mend),
    /// What a batch changed; operations and records of `rest` are in the two lists.
    Changes { ops: Vec<Arc<OpRow>>, records: Vec<Arc<RecordRow>>, rest: Box<Changes> },
}

impl Write {
    pub(in super::super) fn changes(mut changes: Changes) -> Self {
        let ops = std::mem::take(&mut changes.ops).into_iter().map(Arc::new).collect();
        let records = std::mem::take(&mut changes.records).into_iter().map(Arc::new).collect();
        Self::Changes { ops, records, rest: Box::new(changes) }
    }
}

impl State {
    pub(in super::super) fn apply(&mut self, write: &Write) {
        match write {
            Write::Tenant(new) => self.tenant = Some(tenant(new)),
            Write::Account(account) => {
                self.accounts.insert(account.id, account.clone());
            }
            Write::Code(code) => {
                self.codes.insert(code.hash, (code.clone(), false));
            }
            Write::CodeUsed(hash) => {
                if let Some((_, used)) = self.codes.get_mut(hash) {
                    *used = true;
                }
            }
            Write::Device(new) => self.put_device(new),
            Write::Seen(seen) => self.see(seen),
            Write::DeviceState(id, state) => {
                if let Some((_, device)) = self.devices.get_mut(id) {
                    device.state.clone_from(state);
                }
            }
            Write::Durable(durable) => {
                for (id, generation, n) in durable {
                    self.durable.insert((*id, *generation), *n);
                    let device = self.devices.get_mut(id).map(|(_, device)| device);
                    if let Some(device) = device.filter(|d| d.generation == *generation) {
                        device.durable_n = *n;
                    }
                }
            }
            Write::Mend(mend) => self.mend(mend),
            Write::Changes { ops, records, rest } => self.store(ops, records, rest),
        }
    }

    fn put_device(&mut self, new: &NewDevice) {
        self.sessions.retain(|_, session| session.device != new.id);
        if let Some((key, device)) = self.devices.get_mut(&new.id) {
            *key = new.key;
            device.name.clone_from(&new.name);
            device.last_seen = new.now;
            device.app_version.clone_from(&new.app_version);
            return;
        }
        let device = Device {
            id: new.id,
            account: new.account,
            name: new.name.clone(),
            state: "active".to_owned(),
            generation: 0,
            last_n: 0,
            last_hash: [0; 16],
            durable_n: 0,
            acked_seq: 0,
            last_seen: new.now,
            outbox_depth: 0,
            app_version: new.app_version.clone(),
            clock_off_ms: 0,
            wipe: false,
            clone_seen_at: 0,
        };
        self.devices.insert(new.id, (new.key, device));
    }

    fn see(&mut self, seen: &Seen) {
        let Some((_, device)) = self.devices.get_mut(&seen.id) else { return };
        device.acked_seq = seen.acked_seq;
        device.last_seen = seen.now;
        device.outbox_depth = seen.outbox_depth;
        device.app_version.clone_from(&seen.app_version);
        device.clock_off_ms = seen.clock_off_ms;
    }

    fn store(&mut self, ops: &[Arc<OpRow>], records: &[Arc<RecordRow>], rest: &Changes) {
        if let Some(tenant) = &mut self.tenant {
            (tenant.head_seq, tenant.head_chain) = rest.head;
            tenant.reparent_seq = rest.reparent_seq;
        }
        for op in ops {
            self.by_record.insert((op.record, op.seq));
            self.by_old_name.extend(op.was.map(|was| (was, op.id)));
            self.by_number.insert(op.id, Arc::clone(op));
            self.ops.insert(op.seq, Arc::clone(op));
        }
        for record in records {
            self.put_record(record);
        }
        for (unit, record, seq) in &rest.exits {
            self.exits.insert((*unit, *record), *seq);
        }
        for UniqueRow { kind, field, key, .. } in &rest.unique_dropped {
            self.unique.remove(&(*kind, *field, key.clone()));
        }
        for UniqueRow { kind, field, key, record } in
            rest.unique_taken.iter().chain(&rest.unique_made)
        {
            self.unique.insert((*kind, *field, key.clone()), *record);
        }
        for unit in &rest.units_dropped {
            self.units.remove(*unit);
        }
        for (unit, parent) in &rest.units_put {
            self.units.insert(*unit, *parent);
        }
        for event in &rest.events {
            self.note_event(event);
        }
        for (last, hash) in &rest.devices {
            let Some((_, device)) = self.devices.get_mut(&last.device) else { continue };
            if device.generation != last.generation {
                device.durable_n = 0;
            }
            (device.generation, device.last_n, device.last_hash) = (last.generation, last.n, *hash);
        }
    }

    fn put_record(&mut self, row: &Arc<RecordRow>) {
        if let Some(old) = self.records.insert(row.id, Arc::clone(row)) {
            self.feed.remove(&(old.last_seq, old.id));
            if let Some(about) = old.about {
                self.about.remove(&(about, old.id));
            }
            if let Some(follows) = old.follows {
                self.follows.remove(&(follows, old.id));
            }
            if let Some(points) = old.points {
                self.points.remove(&(points, old.id));
            }
        }
        self.feed.insert((row.last_seq, row.id));
        self.about.extend(row.about.map(|about| (about, row.id)));
        self.follows.extend(row.follows.map(|follows| (follows, row.id)));
        self.points.extend(row.points.map(|points| (points, row.id)));
    }
}

fn tenant(new: &NewTenant) -> Tenant {
    Tenant {
        id: new.id,
        name: new.name.clone(),
        root: new.root,
        server_device: new.server_device,
        epoch: new.epoch,
        epoch_no: 1,
        head_seq: 0,
        head_chain: [0; 16],
        reparent_seq: 0,
        tomb_floor: 0,
        backup_at: 0,
        event_no: 0,
        event_chain: [0; 16],
    }
}
