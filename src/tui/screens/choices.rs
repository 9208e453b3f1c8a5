//! What was chosen in conflicts: kept while nobody applies it, and what the choices of all fields come to.

use crate::domain::ids::RecordId;
use crate::domain::record::{FieldNo, Value, ValueKind};
use crate::tui::app::Shell;
use crate::tui::data::{ConflictView, FieldConflictView, Resolution};
use crate::tui::work::Decision;

/// Returns what was decided about each field of a conflict before.
pub(super) fn kept(shell: &Shell, conflict: &ConflictView) -> Vec<Option<Decision>> {
    let stored = shell.data.as_ref().map(|data| data.decisions(conflict.id)).unwrap_or_default();
    let of = |field: &FieldConflictView| {
        let found = stored.iter().find(|(no, _)| *no == field.field).map(|(_, choice)| choice)?;
        // A conflict that gained or lost a candidate is decided anew.
        let there = match found {
            Decision::Candidate(at) => *at < field.candidates.len(),
            Decision::Current | Decision::Typed(_) => true,
        };
        there.then(|| found.clone())
    };
    conflict.fields.iter().map(of).collect()
}

/// Keeps what was decided about the fields of a conflict.
pub(super) fn keep(shell: &mut Shell, conflict: &ConflictView, choices: &[Option<Decision>]) {
    let decisions = conflict.fields.iter().zip(choices);
    let decisions: Vec<(FieldNo, Decision)> =
        decisions.filter_map(|(field, choice)| Some((field.field, choice.clone()?))).collect();
    let Some(data) = shell.data.clone() else { return };
    if let Err(failure) = data.keep_decisions(conflict.id, &decisions) {
        shell.say_failure(&failure);
    }
}

/// Forgets what was decided about a conflict that is settled.
pub(super) fn forget(shell: &Shell, conflict: RecordId) {
    if let Some(data) = &shell.data {
        let forgotten = data.keep_decisions(conflict, &[]);
        drop(forgotten); // a decision about nothing does no harm
    }
}

/// Returns the decision that the choices of all fields stand for.
pub(super) fn resolution(conflict: &ConflictView, chosen: &[Decision]) -> Option<Resolution> {
    if chosen.iter().all(|choice| *choice == Decision::Current) {
        return Some(Resolution::Current);
    }
    if let Some(Decision::Candidate(first)) = chosen.first()
        && chosen.iter().all(|choice| *choice == Decision::Candidate(*first))
    {
        let field = conflict.fields.first()?;
        return Some(Resolution::Candidate(field.candidates.get(*first)?.n));
    }
    let values = conflict.fields.iter().zip(chosen);
    let values: Vec<(FieldNo, Value)> = values
        .filter_map(|(field, choice)| Some((field.field, value_of(field, choice)?)))
        .collect();
    Some(Resolution::Values(values))
}

/// Joins the texts of all sides; `None` for what is no free text.
pub(super) fn both(conflict: &ConflictView, field: &FieldConflictView) -> Option<Decision> {
    let spec = conflict.kind.spec().field_no(field.field)?;
    if spec.kind != ValueKind::Text {
        return None;
    }
    let sides = field.candidates.iter().map(|candidate| candidate.value.value.as_ref());
    let mut texts: Vec<&str> = Vec::new();
    for value in std::iter::once(field.current.value.as_ref()).chain(sides) {
        let text = value.and_then(Value::as_text).unwrap_or_default();
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    let joined = texts.join("\u{ff1b}");
    let fits = spec.max_chars == 0 || joined.chars().count() <= usize::from(spec.max_chars);
    (fits && !texts.is_empty()).then_some(Decision::Typed(Value::Text(joined)))
}

pub(super) fn value_of(field: &FieldConflictView, choice: &Decision) -> Option<Value> {
    match choice {
        Decision::Current => field.current.value.clone(),
        Decision::Candidate(at) => {
            let value = field.candidates.get(*at)?.value.value.clone();
            value.or_else(|| (field.key == DELETED).then_some(Value::Flag(false)))
        }
        Decision::Typed(value) => Some(value.clone()),
    }
}

/// Key of the pseudo field that says whether the record is deleted.
pub(super) const DELETED: &str = "deleted";

/// Returns the field of a conflict that asks whether the record is deleted.
pub(super) fn deletion(conflict: &ConflictView) -> Option<&FieldConflictView> {
    conflict.fields.iter().find(|field| field.key == DELETED)
}
