//! The one application of an operation to the records, run by the server to decide and by the device to predict
//! (protocol, Applying).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::archive;
use super::command;
use super::conflict::{ConflictKind, DELETED_FIELD, UNIT_FIELD};
use super::element;
use super::group::{EXPIRE, Item, again, apply_together};
use super::held::{HELD_KIND, Need};
use super::merge::apply_set;
use super::op::{Base, Op, OpBody, OpId};
use super::outcome::Outcome;
use super::record::{FieldState, Record, Tombstone};
use super::resolve::apply_resolve;
use super::task::{Refusal, Task};
use super::upcast;
use super::world::{Author, World};
use crate::domain::access::Office;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Fields, Level, Owner, Value};
use crate::domain::rights::{Action, Place, Why, may};

/// Where and when the server takes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Server position given to it.
    pub seq: u64,
    /// When it arrived, milliseconds since 1970.
    pub recv_at: i64,
}

/// Applies one operation and says what became of it.
///
/// Every path keeps what the author wrote: as the current value, as a candidate of a conflict, or in a refusal that goes back to
/// the author. Changed records and conflicts are in `world.touched` afterwards, records that left a unit in `world.exits`.
///
/// # Example
/// The same operation with a base that is no longer current becomes a conflict, not an overwrite: see the tests below.
pub fn apply(world: &mut World, op: &Op, author: &Author, stamp: Stamp) -> Outcome {
    let hash = world.hashes.get(&op.id).copied().unwrap_or_default();
    let item = Item { id: op.id, hash, op: Some(op), fault: None };
    let outcomes = apply_together(world, &[item], author, stamp);
    outcomes.into_iter().next().unwrap_or(Outcome::Converged { seq: stamp.seq })
}

/// Which time an operation is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// When it arrives.
    First,
    /// When something it waited for has come.
    Again,
    /// When it has waited long enough: what is missing is taken for something else than what holds.
    Last,
}

/// Why an operation does not take effect now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It never will.
    Refused(Refusal),
    /// It depends on the refused operation with this number.
    Blocked(u64),
    /// Something it needs has not come.
    Missing(Need),
}

impl Stop {
    pub(super) fn refused(code: &'static str, field: &str) -> Self {
        Self::Refused(Refusal::at(code, field))
    }
}

/// Decides one operation. What a stopped one has changed so far is taken back by the caller.
pub(super) fn apply_one(
    world: &mut World,
    op: &Op,
    author: &Author,
    stamp: Stamp,
    attempt: Attempt,
) -> Result<Outcome, Stop> {
    let op = &*upcast::current(op);
    let op = &*by_known_names(world, op);
    let op = &*command::redirected(world, op);
    if let Some(old) = world.repeats(op) {
        return match world.holding.get(&old) {
            Some(_) => Err(Stop::Missing(Need::Op(old))),
            None => Ok(Outcome::Converged { seq: stamp.seq }),
        };
    }
    if let Some(by) = blocked_by(world, op, attempt) {
        return Err(Stop::Blocked(by));
    }
    if attempt != Attempt::Last
        && let Some(need) = missing_base(world, op)
    {
        return Err(Stop::Missing(need));
    }
    let classes = command::classes_of(world, op);
    let mut task = Task { world, op, author, stamp };
    let outcome = dispatch(&mut task).map_err(|refusal| match refusal.need {
        Some(need) => Stop::Missing(need),
        None => Stop::Refused(refusal),
    })?;
    command::settle(&mut task, &classes);
    Ok(outcome)
}

fn dispatch(task: &mut Task<'_>) -> Result<Outcome, Refusal> {
    if task.op.kind == HELD_KIND {
        return expire(task);
    }
    command::guard(task)?;
    match &task.op.body {
        OpBody::Create { unit, fields } => create(task, *unit, fields),
        OpBody::Set { sets } => apply_set(task, sets),
        OpBody::Move { base, to } => relocate(task, *base, *to),
        OpBody::Delete { saw, reason } => delete(task, *saw, reason),
        OpBody::Restore { saw } => restore(task, *saw),
        OpBody::Resolve { conflict, seen, values } => apply_resolve(task, *conflict, seen, values),
        OpBody::Command { name, args } => command::decide(task, name, args),
        OpBody::ElementAdd { field, element: id, value } => element::add(task, *field, *id, value),
        OpBody::ElementSet { field, element: id, base, value } => {
            element::set(task, *field, *id, *base, value)
        }
        OpBody::ElementDelete { field, element: id, base } => {
            element::delete(task, *field, *id, *base)
        }
        OpBody::Note { field, element: id, text } => element::note(task, *field, *id, text),
        OpBody::Unknown { .. } => Err(Refusal::new("unknown_body")),
    }
}

/// Returns the operation with the names its bases have in the log.
fn by_known_names<'a>(world: &World, op: &'a Op) -> Cow<'a, Op> {
    if op.bases().into_iter().all(|base| world.name_of(base) == base) {
        return Cow::Borrowed(op);
    }
    let mut op = op.clone();
    op.body.rename_bases(|_, id| *id = world.name_of(*id));
    Cow::Owned(op)
}

/// Returns the first operation its author had seen that has not taken effect here.
fn missing_base(world: &World, op: &Op) -> Option<Need> {
    let absent = |base: &OpId| !world.knows(*base) || world.holding.contains_key(base);
    op.bases().into_iter().find(absent).map(Need::Op)
}

/// Ends the waiting of a held record: headquarters or the server itself, once its time is over.
fn expire(task: &mut Task<'_>) -> Result<Outcome, Refusal> {
    if !matches!(&task.op.body, OpBody::Command { name, .. } if name == EXPIRE) {
        return Err(Refusal::new("wrong_kind"));
    }
    let record = task.existing()?;
    let Some(held) = &record.held else { return Err(Refusal::new("wrong_kind")) };
    if !task.author.role.is_headquarters() {
        return Err(Refusal::new("not_permitted"));
    }
    let seq = task.stamp.seq;
    if !held.is_open() {
        return Ok(Outcome::Converged { seq });
    }
    if task.stamp.recv_at < held.recv_at.saturating_add(task.world.limits.held_ms) {
        return Err(Refusal::new("too_early"));
    }
    again(task.world, record.id, task.op.id, task.stamp, Attempt::Last);
    Ok(Outcome::Applied { seq })
}

/// Returns `n` of the refused operation this one depends on: an earlier value of its own, or the creation of a record it is about.
/// What waited for an operation that was then refused is its own edit, not a part of that.
fn blocked_by(world: &World, op: &Op, attempt: Attempt) -> Option<u64> {
    if attempt == Attempt::First
        && let Some(base) = op.bases().into_iter().find(|base| world.refused.contains(base))
    {
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
    let known = task.world.records.get(&task.op.record);
    if known.is_some_and(|record| !record.is_live()) && is_generated(task.op) {
        return revive(task, fields);
    }
    if known.is_some() && !crate::trap!(T30) {
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
        archive::check_new(task, kind, &values)?;
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
        held: None,
    });
    Ok(Outcome::Applied { seq })
}

/// True if the record's id follows from what it is about, so that making it again is the same record.
const fn is_generated(op: &Op) -> bool {
    matches!(op.record.0.get_version_num(), 5)
}

/// A generated record that was deleted and is made again comes back, with the new values.
fn revive(task: &mut Task<'_>, fields: &[(FieldNo, Value)]) -> Result<Outcome, Refusal> {
    let mut record = task.existing()?;
    let (id, seq) = (task.op.id, task.stamp.seq);
    let mut values: Fields =
        record.fields.iter().map(|(no, state)| (*no, state.value.clone())).collect();
    values.extend(fields.iter().map(|(no, value)| (*no, at_home(value, task.author))));
    if let Some(kind) = Kind::from_number(record.kind) {
        may_create(task, kind, record.unit, &values)?;
        archive::check_new(task, kind, &values)?;
        check_values(task.world, kind, record.id, &values)?;
    } else if !task.world.reaches(task.author, record.unit) {
        return Err(Refusal::new("not_permitted"));
    }
    for (no, value) in values {
        if record.fields.get(&no).is_none_or(|state| state.value != value) {
            record.fields.insert(no, FieldState { value, origin: id, seq });
        }
    }
    record.tombstone = None;
    task.put(record);
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
/// Waits if the unit follows from a record that is not there.
pub(super) fn owner_unit(
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
                .ok_or_else(|| Refusal::missing(about)),
        },
    }
}

fn may_create(task: &Task<'_>, kind: Kind, unit: UnitId, values: &Fields) -> Result<(), Refusal> {
    let spec = kind.spec();
    let place = Place::of_reach(reaches_new(task, kind, unit, values));
    may(task.author.role, kind, Action::Create, place).map_err(not_permitted)?;
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

/// Asks the table of rights; a kind of a newer program is written by whoever keeps the unit's records.
pub(super) fn allowed(task: &Task<'_>, kind: u16, action: Action, place: Place) -> bool {
    let role = task.author.role;
    match Kind::from_number(kind) {
        Some(kind) => may(role, kind, action, place).is_ok(),
        None => place == Place::Own && role.acts_for(Office::Organizer),
    }
}

fn not_permitted(_why: Why) -> Refusal {
    Refusal::new("not_permitted")
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
        let refusal = Refusal::at("invalid", &issue.field);
        return Err(Refusal { message: issue.code.to_owned(), ..refusal });
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
    let place = Place::of_reach(task.world.reaches(task.author, to));
    if !allowed(task, record.kind, Action::Move, place) {
        return task.not_permitted(&record, Refusal::new("not_permitted"), &target);
    }
    if archive::blocked(task.world, task.author.role, &record, &target).is_some() {
        return Ok(task.conflict(&record, ConflictKind::Archived, &target));
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
    if !allowed(task, record.kind, Action::Delete, Place::Own) {
        return task.not_permitted(&record, Refusal::new("not_permitted"), &deleted);
    }
    if archive::blocked(task.world, task.author.role, &record, &deleted).is_some() {
        return Ok(task.conflict(&record, ConflictKind::Archived, &deleted));
    }
    if record.saw() != saw && !crate::trap!(T29) {
        return Ok(task.conflict(&record, ConflictKind::DeleteVsEdit, &deleted));
    }
    record.tombstone = Some(Tombstone { by: task.op.id, reason: reason.to_owned(), seq });
    task.put(record);
    Ok(Outcome::Applied { seq })
}

fn restore(task: &mut Task<'_>, saw: u64) -> Result<Outcome, Refusal> {
    let mut record = task.existing()?;
    let seq = task.stamp.seq;
    if record.is_live() {
        return Ok(Outcome::Converged { seq });
    }
    let place = Place::of_reach(task.world.reaches(task.author, record.unit));
    if !allowed(task, record.kind, Action::Restore, place) {
        return Err(Refusal::new("not_permitted"));
    }
    // Devices have no fields of what is deleted; who saw another content than what was deleted asks a person.
    let blank = Record { fields: BTreeMap::new(), elements: BTreeMap::new(), ..record.clone() };
    if saw != 0 && saw != record.saw() && saw != blank.saw() {
        let back = [(DELETED_FIELD, Value::Flag(false))];
        return Ok(task.conflict(&record, ConflictKind::DeleteVsEdit, &back));
    }
    let back = [(DELETED_FIELD, Value::Flag(false))];
    if archive::blocked(task.world, task.author.role, &record, &back).is_some() {
        return Ok(task.conflict(&record, ConflictKind::Archived, &back));
    }
    if let Some(kind) = Kind::from_number(record.kind) {
        check_values(task.world, kind, record.id, &record.values())?;
    }
    record.tombstone = None;
    task.put(record);
    Ok(Outcome::Applied { seq })
}
