//! What is due in the coming year, of all modules; Enter goes to the record.

use ratatui::layout::Rect;

use super::{Detail, Page};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell, Tone};
use crate::tui::arranged::Sheet;
use crate::tui::data::TaskView;
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// The days and where the cursor is.
#[derive(Default)]
pub(super) struct Agenda {
    table: TableState,
    /// Rows there were when they were last read.
    count: usize,
}

impl Agenda {
    /// Shows what a worker has found, or that it still looks.
    pub(super) fn new(shell: &Shell) -> Self {
        let mut page = Self::default();
        page.reload(shell);
        page
    }

    fn lines(shell: &Shell) -> &[TaskView] {
        shell.agenda.as_deref().unwrap_or_default()
    }

    fn texts(shell: &Shell, line: &TaskView) -> Vec<String> {
        let due = line.task.due.map(|due| due.to_string()).unwrap_or_default();
        let name = shell.locale.text(&format!("cli-task-{}", line.task.code));
        vec![due, name, line.title.clone(), line.unit_name.clone()]
    }

    fn headings(shell: &Shell) -> Vec<String> {
        let keys = ["cli-col-due", "cli-col-task", "cli-col-record", "cli-col-unit"];
        keys.map(|key| shell.locale.text(key)).to_vec()
    }

    fn title(shell: &Shell) -> String {
        let count = Self::lines(shell).len().to_string();
        shell.text_with("agenda-title", &[("date", &shell.today.to_string()), ("count", &count)])
    }
}

impl Page for Agenda {
    fn chain(&self) -> &'static [Context] {
        &[Context::Agenda, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-agenda")
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
        let waiting = shell.agenda.is_none();
        if waiting || self.count == 0 {
            let key = if waiting { "figures-counting" } else { "agenda-none" };
            let wide = inner.width.saturating_sub(6);
            ui.put(inner.x + 3, inner.y + 2, &shell.text(key), wide, Role::Title);
            return;
        }
        let mut headings = Self::headings(shell).into_iter();
        let mut next = || headings.next().unwrap_or_default();
        let rest = inner.width.saturating_sub(18);
        let columns = [
            column(next(), 10, false),
            column(next(), (rest * 2 / 5).max(20), false),
            column(next(), (rest * 7 / 20).max(16), false),
            column(next(), (rest / 4).saturating_sub(1).max(12), false),
        ];
        let table = Table { columns: &columns, pinned: 1, count: self.count, state: &self.table };
        table.draw(ui, inner, |index| {
            let line = Self::lines(shell).get(index);
            let texts = line.map(|line| Self::texts(shell, line)).unwrap_or_default();
            Row { texts, ..Row::default() }
        });
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let record = Self::lines(shell).get(self.table.cursor).and_then(|line| line.task.record);
        match action {
            Action::Open if record.is_none() => Err(shell.text("agenda-no-record")),
            _ => Ok(()),
        }
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
        match action {
            Action::Open => {
                let line = Self::lines(shell).get(self.table.cursor);
                let Some(id) = line.and_then(|line| line.task.record) else { return };
                if shell.data.as_ref().is_none_or(|data| data.is_gone(id)) {
                    shell.say(Tone::Bad, shell.text("record-gone"));
                    return;
                }
                let detail = Detail::new(shell, id, vec![id]);
                shell.moves.push(Move::Push(Box::new(detail)));
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let mut rows = vec![Self::headings(shell)];
        rows.extend(Self::lines(shell).iter().map(|line| Self::texts(shell, line)));
        Some(Sheet { name: "agenda".to_owned(), title: Self::title(shell), rows, taken: None })
    }
}
