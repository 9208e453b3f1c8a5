//! Every change of one record, the newest first, with what it changed; any of them can be taken back.

use std::cell::Cell;

use ratatui::layout::Rect;

use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::domain::record::{RecordSpec, Value};
use crate::locale::instant_text;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::arranged::Sheet;
use crate::tui::data::{ChangeView, History, HistoryView, value_text};
use crate::tui::effect::Effect;
use crate::tui::text::{cells, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// Cells of a line in the question before a change is taken back.
const ASKED_CELLS: usize = 60;

/// The changes of a record and where the cursor is.
pub struct HistoryPage {
    id: RecordId,
    kind: Option<Kind>,
    title: String,
    history: History,
    table: TableState,
    /// First line shown of what the change under the cursor changed.
    first: Cell<usize>,
}

impl HistoryPage {
    /// Shows what a worker has found.
    pub fn new(shell: &Shell, id: RecordId, history: History) -> Self {
        let data = shell.data.as_ref();
        let view = data.and_then(|data| data.view(id));
        Self {
            id,
            kind: view.as_ref().map(|view| view.kind),
            title: data.map(|data| data.title(id)).unwrap_or_default(),
            history,
            table: TableState::default(),
            first: Cell::new(0),
        }
    }

    /// The record whose changes these are.
    pub const fn record(&self) -> RecordId {
        self.id
    }

    /// Takes in what was found anew.
    pub fn refresh(&mut self, history: History) {
        self.history = history;
        self.table.move_by(0, self.history.entries.len());
    }

    fn current(&self) -> Option<&HistoryView> {
        self.history.entries.get(self.table.cursor)
    }

    fn texts(&self, shell: &Shell, entry: &HistoryView) -> Vec<String> {
        let fields: Vec<String> =
            entry.changes.iter().map(|change| self.label(shell, change)).collect();
        let (action, outcome) =
            (word(shell, "did", entry.action), word(shell, "outcome", &entry.outcome));
        let what = if fields.is_empty() { entry.reason.clone() } else { fields.join(", ") };
        vec![instant_text(entry.at), entry.by.clone(), action, outcome, what]
    }

    fn spec(&self) -> Option<&'static RecordSpec> {
        self.kind.map(Kind::spec)
    }

    fn label(&self, shell: &Shell, change: &ChangeView) -> String {
        let field = self.spec().and_then(|spec| Some((spec, spec.field(&change.key)?)));
        if let Some((spec, field)) = field {
            return shell.locale.field_label(spec, field);
        }
        let known = shell.locale.find(&format!("tui-field-{}", change.key), &[]);
        known.unwrap_or_else(|| change.key.clone())
    }

    fn value(&self, shell: &Shell, change: &ChangeView, value: Option<&Value>) -> String {
        let Some(value) = value.filter(|value| !value.is_blank()) else {
            return shell.text("empty");
        };
        let spec = self.spec();
        if let Some((spec, field)) = spec.and_then(|spec| Some((spec, spec.field(&change.key)?))) {
            let hidden = masked(field, value);
            return hidden.unwrap_or_else(|| value_text(shell, spec, field, value));
        }
        match value {
            Value::Flag(true) => shell.text("deleted"),
            Value::Flag(false) => shell.text("kept"),
            Value::Ref(id) => shell.data.as_ref().map(|data| data.title(*id)).unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn changed(&self, shell: &Shell, change: &ChangeView) -> String {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let (old, new) = (self.value(shell, change, old), self.value(shell, change, new));
        format!("{}: {old} -> {new}", self.label(shell, change))
    }

    /// What the change under the cursor changed, field by field.
    fn told(&self, shell: &Shell, wide: usize) -> Vec<String> {
        let Some(entry) = self.current() else { return Vec::new() };
        let mut lines: Vec<String> = entry
            .changes
            .iter()
            .flat_map(|change| wrap(&self.changed(shell, change), wide))
            .collect();
        if !entry.reason.is_empty() {
            lines.extend(wrap(&format!("{}: {}", shell.text("reason"), entry.reason), wide));
        }
        if entry.clock_suspect {
            lines.extend(wrap(&shell.text("history-clock"), wide));
        }
        lines
    }

    fn heading(&self, shell: &Shell) -> String {
        shell.text_with("history-title", &[("title", &self.title)])
    }

    fn headings(shell: &Shell) -> [String; 5] {
        ["column-time", "column-who", "column-what", "column-state", "column-fields"]
            .map(|key| shell.text(key))
    }

    /// Asks before a change is taken back, with what would become of each field.
    fn ask(&self, shell: &mut Shell) {
        let Some((data, entry)) = shell.data.clone().zip(self.current()) else { return };
        let preview = match data.put_back_preview(self.id, entry) {
            Ok(preview) => preview,
            Err(failure) => return shell.say_failure(&failure),
        };
        if preview.changes.is_empty() {
            shell.say(Tone::Hint, shell.text("put-back-same"));
            return;
        }
        let mut text: Vec<String> = Vec::new();
        for change in &preview.changes {
            text.extend(wrap(&self.changed(shell, change), ASKED_CELLS));
        }
        if preview.changed_since {
            text.push(String::new());
            text.extend(wrap(&shell.text("put-back-since"), ASKED_CELLS));
        }
        let answers = vec![shell.text("answer-cancel"), shell.text("answer-put-back")];
        let dialog = Dialog::ask(shell.text("put-back-title"), text.join("\n"), answers);
        shell.ask(Purpose::PutBack, dialog.opened_at(shell.now_ms));
    }

    fn put_back(&self, shell: &mut Shell) {
        let Some((data, entry)) = shell.data.clone().zip(self.current()) else { return };
        match data.put_back(self.id, entry) {
            Ok(()) => {
                shell.say(Tone::Good, shell.text("put-back-done"));
                shell.changed();
                shell.effects.push(Effect::History(self.id));
            }
            Err(failure) => shell.say_failure(&failure),
        }
    }
}

/// A stable word in the user's language.
fn word(shell: &Shell, prefix: &str, word: &str) -> String {
    let key = format!("tui-{prefix}-{}", word.replace('_', "-"));
    shell.locale.find(&key, &[]).unwrap_or_else(|| word.to_owned())
}

impl Page for HistoryPage {
    fn chain(&self) -> &'static [Context] {
        &[Context::History, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-history")
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let note = if self.history.whole { String::new() } else { shell.text("history-own") };
        let inner = ui.frame(area, &self.heading(shell), &note);
        let count = self.history.entries.len();
        if count == 0 {
            let wide = inner.width.saturating_sub(6);
            ui.put(inner.x + 3, inner.y + 2, &shell.text("history-none"), wide, Role::Title);
            return;
        }
        let wide = usize::from(inner.width.saturating_sub(4));
        let told = self.told(shell, wide);
        let below = (cells(told.len()) + 1).clamp(2, inner.height / 2);
        let body = Rect { height: inner.height - below, ..inner };
        let [time, who, what, state, fields] = Self::headings(shell);
        let rest = inner.width.saturating_sub(58).max(12);
        let columns = [
            column(time, 16, false),
            column(who, 12, false),
            column(what, 14, false),
            column(state, 8, false),
            column(fields, rest, false),
        ];
        let table = Table { columns: &columns, pinned: 1, count, state: &self.table };
        table.draw(ui, body, |index| {
            let entry = self.history.entries.get(index);
            let texts = entry.map(|entry| self.texts(shell, entry)).unwrap_or_default();
            Row { texts, ..Row::default() }
        });
        ui.rule(inner.x, body.bottom(), inner.width);
        let visible = usize::from(below.saturating_sub(1));
        let first = self.first.get().min(told.len().saturating_sub(visible));
        self.first.set(first);
        let rows = Rect::new(inner.x, body.bottom() + 1, inner.width, below.saturating_sub(1));
        for (line, y) in told.iter().skip(first).zip(rows.y..rows.bottom()) {
            ui.put(inner.x + 2, y, line, inner.width.saturating_sub(4), Role::Text);
        }
        ui.more(rows, first > 0, first + visible < told.len());
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match (action, self.current()) {
            (Action::PutBack, None) => Err(shell.text("history-none")),
            // What others wrote in between is not known: the value before might not be theirs.
            (Action::PutBack, Some(_)) if !self.history.whole => Err(shell.text("why-own-only")),
            (Action::PutBack, Some(entry)) => {
                let preview = shell.data.as_ref().map(|data| data.put_back_preview(self.id, entry));
                match preview {
                    Some(Err(_)) => Err(shell.text("why-no-put-back")),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        if self.table.moved(action, self.history.entries.len()) {
            self.first.set(0);
            return;
        }
        match action {
            Action::PutBack => self.ask(shell),
            Action::Right => self.first.set(self.first.get() + 1),
            Action::Left if self.first.get() > 0 => self.first.set(self.first.get() - 1),
            Action::Back | Action::Left => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn found(&mut self, id: RecordId, history: &History) -> bool {
        let own = id == self.record();
        if own {
            self.refresh(history.clone());
        }
        own
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        if let (Purpose::PutBack, Reply::Answer(1, _)) = (purpose, reply) {
            self.put_back(shell);
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.history.entries.len())
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        let mut said = vec![self.heading(shell)];
        if !self.history.whole {
            said.push(shell.text("history-own"));
        }
        said
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let Some(entry) = self.history.entries.get(row) else { return String::new() };
        let changes = entry.changes.iter().map(|change| self.changed(shell, change));
        let mut texts = self.texts(shell, entry);
        texts.truncate(4);
        texts.extend(changes);
        texts.extend(Some(entry.reason.clone()).filter(|reason| !reason.is_empty()));
        texts.join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn chosen(&self, _shell: &Shell) -> super::Chosen {
        super::Chosen::Run(Action::PutBack)
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let mut rows = vec![Self::headings(shell)[..4].to_vec()];
        if let Some(first) = rows.first_mut() {
            first.extend(["column-field", "column-old", "column-new"].map(|key| shell.text(key)));
        }
        for entry in &self.history.entries {
            let mut head = self.texts(shell, entry);
            head.truncate(4);
            for change in &entry.changes {
                let value = |value: Option<&Value>| self.value(shell, change, value);
                let cells = [
                    self.label(shell, change),
                    value(change.old.as_ref()),
                    value(change.new.as_ref()),
                ];
                rows.push([head.clone(), cells.to_vec()].concat());
            }
            if entry.changes.is_empty() {
                let cells = [String::new(), String::new(), entry.reason.clone()];
                rows.push([head, cells.to_vec()].concat());
            }
        }
        let title = self.heading(shell);
        Some(Sheet { name: "history".to_owned(), title, rows, taken: None })
    }
}
