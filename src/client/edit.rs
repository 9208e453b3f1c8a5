//! Writing: edits become operations, operations become journal entries; only when those are on the disk does the view change.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ClientError;
use super::ids;
use super::journal::{self, Inverse, Local};
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::record::Issue;
use crate::sync::command::EVENT_KIND;
use crate::sync::upcast::SCHEMA;
use crate::sync::{Group, Op, OpBody, OpId, digest};
use crate::wire::{decode_op, encode, encode_op};

/// One change of one record, not yet numbered.
pub(super) struct Edit {
    pub(super) record: RecordId,
    pub(super) kind: u16,
    pub(super) body: OpBody,
    /// How to take it back.
    pub(super) inverse: Inverse,
}

/// Local parts kept in memory for undo: enough for a day's work, and for an import of a whole university.
const MAX_COMMANDS: usize = 60_000;

impl Inner {
    /// Writes the edits as one user command: all are on the disk when this returns `Ok`, none otherwise.
    ///
    /// # Errors
    /// [`ClientError::Store`] if the journal cannot take them; the view is then unchanged.
    pub(super) fn commit(
        &mut self,
        edits: Vec<Edit>,
        undoes: Option<u64>,
    ) -> Result<(), ClientError> {
        self.commit_groups(edits.into_iter().map(|edit| vec![edit]).collect(), undoes)
    }

    /// Writes the edits as one user command; the server takes each of the groups all or none.
    ///
    /// # Errors
    /// As for [`Inner::commit`], [`ClientError::Invalid`] if a text is too long to be sent, [`ClientError::ReadOnly`].
    pub(super) fn commit_groups(
        &mut self,
        groups: Vec<Vec<Edit>>,
        undoes: Option<u64>,
    ) -> Result<(), ClientError> {
        if self.read_only {
            return Err(ClientError::ReadOnly);
        }
        let first = self.outbox.last_n + 1;
        let edits = self.in_groups(first, groups)?;
        let now = self.env.now_ms();
        let command = command_no(self.profile.generation, first);
        let mut prev = self.outbox.last_hash;
        let mut written = Vec::with_capacity(edits.len());
        let mut entries = Vec::with_capacity(edits.len());
        let mut hlc = self.hlc;
        for (n, (group, edit)) in (first..).zip(edits) {
            hlc = next_hlc(hlc, now);
            let id = OpId { device: self.profile.device, generation: self.profile.generation, n };
            let mut op = self.op(id, prev, hlc, edit.record, edit.kind, edit.body);
            op.group = group;
            let bytes = encode_op(&op)?;
            self.fits(&op, bytes.len())?;
            prev = digest(&bytes);
            let local = Local {
                id,
                command,
                record: edit.record,
                kind: edit.kind,
                inverse: edit.inverse,
                undoes,
            };
            entries.push(journal::entry(&bytes, &local)?);
            written.push((op, bytes, local));
        }
        self.vault.journal.append(&entries)?;
        drop(entries);
        self.hlc = hlc;
        self.outbox.last_hash = prev;
        for (op, bytes, local) in written {
            self.outbox.last_n = op.id.n;
            self.lay(&op, bytes)?;
            // A note of what was seen is no change that could be taken back.
            if local.kind != EVENT_KIND {
                self.commands.push(local);
            }
        }
        self.trim_commands();
        Ok(())
    }

    /// Numbers the members of each group, from `n` on. What is too much for one group goes by itself.
    fn in_groups(
        &self,
        n: u64,
        groups: Vec<Vec<Edit>>,
    ) -> Result<Vec<(Option<Group>, Edit)>, ClientError> {
        let mut edits = Vec::with_capacity(groups.len());
        for group in groups {
            let first = n.saturating_add(u64::try_from(edits.len()).unwrap_or(u64::MAX));
            let length = u16::try_from(group.len()).unwrap_or(u16::MAX);
            let mut together = (2..=self.limits.group_ops).contains(&length);
            if together {
                let bodies = group.iter().map(|edit| encode(&edit.body).map(|body| body.len()));
                let size: usize = bodies.sum::<Result<_, _>>()?;
                together = size < self.limits.batch_bytes / 2;
            }
            for (index, edit) in (0..).zip(group) {
                edits.push((together.then_some(Group { first, index, length }), edit));
            }
        }
        Ok(edits)
    }

    /// Refuses what no server would take, before it is written.
    fn fits(&self, op: &Op, bytes: usize) -> Result<(), ClientError> {
        let limits = &self.limits;
        let long = op.longest_text() > limits.text_bytes;
        if !long && bytes <= limits.op_bytes {
            return Ok(());
        }
        let max = if long { limits.text_bytes } else { limits.op_bytes };
        Err(ClientError::Invalid { issues: vec![Issue::error("", "too-long").with("max", max)] })
    }

    fn op(
        &self,
        id: OpId,
        prev: crate::sync::Digest,
        hlc: u64,
        record: RecordId,
        kind: u16,
        body: OpBody,
    ) -> Op {
        let synced = self.sync.last_sync_at;
        Op {
            id,
            prev,
            salt: ids::salt(&*self.env),
            hlc,
            clock_off_ms: self.sync.clock_off_ms,
            clock_conf: clock_confidence(synced, self.env.now_ms()),
            actor: self.profile.user,
            schema: SCHEMA,
            group: None,
            kind,
            record,
            body,
            was: None,
        }
    }

    /// Reads the user's commands of earlier runs, which only an undo or a renumbering needs.
    pub(super) fn recall(&mut self) -> Result<(), ClientError> {
        if self.recalled {
            return Ok(());
        }
        let mut commands = Vec::new();
        let mut latest: BTreeMap<OpId, OpId> = BTreeMap::new();
        self.vault.journal.read_some(&|generation, _| generation > 0, &mut |entry| {
            let Some((op, Some(local))) = journal::split(&entry) else { return };
            if is_again(&local)
                && let Some((first, _)) = decode_op(op).ok().and_then(|op| op.was)
            {
                latest.insert(first, local.id);
            }
            commands.push(local);
        })?;
        // What was written again under later names is one operation, and its last name holds.
        let last: BTreeSet<OpId> = latest.values().copied().collect();
        commands.retain(|local| {
            let named = if is_again(local) { last.contains(&local.id) } else { true };
            local.kind != EVENT_KIND && named && !latest.contains_key(&local.id)
        });
        self.commands = commands;
        self.recalled = true;
        self.trim_commands();
        Ok(())
    }

    /// Forgets the oldest commands, whole ones only.
    pub(super) fn trim_commands(&mut self) {
        let surplus = self.commands.len().saturating_sub(MAX_COMMANDS);
        let Some(cut) = surplus.checked_sub(1).and_then(|last| self.commands.get(last)) else {
            return;
        };
        let command = cut.command;
        self.commands.retain(|local| local.command > command);
    }
}

/// Bits of a command's number below its generation.
const GENERATION_SHIFT: u32 = 40;

/// Returns the number of the command that begins with operation `n` of a generation: a later command has a greater one.
pub(super) fn command_no(generation: u32, n: u64) -> u64 {
    (u64::from(generation) << GENERATION_SHIFT) | n
}

/// True for an operation that was written again under a later generation than its command's.
fn is_again(local: &Local) -> bool {
    local.id.generation > generation_of(local.command)
}

/// Returns the generation a command was given in.
fn generation_of(command: u64) -> u32 {
    u32::try_from(command >> GENERATION_SHIFT).unwrap_or(u32::MAX)
}

/// Returns the next hybrid clock value: 48 bits of milliseconds, 16 of counter, always growing.
fn next_hlc(last: u64, now_ms: i64) -> u64 {
    let now = u64::try_from(now_ms).unwrap_or(0) << 16;
    if crate::trap!(T36) { now } else { now.max(last.saturating_add(1)) }
}

const DAY_MS: i64 = 86_400_000;

fn clock_confidence(measured_at: Option<i64>, now: i64) -> u8 {
    match measured_at.map(|at| now.saturating_sub(at)) {
        None => 0,
        Some(age) if age > 7 * DAY_MS => 1,
        Some(age) if age > DAY_MS => 2,
        Some(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_may_stand_anywhere_and_own_edits_keep_their_order() {
        let at_2026 = 1_795_000_000_000;
        let mut last = 0;
        for now in [at_2026, at_2026, 0, -5, 1, at_2026 + 1, i64::MAX, at_2026] {
            let next = next_hlc(last, now);
            assert!(next > last, "{now}");
            last = next;
        }
        assert_eq!(clock_confidence(None, 0), 0);
        assert_eq!(
            clock_confidence(Some(at_2026), 0),
            3,
            "a clock stepped back is no reason to refuse"
        );
    }
}
