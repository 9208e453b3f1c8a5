//! The working set of one application: the records an operation may touch, and what is known around them.

use std::collections::{BTreeMap, BTreeSet};

use super::command::Outside;
use super::limits::Limits;
use super::op::{Op, OpId};
use super::record::Record;
use crate::domain::access::Role;
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::record::{FieldNo, Value};

/// Who an operation comes from, as the server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub unique: BTreeMap<(u16, FieldNo, Value), RecordId>,
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
}

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

    /// True if no unit is known.
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
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

/// Keeps an index of who refers to whom.
fn note(
    index: &mut BTreeMap<RecordId, BTreeSet<RecordId>>,
    id: RecordId,
    before: Option<RecordId>,
    now: Option<RecordId>,
) {
    if before == now {
        return;
    }
    if let Some(found) = before.and_then(|old| index.get_mut(&old)) {
        found.remove(&id);
    }
    if let Some(now) = now {
        index.entry(now).or_default().insert(id);
    }
}

impl World {
    /// Stores a record and remembers that it changed.
    pub fn put(&mut self, record: Record) {
        self.touched.insert(record.id);
        self.note_follower(&record);
        if let Some(conflict) = &record.conflict {
            let open = self.conflicts.entry(conflict.record).or_default();
            if conflict.is_open() {
                open.insert(record.id);
            } else {
                open.remove(&record.id);
            }
        }
        self.records.insert(record.id, record);
    }

    fn note_follower(&mut self, record: &Record) {
        let old = self.records.get(&record.id);
        let (followed, pointed) = (old.and_then(Record::follows), old.and_then(Record::points));
        note(&mut self.followers, record.id, followed, record.follows());
        note(&mut self.pointing, record.id, pointed, record.points());
    }

    /// Returns the open conflict about exactly these fields of a record.
    pub fn open_conflict(&self, record: RecordId, fields: &[FieldNo]) -> Option<&Record> {
        self.conflicts.get(&record)?.iter().filter_map(|id| self.records.get(id)).find(|found| {
            found.conflict.as_ref().is_some_and(|c| c.is_open() && c.fields == fields)
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
