//! One field of a form: what was stored, what is typed or chosen, and what is wrong with it.

use crate::domain::access::Role as Office;
use crate::domain::codes;
use crate::domain::record::mask::masked;
use crate::domain::record::parse::{format, parse};
use crate::domain::record::{
    FieldSpec, Issue, Merge, ParseContext, PartialDate, RecordSpec, Value, ValueKind,
};
use crate::locale::instant_text;
use crate::tui::app::Shell;
use crate::tui::keys::Key;
use crate::tui::widgets::input::TextInput;
use crate::tui::widgets::picker::Item;

/// A field being filled in.
#[derive(Debug)]
pub(super) struct FormField {
    pub(super) spec: &'static FieldSpec,
    pub(super) label: String,
    /// What is typed; for a chosen value, its label.
    pub(super) input: TextInput,
    /// What is chosen from a list.
    pub(super) chosen: Option<Value>,
    pub(super) issue: Option<Issue>,
    /// Why the server refused the value, until something else is typed.
    pub(super) refused: Option<String>,
    /// Stars instead of a sensitive value, until something is typed in its place.
    pub(super) mask: Option<String>,
    /// Filled by the program: leaving the form with nothing else in it loses nothing.
    pub(super) given: bool,
    stored: Option<Value>,
    stored_text: String,
    stored_mask: Option<String>,
    open: bool,
}

impl FormField {
    pub(super) fn new(
        shell: &Shell,
        kind: &RecordSpec,
        spec: &'static FieldSpec,
        stored: Option<&Value>,
        role: Option<Office>,
    ) -> Self {
        let label = shell.locale.field_label(kind, spec);
        let open = spec.merge != Merge::Steps && role.is_none_or(|role| role.acts_for(spec.office));
        let mask = stored.and_then(|value| masked(spec, value));
        let mut field = Self {
            spec,
            label,
            input: TextInput::default(),
            chosen: None,
            issue: None,
            refused: None,
            mask: mask.clone(),
            given: false,
            stored: stored.cloned(),
            stored_text: String::new(),
            stored_mask: mask,
            open,
        };
        if let Some(value) = stored {
            field.show(shell, kind, value);
        }
        field.stored_text = field.input.text();
        field
    }

    /// True if it may be changed here.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// True if its value is chosen from a list, not typed.
    pub(super) const fn is_picked(&self) -> bool {
        matches!(
            self.spec.kind,
            ValueKind::Code | ValueKind::Choice | ValueKind::Flag | ValueKind::Reference(_)
        )
    }

    pub(super) fn is_changed(&self) -> bool {
        if self.mask.is_some() {
            return false;
        }
        if self.is_picked() {
            return self.chosen != self.stored;
        }
        self.input.text() != self.stored_text || self.stored_mask.is_some()
    }

    /// Shows a value.
    fn show(&mut self, shell: &Shell, kind: &RecordSpec, value: &Value) {
        let text = match value {
            Value::Ref(id) => shell.data.as_ref().map(|data| data.title(*id)).unwrap_or_default(),
            Value::Instant(ms) => instant_text(*ms),
            Value::Code(_) | Value::Flag(_) => shell.locale.value_text(kind, self.spec, value),
            other => format(kind, self.spec, other),
        };
        self.input.set(&text);
        if self.is_picked() {
            self.chosen = Some(value.clone());
        }
    }

    /// Takes a stored form of a value: a code, an id, or what was typed.
    pub(super) fn load(&mut self, shell: &Shell, kind: &RecordSpec, text: &str) {
        self.mask = None;
        self.issue = None;
        self.chosen = None;
        self.input.set("");
        if !self.is_picked() {
            self.input.set(text);
            return;
        }
        let cx = ParseContext::typed(shell.today);
        if let Ok(Some(value)) = parse(kind, self.spec, text, &cx) {
            self.show(shell, kind, &value);
        }
    }

    /// Returns what a draft keeps: the opposite of [`FormField::load`].
    pub(super) fn draft_text(&self) -> String {
        match &self.chosen {
            Some(Value::Code(code)) => code.clone(),
            Some(Value::Ref(id)) => id.to_string(),
            Some(Value::Flag(flag)) => flag.to_string(),
            Some(_) => String::new(),
            None if self.is_picked() => String::new(),
            None => self.input.text(),
        }
    }

    /// Returns the value, if there is one.
    pub(super) fn value(
        &self,
        kind: &RecordSpec,
        cx: &ParseContext,
    ) -> Result<Option<Value>, Issue> {
        if self.is_picked() {
            return Ok(self.chosen.clone());
        }
        parse(kind, self.spec, &self.input.text(), cx)
    }

    /// Shows what was typed as it will be stored: `0823` becomes a whole date.
    pub(super) fn settle(&mut self, kind: &RecordSpec, cx: &ParseContext) {
        if self.is_picked() || !self.is_changed() || self.mask.is_some() {
            return;
        }
        if let Ok(Some(value)) = self.value(kind, cx) {
            let text = match &value {
                Value::Instant(ms) => instant_text(*ms),
                other => format(kind, self.spec, other),
            };
            self.input.set(&text);
        }
    }

    /// Puts back what was stored.
    pub(super) fn restore(&mut self) {
        self.mask.clone_from(&self.stored_mask);
        self.chosen = self.stored.clone().filter(|_| self.is_picked());
        self.input.set(&self.stored_text);
        self.issue = None;
    }

    /// Shows the stored value in full.
    pub(super) fn reveal(&mut self) {
        self.mask = None;
        self.stored_mask = None;
    }

    /// Starts typing: stars go away with the value they stand for.
    pub(super) fn begin(&mut self) {
        if self.mask.take().is_some() {
            self.input.set("");
        }
    }

    /// Takes a key of editing.
    pub(super) fn key(&mut self, key: Key) -> bool {
        if self.mask.is_some() {
            let changes = key.typed().is_some()
                || key.is(crate::tui::keys::Named::Backspace)
                || key.is(crate::tui::keys::Named::Delete);
            if !changes {
                return false;
            }
            self.begin();
        }
        self.input.key(key)
    }
}

/// The item that clears a field.
pub(super) fn none_item(shell: &Shell) -> Item {
    Item { label: shell.text("pick-none"), ..Item::default() }
}

/// Returns what a field may be chosen from: its codes valid today, its choices, or yes and no; empty for typed fields.
pub(in crate::tui) fn code_items(
    shell: &Shell,
    kind: &RecordSpec,
    field: &FieldSpec,
    none: bool,
) -> Vec<Item> {
    let item = |id: &str, label: String| Item { id: id.to_owned(), label, ..Item::default() };
    let items: Vec<Item> = match field.kind {
        ValueKind::Code => {
            let today = PartialDate::from_civil(shell.today).ok();
            let list = field.codes.and_then(codes::list);
            let entries = list.map(codes::CodeList::entries).unwrap_or_default().iter();
            let lang = shell.locale.lang().key();
            entries
                .filter(|entry| today.is_none_or(|today| entry.is_valid_on(today)))
                .map(|entry| Item {
                    note: entry.code.clone(),
                    ..item(&entry.code, entry.label(lang).to_owned())
                })
                .collect()
        }
        ValueKind::Choice => {
            let label = |choice: &str| shell.locale.choice_label(kind, field, choice);
            field.choices.iter().map(|choice| item(choice, label(choice))).collect()
        }
        ValueKind::Flag => [("true", "flag-yes"), ("false", "flag-no")]
            .map(|(id, key)| item(id, shell.locale.text(key)))
            .to_vec(),
        _ => return Vec::new(),
    };
    none.then(|| none_item(shell)).into_iter().chain(items).collect()
}
