//! A list of records of one kind: pinned columns, search, filters, sorting, selection; only the rows on screen are read.

mod arranged;
mod cells;

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::columns::ColumnSheet;
use super::form::Form;
use super::{Page, Reply, Told};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Shape, ValueKind};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell};
use crate::tui::arranged::{CREATED, STATE, Sheet, StoredView, UNIT};
use crate::tui::data::{Comparison, Filter, Query, RecordView, filter_text};
use crate::tui::keys::{Key, Named, is_han};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::input::TextInput;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::table::{Row, Table, TableState};

pub(in crate::tui::screens) use arranged::facet_text;
pub(in crate::tui) use arranged::pick_view;

/// A list and where its user is in it.
pub struct List {
    kind: Kind,
    query: Query,
    /// What the records are that were given from outside, instead of all of the kind.
    only: Option<String>,
    /// Name of the view it was opened as, or kept under.
    view_name: String,
    /// Where a range begins.
    anchor: Option<RecordId>,
    /// Texts of the last line, one for each column that is shown.
    totals: Vec<String>,
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
            view_name: String::new(),
            anchor: None,
            totals: Vec::new(),
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
        list.only = Some(name.to_owned());
        list.query.only = Some(Arc::new(ids.into_iter().collect()));
        list.reload(shell);
        list
    }

    /// Lists what a query asks for.
    pub fn of_query(shell: &Shell, query: Query) -> Self {
        let mut list = Self::new(shell, query.kind, Vec::new());
        list.query = query;
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

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(id) = self.rows.get(index) else { return Row::default() };
        let Some(view) = shell.data.as_ref().and_then(|data| data.row(*id)) else {
            return Row::default();
        };
        let spec = self.kind.spec();
        let layout = shell.layout(self.kind);
        let text = |key: &str| match spec.field(key) {
            Some(field) => view.text(shell, field),
            None if key == STATE => state_text(shell, &view),
            None => String::new(),
        };
        let texts = layout.shown().map(|column| text(&column.key)).collect();
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

    /// Moves the cursor to another column; the table scrolls after it.
    fn turn_column(&mut self, shell: &Shell, right: bool) {
        let last = shell.layout(self.kind).shown().count().saturating_sub(1);
        let column = self.table.column;
        self.table.column = if right { (column + 1).min(last) } else { column.saturating_sub(1) };
    }

    fn pick_sort(&self, shell: &mut Shell, purpose: Purpose) {
        let spec = self.kind.spec();
        let layout = shell.layout(self.kind);
        let fields = layout.shown().filter_map(|column| spec.field(&column.key));
        let item = |field: &crate::domain::record::FieldSpec| Item {
            id: field.key.to_owned(),
            label: shell.locale.field_label(spec, field),
            note: self.sort_mark(field.key),
            disabled: None,
        };
        let items = fields.map(item).collect();
        let key = if purpose == Purpose::SortAlso { "sort-also-by" } else { "sort-by" };
        let title = shell.text(key);
        shell.pick(purpose, Picker::new(&title, items));
    }

    /// Lets the user choose a field; a sensitive one would stand in the title for everybody to read.
    fn pick_field(&self, shell: &mut Shell) {
        let spec = self.kind.spec();
        let open = spec.fields.iter().filter(|f| !f.sensitive && f.shape != Shape::Notes);
        let mut keys: Vec<&str> = open.map(|field| field.key).collect();
        keys.extend([UNIT, CREATED].into_iter().filter(|key| spec.field(key).is_none()));
        let item = |key: &str| {
            let ticked = self.query.facets.iter().find(|facet| facet.field == key);
            let count = ticked.map(|facet| facet.values.len().to_string());
            Item {
                id: key.to_owned(),
                label: shell.column_label(spec, key),
                note: count
                    .map(|count| shell.text_with("filter-ticked", &[("count", &count)]))
                    .unwrap_or_default(),
                disabled: None,
            }
        };
        let items = keys.into_iter().map(item).collect();
        let title = shell.text("filter-by");
        shell.pick(Purpose::FilterField, Picker::new(&title, items));
    }

    /// Asks for the value of a field: typed for texts, ticked for everything else.
    fn pick_value(&self, shell: &mut Shell, key: &str) {
        let spec = self.kind.spec();
        let typed = |field: &crate::domain::record::FieldSpec| {
            field.shape != Shape::One
                || matches!(
                    field.kind,
                    ValueKind::Text | ValueKind::Name | ValueKind::Identifier | ValueKind::Phone
                )
        };
        let Some(field) = spec.field(key).filter(|field| typed(field)) else {
            return self.open_values(shell, key);
        };
        let label = shell.locale.field_label(spec, field);
        let text = shell.text_with("filter-value-text", &[("field", &label)]);
        let answers = vec![shell.text("answer-contains"), shell.text("answer-equals")];
        let dialog = Dialog::ask(label, text, answers).with_field(shell.text("value"), "");
        shell.ask(Purpose::FilterValue(key.to_owned()), dialog);
    }

    fn clear(&mut self, shell: &Shell) {
        self.query.filters.clear();
        self.query.facets.clear();
        self.query.search.clear();
        self.find.set("");
        self.reload(shell);
    }

    fn is_narrowed(&self) -> bool {
        !self.query.filters.is_empty()
            || !self.query.facets.is_empty()
            || !self.query.search.is_empty()
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
        parts.extend(self.query.facets.iter().map(|facet| facet_text(shell, self.kind, facet)));
        parts.extend(self.only.clone());
        parts.join(", ")
    }

    fn title(&self, shell: &Shell) -> String {
        let count = self.rows.len().to_string();
        let mut title = shell.text_with("list-count", &[("count", &count)]);
        if !self.view_name.is_empty() {
            title = format!("{} | {title}", self.view_name);
        }
        if !self.selected.is_empty() {
            let count = self.selected.len().to_string();
            title.push_str(&shell.text_with("list-selected", &[("count", &count)]));
        }
        title.push_str(&self.sorted_text(shell));
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
        if self.finding {
            let limit = inner.right();
            ui.label(x + count + 1, y, &shell.text("find-hint"), limit, Role::Quiet);
        }
    }

    fn inspector(&self, shell: &Shell) -> String {
        let view = self.current().and_then(|id| shell.data.as_ref()?.row(id));
        let parts = view.map(|view| [view.title.clone(), view.note(shell)]).unwrap_or_default();
        let [title, note] = &parts;
        let parts = if title == note { vec![title.clone()] } else { parts.to_vec() };
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
    }
}

/// Returns the word for where a record stands between here and the server.
pub(super) fn state_text(shell: &Shell, view: &RecordView) -> String {
    let word = shell.locale.text(&format!("state-{}", view.state));
    if view.needs_person() { format!("! {word}") } else { word }
}

/// Returns the tab that a kind's list is under.
pub(super) const fn tab_of(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Enrolment => Some(1),
        Kind::Cultivation => Some(2),
        Kind::StaffFile => Some(3),
        Kind::Person => Some(4),
        _ => None,
    }
}

impl Page for List {
    fn chain(&self) -> &'static [Context] {
        &[Context::List, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.locale.kind_plural(self.kind.spec())
    }

    fn tab(&self) -> Option<usize> {
        tab_of(self.kind)
    }

    fn left(&self, shell: &Shell) -> Option<(StoredView, Option<RecordId>)> {
        let given = self.only.is_some() || self.query.only.is_some();
        (!given).then(|| (self.as_view(shell, &self.view_name), self.current()))
    }

    fn reload(&mut self, shell: &Shell) {
        let Some(data) = &shell.data else { return };
        let here = self.current();
        self.rows = data.list(&self.query);
        let place = here.and_then(|id| self.rows.iter().position(|row| *row == id));
        let last = self.rows.len().saturating_sub(1);
        self.table.cursor = place.unwrap_or_else(|| self.table.cursor.min(last));
        if !self.selected.is_empty() {
            let all: BTreeSet<RecordId> = self.rows.iter().copied().collect();
            self.selected.retain(|id| all.contains(id));
        }
        self.reload_totals(shell);
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let inner = ui.frame(area, &self.title(shell), "");
        let rows = inner.height.saturating_sub(2);
        let with_totals = !self.totals.is_empty() && !self.rows.is_empty() && rows > 4;
        let body = Rect { height: rows - u16::from(with_totals), ..inner };
        let columns = self.columns(shell);
        let pinned = shell.layout(self.kind).pinned.min(columns.len());
        let table = Table { columns: &columns, pinned, count: self.rows.len(), state: &self.table };
        table.draw(ui, body, |index| self.row(shell, index));
        if with_totals {
            table.draw_line(ui, (inner.x, body.bottom(), inner.width), &self.totals);
        }
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
            | Action::SelectSame
            | Action::SelectRange
                if self.rows.is_empty() =>
            {
                Err(shell.text("why-no-record"))
            }
            Action::ClearFilter if !self.is_narrowed() => Err(shell.text("why-no-filter")),
            Action::New | Action::Delete => shell.may_create(self.kind),
            Action::EditCell => self.may_edit_cell(shell),
            Action::Values => self.may_count(shell),
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let count = self.rows.len();
        if self.table.moved(action, count) {
            return;
        }
        match action {
            Action::Left => self.turn_column(shell, false),
            Action::Right => self.turn_column(shell, true),
            Action::Select => {
                self.toggle(self.table.cursor);
                self.table.move_by(1, count);
            }
            Action::SelectAll if self.selected.len() == count => self.selected.clear(),
            Action::SelectAll => self.selected = self.rows.iter().copied().collect(),
            Action::SelectUp => self.select_towards(-1),
            Action::SelectDown => self.select_towards(1),
            Action::Find => self.finding = true,
            Action::SelectRange => self.select_range(shell),
            Action::SelectSame => self.select_same(shell),
            Action::Filter => self.pick_field(shell),
            Action::Values => self.open_values(shell, &self.column_key(shell)),
            Action::ClearFilter => self.clear(shell),
            Action::Sort => self.pick_sort(shell, Purpose::Sort),
            Action::SortAlso => self.pick_sort(shell, Purpose::SortAlso),
            Action::Collation => self.pick_collation(shell),
            Action::Columns => {
                let sheet = ColumnSheet::new(shell, self.kind);
                shell.moves.push(Move::Push(Box::new(sheet)));
            }
            Action::Totals => self.next_measure(shell),
            Action::SaveView => self.ask_view_name(shell),
            Action::EditCell => self.edit_cell(shell),
            Action::Import => crate::tui::import::start(shell, Some(self.kind), None),
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
            (Purpose::Sort, Reply::Item(item)) => self.sort_by(shell, &item.id, false),
            (Purpose::SortAlso, Reply::Item(item)) => self.sort_by(shell, &item.id, true),
            (Purpose::Collation, Reply::Item(item)) => self.collate(shell, &item.id),
            (Purpose::SaveView, Reply::Answer(0, name)) => return self.save_view(shell, &name),
            (Purpose::Cell(id, key), Reply::Item(item)) => {
                return self.set_cell(shell, id, &key, &item.id);
            }
            (Purpose::Cell(id, key), Reply::Answer(0, text)) => {
                return self.set_cell(shell, id, &key, &text);
            }
            (Purpose::FilterField, Reply::Item(item)) => {
                self.pick_value(shell, &item.id);
                return;
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

    fn told(&mut self, shell: &Shell, told: &Told) -> bool {
        let Told::Facets(kind, facets) = told;
        if *kind != self.kind {
            return false;
        }
        self.query.facets.clone_from(facets);
        self.reload(shell);
        true
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        Some(self.rows_for_file(shell))
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.rows.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let texts = self.row(shell, row).texts;
        let columns = self.columns(shell);
        let mut told: Vec<String> = Vec::new();
        for (text, column) in texts.iter().zip(&columns).filter(|(text, _)| !text.is_empty()) {
            let first = told.is_empty();
            told.push(if first { text.clone() } else { format!("{} {text}", column.title) });
        }
        let selected = self.rows.get(row).is_some_and(|id| self.selected.contains(id));
        let mark = if selected { shell.text("plain-selected") } else { String::new() };
        format!("{mark}{}", told.join("; "))
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        let mut lines = vec![self.title(shell)];
        if !self.query.search.is_empty() {
            lines.push(format!("{} {}", shell.text("find-prompt"), self.query.search));
        }
        lines
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn line(&mut self, shell: &mut Shell, text: &str) -> bool {
        self.find.set(text);
        self.finding = false;
        self.search(shell);
        true
    }
}
