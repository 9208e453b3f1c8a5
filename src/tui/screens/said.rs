//! How a conflict is told: the record, the fields, the values of each side and who wrote them.

use super::choices::{DELETED, deletion};
use crate::domain::ids::RecordId;
use crate::domain::record::mask::masked;
use crate::domain::record::{FieldSpec, Value};
use crate::locale::instant_text;
use crate::tui::app::Shell;
use crate::tui::data::{ConflictView, FieldConflictView, ValueView, value_text};

/// Names the record; a deleted one by the values it had or was to have.
pub(super) fn title(shell: &Shell, conflict: &ConflictView) -> String {
    if !conflict.title.is_empty() && conflict.title.parse::<RecordId>().is_err() {
        return conflict.title.clone();
    }
    let spec = conflict.kind.spec();
    let value = |key: &&str| {
        let field = spec.field(key)?;
        let about = conflict.fields.iter().find(|about| about.field == field.number)?;
        let sides = about.candidates.iter().filter_map(|c| c.value.value.as_ref());
        let value = sides.chain(&about.base).find(|value| **value != Value::Null)?;
        Some(value_text(shell, spec, field, value))
    };
    let parts: Vec<String> = spec.title.iter().filter_map(value).collect();
    if parts.is_empty() { shell.locale.kind_label(spec) } else { parts.join(" ") }
}

/// Says what the sides stand for.
pub(super) fn sides(shell: &Shell, conflict: &ConflictView) -> String {
    let key = match deletion(conflict).map(|field| &field.current.value) {
        None => "conflict-sides",
        Some(Some(Value::Flag(true))) => "conflict-sides-deleted",
        Some(_) => "conflict-sides-kept",
    };
    shell.text(key)
}

/// Returns the label of a field, or of the pseudo fields about unit and deletion.
pub(super) fn label(shell: &Shell, conflict: &ConflictView, field: &FieldConflictView) -> String {
    let spec = conflict.kind.spec();
    match spec.field_no(field.field) {
        Some(found) => shell.locale.field_label(spec, found),
        None => shell.text(&format!("field-{}", field.key)),
    }
}

pub(super) fn shown(
    shell: &Shell,
    conflict: &ConflictView,
    field: &FieldConflictView,
    value: Option<&Value>,
) -> String {
    let spec = conflict.kind.spec();
    match (value, spec.field_no(field.field)) {
        (None | Some(Value::Null), None) if field.key == DELETED => shell.text("kept"),
        (None | Some(Value::Null), _) => shell.text("empty"),
        (Some(value), Some(found)) => match masked(found, value) {
            Some(stars) if !hides_the_difference(found, field) => stars,
            _ => value_text(shell, spec, found, value),
        },
        (Some(Value::Flag(true)), None) => shell.text("deleted"),
        (Some(Value::Flag(false)), None) => shell.text("kept"),
        (Some(Value::Ref(id)), None) => {
            shell.data.as_ref().map(|data| data.title(*id)).unwrap_or_default()
        }
        (Some(_), None) => String::new(),
    }
}

/// True if the masked values look alike, so that nobody could choose between them.
pub(super) fn hides_the_difference(spec: &FieldSpec, field: &FieldConflictView) -> bool {
    let others = field.candidates.iter().map(|candidate| candidate.value.value.as_ref());
    let mut seen: Vec<Option<String>> = std::iter::once(field.current.value.as_ref())
        .chain(others)
        .map(|value| value.and_then(|value| masked(spec, value)))
        .collect();
    let count = seen.len();
    seen.sort();
    seen.dedup();
    seen.len() < count
}

/// Says who wrote a value and when, as far as it is known here; a device without a known user by the first digits of its number.
pub(super) fn who(shell: &Shell, view: &ValueView) -> String {
    let is_number = view.by.len() == 16 && view.by.chars().all(|c| c.is_ascii_hexdigit());
    let by = if is_number {
        let first: String = view.by.chars().take(6).collect();
        shell.text_with("by-device", &[("device", &first)])
    } else if !view.by.is_empty() && view.by == shell.status.user {
        shell.text_with("by-you", &[("user", &view.by)])
    } else {
        view.by.clone()
    };
    if view.at == 0 { by } else { format!("{by} {}", instant_text(view.at)) }
}
