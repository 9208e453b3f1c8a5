//! What an open device holds in memory: the confirmed rows with the outbox laid over them, and indexes built when first needed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::attention::Refused;
use super::clock::Ambient;
use super::error::ClientError;
use super::index::Indexes;
use super::journal::Local;
use super::kept::Kept;
use super::lease::Lease;
use super::outbox::Outbox;
use super::profile::Profile;
use super::rows::Rows;
use super::search::Keys;
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::store::{Change, Row, Vault};
use crate::sync::overlay::overlay_about;
use crate::sync::{CONFLICT_KIND, Cursor, Digest, Limits, Op, OpBody, Record, UnitTree};
use crate::wire::{Head, created_record, decode_op, decode_record, encode_record, head, peek_one};

/// Name of the note that holds [`SyncState`].
pub(super) const SYNC_STATE: &str = "sync/state";
/// Name of the note that holds the server's history whose answers this device has.
pub(super) const HEARD: &str = "sync/heard";

/// Name of the note that holds the names of other accounts.
pub(super) const NAMES: &str = "names";

/// How far this device and its server are with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SyncState {
    /// Generation that the numbers are of.
    pub(super) generation: u32,
    /// Last operation of this generation whose outcome is stored.
    pub(super) acked_n: u64,
    /// Last operation whose effect is part of the base.
    pub(super) settled_n: u64,
    /// Last operation inside a verified backup of the server.
    pub(super) durable_n: u64,
    /// How far the base is.
    pub(super) cursor: Cursor,
    /// Scope the base covers.
    pub(super) scope_token: u64,
    /// When the last sync ended well, milliseconds.
    pub(super) last_sync_at: Option<i64>,
    /// Server clock minus ours at that time, milliseconds.
    pub(super) clock_off_ms: i64,
    /// The server's mark on the cursor.
    pub(super) seal: Digest,
    /// Up to where deletions had left the feed when the base was begun.
    pub(super) floor: u64,
    /// Earlier generations that the server may ask for again: generation and last number sent under it.
    pub(super) earlier: Vec<(u32, u64)>,
    /// Syncs that ended well since both sides compared what they hold.
    pub(super) unchecked: u32,
    /// Last operation handed in after a revocation.
    pub(super) handed_n: u64,
}

impl SyncState {
    /// Returns the state for a generation: numbers of an earlier one say nothing about it. A crash may come between a new generation
    /// and the first word about it here.
    pub(super) fn of_generation(mut self, generation: u32) -> Self {
        if self.generation != generation {
            if self.acked_n > 0 {
                self.earlier.push((self.generation, self.acked_n));
            }
            (self.acked_n, self.settled_n, self.durable_n, self.handed_n) = (0, 0, 0, 0);
            self.generation = generation;
        }
        self
    }
}

impl Default for SyncState {
    fn default() -> Self {
        Self {
            generation: 0,
            acked_n: 0,
            settled_n: 0,
            durable_n: 0,
            cursor: Cursor::START,
            scope_token: 0,
            last_sync_at: None,
            clock_off_ms: 0,
            seal: [0; 16],
            floor: 0,
            earlier: Vec::new(),
            unchecked: 0,
            handed_n: 0,
        }
    }
}

/// Everything behind the client's lock.
pub(super) struct Inner {
    pub(super) vault: Vault,
    pub(super) profile: Profile,
    /// Sizes and times of the protocol.
    pub(super) limits: Limits,
    /// Clock and randomness.
    pub(super) env: Arc<dyn Ambient>,
    pub(super) sync: SyncState,
    /// History of the server that the outcomes known here are of; `None` before the first.
    pub(super) heard: Option<Uuid>,
    /// History that the server named last in this run.
    pub(super) named: Option<Uuid>,
    /// How long the records may be read without contact; `None` before the first.
    pub(super) lease: Option<Lease>,
    /// The view: what lists and forms show.
    pub(super) rows: Rows,
    /// Confirmed rows of the records that the outbox touches; `None` if the server does not know the record.
    pub(super) under: BTreeMap<RecordId, Option<Row>>,
    /// Ids of the live records of each kind.
    pub(super) live: BTreeMap<u16, BTreeSet<RecordId>>,
    pub(super) units: UnitTree,
    pub(super) outbox: Outbox,
    /// Conflicts that a waiting operation settles.
    pub(super) resolving: BTreeSet<RecordId>,
    /// Changes the server refused, by generation and number.
    pub(super) refused: BTreeMap<(u32, u64), Refused>,
    /// Newest user commands, for undo; those of earlier runs only once [`Inner::recall`] was called.
    pub(super) commands: Vec<Local>,
    /// True once the commands of earlier runs are among `commands`.
    pub(super) recalled: bool,
    /// Nothing may be changed or written.
    pub(super) read_only: bool,
    /// Names of other accounts, as conflicts brought them.
    pub(super) names: BTreeMap<UserId, String>,
    /// Last hybrid clock value.
    pub(super) hlc: u64,
    pub(super) indexes: RefCell<Indexes>,
    pub(super) keys: RefCell<Keys>,
    /// What figures are made of.
    pub(super) figures: Kept,
}

impl Inner {
    /// Puts a confirmed row under the outbox, or takes it away.
    pub(super) fn put_base(&mut self, id: RecordId, row: Option<Row>) -> Result<(), ClientError> {
        if self.outbox.touches(id) {
            self.under.insert(id, row);
            return self.refold(id);
        }
        self.under.remove(&id);
        match row {
            Some(row) => self.put_row(row),
            None => self.drop_row(id),
        }
        Ok(())
    }

    /// Computes a record's visible row again from its confirmed row and the outbox.
    pub(super) fn refold(&mut self, id: RecordId) -> Result<(), ClientError> {
        if !self.outbox.touches(id) {
            match self.under.remove(&id) {
                Some(Some(row)) => self.put_row(row),
                Some(None) => self.drop_row(id),
                None => {}
            }
            return Ok(());
        }
        if !self.under.contains_key(&id) {
            let base = self.rows.get(&id).cloned();
            self.under.insert(id, base);
        }
        let base = self.under.get(&id).and_then(Option::as_ref);
        if let (None, [only]) = (base, self.outbox.of_record(id).as_slice())
            && let Some(row) = created_row(&only.bytes)
        {
            self.put_row(row);
            return Ok(());
        }
        let mut record = base.map(|row| decode_record(&row.bytes)).transpose()?;
        let mut early: Vec<Op> = Vec::new();
        for waiting in self.outbox.of_record(id) {
            let op = decode_op(&waiting.bytes)?;
            let asked = record.is_none() && matches!(op.body, OpBody::Command { .. });
            record = overlay_about(record, &op, self.settled_element(&op));
            if record.is_none() {
                early.push(op);
            } else if asked {
                // A place asked for makes the record here where the server's own has not come back: what was written to that one before
                // waits for it and stays in view, and the request comes after it.
                let earlier = std::mem::take(&mut early).into_iter();
                record = earlier.fold(record, |record, op| overlay_about(record, &op, None));
                record = overlay_about(record, &op, None);
            }
        }
        match record {
            Some(record) => self.put_row(row_of(&record)?),
            None => self.drop_row(id),
        }
        Ok(())
    }

    /// Lays one new operation over the view without going through the whole outbox again.
    pub(super) fn lay(&mut self, op: &Op, bytes: Vec<u8>) -> Result<(), ClientError> {
        let id = op.record;
        if !self.outbox.touches(id) {
            let base = self.rows.get(&id).cloned();
            self.under.insert(id, base);
        }
        if let OpBody::Resolve { conflict, .. } = &op.body {
            self.resolving.insert(*conflict);
        }
        let before = self.rows.get(&id).map(|row| decode_record(&row.bytes)).transpose()?;
        if before.is_none() && self.outbox.touches(id) {
            self.outbox.push(op.id.n, id, bytes);
            return self.refold(id);
        }
        let created = if before.is_none() { created_row(&bytes) } else { None };
        self.outbox.push(op.id.n, id, bytes);
        if let Some(row) = created {
            self.put_row(row);
            return Ok(());
        }
        match overlay_about(before, op, self.settled_element(op)) {
            Some(record) => self.put_row(row_of(&record)?),
            None => self.drop_row(id),
        }
        Ok(())
    }

    /// Returns the element that a decision is about, if its conflict is about one.
    fn settled_element(&self, op: &Op) -> Option<Uuid> {
        let OpBody::Resolve { conflict, .. } = &op.body else { return None };
        decode_record(&self.rows.get(conflict)?.bytes).ok()?.conflict?.element
    }

    fn put_row(&mut self, row: Row) {
        let old = self.rows.get(&row.id);
        self.indexes.get_mut().replace(old, Some(&row));
        self.keys.get_mut().forget(row.id, row.kind);
        self.figures.forget(row.id, row.kind);
        let dead = is_dead(&row);
        let live = self.live.entry(row.kind).or_default();
        if dead {
            live.remove(&row.id);
        } else {
            live.insert(row.id);
        }
        if row.kind == Kind::Unit.number() {
            let parent = parent_of(&row);
            if dead {
                self.units.remove(row.id.unit());
            } else {
                self.units.insert(row.id.unit(), parent);
            }
        }
        self.rows.insert(row);
    }

    fn drop_row(&mut self, id: RecordId) {
        let Some(row) = self.rows.remove(&id) else { return };
        self.indexes.get_mut().replace(Some(&row), None);
        self.keys.get_mut().forget(id, row.kind);
        self.figures.forget(id, row.kind);
        if let Some(live) = self.live.get_mut(&row.kind) {
            live.remove(&id);
        }
        if row.kind == Kind::Unit.number() {
            self.units.remove(id.unit());
        }
    }

    /// Loads the confirmed rows at start, before the outbox is laid over them.
    pub(super) fn load_rows(&mut self) -> Result<(), ClientError> {
        let mut loaded = Vec::new();
        self.vault.store.rows(&mut |row| loaded.push(row))?;
        self.put_all(loaded);
        Ok(())
    }

    /// Makes these changes the whole view while nothing waits; indexes are built again when next asked for.
    pub(super) fn replace_all(&mut self, changes: Vec<Change>) {
        let mut rows: BTreeMap<RecordId, Row> = BTreeMap::new();
        for change in changes {
            rows.extend(change.puts.into_iter().map(|row| (row.id, row)));
            for id in change.removes {
                rows.remove(&id);
            }
        }
        self.under.clear();
        self.units = UnitTree::default();
        self.indexes = RefCell::default();
        self.keys = RefCell::default();
        self.figures = Kept::default();
        self.put_all(rows.into_values().collect());
    }

    /// Puts rows into an empty view: sorted first, because trees made from sorted rows are made at once.
    pub(super) fn put_all(&mut self, mut loaded: Vec<Row>) {
        loaded.sort_unstable_by_key(|row| row.id);
        let mut live: BTreeMap<u16, Vec<RecordId>> = BTreeMap::new();
        for row in &loaded {
            if !is_dead(row) {
                live.entry(row.kind).or_default().push(row.id);
                if row.kind == Kind::Unit.number() {
                    self.units.insert(row.id.unit(), parent_of(row));
                }
            }
        }
        self.live = live.into_iter().map(|(kind, ids)| (kind, ids.into_iter().collect())).collect();
        self.rows = Rows::of_sorted(loaded);
    }

    /// Decodes a visible record.
    pub(super) fn record(&self, id: RecordId) -> Result<Record, ClientError> {
        let row = self
            .rows
            .get(&id)
            .ok_or_else(|| ClientError::NotFound { what: "record", id: id.to_string() })?;
        Ok(decode_record(&row.bytes)?)
    }

    /// Returns one field of a visible record.
    pub(super) fn field(&self, id: RecordId, field: FieldNo) -> Option<Value> {
        self.rows.get(&id).and_then(|row| peek_one(&row.bytes, field))
    }

    /// The confirmed rows, without what waits.
    pub(super) fn base_rows(&self) -> impl Iterator<Item = &Row> {
        let untouched = self.rows.values().filter(|row| !self.under.contains_key(&row.id));
        untouched.chain(self.under.values().flatten())
    }

    /// Ids of the live records of a kind, in the order they were made.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = RecordId> {
        self.live.get(&kind.number()).into_iter().flatten().copied()
    }

    /// The live records of a kind, in the order they were made.
    pub(super) fn rows_of(&self, kind: Kind) -> Vec<&Row> {
        let rows = self.rows.of_kind(kind.number());
        let live = self.live.get(&kind.number());
        if live.map_or(0, BTreeSet::len) == rows.len() {
            return rows.collect();
        }
        // Both are in order of id: walking them together is faster than looking each one up.
        let mut wanted = live.into_iter().flatten().peekable();
        rows.filter(|row| wanted.next_if_eq(&&row.id).is_some()).collect()
    }

    /// Open conflicts that no waiting operation settles.
    pub(super) fn open_conflicts(&self) -> Vec<(RecordId, Record)> {
        self.live
            .get(&CONFLICT_KIND)
            .into_iter()
            .flatten()
            .filter(|id| !self.resolving.contains(id))
            .filter_map(|id| Some((*id, decode_record(&self.rows.get(id)?.bytes).ok()?)))
            .filter(|(_, record)| record.conflict.as_ref().is_some_and(|c| c.is_open()))
            .collect()
    }

    /// Writes notes durably.
    pub(super) fn note(
        &mut self,
        notes: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), ClientError> {
        if self.read_only {
            return Ok(()); // drafts and views are no records: who only looks leaves none behind
        }
        Ok(self.vault.store.commit(&Change { notes, ..Change::default() })?)
    }

    /// True if the user's rights reach this unit.
    pub(super) fn reaches(&self, unit: UnitId) -> bool {
        let profile = &self.profile;
        profile.role.is_headquarters()
            || unit == UnitId::HOME
            || unit == profile.unit
            || self.units.is_within(unit, profile.unit)
    }
}

/// Encodes a record as a row.
pub(super) fn row_of(record: &Record) -> Result<Row, ClientError> {
    Ok(Row {
        id: record.id,
        kind: record.kind,
        unit: record.unit,
        rev: record.rev,
        bytes: encode_record(record)?.into_boxed_slice(),
    })
}

/// Makes the row of a record that only a waiting creation has made.
fn created_row(op: &[u8]) -> Option<Row> {
    let bytes = created_record(op)?;
    let Head { id, kind, unit, rev } = head(&bytes).ok()?;
    Some(Row { id, kind, unit, rev, bytes: bytes.into_boxed_slice() })
}

/// True if the row's record is deleted. Deleted records have no fields on the wire but keep them while the deletion waits, so the
/// whole record is decoded; rows of closed conflicts count as dead too.
fn is_dead(row: &Row) -> bool {
    use crate::wire::is_deleted;
    is_deleted(&row.bytes)
}

fn parent_of(row: &Row) -> Option<UnitId> {
    let field = Kind::Unit.spec().field("parent")?;
    peek_one(&row.bytes, field.number).and_then(|value| value.as_ref_id()).map(RecordId::unit)
}
