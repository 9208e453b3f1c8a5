//! What one sync writes: outcomes, staged pages, the flip. Memory follows the disk, never the other way round.

use std::collections::BTreeSet;

use super::attention::{self, Refused};
use super::error::ClientError;
use super::journal;
use super::state::{HEARD, Inner, NAMES, SYNC_STATE, SyncState};
use crate::domain::ids::{RecordId, UnitId, UserId};
use crate::store::{Change, Row};
use crate::sync::client::{Machine, PageHead, Staged, Waiting};
use crate::sync::open::Open;
use crate::sync::upcast::SCHEMA;
use crate::sync::{Cursor, Digest, HELD_KIND, Held, OpBody, Outcome, Witness};
use crate::wire::{Page, SyncAnswer, decode, decode_op, decode_record, encode, head, op_head};

/// Note of a staged page that says how far staging is: a [`Staged`].
const STAGE: &str = "stage/state";

/// What a running sync keeps between steps.
pub(super) struct Session {
    staged: Vec<Change>,
    /// How many of them are in the store's staging area; the rest are a last page that may go straight into the base.
    in_store: usize,
    removed: usize,
}

impl Session {
    /// Looks at what waits and at what an interrupted pull left, and starts the machine.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub(super) fn start(inner: &mut Inner) -> Result<(Self, Machine), ClientError> {
        let mut staged = Vec::new();
        inner.vault.store.staged(&mut |change| staged.push(change))?;
        let reached = staged.last().and_then(stage_state);
        let (open, waiting, prev) = opening(inner, reached.as_ref())?;
        let session = Self { in_store: staged.len(), staged, removed: 0 };
        Ok((session, Machine::new(open, waiting, prev, reached, inner.limits)))
    }

    /// Starts to take some units of the base again.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub(super) fn repair(inner: &mut Inner) -> Result<(Self, Machine), ClientError> {
        inner.vault.store.unstage()?;
        let (open, waiting, prev) = opening(inner, None)?;
        let session = Self { in_store: 0, staged: Vec::new(), removed: 0 };
        Ok((session, Machine::new(open, waiting, prev, None, inner.limits)))
    }

    /// Takes what the server says of the device and its user. True if the outcomes known here are of another history than the server's:
    /// a copy of the device from before the server was put back, whose base may say nothing of it yet.
    pub(super) fn opened(inner: &mut Inner, answer: &SyncAnswer) -> Result<bool, ClientError> {
        let opened = &answer.opened;
        inner.named = Some(opened.epoch);
        let asked = inner.sync.acked_n > 0 || !inner.sync.earlier.is_empty();
        let other = asked && inner.heard.is_some_and(|heard| heard != opened.epoch);
        if !other {
            Self::hear(inner)?;
        }
        if opened.known.generation == inner.profile.generation {
            inner.sync.durable_n = opened.known.durable_n;
        }
        let durable = |generation: u32| {
            let known = opened.earlier.iter().find(|known| known.generation == generation);
            known.map_or(0, |known| known.durable_n)
        };
        inner.sync.earlier.retain(|(generation, sent)| durable(*generation) < *sent);
        inner.renew(opened)?;
        inner.sync.clock_off_ms = answer.opened.server_time.saturating_sub(inner.env.now_ms());
        if (inner.profile.role, inner.profile.unit) != (answer.role, answer.unit) {
            inner.profile.role = answer.role;
            inner.profile.unit = answer.unit;
            journal::save_profile(&mut inner.vault, &inner.profile)?;
        }
        Ok(other)
    }

    /// Notes that everything is asked of the history that the server named last.
    pub(super) fn hear(inner: &mut Inner) -> Result<(), ClientError> {
        let Some(epoch) = inner.named.filter(|_| inner.heard != inner.named) else {
            return Ok(());
        };
        inner.note(vec![(HEARD.to_owned(), Some(encode(&epoch)?))])?;
        inner.heard = Some(epoch);
        Ok(())
    }

    /// Stores outcomes; refused operations leave the outbox and go to the attention list.
    pub(super) fn results(
        inner: &mut Inner,
        results: &[(u64, Outcome)],
    ) -> Result<(), ClientError> {
        let Some(last) = results.iter().map(|(n, _)| *n).max() else { return Ok(()) };
        let generation = inner.profile.generation;
        let state = SyncState { acked_n: inner.sync.acked_n.max(last), ..inner.sync.clone() };
        let mut notes = vec![(SYNC_STATE.to_owned(), Some(encode(&state)?))];
        let mut refused = Vec::new();
        for (n, outcome) in results.iter().filter(|_| !crate::trap!(T05)) {
            let key = (generation, *n);
            if outcome.needs_attention() {
                if !inner.is_dealt_with(key)? {
                    let bytes = attention::encode_outcome(outcome)?;
                    notes.push((attention::note_of(key.0, key.1), Some(bytes)));
                }
                refused.push((*n, outcome.clone()));
            } else if inner.refused.contains_key(&key) {
                notes.push((attention::note_of(key.0, key.1), None));
            }
        }
        inner.note(notes)?;
        inner.sync = state;
        for (n, _) in results.iter().filter(|(_, outcome)| !outcome.needs_attention()) {
            inner.refused.remove(&(generation, *n));
        }
        if crate::trap!(T17) {
            for record in inner.outbox.settle(last) {
                inner.refold(record)?;
            }
        }
        for (n, outcome) in refused {
            let bytes = inner.outbox.after(n.saturating_sub(1)).next();
            let bytes = bytes.filter(|(found, _)| *found == n).map(|(_, op)| op.bytes.clone());
            let Some(bytes) = bytes else { continue };
            let op = decode_op(&bytes)?;
            let (key, held) = ((generation, n), matches!(outcome, Outcome::Held { .. }));
            let dealt = inner.is_dealt_with(key)?;
            if !dealt {
                inner.refused.insert(key, Refused { outcome, op });
            }
            if let Some(record) = inner.outbox.remove(n) {
                if held && !dealt {
                    inner.outbox.hold(key, record, bytes);
                }
                inner.refold(record)?;
            }
        }
        inner.recount_resolving()
    }

    /// Stores a page where nobody sees it yet.
    pub(super) fn stage(
        &mut self,
        inner: &mut Inner,
        page: Page,
        at: &PageHead,
        state: &Staged,
    ) -> Result<(), ClientError> {
        Self::learn_names(inner, &page)?;
        let empty = page.puts.is_empty() && at.removes.is_empty();
        if empty && at.complete {
            return Ok(());
        }
        let mut puts = Vec::with_capacity(page.puts.len());
        for record in page.puts {
            let head = head(&record.0)?;
            puts.push(Row {
                id: head.id,
                kind: head.kind,
                unit: head.unit,
                rev: head.rev,
                bytes: record.0.into_boxed_slice(),
            });
        }
        let notes = vec![(STAGE.to_owned(), Some(encode(state)?))];
        let change = Change { puts, removes: at.removes.clone(), notes };
        self.removed += change.removes.len();
        if crate::trap!(T18) {
            Self::show(inner, vec![change.clone()], false)?;
        }
        self.staged.push(change);
        if crate::trap!(T19) && !at.complete {
            inner.sync.cursor = at.cursor;
            inner.sync.scope_token = state.scope_token;
            return inner.note(vec![(SYNC_STATE.to_owned(), Some(encode(&inner.sync)?))]);
        }
        if !at.complete {
            self.keep_staged(inner)?;
        }
        Ok(())
    }

    /// Stages the removal of everything the base has of some units: they left the scope, or are taken again.
    pub(super) fn drop_units(
        &mut self,
        inner: &mut Inner,
        units: &[UnitId],
        state: &Staged,
    ) -> Result<(), ClientError> {
        let of_units = inner.base_rows().filter(|row| units.contains(&row.unit));
        let removes: Vec<RecordId> = of_units.map(|row| row.id).collect();
        self.removed += removes.len();
        let notes = vec![(STAGE.to_owned(), Some(encode(state)?))];
        self.staged.push(Change { puts: Vec::new(), removes, notes });
        self.keep_staged(inner)
    }

    /// Puts the pages that are only in memory into the store's staging area.
    fn keep_staged(&mut self, inner: &mut Inner) -> Result<(), ClientError> {
        for change in self.staged.iter().skip(self.in_store) {
            inner.vault.store.stage(change)?;
        }
        self.in_store = self.staged.len();
        Ok(())
    }

    /// Keeps the names that conflicts speak of.
    fn learn_names(inner: &mut Inner, page: &Page) -> Result<(), ClientError> {
        let new = |(user, name): &&(UserId, String)| inner.names.get(user) != Some(name);
        let new: Vec<_> = page.names.iter().filter(new).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut names = inner.names.clone();
        names.extend(new);
        inner.note(vec![(NAMES.to_owned(), Some(encode(&names)?))])?;
        inner.names = names;
        Ok(())
    }

    /// Makes the staged pages the base: on the disk at once, then in memory.
    pub(super) fn flip(&mut self, inner: &mut Inner, at: &Staged) -> Result<(), ClientError> {
        let replace = at.replace || crate::trap!(T27);
        let state = SyncState {
            settled_n: inner.sync.acked_n,
            cursor: at.cursor,
            seal: at.seal,
            floor: at.floor,
            scope_token: at.scope_token,
            last_sync_at: Some(inner.env.now_ms()),
            unchecked: inner.sync.unchecked.saturating_add(1),
            ..inner.sync.clone()
        };
        let notes = vec![(SYNC_STATE.to_owned(), Some(encode(&state)?)), (STAGE.to_owned(), None)];
        self.write(inner, notes, replace)?;
        let staged = std::mem::take(&mut self.staged);
        self.in_store = 0;
        inner.sync = state;
        let last = if crate::trap!(T16) { inner.outbox.last_n } else { inner.sync.acked_n };
        let settled = inner.outbox.settle(last);
        let decided = staged.iter().any(|change| change.puts.iter().any(|r| r.kind == HELD_KIND));
        Self::show(inner, staged, replace)?;
        for record in settled {
            inner.refold(record)?;
        }
        if decided {
            inner.settle_held()?;
        }
        inner.recount_resolving()
    }

    /// A single page that does not replace anything goes straight into the base: one durable write instead of three.
    fn write(
        &mut self,
        inner: &mut Inner,
        notes: Vec<(String, Option<Vec<u8>>)>,
        replace: bool,
    ) -> Result<(), ClientError> {
        match self.staged.as_slice() {
            [] if !replace => inner.note(notes),
            [only] if !replace && self.in_store == 0 => {
                let change =
                    Change { puts: only.puts.clone(), removes: only.removes.clone(), notes };
                Ok(inner.vault.store.commit(&change)?)
            }
            _ => {
                self.keep_staged(inner)?;
                Ok(inner.vault.store.flip(replace, &notes)?)
            }
        }
    }

    fn show(inner: &mut Inner, staged: Vec<Change>, replace: bool) -> Result<(), ClientError> {
        if replace && inner.outbox.is_empty() {
            inner.replace_all(staged);
            return Ok(());
        }
        if replace {
            let kept: BTreeSet<RecordId> =
                staged.iter().flat_map(|change| change.puts.iter().map(|row| row.id)).collect();
            let known: Vec<RecordId> =
                inner.rows.ids().chain(inner.under.keys().copied()).collect();
            for id in known.into_iter().filter(|id| !kept.contains(id)) {
                inner.put_base(id, None)?;
            }
        }
        for change in staged {
            for row in change.puts {
                inner.put_base(row.id, Some(row))?;
            }
            for id in change.removes {
                if crate::trap!(T24) {
                    inner.outbox.forget(id);
                }
                inner.put_base(id, None)?;
            }
        }
        Ok(())
    }

    /// Throws the staged pages away.
    pub(super) fn unstage(&mut self, inner: &mut Inner) -> Result<(), ClientError> {
        self.staged.clear();
        self.in_store = 0;
        if crate::trap!(T20) {
            inner.vault.store.flip(true, &[])?;
            Self::show(inner, Vec::new(), true)?;
        }
        Ok(inner.vault.store.unstage()?)
    }

    /// The server was set back: what the journal still has of this generation waits again, and the base will be taken whole.
    pub(super) fn send_again(&mut self, inner: &mut Inner) -> Result<(), ClientError> {
        self.unstage(inner)?;
        let first = inner.first_kept(inner.profile.generation)?;
        let last = first.map_or(inner.sync.acked_n, |first| first.saturating_sub(1));
        let state = SyncState {
            acked_n: inner.sync.acked_n.min(last),
            settled_n: inner.sync.settled_n.min(last),
            cursor: Cursor::START,
            seal: [0; 16],
            scope_token: 0,
            ..inner.sync.clone()
        };
        inner.keep_state(state)?;
        inner.refill_outbox(last)
    }

    /// True if nothing is staged.
    pub(super) const fn is_empty(&self) -> bool {
        self.staged.is_empty()
    }

    pub(super) const fn removed(&self) -> usize {
        self.removed
    }
}

/// Says where the device stands. A pull that replaces the base is told by its own place, any other by the base's.
fn opening(
    inner: &Inner,
    reached: Option<&Staged>,
) -> Result<(Open, Vec<Waiting>, Digest), ClientError> {
    let waiting: Vec<Waiting> = inner
        .outbox
        .after(inner.sync.acked_n)
        .map(|(n, op)| {
            let group = op_head(&op.bytes)?.group;
            let end = group.map(|g| g.first.saturating_add(u64::from(g.length)).saturating_sub(1));
            Ok(Waiting { n, group_end: end.unwrap_or(n), bytes: op.bytes.clone() })
        })
        .collect::<Result<_, ClientError>>()?;
    let first = waiting.first().map(|op| decode_op(&op.bytes)).transpose()?;
    let prev = first.as_ref().map_or(inner.outbox.last_hash, |op| op.prev);
    let oldest = first.map(|op| super::conflicts::hlc_ms(op.hlc));
    let now = inner.env.now_ms();
    let sync = &inner.sync;
    let (cursor, seal, scope_token, floor) = match reached.filter(|staged| staged.replace) {
        Some(staged) => (staged.cursor, staged.seal, staged.scope_token, staged.floor),
        None => (sync.cursor, sync.seal, sync.scope_token, sync.floor),
    };
    let open = Open {
        device: inner.profile.device,
        generation: inner.profile.generation,
        last_n: inner.outbox.last_n,
        last_hash: inner.outbox.last_hash,
        acked_n: sync.acked_n,
        cursor,
        scope_token,
        schema: SCHEMA,
        app: env!("CARGO_PKG_VERSION").to_owned(),
        device_time: now,
        outbox_depth: u64::try_from(waiting.len()).unwrap_or(u64::MAX),
        oldest_age_ms: oldest.map_or(0, |at| u64::try_from(now - at).unwrap_or(0)),
        earlier: sync.earlier.clone(),
        seal,
        floor,
        head: reached.map_or(Witness::NONE, |staged| staged.head),
    };
    Ok((open, waiting, prev))
}

fn stage_state(change: &Change) -> Option<Staged> {
    let note = change.notes.iter().find(|(name, _)| name == STAGE);
    let bytes = note.and_then(|(_, bytes)| bytes.as_deref())?;
    decode(bytes, "stage state").ok()
}

impl Inner {
    /// Puts the journal's operations after `last` into the outbox again.
    fn refill_outbox(&mut self, last: u64) -> Result<(), ClientError> {
        let generation = self.profile.generation;
        let mut again = Vec::new();
        self.vault.journal.read(&mut |entry| {
            if entry.generation == generation && entry.n > last {
                again.push(entry);
            }
        })?;
        for entry in again {
            let Some((bytes, _)) = journal::split(&entry) else { continue };
            let known = self.outbox.after(entry.n.saturating_sub(1)).next();
            if known.is_some_and(|(n, _)| n == entry.n) {
                continue;
            }
            let op = decode_op(bytes)?;
            if !self.outbox.touches(op.record) {
                let base = self.rows.get(&op.record).cloned();
                self.under.insert(op.record, base);
            }
            self.outbox.push(entry.n, op.record, bytes.to_vec());
        }
        for key in self.outbox.held_after(generation, last) {
            self.outbox.let_go(key);
        }
        for id in self.outbox.records() {
            self.refold(id)?;
        }
        Ok(())
    }

    /// Looks at what became of the operations that the server held: what is decided leaves the attention list, or stays there with
    /// the reason of the decision.
    pub(super) fn settle_held(&mut self) -> Result<(), ClientError> {
        let closed: Vec<Held> = self
            .rows
            .of_kind(HELD_KIND)
            .filter_map(|row| decode_record(&row.bytes).ok()?.held)
            .filter(|held| !held.is_open())
            .map(|held| *held)
            .collect();
        let own = self.profile.device;
        for held in closed {
            for part in held.parts.iter().filter(|part| part.op.device == own) {
                let key = (part.op.generation, part.op.n);
                let waits = self.refused.get(&key);
                let waits = waits.is_some_and(|r| matches!(r.outcome, Outcome::Held { .. }));
                let Some(outcome) = held.outcome_of(part.op).filter(|_| waits) else { continue };
                self.decided_late(key, outcome.clone())?;
            }
        }
        Ok(())
    }

    fn decided_late(&mut self, key: (u32, u64), outcome: Outcome) -> Result<(), ClientError> {
        let note = attention::note_of(key.0, key.1);
        if outcome.needs_attention() {
            self.note(vec![(note, Some(attention::encode_outcome(&outcome)?))])?;
            if let Some(refused) = self.refused.get_mut(&key) {
                refused.outcome = outcome;
            }
        } else {
            self.note(vec![(note, None)])?;
            self.refused.remove(&key);
        }
        match self.outbox.let_go(key) {
            Some(record) => self.refold(record),
            None => Ok(()),
        }
    }

    /// Finds again which conflicts a waiting operation settles.
    pub(super) fn recount_resolving(&mut self) -> Result<(), ClientError> {
        if self.resolving.is_empty() {
            return Ok(());
        }
        let mut resolving = BTreeSet::new();
        for (_, waiting) in self.outbox.after(0) {
            if let OpBody::Resolve { conflict, .. } = decode_op(&waiting.bytes)?.body {
                resolving.insert(conflict);
            }
        }
        self.resolving = resolving;
        Ok(())
    }
}
