//! What devices told people was saved, written down as it happened; the end of a run must account for all of it.

use std::collections::{BTreeMap, BTreeSet};

use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Shape, Value};
use ejia::store::Entry;
use ejia::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use ejia::sync::{Base, Digest, Op, OpBody, OpId, digest};
use ejia::wire::{decode_op, frame};

use super::elements::{Key, touched};

/// Name of an operation that is unique even when two clones write under one id.
pub(crate) type Name = (OpId, Digest);

/// One operation a device has said is saved.
pub(crate) struct Saved {
    pub(crate) op: Op,
    pub(crate) hash: Digest,
    /// Place of the device that wrote it.
    pub(crate) device: usize,
    /// Lost together with the disk it was on: nobody could have kept it.
    pub(crate) excused: bool,
    /// Not on that device any more.
    gone: bool,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) saved: Vec<Saved>,
    by_name: BTreeMap<Name, usize>,
    of_device: Vec<Vec<usize>>,
}

impl Ledger {
    pub(crate) fn add(&mut self, device: usize, entry: &Entry) {
        let Some(bytes) = frame::length(&entry.bytes).and_then(|end| entry.bytes.get(..end)) else {
            return;
        };
        if entry.generation == 0 {
            return;
        }
        let op = decode_op(bytes).unwrap();
        let hash = digest(bytes);
        let at = self.saved.len();
        self.by_name.insert((op.id, hash), at);
        if self.of_device.len() <= device {
            self.of_device.resize(device + 1, Vec::new());
        }
        self.of_device[device].push(at);
        self.saved.push(Saved { op, hash, device, excused: false, gone: false });
    }

    pub(crate) fn of(&self, device: usize) -> impl DoubleEndedIterator<Item = &Saved> {
        self.of_device
            .get(device)
            .into_iter()
            .flatten()
            .map(|at| &self.saved[*at])
            .filter(|saved| !saved.gone)
    }

    /// Takes in what a journal holds beyond what was said to be saved: the program ended before it could say so.
    pub(crate) fn learn(&mut self, device: usize, entries: &[std::sync::Arc<Entry>]) {
        let known: BTreeSet<Name> =
            self.of(device).map(|saved| (saved.op.id, saved.hash)).collect();
        for entry in entries {
            let name = names(std::iter::once(&**entry)).pop_first();
            if name.is_some_and(|name| !known.contains(&name)) {
                self.add(device, entry);
                self.saved.last_mut().unwrap().excused = true;
            }
        }
    }

    /// Excuses what was only on a disk that is gone: everything of the device that is not in `kept`.
    pub(crate) fn excuse(&mut self, device: usize, kept: &BTreeSet<Name>) {
        let Some(places) = self.of_device.get(device) else { return };
        for at in places {
            let saved = &mut self.saved[*at];
            let lost = !kept.contains(&(saved.op.id, saved.hash));
            saved.excused |= lost;
            saved.gone |= lost;
        }
    }

    /// Returns the first name of an operation that was renumbered, perhaps several times.
    fn root(&self, saved: &Saved) -> Name {
        let mut name = (saved.op.id, saved.hash);
        let mut was = saved.op.was;
        while let Some(before) = was {
            name = before;
            was = self.by_name.get(&before).and_then(|at| self.saved[*at].op.was);
        }
        name
    }

    /// Groups the operations that are one edit under different numbers.
    pub(crate) fn families(&self) -> BTreeMap<Name, Vec<&Saved>> {
        let mut families: BTreeMap<Name, Vec<&Saved>> = BTreeMap::new();
        for saved in &self.saved {
            families.entry(self.root(saved)).or_default().push(saved);
        }
        families
    }
}

/// Returns the names of the operations in a journal.
pub(crate) fn names<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeSet<Name> {
    let name = |entry: &Entry| {
        let bytes = entry.bytes.get(..frame::length(&entry.bytes)?)?;
        Some((decode_op(bytes).ok()?.id, digest(bytes)))
    };
    entries.filter(|entry| entry.generation > 0).filter_map(name).collect()
}

/// Returns what an operation sets: field, what its author saw, value. Unit and deletion are fields, too.
pub(crate) fn sets(op: &Op) -> Vec<(FieldNo, Base, Value)> {
    match &op.body {
        OpBody::Create { fields, .. } => {
            fields.iter().map(|(no, value)| (*no, Base::Absent, value.clone())).collect()
        }
        OpBody::Set { sets } => sets.clone(),
        OpBody::Move { base, to } => vec![(UNIT_FIELD, *base, Value::Ref(to.record()))],
        OpBody::Delete { .. } => vec![(DELETED_FIELD, Base::Absent, Value::Flag(true))],
        OpBody::Restore { .. } => vec![(DELETED_FIELD, Base::Absent, Value::Flag(false))],
        OpBody::Resolve { values, .. } => {
            values.iter().map(|(no, value)| (*no, Base::Absent, value.clone())).collect()
        }
        OpBody::ElementAdd { .. }
        | OpBody::ElementSet { .. }
        | OpBody::ElementDelete { .. }
        | OpBody::Note { .. }
        | OpBody::Command { .. }
        | OpBody::Unknown { .. } => Vec::new(),
    }
}

/// What a device must show of one record while its operations wait.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) made: bool,
    pub(crate) fields: BTreeMap<FieldNo, Value>,
    pub(crate) elements: BTreeMap<Key, Option<Value>>,
}

/// Folds waiting operations, oldest first, into what must be seen.
pub(crate) fn pending<'a>(ops: impl Iterator<Item = &'a Op>) -> BTreeMap<RecordId, Pending> {
    let mut shown: BTreeMap<RecordId, Pending> = BTreeMap::new();
    for op in ops {
        let pending = shown.entry(op.record).or_default();
        if matches!(op.body, OpBody::Create { .. }) {
            // Made again after its first creation was refused, and with it what was written on top of that: this waits again
            // where a server was set back, and is on the author's list again as soon as that server has answered.
            *pending = Pending { made: true, ..Pending::default() };
        }
        if matches!(op.body, OpBody::Command { .. }) {
            // A request fills in what nobody has written: the post at the time.
            pending.fields.retain(|_, value| *value != Value::Null);
        }
        if let OpBody::Resolve { values, .. } = &op.body {
            // A decision may be about an element; which, only its conflict says.
            let decided = |no: FieldNo| values.iter().any(|(field, _)| *field == no);
            pending.elements.retain(|(no, _), _| !decided(*no));
        }
        let plain = sets(op).into_iter().filter(|(no, ..)| is_plain(op.kind, *no));
        for (no, _, value) in plain {
            pending.fields.insert(no, value);
        }
        if let Some((key, _, value)) = touched(op, None) {
            pending.elements.insert(key, value);
        }
    }
    shown
}

/// True for a field with one value.
fn is_plain(kind: u16, no: FieldNo) -> bool {
    let field = Kind::from_number(kind).and_then(|kind| kind.spec().field_no(no));
    field.is_none_or(|field| field.shape == Shape::One)
}
