//! The small world that figures are made of, kept between questions: what changed since the last one is read again, not everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::Inner;
use super::threads;
use crate::domain::figures::World;
use crate::domain::figures::world::{Seen, wanted};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Shape};
use crate::store::Row;
use crate::wire::{peek, peek_refs};

/// Of so many records one may have changed before all of them are read again.
const FEW: usize = 4;

/// The world as it was last asked for, and what changed since.
#[derive(Default)]
pub(super) struct Kept {
    world: Arc<World>,
    /// Numbers of the kinds that it has.
    kinds: BTreeSet<u16>,
    /// Records of these kinds that changed, by kind.
    changed: BTreeMap<u16, BTreeSet<RecordId>>,
}

impl Kept {
    /// Notes that a record came, changed or went.
    pub(super) fn forget(&mut self, id: RecordId, kind: u16) {
        if self.kinds.contains(&kind) {
            self.changed.entry(kind).or_default().insert(id);
        }
    }

    /// True if the world has the kind as it is.
    fn is_current(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind.number()) && !self.changed.contains_key(&kind.number())
    }
}

impl Inner {
    /// Returns the live records of these kinds, and perhaps of others, as small as the figures need them.
    pub(super) fn world(&mut self, kinds: &[Kind]) -> Arc<World> {
        let mut kept = std::mem::take(&mut self.figures);
        let stale: Vec<Kind> =
            kinds.iter().filter(|kind| !kept.is_current(**kind)).copied().collect();
        if !stale.is_empty() {
            // Whoever still counts over the world of before keeps that one.
            let world = Arc::make_mut(&mut kept.world);
            for kind in stale {
                let number = kind.number();
                let changed = kept.changed.remove(&number).filter(|_| kept.kinds.contains(&number));
                self.read_again(world, kind, changed.as_ref());
                kept.kinds.insert(number);
            }
            world.finish();
        }
        let world = Arc::clone(&kept.world);
        self.figures = kept;
        world
    }

    fn read_again(&self, world: &mut World, kind: Kind, changed: Option<&BTreeSet<RecordId>>) {
        let live = self.live.get(&kind.number());
        let all = live.map_or(0, BTreeSet::len);
        let few = changed.filter(|changed| changed.len() <= all / FEW);
        match (wanted(kind), few) {
            (Some(numbers), Some(changed)) => {
                world.forget(kind, Some(changed));
                let is_live = |id: &&RecordId| live.is_some_and(|live| live.contains(*id));
                let rows = changed.iter().filter(is_live).filter_map(|id| self.rows.get(id));
                see(world, kind, numbers, rows);
            }
            (Some(numbers), None) => {
                world.forget(kind, None);
                let parts = threads::in_parts(&self.rows_of(kind), |rows| {
                    let mut part = World::default();
                    see(&mut part, kind, numbers, rows.iter().copied());
                    part
                });
                for part in parts {
                    world.join(part);
                }
            }
            (None, _) => {
                world.forget(kind, None);
                if kind.spec().shaped(Shape::Many).next().is_some() {
                    self.read_whole(world, kind);
                } else {
                    read(world, kind, self.rows_of(kind).into_iter());
                }
            }
        }
    }

    /// Takes in records with their lists, which lie beside the values.
    fn read_whole(&self, world: &mut World, kind: Kind) {
        for row in self.rows_of(kind) {
            if let Ok(record) = self.record(row.id) {
                world.add(kind, row.id, row.unit.record(), &record.values());
            }
        }
    }
}

/// Takes in what figures need of records that come in great numbers.
fn see<'a>(world: &mut World, kind: Kind, wanted: &[FieldNo], rows: impl Iterator<Item = &'a Row>) {
    let mut fields: Vec<Seen<'a>> = Vec::with_capacity(wanted.len());
    for row in rows {
        fields.clear();
        if peek_refs(&row.bytes, wanted, |no, value| fields.push((no, value))).is_ok() {
            world.add_seen(kind, row.id, row.unit.record(), &fields);
        }
    }
}

/// Takes in whole records.
fn read<'a>(world: &mut World, kind: Kind, rows: impl Iterator<Item = &'a Row>) {
    let numbers: Vec<FieldNo> = kind.spec().fields.iter().map(|field| field.number).collect();
    let mut fields = Fields::new();
    for row in rows {
        fields.clear();
        let found = |no, value| {
            fields.insert(no, value);
        };
        if peek(&row.bytes, &numbers, found).is_ok() {
            world.add(kind, row.id, row.unit.record(), &fields);
        }
    }
}
