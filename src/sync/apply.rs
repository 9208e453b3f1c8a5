//! The one application of an operation to the records, run by the server to decide and by the device to predict
//! (protocol, Applying).

use std::collections::{BTreeMap, BTreeSet};

use super::conflict::{
    Candidate, Conflict, ConflictKind, ConflictState, DELETED_FIELD, Standing, UNIT_FIELD,
};
use super::merge::apply_set;
use super::op::{Base, Op, OpBody, OpId};
use super::outcome::Outcome;
use super::record::{FieldState, Record, Tombstone};
use super::resolve::apply_resolve;
use super::world::{Author, World};
use crate::domain::access::Office;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Fields, Level, Owner, Value};

/// Where and when the server takes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Server position given to it.
    pub seq: u64,
    /// When it arrived, milliseconds since 1970.
    pub recv_at: i64,
}

/// Why an operation is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) field: String,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, field: String::new(), message: String::new() }
    }

    pub(super) fn at(code: &'static str, field: &str) -> Self {
        Self { field: field.to_owned(), ..Self::new(code) }
    }
}

/// What one operation needs while it is applied.
pub(super) struct Task<'a> {
    pub(super) world: &'a mut World,
    pub(super) op: &'a Op,
    pub(super) author: &'a Author,
    pub(super) stamp: Stamp,
}

/// Applies one operation and says what became of it.
///
/// Every path keeps what the author wrote: as the current value, as a candidate of a conflict, or in a refusal that goes back to
/// the author. Changed records and conflicts are in `world.touched` afterwards, records that left a unit in `world.exits`.
///
/// # Example
/// The same operation with a base that is no longer current becomes a conflict, not an overwrite: see the tests below.
pub fn apply(world: &mut World, op: &Op, author: &Author, stamp: Stamp) -> Outcome {
    let seq = stamp.seq;
    if let Some(by) = blocked_by(world, op) {
        world.refused.insert(op.id);
        return Outcome::Blocked { seq, by };
    }
    let mut task = Task { world, op, author, stamp };
    let result = match &op.body {
        OpBody::Create { unit, fields } => create(&mut task, *unit, fields),
        OpBody::Set { sets } => apply_set(&mut task, sets),
        OpBody::Move { base, to } => relocate(&mut task, *base, *to),
        OpBody::Delete { saw, reason } => delete(&mut task, *saw, reason),
        OpBody::Restore { saw } => restore(&mut task, *saw),
        OpBody::Resolve { conflict, seen, values } => {
            apply_resolve(&mut task, *conflict, seen, values)
        }
        OpBody::ElementAdd { .. }
        | OpBody::ElementDelete { .. }
        | OpBody::Note { .. }
        | OpBody::Command { .. }
        | OpBody::Unknown { .. } => Err(Refusal::new("unknown_body")),
    };
    result.unwrap_or_else(|refusal| {
        world.refused.insert(op.id);
        if matches!(op.body, OpBody::Create { .. }) {
            world.refused_creates.insert(op.record, op.id);
        }
        Outcome::Rejected {
            seq,
            code: refusal.code.to_owned(),
            field: refusal.field,
            message: refusal.message,
        }
    })
}

/// Returns `n` of the refused operation this one depends on: an earlier value of its own, or the creation of a record it is about.
fn blocked_by(world: &World, op: &Op) -> Option<u64> {
    if let Some(base) = op.bases().into_iter().find(|base| world.refused.contains(base)) {
        return Some(base.n);
    }
    let mut needed = op.references();
    if !matches!(op.body, OpBody::Create { .. }) {
        needed.push(op.record);
    }
    needed
        .into_iter()
        .filter(|id| !world.records.contains_key(id))
        .find_map(|id| world.refused_creates.get(&id))
        .map(|refused| refused.n)
}

fn create(
    task: &mut Task<'_>,
    unit: UnitId,
    fields: &[(FieldNo, Value)],
) -> Result<Outcome, Refusal> {
    if task.world.records.contains_key(&task.op.record) {
        // Two devices made the same generated record: its fields meet like edits of an empty record.
        let sets: Vec<_> =
            fields.iter().map(|(no, value)| (*no, Base::Absent, value.clone())).collect();
        return apply_set(task, &sets);
    }
    let mut values: Fields =
        fields.iter().map(|(no, value)| (*no, at_home(value, task.author))).collect();
    hang_under_root(task, &mut values);
    let kind = Kind::from_number(task.op.kind);
    let unit = owner_unit(task.world, kind, task.op.record, unit, &values, task.author)?;
    if let Some(kind) = kind {
        may_create(task, kind, unit, &values)?;
        check_values(task.world, kind, task.op.record, &values)?;
    } else if !task.world.reaches(task.author, unit) {
        return Err(Refusal::new("not_permitted"));
    }
    let (id, seq) = (task.op.id, task.stamp.seq);
    let states =
        values.into_iter().map(|(no, value)| (no, FieldState { value, origin: id, seq })).collect();
    task.put(Record {
        id: task.op.record,
        kind: task.op.kind,
        unit,
        unit_origin: id,
        rev: seq,
        created: id,
        fields: states,
        elements: BTreeMap::new(),
        tombstone: None,
        open_conflicts: 0,
        conflict: None,
    });
    Ok(Outcome::Applied { seq })
}

/// A unit that names none above it hangs directly under the university: sheets of secondary units have no such column.
fn hang_under_root(task: &Task<'_>, values: &mut Fields) {
    let parent = Kind::Unit.spec().field("parent").map(|field| field.number);
    let root = task.world.units.root().filter(|root| root.record() != task.op.record);
    if let (true, Some(parent), Some(root)) = (task.op.kind == Kind::Unit.number(), parent, root) {
        values.entry(parent).or_insert(Value::Ref(root.record()));
    }
}

/// A reference to [`UnitId::HOME`] means the author's unit, whose id a device that had not joined yet could not know.
pub(super) fn at_home(value: &Value, author: &Author) -> Value {
    if *value == Value::Ref(UnitId::HOME.record()) {
        Value::Ref(author.home.record())
    } else {
        value.clone()
    }
}

/// Returns the unit a new record belongs to, by its kind's rule, with the author's own unit where nothing else says.
///
/// The rule wins over what the author's program wrote, so that a record never hides in a unit it is not about.
///
/// # Errors
/// Refused with `missing_reference` if the unit follows from a record that is not there.
fn owner_unit(
    world: &World,
    kind: Option<Kind>,
    id: RecordId,
    wanted: UnitId,
    values: &Fields,
    author: &Author,
) -> Result<UnitId, Refusal> {
    let chosen = if wanted == UnitId::HOME { author.home } else { wanted };
    let Some(spec) = kind.map(Kind::spec) else { return Ok(chosen) };
    let reference = |key: &str| {
        let number = spec.field(key).map(|field| field.number);
        number.and_then(|no| values.get(&no)).and_then(Value::as_ref_id)
    };
    match spec.owner {
        Owner::Itself => Ok(id.unit()),
        Owner::Chosen => Ok(chosen),
        Owner::Field(key) => match reference(key) {
            Some(unit) if unit.unit() == UnitId::HOME => Ok(author.home),
            Some(unit) => Ok(unit.unit()),
            None => Ok(chosen),
        },
        Owner::Of(key) => match reference(key) {
            None => Ok(chosen),
            Some(about) => world
                .records
                .get(&about)
                .map(|record| record.unit)
                .ok_or_else(|| Refusal::at("missing_reference", key)),
        },
    }
}

fn may_create(task: &Task<'_>, kind: Kind, unit: UnitId, values: &Fields) -> Result<(), Refusal> {
    let spec = kind.spec();
    if !task.author.role.acts_for(Office::Organizer) || !reaches_new(task, kind, unit, values) {
        return Err(Refusal::new("not_permitted"));
    }
    if !task.author.role.acts_for(spec.office) && spec.office == Office::Headquarters {
        let below_own = kind == Kind::Unit && reaches_new(task, kind, unit, values);
        if !below_own {
            return Err(Refusal::new("not_permitted"));
        }
    }
    for no in values.keys() {
        if let Some(field) = spec.field_no(*no) {
            may_write(task.author, field)?;
        }
    }
    Ok(())
}

/// A new unit is within reach if the unit above it is.
fn reaches_new(task: &Task<'_>, kind: Kind, unit: UnitId, values: &Fields) -> bool {
    let parent = unit_parent(kind, values);
    match (kind.spec().owner, parent) {
        (Owner::Itself, Some(parent)) => task.world.reaches(task.author, parent),
        (Owner::Itself, None) => task.author.role.is_headquarters(),
        (Owner::Field(_) | Owner::Of(_) | Owner::Chosen, _) => {
            task.world.reaches(task.author, unit)
        }
    }
}

/// Returns the unit above a unit, from the fields of its record.
pub fn unit_parent(kind: Kind, values: &Fields) -> Option<UnitId> {
    let number = kind.spec().field("parent")?.number;
    values.get(&number).and_then(Value::as_ref_id).map(RecordId::unit)
}

pub(super) fn may_write(author: &Author, field: &FieldSpec) -> Result<(), Refusal> {
    if author.role.acts_for(field.office) {
        Ok(())
    } else {
        Err(Refusal::at("not_permitted", field.key))
    }
}

/// Runs the kind's checks and the uniqueness of its values over what would be stored.
pub(super) fn check_values(
    world: &World,
    kind: Kind,
    id: RecordId,
    values: &Fields,
) -> Result<(), Refusal> {
    if let Some(issue) = kind.check(values).into_iter().find(|issue| issue.level == Level::Error) {
        return Err(Refusal {
            code: "invalid",
            field: issue.field,
            message: issue.code.to_owned(),
        });
    }
    for field in kind.spec().fields.iter().filter(|field| field.unique) {
        let Some(value) = values.get(&field.number).filter(|value| !value.is_blank()) else {
            continue;
        };
        let key = (kind.number(), field.number, value.clone());
        if let Some(holder) = world.unique.get(&key).filter(|holder| **holder != id) {
            let mut refusal = Refusal::at("duplicate", field.key);
            refusal.message = holder.to_string();
            return Err(refusal);
        }
    }
    Ok(())
}

fn relocate(task: &mut Task<'_>, base: Base, to: UnitId) -> Result<Outcome, Refusal> {
    let record = task.existing()?;
    let seq = task.stamp.seq;
    let to = if to == UnitId::HOME { task.author.home } else { to };
    if record.unit == to {
        return Ok(Outcome::Converged { seq });
    }
    if !task.world.units.contains(to) && !task.world.units.is_empty() {
        return Err(Refusal::new("unknown_unit"));
    }
    let target = [(UNIT_FIELD, Value::Ref(to.record()))];
    if !task.world.reaches(task.author, record.unit) {
        return Ok(task.conflict(&record, ConflictKind::NotPermittedAnyMore, &target));
    }
    if !task.author.role.acts_for(Office::Organizer) || !task.world.reaches(task.author, to) {
        return Err(Refusal::new("not_permitted"));
    }
    if base != Base::Seen(record.unit_origin) {
        return Ok(task.conflict(&record, ConflictKind::MoveVsMove, &target));
    }
    task.move_to(record, to);
    Ok(Outcome::Applied { seq })
}

fn delete(task: &mut Task<'_>, saw: u64, reason: &str) -> Result<Outcome, Refusal> {
    let mut record = task.existing()?;
    let seq = task.stamp.seq;
    if !record.is_live() {
        return Ok(Outcome::Converged { seq });
    }
    let deleted = [(DELETED_FIELD, Value::Flag(true))];
    if !task.world.reaches(task.author, record.unit) {
        return Ok(task.conflict(&record, ConflictKind::NotPermittedAnyMore, &deleted));
    }
    if let Some(kind) = Kind::from_number(record.kind) {
        let allowed = task.author.role.acts_for(Office::Organizer)
            && task.author.role.acts_for(kind.spec().office);
        if !allowed {
            return Err(Refusal::new("not_permitted"));
        }
    }
    if record.saw() != saw {
        return Ok(task.conflict(&record, ConflictKind::DeleteVsEdit, &deleted));
    }
    record.tombstone = Some(Tombstone { by: task.op.id, reason: reason.to_owned(), seq });
    task.put(record);
    Ok(Outcome::Applied { seq })
}

fn restore(task: &mut Task<'_>, _saw: u64) -> Result<Outcome, Refusal> {
    let mut record = task.existing()?;
    let seq = task.stamp.seq;
    if record.is_live() {
        return Ok(Outcome::Converged { seq });
    }
    if !task.author.role.acts_for(Office::Organizer)
        || !task.world.reaches(task.author, record.unit)
    {
        return Err(Refusal::new("not_permitted"));
    }
    if let Some(kind) = Kind::from_number(record.kind) {
        check_values(task.world, kind, record.id, &record.values())?;
    }
    record.tombstone = None;
    task.put(record);
    Ok(Outcome::Applied { seq })
}

impl Task<'_> {
    /// Returns the record the operation is about.
    pub(super) fn existing(&self) -> Result<Record, Refusal> {
        let found = self.world.records.get(&self.op.record);
        found.cloned().ok_or_else(|| Refusal::new("unknown_record"))
    }

    /// Stores a changed record under the operation's position and keeps the unique values current.
    pub(super) fn put(&mut self, mut record: Record) {
        record.rev = self.stamp.seq;
        if let Some(kind) = Kind::from_number(record.kind) {
            self.keep_unique(kind, &record);
            if kind == Kind::Unit {
                if record.is_live() {
                    let parent = unit_parent(kind, &record.values());
                    self.world.units.insert(record.id.unit(), parent);
                } else {
                    self.world.units.remove(record.id.unit());
                }
            }
        }
        self.world.put(record);
    }

    fn keep_unique(&mut self, kind: Kind, record: &Record) {
        let before = self.world.records.get(&record.id).cloned();
        for field in kind.spec().fields.iter().filter(|field| field.unique) {
            let held = |r: &Record| r.fields.get(&field.number).map(|state| state.value.clone());
            let key = |value: Value| (kind.number(), field.number, value);
            if let Some(old) = before.as_ref().and_then(held) {
                // A deleted record's value may be another's by now.
                if self.world.unique.get(&key(old.clone())) == Some(&record.id) {
                    self.world.unique.remove(&key(old));
                }
            }
            if let Some(new) = held(record).filter(|value| record.is_live() && !value.is_blank()) {
                self.world.unique.insert(key(new), record.id);
            }
        }
    }

    /// Returns the unit a changed record goes to because this operation set the field that names its owner.
    ///
    /// # Errors
    /// Refused with `not_permitted` if the author's rights do not reach that unit.
    pub(super) fn new_home(&self, record: &Record) -> Result<Option<UnitId>, Refusal> {
        let Some(kind) = Kind::from_number(record.kind) else { return Ok(None) };
        let (Owner::Field(key) | Owner::Of(key)) = kind.spec().owner else { return Ok(None) };
        let field = kind.spec().field(key).and_then(|field| record.fields.get(&field.number));
        if field.is_none_or(|state| state.origin != self.op.id) {
            return Ok(None);
        }
        let values = record.values();
        let unit =
            owner_unit(self.world, Some(kind), record.id, record.unit, &values, self.author)?;
        if unit == record.unit {
            return Ok(None);
        }
        if !self.world.reaches(self.author, unit) {
            return Err(Refusal::at("not_permitted", key));
        }
        Ok(Some(unit))
    }

    /// Moves a record, what belongs wherever it belongs, and the open conflicts about them, to another unit.
    pub(super) fn move_to(&mut self, record: Record, to: UnitId) {
        let mut waiting = vec![record];
        while let Some(record) = waiting.pop() {
            let followers = self.world.followers.get(&record.id).cloned().unwrap_or_default();
            self.move_one(record, to);
            let followers = followers.iter().filter_map(|id| self.world.records.get(id));
            waiting.extend(followers.filter(|follower| follower.unit != to).cloned());
        }
    }

    fn move_one(&mut self, mut record: Record, to: UnitId) {
        let seq = self.stamp.seq;
        self.world.exits.push((record.id, record.unit, seq));
        let open: BTreeSet<RecordId> =
            self.world.conflicts.get(&record.id).cloned().unwrap_or_default();
        for id in open {
            if let Some(mut conflict) = self.world.records.get(&id).cloned() {
                self.world.exits.push((id, conflict.unit, seq));
                conflict.unit = to;
                conflict.rev = seq;
                self.world.put(conflict);
            }
        }
        record.unit = to;
        record.unit_origin = self.op.id;
        self.put(record);
    }

    /// Keeps the operation's values as a candidate, in the open conflict about the same fields or in a new one.
    ///
    /// A candidate whose author had seen an earlier candidate replaces it: one person's offline branch is one candidate.
    pub(super) fn conflict(
        &mut self,
        record: &Record,
        kind: ConflictKind,
        values: &[(FieldNo, Value)],
    ) -> Outcome {
        let mut fields: Vec<FieldNo> = values.iter().map(|(no, _)| *no).collect();
        fields.sort_unstable();
        let candidate = Candidate {
            op: self.op.id,
            values: values.to_vec(),
            actor: self.op.actor,
            hlc: self.op.hlc,
            recv_at: self.stamp.recv_at,
        };
        let seen: BTreeSet<OpId> = self.op.bases().into_iter().collect();
        let open = self.world.open_conflict(record.id, &fields);
        let found = open.map(|r| r.id).zip(open.and_then(|r| r.conflict.clone()));
        let (id, mut conflict) = match found {
            Some((id, conflict)) => (id, *conflict),
            None => (
                Conflict::id_for(record.id, &fields, self.op.id),
                self.new_conflict(record, kind, fields.clone()),
            ),
        };
        conflict.candidates.retain(|old| !seen.contains(&old.op));
        conflict.candidates.push(candidate);
        conflict.current = self.standing(record, &fields);
        let seq = self.stamp.seq;
        self.world.put(conflict.into_record(id, record.unit, self.op.id, seq));
        self.recount(record.id);
        Outcome::Conflict { seq, id }
    }

    fn new_conflict(&self, record: &Record, kind: ConflictKind, fields: Vec<FieldNo>) -> Conflict {
        Conflict {
            record: record.id,
            record_kind: record.kind,
            base: self.base_values(&fields),
            current: Vec::new(),
            fields,
            candidates: Vec::new(),
            kind,
            state: ConflictState::Open,
        }
    }

    /// Returns who set the current values of these fields.
    pub(super) fn standing(&self, record: &Record, fields: &[FieldNo]) -> Vec<Standing> {
        current_of(record, fields)
            .into_iter()
            .map(|(field, op)| {
                let by = op.and_then(|op| {
                    if op == self.op.id { Some(self.op) } else { self.world.ops.get(&op) }
                });
                Standing { field, op, actor: by.map(|op| op.actor), hlc: by.map_or(0, |op| op.hlc) }
            })
            .collect()
    }

    /// Returns what the author had seen in these fields, from the operations they name.
    fn base_values(&self, fields: &[FieldNo]) -> Vec<(FieldNo, Value)> {
        let OpBody::Set { sets } = &self.op.body else { return Vec::new() };
        let base_of = |field: &FieldNo| sets.iter().find(|(no, _, _)| no == field);
        fields
            .iter()
            .filter_map(|field| {
                let (_, Base::Seen(id), _) = base_of(field)? else { return None };
                let op = self.world.ops.get(id)?;
                op.value_of(*field).map(|value| (*field, value.clone()))
            })
            .collect()
    }

    /// Writes the number of open conflicts into the record they are about.
    pub(super) fn recount(&mut self, id: RecordId) {
        let open = self.world.count_open(id);
        if let Some(mut record) = self.world.records.get(&id).cloned()
            && record.open_conflicts != open
        {
            record.open_conflicts = open;
            record.rev = self.stamp.seq;
            self.world.put(record);
        }
    }
}

/// Returns the operations that set the current values of these fields.
pub(super) fn current_of(record: &Record, fields: &[FieldNo]) -> Vec<(FieldNo, Option<OpId>)> {
    fields
        .iter()
        .map(|no| match *no {
            UNIT_FIELD => (*no, Some(record.unit_origin)),
            DELETED_FIELD => (*no, record.tombstone.as_ref().map(|tombstone| tombstone.by)),
            _ => (*no, record.fields.get(no).map(|state| state.origin)),
        })
        .collect()
}
