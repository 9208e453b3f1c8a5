//! One figure unit by unit, the lowest first. Enter goes to the records that are missing from a unit's.

use std::cell::Cell;

use ratatui::layout::Rect;

use super::{List, Page};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell};
use crate::tui::arranged::Sheet;
use crate::tui::data::{Ratio, UnitShare};
use crate::tui::text::{bar, fit, fit_right};
use crate::tui::theme::Role;
use crate::tui::ui::{Ui, follow};

/// A figure by unit, and where its cursor is.
pub(super) struct Coverage {
    ratio: Ratio,
    cursor: usize,
    scroll: Cell<usize>,
    page: Cell<usize>,
}

impl Coverage {
    /// Shows a figure by unit.
    pub(super) const fn new(ratio: Ratio) -> Self {
        Self { ratio, cursor: 0, scroll: Cell::new(0), page: Cell::new(1) }
    }

    fn title(&self, shell: &Shell) -> String {
        let name = figure_name(shell, &self.ratio);
        let (part, whole) = (self.ratio.part, self.ratio.whole);
        let percent = percent(part, whole).to_string();
        let args = [
            ("figure", name.as_str()),
            ("percent", &percent),
            ("part", &part.to_string()),
            ("whole", &whole.to_string()),
        ];
        shell.text_with("coverage-title", &args)
    }

    fn open(&self, shell: &mut Shell) {
        let Some(share) = self.ratio.units.get(self.cursor) else { return };
        let figure = figure_name(shell, &self.ratio);
        let name = shell.text_with("figure-missing", &[("figure", &figure)]);
        let name = format!("{name} {}", unit_name(shell, share));
        let list = List::of_records(shell, self.ratio.kind, share.missing.clone(), &name);
        shell.moves.push(Move::Push(Box::new(list)));
    }
}

/// Says what a figure is called: its report, and its part.
pub(super) fn figure_name(shell: &Shell, ratio: &Ratio) -> String {
    let report = shell.text(&format!("figure-{}", ratio.name));
    match ratio.figure {
        "all" => report,
        part => format!("{report} {}", shell.locale.text(&format!("cli-part-{part}"))),
    }
}

/// Returns how many in a hundred.
pub(super) fn percent(part: usize, whole: usize) -> usize {
    (part * 100).checked_div(whole).unwrap_or(0)
}

fn unit_name(shell: &Shell, share: &UnitShare) -> String {
    if share.unit.is_empty() { shell.text("coverage-no-unit") } else { share.unit.clone() }
}

/// Says one unit's figure in so many cells: name, bar, percent, numerator and denominator.
pub(super) fn unit_line(shell: &Shell, share: &UnitShare, wide: usize) -> String {
    let figures = format!("{}/{}", share.part, share.whole);
    let name = wide.saturating_sub(34).clamp(8, 40);
    format!(
        "{} {} {}% {}",
        fit(&unit_name(shell, share), name),
        bar(share.part, share.whole, 16),
        fit_right(&percent(share.part, share.whole).to_string(), 3),
        fit_right(&figures, 9)
    )
}

impl Page for Coverage {
    fn chain(&self) -> &'static [Context] {
        &[Context::Coverage, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        figure_name(shell, &self.ratio)
    }

    fn tab(&self) -> Option<usize> {
        Some(0)
    }

    fn reload(&mut self, shell: &Shell) {
        let on_boards = shell.boards.iter().flatten().map(|line| &line.ratio);
        let same =
            |ratio: &&Ratio| (&ratio.name, ratio.figure) == (&self.ratio.name, self.ratio.figure);
        if let Some(now) = shell.figures.iter().chain(on_boards).find(same) {
            self.ratio = now.clone();
        }
        self.cursor = self.cursor.min(self.ratio.units.len().saturating_sub(1));
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let inner = ui.frame(area, &self.title(shell), "");
        let visible = usize::from(inner.height);
        self.page.set(visible);
        let first = follow(&self.scroll, self.cursor, visible);
        let units = self.ratio.units.iter().enumerate().skip(first);
        for ((index, share), y) in units.zip(inner.y..inner.bottom()) {
            let current = index == self.cursor;
            let role = if current { Role::Selected } else { Role::Text };
            let mark = if current { ">" } else { " " };
            let line = unit_line(shell, share, usize::from(inner.width));
            ui.put(inner.x, y, &format!("{mark} {line}"), inner.width, role);
        }
        ui.more(inner, first > 0, first + visible < self.ratio.units.len());
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let share = self.ratio.units.get(self.cursor);
        match action {
            Action::Open if share.is_none_or(|share| share.missing.is_empty()) => {
                Err(shell.text("why-none-missing"))
            }
            _ => Ok(()),
        }
    }

    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        (action == Action::Open).then(|| shell.text("coverage-open"))
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.ratio.units.len())
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        vec![self.title(shell)]
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let said = |share: &UnitShare| {
            let percent = percent(share.part, share.whole);
            format!("{}: {percent}% {}/{}", unit_name(shell, share), share.part, share.whole)
        };
        self.ratio.units.get(row).map(said).unwrap_or_default()
    }

    fn go_to(&mut self, row: usize) {
        self.cursor = row;
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let last = self.ratio.units.len().saturating_sub(1);
        match action {
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = (self.cursor + 1).min(last),
            Action::PageUp => self.cursor = self.cursor.saturating_sub(self.page.get()),
            Action::PageDown => self.cursor = (self.cursor + self.page.get()).min(last),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = last,
            Action::Open => self.open(shell),
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let heads = ["field-unit", "coverage-part", "coverage-whole", "coverage-percent"];
        let mut rows = vec![heads.map(|key| shell.text(key)).to_vec()];
        rows.extend(self.ratio.units.iter().map(|share| {
            let figures = [share.part, share.whole, percent(share.part, share.whole)];
            let name = std::iter::once(unit_name(shell, share));
            name.chain(figures.map(|figure| figure.to_string())).collect()
        }));
        let name = format!("figure-{}", self.ratio.name);
        Some(Sheet { name, title: self.title(shell), rows, taken: None })
    }
}
