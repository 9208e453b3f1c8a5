//! The list of what can be undone: the user's commands, each with its time and what it did.

use std::collections::{BTreeMap, BTreeSet};

use super::Client;
use super::conflicts::hlc_ms;
use super::error::ClientError;
use super::history::written_by;
use super::journal;
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::sync::{Op, OpId};
use crate::wire::decode_op;

/// One command of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandView {
    /// Number, for [`Client::undo_command`]; greater for later commands.
    pub command: u64,
    /// When, by this device's clock, milliseconds since 1970.
    pub at: i64,
    /// Name of the user of this device.
    pub by: String,
    /// What was done: the words of [`HistoryView`](super::HistoryView)'s action.
    pub action: &'static str,
    /// Kind of the records.
    pub kind: Option<Kind>,
    /// The record, or the first of several.
    pub record: RecordId,
    /// What names it.
    pub title: String,
    /// How many records it touched.
    pub records: usize,
    /// What it wrote into the first record: field and value.
    pub values: Vec<(FieldNo, Value)>,
    /// True if it was sent: an undo is then a change of its own, which the server gets too.
    pub sent: bool,
    /// True if it is taken back; it can then be done again.
    pub undone: bool,
    /// Why it cannot be taken back (or done again): the code of the error.
    pub blocked: Option<String>,
}

/// Commands of more parts are not tried out for the list; the undo itself tries them.
const MOST_TRIED: usize = 200;

impl Client {
    /// Returns the newest commands of the user, the newest first, at most so many.
    ///
    /// # Errors
    /// [`ClientError::Store`] if the journal cannot be read.
    pub fn commands(&self, most: usize) -> Result<Vec<CommandView>, ClientError> {
        let mut inner = self.lock();
        inner.recall()?;
        let standing = inner.standing();
        let newest: Vec<u64> = standing.commands.iter().rev().take(most).copied().collect();
        let ops = inner.first_ops(&newest)?;
        let view = |command: &u64| {
            inner.command_view(*command, standing.taken_back.get(command).copied(), &ops)
        };
        Ok(newest.iter().filter_map(view).collect())
    }
}

impl Inner {
    /// Reads the first operation of each of some commands.
    fn first_ops(&self, commands: &[u64]) -> Result<BTreeMap<OpId, Op>, ClientError> {
        let wanted: BTreeSet<u64> = commands.iter().copied().collect();
        let mut names: BTreeMap<u64, OpId> = BTreeMap::new();
        for local in self.commands.iter().filter(|local| wanted.contains(&local.command)) {
            names.entry(local.command).or_insert(local.id);
        }
        let names: BTreeSet<(u32, u64)> =
            names.into_values().map(|id| (id.generation, id.n)).collect();
        let mut ops = BTreeMap::new();
        self.vault.journal.read_some(
            &|generation, n| names.contains(&(generation, n)),
            &mut |entry| {
                if let Some(op) = journal::op_of(&entry).and_then(|bytes| decode_op(bytes).ok()) {
                    ops.insert(op.id, op);
                }
            },
        )?;
        Ok(ops)
    }

    fn command_view(
        &self,
        command: u64,
        undo: Option<u64>,
        ops: &BTreeMap<OpId, Op>,
    ) -> Option<CommandView> {
        let parts = self.parts(command);
        let first = parts.last()?;
        let op = ops.get(&first.id)?;
        let (action, _, values) = written_by(&op.body);
        let records: BTreeSet<RecordId> = parts.iter().map(|part| part.record).collect();
        let undone = undo.map(|undo| self.parts(undo));
        let tried = undone.as_ref().unwrap_or(&parts);
        let blocked = if tried.len() <= MOST_TRIED {
            self.inverses(tried).err().map(|error| error.code())
        } else {
            None
        };
        Some(CommandView {
            command,
            at: hlc_ms(op.hlc),
            by: self.profile.user_name.clone(),
            action,
            kind: Kind::from_number(op.kind),
            record: op.record,
            title: self.title_of_op(op),
            records: records.len(),
            values,
            sent: parts.iter().any(|part| self.is_sent(part.id)),
            undone: undone.is_some(),
            blocked,
        })
    }

    /// Names the record of an operation; one that is gone by what the operation wrote.
    fn title_of_op(&self, op: &Op) -> String {
        let title = self.title(op.record);
        if !title.is_empty() && title.parse::<RecordId>().is_err() {
            return title;
        }
        let Some(spec) = Kind::from_number(op.kind).map(Kind::spec) else { return String::new() };
        let (_, _, values) = written_by(&op.body);
        let of = |key: &&str| {
            let no = spec.field(key)?.number;
            match values.iter().find(|(other, _)| *other == no).map(|(_, value)| value)? {
                Value::Text(text) => Some(text.clone()),
                Value::Ref(id) => Some(self.title(*id)),
                _ => None,
            }
        };
        spec.title.iter().filter_map(of).collect::<Vec<_>>().join(" ")
    }
}
