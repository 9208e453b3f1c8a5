//! The obvious model: one list of operations, plain maps, no network, no codec, no store. What the real ones must agree with.

use std::collections::{BTreeMap, BTreeSet};

use super::act::{Act, Choice};

/// An operation: device and its number.
pub(crate) type Id = (usize, usize);

/// What a conflict may be about. Order is the protocol's: unit, fields, deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Unit,
    Post,
    Research,
    Deleted,
}

/// A value of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Unit(usize),
    Text(u8),
    Flag(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) unit: (usize, Id),
    pub(crate) fields: BTreeMap<Part, (Value, Id)>,
    pub(crate) deleted: Option<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Edit,
    Deletion,
    Move,
    NotPermitted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Conflict {
    record: usize,
    parts: Vec<Part>,
    candidates: Vec<(Id, Vec<(Part, Value)>)>,
    why: Why,
    open: bool,
}

#[derive(Clone, Debug)]
enum Body {
    Create { unit: usize },
    Set { part: Part, base: Option<Id>, value: Value },
    Move { base: Id, to: usize },
    Delete { saw: Vec<(Part, Id)> },
    Resolve { conflict: usize, seen: BTreeSet<Id>, values: Vec<(Part, Value)> },
}

#[derive(Clone, Debug)]
struct Op {
    id: Id,
    record: usize,
    body: Body,
}

/// The whole server: what is decided, in order.
#[derive(Clone, Debug, Default)]
struct Server {
    records: BTreeMap<usize, Record>,
    conflicts: Vec<Conflict>,
    refused: BTreeSet<Id>,
}

/// One device: what it last saw of the server, and what waits.
#[derive(Clone, Debug)]
struct Device {
    home: Option<usize>,
    base: Server,
    waiting: Vec<Op>,
    written: usize,
}

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    server: Server,
    devices: Vec<Device>,
    /// What became of each device's operations, in their order.
    pub(crate) outcomes: Vec<Vec<&'static str>>,
}

/// What a person sees of one record; `None` once it is deleted.
pub(crate) type Seen = Option<(usize, BTreeMap<Part, Value>)>;

impl Record {
    fn saw(&self) -> Vec<(Part, Id)> {
        self.fields.iter().map(|(part, (_, origin))| (*part, *origin)).collect()
    }

    fn value(&self, part: Part) -> Option<Value> {
        match part {
            Part::Unit => Some(Value::Unit(self.unit.0)),
            Part::Deleted => Some(Value::Flag(self.deleted.is_some())),
            field => self.fields.get(&field).map(|(value, _)| *value),
        }
    }

    fn origin(&self, part: Part) -> Option<Id> {
        match part {
            Part::Unit => Some(self.unit.1),
            Part::Deleted => self.deleted,
            field => self.fields.get(&field).map(|(_, origin)| *origin),
        }
    }

    fn put(&mut self, part: Part, value: Value, by: Id) {
        match (part, value) {
            (Part::Unit, Value::Unit(to)) if to != self.unit.0 => self.unit = (to, by),
            (Part::Unit, _) => {}
            (Part::Deleted, Value::Flag(true)) => self.deleted = Some(by),
            (Part::Deleted, _) => self.deleted = None,
            (field, value) if self.value(field) != Some(value) => {
                self.fields.insert(field, (value, by));
            }
            _ => {}
        }
    }
}

impl Server {
    fn decide(&mut self, op: &Op, home: Option<usize>) -> &'static str {
        let bases: Vec<Id> = match &op.body {
            Body::Set { base, .. } => base.iter().copied().collect(),
            Body::Move { base, .. } => vec![*base],
            Body::Resolve { seen, .. } => seen.iter().copied().collect(),
            Body::Create { .. } | Body::Delete { .. } => Vec::new(),
        };
        if bases.iter().any(|base| self.refused.contains(base)) {
            self.refused.insert(op.id);
            return "blocked";
        }
        if let Body::Create { unit } = op.body {
            let record = Record { unit: (unit, op.id), fields: BTreeMap::new(), deleted: None };
            self.records.insert(op.record, record);
            return "applied";
        }
        let record = self.records[&op.record].clone();
        let reaches = home.is_none_or(|home| home == record.unit.0);
        match &op.body {
            Body::Create { .. } => unreachable!("handled above"),
            Body::Set { part, base, value } => {
                let values = [(*part, *value), (Part::Deleted, Value::Flag(false))];
                if record.deleted.is_some() {
                    self.disagree(op, Why::Deletion, &values, &bases)
                } else if !reaches {
                    self.disagree(op, Why::NotPermitted, &values[..1], &bases)
                } else if record.value(*part) == Some(*value) {
                    "converged"
                } else if record.origin(*part) == *base {
                    self.change(op, &values[..1])
                } else {
                    self.disagree(op, Why::Edit, &values[..1], &bases)
                }
            }
            Body::Move { base, to } => {
                let values = [(Part::Unit, Value::Unit(*to))];
                if record.unit.0 == *to {
                    "converged"
                } else if record.unit.1 == *base {
                    self.change(op, &values)
                } else {
                    self.disagree(op, Why::Move, &values, &bases)
                }
            }
            Body::Delete { saw } => {
                let values = [(Part::Deleted, Value::Flag(true))];
                if record.deleted.is_some() {
                    "converged"
                } else if !reaches {
                    self.disagree(op, Why::NotPermitted, &values, &bases)
                } else if record.saw() == *saw {
                    self.change(op, &values)
                } else {
                    self.disagree(op, Why::Deletion, &values, &bases)
                }
            }
            Body::Resolve { conflict, seen, values } => {
                self.settle(op, *conflict, seen, values, home)
            }
        }
    }

    fn change(&mut self, op: &Op, values: &[(Part, Value)]) -> &'static str {
        let record = self.records.get_mut(&op.record).unwrap();
        for (part, value) in values {
            record.put(*part, *value, op.id);
        }
        "applied"
    }

    /// Keeps values as a candidate; one that the author had seen gives way.
    fn disagree(
        &mut self,
        op: &Op,
        why: Why,
        values: &[(Part, Value)],
        bases: &[Id],
    ) -> &'static str {
        let mut parts: Vec<Part> = values.iter().map(|(part, _)| *part).collect();
        parts.sort_unstable();
        let same = |c: &&mut Conflict| c.open && c.record == op.record && c.parts == parts;
        let candidate = (op.id, values.to_vec());
        if let Some(open) = self.conflicts.iter_mut().find(same) {
            open.candidates.retain(|(id, _)| !bases.contains(id));
            open.candidates.push(candidate);
        } else {
            let candidates = vec![candidate];
            self.conflicts.push(Conflict { record: op.record, parts, candidates, why, open: true });
        }
        "conflict"
    }

    fn settle(
        &mut self,
        op: &Op,
        at: usize,
        seen: &BTreeSet<Id>,
        values: &[(Part, Value)],
        home: Option<usize>,
    ) -> &'static str {
        let record = self.records[&op.record].clone();
        let conflict = self.conflicts[at].clone();
        let reaches = home.is_none_or(|home| home == record.unit.0);
        let goes_elsewhere = values.iter().any(|(part, value)| {
            *part == Part::Unit
                && *value != Value::Unit(record.unit.0)
                && home.is_some_and(|home| *value != Value::Unit(home))
        });
        if !reaches || goes_elsewhere || (conflict.why == Why::NotPermitted && home.is_some()) {
            self.refused.insert(op.id);
            return "rejected";
        }
        let current =
            conflict.parts.iter().all(|p| record.origin(*p).is_none_or(|id| seen.contains(&id)));
        if !conflict.open || !current {
            if values.iter().all(|(part, value)| record.value(*part) == Some(*value)) {
                return "converged";
            }
            let seen: Vec<Id> = seen.iter().copied().collect();
            return self.disagree(op, conflict.why, values, &seen);
        }
        self.change(op, values);
        let conflict = &mut self.conflicts[at];
        conflict.candidates.retain(|(id, _)| !seen.contains(id));
        conflict.open = !conflict.candidates.is_empty();
        "applied"
    }
}

impl Model {
    /// Units 0 and 1 with a record in each, two headquarters' devices, two in unit 0 and one in unit 1.
    pub(crate) fn new() -> Self {
        let homes = [None, None, Some(0), Some(0), Some(1)];
        let base = Server::default();
        let devices: Vec<Device> = homes
            .into_iter()
            .map(|home| Device { home, base: base.clone(), waiting: Vec::new(), written: 0 })
            .collect();
        let outcomes = vec![Vec::new(); devices.len()];
        Self { server: base, devices, outcomes }
    }

    /// Returns how many records there are so far, on the server or on their author's device.
    pub(crate) fn records(&self) -> usize {
        let waiting = self.devices.iter().flat_map(|device| &device.waiting);
        let new = waiting.filter(|op| matches!(op.body, Body::Create { .. })).count();
        self.server.records.len() + new
    }

    /// What a device shows of a record; `None` if it is not there.
    pub(crate) fn view(&self, device: usize, record: usize) -> Option<Seen> {
        let seen = self.laid_over(device, record)?;
        let values = seen.fields.iter().map(|(part, (value, _))| (*part, *value)).collect();
        Some(seen.deleted.is_none().then_some((seen.unit.0, values)))
    }

    fn laid_over(&self, device: usize, record: usize) -> Option<Record> {
        let at = &self.devices[device];
        let mut seen = at.base.records.get(&record).filter(|r| at.sees(r)).cloned();
        for op in at.waiting.iter().filter(|op| op.record == record) {
            match (&op.body, &mut seen) {
                (Body::Create { unit }, None) => {
                    let unit = (*unit, op.id);
                    seen = Some(Record { unit, fields: BTreeMap::new(), deleted: None });
                }
                (Body::Set { part, value, .. }, Some(seen)) => seen.put(*part, *value, op.id),
                (Body::Move { to, .. }, Some(seen)) => seen.unit = (*to, op.id),
                (Body::Delete { .. }, Some(seen)) => seen.deleted = Some(op.id),
                (Body::Resolve { values, .. }, Some(seen)) => {
                    for (part, value) in values {
                        seen.put(*part, *value, op.id);
                    }
                }
                _ => {}
            }
        }
        seen
    }

    /// The open conflicts a device shows and has not settled yet, as record and parts.
    pub(crate) fn conflicts(&self, device: usize) -> Vec<(usize, Vec<Part>, usize)> {
        let at = &self.devices[device];
        let settling = |i: &usize| {
            at.waiting
                .iter()
                .any(|op| matches!(op.body, Body::Resolve { conflict, .. } if conflict == *i))
        };
        let mut open: Vec<_> = at
            .base
            .conflicts
            .iter()
            .enumerate()
            .filter(|(i, c)| c.open && at.sees(&at.base.records[&c.record]) && !settling(i))
            .map(|(i, c)| (c.record, c.parts.clone(), i))
            .collect();
        open.sort();
        open
    }

    /// Does one thing; false if it is not possible there and the real ones shall not be asked.
    pub(crate) fn act(&mut self, act: &Act) -> bool {
        match *act {
            Act::Create { device, unit } => {
                let unit = self.devices[device].home.unwrap_or(unit);
                let record = self.records();
                self.write(device, record, Body::Create { unit });
                true
            }
            Act::Set { device, record, part, value } => {
                let Some(seen) = self.editable(device, record) else { return false };
                let value = Value::Text(value);
                if seen.value(part) == Some(value) {
                    return false;
                }
                self.write(device, record, Body::Set { part, base: seen.origin(part), value });
                true
            }
            Act::Move { device, record, to } => {
                let seen = self.editable(device, record);
                let headquarters = self.devices[device].home.is_none();
                let Some(seen) = seen.filter(|seen| headquarters && seen.unit.0 != to) else {
                    return false;
                };
                self.write(device, record, Body::Move { base: seen.unit.1, to });
                true
            }
            Act::Delete { device, record } => {
                let Some(seen) = self.editable(device, record) else { return false };
                self.write(device, record, Body::Delete { saw: seen.saw() });
                true
            }
            Act::Resolve { device, nth, choice } => self.resolve(device, nth, choice),
            Act::Sync { device } => {
                self.sync(device);
                true
            }
            Act::Reopen { .. } | Act::Restart => true,
        }
    }

    /// A record that its user may change: shown, not deleted, and within reach.
    fn editable(&self, device: usize, record: usize) -> Option<Record> {
        let seen = self.laid_over(device, record)?;
        (seen.deleted.is_none() && self.devices[device].sees(&seen)).then_some(seen)
    }

    fn resolve(&mut self, device: usize, nth: usize, choice: Choice) -> bool {
        let open = self.conflicts(device);
        let Some((record, _, at)) = nth.checked_rem(open.len()).map(|i| open[i].clone()) else {
            return false;
        };
        let conflict = self.devices[device].base.conflicts[at].clone();
        let Some(seen_record) = self.laid_over(device, record) else { return false };
        let home = self.devices[device].home;
        if home.is_some() && (conflict.why == Why::NotPermitted || home != Some(seen_record.unit.0))
        {
            return false;
        }
        let values = match choice {
            Choice::Current => {
                let value = |part: &Part| Some((*part, seen_record.value(*part)?));
                conflict.parts.iter().filter_map(value).collect()
            }
            Choice::First => conflict.candidates[0].1.clone(),
        };
        let mut seen: BTreeSet<Id> = conflict.candidates.iter().map(|(id, _)| *id).collect();
        seen.extend(conflict.parts.iter().filter_map(|part| seen_record.origin(*part)));
        self.write(device, record, Body::Resolve { conflict: at, seen, values });
        true
    }

    fn write(&mut self, device: usize, record: usize, body: Body) {
        let at = &mut self.devices[device];
        at.written += 1;
        at.waiting.push(Op { id: (device, at.written), record, body });
    }

    fn sync(&mut self, device: usize) {
        let at = &mut self.devices[device];
        for op in std::mem::take(&mut at.waiting) {
            self.outcomes[device].push(self.server.decide(&op, at.home));
        }
        at.base = self.server.clone();
    }
}

impl Device {
    fn sees(&self, record: &Record) -> bool {
        self.home.is_none_or(|home| home == record.unit.0)
    }
}
