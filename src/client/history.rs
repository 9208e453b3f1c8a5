//! Every change of a record: who, when, on which device, old and new value, and what became of it.

use std::collections::BTreeMap;

use super::Client;
use super::conflicts::hlc_ms;
use super::error::ClientError;
use super::journal;
use super::transport::Transport;
use crate::domain::ids::{DeviceId, RecordId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};
use crate::sync::clock::is_suspect;
use crate::sync::conflict::{DELETED_FIELD, UNIT_FIELD};
use crate::sync::{Limits, Op, OpBody, OpId};
use crate::wire::decode_op;

/// One field in one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeView {
    /// Field number.
    pub field: FieldNo,
    /// Key of the field; `unit` and `deleted` for those.
    pub key: String,
    /// Value before.
    pub old: Option<Value>,
    /// Value written.
    pub new: Option<Value>,
}

/// One change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryView {
    /// When: the author's clock, milliseconds.
    pub at: i64,
    /// Name of the author.
    pub by: String,
    /// Device it was written on.
    pub device: DeviceId,
    /// Operation.
    pub op: OpId,
    /// What was done: `create`, `set`, `move`, `delete`, `restore`, `resolve`, `add`,
    /// `remove`, `note`, `other`.
    pub action: &'static str,
    /// True if the author's clock was so far ahead that `at` cannot be right.
    pub clock_suspect: bool,
    /// What became of it: `pending`, or the server's word.
    pub outcome: String,
    /// Reason of a deletion.
    pub reason: String,
    /// Field by field.
    pub changes: Vec<ChangeView>,
}

/// An operation with what is known around it.
struct Known {
    op: Op,
    by: String,
    outcome: String,
    clock_suspect: bool,
}

impl Client {
    /// Returns the changes of a record that this device knows by itself: its own.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Store`].
    pub fn history(&self, id: RecordId) -> Result<Vec<HistoryView>, ClientError> {
        let known = self.own_ops(id)?;
        self.lock().record(id).map(|_exists| ())?;
        Ok(told(known))
    }

    /// Returns every change of a record, oldest first: the server's history, then what waits here.
    ///
    /// # Errors
    /// [`ClientError::Transport`] too.
    pub fn history_over(
        &self,
        transport: &mut dyn Transport,
        id: RecordId,
    ) -> Result<Vec<HistoryView>, ClientError> {
        let own = self.own_ops(id)?;
        let answer = match transport.history(id) {
            Ok(answer) => answer,
            Err(super::TransportError::Refused { status: 404, .. }) if !own.is_empty() => {
                return Ok(told(own));
            }
            Err(error) => return Err(error.into()),
        };
        let mut known = Vec::new();
        for entry in answer.entries {
            let op = decode_op(&entry.op.0)?;
            let clock_suspect = is_suspect(&op, entry.recv_at, Limits::default().clock_ahead_ms);
            let outcome = entry.outcome.key().to_owned();
            known.push(Known { op, by: entry.actor, outcome, clock_suspect });
        }
        let there: Vec<OpId> = known.iter().map(|known| known.op.id).collect();
        known.extend(own.into_iter().filter(|own| !there.contains(&own.op.id)));
        Ok(told(known))
    }

    /// Returns this device's operations on a record that are still named so, in order.
    fn own_ops(&self, id: RecordId) -> Result<Vec<Known>, ClientError> {
        let inner = self.lock();
        let mut entries = Vec::new();
        inner.vault.journal.read(&mut |entry| entries.push(entry))?;
        let mut known = Vec::new();
        for entry in entries.iter().filter(|entry| entry.generation != 0) {
            let Some((bytes, _)) = journal::split(entry) else { continue };
            let op = decode_op(bytes)?;
            if op.record != id {
                continue;
            }
            if let Some((old, _)) = op.was {
                known.retain(|known: &Known| known.op.id != old);
            }
            let refused = inner.refused.get(&(entry.generation, entry.n));
            let outcome = match refused {
                Some(refused) => refused.outcome.key(),
                None if entry.generation == inner.profile.generation
                    && entry.n > inner.sync.acked_n =>
                {
                    "pending"
                }
                None => "sent",
            };
            let by = inner.profile.user_name.clone();
            known.push(Known { op, by, outcome: outcome.to_owned(), clock_suspect: false });
        }
        Ok(known)
    }
}

/// Tells operations as changes, with the values before each.
fn told(known: Vec<Known>) -> Vec<HistoryView> {
    let mut values: BTreeMap<FieldNo, Value> = BTreeMap::new();
    known.into_iter().map(|known| tell(known, &mut values)).collect()
}

fn tell(known: Known, values: &mut BTreeMap<FieldNo, Value>) -> HistoryView {
    let Known { op, by, outcome, clock_suspect } = known;
    let kind = Kind::from_number(op.kind);
    let (action, reason, written) = written_by(&op.body);
    let took_effect = matches!(outcome.as_str(), "applied" | "converged" | "pending" | "sent");
    let changes = written
        .into_iter()
        .map(|(field, new)| {
            let old = values.get(&field).cloned();
            if took_effect {
                values.insert(field, new.clone());
            }
            ChangeView { field, key: key_of(kind, field), old, new: Some(new) }
        })
        .filter(|change| change.old != change.new)
        .collect();
    HistoryView {
        at: hlc_ms(op.hlc),
        by,
        device: op.id.device,
        op: op.id,
        action,
        clock_suspect,
        outcome,
        reason,
        changes,
    }
}

pub(super) fn written_by(body: &OpBody) -> (&'static str, String, Vec<(FieldNo, Value)>) {
    let none = String::new;
    match body {
        OpBody::Create { fields, .. } => ("create", none(), fields.clone()),
        OpBody::Set { sets } => {
            let values = sets.iter().map(|(no, _, value)| (*no, value.clone())).collect();
            ("set", none(), values)
        }
        OpBody::Move { to, .. } => ("move", none(), vec![(UNIT_FIELD, Value::Ref(to.record()))]),
        OpBody::Delete { reason, .. } => {
            ("delete", reason.clone(), vec![(DELETED_FIELD, Value::Flag(true))])
        }
        OpBody::Restore { .. } => ("restore", none(), vec![(DELETED_FIELD, Value::Flag(false))]),
        OpBody::Resolve { values, .. } => ("resolve", none(), values.clone()),
        OpBody::ElementAdd { field, value, .. } => ("add", none(), vec![(*field, value.clone())]),
        OpBody::ElementSet { field, value, .. } => ("set", none(), vec![(*field, value.clone())]),
        OpBody::Note { field, text, .. } => {
            ("note", none(), vec![(*field, Value::Text(text.clone()))])
        }
        OpBody::ElementDelete { field, .. } => ("remove", none(), vec![(*field, Value::Null)]),
        OpBody::Command { .. } | OpBody::Unknown { .. } => ("other", none(), Vec::new()),
    }
}

fn key_of(kind: Option<Kind>, field: FieldNo) -> String {
    match field {
        UNIT_FIELD => "unit".to_owned(),
        DELETED_FIELD => "deleted".to_owned(),
        no => kind
            .and_then(|kind| kind.spec().field_no(no))
            .map_or_else(|| no.0.to_string(), |field| field.key.to_owned()),
    }
}
