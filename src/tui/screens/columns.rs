//! The columns of a list: which are shown, in which order, how wide, and which never scroll away. Every change counts at once.

use ratatui::layout::Rect;

use super::Page;
use crate::domain::kinds::Kind;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell};
use crate::tui::arranged::{Layout, STATE};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// The columns of one kind's list.
pub(super) struct ColumnSheet {
    kind: Kind,
    layout: Layout,
    table: TableState,
}

/// Most cells of a column.
const WIDEST: u16 = 60;
/// Fewest cells of a column.
const NARROWEST: u16 = 4;

impl ColumnSheet {
    /// Shows how the list of a kind is arranged.
    pub(super) fn new(shell: &Shell, kind: Kind) -> Self {
        Self { kind, layout: shell.layout(kind), table: TableState::default() }
    }

    fn is_pinned(&self, index: usize) -> bool {
        let before = self.layout.columns.iter().take(index).filter(|column| column.on).count();
        self.layout.columns.get(index).is_some_and(|column| column.on)
            && before < self.layout.pinned
    }

    fn cells(&self, index: usize) -> u16 {
        let Some(column) = self.layout.columns.get(index) else { return 0 };
        let field = self.kind.spec().field(&column.key);
        let given = field.map_or(8, |field| field.width.min(24));
        if column.cells == 0 { given } else { column.cells }
    }

    fn toggle(&mut self) {
        let shown = self.layout.shown().count();
        if let Some(column) = self.layout.columns.get_mut(self.table.cursor)
            && (shown > 1 || !column.on)
        {
            column.on = !column.on;
        }
    }

    fn widen(&mut self, wider: bool) {
        let now = self.cells(self.table.cursor);
        let cells = if wider { now + 2 } else { now.saturating_sub(2) };
        if let Some(column) = self.layout.columns.get_mut(self.table.cursor) {
            column.cells = cells.clamp(NARROWEST, WIDEST);
        }
    }

    fn carry(&mut self, down: bool) {
        let from = self.table.cursor;
        let to = if down { from.checked_add(1) } else { from.checked_sub(1) };
        if let Some(to) = to.filter(|to| *to < self.layout.columns.len()) {
            self.layout.columns.swap(from, to);
            self.table.cursor = to;
        }
    }

    /// Pins the columns up to this one, or up to the one before if they are pinned already.
    fn pin(&mut self) {
        let index = self.table.cursor;
        let upto = self.layout.columns.iter().take(index + 1).filter(|column| column.on).count();
        self.layout.pinned = if self.layout.pinned == upto { upto.saturating_sub(1) } else { upto };
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(column) = self.layout.columns.get(index) else { return Row::default() };
        let spec = self.kind.spec();
        let mark = if column.on { "[x]" } else { "[ ]" };
        let pinned =
            if self.is_pinned(index) { shell.text("columns-pinned") } else { String::new() };
        let about = match (spec.field(&column.key), column.key.as_str()) {
            (Some(field), _) if field.sensitive => shell.text("columns-masked"),
            (None, STATE) => shell.text("columns-state"),
            _ => String::new(),
        };
        let label = shell.column_label(spec, &column.key);
        let cells = self.cells(index).to_string();
        Row { texts: vec![mark.to_owned(), label, cells, pinned, about], ..Row::default() }
    }
}

impl Page for ColumnSheet {
    fn chain(&self) -> &'static [Context] {
        &[Context::Columns, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("columns-title")
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let kind = shell.locale.kind_plural(self.kind.spec());
        let title = shell.text_with("columns-of", &[("kind", &kind)]);
        let inner = ui.frame(area, &title, "");
        let text = |key: &str| shell.text(key);
        let columns = [
            column(text("columns-shown"), 4, false),
            column(text("columns-name"), 24, false),
            column(text("columns-width"), 6, true),
            column(text("columns-pinned"), 8, false),
            column(text("columns-about"), 20, false),
        ];
        let body = Rect { height: inner.height.saturating_sub(1), ..inner };
        let count = self.layout.columns.len();
        let table = Table { columns: &columns, pinned: 5, count, state: &self.table };
        table.draw(ui, body, |index| self.row(shell, index));
        let hint = shell.text("columns-hint");
        ui.put(inner.x + 1, body.bottom(), &hint, inner.width.saturating_sub(1), Role::Quiet);
    }

    fn tab(&self) -> Option<usize> {
        super::list::tab_of(self.kind)
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.layout.columns.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        self.row(shell, row).texts.join(" ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn chosen(&self, _shell: &Shell) -> super::Chosen {
        super::Chosen::Run(Action::Select)
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let count = self.layout.columns.len();
        if self.table.moved(action, count) {
            return;
        }
        match action {
            Action::Back | Action::Open => return shell.moves.push(Move::Pop),
            Action::Select => {
                self.toggle();
                self.table.move_by(1, count);
            }
            Action::Left => self.widen(false),
            Action::Right => self.widen(true),
            Action::ColumnUp => self.carry(false),
            Action::ColumnDown => self.carry(true),
            Action::Pin => self.pin(),
            Action::ColumnReset => {
                let delivered = Layout::of(self.kind);
                self.layout = Layout { collation: self.layout.collation, ..delivered };
            }
            _ => return,
        }
        if self.layout != shell.layout(self.kind) {
            shell.arrange(self.kind, self.layout.clone());
        }
    }
}
