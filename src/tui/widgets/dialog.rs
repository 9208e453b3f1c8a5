//! A question with answers. The first answer is the safe one: Enter sits on it when the dialog opens.

use super::input::TextInput;
use crate::tui::keys::{Code, Key, Named};
use crate::tui::text::{cells, width, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;

/// What a key did to the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Open,
    /// The answer with this number was given.
    Given(usize),
    /// The dialog was closed, which is the safe answer.
    Closed,
}

/// A question.
#[derive(Clone, Debug, Default)]
pub struct Dialog {
    /// Title of the frame.
    pub title: String,
    /// What is asked, and what follows from it.
    pub text: String,
    /// Label of the field for a reason, or a value, if one is asked for.
    pub field: Option<String>,
    /// What is typed into it.
    pub input: TextInput,
    /// Answers; the first is safe.
    pub answers: Vec<String>,
    /// A warning under the field.
    pub warning: String,
    focus: usize,
    typing: bool,
    opened_ms: u64,
}

/// Keys pressed in the first moments were meant for what was there before.
const TYPE_AHEAD_MS: u64 = 300;

impl Dialog {
    /// Asks a question with answers only.
    pub fn ask(title: String, text: String, answers: Vec<String>) -> Self {
        Self { title, text, answers, ..Self::default() }
    }

    /// Asks for a reason or value too; the cursor starts in its field.
    #[must_use]
    pub fn with_field(mut self, label: String, text: &str) -> Self {
        self.field = Some(label);
        self.input.set(text);
        self.typing = true;
        self
    }

    /// Says when the dialog opened, so that Enter typed ahead does not answer it.
    #[must_use]
    pub const fn opened_at(mut self, now_ms: u64) -> Self {
        self.opened_ms = now_ms;
        self
    }

    /// Puts the focus on an answer.
    #[must_use]
    pub const fn focused(mut self, answer: usize) -> Self {
        self.focus = answer;
        self
    }

    /// Handles a key.
    pub fn key(&mut self, key: Key, now_ms: u64) -> Answer {
        let Code::Named(name) = key.code else { return self.typed(key) };
        match name {
            Named::Esc => return Answer::Closed,
            Named::Enter if self.opened_ms > 0 && now_ms < self.opened_ms + TYPE_AHEAD_MS => {}
            Named::Enter if self.typing => self.typing = false,
            Named::Enter => return Answer::Given(self.focus),
            Named::Tab if key.shift => self.step_back(),
            Named::Tab | Named::Down => self.step(),
            Named::Up => self.step_back(),
            Named::Left if !self.typing => self.focus = self.focus.saturating_sub(1),
            Named::Right if !self.typing => self.focus = (self.focus + 1).min(self.last()),
            _ if self.typing => {
                self.input.key(key);
            }
            _ => {}
        }
        Answer::Open
    }

    /// Takes pasted text, if a field is being typed into.
    pub fn paste(&mut self, text: &str) {
        if self.typing {
            self.input.insert(text);
        }
    }

    fn typed(&mut self, key: Key) -> Answer {
        if self.typing {
            self.input.key(key);
        }
        Answer::Open
    }

    fn last(&self) -> usize {
        self.answers.len().saturating_sub(1)
    }

    fn step(&mut self) {
        match (self.typing, self.focus == self.last(), self.field.is_some()) {
            (true, ..) => (self.typing, self.focus) = (false, 0),
            (false, true, true) => self.typing = true,
            (false, true, false) => self.focus = 0,
            (false, false, _) => self.focus += 1,
        }
    }

    fn step_back(&mut self) {
        match (self.typing, self.focus, self.field.is_some()) {
            (true, ..) => (self.typing, self.focus) = (false, self.last()),
            (false, 0, true) => self.typing = true,
            (false, 0, false) => self.focus = self.last(),
            (false, focus, _) => self.focus = focus - 1,
        }
    }

    /// Draws the dialog as a popup.
    pub fn draw(&self, ui: &mut Ui<'_>, hint: &str) {
        let wide = ui.area().width.saturating_sub(4).min(68);
        let lines = wrap(&self.text, usize::from(wide.saturating_sub(6)));
        let field_rows = if self.field.is_some() { 3 } else { 0 };
        let high = cells(lines.len()) + field_rows + 5;
        let inner = ui.popup(wide, high, &self.title, hint);
        for (line, y) in lines.iter().zip(inner.y + 1..) {
            ui.put(inner.x + 2, y, line, inner.width.saturating_sub(4), Role::Text);
        }
        let mut y = inner.y + 2 + cells(lines.len());
        if let Some(label) = &self.field {
            let x = ui.label(inner.x + 2, y, label, inner.right(), Role::Title) + 1;
            ui.put(x, y, "[", 1, Role::Border);
            let count = inner.right().saturating_sub(x + 3);
            self.input.draw(ui, x + 1, y, count, self.typing);
            ui.put(x + 1 + count, y, "]", 1, Role::Border);
            ui.put(inner.x + 2, y + 1, &self.warning, inner.width.saturating_sub(4), Role::Bad);
            y += 2;
        }
        self.draw_answers(ui, inner.x + 2, y.min(inner.bottom().saturating_sub(1)), inner.right());
    }

    fn draw_answers(&self, ui: &mut Ui<'_>, mut x: u16, y: u16, right: u16) {
        for (number, answer) in self.answers.iter().enumerate() {
            let current = number == self.focus && !self.typing;
            let text = format!("{}{answer} ", if current { "> " } else { "  " });
            let role = if current { Role::Selected } else { Role::Text };
            ui.label(x, y, &text, right, role);
            x += cells(width(&text)) + 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_sits_on_the_safe_answer_and_type_ahead_gives_none() {
        let mut dialog =
            Dialog::ask("t".into(), "?".into(), vec!["no".into(), "yes".into()]).opened_at(1000);
        assert_eq!(dialog.key(Key::named(Named::Enter), 1100), Answer::Open);
        assert_eq!(dialog.key(Key::named(Named::Enter), 1400), Answer::Given(0));
        dialog.key(Key::named(Named::Tab), 1400);
        assert_eq!(dialog.key(Key::named(Named::Enter), 1400), Answer::Given(1));
    }

    #[test]
    fn a_reason_is_typed_before_the_answers() {
        let mut dialog = Dialog::ask("t".into(), "?".into(), vec!["no".into(), "yes".into()])
            .with_field("why".into(), "");
        dialog.key(Key::char('王'), 0);
        assert_eq!(dialog.key(Key::named(Named::Enter), 0), Answer::Open);
        assert_eq!(dialog.input.text(), "王");
        assert_eq!(
            dialog.key(Key::named(Named::Enter), 0),
            Answer::Given(0),
            "still the safe answer"
        );
    }
}
