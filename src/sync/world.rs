//! The working set of one application: the records an operation may touch, and what is known around them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command::Outside;
use super::hash::Digest;
use super::limits::Limits;
use super::op::{Op, OpId};
use super::record::Record;
use crate::domain::access::Role;
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};

/// Who an operation comes from, as the server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Account.
    pub user: UserId,
    /// Rights.
    pub role: Role,
    /// Unit the rights are for.
    pub home: UnitId,
}

/// The tree of units, by parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTree {
    parents: BTreeMap<UnitId, Option<UnitId>>,
}

/// The records an operation may touch. The server loads it per batch from its database, the device from memory.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Sizes and times that decide.
    pub limits: Limits,
    /// Records by id; conflicts too.
    pub records: BTreeMap<RecordId, Record>,
    /// Ids of records changed since the set was loaded.
    pub touched: BTreeSet<RecordId>,
    /// All units.
    pub units: UnitTree,
    /// Who holds a value that only one live record of a kind may hold.
    pub unique: BTreeMap<UniqueKey, RecordId>,
    /// Records that belong wherever another one belongs, by that one.
    pub followers: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Records that the server finds by another one ([`Record::points`]), by that one.
    pub pointing: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Open conflicts of a record.
    pub conflicts: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Earlier operations that others name as what their author saw.
    pub ops: BTreeMap<OpId, Op>,
    /// Refused operations of the author's device, by id.
    pub refused: BTreeSet<OpId>,
    /// Records whose creation was refused, with the operation.
    pub refused_creates: BTreeMap<RecordId, OpId>,
    /// What the server knew from outside the log when it decided a command.
    pub outside: BTreeMap<OpId, Outside>,
    /// Units that records left, to be told to those units' devices.
    pub exits: Vec<(RecordId, UnitId, u64)>,
    /// Hashes of the operations in `ops`.
    pub hashes: BTreeMap<OpId, Digest>,
    /// When the operations in `ops` arrived, milliseconds.
    pub received: BTreeMap<OpId, i64>,
    /// New names of operations that were renumbered, by the old one.
    pub names: BTreeMap<OpId, BTreeSet<OpId>>,
    /// Held operations, by the record that holds them.
    pub holding: BTreeMap<OpId, RecordId>,
    /// Held records by [`super::held::Need::key`] of what they wait for.
    pub needs: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// What to put back if the operations under way come to nothing.
    undo: Vec<Undo>,
}

/// Where a unit is in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Not in it.
    Nowhere,
    /// Under this one; `None` for a unit without a parent.
    Under(Option<UnitId>),
}

/// A value that only one live record of a kind may hold.
pub type UniqueKey = (u16, FieldNo, Value);

/// How to take one change of the working set back.
#[derive(Clone, Debug)]
enum Undo {
    Record { id: RecordId, before: Option<Box<Record>>, was_touched: bool },
    Unique { key: UniqueKey, before: Option<RecordId> },
    Unit { unit: UnitId, before: Place },
    Exit,
}

/// A point to which the working set can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Deepest tree of units followed; a ring of parents ends here.
const MAX_DEPTH: usize = 32;

impl UnitTree {
    /// Puts a unit under a parent.
    pub fn insert(&mut self, unit: UnitId, parent: Option<UnitId>) {
        self.parents.insert(unit, parent);
    }

    /// Takes a unit out.
    pub fn remove(&mut self, unit: UnitId) {
        self.parents.remove(&unit);
    }

    /// Puts a unit under a parent or takes it out, and returns how it was.
    fn set(&mut self, unit: UnitId, place: Place) -> Place {
        let before = match place {
            Place::Under(parent) => self.parents.insert(unit, parent),
            Place::Nowhere => self.parents.remove(&unit),
        };
        before.map_or(Place::Nowhere, Place::Under)
    }

    /// True if no unit is known.
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// Returns every known unit.
    pub fn all(&self) -> impl Iterator<Item = UnitId> {
        self.parents.keys().copied()
    }

    /// True if the unit is known.
    pub fn contains(&self, unit: UnitId) -> bool {
        self.parents.contains_key(&unit)
    }

    /// Returns the unit above; `None` for the root and for unknown units.
    pub fn parent(&self, unit: UnitId) -> Option<UnitId> {
        self.parents.get(&unit).copied().flatten()
    }

    /// Returns the unit and everything above it, nearest first.
    pub fn path(&self, unit: UnitId) -> Vec<UnitId> {
        let mut path = vec![unit];
        let mut at = unit;
        while let Some(parent) = self.parent(at) {
            if path.len() >= MAX_DEPTH || path.contains(&parent) {
                break;
            }
            path.push(parent);
            at = parent;
        }
        path
    }

    /// True if `unit` is `top` or below it.
    pub fn is_within(&self, unit: UnitId, top: UnitId) -> bool {
        self.path(unit).contains(&top)
    }

    /// Returns `top` and everything below it, sorted.
    pub fn subtree(&self, top: UnitId) -> BTreeSet<UnitId> {
        self.parents
            .keys()
            .copied()
            .filter(|unit| self.is_within(*unit, top))
            .chain(std::iter::once(top))
            .collect()
    }

    /// Returns the unit without a parent, if there is exactly one.
    pub fn root(&self) -> Option<UnitId> {
        let mut roots = self.parents.iter().filter(|(_, parent)| parent.is_none());
        let first = roots.next().map(|(unit, _)| *unit);
        if roots.next().is_some() { None } else { first }
    }
}

impl World {
    /// Stores a record and remembers that it changed.
    pub fn put(&mut self, record: Record) {
        let id = record.id;
        let was_touched = !self.touched.insert(id);
        let before = self.swap(id, Some(record)).map(Box::new);
        self.undo.push(Undo::Record { id, before, was_touched });
    }

    /// Makes a working set with nothing but a tree of units in it.
    pub fn new(units: UnitTree, limits: Limits) -> Self {
        Self { limits, units, ..Self::default() }
    }

    /// Puts a record that was loaded: nothing has changed by that.
    pub fn load(&mut self, record: Record) {
        self.swap(record.id, Some(record));
    }

    /// Replaces a record and keeps everything that is read from records in step.
    fn swap(&mut self, id: RecordId, record: Option<Record>) -> Option<Record> {
        let before = self.records.remove(&id);
        if let Some(before) = &before {
            self.unlink(before);
        }
        if let Some(record) = record {
            self.link(&record);
            self.records.insert(id, record);
        }
        before
    }

    fn link(&mut self, record: &Record) {
        for (index, other) in
            [(&mut self.followers, record.follows()), (&mut self.pointing, record.points())]
        {
            if let Some(other) = other {
                index.entry(other).or_default().insert(record.id);
            }
        }
        if let Some(conflict) = record.conflict.as_ref().filter(|conflict| conflict.is_open()) {
            self.conflicts.entry(conflict.record).or_default().insert(record.id);
        }
        if let Some(held) = record.held.as_ref().filter(|held| held.is_open()) {
            self.needs.entry(held.need.key()).or_default().insert(record.id);
            self.holding.extend(held.parts.iter().map(|part| (part.op, record.id)));
        }
    }

    fn unlink(&mut self, record: &Record) {
        for (index, other) in
            [(&mut self.followers, record.follows()), (&mut self.pointing, record.points())]
        {
            if let Some(found) = other.and_then(|other| index.get_mut(&other)) {
                found.remove(&record.id);
            }
        }
        if let Some(conflict) = &record.conflict
            && let Some(open) = self.conflicts.get_mut(&conflict.record)
        {
            open.remove(&record.id);
        }
        if let Some(held) = record.held.as_ref().filter(|held| held.is_open()) {
            if let Some(waiting) = self.needs.get_mut(&held.need.key()) {
                waiting.remove(&record.id);
            }
            for part in &held.parts {
                self.holding.remove(&part.op);
            }
        }
    }

    /// Gives a unique value to a record, or frees it.
    pub fn hold_unique(&mut self, key: UniqueKey, holder: Option<RecordId>) {
        let before = match holder {
            Some(holder) => self.unique.insert(key.clone(), holder),
            None => self.unique.remove(&key),
        };
        self.undo.push(Undo::Unique { key, before });
    }

    /// Puts a unit under a parent, or takes it out of the tree.
    pub fn place_unit(&mut self, unit: UnitId, place: Place) {
        let before = self.units.set(unit, place);
        self.undo.push(Undo::Unit { unit, before });
    }

    /// Notes that a record left a unit.
    pub fn leave(&mut self, record: RecordId, unit: UnitId, seq: u64) {
        self.exits.push((record, unit, seq));
        self.undo.push(Undo::Exit);
    }

    /// Returns the present point, to come back to.
    pub const fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    /// Takes back every change since a point.
    pub fn roll_back(&mut self, to: Mark) {
        while self.undo.len() > to.0 {
            match self.undo.pop() {
                Some(Undo::Record { id, before, was_touched }) => {
                    self.swap(id, before.map(|record| *record));
                    if !was_touched {
                        self.touched.remove(&id);
                    }
                }
                Some(Undo::Unique { key, before: Some(holder) }) => {
                    self.unique.insert(key, holder);
                }
                Some(Undo::Unique { key, before: None }) => {
                    self.unique.remove(&key);
                }
                Some(Undo::Unit { unit, before }) => {
                    self.units.set(unit, before);
                }
                Some(Undo::Exit) => {
                    self.exits.pop();
                }
                None => return,
            }
        }
    }

    /// Makes everything so far final.
    pub fn keep(&mut self) {
        self.undo.clear();
    }

    /// Takes notice of an operation that is in the log, or is about to be.
    pub fn learn(&mut self, op: &Op, hash: Digest, recv_at: i64) {
        self.hashes.insert(op.id, hash);
        self.received.insert(op.id, recv_at);
        self.ops.insert(op.id, op.clone());
        if let Some((old, _)) = op.was {
            self.names.entry(old).or_default().insert(op.id);
        }
    }

    /// Returns the old name under which the log has this very operation already, from before a renumbering.
    pub fn repeats(&self, op: &Op) -> Option<OpId> {
        let (old, hash) = op.was?;
        let same = self.hashes.get(&old) == Some(&hash) && !self.refused.contains(&old);
        same.then_some(old)
    }

    /// Returns the name that records know an operation by.
    pub fn name_of(&self, id: OpId) -> OpId {
        match self.ops.get(&id) {
            Some(op) => self.repeats(op).unwrap_or(id),
            None if self.refused.contains(&id) => id,
            None => self.names.get(&id).and_then(|new| new.first()).copied().unwrap_or(id),
        }
    }

    /// True if the log has an operation of this name, whatever became of it.
    pub fn knows(&self, op: OpId) -> bool {
        self.ops.contains_key(&op) || self.refused.contains(&op)
    }

    /// Returns the open conflict about exactly these fields of a record, or about this element of one.
    pub fn open_conflict(
        &self,
        record: RecordId,
        fields: &[FieldNo],
        element: Option<Uuid>,
    ) -> Option<&Record> {
        self.conflicts.get(&record)?.iter().filter_map(|id| self.records.get(id)).find(|found| {
            found
                .conflict
                .as_ref()
                .is_some_and(|c| c.is_open() && c.fields == fields && c.element == element)
        })
    }

    /// Counts the open conflicts about a record.
    pub fn count_open(&self, record: RecordId) -> u16 {
        self.conflicts.get(&record).map_or(0, |open| u16::try_from(open.len()).unwrap_or(u16::MAX))
    }

    /// True if the author's rights reach this unit.
    pub fn reaches(&self, author: &Author, unit: UnitId) -> bool {
        author.role.is_headquarters()
            || unit == author.home
            || self.units.is_within(unit, author.home)
    }
}
