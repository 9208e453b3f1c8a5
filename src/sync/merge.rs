//! Merging edits of fields, group by group, against what each author had seen (protocol, Merge policy).

use std::collections::BTreeMap;

use super::apply::{allowed, at_home, check_values, may_write};
use super::archive;
use super::clock::{effective, effective_of};
use super::conflict::{Candidate, Conflict, ConflictKind, ConflictState, DELETED_FIELD};
use super::op::{Base, OpId};
use super::outcome::Outcome;
use super::record::{FieldState, Record};
use super::task::{Refusal, Task};
use crate::domain::access::{Office, Role};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Merge, RecordSpec, Value};
use crate::domain::rights::{Action, Place};

/// One touched field: number, what the author saw, new value.
pub(super) type Touch = (FieldNo, Base, Value);

/// How the touched fields of one group meet the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meeting {
    /// The author saw what is current.
    FastForward,
    /// The record holds the same already.
    Converged,
    /// Somebody else was faster.
    Collision,
}

pub(super) fn apply_set(task: &mut Task<'_>, sets: &[Touch]) -> Result<Outcome, Refusal> {
    let record = task.existing()?;
    let sets: Vec<Touch> =
        sets.iter().map(|(no, base, value)| (*no, *base, at_home(value, task.author))).collect();
    let sets = sets.as_slice();
    let values: Vec<_> = sets.iter().map(|(no, _, value)| (*no, value.clone())).collect();
    if !record.is_live() && !crate::trap!(T28) {
        // Taking this candidate brings the record back with the edit; what holds now is that it is deleted.
        let mut values = values;
        values.push((DELETED_FIELD, Value::Flag(false)));
        return Ok(task.conflict(&record, ConflictKind::EditOnDeleted, &values));
    }
    if !task.world.reaches(task.author, record.unit) {
        if crate::trap!(T25) {
            return Err(Refusal::new("not_permitted"));
        }
        return Ok(task.conflict(&record, ConflictKind::NotPermittedAnyMore, &values));
    }
    if !allowed(task, record.kind, Action::Write(Office::Organizer), Place::Own) {
        return task.not_permitted(&record, Refusal::new("not_permitted"), &values);
    }
    let kind = Kind::from_number(record.kind);
    let spec = kind.map(Kind::spec);
    match check_rights(task, spec, &record, sets) {
        Err(refusal) if refusal.code == "not_permitted" => {
            return task.not_permitted(&record, refusal, &values);
        }
        checked => checked?,
    }
    if let Some(values) = archive::blocked(task.world, task.author.role, &record, &values) {
        return Ok(task.conflict(&record, ConflictKind::Archived, &values));
    }
    let mut merged = start(&record, &values);
    let mut collisions = Vec::new();
    let mut applied = false;
    for group in grouped(spec, sets) {
        match meet(&record, spec, task.author.role, &group) {
            Meeting::Converged => {}
            Meeting::FastForward => {
                write(task, &mut merged, &group);
                applied = true;
            }
            Meeting::Collision => collisions.push(group),
        }
    }
    if let Some(kind) = kind.filter(|_| applied && !crate::trap!(T31))
        && let Err(refusal) = check_values(task.world, kind, record.id, &merged.values())
    {
        return invalid(task, &record, refusal, &values);
    }
    let home = task.new_home(&merged)?;
    let outcome = finish(task, merged, applied, collisions, spec)?;
    if let Some(unit) = home {
        let record = task.existing()?;
        task.move_to(record, unit);
    }
    Ok(outcome)
}

/// The record that edits are merged into.
fn start(record: &Record, values: &[(FieldNo, Value)]) -> Record {
    let mut merged = record.clone();
    if crate::trap!(T28) {
        merged.tombstone = None;
    }
    if crate::trap!(T38) {
        merged.fields.retain(|no, _| values.iter().any(|(set, _)| set == no));
    }
    merged
}

/// Stores what merged and opens a conflict for each group that did not.
fn finish(
    task: &mut Task<'_>,
    merged: Record,
    applied: bool,
    collisions: Vec<Vec<Touch>>,
    spec: Option<&'static RecordSpec>,
) -> Result<Outcome, Refusal> {
    let seq = task.stamp.seq;
    let id = merged.id;
    if applied {
        task.put(merged);
    }
    let mut outcome = if applied { Outcome::Applied { seq } } else { Outcome::Converged { seq } };
    for group in collisions {
        let current = task.world.records.get(&id).cloned();
        let Some(current) = current else { return Err(Refusal::new("unknown_record")) };
        if policy(spec, &group) == Merge::LastWriter {
            if is_later(task, &current, &group) {
                overwrite(task, &current, &group);
                if matches!(outcome, Outcome::Converged { .. }) {
                    outcome = Outcome::Applied { seq };
                }
            } else {
                let own = group.iter().map(|(no, _, v)| (*no, v.clone(), task.op.id)).collect();
                outcome = Outcome::Conflict { seq, id: task.close_by_policy(&current, own) };
            }
        } else {
            let values: Vec<_> = group.iter().map(|(no, _, v)| (*no, v.clone())).collect();
            outcome = task.conflict(&current, ConflictKind::Edit, &values);
        }
    }
    Ok(outcome)
}

/// An edit that makes the record invalid is refused if it is wrong by itself, and kept for a person if somebody else's edit in
/// between makes the two wrong together.
fn invalid(
    task: &mut Task<'_>,
    record: &Record,
    refusal: Refusal,
    values: &[(FieldNo, Value)],
) -> Result<Outcome, Refusal> {
    let touched = |no: &FieldNo| values.iter().any(|(other, _)| other == no);
    let device = task.op.id.device;
    let others = record.fields.iter().any(|(no, state)| {
        !touched(no) && state.origin.device != device && state.origin != record.created
    });
    if others && refusal.code == "invalid" {
        return Ok(task.conflict(record, ConflictKind::Invalid, values));
    }
    Err(refusal)
}

fn check_rights(
    task: &Task<'_>,
    spec: Option<&'static RecordSpec>,
    record: &Record,
    sets: &[Touch],
) -> Result<(), Refusal> {
    for (no, _, value) in sets {
        let Some(field) = spec.and_then(|spec| spec.field_no(*no)) else { continue };
        let current = record.fields.get(no).map(|state| &state.value);
        if current == Some(value) {
            continue; // travels along with its group
        }
        may_write(task.author, field)?;
        let unchanged_since = |base: &Base| match record.fields.get(no) {
            None => *base == Base::Absent,
            Some(state) => *base == Base::Seen(state.origin),
        };
        let steady = sets.iter().any(|(n, base, _)| n == no && unchanged_since(base));
        let legal = spec.is_none_or(|spec| step_is_legal(spec, task.author.role, current, value));
        if field.merge == Merge::Steps && steady && !legal {
            return Err(Refusal::at("illegal_step", field.key));
        }
    }
    Ok(())
}

/// True if a workflow step leads from one state to the other and the role may take it.
pub fn step_is_legal(spec: &RecordSpec, role: Role, from: Option<&Value>, to: &Value) -> bool {
    let (Some(from), Some(to)) = (from.map_or(Some(""), Value::as_text), to.as_text()) else {
        return false;
    };
    from.is_empty()
        || from == to
        || spec
            .steps
            .iter()
            .any(|step| step.to == to && step.from.contains(&from) && role.acts_for(step.office))
}

/// Splits the touched fields into merge groups; a field without a group stands alone.
fn grouped(spec: Option<&'static RecordSpec>, sets: &[Touch]) -> Vec<Vec<Touch>> {
    let mut groups: BTreeMap<FieldNo, Vec<Touch>> = BTreeMap::new();
    for touch in sets {
        let members = spec.map_or_else(|| vec![touch.0], |spec| spec.group_of(touch.0));
        let first = members.iter().min().copied().unwrap_or(touch.0);
        groups.entry(first).or_default().push(touch.clone());
    }
    groups.into_values().collect()
}

fn meet(
    record: &Record,
    spec: Option<&'static RecordSpec>,
    role: Role,
    group: &[Touch],
) -> Meeting {
    let current = |no: &FieldNo| record.fields.get(no);
    if group.iter().all(|(no, _, value)| current(no).is_some_and(|s| s.value == *value)) {
        return Meeting::Converged;
    }
    let seen = |(no, base, value): &Touch| match (current(no), base) {
        (None, Base::Absent) => true,
        (Some(state), Base::Seen(id)) if crate::trap!(T61) && id.device.0 == 0 => state.seq == id.n,
        (Some(state), Base::Seen(id)) if state.origin == *id => true,
        (Some(state), Base::Absent | Base::Seen(_)) => state.value == *value,
        (None, Base::Seen(_)) => false,
    };
    if group.iter().all(seen) || walks_on(record, spec, role, group) {
        return Meeting::FastForward;
    }
    Meeting::Collision
}

/// A workflow state that was moved meanwhile may still be moved on, if the step from where it stands is legal.
fn walks_on(
    record: &Record,
    spec: Option<&'static RecordSpec>,
    role: Role,
    group: &[Touch],
) -> bool {
    let Some(spec) = spec else { return false };
    let [(no, _, value)] = group else { return false };
    let current = record.fields.get(no).map(|state| &state.value);
    spec.field_no(*no).is_some_and(|field| field.merge == Merge::Steps)
        && current.is_some()
        && step_is_legal(spec, role, current, value)
}

fn policy(spec: Option<&'static RecordSpec>, group: &[Touch]) -> Merge {
    let of = |no: FieldNo| spec.and_then(|s| s.field_no(no)).map(|field: &FieldSpec| field.merge);
    if group.iter().all(|(no, _, _)| of(*no) == Some(Merge::LastWriter)) {
        Merge::LastWriter
    } else {
        Merge::Review
    }
}

fn write(task: &Task<'_>, record: &mut Record, group: &[Touch]) {
    for (no, _, value) in group {
        if record.fields.get(no).is_some_and(|state| state.value == *value) {
            continue;
        }
        let state = FieldState { value: value.clone(), origin: task.op.id, seq: task.stamp.seq };
        record.fields.insert(*no, state);
    }
}

/// True if the operation counts as written no earlier than what holds.
fn is_later(task: &Task<'_>, record: &Record, group: &[Touch]) -> bool {
    let own = effective(task.world, task.op, task.stamp.recv_at);
    let holding = group.iter().filter_map(|(no, _, _)| record.fields.get(no));
    holding.filter_map(|state| effective_of(task.world, state.origin)).all(|held| own >= held)
}

/// The later writer of a declared trifle wins; the loser is kept in a conflict closed by that policy.
fn overwrite(task: &mut Task<'_>, record: &Record, group: &[Touch]) {
    let losers: Vec<_> = group
        .iter()
        .filter_map(|(no, _, _)| record.fields.get(no).map(|s| (*no, s.value.clone(), s.origin)))
        .collect();
    let mut merged = record.clone();
    write(task, &mut merged, group);
    task.put(merged.clone());
    task.close_by_policy(&merged, losers);
}

impl Task<'_> {
    /// Keeps the losing values in a conflict that nobody needs to look at, with their own authors, and returns its id.
    fn close_by_policy(
        &mut self,
        record: &Record,
        losers: Vec<(FieldNo, Value, OpId)>,
    ) -> RecordId {
        let mut fields: Vec<FieldNo> = losers.iter().map(|(no, _, _)| *no).collect();
        fields.sort_unstable();
        let candidates = losers
            .into_iter()
            .map(|(no, value, id)| {
                let op = self.world.ops.get(&id);
                Candidate {
                    op: id,
                    values: vec![(no, value)],
                    actor: op.map_or(self.op.actor, |op| op.actor),
                    hlc: op.map_or(0, |op| op.hlc),
                    recv_at: self.world.received.get(&id).copied().unwrap_or(self.stamp.recv_at),
                }
            })
            .collect();
        let conflict = Conflict {
            record: record.id,
            record_kind: record.kind,
            base: Vec::new(),
            current: self.standing(record, &fields, None),
            fields: fields.clone(),
            candidates,
            kind: ConflictKind::Edit,
            state: ConflictState::ClosedByPolicy(self.op.id),
            element: None,
        };
        let id = Conflict::id_for(record.id, &fields, self.op.id);
        let seq = self.stamp.seq;
        self.world.put(conflict.into_record(id, record.unit, self.op.id, seq));
        id
    }
}
