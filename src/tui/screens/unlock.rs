//! Asks for the passphrase. Painted before any key is derived.

use ratatui::layout::Rect;

use super::Page;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell};
use crate::tui::effect::Effect;
use crate::tui::keys::{Code, Key, Named};
use crate::tui::text::{cells, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::input::TextInput;

/// The passphrase being typed.
#[derive(Debug)]
pub struct Unlock {
    input: TextInput,
    busy: bool,
    problem: Option<String>,
    /// True if it was open before and locked itself, or was locked.
    locked: bool,
}

impl Default for Unlock {
    fn default() -> Self {
        Self { input: TextInput::secret(), busy: false, problem: None, locked: false }
    }
}

impl Unlock {
    /// Starts after the records were locked.
    #[must_use]
    pub fn locked() -> Self {
        Self { locked: true, ..Self::default() }
    }

    /// Starts while the files are already being opened with a passphrase that was given.
    #[must_use]
    pub fn busy() -> Self {
        Self { busy: true, ..Self::default() }
    }
}

impl Page for Unlock {
    fn chain(&self) -> &'static [Context] {
        &[Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("unlock-title")
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let inner = ui.popup(
            64.min(area.width),
            12,
            &shell.text("unlock-title"),
            &shell.text("unlock-hint"),
        );
        let wide = inner.width.saturating_sub(4);
        let text = shell.text(if self.locked { "unlock-locked" } else { "unlock-text" });
        let lines = wrap(&text, usize::from(wide));
        for (line, y) in lines.iter().zip(inner.y + 1..inner.bottom()) {
            ui.put(inner.x + 2, y, line, wide, Role::Text);
        }
        let mut y = inner.y + 1 + cells(lines.len());
        if let [_, _, ..] = shell.users.as_slice() {
            let name = shell.users.get(shell.chosen).cloned().unwrap_or_default();
            let name = if name.is_empty() { shell.text("unlock-first-user") } else { name };
            let line = shell.text_with("unlock-user", &[("name", &name)]);
            ui.put(inner.x + 2, y, &line, wide, Role::Key);
            y += 1;
        }
        y += 1;
        let x = ui.label(inner.x + 2, y, &shell.text("passphrase"), inner.right(), Role::Title) + 1;
        self.input.draw(ui, x, y, inner.right().saturating_sub(x + 2), !self.busy);
        if self.busy {
            ui.put(inner.x + 2, y + 2, &shell.text("unlock-busy"), wide, Role::Quiet);
        } else if let Some(problem) = &self.problem {
            let lines = wrap(problem, usize::from(wide));
            for (line, y) in lines.iter().zip(y + 2..inner.bottom()) {
                ui.put(inner.x + 2, y, line, wide, Role::Bad);
            }
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let (_, _) = (shell, action);
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        if self.busy {
            return !key.ctrl;
        }
        if key.is(Named::Enter) {
            if !self.input.is_empty() {
                self.busy = true;
                self.problem = None;
                shell.effects.push(Effect::Open(self.input.text().into()));
            }
            return true;
        }
        if key.is(Named::Esc) {
            shell.moves.push(Move::Quit);
            return true;
        }
        let count = shell.users.len().max(1);
        if key.is(Named::Down) || key.is(Named::Up) {
            let step = if key.is(Named::Down) { 1 } else { count - 1 };
            shell.chosen = (shell.chosen + step) % count;
            return true;
        }
        if key.code == Code::F(2) {
            self.input.toggle_secret();
            return true;
        }
        self.input.key(key)
    }

    fn pasted(&mut self, _shell: &mut Shell, text: &str) -> bool {
        self.input.insert(text);
        true
    }

    fn refused(&mut self, _shell: &mut Shell, problem: &str, _code: &str) {
        self.busy = false;
        self.input.set("");
        self.problem = Some(problem.to_owned());
    }
}
