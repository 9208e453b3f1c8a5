//! A table that is safe with wide characters: cells cut with a mark, pinned columns, scrolled by whole columns, only visible rows built.

use std::cell::Cell;

use ratatui::layout::Rect;

use crate::tui::actions::Action;
use crate::tui::text::{cells, fit_right, width};
use crate::tui::theme::Role;
use crate::tui::ui::{Ui, follow};

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Heading.
    pub title: String,
    /// Cells, without the gap to the next column.
    pub cells: u16,
    /// Figures stand at the right.
    pub right: bool,
}

/// One row as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Texts, one for each column.
    pub texts: Vec<String>,
    /// The row is selected.
    pub selected: bool,
    /// Something a person must look at.
    pub alarm: bool,
}

/// Where the table is scrolled to.
#[derive(Clone, Debug, Default)]
pub struct TableState {
    /// Row the cursor is on.
    pub cursor: usize,
    /// Column the cursor is in.
    pub column: usize,
    columns_skipped: Cell<usize>,
    scroll: Cell<usize>,
    page: Cell<usize>,
}

/// Cells before the first column: cursor and selection mark.
const MARKS: u16 = 3;
/// Cells between columns.
const GAP: u16 = 1;

impl TableState {
    /// Returns the rows of a page, as it was last drawn.
    pub fn page(&self) -> usize {
        self.page.get().max(1)
    }

    /// Returns the first row shown, as it was last drawn.
    pub fn first(&self) -> usize {
        self.scroll.get()
    }

    /// Moves the cursor by rows, within a list of `count`.
    pub fn move_by(&mut self, rows: isize, count: usize) {
        let last = count.saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(rows).min(last);
    }

    /// Moves the cursor as an action of moving about says, within a list of `count`; false if the action is another one.
    pub fn moved(&mut self, action: Action, count: usize) -> bool {
        let page = isize::try_from(self.page()).unwrap_or(1);
        match action {
            Action::Up => self.move_by(-1, count),
            Action::Down => self.move_by(1, count),
            Action::PageUp => self.move_by(-page, count),
            Action::PageDown => self.move_by(page, count),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = count.saturating_sub(1),
            _ => return false,
        }
        true
    }
}

/// A table about to be drawn.
pub struct Table<'a> {
    /// All columns.
    pub columns: &'a [Column],
    /// How many of the first columns never scroll away.
    pub pinned: usize,
    /// How many rows there are in all.
    pub count: usize,
    /// Scroll and cursor.
    pub state: &'a TableState,
}

impl Table<'_> {
    /// Draws header and rows; `row` is asked for visible rows only.
    pub fn draw(&self, ui: &mut Ui<'_>, area: Rect, mut row: impl FnMut(usize) -> Row) {
        if area.height < 2 {
            return;
        }
        let shown = self.follow_column(area.width);
        self.draw_header(ui, area, &shown);
        let visible = usize::from(area.height - 1);
        self.state.page.set(visible);
        let scroll = &self.state.scroll;
        scroll.set(scroll.get().min(self.count.saturating_sub(visible)));
        let first = follow(scroll, self.state.cursor, visible);
        for (index, y) in (first..self.count).zip(area.y + 1..area.bottom()) {
            let current = index == self.state.cursor;
            draw_row(ui, (area.x, y, area.width), &shown, &row(index), current);
        }
        let rows = Rect { y: area.y + 1, height: area.height - 1, ..area };
        ui.more(rows, first > 0, first + visible < self.count);
    }

    /// Draws a line of texts below the rows, under their columns.
    pub fn draw_line(&self, ui: &mut Ui<'_>, (x, y, wide): (u16, u16, u16), texts: &[String]) {
        ui.put(x, y, "", wide, Role::Title);
        for (index, left, count, right) in self.shown_columns(wide) {
            let text = texts.get(index).map_or("", String::as_str);
            ui.put(x + left, y, &aligned(text, count, right), count, Role::Title);
        }
    }

    /// Scrolls by whole columns until the cursor's is there, and returns the columns that fit.
    fn follow_column(&self, wide: u16) -> Vec<(usize, u16, u16, bool)> {
        let (skipped, column) = (&self.state.columns_skipped, self.state.column);
        if column >= self.pinned {
            skipped.set(skipped.get().min(column - self.pinned));
        }
        loop {
            let shown = self.shown_columns(wide);
            let wanted = self.columns.get(column).map_or(0, |column| column.cells);
            let here = shown.iter().find(|(index, ..)| *index == column);
            let whole = here.is_some_and(|(_, _, count, _)| *count >= wanted);
            if column <= self.pinned || whole || self.pinned + skipped.get() >= column {
                return shown;
            }
            skipped.set(skipped.get() + 1);
        }
    }

    /// Returns the columns that fit: index, left edge (from the table's), cells.
    fn shown_columns(&self, wide: u16) -> Vec<(usize, u16, u16, bool)> {
        let mut x = MARKS;
        let mut shown = Vec::new();
        let skip = self.pinned..self.pinned + self.state.columns_skipped.get();
        for (index, column) in self.columns.iter().enumerate().filter(|(i, _)| !skip.contains(i)) {
            let left = wide.saturating_sub(x);
            let least = column.cells.min(4);
            if left < least {
                break;
            }
            let last = index + 1 == self.columns.len();
            let count = if last { left } else { column.cells.min(left) };
            shown.push((index, x, count, column.right));
            x += count + GAP;
        }
        shown
    }

    fn draw_header(&self, ui: &mut Ui<'_>, area: Rect, shown: &[(usize, u16, u16, bool)]) {
        ui.put(area.x, area.y, "", area.width, Role::Title);
        for (index, x, count, right) in shown {
            if let Some(column) = self.columns.get(*index) {
                let text = aligned(&column.title, *count, *right);
                let here = self.state.column > 0 && *index == self.state.column;
                let role = if here { Role::Selected } else { Role::Title };
                ui.put(area.x + x, area.y, &text, *count, role);
            }
        }
        if self.state.columns_skipped.get() > 0 {
            ui.put(area.x, area.y, "<", 1, Role::Key);
        }
        let last = shown.last().map_or(0, |(index, ..)| index + 1);
        if last < self.columns.len() {
            ui.put(area.right().saturating_sub(1), area.y, ">", 1, Role::Key);
        }
    }
}

fn aligned(text: &str, count: u16, right: bool) -> String {
    if right { fit_right(text, usize::from(count)) } else { text.to_owned() }
}

fn draw_row(
    ui: &mut Ui<'_>,
    (x, y, wide): (u16, u16, u16),
    shown: &[(usize, u16, u16, bool)],
    row: &Row,
    current: bool,
) {
    let role = match (current, row.alarm) {
        (true, _) => Role::Selected,
        (false, true) => Role::Warning,
        (false, false) => Role::Text,
    };
    ui.put(x, y, "", wide, role);
    ui.put(x, y, if current { ">" } else { " " }, 1, role);
    ui.put(x + 1, y, if row.selected { "*" } else { " " }, 1, role);
    for (index, left, count, right) in shown {
        let text = row.texts.get(*index).map_or("", String::as_str);
        ui.put(x + left, y, &aligned(text, *count, *right), *count, role);
    }
}

/// Returns the cells a column needs: its heading or the width asked for, whichever is more.
pub fn column(title: String, wanted: u16, right: bool) -> Column {
    let least = cells(width(&title));
    Column { cells: wanted.max(least), title, right }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::tui::theme::Theme;
    use crate::tui::ui::{Chrome, dump};

    fn drawn(skipped: usize, cursor: usize, wide: u16) -> (String, usize) {
        let columns = [
            column("姓名".into(), 6, false),
            column("單位".into(), 8, false),
            column("學時".into(), 5, true),
            column("備註".into(), 30, false),
        ];
        let state = TableState { cursor, column: skipped + 1, ..TableState::default() };
        state.columns_skipped.set(skipped);
        let mut buf = Buffer::empty(Rect::new(0, 0, wide, 5));
        let theme = Theme::mono();
        let mut ui = Ui::new(&mut buf, &theme, Chrome::Narrow);
        let mut asked = 0;
        Table { columns: &columns, pinned: 1, count: 100_000, state: &state }.draw(
            &mut ui,
            Rect::new(0, 0, wide, 5),
            |n| {
                asked += 1;
                Row {
                    texts: vec![format!("王小明{n}"), "資訊學院".into(), "38.5".into(), "x".into()],
                    ..Row::default()
                }
            },
        );
        (dump(&buf), asked)
    }

    #[test]
    fn a_list_that_became_shorter_fills_the_page() {
        let state = TableState { cursor: 90, ..TableState::default() };
        let shown = |state: &TableState, count: usize| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 20, 5));
            let theme = Theme::mono();
            let mut ui = Ui::new(&mut buf, &theme, Chrome::Narrow);
            let columns = [column("n".into(), 6, false)];
            let table = Table { columns: &columns, pinned: 1, count, state };
            let mut asked = Vec::new();
            table.draw(&mut ui, Rect::new(0, 0, 20, 5), |n| {
                asked.push(n);
                Row { texts: vec![n.to_string()], ..Row::default() }
            });
            asked
        };
        assert_eq!(shown(&state, 100), [87, 88, 89, 90]);
        let state = TableState { cursor: 9, ..state };
        assert_eq!(shown(&state, 10), [6, 7, 8, 9]);
    }

    #[test]
    fn only_visible_rows_are_asked_for() {
        assert_eq!(drawn(0, 99_999, 40).1, 4);
    }

    #[test]
    fn cells_are_cut_with_a_mark_and_figures_stand_right() {
        let (text, _) = drawn(0, 0, 40);
        assert_eq!(text.lines().next().unwrap(), "   姓名   單位      學時 備註");
        assert_eq!(text.lines().nth(1).unwrap(), ">  王小~  資訊學院  38.5 x");
    }

    #[test]
    fn scrolling_by_columns_keeps_the_pinned_ones() {
        let (text, _) = drawn(1, 0, 40);
        assert_eq!(text.lines().next().unwrap(), "<  姓名    學時 備註");
        assert!(drawn(0, 0, 16).0.lines().next().unwrap().ends_with('>'));
    }
}
