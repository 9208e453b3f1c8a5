//! What goes wrong outside of any request: restores, clones, lost files, other rights, other clocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use ejia::domain::access::Role;
use ejia::domain::ids::{DeviceId, RecordId, UserId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Fields, Value};
use ejia::server::db::rows::Account;
use ejia::server::service::Call;
use ejia::sync::{Op, OpBody, OpId, digest};
use ejia::wire::frame::Blob;
use ejia::wire::{EnrolAnswer, EnrolRequest, PushAnswer, PushRequest, encode_op, pack, unpack};

use super::ambient::Machine;
use super::device::Device;
use super::disk::Disk;
use super::faults::Fault;
use super::ledger::names;
use super::setup::draw;
use super::world::World;

const UPSETS: &[Fault] = &[
    Fault::StoreLost,
    Fault::JournalLost,
    Fault::ClockStep,
    Fault::ClockSkew,
    Fault::ServerRestore,
    Fault::DeviceRestore,
    Fault::Clone,
    Fault::UnitMove,
    Fault::Permission,
    Fault::Revoke,
    Fault::Schema,
];

/// Most machines of a run, clones too.
const MACHINES: usize = 14;
const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;

impl World {
    /// Lets one of these happen, if the seed says so.
    pub(super) fn upset(&mut self) {
        let Some(fault) = self.strike(UPSETS) else { return };
        let i = self.rng.below(self.devices.len());
        match fault {
            Fault::StoreLost => self.devices[i].disk.lose_store(),
            Fault::JournalLost => {
                self.devices[i].disk.lose_journal();
                self.ledger.excuse(i, &BTreeSet::new());
            }
            Fault::ClockStep => {
                let years = i64::try_from(self.rng.below(140)).unwrap() - 60;
                self.devices[i].machine.set_error(years * YEAR);
            }
            Fault::ClockSkew => {
                let hours = i64::try_from(self.rng.below(48)).unwrap() - 24;
                self.devices[i].machine.set_error(hours * HOUR);
            }
            Fault::ServerRestore => self.restore_server(),
            Fault::DeviceRestore => self.restore_device(i),
            Fault::Clone => self.clone_device(i),
            Fault::UnitMove => self.move_unit(),
            Fault::Permission => self.change_rights(i),
            Fault::Revoke => self.revoke(i),
            Fault::Schema => self.write_as_newer(i),
            _other => {}
        }
    }

    fn restore_server(&mut self) {
        let mut rng = self.rng.fork();
        if let Some(copy) = self.server.any_copy(&mut rng) {
            self.note(|| format!("server back to {}", copy.head_seq()));
            self.server.restore(&copy);
            self.promised.extend(self.told.iter().copied());
        }
    }

    fn restore_device(&mut self, i: usize) {
        let Some(image) = self.rng.pick(&self.devices[i].images).cloned() else { return };
        let kept = names(image.entries.iter().map(|entry| &**entry));
        self.ledger.excuse(i, &kept);
        self.note(|| format!("device {i} back to {} entries", image.entries.len()));
        self.devices[i].disk.set_image(image);
        self.devices[i].reached = (uuid::Uuid::nil(), 0);
        self.devices[i].gone = false;
    }

    fn clone_device(&mut self, i: usize) {
        if self.devices.len() >= MACHINES || self.devices[i].gone {
            return;
        }
        let machine = Machine::new(&self.time, self.rng.fork());
        let disk = Disk::new(self.devices[i].disk.image(), self.rng.fork());
        let mut twin = Device::new(disk, Arc::<Machine>::clone(&machine), self.devices[i].user);
        // What its person had taken off the list stays off in the copy, too.
        twin.attended.clone_from(&self.devices[i].attended);
        self.note(|| format!("device {i} has a twin"));
        self.devices.push(twin);
    }

    fn move_unit(&mut self) {
        let i = 0;
        if self.units.len() < 3 || !self.is_up(i) {
            return;
        }
        let unit = self.units[self.rng.between(1, self.units.len() - 1)];
        let above = *self.rng.pick(&self.units).unwrap();
        let parent = Kind::Unit.spec().field("parent").unwrap().number;
        let changes: Fields = [(parent, Value::Ref(above.record()))].into();
        let result = self.client(i).set_fields(unit.record(), changes);
        self.harvest(i);
        self.note(|| format!("unit {unit} under {above}: {}", result.is_ok()));
        self.sync(i);
    }

    fn change_rights(&mut self, i: usize) {
        let Some(account) = self.server.account_of(self.devices[i].user) else { return };
        if account.name == "hq" {
            return;
        }
        if self.rng.per_mille(250) {
            let disabled = !account.disabled;
            self.note(|| format!("the user of device {i} is locked out: {disabled}"));
            self.server.db.put_account(&Account { disabled, ..account });
            return;
        }
        let role = match self.rng.below(4) {
            0 => Role::Auditor,
            1 => Role::UnitLead,
            2 => Role::Hq,
            _ => Role::Organizer,
        };
        let unit = *self.rng.pick(&self.units).unwrap();
        let unit = if role.is_headquarters() { self.server.root } else { unit };
        self.note(|| format!("device {i} is now {} of {unit}", role.key()));
        self.server.db.put_account(&Account { role, unit, ..account });
    }

    /// A program of next year writes a field that this one does not know, with a value of a type that it does not know either.
    fn write_as_newer(&mut self, i: usize) {
        match self.rng.below(4) {
            0 => {
                let on = !self.upgrade;
                self.upgrade = on;
                self.note(|| format!("only a newer program may receive: {on}"));
                return self.server.demand_upgrade(on);
            }
            1 => return self.push_as_newer(),
            _ => {}
        }
        if !self.is_up(i) {
            return;
        }
        let client = self.client(i);
        let persons = client.live_ids(Kind::Person);
        let Some(id) = self.rng.pick(&persons).copied() else { return };
        let byte = u8::try_from(self.rng.below(256)).unwrap();
        let value = Value::Unknown { tag: 0x0fff, bytes: vec![byte; 3] };
        let result = client.set_fields(id, [(FieldNo(900), value)].into());
        self.harvest(i);
        self.note(|| format!("device {i} writes a field of next year: {:?}", result.is_ok()));
        drop(client);
        self.check_shown(i);
    }

    fn revoke(&mut self, i: usize) {
        if !self.is_up(i) {
            return;
        }
        let device = self.client(i).inside().device;
        let revoked = !self.devices[i].revoked;
        self.devices[i].revoked = revoked;
        self.server.set_state(device, if revoked { "revoked" } else { "active" });
        self.note(|| format!("device {i} revoked: {revoked}"));
    }

    /// A program of next year joins and sends a kind of record, and an operation on it, that nobody here knows.
    fn push_as_newer(&mut self) {
        let user = UserId(uuid::Builder::from_random_bytes(draw(&mut self.rng)).into_uuid());
        let device = DeviceId(self.rng.next());
        let name = format!("newer {}", device.0);
        let code = self.server.account(&name, Role::Hq, self.server.root, user);
        let (public_key, app) = (Blob(vec![7; 32]), "9.0.0".to_owned());
        let request = EnrolRequest { code, device, public_key, name, app };
        let joined = self.server.call(Call::Enrol, "", &pack(&request).unwrap()).unwrap();
        let token = unpack::<EnrolAnswer>(&joined.body).unwrap().token;
        let record = RecordId(uuid::Builder::from_random_bytes(draw(&mut self.rng)).into_uuid());
        let unit = *self.rng.pick(&self.units).unwrap();
        let make = OpBody::Create { unit, fields: vec![(FieldNo(1), Value::Int(7))] };
        let unknown = OpBody::Unknown { tag: 0x0fff, bytes: vec![7; self.rng.below(9)] };
        let (mut prev, mut ops) = ([0; 16], Vec::new());
        for (n, body) in (1..).zip([make, unknown]) {
            let bytes = encode_op(&Op {
                id: OpId { device, generation: 1, n },
                prev,
                salt: self.rng.next(),
                hlc: u64::try_from(self.time.now()).unwrap() << 16,
                clock_off_ms: 0,
                clock_conf: 0,
                actor: user,
                schema: 1,
                group: None,
                kind: 4_000,
                record,
                body,
                was: None,
            });
            let bytes = bytes.unwrap();
            prev = digest(&bytes);
            ops.push(Blob(bytes));
        }
        let receipts = Vec::new();
        let push = PushRequest { generation: 1, from_n: 1, prev: [0; 16], ops, receipts };
        let answered = self.server.call(Call::Push, &token, &pack(&push).unwrap()).unwrap();
        let answer = unpack::<PushAnswer>(&answered.body).unwrap();
        self.note(|| format!("a program of next year writes {record}: {:?}", answer.results));
    }
}
