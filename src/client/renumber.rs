//! A new generation: what is unsent gets new numbers, because the old ones are taken or were written as somebody else
//! (protocol, Restores).

use std::cell::Cell;
use std::collections::BTreeMap;

use super::edit::command_no;
use super::error::ClientError;
use super::journal::{self, Inverse, Local};
use super::outbox::Outbox;
use super::profile::PROFILE;
use super::state::{Inner, SYNC_STATE};
use crate::domain::ids::RecordId;
use crate::store::Entry;
use crate::sync::{Digest, Group, Op, OpBody, OpId, digest};
use crate::wire::{decode_op, encode, encode_op};

impl Inner {
    /// Moves the unsent operations into a later generation, as the present user; they keep their old names in `was`.
    ///
    /// # Errors
    /// [`ClientError::Store`]; the old generation then stays, or the new one is in use.
    pub(super) fn renumber(&mut self, wanted: u32) -> Result<(), ClientError> {
        let generation = wanted.max(self.newest_generation()?.saturating_add(1));
        self.recall()?;
        let mut renamed = self.rename(generation)?;
        let entries: Vec<Entry> = std::mem::take(&mut renamed.entries);
        self.vault.journal.append(&entries)?;
        let mut profile = self.profile.clone();
        profile.generation = generation;
        let noted = journal::log_profile(&mut self.vault, &profile)?;
        // From here on the new numbers are in use, whatever else fails: opening the device would come to the same.
        self.profile = profile;
        self.sync = self.sync.clone().of_generation(generation);
        let touched = self.outbox.records();
        renamed.outbox.take_held(&mut self.outbox);
        self.outbox = renamed.outbox;
        for local in &mut self.commands {
            if let Some(name) = renamed.names.0.get(&local.id) {
                local.id = name.new;
            }
        }
        for id in touched {
            self.refold(id)?;
        }
        let state = encode(&self.sync)?;
        self.note(vec![(PROFILE.to_owned(), Some(noted)), (SYNC_STATE.to_owned(), Some(state))])
    }

    /// Writes operations of an earlier generation again behind the present ones: the server cannot take them under their own names.
    ///
    /// # Errors
    /// [`ClientError::Store`]; nothing is changed then.
    pub(super) fn adopt(&mut self, ops: Vec<Vec<u8>>) -> Result<(), ClientError> {
        let (generation, mut n) = (self.profile.generation, self.outbox.last_n);
        let mut prev = self.outbox.last_hash;
        let mut names = Names::default();
        let (mut entries, mut written) = (Vec::new(), Vec::new());
        for old in ops {
            let mut op = decode_op(&old)?;
            let name = op.id;
            let body = op.body.clone();
            n += 1;
            op.was = op.was.or_else(|| Some((name, digest(&old))));
            op.id = OpId { generation, n, ..name };
            op.prev = prev;
            op.actor = self.profile.user;
            // What a server has of a group it had whole: what is written again need not come together.
            op.group = None;
            names.rename_bases(&mut op);
            names.0.insert(name, Rename { new: op.id, record: op.record, body });
            let bytes = encode_op(&op)?;
            prev = digest(&bytes);
            let (record, kind, inverse) = (op.record, op.kind, Inverse::Never);
            let command = command_no(generation, n);
            let local = Local { id: op.id, command, record, kind, inverse, undoes: None };
            entries.push(journal::entry(&bytes, &local)?);
            written.push((op, bytes));
        }
        self.vault.journal.append(&entries)?;
        self.outbox.last_hash = prev;
        for (op, bytes) in written {
            self.outbox.last_n = op.id.n;
            self.lay(&op, bytes)?;
        }
        Ok(())
    }

    /// Newest generation that anything was written under: a crash or a failing disk may have left the beginning of a later one than
    /// the profile names, and its numbers are taken.
    fn newest_generation(&self) -> Result<u32, ClientError> {
        let newest = Cell::new(self.profile.generation);
        let look = |generation, _n| {
            newest.set(newest.get().max(generation));
            false
        };
        self.vault.journal.read_some(&look, &mut |_unwanted| {})?;
        Ok(newest.get())
    }

    fn rename(&self, generation: u32) -> Result<Renamed, ClientError> {
        let mut renamed = Renamed::default();
        let mut prev: Digest = [0; 16];
        let commands: BTreeMap<OpId, &Local> =
            self.commands.iter().map(|local| (local.id, local)).collect();
        for (n, (_, waiting)) in (1..).zip(self.outbox.after(self.sync.acked_n)) {
            let mut op = decode_op(&waiting.bytes)?;
            let old = op.id;
            // The first name is kept: under a later one it may have been sent too, but then it says the same first name.
            op.was = op.was.or_else(|| Some((old, digest(&waiting.bytes))));
            op.id = OpId { generation, n, ..old };
            // A group whose beginning the server has already is a group no more.
            op.group = op.group.and_then(|group| {
                let first = n.checked_sub(u64::from(group.index)).filter(|first| *first > 0)?;
                Some(Group { first, ..group })
            });
            op.prev = prev;
            op.actor = self.profile.user;
            let body = op.body.clone();
            // Own unsent operations that the author had seen have new names.
            if !(crate::trap!(T15) && n > 2) {
                renamed.names.rename_bases(&mut op);
            }
            renamed.names.0.insert(old, Rename { new: op.id, record: op.record, body });
            let bytes = encode_op(&op)?;
            prev = digest(&bytes);
            let known = commands.get(&old);
            let local = Local {
                id: op.id,
                command: known.map_or(command_no(generation, n), |local| local.command),
                record: op.record,
                kind: op.kind,
                inverse: known.map_or(Inverse::Never, |local| local.inverse.clone()),
                undoes: known.and_then(|local| local.undoes),
            };
            renamed.entries.push(journal::entry(&bytes, &local)?);
            renamed.outbox.push(n, op.record, bytes);
            renamed.outbox.last_n = n;
            renamed.outbox.last_hash = prev;
        }
        Ok(renamed)
    }
}

#[derive(Default)]
struct Renamed {
    entries: Vec<Entry>,
    outbox: Outbox,
    names: Names,
}

/// What own operations were called, and what they are called now.
#[derive(Default)]
struct Names(BTreeMap<OpId, Rename>);

struct Rename {
    new: OpId,
    record: RecordId,
    body: OpBody,
}

impl Names {
    /// Gives own operations that the author of this one had seen their new names. A second copy of the device may have used the same
    /// name for something else, and the author have seen that: only what wrote the field that was looked at is meant.
    fn rename_bases(&self, op: &mut Op) {
        let record = op.record;
        op.body.rename_bases(|field, id| {
            let own = self.0.get(id).filter(|own| own.record == record);
            let meant =
                |own: &&Rename| field.is_none_or(|(field, entry)| own.body.may_write(field, entry));
            if let Some(own) = own.filter(meant) {
                *id = own.new;
            }
        });
    }
}
