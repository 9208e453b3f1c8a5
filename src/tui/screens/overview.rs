//! The overview: what waits for a person, and how many records of each kind there are. Enter goes to the list behind a figure.

use ratatui::layout::Rect;

use super::agenda::Agenda;
use super::boards::Boards;
use super::coverage::{Coverage, percent, unit_line};
use super::form::Form;
use super::{AttentionList, ConflictList, List, Page, SyncScreen, Values};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::locale::instant_text;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell};
use crate::tui::arranged::{CREATED, Sheet};
use crate::tui::data::{Filter, Query, Ratio};
use crate::tui::effect::Effect;
use crate::tui::import;
use crate::tui::text::{bar, cells, fit, fit_right};
use crate::tui::theme::Role;
use crate::tui::ui::{Ui, follow};

/// Areas whose kinds are listed without records, too.
const MAIN: &[&str] = &["org", "training", "cultivation", "staff"];

/// One line that Enter opens.
#[derive(Clone, Debug)]
enum Line {
    /// Conflicts to settle.
    Conflicts,
    /// Refused changes.
    Attention,
    /// Changes not sent yet.
    Pending,
    /// A form that was left half filled, and when, in milliseconds since 1970.
    Draft(Kind, Option<RecordId>, i64),
    /// A figure with the records that are missing from it.
    Ratio(Ratio),
    /// All records of a kind.
    Records(Kind, usize),
}

/// The overview and where its cursor is.
pub struct Overview {
    lines: Vec<Line>,
    cursor: usize,
    scroll: std::cell::Cell<usize>,
}

impl Overview {
    /// Reads the figures.
    pub fn new(shell: &Shell) -> Self {
        let mut overview = Self { lines: Vec::new(), cursor: 0, scroll: std::cell::Cell::new(0) };
        overview.reload(shell);
        overview
    }

    fn open(&self, shell: &mut Shell) {
        let page: Box<dyn Page> = match self.lines.get(self.cursor) {
            None => return,
            Some(Line::Conflicts) => Box::new(ConflictList::new(shell)),
            Some(Line::Attention) => Box::new(AttentionList::new(shell)),
            Some(Line::Pending) => Box::new(SyncScreen),
            Some(Line::Draft(_, Some(id), _)) => return Form::start_edit(shell, *id, false),
            Some(Line::Draft(kind, None, _)) => return Form::start_new(shell, *kind, &[]),
            Some(Line::Ratio(ratio)) => {
                let name = shell.text_with(
                    "figure-missing",
                    &[("figure", &shell.text(&format!("figure-{}", ratio.name)))],
                );
                Box::new(List::of_records(shell, ratio.kind, ratio.missing.clone(), &name))
            }
            Some(Line::Records(kind, _)) => Box::new(List::new(shell, *kind, Vec::<Filter>::new())),
        };
        shell.moves.push(Move::Push(page));
    }

    /// Returns the figure under the cursor, else the first one.
    fn ratio(&self) -> Option<&Ratio> {
        let of = |line: &'_ Line| matches!(line, Line::Ratio(_));
        let here = self.lines.get(self.cursor).filter(|line| of(line));
        match here.or_else(|| self.lines.iter().find(|line| of(line))) {
            Some(Line::Ratio(ratio)) => Some(ratio),
            _ => None,
        }
    }

    /// Draws the units of a figure at the right; returns what is left of the area.
    fn draw_units(&self, shell: &Shell, ui: &mut Ui<'_>, inner: Rect) -> Rect {
        let Some(ratio) = self.ratio().filter(|_| inner.width >= LEAST_FOR_UNITS) else {
            return inner;
        };
        let wide = inner.width - LINES;
        let x = inner.x + LINES;
        let title = shell.text(&format!("figure-{}", ratio.name));
        let title = shell.text_with("overview-units", &[("figure", &title)]);
        ui.put(x, inner.y, &title, wide, Role::Title);
        for (share, y) in ratio.units.iter().zip(inner.y + 1..inner.bottom()) {
            ui.put(x, y, &unit_line(shell, share, usize::from(wide)), wide, Role::Text);
        }
        Rect { width: LINES - 1, ..inner }
    }

    fn draw_line(ui: &mut Ui<'_>, shell: &Shell, line: &Line, row: Rect, current: bool) {
        let role = match (current, line.is_urgent(shell)) {
            (true, _) => Role::Selected,
            (false, true) => Role::Warning,
            (false, false) => Role::Text,
        };
        let mark = if current { ">" } else { " " };
        let urgent = if line.is_urgent(shell) { "!" } else { " " };
        let text = format!("{mark} {urgent} {}", line.text(shell, row.width));
        ui.put(row.x, row.y, &text, row.width, role);
    }
}

/// Cells of the lines where units stand beside them.
const LINES: u16 = 66;
/// Cells of a screen that has room for both.
const LEAST_FOR_UNITS: u16 = 110;

impl Line {
    fn is_urgent(&self, shell: &Shell) -> bool {
        match self {
            Self::Conflicts => shell.status.conflicts > 0,
            Self::Attention => shell.status.attention > 0,
            Self::Pending | Self::Draft(..) | Self::Ratio(_) | Self::Records(..) => false,
        }
    }

    fn text(&self, shell: &Shell, wide: u16) -> String {
        let name = usize::from(wide.saturating_sub(14).min(32));
        let counted = |label: String, count: usize| {
            format!("{}{}", fit(&label, name), fit_right(&count.to_string(), 8))
        };
        match self {
            Self::Conflicts => counted(shell.text("line-conflicts"), shell.status.conflicts),
            Self::Attention => counted(shell.text("line-attention"), shell.status.attention),
            Self::Pending => counted(shell.text("line-pending"), shell.status.pending),
            Self::Draft(kind, record, at) => {
                let kind = shell.locale.kind_label(kind.spec());
                let title = record.and_then(|id| Some(shell.data.as_ref()?.title(id)));
                let title = title.unwrap_or_else(|| shell.text("draft-new"));
                let args = [("kind", kind.as_str()), ("title", &title), ("at", &instant_text(*at))];
                shell.text_with("line-draft", &args)
            }
            Self::Records(kind, count) => counted(shell.locale.kind_label(kind.spec()), *count),
            Self::Ratio(ratio) => {
                let percent = percent(ratio.part, ratio.whole);
                let figures = format!("{percent}% {}/{}", ratio.part, ratio.whole);
                let label = fit(&shell.text(&format!("figure-{}", ratio.name)), 26);
                format!("{label} {} {}", bar(ratio.part, ratio.whole, 22), figures)
            }
        }
    }
}

impl Page for Overview {
    fn chain(&self) -> &'static [Context] {
        &[Context::Overview, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-overview")
    }

    fn tab(&self) -> Option<usize> {
        Some(0)
    }

    fn reload(&mut self, shell: &Shell) {
        let mut lines = vec![Line::Conflicts, Line::Attention, Line::Pending];
        let drafts = shell.data.as_ref().map(|data| data.drafts()).unwrap_or_default();
        lines.extend(drafts.into_iter().map(|(kind, id, at)| Line::Draft(kind, id, at)));
        lines.extend(shell.figures.iter().cloned().map(Line::Ratio));
        // The menu leads to every kind; without records, the overview lists those of the main areas only.
        let listed = |(kind, count): &&(Kind, usize)| *count > 0 || MAIN.contains(&kind.area());
        let counts = shell.status.records.iter().filter(listed);
        lines.extend(counts.map(|(kind, count)| Line::Records(*kind, *count)));
        self.lines = lines;
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let status = &shell.status;
        let synced = status.last_sync_ms.map_or_else(|| shell.text("never"), instant_text);
        let title = shell.text_with(
            "overview-basis",
            &[("date", &shell.today.to_string()), ("synced", &synced)],
        );
        let inner = ui.frame(area, &title, "");
        let inner = self.draw_units(shell, ui, inner);
        let empty = status.records.iter().all(|(_, count)| *count == 0);
        let mut rows: Vec<(Option<usize>, String)> = Vec::new();
        let mut heading = "";
        for (number, line) in self.lines.iter().enumerate() {
            let wanted = match line {
                Line::Conflicts | Line::Attention | Line::Pending | Line::Draft(..) => {
                    "overview-todo"
                }
                Line::Ratio(_) => "overview-ratios",
                Line::Records(..) => "overview-records",
            };
            if heading != wanted {
                heading = wanted;
                rows.push((None, shell.text(wanted)));
            }
            rows.push((Some(number), String::new()));
        }
        if empty {
            rows.push((None, shell.text("overview-empty")));
        }
        let cursor = rows.iter().position(|(n, _)| *n == Some(self.cursor)).unwrap_or(0);
        let first = follow(&self.scroll, cursor, usize::from(inner.height));
        let first = if cursor < usize::from(inner.height) { 0 } else { first };
        for ((number, text), y) in rows.iter().skip(first).zip(inner.y..inner.bottom()) {
            let row = Rect::new(inner.x, y, inner.width, 1);
            match number.and_then(|n| self.lines.get(n)) {
                Some(line) => Self::draw_line(ui, shell, line, row, *number == Some(self.cursor)),
                None => ui.put(row.x + 1, y, text, row.width.saturating_sub(1), Role::Title),
            }
        }
        ui.more(inner, first > 0, first + usize::from(inner.height) < rows.len());
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let last = self.lines.len().saturating_sub(1);
        match action {
            Action::Open | Action::Right => self.open(shell),
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = (self.cursor + 1).min(last),
            Action::First | Action::PageUp => self.cursor = 0,
            Action::Last | Action::PageDown => self.cursor = last,
            Action::Find => {
                let mut list = List::new(shell, Kind::Person, Vec::<Filter>::new());
                list.start_find("");
                shell.moves.push(Move::Push(Box::new(list)));
            }
            Action::ByUnit => {
                if let Some(ratio) = self.ratio().cloned() {
                    shell.moves.push(Move::Push(Box::new(Coverage::new(ratio))));
                }
            }
            Action::Import => import::start(shell, None, None),
            Action::Boards => {
                shell.effects.push(Effect::Boards(shell.today));
                shell.moves.push(Move::Push(Box::new(Boards::new(shell))));
            }
            Action::Agenda => {
                shell.effects.push(Effect::Agenda(shell.today));
                shell.moves.push(Move::Push(Box::new(Agenda::new(shell))));
            }
            Action::CheckIn => shell.start_check_in(None),
            Action::Chart => {
                // What was enrolled month by month; where nobody was, the persons.
                let any = shell.status.records.iter().any(|(k, n)| *k == Kind::Enrolment && *n > 0);
                let kind = if any { Kind::Enrolment } else { Kind::Person };
                let values = Values::new(shell, &Query::all(kind), CREATED, false);
                if let Some(values) = values {
                    shell.moves.push(Move::Push(Box::new(values.as_chart())));
                }
            }
            Action::Back => shell.ask_quit(),
            _ => {}
        }
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::ByUnit if self.ratio().is_none() => Err(shell.text("why-no-figure")),
            _ => Ok(()),
        }
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let heads = ["overview-figure", "coverage-part", "coverage-whole", "coverage-percent"];
        let mut rows = vec![heads.map(|key| shell.text(key)).to_vec()];
        let cells = |label: String, figures: &[usize]| {
            let figures = figures.iter().map(ToString::to_string);
            std::iter::once(label).chain(figures).collect()
        };
        for line in &self.lines {
            match line {
                Line::Ratio(ratio) => {
                    let label = shell.text(&format!("figure-{}", ratio.name));
                    let (part, whole) = (ratio.part, ratio.whole);
                    rows.push(cells(label, &[part, whole, percent(part, whole)]));
                }
                Line::Records(kind, count) => {
                    rows.push(cells(shell.locale.kind_plural(kind.spec()), &[*count]));
                }
                Line::Conflicts | Line::Attention | Line::Pending | Line::Draft(..) => {}
            }
        }
        let title = shell.text("context-overview");
        Some(Sheet { name: "overview".to_owned(), title, rows, taken: None })
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.lines.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let spoken = |line: &Line| match line {
            Line::Conflicts => counted(shell, "line-conflicts", shell.status.conflicts),
            Line::Attention => counted(shell, "line-attention", shell.status.attention),
            Line::Pending => counted(shell, "line-pending", shell.status.pending),
            Line::Records(kind, count) => {
                format!("{}: {count}", shell.locale.kind_plural(kind.spec()))
            }
            Line::Ratio(ratio) => {
                let label = shell.text(&format!("figure-{}", ratio.name));
                let percent = percent(ratio.part, ratio.whole);
                format!("{label}: {percent}% {}/{}", ratio.part, ratio.whole)
            }
            Line::Draft(..) => line.text(shell, 80),
        };
        self.lines.get(row).map(spoken).unwrap_or_default()
    }

    fn go_to(&mut self, row: usize) {
        self.cursor = row;
    }

    fn line(&mut self, shell: &mut Shell, text: &str) -> bool {
        let mut list = List::new(shell, Kind::Person, Vec::<Filter>::new());
        list.line(shell, text);
        shell.moves.push(Move::Push(Box::new(list)));
        true
    }

    fn typed(&mut self, shell: &mut Shell, key: crate::tui::keys::Key) -> bool {
        let Some(c) = key.typed().filter(|c| crate::tui::keys::is_han(*c)) else { return false };
        let mut list = List::new(shell, Kind::Person, Vec::<Filter>::new());
        list.start_find(&c.to_string());
        shell.met_input_method();
        shell.moves.push(Move::Push(Box::new(list)));
        true
    }
}

/// Says a figure that waits for a person.
fn counted(shell: &Shell, key: &str, count: usize) -> String {
    format!("{}: {count}", shell.text(key))
}

/// Returns the cells of the longest of some texts.
pub(super) fn widest<'a>(texts: impl Iterator<Item = &'a String>) -> u16 {
    texts.map(|text| cells(crate::tui::text::width(text))).max().unwrap_or(0)
}
