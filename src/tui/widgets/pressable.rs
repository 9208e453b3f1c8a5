//! What can be pressed now: keys and what they do, in columns, page by page.

use std::cell::Cell;

use crate::tui::keys::{Code, Key, Named};
use crate::tui::text::{cells, fit, width};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Another page is shown, or nothing happened.
    Stay,
    /// It was closed.
    Closed,
    /// It was closed, and the key means what it means without it.
    Through,
}

/// Keys with what they do.
#[derive(Clone, Debug, Default)]
pub struct Pressable {
    /// Title of the frame.
    pub title: String,
    /// Keys, at the bottom of the frame.
    pub hint: String,
    /// Keys and what they do.
    pub entries: Vec<(String, String)>,
    page: usize,
    pages: Cell<usize>,
}

/// Cells between columns.
const GAP: usize = 2;
/// Widest name of an action.
const WIDEST: usize = 24;

impl Pressable {
    /// Starts on the first page.
    pub fn new(title: String, hint: String, entries: Vec<(String, String)>) -> Self {
        Self { title, hint, entries, page: 0, pages: Cell::new(1) }
    }

    /// Handles a key: Left and Right turn pages where there are several.
    pub fn key(&mut self, key: Key) -> Pressed {
        let last = self.pages.get().saturating_sub(1);
        let Code::Named(name) = key.code else { return Pressed::Through };
        match name {
            Named::Esc => return Pressed::Closed,
            Named::Right if last > 0 => self.page = (self.page + 1).min(last),
            Named::Left if last > 0 => self.page = self.page.saturating_sub(1),
            _ => return Pressed::Through,
        }
        Pressed::Stay
    }

    /// Draws it as a popup.
    pub fn draw(&self, ui: &mut Ui<'_>) {
        let screen = ui.area();
        let key = self.entries.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
        let label = self.entries.iter().map(|(_, label)| width(label)).max().unwrap_or(0);
        let label = label.min(WIDEST);
        let column = key + 1 + label + GAP;
        let room = usize::from(screen.width.saturating_sub(6));
        let columns = (room / column.max(1)).clamp(1, 4);
        let most = usize::from(screen.height.saturating_sub(8)).max(1);
        let rows = self.entries.len().div_ceil(columns).clamp(1, most);
        let on_page = rows * columns;
        let pages = self.entries.len().div_ceil(on_page).max(1);
        self.pages.set(pages);
        let page = self.page.min(pages - 1);
        let title = match pages {
            1 => self.title.clone(),
            _ => format!("{} {}/{pages}", self.title, page + 1),
        };
        let least = width(&title).max(width(&self.hint)) + 4;
        let wide = cells((columns.min(self.entries.len().max(1)) * column + 3).max(least));
        let inner = ui.popup(wide, cells(rows) + 2, &title, &self.hint);
        let entries = self.entries.iter().skip(page * on_page).take(on_page).enumerate();
        for (number, (name, does)) in entries {
            let x = inner.x + 1 + cells(number / rows * column);
            let y = inner.y + cells(number % rows);
            let after = ui.label(x, y, &fit(name, key), inner.right(), Role::Key);
            ui.label(after + 1, y, fit(does, label).trim_end(), inner.right(), Role::Text);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::tui::theme::Theme;
    use crate::tui::ui::{Chrome, dump};

    fn drawn(keys: &Pressable) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 40, 12));
        let theme = Theme::mono();
        let mut ui = Ui::new(&mut buf, &theme, Chrome::Ascii);
        keys.draw(&mut ui);
        dump(&buf)
    }

    #[test]
    fn many_keys_are_told_page_by_page_and_other_keys_go_through() {
        let entries = (0..30).map(|n| (format!("F{n}"), format!("action {n}"))).collect();
        let mut keys = Pressable::new("keys".into(), "Esc".into(), entries);
        assert!(drawn(&keys).contains("action 0") && drawn(&keys).contains("1/"));
        let mut seen = drawn(&keys);
        for _ in 0..5 {
            assert_eq!(keys.key(Key::named(Named::Right)), Pressed::Stay);
            seen.push_str(&drawn(&keys));
        }
        assert!((0..30).all(|n| seen.contains(&format!("action {n}"))), "{seen}");
        assert_eq!(keys.key(Key::char('x')), Pressed::Through);
        assert_eq!(keys.key(Key::named(Named::Esc)), Pressed::Closed);
    }
}
