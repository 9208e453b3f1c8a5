//! What becomes of each row of a sheet: a preview until it is written, with what a person must look at first.

use ratatui::layout::Rect;

use super::{Detail, Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::record::Issue;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::arranged::Sheet;
use crate::tui::data::Imported;
use crate::tui::effect::Effect;
use crate::tui::import::ImportAsk;
use crate::tui::text::{cells, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// What becomes of a row, in the order in which rows are shown.
const OUTCOMES: [&str; 4] = ["refused", "changed", "added", "same"];
/// Most lines that the issues of a row take.
const MOST_LINES: u16 = 6;

/// One row of the sheet.
struct Line {
    row: u32,
    key: String,
    outcome: &'static str,
    id: Option<RecordId>,
    issues: Vec<Issue>,
}

/// A sheet that was read.
pub struct ImportPage {
    ask: ImportAsk,
    imported: Box<Imported>,
    lines: Vec<Line>,
    table: TableState,
    /// True while it is being written.
    writing: bool,
}

impl ImportPage {
    /// Shows what would become of the rows, or became of them.
    pub fn new(ask: ImportAsk, imported: Box<Imported>) -> Self {
        let mut lines: Vec<Line> = imported
            .plan
            .rows
            .iter()
            .map(|row| Line {
                row: row.row,
                key: row.key.clone(),
                outcome: row.outcome.key(),
                id: row.outcome.id(),
                issues: row.issues.clone(),
            })
            .collect();
        let place = |line: &Line| {
            let outcome = OUTCOMES.iter().position(|word| *word == line.outcome);
            (outcome != Some(0), line.issues.is_empty(), outcome, line.row)
        };
        lines.sort_by_key(place);
        Self { ask, imported, lines, table: TableState::default(), writing: false }
    }

    fn count(&self, outcome: &str) -> usize {
        self.lines.iter().filter(|line| line.outcome == outcome).count()
    }

    /// Rows that are written, or were.
    fn good(&self) -> usize {
        self.count("added") + self.count("changed")
    }

    fn warned(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| line.outcome != "refused" && !line.issues.is_empty())
            .count()
    }

    fn title(&self, shell: &Shell) -> String {
        let kind = shell.locale.kind_label(self.imported.sheet.kind.spec());
        let file = self.ask.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let key = if self.imported.written { "import-written" } else { "import-preview" };
        let args = [("file", file.unwrap_or_default()), ("kind", kind)];
        let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
        shell.text_with(key, &args)
    }

    fn counts(&self, shell: &Shell) -> String {
        let mut parts: Vec<String> = OUTCOMES
            .iter()
            .map(|word| (shell.text(&format!("import-{word}")), self.count(word)))
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        parts.push(format!("{} {}", shell.text("import-warned"), self.warned()));
        parts.join("  ")
    }

    fn said(&self, shell: &Shell, issue: &Issue) -> String {
        let text = shell.locale.issue_of(self.imported.sheet.kind.spec(), issue);
        format!("{} {text}", if issue.is_error() { "x" } else { "!" })
    }

    fn texts(&self, shell: &Shell, line: &Line) -> Vec<String> {
        let first = line.issues.first().map(|issue| self.said(shell, issue)).unwrap_or_default();
        let outcome = shell.text(&format!("import-{}", line.outcome));
        vec![line.row.to_string(), line.key.clone(), outcome, first]
    }

    fn headings(shell: &Shell) -> Vec<String> {
        let keys = ["import-row", "column-record", "import-outcome", "import-issues"];
        keys.map(|key| shell.text(key)).to_vec()
    }

    /// What is wrong with the row under the cursor, or what is to be said of the sheet as a whole.
    fn below(&self, shell: &Shell, wide: usize) -> Vec<String> {
        let own = self.lines.get(self.table.cursor).map(|line| line.issues.as_slice());
        let issues = match own {
            Some(issues) if !issues.is_empty() => issues,
            _ => &self.imported.sheet.notes,
        };
        issues.iter().flat_map(|issue| wrap(&self.said(shell, issue), wide)).collect()
    }

    fn write(&mut self, shell: &mut Shell) {
        self.writing = true;
        shell.say(Tone::Hint, shell.text("import-writing"));
        shell.effects.push(Effect::Import(self.ask.clone(), true));
    }
}

impl Page for ImportPage {
    fn chain(&self) -> &'static [Context] {
        &[Context::Import, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-import")
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let inner = ui.frame(area, &self.title(shell), &self.counts(shell));
        let wide = usize::from(inner.width.saturating_sub(4));
        let below = self.below(shell, wide);
        let lines = cells(below.len()).min(MOST_LINES).min(inner.height / 2);
        let body =
            Rect { height: inner.height.saturating_sub(lines + u16::from(lines > 0)), ..inner };
        let mut headings = Self::headings(shell).into_iter();
        let mut next = || headings.next().unwrap_or_default();
        let rest = inner.width.saturating_sub(38).max(12);
        let columns = [
            column(next(), 6, true),
            column(next(), 14, false),
            column(next(), 8, false),
            column(next(), rest, false),
        ];
        let count = self.lines.len();
        let table = Table { columns: &columns, pinned: 1, count, state: &self.table };
        table.draw(ui, body, |index| {
            let line = self.lines.get(index);
            let texts = line.map(|line| self.texts(shell, line)).unwrap_or_default();
            Row { texts, ..Row::default() }
        });
        if lines > 0 {
            ui.rule(inner.x, body.bottom(), inner.width);
        }
        for (text, y) in below.iter().take(usize::from(lines)).zip(body.bottom() + 1..) {
            ui.put(inner.x + 2, y, text, inner.width.saturating_sub(4), Role::Warning);
        }
    }

    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        let count = self.good().to_string();
        (action == Action::Apply).then(|| shell.text_with("import-apply", &[("count", &count)]))
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let id = self.lines.get(self.table.cursor).and_then(|line| line.id);
        let gone = || {
            let known = id.zip(shell.data.as_ref()).map(|(id, data)| data.is_gone(id));
            known.unwrap_or(true)
        };
        match action {
            Action::Apply if self.imported.written => Err(shell.text("why-imported")),
            Action::Apply if self.writing => Err(shell.text("import-writing")),
            Action::Apply if self.good() == 0 => Err(shell.text("why-nothing-to-import")),
            Action::Open if gone() => Err(shell.text("why-no-record-yet")),
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        if self.table.moved(action, self.lines.len()) {
            return;
        }
        match action {
            Action::Apply if self.count("refused") > 0 => {
                let counts = [self.count("refused").to_string(), self.good().to_string()];
                let [refused, good] = counts.each_ref().map(String::as_str);
                let args = [("refused", refused), ("count", good)];
                let text = shell.text_with("import-some", &args);
                let answers = vec![shell.text("answer-cancel"), shell.text("answer-import")];
                let dialog = Dialog::ask(shell.text("import-some-title"), text, answers);
                shell.ask(Purpose::Import, dialog.opened_at(shell.now_ms));
            }
            Action::Apply => self.write(shell),
            Action::Open => {
                let id = self.lines.get(self.table.cursor).and_then(|line| line.id);
                if let Some(id) = id {
                    let detail = Detail::new(shell, id, vec![id]);
                    shell.moves.push(Move::Push(Box::new(detail)));
                }
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn imported(&mut self, shell: &mut Shell, imported: Box<Imported>) -> Option<Box<Imported>> {
        if !self.writing {
            return Some(imported);
        }
        *self = Self::new(self.ask.clone(), imported);
        let count = self.good().to_string();
        shell.say(Tone::Good, shell.text_with("import-done", &[("count", &count)]));
        shell.changed();
        None
    }

    fn refused(&mut self, shell: &mut Shell, problem: &str, _code: &str) {
        self.writing = false;
        shell.say(Tone::Bad, problem.to_owned());
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        if let (Purpose::Import, Reply::Answer(1, _)) = (purpose, reply) {
            self.write(shell);
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.lines.len())
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        vec![self.title(shell), self.counts(shell)]
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let Some(line) = self.lines.get(row) else { return String::new() };
        let mut texts = self.texts(shell, line);
        texts.truncate(3);
        texts.extend(line.issues.iter().map(|issue| self.said(shell, issue)));
        texts.join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn sheet(&self, shell: &Shell) -> Option<Sheet> {
        let mut rows = vec![Self::headings(shell)];
        for line in &self.lines {
            let mut texts = self.texts(shell, line);
            texts.truncate(3);
            let issues: Vec<String> =
                line.issues.iter().map(|issue| self.said(shell, issue)).collect();
            texts.push(issues.join("; "));
            rows.push(texts);
        }
        Some(Sheet { name: "import".to_owned(), title: self.title(shell), rows, taken: None })
    }
}
