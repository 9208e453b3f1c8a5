//! The four boards of the series: every figure opens into who is missing, or unit by unit.

use ratatui::layout::Rect;

use super::coverage::{Coverage, figure_name, percent};
use super::{List, Page};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell};
use crate::tui::arranged::Sheet;
use crate::tui::data::BoardLine;
use crate::tui::text::bar;
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// Cells of the bar.
const BAR: usize = 10;

/// The boards and where the cursor is.
#[derive(Default)]
pub(super) struct Boards {
    table: TableState,
    /// Rows there were when they were last read.
    count: usize,
}

impl Boards {
    /// Shows what a worker has computed, or that it still counts.
    pub(super) fn new(shell: &Shell) -> Self {
        let mut page = Self::default();
        page.reload(shell);
        page
    }

    fn lines(shell: &Shell) -> &[BoardLine] {
        shell.boards.as_deref().unwrap_or_default()
    }

    fn current<'a>(&self, shell: &'a Shell) -> Option<&'a BoardLine> {
        Self::lines(shell).get(self.table.cursor)
    }

    /// Board, figure, numbers, and how it changed.
    fn texts(shell: &Shell, line: &BoardLine) -> Vec<String> {
        let (part, whole) = (line.ratio.part, line.ratio.whole);
        let rate = |part: usize, whole: usize| {
            if whole == 0 { String::new() } else { format!("{}%", percent(part, whole)) }
        };
        let before = line.before.map(|(part, whole)| rate(part, whole)).unwrap_or_default();
        vec![
            shell.locale.text(&format!("cli-board-{}", line.board)),
            figure_name(shell, &line.ratio),
            rate(part, whole),
            before,
            part.to_string(),
            whole.to_string(),
        ]
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let lines = Self::lines(shell);
        let Some(line) = lines.get(index) else { return Row::default() };
        let mut texts = Self::texts(shell, line);
        let above = index.checked_sub(1).and_then(|above| lines.get(above));
        if above.is_some_and(|above| above.board == line.board)
            && index != self.table.cursor
            && let Some(board) = texts.first_mut()
        {
            board.clear();
        }
        let drawn = if line.ratio.whole == 0 {
            String::new()
        } else {
            bar(line.ratio.part, line.ratio.whole, BAR)
        };
        texts.insert(2, drawn);
        Row { texts, ..Row::default() }
    }

    fn headings(shell: &Shell) -> Vec<String> {
        let keys = [
            "cli-col-board",
            "cli-col-name",
            "cli-col-rate",
            "cli-col-rate-month-before",
            "cli-col-numerator",
            "cli-col-denominator",
        ];
        keys.map(|key| shell.locale.text(key)).to_vec()
    }

    fn title(shell: &Shell) -> String {
        shell.text_with("boards-title", &[("date", &shell.today.to_string())])
    }
}

impl Page for Boards {
    fn chain(&self) -> &'static [Context] {
        &[Context::Boards, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-boards")
    }

    fn tab(&self) -> Option<usize> {
        Some(0)
    }

    fn reload(&mut self, shell: &Shell) {
        self.count = Self::lines(shell).len();
        self.table.move_by(0, self.count);
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let inner = ui.frame(area, &Self::title(shell), "");
        if shell.boards.is_none() {
            let wide = inner.width.saturating_sub(6);
            ui.put(inner.x + 3, inner.y + 2, &shell.text("figures-counting"), wide, Role::Title);
            return;
        }
        let mut headings = Self::headings(shell).into_iter();
        let mut next = || headings.next().unwrap_or_default();
        let name = inner.width.saturating_sub(49).max(18);
        let columns = [
            column(next(), 7, false),
            column(next(), name, false),
            column(String::new(), 10, false),
            column(next(), 5, true),
            column(next(), 8, true),
            column(next(), 5, true),
            column(next(), 5, true),
        ];
        let table = Table { columns: &columns, pinned: 2, count: self.count, state: &self.table };
        table.draw(ui, inner, |index| self.row(shell, index));
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let line = self.current(shell);
        match action {
            Action::Open if line.is_none_or(|line| line.ratio.missing.is_empty()) => {
                Err(shell.text("why-none-missing"))
            }
            Action::ByUnit if line.is_none_or(|line| line.ratio.units.is_empty()) => {
                Err(shell.text("why-no-figure"))
            }
            _ => Ok(()),
        }
    }

    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        (action == Action::Open).then(|| shell.text("coverage-open"))
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.count)
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        vec![Self::title(shell)]
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let line = Self::lines(shell).get(row);
        line.map(|line| Self::texts(shell, line).join("; ")).unwrap_or_default()
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        if self.table.moved(action, self.count) {
            return;
        }
        let line = self.current(shell).cloned();
        match (action, line) {
            (Action::Open, Some(line)) => {
                let figure = figure_name(shell, &line.ratio);
                let name = shell.text_with("figure-missing", &[("figure", &figure)]);
                let list = List::of_records(shell, line.ratio.kind, line.ratio.missing, &name);
                shell.moves.push(Move::Push(Box::new(list)));
            }
            (Action::ByUnit, Some(line)) => {
                shell.moves.push(Move::Push(Box::new(Coverage::new(line.ratio))));
            }
            (Action::Back, _) => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let mut rows = vec![Self::headings(shell)];
        rows.extend(Self::lines(shell).iter().map(|line| Self::texts(shell, line)));
        Some(Sheet { name: "boards".to_owned(), title: Self::title(shell), rows, taken: None })
    }
}
