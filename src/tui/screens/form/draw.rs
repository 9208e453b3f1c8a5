//! Draws a form: one row a field, what is wrong under it, and a hint for the field that has the cursor.

use ratatui::layout::Rect;

use super::field::FormField;
use super::{Form, label_cells, marked};
use crate::domain::record::{Issue, ValueKind};
use crate::tui::app::Shell;
use crate::tui::text::cells;
use crate::tui::theme::Role;
use crate::tui::ui::{Ui, follow};

/// One row of the form.
enum Line<'a> {
    /// A field with its number.
    Field(usize, &'a FormField),
    /// What is wrong with the field above, or how it is filled in.
    Note(String, Role),
}

/// Cells of the widest input: longer texts scroll.
const WIDEST: u16 = 60;

pub(super) fn draw(form: &Form, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
    let changed = form.fields.iter().filter(|field| field.is_changed()).count();
    let mut title = form.title.clone();
    if changed > 0 {
        title.push(' ');
        title.push_str(&shell.text_with("form-changed", &[("count", &changed.to_string())]));
    }
    if form.drafted {
        title.push(' ');
        title.push_str(&shell.text("form-drafted"));
    }
    let inner = ui.frame(area, &title, &summary(form, shell));
    let lines = lines(form, shell);
    let is_focus = |line: &Line<'_>| matches!(line, Line::Field(n, _) if *n == form.focus);
    let cursor = lines.iter().position(is_focus).unwrap_or(0);
    let visible = usize::from(inner.height);
    let last = (cursor + 2).min(lines.len().saturating_sub(1)); // its notes stay in sight too
    let first = follow(&form.scroll, last, visible).min(cursor);
    form.scroll.set(first);
    let wide = cells(label_cells(shell, form.kind.spec()));
    for (line, y) in lines.iter().skip(first).zip(inner.y..inner.bottom()) {
        match line {
            Line::Field(number, field) => {
                draw_field(
                    ui,
                    field,
                    Rect::new(inner.x, y, inner.width, 1),
                    wide,
                    *number == form.focus,
                );
            }
            Line::Note(text, role) => {
                let x = inner.x + 4 + wide;
                ui.put(x, y, text, inner.right().saturating_sub(x), *role);
            }
        }
    }
    if first + visible < lines.len() {
        ui.label(inner.right() - 2, inner.bottom() - 1, "v", inner.right(), Role::Key);
    }
}

fn summary(form: &Form, shell: &Shell) -> String {
    let issues = form.fields.iter().filter_map(|field| field.issue.as_ref());
    let errors = issues.clone().filter(|issue| issue.is_error()).count();
    let warnings = issues.count() - errors;
    if errors + warnings == 0 {
        return format!("{}/{}", form.focus + 1, form.fields.len());
    }
    shell.text_with(
        "form-summary",
        &[("errors", &errors.to_string()), ("warnings", &warnings.to_string())],
    )
}

fn lines<'a>(form: &'a Form, shell: &Shell) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for (number, field) in form.fields.iter().enumerate() {
        lines.push(Line::Field(number, field));
        if let Some(issue) = &field.issue {
            let (mark, role) =
                if issue.is_error() { ("x", Role::Bad) } else { ("!", Role::Warning) };
            lines.push(Line::Note(format!("{mark} {}", shell.locale.issue(issue)), role));
        } else if let Some(why) = &field.refused {
            lines.push(Line::Note(format!("x {why}"), Role::Bad));
        } else if number == form.focus
            && let Some(hint) = hint(field)
        {
            lines.push(Line::Note(shell.text(hint), Role::Quiet));
        }
    }
    lines
}

pub(super) const fn hint(field: &FormField) -> Option<&'static str> {
    if field.mask.is_some() {
        return Some(if field.is_picked() { "hint-masked-list" } else { "hint-masked" });
    }
    match field.spec.kind {
        ValueKind::Date => Some("hint-date"),
        ValueKind::Instant => Some("hint-instant"),
        ValueKind::Code | ValueKind::Choice | ValueKind::Flag => Some("hint-code"),
        ValueKind::Reference(_) => Some("hint-reference"),
        _ => None,
    }
}

fn draw_field(ui: &mut Ui<'_>, field: &FormField, row: Rect, label_wide: u16, focus: bool) {
    let bad = field.issue.as_ref().is_some_and(Issue::is_error);
    let role = if bad { Role::Bad } else { Role::Title };
    ui.label(row.x, row.y, if focus { ">" } else { " " }, row.right(), Role::Key);
    ui.label(row.x + 2, row.y, &marked(&field.label, field.spec), row.right(), role);
    let x = row.x + 3 + label_wide;
    let room = row.right().saturating_sub(x + 4);
    let count = room.min(input_cells(field));
    let (left, right) = match (field.is_open(), field.is_picked()) {
        (false, _) => (" ", " "),
        (true, true) => ("<", ">"),
        (true, false) => ("[", "]"),
    };
    ui.put(x, row.y, left, 1, Role::Border);
    match &field.mask {
        Some(mask) => {
            ui.put(x + 1, row.y, mask, count, Role::Text);
            if focus {
                ui.place_cursor(x + 1, row.y);
            }
        }
        None => field.input.draw(ui, x + 1, row.y, count, focus),
    }
    ui.put(x + 1 + count, row.y, right, 1, Role::Border);
}

/// Returns the cells of a field's input: what its longest value takes, up to [`WIDEST`].
fn input_cells(field: &FormField) -> u16 {
    match field.spec.kind {
        ValueKind::Date => 12,
        ValueKind::Integer | ValueKind::Tenths => 10,
        ValueKind::Instant => 18,
        ValueKind::Flag => 8,
        ValueKind::Identifier | ValueKind::IdNumber | ValueKind::Phone => {
            field.spec.max_chars.saturating_add(2).clamp(12, 32)
        }
        ValueKind::Code | ValueKind::Choice => 32,
        ValueKind::Reference(_) => WIDEST,
        ValueKind::Text | ValueKind::Name => {
            field.spec.max_chars.saturating_mul(2).clamp(12, WIDEST)
        }
    }
}
