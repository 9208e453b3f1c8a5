//! What a batch may touch: which rows to load before it is applied, and the working set made from them.

use std::collections::BTreeSet;

use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Owner, Value};
use crate::domain::training::training_class::TrainingClass;
use crate::field;
use crate::server::db::rows::{Loaded, Wanted};
use crate::sync::archive::around;
use crate::sync::command::{classes_of, counted, erasure, merging, redirected};
use crate::sync::{Held, Need, Op, OpBody, OpId, Record, World};
use crate::wire::decode;

/// Says what applying these operations may look at.
pub(crate) fn wanted<'a>(ops: impl Iterator<Item = &'a Op>) -> Wanted {
    let mut wanted = Wanted::default();
    for op in ops {
        let references = op.references();
        wanted.records.extend(references.iter().copied());
        wanted.creations.extend(references);
        wanted.records.insert(op.record);
        wanted.about.insert(op.record);
        if !matches!(op.body, OpBody::Create { .. }) {
            wanted.creations.insert(op.record);
        }
        if let OpBody::Resolve { conflict, .. } = &op.body {
            wanted.records.insert(*conflict);
        }
        want_for_command(op, &mut wanted);
        if sets_owner(op) {
            wanted.moving.insert(op.record);
        }
        // Who waits for it, under both its names, and what may hold the operations its author had seen.
        wanted.needs.extend([Need::Op(op.id).key(), op.record]);
        wanted.needs.extend(op.was.map(|(old, _)| Need::Op(old).key()));
        for seen in named(op) {
            wanted.records.insert(Held::id_for(seen));
            wanted.ops.insert(seen);
        }
        want_unique(op, &mut wanted);
    }
    wanted
}

/// What a command counts in, and everything around a person that is merged into another.
fn want_for_command(op: &Op, wanted: &mut Wanted) {
    let OpBody::Command { name, args } = &op.body else { return };
    wanted.records.extend(counted(name, args));
    wanted.records.extend(erasure(op).into_iter().flat_map(|(_, _, conflicts)| conflicts));
    let persons = merging(op).into_iter().flatten();
    wanted.records.extend(persons.clone());
    wanted.creations.extend(persons.clone());
    wanted.about.extend(persons.clone());
    wanted.moving.extend(persons.clone());
    wanted.pointing.extend(persons);
}

/// Says what else these operations may look at, now that the first of it is loaded: what stands for records that
/// were merged, and the enrolments of a class whose places they may change.
pub(crate) fn further<'a>(world: &World, ops: impl Iterator<Item = &'a Op>) -> Wanted {
    let mut more = Wanted::default();
    for op in ops {
        let op = &*redirected(world, op);
        more.add(wanted(std::iter::once(op)));
        let stand_ins = op.references().into_iter().map(|id| world.resolve(id));
        more.records.extend(stand_ins.clone());
        more.about.extend(stand_ins);
        let merged = merging(op).into_iter().flatten().map(|id| world.resolve(id));
        more.records.extend(merged.clone());
        more.about.extend(merged.clone());
        more.moving.extend(merged.clone());
        more.pointing.extend(merged);
        more.records.extend(around(world, op));
        for class in classes_of(world, op) {
            more.records.insert(class);
            let asks =
                matches!(op.body, OpBody::Command { .. }) || op.kind == Kind::ClassQuota.number();
            if asks || op.record == class || has_limit(world, class) {
                more.pointing.insert(class);
            }
        }
    }
    more
}

/// True if a class is loaded and has a number of places, of its own or by units.
fn has_limit(world: &World, class: RecordId) -> bool {
    let limits = [
        field!(TrainingClass: "capacity").number(),
        field!(TrainingClass: "quota_places").number(),
    ];
    let Some(record) = world.records.get(&class) else { return false };
    let set = |no| record.fields.get(no).is_some_and(|state| !state.value.is_blank());
    limits.iter().any(set)
}

/// True if the operation may put an existing record into another unit.
fn sets_owner(op: &Op) -> bool {
    let spec = Kind::from_number(op.kind).map(Kind::spec);
    let owner = spec.and_then(|spec| match spec.owner {
        Owner::Field(key) | Owner::Of(key) => spec.field(key),
        Owner::Itself | Owner::Chosen => None,
    });
    let names_owner = owner.is_some_and(|field| op.value_of(field.number).is_some());
    match &op.body {
        OpBody::Move { .. } | OpBody::Resolve { .. } => true,
        OpBody::Create { .. } | OpBody::Set { .. } => names_owner,
        OpBody::ElementAdd { .. }
        | OpBody::ElementSet { .. }
        | OpBody::ElementDelete { .. }
        | OpBody::Note { .. }
        | OpBody::Delete { .. }
        | OpBody::Restore { .. }
        | OpBody::Command { .. }
        | OpBody::Unknown { .. } => false,
    }
}

/// The values an operation gives to fields that no two records may share.
fn want_unique(op: &Op, wanted: &mut Wanted) {
    let Some(kind) = Kind::from_number(op.kind) else { return };
    for field in kind.spec().fields.iter().filter(|field| field.unique) {
        if let Some(value) = op.value_of(field.number).filter(|value| !value.is_blank()) {
            wanted.unique.insert((op.kind, field.number, value.clone()));
        }
    }
}

/// Returns the values a record holds that no other of its kind may hold.
pub(crate) fn unique_of(record: &Record) -> Vec<(u16, FieldNo, Value)> {
    let Some(kind) = Kind::from_number(record.kind) else { return Vec::new() };
    kind.spec()
        .fields
        .iter()
        .filter(|field| field.unique)
        .filter_map(|field| {
            let value = record.fields.get(&field.number)?.value.clone();
            (!value.is_blank()).then_some((record.kind, field.number, value))
        })
        .collect()
}

/// Returns the operations that set what now stands where these operations' authors had seen something else: a conflict names
/// who wrote what holds.
pub(crate) fn overtaken<'a>(world: &World, ops: impl Iterator<Item = &'a Op>) -> BTreeSet<OpId> {
    let mut standing = BTreeSet::new();
    for op in ops {
        let mut about = BTreeSet::from([op.record, world.resolve(op.record)]);
        let merged = merging(op).into_iter().flatten();
        about.extend(merged.flat_map(|id| [id, world.resolve(id)]));
        for record in about.iter().filter_map(|id| world.records.get(id)) {
            standing.extend(record.fields.values().map(|state| state.origin));
            standing.extend(record.elements.values().map(|state| state.origin));
            standing.insert(record.unit_origin);
            standing.extend(record.tombstone.as_ref().map(|tombstone| tombstone.by));
        }
    }
    standing.retain(|op| !world.ops.contains_key(op));
    standing
}

/// Puts what was loaded into the working set of a batch.
pub(crate) fn load_into(world: &mut World, loaded: Loaded) {
    for record in loaded.records {
        world.load(record);
    }
    world.unique.extend(loaded.unique);
    for (op, hash, recv_at) in &loaded.ops {
        world.learn(op, *hash, *recv_at);
    }
    for (op, bytes) in &loaded.outside {
        world.outside.extend(decode(bytes, "outside").ok().map(|outside| (*op, outside)));
    }
    world.refused.extend(loaded.refused);
    world.refused_creates.extend(loaded.refused_creations);
}

/// Returns the operations that wait and are loaded.
pub(crate) fn held_ops(world: &World) -> impl Iterator<Item = &Op> {
    world.holding.keys().filter_map(|id| world.ops.get(id))
}

/// Returns the names of all operations that wait.
pub(crate) fn held_names(world: &World) -> impl Iterator<Item = OpId> {
    world.holding.keys().copied()
}

/// Returns the operations that an operation names: what its author had seen, and its own old name.
fn named(op: &Op) -> impl Iterator<Item = OpId> {
    op.bases().into_iter().chain(op.was.map(|(old, _)| old))
}

/// Returns the ids of the records that may hold what these operations' authors had seen.
pub(crate) fn held_records<'a>(
    world: &World,
    ops: impl Iterator<Item = &'a Op>,
) -> BTreeSet<RecordId> {
    let known = |base: OpId| {
        let name = world.name_of(base);
        world.ops.get(&name).filter(|op| op.group.is_some() || name != base)
    };
    ops.flat_map(named).filter_map(known).map(Held::id_of).collect()
}

/// Returns the old names of the operations that are loaded.
pub(crate) fn old_names(world: &World) -> impl Iterator<Item = OpId> {
    world.ops.values().filter_map(|op| op.was).map(|(old, _)| old)
}

/// Returns what an open conflict is about, or the key of what an open held record waits for.
pub(crate) fn about(record: &Record) -> Option<RecordId> {
    if let Some(held) = record.held.as_ref().filter(|held| held.is_open()) {
        return Some(held.need.key());
    }
    record.conflict.as_ref().filter(|conflict| conflict.is_open()).map(|conflict| conflict.record)
}
