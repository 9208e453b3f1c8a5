//! A list of records of one kind: pinned columns, search, filters, sorting, selection; only the rows on screen are read.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::detail::Detail;
use super::form::Form;
use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::ValueKind;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::{Collation, Comparison, Filter, Query, RecordView, Sort, filter_text};
use crate::tui::effect::Effect;
use crate::tui::keys::{Key, Named, is_han};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::input::TextInput;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::table::{Column, Row, Table, TableState, column};

/// A list and where its user is in it.
pub struct List {
    kind: Kind,
    query: Query,
    /// Records given from outside, instead of all of the kind.
    only: Option<(Vec<RecordId>, String)>,
    rows: Vec<RecordId>,
    selected: BTreeSet<RecordId>,
    table: TableState,
    find: TextInput,
    finding: bool,
}

impl List {
    /// Lists a kind under filters.
    pub fn new(shell: &Shell, kind: Kind, filters: Vec<Filter>) -> Self {
        let mut list = Self {
            kind,
            query: Query { filters, ..Query::all(kind) },
            only: None,
            rows: Vec::new(),
            selected: BTreeSet::new(),
            table: TableState::default(),
            find: TextInput::default(),
            finding: false,
        };
        list.reload(shell);
        list
    }

    /// Lists these records only, under a name that says which they are.
    pub fn of_records(shell: &Shell, kind: Kind, ids: Vec<RecordId>, name: &str) -> Self {
        let mut list = Self::new(shell, kind, Vec::new());
        list.only = Some((ids, name.to_owned()));
        list.reload(shell);
        list
    }

    /// Puts the cursor into the find line with a text in it.
    pub fn start_find(&mut self, text: &str) {
        self.finding = true;
        self.find.insert(text);
    }

    fn search(&mut self, shell: &Shell) {
        self.query.search = self.find.text();
        self.table.cursor = 0;
        self.reload(shell);
    }

    fn current(&self) -> Option<RecordId> {
        self.rows.get(self.table.cursor).copied()
    }

    /// Returns the selected records that are listed, else the one under the cursor.
    fn chosen(&self) -> Vec<RecordId> {
        if self.selected.is_empty() {
            return self.current().into_iter().collect();
        }
        self.rows.iter().copied().filter(|id| self.selected.contains(id)).collect()
    }

    fn columns(&self, shell: &Shell) -> Vec<Column> {
        let spec = self.kind.spec();
        let fields = spec.list.iter().filter_map(|key| spec.field(key));
        let mut columns: Vec<Column> = fields
            .map(|field| {
                let right = matches!(field.kind, ValueKind::Integer | ValueKind::Tenths);
                let mark = match self.query.sorts.first() {
                    Some(sort) if sort.field == field.key && sort.descending => "v",
                    Some(sort) if sort.field == field.key => "^",
                    _ => "",
                };
                let title = format!("{}{mark}", shell.locale.field_label(spec, field));
                column(title, field.width.min(24), right)
            })
            .collect();
        columns.insert(PINNED - 1, column(shell.text("column-state"), 8, false));
        columns
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(id) = self.rows.get(index) else { return Row::default() };
        let Some(view) = shell.data.as_ref().and_then(|data| data.row(*id)) else {
            return Row::default();
        };
        let spec = self.kind.spec();
        let fields = spec.list.iter().filter_map(|key| spec.field(key));
        let mut texts: Vec<String> = fields.map(|field| view.text(shell, field)).collect();
        texts.insert(texts.len().min(PINNED - 1), state_text(shell, &view));
        let alarm = view.needs_person();
        Row { texts, selected: self.selected.contains(id), alarm }
    }

    fn toggle(&mut self, index: usize) {
        if let Some(id) = self.rows.get(index)
            && !self.selected.remove(id)
        {
            self.selected.insert(*id);
        }
    }

    fn select_towards(&mut self, rows: isize) {
        if let Some(id) = self.current() {
            self.selected.insert(id);
        }
        self.table.move_by(rows, self.rows.len());
        if let Some(id) = self.current() {
            self.selected.insert(id);
        }
    }

    fn scroll_columns(&mut self, right: bool) {
        let most = self.kind.spec().list.len().saturating_sub(PINNED);
        let skipped = self.table.columns_skipped;
        self.table.columns_skipped =
            if right { (skipped + 1).min(most) } else { skipped.saturating_sub(1) };
    }

    fn pick_field(&self, shell: &mut Shell, purpose: Purpose) {
        let spec = self.kind.spec();
        let items = spec
            .fields
            .iter()
            .filter(|field| match purpose {
                Purpose::Sort => spec.list.contains(&field.key),
                _ => !field.sensitive, // the condition would stand in the title for everybody to read
            })
            .map(|field| Item {
                id: field.key.to_owned(),
                label: shell.locale.field_label(spec, field),
                ..Item::default()
            })
            .collect();
        let title = shell.text(if purpose == Purpose::Sort { "sort-by" } else { "filter-by" });
        shell.pick(purpose, Picker::new(&title, items));
    }

    fn pick_value(&self, shell: &mut Shell, key: &str) {
        let spec = self.kind.spec();
        let Some(field) = spec.field(key) else { return };
        let label = shell.locale.field_label(spec, field);
        let purpose = Purpose::FilterValue(key.to_owned());
        let codes = super::form::code_items(shell, spec, field, false);
        if codes.is_empty() {
            let text = shell.text_with("filter-value-text", &[("field", &label)]);
            let answers = vec![shell.text("answer-contains"), shell.text("answer-equals")];
            let dialog = Dialog::ask(label, text, answers).with_field(shell.text("value"), "");
            shell.ask(purpose, dialog);
        } else {
            shell.pick(purpose, Picker::new(&label, codes));
        }
    }

    fn sort_by(&mut self, key: &str) {
        let descending = match self.query.sorts.pop().filter(|old| old.field == key) {
            Some(old) if old.descending => return,
            old => old.is_some(),
        };
        self.query.sorts =
            vec![Sort { field: key.to_owned(), descending, by: Collation::default() }];
    }

    fn clear(&mut self, shell: &Shell) {
        self.query.filters.clear();
        self.query.search.clear();
        self.find.set("");
        self.reload(shell);
    }

    fn is_narrowed(&self) -> bool {
        !self.query.filters.is_empty() || !self.query.search.is_empty()
    }

    /// Returns what a new record of this list has from the start: the record it was opened from.
    fn prefilled(&self) -> Vec<(String, String)> {
        let filters = self.query.filters.iter();
        filters
            .filter(|filter| {
                filter.comparison == Comparison::Equal && filter.text.parse::<RecordId>().is_ok()
            })
            .map(|filter| (filter.field.clone(), filter.text.clone()))
            .collect()
    }

    fn conditions(&self, shell: &Shell) -> String {
        let spec = self.kind.spec();
        let mut parts: Vec<String> =
            self.query.filters.iter().map(|filter| filter_text(shell, spec, filter)).collect();
        if let Some((_, name)) = &self.only {
            parts.push(name.clone());
        }
        parts.join(", ")
    }

    fn title(&self, shell: &Shell) -> String {
        let count = self.rows.len().to_string();
        let mut title = shell.text_with("list-count", &[("count", &count)]);
        if !self.selected.is_empty() {
            let count = self.selected.len().to_string();
            title.push_str(&shell.text_with("list-selected", &[("count", &count)]));
        }
        let spec = self.kind.spec();
        let sort = self.query.sorts.first();
        if let Some((sort, field)) = sort.and_then(|sort| Some((sort, spec.field(&sort.field)?))) {
            let key = if sort.descending { "list-sorted-down" } else { "list-sorted" };
            let label = shell.locale.field_label(spec, field);
            title.push_str(&shell.text_with(key, &[("field", &label)]));
        }
        let conditions = self.conditions(shell);
        if conditions.is_empty() { title } else { format!("{title} | {conditions}") }
    }

    fn draw_empty(&self, shell: &Shell, ui: &mut Ui<'_>, inner: Rect) {
        let narrowed = self.is_narrowed() || self.only.is_some();
        let (why, then) = if narrowed {
            ("list-none-match", "list-none-match-then")
        } else {
            ("list-none", "list-none-then")
        };
        let wide = inner.width.saturating_sub(6);
        ui.put(inner.x + 3, inner.y + 2, &shell.text(why), wide, Role::Title);
        ui.put(inner.x + 3, inner.y + 3, &shell.text(then), wide, Role::Text);
    }

    fn draw_find(&self, shell: &Shell, ui: &mut Ui<'_>, inner: Rect, y: u16) {
        let x = ui.label(inner.x + 1, y, &shell.text("find-prompt"), inner.right(), Role::Key) + 1;
        let count = 24.min(inner.right().saturating_sub(x));
        self.find.draw(ui, x, y, count, self.finding);
        ui.park_cursor(x, y);
        if self.finding || !self.find.is_empty() {
            let limit = inner.right();
            ui.label(x + count + 1, y, &shell.text("find-hint"), limit, Role::Quiet);
        }
    }

    fn inspector(&self, shell: &Shell) -> String {
        let view = self.current().and_then(|id| shell.data.as_ref()?.row(id));
        let parts = view.map(|view| [view.title.clone(), view.note(shell)]).unwrap_or_default();
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
    }
}

/// How many columns never scroll away: whom or what the row is about, and where it stands.
const PINNED: usize = 2;

/// Returns the word for where a record stands between here and the server.
pub(super) fn state_text(shell: &Shell, view: &RecordView) -> String {
    let word = shell.locale.text(&format!("state-{}", view.state));
    if view.needs_person() { format!("! {word}") } else { word }
}

impl Page for List {
    fn chain(&self) -> &'static [Context] {
        &[Context::List, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.locale.kind_plural(self.kind.spec())
    }

    fn tab(&self) -> Option<usize> {
        match self.kind {
            Kind::Enrolment => Some(1),
            Kind::Cultivation => Some(2),
            Kind::StaffFile => Some(3),
            Kind::Person => Some(4),
            _ => None,
        }
    }

    fn reload(&mut self, shell: &Shell) {
        let Some(data) = &shell.data else { return };
        let here = self.current();
        self.rows = data.list(&self.query);
        if let Some((only, _)) = &self.only {
            let only: BTreeSet<&RecordId> = only.iter().collect();
            self.rows.retain(|id| only.contains(id));
        }
        let place = here.and_then(|id| self.rows.iter().position(|row| *row == id));
        let last = self.rows.len().saturating_sub(1);
        self.table.cursor = place.unwrap_or_else(|| self.table.cursor.min(last));
        if !self.selected.is_empty() {
            let all: BTreeSet<RecordId> = self.rows.iter().copied().collect();
            self.selected.retain(|id| all.contains(id));
        }
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let inner = ui.frame(area, &self.title(shell), "");
        let rows = inner.height.saturating_sub(2);
        let body = Rect { height: rows, ..inner };
        let columns = self.columns(shell);
        let table =
            Table { columns: &columns, pinned: PINNED, count: self.rows.len(), state: &self.table };
        table.draw(ui, body, |index| self.row(shell, index));
        if self.rows.is_empty() {
            self.draw_empty(shell, ui, inner);
        } else {
            ui.put(
                inner.x + 1,
                inner.y + rows,
                &self.inspector(shell),
                inner.width - 1,
                Role::Quiet,
            );
            let place = format!("{}/{}", self.table.cursor + 1, self.rows.len());
            let wide = super::overview::widest(std::iter::once(&place));
            let x = inner.right().saturating_sub(wide + 1);
            ui.label(x, area.y, &place, area.right() - 1, Role::Text);
        }
        self.draw_find(shell, ui, inner, inner.y + rows + 1);
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::Open
            | Action::Edit
            | Action::Delete
            | Action::Steps
            | Action::History
            | Action::Copy
            | Action::Select
                if self.rows.is_empty() =>
            {
                Err(shell.text("why-no-record"))
            }
            Action::ClearFilter if !self.is_narrowed() => Err(shell.text("why-no-filter")),
            Action::New | Action::Delete => shell.may_create(self.kind),
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let (page, count) = (isize::try_from(self.table.page()).unwrap_or(1), self.rows.len());
        match action {
            Action::Up => self.table.move_by(-1, count),
            Action::Down => self.table.move_by(1, count),
            Action::PageUp => self.table.move_by(-page, count),
            Action::PageDown => self.table.move_by(page, count),
            Action::First => self.table.cursor = 0,
            Action::Last => self.table.cursor = count.saturating_sub(1),
            Action::Left => self.scroll_columns(false),
            Action::Right => self.scroll_columns(true),
            Action::Select => {
                self.toggle(self.table.cursor);
                self.table.move_by(1, count);
            }
            Action::SelectAll if self.selected.len() == count => self.selected.clear(),
            Action::SelectAll => self.selected = self.rows.iter().copied().collect(),
            Action::SelectUp => self.select_towards(-1),
            Action::SelectDown => self.select_towards(1),
            Action::Find => self.finding = true,
            Action::Filter => self.pick_field(shell, Purpose::FilterField),
            Action::ClearFilter => self.clear(shell),
            Action::Sort => self.pick_field(shell, Purpose::Sort),
            Action::New => Form::start_new(shell, self.kind, &self.prefilled()),
            Action::CheckIn => {
                shell.start_check_in(self.current().map(|id| (self.kind, id)));
            }
            Action::Back if !self.selected.is_empty() => self.selected.clear(),
            Action::Back if self.is_narrowed() && self.find.is_empty() => {
                shell.moves.push(Move::Pop);
            }
            Action::Back if !self.find.is_empty() => {
                self.find.set("");
                self.search(shell);
            }
            Action::Back => shell.moves.push(Move::Pop),
            other => self.act_on_record(shell, other),
        }
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        if !self.finding {
            let Some(c) = key.typed().filter(|c| is_han(*c)) else { return false };
            shell.met_input_method();
            self.start_find(&c.to_string());
            self.search(shell);
            return true;
        }
        if key.is(Named::Esc) {
            self.finding = false;
            self.find.set("");
            self.search(shell);
        } else if key.is(Named::Enter) || key.is(Named::Down) || key.is(Named::Tab) {
            self.finding = false;
        } else if key.is(Named::Up) || key.is(Named::PgUp) || key.is(Named::PgDn) {
            return false;
        } else {
            let before = self.find.text();
            let taken = self.find.key(key);
            if self.find.text() != before {
                self.search(shell);
            }
            return taken;
        }
        true
    }

    fn pasted(&mut self, shell: &mut Shell, text: &str) -> bool {
        self.start_find(text);
        self.search(shell);
        true
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        match (purpose, reply) {
            (Purpose::Sort, Reply::Item(item)) => self.sort_by(&item.id),
            (Purpose::FilterField, Reply::Item(item)) => {
                self.pick_value(shell, &item.id);
                return;
            }
            (Purpose::FilterValue(field), Reply::Item(item)) => {
                self.query.filters.retain(|filter| filter.field != field);
                self.query.filters.push(Filter {
                    field,
                    comparison: Comparison::Equal,
                    text: item.id,
                });
            }
            (Purpose::FilterValue(field), Reply::Answer(answer, value)) => {
                self.query.filters.retain(|filter| filter.field != field);
                let comparison = if answer == 0 && !value.is_empty() {
                    Comparison::Contains
                } else {
                    Comparison::Equal
                };
                self.query.filters.push(Filter { field, comparison, text: value });
            }
            _ => return,
        }
        self.reload(shell);
    }
}

impl List {
    /// Runs an action on the record under the cursor, or on the selected ones.
    fn act_on_record(&mut self, shell: &mut Shell, action: Action) {
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
                let lines: Vec<String> = self
                    .chosen()
                    .iter()
                    .filter_map(|id| self.rows.iter().position(|row| row == id))
                    .map(|index| self.row(shell, index).texts.join("\t"))
                    .collect();
                let count = lines.len().to_string();
                shell.effects.push(Effect::Copy(lines.join("\n")));
                shell.say(Tone::Good, shell.text_with("copied", &[("count", &count)]));
            }
            _ => {}
        }
    }
}
