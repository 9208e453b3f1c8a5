//! When server and device do not fit: stepping back, sending old generations again, coming back, handing in (protocol, Restores).

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicBool;

use super::Client;
use super::attention::{self, Refused};
use super::error::ClientError;
use super::journal;
use super::receipts::Receipts;
use super::state::{Inner, SYNC_STATE, SyncState};
use super::sync_store::Session;
use super::syncer::{Progress, Round};
use super::transport::{Transport, TransportError};
use crate::domain::ids::UnitId;
use crate::sync::check::UnitHashes;
use crate::sync::{Limits, Outcome};
use crate::wire::frame::Blob;
use crate::wire::{
    CheckRequest, PushRequest, QuarantineRequest, decode_op, encode, is_deleted, op_head,
};

/// Syncs between two comparisons of what both sides hold.
const CHECK_EVERY: u32 = 20;
/// Tries of a comparison: the server may move on between pull and comparison.
const CHECK_TRIES: u8 = 3;

/// What a comparison of both sides found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// True if both sides stood at the same place, so that the rest means something.
    pub compared: bool,
    /// Units that differed and were taken again.
    pub repaired: usize,
}

impl Client {
    /// Answers what the server did not take: come back by certificate, take a new generation, or throw away what was staged. Any
    /// other error is the sync's.
    pub(super) fn step_back(
        &self,
        transport: &mut dyn Transport,
        error: ClientError,
    ) -> Result<(), ClientError> {
        let (status, code) = match &error {
            ClientError::Transport(TransportError::Refused { status, problem, .. }) => {
                (*status, problem.code.as_str())
            }
            _ => return Err(error),
        };
        match (status, code) {
            (401, _) => self.renew(transport, error),
            (403, "disabled") => {
                self.hand_in(transport)?;
                Err(error)
            }
            (409, "fork") => self.take_new_generation(),
            (409, "gap") => {
                let mut inner = self.lock();
                let (mut session, _) = Session::start(&mut inner)?;
                session.send_again(&mut inner)
            }
            (409, "epoch" | "scope_changed" | "tombstones_gone" | "behind") => {
                let mut inner = self.lock();
                let (mut session, _) = Session::start(&mut inner)?;
                match session.is_empty() {
                    // Another opening tells what is to be pulled; a server that is behind stays so for a while.
                    true if code == "behind" => Err(error),
                    true => Ok(()),
                    false => session.unstage(&mut inner),
                }
            }
            _ => Err(error),
        }
    }

    /// A fork: the numbers of what is unsent are another copy's. If the server was set back meanwhile, nobody knows from where on they
    /// are, so that everything kept is sent under new names; the server knows by its hash what it has.
    fn take_new_generation(&self) -> Result<(), ClientError> {
        let mut inner = self.lock();
        let (mut session, _) = Session::start(&mut inner)?;
        session.send_again(&mut inner)?;
        let next = inner.profile.generation.saturating_add(1);
        inner.renumber(next)
    }

    /// Sends what the journal has of earlier generations again to a server that was set back, and hears what became of it there. `lost`
    /// says from where on the server lacks one; where the journal begins later than that, all of it is written again under new names.
    pub(super) fn resend_earlier(
        &self,
        transport: &mut dyn Transport,
        lost: &[(u32, u64)],
    ) -> Result<(), ClientError> {
        let earlier = self.lock().sync.earlier.clone();
        for (generation, last) in earlier {
            let lacks = lost.iter().find(|(g, _)| *g == generation).map(|(_, first)| *first);
            let ops = self.lock().journalled(generation, 1, last)?;
            let first = ops.first_key_value().map(|(n, _)| *n);
            let pushed = match (first, lacks) {
                (Some(first), lacks) if lacks.is_none_or(|lacks| first <= lacks) => {
                    self.push_earlier(transport, generation, ops)
                }
                (_, Some(_)) => self.adopt_earlier(generation, last),
                (_, None) => Ok(()),
            };
            match pushed {
                // Another copy has filled the place since the server was put back.
                Err(ClientError::Transport(TransportError::Refused { status: 409, .. })) => {
                    self.adopt_earlier(generation, last)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Writes again under new names what the journal holds of an earlier generation; the server knows by its hash what it has.
    fn adopt_earlier(&self, generation: u32, last: u64) -> Result<(), ClientError> {
        let mut inner = self.lock();
        let ops = inner.journalled(generation, 1, last)?;
        inner.adopt(ops.into_values().collect())?;
        let mut state = inner.sync.clone();
        state.earlier.retain(|(g, _)| *g != generation);
        inner.keep_state(state)
    }

    fn push_earlier(
        &self,
        transport: &mut dyn Transport,
        generation: u32,
        ops: BTreeMap<u64, Vec<u8>>,
    ) -> Result<(), ClientError> {
        let mut rest: VecDeque<(u64, Vec<u8>)> = ops.into_iter().collect();
        let mut receipts = Receipts::load(&mut self.lock())?;
        while let Some((from_n, first)) = rest.front() {
            let (from_n, prev) = (*from_n, decode_op(first)?.prev);
            let batch = take_batch(&mut rest, &self.lock().limits);
            let ops = batch.iter().cloned().map(Blob).collect();
            let request = PushRequest { generation, from_n, prev, ops, receipts: Vec::new() };
            let answer = transport.push(&receipts.attach(request))?;
            receipts.take(answer.receipts);
            receipts.store(&mut self.lock())?;
            self.lock().earlier_results(generation, &answer.results, from_n, &batch)?;
        }
        Ok(())
    }

    /// Hands in what is unsent, once; it stays here too.
    pub(super) fn hand_in(&self, transport: &mut dyn Transport) -> Result<(), ClientError> {
        let (generation, unsent) = {
            let inner = self.lock();
            let after = inner.sync.acked_n.max(inner.sync.handed_n);
            let unsent = inner.outbox.after(after).map(|(n, op)| (n, op.bytes.clone()));
            (inner.profile.generation, unsent.collect::<VecDeque<_>>())
        };
        let mut rest = unsent;
        while let Some((from_n, _)) = rest.front() {
            let from_n = *from_n;
            let ops: Vec<Blob> =
                take_batch(&mut rest, &self.lock().limits).into_iter().map(Blob).collect();
            let last = from_n + u64::try_from(ops.len()).unwrap_or(0) - 1;
            transport.quarantine(&QuarantineRequest { generation, from_n, ops })?;
            let mut inner = self.lock();
            let state = SyncState { handed_n: last, ..inner.sync.clone() };
            inner.keep_state(state)?;
        }
        Ok(())
    }

    /// True if it is time to compare what both sides hold.
    pub fn wants_check(&self) -> bool {
        self.lock().sync.unchecked >= CHECK_EVERY
    }

    /// Compares what both sides hold, unit by unit, and takes again what differs.
    ///
    /// # Errors
    /// As for [`Client::sync`].
    pub fn compare(
        &self,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
    ) -> Result<Compared, ClientError> {
        let mut transport = self.connect()?;
        self.compare_over(&mut transport, progress, cancel)
    }

    /// Compares over any transport.
    ///
    /// # Errors
    /// As for [`Client::compare`].
    pub fn compare_over(
        &self,
        transport: &mut dyn Transport,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
    ) -> Result<Compared, ClientError> {
        for _try in 0..CHECK_TRIES {
            let answer = match transport.check(&self.lock().state_hashes()) {
                Err(TransportError::Refused { status: 401, problem, retry_after_ms }) => {
                    let status = 401;
                    let refused = TransportError::Refused { status, problem, retry_after_ms };
                    self.renew(transport, refused.into())?;
                    continue;
                }
                answer => answer?,
            };
            if !answer.compared {
                self.sync_over(transport, progress, cancel)?;
                continue;
            }
            let repaired = answer.differ.len() + answer.gone.len();
            if repaired > 0 {
                let drop = answer.differ.iter().chain(&answer.gone).copied().collect();
                self.refetch(transport, progress, cancel, (drop, &answer.differ))?;
            }
            let mut inner = self.lock();
            let state = SyncState { unchecked: 0, ..inner.sync.clone() };
            inner.keep_state(state)?;
            return Ok(Compared { compared: true, repaired });
        }
        Ok(Compared::default())
    }

    /// Drops some units of the base and takes them again; the view changes once, at the end.
    fn refetch(
        &self,
        transport: &mut dyn Transport,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
        (drop, again): (Vec<UnitId>, &[UnitId]),
    ) -> Result<(), ClientError> {
        let start = Session::repair(&mut self.lock())?;
        let mut round = Round::new(self, transport, progress, cancel, start);
        let todo = round.machine.refetch(drop, again).into();
        round.run(todo).map(|_summary| ())
    }
}

/// Takes as many operations as one request may carry, and the rest of an all-or-none group that began among them.
fn take_batch(rest: &mut VecDeque<(u64, Vec<u8>)>, limits: &Limits) -> Vec<Vec<u8>> {
    let (mut batch, mut bytes): (Vec<Vec<u8>>, usize) = (Vec::new(), 0);
    while let Some((_, op)) = rest.front() {
        bytes = bytes.saturating_add(op.len());
        let full = batch.len() >= limits.batch_ops || bytes > limits.batch_bytes;
        let begins = op_head(op).ok().and_then(|op| op.group).is_none_or(|group| group.index == 0);
        if !batch.is_empty() && full && begins {
            break;
        }
        batch.extend(rest.pop_front().map(|(_, op)| op));
    }
    batch
}

impl Inner {
    /// Writes how far the device is, then believes it.
    pub(super) fn keep_state(&mut self, state: SyncState) -> Result<(), ClientError> {
        self.note(vec![(SYNC_STATE.to_owned(), Some(encode(&state)?))])?;
        self.sync = state;
        Ok(())
    }

    /// Reads operations of one generation from the journal.
    fn journalled(
        &self,
        generation: u32,
        first: u64,
        last: u64,
    ) -> Result<BTreeMap<u64, Vec<u8>>, ClientError> {
        let mut ops = BTreeMap::new();
        let wanted = |g, n| g == generation && (first..=last).contains(&n);
        self.vault.journal.read_some(&wanted, &mut |entry| {
            if let Some(bytes) = journal::op_of(&entry) {
                ops.insert(entry.n, bytes.to_vec());
            }
        })?;
        Ok(ops)
    }

    /// Returns the first operation of a generation that the journal still has.
    pub(super) fn first_kept(&self, generation: u32) -> Result<Option<u64>, ClientError> {
        let first: Cell<Option<u64>> = Cell::new(None);
        let look = |g, n| {
            if g == generation {
                first.set(Some(first.get().map_or(n, |least| least.min(n))));
            }
            false
        };
        self.vault.journal.read_some(&look, &mut |_unwanted| {})?;
        Ok(first.get())
    }

    /// Keeps what the server refused of an earlier generation.
    fn earlier_results(
        &mut self,
        generation: u32,
        results: &[(u64, Outcome)],
        from_n: u64,
        ops: &[Vec<u8>],
    ) -> Result<(), ClientError> {
        for (n, outcome) in results {
            let (key, known) = ((generation, *n), self.refused.contains_key(&(generation, *n)));
            if !outcome.needs_attention() {
                if known {
                    self.note(vec![(attention::note_of(generation, *n), None)])?;
                    self.refused.remove(&key);
                }
                continue;
            }
            if self.is_dealt_with(key)? {
                continue;
            }
            let index = n.checked_sub(from_n).and_then(|index| usize::try_from(index).ok());
            let bytes = index.and_then(|index| ops.get(index));
            let Some(Ok(op)) = bytes.map(|bytes| decode_op(bytes)) else { continue };
            let note = attention::note_of(generation, *n);
            self.note(vec![(note, Some(attention::encode_outcome(outcome)?))])?;
            self.refused.insert((generation, *n), Refused { outcome: outcome.clone(), op });
        }
        Ok(())
    }

    /// Says what this device holds, unit by unit.
    fn state_hashes(&self) -> CheckRequest {
        let mut hashes = UnitHashes::default();
        for row in self.base_rows().filter(|row| !is_deleted(&row.bytes)) {
            hashes.add(row.unit, row.id, row.rev);
        }
        CheckRequest {
            cursor: self.sync.cursor,
            scope_token: self.sync.scope_token,
            units: hashes.sums(),
        }
    }

    /// Forgets the operations that are inside a verified backup of the server: it will never ask for them again.
    ///
    /// Kept are those the person must still look at, and always the newest, which says where the numbering stands.
    pub(super) fn trim_journal(&mut self) -> Result<(), ClientError> {
        let (generation, sync) = (self.profile.generation, &self.sync);
        let durable = sync.durable_n.min(sync.settled_n).min(self.outbox.last_n.saturating_sub(1));
        if durable == 0 && sync.earlier.is_empty() && generation == 1 {
            return Ok(());
        }
        let earlier: BTreeMap<u32, u64> = sync.earlier.iter().copied().collect();
        let refused = &self.refused;
        let done = |g: u32, n: u64| {
            !refused.contains_key(&(g, n))
                && (g == 0
                    || if g == generation { n <= durable } else { !earlier.contains_key(&g) })
        };
        let segments = self.vault.journal.trimmable(&done)?;
        if segments > 0 {
            // The profile's own entry may be among them.
            journal::save_profile(&mut self.vault, &self.profile)?;
            self.vault.journal.trim(segments)?;
        }
        Ok(())
    }
}
