//! What is done with the cell under the cursor: edited in place, taken as the value that others are selected by, counted.

use std::collections::BTreeSet;

use super::List;
use crate::domain::ids::RecordId;
use crate::domain::record::parse::{format, parse};
use crate::domain::record::{FieldSpec, Fields, Merge, ParseContext, Shape, Value, ValueKind};
use crate::tui::actions::Action;
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::effect::{CLIPBOARD_CHARS, Effect};
use crate::tui::screens::detail::Detail;
use crate::tui::screens::form::{Form, code_items};
use crate::tui::screens::values::Values;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::{Item, Picker};

impl List {
    /// Returns the key of the column the cursor is in.
    pub(super) fn column_key(&self, shell: &Shell) -> String {
        let layout = shell.layout(self.kind);
        let mut shown = layout.shown().map(|column| column.key.clone());
        shown.nth(self.table.column).unwrap_or_default()
    }

    fn cell_field(&self, shell: &Shell) -> Option<&'static FieldSpec> {
        self.kind.spec().field(&self.column_key(shell))
    }

    /// Says whether the cell under the cursor can be changed here; the reason if not.
    pub(super) fn may_edit_cell(&self, shell: &Shell) -> Result<(), String> {
        let Some(field) = self.cell_field(shell) else { return Err(shell.text("why-no-cell")) };
        let office = shell.status.role.is_none_or(|role| role.acts_for(field.office));
        let key = if self.rows.is_empty() {
            "why-no-record"
        } else if field.sensitive {
            "why-cell-masked"
        } else if field.merge == Merge::Steps {
            "why-cell-step"
        } else if field.shape != Shape::One || matches!(field.kind, ValueKind::Reference(_)) {
            "why-cell-form"
        } else if !office {
            "why-other-office"
        } else {
            return Ok(());
        };
        Err(shell.text(key))
    }

    /// Opens the cell under the cursor for typing, or its codes to choose from.
    pub(super) fn edit_cell(&self, shell: &mut Shell) {
        let (Some(field), Some(id)) = (self.cell_field(shell), self.current()) else { return };
        let stored = shell.data.as_ref().and_then(|data| data.row(id));
        let stored = stored.and_then(|view| view.fields.get(&field.number).cloned());
        let text = stored.map(|value| match value {
            Value::Code(code) => code,
            Value::Flag(flag) => flag.to_string(),
            other => format(self.kind.spec(), field, &other),
        });
        self.ask_cell(shell, field, id, &text.unwrap_or_default(), "");
    }

    fn ask_cell(
        &self,
        shell: &mut Shell,
        field: &'static FieldSpec,
        id: RecordId,
        text: &str,
        warning: &str,
    ) {
        let spec = self.kind.spec();
        let label = shell.locale.field_label(spec, field);
        let title = shell.data.as_ref().map(|data| data.title(id)).unwrap_or_default();
        let title = shell.text_with("cell-title", &[("title", &title), ("field", &label)]);
        let purpose = Purpose::Cell(id, field.key.to_owned());
        let mut items = code_items(shell, spec, field, false);
        if items.is_empty() {
            let answers = vec![shell.text("leave-save"), shell.text("answer-cancel")];
            let mut dialog = Dialog::ask(title, shell.text("cell-text"), answers);
            dialog = dialog.with_field(label, text);
            warning.clone_into(&mut dialog.warning);
            return shell.ask(purpose, dialog);
        }
        if !field.required {
            items.insert(0, Item { label: shell.text("pick-none"), ..Item::default() });
        }
        shell.pick(purpose, Picker::new(&title, items).at(text));
    }

    /// Stores what was typed or chosen for a cell; what is wrong with it is said where it was typed.
    pub(super) fn set_cell(&self, shell: &mut Shell, id: RecordId, key: &str, text: &str) {
        let spec = self.kind.spec();
        let Some((data, field)) = shell.data.clone().zip(spec.field(key)) else { return };
        let value = match parse(spec, field, text, &ParseContext::typed(shell.today)) {
            Ok(value) => value.unwrap_or(Value::Null),
            Err(issue) => {
                let why = shell.locale.issue_of(spec, &issue);
                shell.say(Tone::Bad, why.clone());
                return self.ask_cell(shell, field, id, text, &why);
            }
        };
        match data.change(id, Fields::from([(field.number, value)])) {
            Ok(()) => {
                let label = shell.locale.field_label(spec, field);
                shell.say(Tone::Good, shell.text_with("cell-saved", &[("field", &label)]));
                shell.changed();
            }
            Err(failure) => {
                let why = failure.text(&shell.locale);
                shell.say(Tone::Bad, why.clone());
                self.ask_cell(shell, field, id, text, &why);
            }
        }
    }

    /// Selects every row with the value of the cell under the cursor.
    pub(super) fn select_same(&mut self, shell: &mut Shell) {
        let (Some(data), Some(id)) = (shell.data.clone(), self.current()) else { return };
        let same = data.same(self.kind, &self.rows, &self.column_key(shell), id);
        let count = same.len().to_string();
        self.selected.extend(same);
        shell.say(Tone::Good, shell.text_with("selected-same", &[("count", &count)]));
    }

    /// Starts a range at the cursor, or selects from where it was started.
    pub(super) fn select_range(&mut self, shell: &mut Shell) {
        let Some(here) = self.current() else { return };
        let from = self.anchor.take().and_then(|id| self.rows.iter().position(|row| *row == id));
        let Some(from) = from else {
            self.anchor = Some(here);
            return shell.say(Tone::Hint, shell.text("select-range-from"));
        };
        let (low, high) = (from.min(self.table.cursor), from.max(self.table.cursor));
        self.selected.extend(self.rows.iter().skip(low).take(high - low + 1));
        let count = (high - low + 1).to_string();
        shell.say(Tone::Good, shell.text_with("selected-same", &[("count", &count)]));
    }

    /// Says whether the column under the cursor can be counted.
    pub(super) fn may_count(&self, shell: &Shell) -> Result<(), String> {
        let key = self.column_key(shell);
        if Shell::countable(self.kind).contains(&key.as_str()) {
            return Ok(());
        }
        let masked = self.cell_field(shell).is_some_and(|field| field.sensitive);
        Err(shell.text(if masked { "why-cell-masked" } else { "why-no-values" }))
    }

    /// Opens the values of a field.
    pub(super) fn open_values(&self, shell: &mut Shell, key: &str) {
        let Some(values) = Values::new(shell, &self.query, key, true) else { return };
        shell.moves.push(Move::Push(Box::new(values)));
    }

    /// Runs an action on the record under the cursor, or on the selected ones.
    pub(super) fn act_on_record(&mut self, shell: &mut Shell, action: Action) {
        let Some(id) = self.current() else { return };
        match action {
            Action::Open => {
                let detail = Detail::new(shell, id, self.rows.clone());
                shell.moves.push(Move::Push(Box::new(detail)));
            }
            Action::Edit => Form::start_edit(shell, id, false),
            Action::Steps => shell.pick_action(self.chosen()),
            Action::Delete => shell.ask_delete_all(self.chosen()),
            Action::History => shell.effects.push(Effect::History(id)),
            Action::Copy => {
                let (text, copied, all) = self.copied(shell);
                shell.effects.push(Effect::Copy(text));
                let (copied, cut) = (copied.to_string(), copied < all);
                let args = [("count", copied.as_str()), ("all", &all.to_string())];
                let (tone, key) =
                    if cut { (Tone::Bad, "copied-cut") } else { (Tone::Good, "copied") };
                shell.say(tone, shell.text_with(key, &args));
            }
            _ => {}
        }
    }

    /// Returns the lines of the chosen records in the order of the list, as many as a clipboard takes, how many that are, and of how many.
    fn copied(&self, shell: &Shell) -> (String, usize, usize) {
        let chosen: BTreeSet<RecordId> = self.chosen().into_iter().collect();
        let listed = || self.rows.iter().enumerate().filter(|(_, id)| chosen.contains(id));
        let (mut text, mut chars, mut count) = (String::new(), 0, 0);
        for (index, _) in listed() {
            let line = self.row(shell, index).texts.join("\t");
            chars += line.chars().count() + 1;
            if chars > CLIPBOARD_CHARS {
                break;
            }
            if count > 0 {
                text.push('\n');
            }
            text.push_str(&line);
            count += 1;
        }
        (text, count, listed().count())
    }
}
