//! I1: every edit that was shown as saved is current, or was replaced by somebody who had seen it, or is kept where a person
//! finds it. Told by the log and the records alone, not by the merge that made them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Value};
use ejia::server::db::Db;
use ejia::server::db::rows::{OpRow, Refused};
use ejia::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use ejia::sync::{Base, Op, OpBody, OpId, Outcome, Record};
use ejia::wire::{decode, decode_op, decode_record};

use super::check::shows;
use super::elements::{Elements, touched};
use super::ledger::{Name, Saved, sets};
use super::server::block;
use super::world::World;

/// What the server says, arranged for looking things up.
struct Book {
    taken: BTreeMap<Name, (Op, Outcome)>,
    records: BTreeMap<RecordId, Record>,
    /// Operations that somebody had seen when they wrote the next value.
    replaced: BTreeSet<(RecordId, FieldNo, OpId)>,
    /// Operations that a conflict, open or closed, or its settlement names.
    reviewed: BTreeSet<(RecordId, OpId)>,
    /// Who wrote a value into a field.
    writers: BTreeMap<(RecordId, FieldNo), Vec<(Value, OpId)>>,
    /// Values that a conflict names.
    weighed: BTreeSet<(RecordId, FieldNo, Value)>,
    /// Merges into a person: the values of the dropped one are weighed under their names.
    merges: BTreeMap<RecordId, Vec<OpId>>,
    /// Dropped persons, and who was kept for them.
    aliases: BTreeMap<RecordId, RecordId>,
    /// Records that were settled, restored or moved by hand.
    handled: BTreeSet<RecordId>,
    /// Fields with several values, and notes.
    elements: Elements,
}

impl Book {
    fn read(db: &impl Db) -> Self {
        let mut book = Self {
            taken: BTreeMap::new(),
            records: BTreeMap::new(),
            replaced: BTreeSet::new(),
            reviewed: BTreeSet::new(),
            writers: BTreeMap::new(),
            handled: BTreeSet::new(),
            weighed: BTreeSet::new(),
            aliases: BTreeMap::new(),
            merges: BTreeMap::new(),
            elements: Elements::default(),
        };
        for row in block(db.records_after(None, u32::MAX)).unwrap() {
            let record = decode_record(&row.body).unwrap();
            if let Some(kept) = record.alias() {
                book.aliases.insert(record.id, kept);
            }
            book.records.insert(record.id, record);
        }
        let records = std::mem::take(&mut book.records);
        for record in records.values() {
            if let Some(conflict) = &record.conflict {
                let about = book.kept(conflict.record);
                let values = conflict.candidates.iter().flat_map(|candidate| &candidate.values);
                book.weighed.extend(values.map(|(no, value)| (about, *no, value.clone())));
                let candidates = conflict.candidates.iter().map(|candidate| candidate.op);
                let standing = conflict.current.iter().filter_map(|standing| standing.op);
                book.reviewed.extend(candidates.chain(standing).map(|op| (about, op)));
            }
        }
        book.records = records;
        for row in block(db.ops_after(0, u32::MAX)).unwrap() {
            book.take(&row);
        }
        book
    }

    /// Returns the element that a decision is about, if its conflict is about one.
    fn settled(&self, op: &Op) -> Option<uuid::Uuid> {
        let OpBody::Resolve { conflict, .. } = &op.body else { return None };
        self.records.get(conflict)?.conflict.as_ref()?.element
    }

    /// Returns the record that stands for this one now.
    fn kept(&self, mut id: RecordId) -> RecordId {
        for _hop in 0..20 {
            id = self.aliases.get(&id).copied().unwrap_or(id);
        }
        id
    }

    fn take(&mut self, row: &OpRow) {
        let Ok(op) = decode_op(&row.bytes) else { return };
        let outcome: Outcome = decode(&row.outcome, "outcome").unwrap();
        let record = self.kept(op.record);
        if row.refused == Refused::No {
            self.elements.take(&op, self.settled(&op));
            let plain = if self.settled(&op).is_some() { Vec::new() } else { sets(&op) };
            for (no, base, value) in plain {
                if let Base::Seen(seen) = base {
                    self.replaced.insert((record, no, seen));
                }
                // A writer may have been seen under the name it had before it was renumbered.
                let names = std::iter::once(op.id).chain(op.was.map(|(was, _)| was));
                let writers = self.writers.entry((record, no)).or_default();
                writers.extend(names.map(|name| (value.clone(), name)));
            }
            if let OpBody::Resolve { seen, .. } = &op.body {
                self.reviewed.extend(seen.iter().map(|seen| (record, *seen)));
            }
            if matches!(op.body, OpBody::Command { .. }) && op.kind == Kind::Person.number() {
                self.merges.entry(record).or_default().push(op.id);
            }
            if matches!(
                op.body,
                OpBody::Resolve { .. } | OpBody::Restore { .. } | OpBody::Move { .. }
            ) {
                self.handled.insert(record);
            }
        }
        self.taken.insert((op.id, row.hash), (op, outcome));
    }

    /// Says why an operation that was taken is not accounted for.
    fn missing(&self, op: &Op, outcome: &Outcome) -> Option<String> {
        let Some(record) = self.records.get(&self.kept(op.record)) else {
            let kept = matches!(
                outcome,
                Outcome::Held { .. } | Outcome::Rejected { .. } | Outcome::Blocked { .. }
            );
            // A place asked for in the name of a dropped person is the kept one's.
            let kept = kept || matches!(op.body, OpBody::Command { .. });
            return (!kept).then(|| "its record is not there".to_owned());
        };
        match outcome {
            Outcome::Applied { .. } | Outcome::Converged { .. } => {
                let reviewed = |name| self.reviewed.contains(&(record.id, name));
                if let Some(touch) = touched(op, self.settled(op)) {
                    return self.elements.missing(record, op, &touch, reviewed);
                }
                sets(op)
                    .into_iter()
                    .find(|(no, _, value)| !self.accounted(record, op, *no, value))
                    .map(|(no, _, value)| self.told(record, op, no, &value))
            }
            Outcome::Conflict { id, .. } => {
                let conflict = self.records.get(id).and_then(|record| record.conflict.as_ref());
                let Some(conflict) = conflict else { return Some("no such conflict".to_owned()) };
                let named = conflict.candidates.iter().any(|candidate| candidate.op == op.id)
                    || record.id != op.record;
                let replaced = sets(op).iter().any(|(no, ..)| self.is_replaced(op, *no));
                // On a deleted record an element is kept, and the conflict only asks whether the record comes back.
                let kept = touched(op, self.settled(op)).is_some_and(|touch| {
                    let reviewed = |name| self.reviewed.contains(&(record.id, name));
                    self.elements.missing(record, op, &touch, reviewed).is_none()
                });
                (!named && !replaced && !kept && conflict.is_open()).then(|| {
                    format!("its conflict does not name it: {:?} in {conflict:?}", op.body)
                })
            }
            Outcome::Held { .. }
            | Outcome::WaitListed { .. }
            | Outcome::Rejected { .. }
            | Outcome::Blocked { .. }
            | Outcome::Unknown { .. } => None,
        }
    }

    /// Says what became of a value, for whoever looks for the mistake.
    fn told(&self, record: &Record, op: &Op, no: FieldNo, value: &Value) -> String {
        let mut told = format!(
            "field {} of {} ({}) is gone: {value:?}, now {:?}",
            no.0,
            op.record,
            record.id,
            record.fields.get(&no)
        );
        for ((other, outcome), base) in self.taken.values().filter_map(|(other, outcome)| {
            let set = sets(other).into_iter().find(|(field, ..)| *field == no)?;
            (self.kept(other.record) == record.id).then_some(((other, outcome), set))
        }) {
            let _infallible =
                write!(told, "\n    {:?} {} {base:?} {outcome:?}", other.id, other.record);
        }
        told
    }

    fn is_replaced(&self, op: &Op, no: FieldNo) -> bool {
        let record = self.kept(op.record);
        let names = std::iter::once(op.id).chain(op.was.map(|(was, _)| was));
        names.into_iter().any(|name| {
            self.replaced.contains(&(record, no, name)) || self.reviewed.contains(&(record, name))
        })
    }

    fn accounted(&self, record: &Record, op: &Op, no: FieldNo, value: &Value) -> bool {
        let weighed = self.weighed.contains(&(record.id, no, value.clone()));
        if shows(record, no, value) || self.is_replaced(op, no) || weighed {
            return true;
        }
        let merged = record.id != op.record || self.aliases.values().any(|kept| *kept == record.id);
        let dropped = self.records.get(&op.record).is_some_and(|own| shows(own, no, value));
        // Merging fills what is empty, also what somebody had emptied.
        if merged && (dropped || *value == Value::Null) {
            return true;
        }
        // What differed in a merge was asked about in the merge's name, and settled.
        let merges = self.merges.get(&record.id).into_iter().flatten();
        if merged && merges.into_iter().any(|by| self.reviewed.contains(&(record.id, *by))) {
            return true;
        }
        // A place asked for again takes the post of the day where nothing stands, also what somebody had emptied.
        let origin = record.fields.get(&no).map(|state| state.origin);
        let asked = |(op, _): &(Op, Outcome)| {
            Some(op.id) == origin && matches!(op.body, OpBody::Command { .. })
        };
        if *value == Value::Null && self.taken.values().any(asked) {
            return true;
        }
        // A decision for what stood there leaves it as it is; where a request wrote it, no operation says the value.
        let chosen = matches!(op.body, OpBody::Resolve { .. });
        let known = |(by, _): &(Op, Outcome)| {
            matches!(by.body, OpBody::Command { .. })
                && self.kept(by.record) == record.id
                && self.is_replaced(by, no)
        };
        if chosen && self.taken.values().any(known) {
            return true;
        }
        let place = matches!(no, UNIT_FIELD | DELETED_FIELD);
        if place && (merged || self.handled.contains(&record.id)) {
            return true;
        }
        if let Value::Ref(id) = value
            && self.kept(*id) != *id
        {
            return true;
        }
        // Somebody else wrote the same, and that was replaced knowingly.
        let writers = self.writers.get(&(record.id, no)).into_iter().flatten();
        writers.filter(|(other, _)| other == value).any(|(_, by)| {
            self.replaced.contains(&(record.id, no, *by))
                || self.reviewed.contains(&(record.id, *by))
        })
    }
}

impl World {
    /// Goes through everything that was ever saved.
    pub(crate) fn check_ledger(&mut self) {
        let book = Book::read(&self.server.db);
        let mut lost = Vec::new();
        for (root, family) in self.ledger.families() {
            if let Some(why) = self.lost(&book, &family) {
                let device = family.first().map_or(0, |saved| saved.device);
                lost.push(format!("I1: {:?} of device {device} is lost: {why}", root.0));
            }
        }
        for line in lost {
            self.violate(line);
        }
    }

    fn lost(&self, book: &Book, family: &[&Saved]) -> Option<String> {
        let taken: Vec<_> = family
            .iter()
            .filter_map(|saved| book.taken.get(&(saved.op.id, saved.hash)).map(|t| (*saved, t)))
            .collect();
        if taken.is_empty() {
            let excused = family.iter().any(|saved| saved.excused)
                || family.iter().all(|saved| self.devices[saved.device].gone);
            return (!excused).then(|| format!("never taken, {:?}", family[0].op.body_name()));
        }
        let mut why = None;
        for (saved, (op, outcome)) in taken {
            let missing = book.missing(op, outcome).or_else(|| self.unseen(saved, outcome));
            why = Some(missing?);
        }
        why
    }

    /// A refused operation stands on its author's list until they have dealt with it.
    fn unseen(&self, saved: &Saved, outcome: &Outcome) -> Option<String> {
        if !matches!(outcome, Outcome::Rejected { .. } | Outcome::Blocked { .. }) {
            return None;
        }
        let device = &self.devices[saved.device];
        if device.gone || device.attended.contains(&saved.op.id.n) {
            return None;
        }
        let inside = device.client.as_ref()?.inside();
        let key = (saved.op.id.generation, saved.op.id.n);
        (key.0 == inside.generation && !inside.refused.contains(&key))
            .then(|| "refused, and its author is not told".to_owned())
    }
}

/// What an operation does, in a word.
trait BodyName {
    fn body_name(&self) -> &'static str;
}

impl BodyName for Op {
    fn body_name(&self) -> &'static str {
        match &self.body {
            OpBody::Create { .. } => "create",
            OpBody::Set { .. } => "set",
            OpBody::Move { .. } => "move",
            OpBody::Delete { .. } => "delete",
            OpBody::Restore { .. } => "restore",
            OpBody::Resolve { .. } => "resolve",
            OpBody::ElementAdd { .. }
            | OpBody::ElementSet { .. }
            | OpBody::ElementDelete { .. }
            | OpBody::Note { .. }
            | OpBody::Command { .. }
            | OpBody::Unknown { .. } => "other",
        }
    }
}
