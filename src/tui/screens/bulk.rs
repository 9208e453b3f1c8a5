//! The preview of a bulk action: what becomes of every record, why, and the questions before it is done.

use ratatui::layout::Rect;

use super::Page;
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::domain::record::{FieldNo, Value};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell, Tone};
use crate::tui::data::value_text;
use crate::tui::keys::{Code, Key, Named};
use crate::tui::text::{cells, width};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::input::{TextInput, one_line};
use crate::tui::widgets::table::{Row, Table, TableState, column};
use crate::tui::work::{Bulk, BulkChange, BulkRow, BulkStanding};

/// More rows than this are confirmed by typing their number.
const MOST_UNASKED: usize = 20;
/// So is more than one of so many records of the kind.
const SHARE: usize = 10;
/// Keys pressed in the first moments were meant for what was there before.
const TYPE_AHEAD_MS: u64 = 300;

/// Where the cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    Reason,
    Skip,
    Count,
    Cancel,
    Do,
}

/// A bulk action that was not done yet.
pub struct BulkPage {
    kind: Kind,
    what: String,
    bulk: Bulk,
    rows: Vec<BulkRow>,
    /// Records of the kind there are.
    all: usize,
    needs_reason: bool,
    reason: TextInput,
    count: TextInput,
    focus: Focus,
    table: TableState,
    opened_ms: u64,
}

impl BulkPage {
    /// Looks at what a change would do; `what` says it in words.
    pub fn new(shell: &Shell, kind: Kind, bulk: Bulk, what: String) -> Self {
        let needs_reason = match &bulk.change {
            BulkChange::Step(action) => {
                crate::domain::workflow::step(kind, action).is_some_and(|step| step.reason)
            }
            BulkChange::Delete => true,
            BulkChange::Set(_) => false,
        };
        let all = shell.data.as_ref().map_or(0, |data| data.count(kind));
        let mut page = Self {
            kind,
            what,
            bulk,
            rows: Vec::new(),
            all,
            needs_reason,
            reason: TextInput::default(),
            count: TextInput::default(),
            focus: Focus::Cancel,
            table: TableState::default(),
            opened_ms: shell.now_ms,
        };
        page.look(shell);
        page
    }

    fn look(&mut self, shell: &Shell) {
        self.bulk.reason = self.reason.text();
        self.rows =
            shell.data.as_ref().map(|data| data.bulk_preview(&self.bulk)).unwrap_or_default();
        // What a person must know comes first.
        self.rows.sort_by_key(|row| match row.standing {
            BulkStanding::Blocked(..) => 0,
            _ if !row.warnings.is_empty() => 1,
            BulkStanding::Changes | BulkStanding::Skipped => 2,
            BulkStanding::Same => 3,
        });
    }

    fn number(&self, wanted: impl Fn(&BulkStanding) -> bool) -> usize {
        self.rows.iter().filter(|row| wanted(&row.standing)).count()
    }

    fn changing(&self) -> usize {
        self.number(|standing| *standing == BulkStanding::Changes)
    }

    fn warned(&self) -> usize {
        self.rows.iter().filter(|row| !row.warnings.is_empty()).count()
    }

    /// True if the number must be typed: the change is large.
    fn is_large(&self) -> bool {
        let changing = self.changing();
        changing > MOST_UNASKED || (changing > 1 && changing * SHARE > self.all)
    }

    fn stops(&self) -> Vec<Focus> {
        let mut stops = vec![Focus::Reason];
        if self.warned() > 0 {
            stops.push(Focus::Skip);
        }
        if self.is_large() {
            stops.push(Focus::Count);
        }
        stops.extend([Focus::Cancel, Focus::Do]);
        stops
    }

    fn step(&mut self, forward: bool) {
        let stops = self.stops();
        let at = stops.iter().position(|stop| *stop == self.focus).unwrap_or(0);
        let count = stops.len();
        let next = if forward { at + 1 } else { at + count - 1 } % count;
        self.focus = stops.get(next).copied().unwrap_or(Focus::Cancel);
    }

    fn enter(&mut self, shell: &mut Shell) {
        match self.focus {
            Focus::Reason | Focus::Count => self.step(true),
            Focus::Skip => self.toggle(shell),
            Focus::Cancel => shell.moves.push(Move::Pop),
            Focus::Do => self.carry_out(shell),
        }
    }

    fn toggle(&mut self, shell: &Shell) {
        self.bulk.skip_warned = !self.bulk.skip_warned;
        self.look(shell);
    }

    fn carry_out(&mut self, shell: &mut Shell) {
        self.look(shell);
        let changing = self.changing();
        if changing == 0 {
            return shell.say(Tone::Bad, shell.text("bulk-nothing"));
        }
        if self.needs_reason && self.reason.text().trim().is_empty() {
            self.focus = Focus::Reason;
            return shell.say(Tone::Bad, shell.text("bulk-reason-missing"));
        }
        if self.is_large() && digits(&self.count.text()) != changing.to_string() {
            self.focus = Focus::Count;
            self.count.set("");
            let count = changing.to_string();
            return shell.say(Tone::Bad, shell.text_with("bulk-count-wrong", &[("count", &count)]));
        }
        let Some(data) = shell.data.clone() else { return };
        match data.bulk(&self.bulk) {
            Ok(count) => {
                let count = count.to_string();
                shell.say(Tone::Good, shell.text_with("bulk-done", &[("count", &count)]));
                shell.moves.push(Move::Pop);
                shell.changed();
                if self.bulk.change == BulkChange::Delete {
                    shell.moves.push(Move::LeaveGone);
                }
            }
            Err(failure) => shell.say_failure(&failure),
        }
    }

    fn text_of(&self, shell: &Shell, no: FieldNo, value: Option<&Value>) -> String {
        let spec = self.kind.spec();
        let Some((field, value)) = spec.field_no(no).zip(value) else { return shell.text("empty") };
        masked(field, value).unwrap_or_else(|| value_text(shell, spec, field, value))
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(row) = self.rows.get(index) else { return Row::default() };
        let change = match row.changes.first() {
            Some((no, old, new)) => format!(
                "{} -> {}",
                self.text_of(shell, *no, old.as_ref()),
                self.text_of(shell, *no, new.as_ref())
            ),
            None => String::new(),
        };
        let warning =
            row.warnings.first().map(|issue| shell.locale.issue_of(self.kind.spec(), issue));
        let check = match (&row.standing, warning) {
            (BulkStanding::Changes, None) => shell.text("bulk-ok"),
            (BulkStanding::Changes, Some(text)) => format!("! {text}"),
            (BulkStanding::Skipped, text) => {
                format!("- {} {}", shell.text("bulk-skipped"), text.unwrap_or_default())
            }
            (BulkStanding::Same, _) => format!("- {}", shell.text("bulk-same")),
            (BulkStanding::Blocked(code, issues), _) => {
                let issue =
                    issues.first().map(|issue| shell.locale.issue_of(self.kind.spec(), issue));
                let code = || shell.locale.find(&format!("tui-bulk-why-{code}"), &[]);
                let why = issue.or_else(code).unwrap_or_else(|| shell.text("bulk-why-other"));
                format!("x {why}")
            }
        };
        let alarm = matches!(row.standing, BulkStanding::Blocked(..));
        Row {
            texts: vec![row.title.clone(), row.unit.clone(), change, check],
            alarm,
            selected: false,
        }
    }

    fn summary(&self, shell: &Shell) -> String {
        let count = |number: usize| number.to_string();
        let same =
            self.number(|standing| matches!(standing, BulkStanding::Same | BulkStanding::Skipped));
        let blocked = self.number(|standing| matches!(standing, BulkStanding::Blocked(..)));
        let args = [
            ("changing", count(self.changing())),
            ("same", count(same)),
            ("blocked", count(blocked)),
            ("warned", count(self.warned())),
        ];
        let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
        shell.text_with("bulk-summary", &args)
    }

    fn draw_below(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let right = area.right();
        let mut y = area.y;
        let title = |focus| if self.focus == focus { Role::Selected } else { Role::Title };
        let label = if self.needs_reason { "bulk-reason-needed" } else { "bulk-reason" };
        let x = ui.label(area.x + 1, y, &shell.text(label), right, title(Focus::Reason)) + 1;
        ui.put(x, y, "[", 1, Role::Border);
        let count = right.saturating_sub(x + 3);
        self.reason.draw(ui, x + 1, y, count, self.focus == Focus::Reason);
        ui.put(x + 1 + count, y, "]", 1, Role::Border);
        y += 1;
        let mut x = area.x + 1;
        if self.warned() > 0 {
            let mark = if self.bulk.skip_warned { "[x]" } else { "[ ]" };
            let count = self.warned().to_string();
            let text = format!("{mark} {}", shell.text_with("bulk-skip", &[("count", &count)]));
            x = ui.label(x, y, &text, right, title(Focus::Skip)) + 2;
        }
        if self.is_large() {
            let count = self.changing().to_string();
            let text = shell.text_with("bulk-count", &[("count", &count)]);
            x = ui.label(x, y, &text, right, title(Focus::Count)) + 1;
            ui.put(x, y, "[", 1, Role::Border);
            self.count.draw(ui, x + 1, y, 8, self.focus == Focus::Count);
            ui.put(x + 9, y, "]", 1, Role::Border);
            x += 12;
        }
        let answers = [(Focus::Cancel, "answer-cancel"), (Focus::Do, "answer-do-it")];
        let wide: u16 = answers.iter().map(|(_, key)| cells(width(&shell.text(key))) + 4).sum();
        if x + wide > right || x == area.x + 1 {
            y += 1;
            x = area.x + 1;
        }
        for (focus, key) in answers {
            let on = self.focus == focus;
            let text = format!("{}{} ", if on { "> " } else { "  " }, shell.text(key));
            x = ui.label(x, y, &text, right, if on { Role::Selected } else { Role::Text }) + 1;
        }
    }
}

/// Returns the digits of a text, full-width ones too.
fn digits(text: &str) -> String {
    let folded = crate::domain::text::fold_width(text);
    folded.chars().filter(char::is_ascii_digit).collect()
}

impl Page for BulkPage {
    fn chain(&self) -> &'static [Context] {
        &[Context::Bulk, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-bulk")
    }

    fn reload(&mut self, shell: &Shell) {
        self.look(shell);
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let count = self.rows.len().to_string();
        let title = shell.text_with("bulk-title", &[("what", &self.what), ("count", &count)]);
        let inner = ui.frame(area, &title, &shell.text("bulk-hint"));
        ui.put(
            inner.x + 1,
            inner.y,
            &self.summary(shell),
            inner.width.saturating_sub(2),
            Role::Title,
        );
        let below = 4;
        let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1 + below), ..inner };
        let name = if inner.width < 90 { 14 } else { 26 };
        let columns = [
            column(shell.text("column-record"), name, false),
            column(shell.text("field-unit"), 10, false),
            column(shell.text("column-change"), inner.width / 3, false),
            column(shell.text("column-check"), 20, false),
        ];
        let count = self.rows.len();
        let table = Table { columns: &columns, pinned: 1, count, state: &self.table };
        table.draw(ui, body, |index| self.row(shell, index));
        ui.rule(inner.x, body.bottom(), inner.width);
        let rest = Rect { y: body.bottom() + 1, height: below - 1, ..inner };
        self.draw_below(shell, ui, rest);
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.stops().len())
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        let count = self.rows.len().to_string();
        let args = [("what", self.what.as_str()), ("count", &count)];
        let mut lines = vec![shell.text_with("bulk-title", &args), self.summary(shell)];
        lines.extend((0..self.rows.len()).map(|row| self.row(shell, row).texts.join("; ")));
        lines
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let label = if self.needs_reason { "bulk-reason-needed" } else { "bulk-reason" };
        match self.stops().get(row) {
            Some(Focus::Reason) => format!("{}: {}", shell.text(label), self.reason.text()),
            Some(Focus::Skip) => {
                let mark = if self.bulk.skip_warned { "[x]" } else { "[ ]" };
                let count = self.warned().to_string();
                format!("{mark} {}", shell.text_with("bulk-skip", &[("count", &count)]))
            }
            Some(Focus::Count) => {
                let count = self.changing().to_string();
                let text = shell.text_with("bulk-count", &[("count", &count)]);
                format!("{text} {}", self.count.text())
            }
            Some(Focus::Cancel) => shell.text("answer-cancel"),
            Some(Focus::Do) => shell.text("answer-do-it"),
            None => String::new(),
        }
    }

    fn go_to(&mut self, row: usize) {
        self.focus = self.stops().get(row).copied().unwrap_or(Focus::Cancel);
    }

    fn chosen(&self, shell: &Shell) -> super::Chosen {
        match self.focus {
            Focus::Reason => super::Chosen::Type(shell.text("reason")),
            Focus::Count => super::Chosen::Type(shell.text("value")),
            Focus::Skip | Focus::Cancel | Focus::Do => {
                super::Chosen::Press(Key::named(Named::Enter))
            }
        }
    }

    fn line(&mut self, _shell: &mut Shell, text: &str) -> bool {
        match self.focus {
            Focus::Reason => self.reason.set(text),
            Focus::Count => self.count.set(text),
            Focus::Skip | Focus::Cancel | Focus::Do => return false,
        }
        true
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        match action {
            Action::NextField => self.step(true),
            Action::PrevField => self.step(false),
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        let page = isize::try_from(self.table.page()).unwrap_or(1);
        let count = self.rows.len();
        if let Code::Named(name) = key.code {
            match name {
                Named::Enter if shell.now_ms < self.opened_ms + TYPE_AHEAD_MS => return true,
                Named::Enter => {
                    self.enter(shell);
                    return true;
                }
                Named::Up => self.table.move_by(-1, count),
                Named::Down => self.table.move_by(1, count),
                Named::PgUp => self.table.move_by(-page, count),
                Named::PgDn => self.table.move_by(page, count),
                Named::Left | Named::Right if matches!(self.focus, Focus::Cancel | Focus::Do) => {
                    self.focus = if name == Named::Left { Focus::Cancel } else { Focus::Do };
                }
                _ => {}
            }
        }
        match self.focus {
            Focus::Reason => self.reason.key(key),
            Focus::Count => self.count.key(key),
            Focus::Skip if key.typed() == Some(' ') => {
                self.toggle(shell);
                true
            }
            Focus::Skip | Focus::Cancel | Focus::Do => true,
        }
    }

    fn pasted(&mut self, _shell: &mut Shell, text: &str) -> bool {
        match self.focus {
            Focus::Reason => self.reason.insert(&one_line(text)),
            Focus::Count => self.count.insert(&one_line(text)),
            Focus::Skip | Focus::Cancel | Focus::Do => return false,
        }
        true
    }
}
