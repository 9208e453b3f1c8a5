//! Reading the tables.

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::server::db::rows::{
    Account, Device, HistoryRow, Loaded, OpRow, PageQuery, PageRows, Position, PositionQuery,
    RecordRow, Refused, Sizes, Stored, UniqueRow, Visible, Wanted,
};
use crate::server::db::{DbError, DbResult};
use crate::server::load::unique_of;
use crate::sync::command::SERIES_KIND;
use crate::sync::open::Known;
use crate::sync::{Digest, Need, OpId, digest};
use crate::wire::{decode_op, decode_record, encode};

/// One row of the feed: position, record, whether it left.
type Key = (u64, RecordId, bool);

/// Before every operation.
const FIRST_OP: OpId = OpId { device: DeviceId(0), generation: 0, n: 0 };

impl State {
    pub(in super::super) fn position(&self, query: &PositionQuery) -> DbResult<Position> {
        let tenant = self.tenant.clone().ok_or(DbError::NoTenant)?;
        let at = |n| OpId { device: query.device, generation: query.generation, n };
        Ok(Position {
            tenant,
            chain_at_cursor: self.chain_at(query.cursor_seq),
            known: self.known(query.device, query.generation),
            newest_generation: self.newest(query.device, u32::MAX).map_or(0, |op| op.id.generation),
            earlier: query.earlier.iter().map(|g| self.known(query.device, *g)).collect(),
            hash_at_device_last: self.by_number.get(&at(query.last_n)).map(|op| op.hash),
        })
    }

    fn known(&self, device: DeviceId, generation: u32) -> Known {
        let durable_n = self.durable.get(&(device, generation)).copied().unwrap_or(0);
        let mut known = Known { generation, last_n: 0, last_hash: [0; 16], durable_n };
        if let Some(op) = self.newest(device, generation)
            && op.id.generation == generation
        {
            known.last_n = op.id.n;
            known.last_hash = op.hash;
        }
        known
    }

    /// Returns a device's last operation up to a generation.
    pub(super) fn newest(&self, device: DeviceId, generation: u32) -> Option<&OpRow> {
        let from = OpId { device, generation: 0, n: 0 };
        let until = OpId { device, generation, n: u64::MAX };
        self.by_number.range(from..=until).next_back().map(|(_, op)| &**op)
    }

    pub(in super::super) fn chain_at(&self, seq: u64) -> Option<Digest> {
        if seq == 0 { Some([0; 16]) } else { self.ops.get(&seq).map(|op| op.chain) }
    }

    pub(in super::super) fn history(&self, id: RecordId) -> Vec<HistoryRow> {
        let rows = self.by_record.range((id, 0)..=(id, u64::MAX));
        rows.filter_map(|(_, seq)| self.ops.get(seq))
            .map(|op| HistoryRow {
                seq: op.seq,
                recv_at: op.recv_at,
                actor: self.account(op.author.user).map_or_else(String::new, |a| a.name.clone()),
                bytes: op.bytes.clone(),
                outcome: op.outcome.clone(),
            })
            .collect()
    }

    pub(in super::super) fn ops_after(&self, seq: u64, limit: u32) -> Vec<OpRow> {
        let rows = self.ops.range(seq.saturating_add(1)..).take(size(limit));
        rows.map(|(_, op)| OpRow::clone(op)).collect()
    }

    pub(in super::super) fn records_after(
        &self,
        after: Option<RecordId>,
        limit: u32,
    ) -> Vec<RecordRow> {
        use std::ops::Bound::{Excluded, Unbounded};
        let rows = self.records.range((after.map_or(Unbounded, Excluded), Unbounded));
        rows.take(size(limit)).map(|(_, row)| RecordRow::clone(row)).collect()
    }

    pub(in super::super) fn open_of(&self, kind: u16) -> Vec<RecordRow> {
        let ids: BTreeSet<RecordId> = self.about.iter().map(|(_, id)| *id).collect();
        let rows = ids.iter().filter_map(|id| self.records.get(id));
        rows.filter(|row| row.kind == kind).map(|row| RecordRow::clone(row)).collect()
    }

    pub(in super::super) fn series(&self) -> Vec<RecordRow> {
        let rows = self.records.values().filter(|row| row.kind == SERIES_KIND);
        rows.map(|row| RecordRow::clone(row)).collect()
    }

    pub(in super::super) fn unique_values(&self) -> Vec<UniqueRow> {
        let row = |((kind, field, key), record): (&(u16, u16, Vec<u8>), &RecordId)| UniqueRow {
            kind: *kind,
            field: *field,
            key: key.clone(),
            record: *record,
        };
        self.unique.iter().map(row).collect()
    }

    pub(in super::super) fn unique_holder(
        &self,
        kind: u16,
        field: u16,
        key: &[u8],
    ) -> Option<RecordId> {
        self.unique.get(&(kind, field, key.to_vec())).copied()
    }

    pub(in super::super) fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<_> = self.accounts.values().cloned().collect();
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        accounts
    }

    pub(in super::super) fn devices(&self) -> Vec<Device> {
        self.devices.values().map(|(_, device)| device.clone()).collect()
    }

    pub(in super::super) fn sizes(&self) -> Sizes {
        let count = |len| u64::try_from(len).unwrap_or(u64::MAX);
        Sizes {
            ops: count(self.ops.len()),
            records: count(self.records.len()),
            exits: count(self.exits.len()),
            unique_values: count(self.unique.len()),
        }
    }

    pub(in super::super) fn stored(&self, first: OpId, count: usize) -> Stored {
        let until = first.n.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        let at = |n| OpId { n, ..first };
        let newest = self.newest(first.device, u32::MAX);
        let last = self.newest(first.device, first.generation);
        let last = last.filter(|op| op.id.generation == first.generation);
        let before = first.n.checked_sub(1).and_then(|n| self.by_number.get(&at(n)));
        let repeated = self.by_number.range(at(first.n)..at(until));
        Stored {
            newest_generation: newest.map_or(0, |op| op.id.generation),
            last_n: last.map_or(0, |op| op.id.n),
            hash_before: before.map(|op| op.hash),
            repeated: repeated.map(|(id, op)| (id.n, (op.hash, op.outcome.clone()))).collect(),
        }
    }

    pub(in super::super) fn load(&self, wanted: &Wanted) -> DbResult<Loaded> {
        let mut loaded = Loaded::default();
        self.load_records(wanted, &mut loaded)?;
        for id in wanted.creations.iter().filter(|id| !self.records.contains_key(id)) {
            let rows = self.by_record.range((*id, 0)..=(*id, u64::MAX));
            let refused = rows
                .filter_map(|(_, seq)| self.ops.get(seq))
                .rfind(|op| op.refused == Refused::Creation);
            loaded.refused_creations.extend(refused.map(|op| (*id, op.id)));
        }
        let old: BTreeSet<RecordId> = wanted.ops.iter().map(|op| Need::Op(*op).key()).collect();
        let renamed = old.iter().flat_map(|old| {
            self.by_old_name.range((*old, FIRST_OP)..).take_while(|(was, _)| *was == *old)
        });
        let named = wanted.ops.iter().chain(renamed.map(|(_, id)| id));
        for op in named.filter_map(|id| self.by_number.get(id)) {
            if op.refused != Refused::No {
                loaded.refused.insert(op.id);
            }
            let read = decode_op(&op.bytes).ok().filter(|read| read.id == op.id);
            loaded.ops.extend(read.map(|read| (read, digest(&op.bytes), op.recv_at)));
            loaded.outside.extend(op.outside.clone().map(|outside| (op.id, outside)));
        }
        let own: Vec<_> = loaded.records.iter().flat_map(unique_of).collect();
        for (kind, field, value) in wanted.unique.iter().cloned().chain(own) {
            let key = encode(&value).map_err(|_cause| damaged("unique_value"))?;
            if let Some(holder) = self.unique.get(&(kind, field.0, key)) {
                loaded.unique.insert((kind, field, value), *holder);
            }
        }
        Ok(loaded)
    }

    fn load_records(&self, wanted: &Wanted, loaded: &mut Loaded) -> DbResult<()> {
        let mut present = BTreeSet::new();
        self.take(wanted.records.iter(), &mut present, loaded)?;
        let mut about: BTreeSet<_> = wanted.about.intersection(&present).copied().collect();
        let mut moving: BTreeSet<_> = wanted.moving.intersection(&present).copied().collect();
        while !moving.is_empty() {
            let found = pointing(&self.follows, &moving);
            moving = self.take(found.iter(), &mut present, loaded)?;
            about.extend(moving.iter().copied());
        }
        about.extend(wanted.needs.iter().copied());
        let found = pointing(&self.about, &about);
        self.take(found.iter(), &mut present, loaded)?;
        let found = pointing(&self.points, &wanted.pointing);
        self.take(found.iter(), &mut present, loaded)?;
        Ok(())
    }

    /// Loads records that are not there yet, and returns their ids.
    fn take<'a>(
        &self,
        ids: impl Iterator<Item = &'a RecordId>,
        present: &mut BTreeSet<RecordId>,
        loaded: &mut Loaded,
    ) -> DbResult<BTreeSet<RecordId>> {
        let mut new = BTreeSet::new();
        for row in ids.filter_map(|id| self.records.get(id)) {
            if present.insert(row.id) {
                let record = decode_record(&row.body).map_err(|_cause| damaged("record"))?;
                loaded.records.push(record);
                new.insert(row.id);
            }
        }
        Ok(new)
    }

    pub(in super::super) fn page(&self, query: &PageQuery) -> DbResult<PageRows> {
        let tenant = self.tenant.clone().ok_or(DbError::NoTenant)?;
        let limit = size(query.limit.max(1));
        let mut keys = self.keys(query, limit);
        let mut complete = keys.len() <= limit;
        if let Some(next) = keys.get(limit).map(|key| key.0) {
            let whole = keys.iter().take(limit).rposition(|key| key.0 != next);
            // One operation that touched more than a page: its rows all come at once.
            let one = keys.iter().take_while(|key| key.0 == next).count();
            keys.truncate(whole.map_or(one, |end| end + 1));
        }
        let taken = self.fitting(&keys, query.max_bytes);
        complete &= taken == keys.len();
        keys.truncate(taken);
        let end = match keys.last().filter(|_| !complete) {
            None => (tenant.head_seq, tenant.head_chain),
            Some((seq, ..)) => (*seq, self.chain_at(*seq).ok_or_else(|| damaged("op"))?),
        };
        let rows = |key: &Key| self.records.get(&key.1).map(|row| RecordRow::clone(row));
        Ok(PageRows {
            tenant,
            chain_at_after: self.chain_at(query.after),
            puts: keys.iter().filter(|key| !key.2).filter_map(rows).collect(),
            removes: keys.iter().filter(|key| key.2).map(|key| (key.1, key.0)).collect(),
            end,
            complete,
        })
    }

    /// Returns how many rows fit into the bytes: whole positions, at least one.
    fn fitting(&self, keys: &[Key], max_bytes: usize) -> usize {
        let (mut taken, mut bytes) = (0, 0_usize);
        for position in keys.chunk_by(|a, b| a.0 == b.0) {
            if taken > 0 && bytes >= max_bytes {
                break;
            }
            let puts =
                position.iter().filter(|key| !key.2).filter_map(|key| self.records.get(&key.1));
            bytes = bytes.saturating_add(puts.map(|row| row.body.len()).sum());
            if bytes > max_bytes && taken > 0 {
                break;
            }
            taken += position.len();
        }
        taken
    }

    /// Returns the next rows by position: more than the limit if there are, and then of two positions at least.
    fn keys(&self, query: &PageQuery, limit: usize) -> Vec<Key> {
        let floor = self.tenant.as_ref().map_or(0, |tenant| tenant.tomb_floor);
        let start = (query.after.saturating_add(1), RecordId(uuid::Uuid::nil()));
        let puts = self.feed.range(start..).filter(|(_, id)| {
            self.records.get(id).is_some_and(|row| {
                let gone = row.tomb_seq.is_some() && row.last_seq <= floor;
                !gone && query.visible.includes(row.kind, row.unit)
            })
        });
        let mut keys: Vec<Key> = Vec::new();
        for (seq, id) in puts {
            let full =
                keys.len() > limit && keys.first().map(|key| key.0) != keys.last().map(|key| key.0);
            if full && keys.last().map(|key| key.0) != Some(*seq) {
                break;
            }
            keys.push((*seq, *id, false));
        }
        if let Visible::Units { within, above, published } = &query.visible {
            let left = self.left(query.after, within, above, published, &query.visible);
            keys.extend(left.into_iter().map(|(id, seq)| (seq, id, true)));
            keys.sort_unstable();
        }
        let first = keys.first().map(|key| key.0);
        let other = keys.iter().position(|key| Some(key.0) != first);
        let enough = other.map_or(keys.len(), |other| (other + 1).max(limit.saturating_add(1)));
        keys.truncate(enough);
        keys
    }

    /// Returns the records that left the scope after a position, with the last position at which they did.
    fn left(
        &self,
        after: u64,
        within: &BTreeSet<UnitId>,
        above: &BTreeSet<UnitId>,
        published: &BTreeSet<u16>,
        visible: &Visible,
    ) -> BTreeMap<RecordId, u64> {
        let mut left: BTreeMap<RecordId, u64> = BTreeMap::new();
        for ((unit, record), seq) in &self.exits {
            if *seq > after && (within.contains(unit) || above.contains(unit)) {
                let last = left.entry(*record).or_default();
                *last = (*last).max(*seq);
            }
        }
        left.retain(|id, _| {
            let Some(row) = self.records.get(id) else { return false };
            let was_within = || within.iter().any(|unit| self.exits.contains_key(&(*unit, *id)));
            !visible.includes(row.kind, row.unit) && (published.contains(&row.kind) || was_within())
        });
        left
    }
}

/// Returns what points at any of these.
fn pointing(index: &BTreeSet<(RecordId, RecordId)>, at: &BTreeSet<RecordId>) -> BTreeSet<RecordId> {
    let least = RecordId(uuid::Uuid::nil());
    let most = RecordId(uuid::Uuid::max());
    at.iter()
        .flat_map(|id| index.range((*id, least)..=(*id, most)))
        .map(|(_, from)| *from)
        .collect()
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

const fn damaged(table: &'static str) -> DbError {
    DbError::Damaged { table }
}
