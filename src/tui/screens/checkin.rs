//! Signing in at a session: type initials, pinyin, characters or last digits, Enter, the next one. The cursor never leaves the line.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::locale::instant_text;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::Failure;
use crate::tui::keys::{Key, Named, is_han};
use crate::tui::text::{bar, fit, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::input::{TextInput, one_line};
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::work::{Checked, Mark, Roll, RollRow};

/// Most people offered: what one digit can choose.
const MOST_SHOWN: usize = 9;
/// Names told of one unit.
const MOST_NAMES: usize = 12;
/// Units told before the rest is summed up.
const MOST_UNITS: usize = 12;

/// The sheet of a session and what is typed.
pub struct CheckIn {
    roll: Roll,
    query: TextInput,
    hits: Vec<RollRow>,
    cursor: usize,
    /// True once the arrows chose somebody: Enter on an empty line then means this one.
    picked: bool,
    last_reason: String,
}

impl CheckIn {
    /// Opens the sheet of a session.
    ///
    /// # Errors
    /// If there is no such session here.
    pub fn open(shell: &Shell, session: RecordId) -> Result<Self, Failure> {
        let data = shell.data.as_ref().ok_or_else(Failure::closed)?;
        let roll = data.roll(session)?;
        let mut page = Self {
            roll,
            query: TextInput::default(),
            hits: Vec::new(),
            cursor: 0,
            picked: false,
            last_reason: String::new(),
        };
        page.search(shell);
        Ok(page)
    }

    fn search(&mut self, shell: &Shell) {
        self.cursor = 0;
        self.picked = false;
        let Some(data) = &shell.data else { return };
        self.hits = data.found_on_roll(&self.roll, &self.query.text());
    }

    fn shown(&self) -> &[RollRow] {
        self.hits.get(..self.hits.len().min(MOST_SHOWN)).unwrap_or_default()
    }

    fn current(&self) -> Option<&RollRow> {
        self.shown().get(self.cursor)
    }

    /// The person that Enter means; says why if it means nobody.
    fn meant(&self, shell: &mut Shell) -> Option<RollRow> {
        if self.query.text().trim().is_empty() && !self.picked {
            shell.say(Tone::Hint, shell.text("checkin-type-first"));
            return None;
        }
        if self.current().is_none() {
            shell.say(Tone::Bad, shell.text("checkin-nobody"));
        }
        self.current().cloned()
    }

    fn sign_in(&mut self, shell: &mut Shell) {
        let Some(row) = self.meant(shell) else { return };
        if row.enrolled {
            return self.mark(shell, &row, "present", "");
        }
        if row.mark.is_some() {
            return self.mark(shell, &row, "present", "");
        }
        let text = shell.text_with("checkin-stranger", &[("name", &row.name), ("unit", &row.unit)]);
        let answers = vec![shell.text("answer-cancel"), shell.text("checkin-do")];
        let dialog = Dialog::ask(shell.text("checkin-do"), text, answers).opened_at(shell.now_ms);
        shell.ask(Purpose::SignInStranger(row.person), dialog);
    }

    fn mark(&mut self, shell: &mut Shell, row: &RollRow, state: &str, note: &str) {
        let Some(data) = shell.data.clone() else { return };
        match data.check_in(self.roll.session, row.person, state, note) {
            Ok(Checked::Already(mark)) => {
                let args = [("name", row.name.as_str()), ("state", &state_text(shell, &mark))];
                shell.say(Tone::Hint, shell.text_with("checkin-already", &args));
            }
            Ok(Checked::Marked(_)) => {
                let state = shell.text(&format!("mark-{state}"));
                let args = [("name", row.name.as_str()), ("state", &state)];
                shell.say(Tone::Good, shell.text_with("checkin-done", &args));
                shell.changed();
            }
            Err(failure) => return shell.say_failure(&failure),
        }
        self.query.set("");
        self.reload(shell);
    }

    fn ask_reason(&self, shell: &mut Shell, state: &str, late: bool) {
        let Some(row) = self.meant(shell) else { return };
        let title =
            if late { shell.text("mark-late") } else { shell.text(&format!("mark-{state}")) };
        let text = shell.text_with("checkin-reason", &[("name", &row.name), ("what", &title)]);
        let answers = vec![shell.text("answer-cancel"), title.clone()];
        let dialog = Dialog::ask(title, text, answers)
            .with_field(shell.text("reason"), &self.last_reason)
            .focused(1);
        shell.ask(Purpose::Mark(row.person, state.to_owned()), dialog);
    }

    fn pick_state(&self, shell: &mut Shell) {
        let Some(row) = self.meant(shell) else { return };
        let item = |state: &str| Item {
            id: state.to_owned(),
            label: shell.text(&format!("mark-{state}")),
            ..Item::default()
        };
        let items = ["leave", "absent", "made_up", "present"].map(item).to_vec();
        let picker = Picker::new(&row.name, items);
        shell.pick(Purpose::MarkAs, picker);
    }

    fn row_of(&self, person: RecordId) -> Option<RollRow> {
        let known = self.hits.iter().chain(&self.roll.rows);
        known.into_iter().find(|row| row.person == person).cloned()
    }

    fn count(&self, state: &str) -> usize {
        let of = |row: &&RollRow| row.mark.as_ref().is_some_and(|mark| mark.state == state);
        self.roll.rows.iter().filter(of).count()
    }

    fn missing(&self) -> impl Iterator<Item = &RollRow> {
        self.roll.rows.iter().filter(|row| row.mark.is_none())
    }

    fn draw_hits(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let wide = area.width.saturating_sub(2);
        let (name, unit) = if wide < 90 { (10, 16) } else { (12, 24) };
        let post = usize::from(wide).saturating_sub(6 + name + unit + 12 + 16).max(4);
        let line = |number: &str, cells: [&str; 5]| {
            let [who, unit_name, held, staff_no, mark] = cells;
            format!(
                "{number} {} {} {} {} {}",
                fit(who, name),
                fit(unit_name, unit),
                fit(held, post),
                fit(staff_no, 10),
                fit(mark, 16)
            )
        };
        let heads = ["column-name", "field-unit", "column-post", "column-number", "column-mark"];
        let heads = heads.map(|key| shell.text(key));
        let heads = heads.each_ref().map(String::as_str);
        ui.put(area.x + 1, area.y, &line("  #", heads), wide, Role::Title);
        if self.hits.is_empty() {
            ui.put(area.x + 5, area.y + 1, &shell.text("checkin-nobody"), wide, Role::Quiet);
        }
        let rows = self.shown().iter().enumerate().zip(area.y + 1..area.bottom());
        for ((at, row), y) in rows {
            let on = at == self.cursor && (self.picked || !self.query.is_empty());
            let mark = row.mark.as_ref().map(|mark| state_text(shell, mark));
            let mark = mark.unwrap_or_else(|| {
                shell.text(if row.enrolled { "mark-none" } else { "mark-stranger" })
            });
            let number = format!("{} {}", if on { ">" } else { " " }, at + 1);
            let text = line(&number, [&row.name, &row.unit, &row.post, &row.staff_no, &mark]);
            let role = match (on, row.mark.is_some()) {
                (true, _) => Role::Selected,
                (false, true) => Role::Quiet,
                (false, false) => Role::Text,
            };
            ui.put(area.x + 1, y, &text, wide, role);
        }
        let room = usize::from(area.height.saturating_sub(1));
        let left = self.hits.len().saturating_sub(room.min(MOST_SHOWN));
        if left > 0 && area.height > 1 {
            let text = shell.text_with("checkin-more", &[("count", &left.to_string())]);
            let x = area
                .right()
                .saturating_sub(crate::tui::text::cells(crate::tui::text::width(&text)) + 2);
            ui.label(x, area.y, &text, area.right(), Role::Quiet);
        }
    }

    fn draw_recent(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        ui.rule(area.x, area.y, area.width);
        ui.label(area.x + 1, area.y, &shell.text("checkin-recent"), area.right(), Role::Title);
        let mut marked: Vec<(&RollRow, &Mark)> =
            self.roll.rows.iter().filter_map(|row| Some((row, row.mark.as_ref()?))).collect();
        marked.sort_by_key(|(_, mark)| std::cmp::Reverse((mark.at, mark.id)));
        for ((row, mark), y) in marked.into_iter().zip(area.y + 1..area.bottom()) {
            let note =
                if mark.note.is_empty() { String::new() } else { format!("（{}）", mark.note) };
            let text = format!(
                "{} {} {}{note}",
                fit(&row.name, 10),
                fit(&row.unit, 16),
                state_text(shell, mark)
            );
            ui.put(area.x + 3, y, &text, area.width.saturating_sub(4), Role::Text);
        }
    }

    fn draw_missing(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let count = self.missing().count().to_string();
        ui.rule(area.x, area.y, area.width);
        let title = shell.text_with("checkin-missing", &[("count", &count)]);
        ui.label(area.x + 1, area.y, &title, area.right(), Role::Title);
        let mut units: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in self.missing() {
            units.entry(&row.unit).or_default().push(&row.name);
        }
        let mut units: Vec<(&str, Vec<&str>)> = units.into_iter().collect();
        units.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
        let lines = units.iter().take(MOST_UNITS).flat_map(|(unit, names)| {
            let told: Vec<&str> = names.iter().take(MOST_NAMES).copied().collect();
            let text = format!("{unit} {}: {}", names.len(), told.join(" "));
            let text = text.trim_start();
            wrap(text, usize::from(area.width.saturating_sub(4)))
        });
        for (line, y) in lines.zip(area.y + 1..area.bottom()) {
            ui.put(area.x + 3, y, &line, area.width.saturating_sub(4), Role::Text);
        }
    }
}

/// Says what is marked: the time of signing in, or the word.
fn state_text(shell: &Shell, mark: &Mark) -> String {
    let word = shell.text(&format!("mark-{}", mark.state));
    match mark.at {
        Some(at) => {
            let time: String = instant_text(at).chars().skip(11).collect();
            format!("{word} {time}")
        }
        None => word,
    }
}

impl Page for CheckIn {
    fn chain(&self) -> &'static [Context] {
        &[Context::Checkin, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        format!("{} {}", shell.text("context-checkin"), self.roll.title)
    }

    fn reload(&mut self, shell: &Shell) {
        if let Some(roll) = shell.data.as_ref().and_then(|data| data.roll(self.roll.session).ok()) {
            self.roll = roll;
        }
        self.search(shell);
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::SignIn | Action::SignLate | Action::MarkAs
                if self.roll.rows.is_empty() && self.hits.is_empty() && self.query.is_empty() =>
            {
                Err(shell.text("checkin-empty"))
            }
            _ => Ok(()),
        }
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let (all, here) = (self.roll.rows.len(), self.count("present") + self.count("made_up"));
        let at = self.roll.starts_at.map(instant_text).unwrap_or_default();
        let number = |count: usize| count.to_string();
        let args = [
            ("at", at),
            ("all", number(all)),
            ("here", number(here)),
            ("leave", number(self.count("leave"))),
            ("missing", number(self.missing().count())),
        ];
        let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
        let percent = (here * 100).checked_div(all).unwrap_or(0);
        let title = format!(
            "{} {} {percent}%",
            shell.text_with("checkin-title", &args),
            bar(here, all, 14)
        );
        let inner = ui.frame(area, &title, &shell.text("checkin-foot"));
        let x =
            ui.label(inner.x + 1, inner.y, &shell.text("checkin-prompt"), inner.right(), Role::Key)
                + 1;
        let count = 20.min(inner.right().saturating_sub(x));
        self.query.draw(ui, x, inner.y, count, true);
        ui.label(x + count + 1, inner.y, &shell.text("checkin-hint"), inner.right(), Role::Quiet);
        let rest = inner.height.saturating_sub(1);
        let hits = (rest / 2).clamp(3, 10);
        let recent = ((rest - hits.min(rest)) / 2).clamp(2, 8);
        let area = Rect { y: inner.y + 1, height: hits.min(rest), ..inner };
        self.draw_hits(shell, ui, area);
        let area = Rect { y: area.bottom(), height: recent.min(rest - area.height), ..inner };
        if area.height > 1 {
            self.draw_recent(shell, ui, area);
        }
        let area = Rect {
            y: area.bottom(),
            height: inner.bottom().saturating_sub(area.bottom()),
            ..inner
        };
        if area.height > 1 {
            self.draw_missing(shell, ui, area);
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.shown().len())
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        let missing = self.missing().count().to_string();
        let mut lines = vec![shell.text_with("checkin-missing", &[("count", &missing)])];
        lines.push(format!("{} {}", shell.text("checkin-prompt"), self.query.text()));
        lines.push(shell.text("checkin-hint-lines"));
        lines
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let Some(row) = self.shown().get(row) else { return String::new() };
        let mark = row.mark.as_ref().map(|mark| state_text(shell, mark));
        let mark = mark.unwrap_or_else(|| {
            shell.text(if row.enrolled { "mark-none" } else { "mark-stranger" })
        });
        [&row.name, &row.unit, &row.staff_no, &mark].map(String::as_str).join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.cursor = row;
        self.picked = true;
    }

    fn chosen(&self, _shell: &Shell) -> super::Chosen {
        super::Chosen::Run(Action::SignIn)
    }

    fn line(&mut self, shell: &mut Shell, text: &str) -> bool {
        self.query.set(text);
        self.search(shell);
        true
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let last = self.shown().len().saturating_sub(1);
        match action {
            Action::SignIn => self.sign_in(shell),
            Action::SignLate => self.ask_reason(shell, "present", true),
            Action::MarkAs => self.pick_state(shell),
            Action::NextHit => {
                self.cursor = if self.picked || !self.query.is_empty() {
                    (self.cursor + 1).min(last)
                } else {
                    self.cursor
                };
                self.picked = true;
            }
            Action::PrevHit => {
                self.cursor = self.cursor.saturating_sub(1);
                self.picked = true;
            }
            Action::Back if !self.query.is_empty() => {
                self.query.set("");
                self.search(shell);
            }
            Action::Back => {
                let count = self.missing().count().to_string();
                shell.say(Tone::Good, shell.text_with("checkin-left", &[("count", &count)]));
                shell.moves.push(Move::Pop);
            }
            _ => {}
        }
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        let before = self.query.text();
        let by_number = !before.is_empty() && !before.starts_with(|c: char| c.is_ascii_digit());
        let digit = key.folded().typed().and_then(|c| c.to_digit(10)).filter(|_| by_number);
        if let Some(place) = digit.and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1)) {
            if place < self.shown().len() {
                self.cursor = place;
                self.sign_in(shell);
            }
            return true;
        }
        if key.is(Named::PgUp) || key.is(Named::PgDn) {
            return true;
        }
        if key.typed().is_some_and(is_han) {
            shell.han_mode = true;
        }
        let taken = self.query.key(key);
        if self.query.text() != before {
            self.search(shell);
        }
        taken
    }

    fn pasted(&mut self, shell: &mut Shell, text: &str) -> bool {
        self.query.insert(&one_line(text));
        self.search(shell);
        true
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        match (purpose, reply) {
            (Purpose::SignInStranger(person), Reply::Answer(1, _)) => {
                if let Some(row) = self.row_of(person) {
                    self.mark(shell, &row, "present", "");
                }
            }
            (Purpose::Mark(person, state), Reply::Answer(1, reason)) => {
                let Some(row) = self.row_of(person) else { return };
                if reason.trim().is_empty() {
                    return shell.say(Tone::Bad, shell.text("bulk-reason-missing"));
                }
                self.last_reason.clone_from(&reason);
                self.mark(shell, &row, &state, &reason);
            }
            (Purpose::MarkAs, Reply::Item(item))
                if matches!(item.id.as_str(), "leave" | "made_up") =>
            {
                self.ask_reason(shell, &item.id, false);
            }
            (Purpose::MarkAs, Reply::Item(item)) => {
                if let Some(row) = self.current().cloned() {
                    self.mark(shell, &row, &item.id, "");
                }
            }
            _ => {}
        }
    }
}
