//! What must hold (docs/reliability.md, Simulator): at every step what is cheap, at the end everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ejia::domain::ids::{RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Value};
use ejia::domain::training::enrolment::PLACED;
use ejia::server::admin;
use ejia::server::db::Db;
use ejia::server::db::rows::PositionQuery;
use ejia::server::service::Call;
use ejia::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use ejia::sync::{Cursor, Limits, Record};
use ejia::wire::{Page, PullRequest, decode_record, head, pack, unpack};

use super::elements::element;
use super::ledger::pending;
use super::server::block;
use super::world::World;

/// Rounds in which everything must have arrived once nothing goes wrong any more.
const ROUNDS: usize = 6;
const HOUR: i64 = 3_600_000;

impl World {
    /// I10: a device shows its own waiting edits until the server's answer to them has come.
    pub(crate) fn check_shown(&mut self, i: usize) {
        let client = self.client(i);
        let inside = client.inside();
        let waits = |op: &&ejia::sync::Op| {
            op.id.generation == inside.generation && op.id.n > inside.settled_n
        };
        let ops: Vec<_> =
            self.ledger.of(i).rev().map(|saved| &saved.op).take_while(waits).collect();
        // What was refused may have been given up, or wait again because the server was set back.
        let given_up = &self.devices[i].attended;
        let refused: BTreeSet<RecordId> = ops
            .iter()
            .filter(|op| {
                let key = (op.id.generation, op.id.n);
                inside.refused.contains(&key) || given_up.contains(&key.1)
            })
            .map(|op| op.record)
            .collect();
        let mut wrong = Vec::new();
        for (id, pending) in pending(ops.iter().rev().copied()) {
            if refused.contains(&id) {
                continue;
            }
            match client.visible(id) {
                Some(record) => {
                    let hidden =
                        pending.fields.iter().find(|(no, value)| !shows(&record, **no, value));
                    wrong.extend(hidden.map(|(no, value)| told(&record, *no, value, &ops)));
                    let mut elements = pending.elements.iter();
                    let hidden = elements.find(|(key, v)| element(&record, **key) != v.as_ref());
                    wrong.extend(hidden.map(|(key, value)| {
                        let now = record.elements.get(key);
                        let about = ops.iter().rev().filter(|op| op.record == id);
                        let about: Vec<_> = about.map(|op| (op.id, &op.body)).collect();
                        format!("element {key:?} of {id}: {value:?}, but {now:?}; {about:?}")
                    }));
                }
                None if pending.made => wrong.push(format!("new record {id}")),
                None => {}
            }
        }
        for what in wrong {
            self.violate(format!("I10: device {i} does not show its own waiting {what}"));
        }
    }

    /// I2, I4, I5: after a sync that ended well.
    pub(crate) fn check_synced(&mut self, i: usize) {
        let inside = self.client(i).inside();
        let reached = (inside.cursor.epoch, inside.cursor.seq);
        let before = std::mem::replace(&mut self.devices[i].reached, reached);
        if before.0 == reached.0 && before.1 > reached.1 && self.server.restores == 0 {
            self.violate(format!("I4: device {i} went back from {} to {}", before.1, reached.1));
        }
        let acked = |saved: &&super::ledger::Saved| {
            saved.op.id.generation == inside.generation && saved.op.id.n <= inside.acked_n
        };
        let acked: Vec<_> = self.ledger.of(i).rev().filter(acked).take(6).collect();
        let mut lost = Vec::new();
        for saved in acked.into_iter().filter(|saved| !saved.excused) {
            let id = saved.op.id;
            let query = PositionQuery {
                device: id.device,
                generation: id.generation,
                last_n: id.n,
                cursor_seq: 0,
                earlier: Vec::new(),
            };
            let found = block(self.server.db.position(&query)).unwrap().hash_at_device_last;
            if found != Some(saved.hash) {
                lost.push(format!(
                    "I2: device {i} thinks {id:?} was taken, the server has {found:?}"
                ));
            }
        }
        for line in lost {
            self.violate(line);
        }
        let head = block(self.server.db.tenant()).unwrap().head_seq;
        if head == inside.cursor.seq && self.rng.per_mille(60) {
            self.check_base(i);
        }
    }

    /// I4, I5, I8: the device's base is what the server has for it, no more and no less.
    /// False if the server did not say what it has.
    fn check_base(&mut self, i: usize) -> bool {
        let client = self.client(i);
        let Some(joined) = client.profile().server else { return false };
        let request = PullRequest {
            cursor: Cursor::START,
            scope_token: 0,
            min_seq: 0,
            limit: 0,
            backfill: Vec::new(),
            floor: 0,
            head: Cursor::START,
        };
        let all = Limits { page_records: u32::MAX, page_bytes: usize::MAX, ..Limits::default() };
        let reader = self.server.reader(&self.server.db.snapshot(), all);
        let body = pack(&request).unwrap();
        let answered = block(reader.call(Call::Pull, &joined.token, &body));
        if answered.status != 200 {
            return false;
        }
        let page: Page = unpack(&answered.body).unwrap();
        let wanted: BTreeMap<RecordId, Box<[u8]>> = page
            .puts
            .into_iter()
            .map(|row| (head(&row.0).unwrap().id, row.0.into_boxed_slice()))
            .collect();
        let wrong = self.devices[i].disk.with_image(|image| {
            let rows = &image.base.rows;
            let differs =
                wanted.iter().find(|(id, bytes)| rows.get(id).map(|r| &r.bytes) != Some(bytes));
            let extra = rows.keys().find(|id| !wanted.contains_key(id));
            differs.map(|(id, _)| (*id, rows.contains_key(id))).or(extra.map(|id| (*id, true)))
        });
        if let Some((id, here)) = wrong {
            let there = wanted.contains_key(&id);
            self.violate(format!(
                "I4/I8: base of device {i} differs at {id}: here {here}, at the server {there}"
            ));
        }
        self.check_scope(i);
        self.check_places();
        true
    }

    /// I5 by another way than the server's own: nothing of other units.
    fn check_scope(&mut self, i: usize) {
        let Some(account) = self.server.account_of(self.devices[i].user) else { return };
        if account.role.is_headquarters() {
            return;
        }
        let units = block(self.server.db.units()).unwrap();
        let above = units.path(account.unit);
        let sees = |kind: u16, unit: UnitId| {
            let published = Kind::from_number(kind).is_some_and(|kind| kind.spec().published);
            units.path(unit).contains(&account.unit) || (published && above.contains(&unit))
        };
        let wrong = self.devices[i].disk.with_image(|image| {
            image.base.rows.values().find(|row| !sees(row.kind, row.unit)).map(|row| row.id)
        });
        if let Some(id) = wrong {
            self.violate(format!("I5: device {i} has {id} of another unit"));
        }
    }

    /// Ends all faults, lets everybody sync, and checks everything.
    pub(crate) fn finish(&mut self) {
        self.note(|| "healed".to_owned());
        self.quiet = true;
        self.late.clear();
        self.server.demand_upgrade(false);
        self.server.enable_all();
        for i in 0..self.devices.len() {
            self.devices[i].disk.disarm();
            // A restored server may know a state that nobody has set since.
            if self.is_up(i) {
                let device = self.client(i).inside().device;
                self.server.set_state(device, "active");
            }
        }
        let mut well = vec![false; self.devices.len()];
        for _ in 0..ROUNDS {
            self.moved = false;
            for (i, well) in well.iter_mut().enumerate() {
                self.time.pass(HOUR);
                *well = self.sync(i);
            }
            // Nobody had anything to say: another round would be the same.
            if !self.moved && well.iter().zip(&self.devices).all(|(well, d)| *well || d.gone) {
                break;
            }
        }
        self.check_log();
        for (i, well) in well.into_iter().enumerate() {
            if self.devices[i].gone {
                continue;
            }
            let status = self.client(i).status();
            if !well || status.pending > 0 {
                self.violate(format!(
                    "I8: device {i} is not in step after {ROUNDS} rounds, {} wait",
                    status.pending
                ));
            } else if !self.check_base(i) {
                // Its session has run out since.
                self.sync(i);
                if !self.check_base(i) {
                    self.violate(format!("I8: nobody tells what device {i} should have"));
                }
            }
        }
        self.check_ledger();
    }

    /// I6: nobody has a place that is not there; a promise that a restored server keeps may go beyond.
    fn check_places(&mut self) {
        let mut classes = BTreeMap::new();
        let mut placed: BTreeMap<RecordId, (i64, i64)> = BTreeMap::new();
        let (mut numbers, mut twice) = (BTreeMap::new(), Vec::new());
        let number = |kind: Kind, key| kind.spec().field(key).unwrap().number;
        for row in block(self.server.db.records_after(None, u32::MAX)).unwrap() {
            let record = decode_record(&row.body).unwrap();
            let value = |kind, key| record.fields.get(&number(kind, key)).map(|state| &state.value);
            if record.kind == Kind::TrainingClass.number() {
                let capacity = value(Kind::TrainingClass, "capacity").cloned();
                classes.insert(record.id, capacity);
            } else if record.kind == Kind::Enrolment.number() && record.is_live() {
                let status = value(Kind::Enrolment, "status").and_then(Value::as_text);
                let class = value(Kind::Enrolment, "class").and_then(Value::as_ref_id);
                if status.is_some_and(|status| PLACED.contains(&status)) {
                    let (all, promised) = placed.entry(class.unwrap()).or_default();
                    *all += 1;
                    // Whoever shows a receipt of ours was promised it, also where nobody here remembers.
                    let placement = value(Kind::Enrolment, "placement").and_then(Value::as_text);
                    let honoured = placement == Some("honoured");
                    *promised += i64::from(honoured || self.promised.contains(&record.id));
                }
                let given = value(Kind::Enrolment, "certificate_no").and_then(Value::as_text);
                if let Some(other) = given.and_then(|no| numbers.insert(no.to_owned(), record.id)) {
                    twice.push((other, record.id));
                }
            }
        }
        for (class, (count, promised)) in placed {
            if let Some(Some(Value::Int(capacity))) = classes.get(&class)
                && count > capacity + promised
            {
                self.violate(format!(
                    "I6: {count} places of {capacity} in class {class}, {promised} of them promised"
                ));
            }
        }
        for (one, other) in twice {
            self.violate(format!("I6: {one} and {other} have the same certificate number"));
        }
    }

    /// I3, I7: the log is gapless, its chain holds, its replay is the stored state, and each device's order is kept.
    pub(crate) fn check_log(&mut self) {
        let verified = block(admin::replay(&self.server.db, self.setup.limits)).unwrap();
        if let Some(difference) = verified.difference {
            self.violate(format!("I3: {difference}"));
        }
        let mut last: BTreeMap<_, u64> = BTreeMap::new();
        for row in block(self.server.db.ops_after(0, u32::MAX)).unwrap() {
            let last = last.entry((row.id.device, row.id.generation)).or_default();
            if row.id.n != *last + 1 {
                self.violate(format!("I7: {:?} follows {last} at {}", row.id, row.seq));
            }
            *last = row.id.n;
        }
    }
}

/// Says what a device should show, for whoever looks for the mistake.
fn told(record: &Record, no: FieldNo, value: &Value, ops: &[&ejia::sync::Op]) -> String {
    let shown = record.fields.get(&no);
    let mut told = format!("field {} of {}: {value:?}, but {shown:?}", no.0, record.id);
    for op in ops.iter().rev().filter(|op| op.record == record.id) {
        let _infallible = write!(told, "\n    {:?} {:?} was {:?}", op.id, op.body, op.was);
    }
    told
}

/// True if a record shows this value.
pub(crate) fn shows(record: &Record, no: FieldNo, value: &Value) -> bool {
    match no {
        UNIT_FIELD => value.as_ref_id() == Some(record.unit.record()),
        DELETED_FIELD => *value == Value::Flag(record.tombstone.is_some()),
        no => record.fields.get(&no).map_or(&Value::Null, |state| &state.value) == value,
    }
}
