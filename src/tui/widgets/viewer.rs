//! Lines to read and scroll: help, history, a recovery code.

use crate::tui::keys::{Key, Named};
use crate::tui::text::cells;
use crate::tui::theme::Role;
use crate::tui::ui::Ui;

/// A text in a popup.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    /// Title of the frame.
    pub title: String,
    /// Keys, at the bottom of the frame.
    pub hint: String,
    /// Lines, already cut to the width of a popup.
    pub lines: Vec<String>,
    first: usize,
}

impl Viewer {
    /// Starts at the first line.
    pub fn new(title: String, hint: String, lines: Vec<String>) -> Self {
        Self { title, hint, lines, first: 0 }
    }

    /// Handles a key; false if it closes the text.
    pub fn key(&mut self, key: Key) -> bool {
        let last = self.lines.len().saturating_sub(1);
        for (name, to) in [
            (Named::Up, self.first.saturating_sub(1)),
            (Named::Down, (self.first + 1).min(last)),
            (Named::PgUp, self.first.saturating_sub(10)),
            (Named::PgDn, (self.first + 10).min(last)),
            (Named::Home, 0),
            (Named::End, last),
        ] {
            if key.is(name) {
                self.first = to;
                return true;
            }
        }
        false
    }

    /// Draws the text as a popup.
    pub fn draw(&self, ui: &mut Ui<'_>) {
        let screen = ui.area();
        let rows = cells(self.lines.len()).clamp(3, screen.height.saturating_sub(6).max(3));
        let inner =
            ui.popup(screen.width.saturating_sub(4).min(96), rows + 2, &self.title, &self.hint);
        let most = self.lines.len().saturating_sub(usize::from(inner.height));
        for (line, y) in self.lines.iter().skip(self.first.min(most)).zip(inner.y..inner.bottom()) {
            ui.put(inner.x + 1, y, line, inner.width.saturating_sub(2), Role::Text);
        }
    }
}
