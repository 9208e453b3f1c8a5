//! A list to choose from by typing or with the arrows: code lists, records, actions, menus.

use std::cell::Cell;

use ratatui::layout::Rect;

use super::input::TextInput;
use crate::tui::keys::{Key, Named};
use crate::tui::text::{cells, width};
use crate::tui::theme::Role;
use crate::tui::ui::{Ui, follow};

/// One line of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What is chosen, for whoever opened the list.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// Words at the right: a key, a unit, a code.
    pub note: String,
    /// Why it cannot be chosen now.
    pub disabled: Option<String>,
}

/// What a key did to the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// Nothing anyone else must know.
    Nothing,
    /// The text changed: whoever searches elsewhere sets new items.
    Typed,
    /// This item was chosen.
    Chosen(Item),
    /// A disabled item was chosen.
    Refused(Item),
    /// The list was closed.
    Closed,
}

/// The list and what is typed into it.
#[derive(Clone, Debug, Default)]
pub struct Picker {
    /// Title of the frame.
    pub title: String,
    /// Keys, at the bottom of the frame.
    pub hint: String,
    /// What is said when nothing matches.
    pub empty: String,
    /// What is typed.
    pub input: TextInput,
    items: Vec<Item>,
    shown: Vec<usize>,
    cursor: usize,
    scroll: Cell<usize>,
}

/// Decides whether an item matches what is typed.
pub type Matches = fn(&Item, &str) -> bool;

impl Picker {
    /// Starts with all items shown.
    pub fn new(title: &str, items: Vec<Item>) -> Self {
        let shown = (0..items.len()).collect();
        Self { title: title.to_owned(), items, shown, ..Self::default() }
    }

    /// Puts the cursor on the item with that id.
    #[must_use]
    pub fn at(mut self, id: &str) -> Self {
        self.cursor = self.items.iter().position(|item| item.id == id).unwrap_or(0);
        self
    }

    /// Replaces the items, all shown: the search was done elsewhere.
    pub fn set_items(&mut self, items: Vec<Item>) {
        self.shown = (0..items.len()).collect();
        self.items = items;
        self.cursor = 0;
    }

    /// Shows only the items that match what is typed.
    pub fn narrow(&mut self, matches: Matches) {
        let text = self.input.text();
        let all = self.items.iter().enumerate();
        self.shown = all.filter(|(_, item)| matches(item, &text)).map(|(at, _)| at).collect();
        self.cursor = 0;
    }

    /// Returns the items that match what is typed.
    pub fn listed(&self) -> Vec<&Item> {
        self.shown.iter().filter_map(|at| self.items.get(*at)).collect()
    }

    /// Returns the item under the cursor.
    pub fn current(&self) -> Option<&Item> {
        self.items.get(*self.shown.get(self.cursor)?)
    }

    /// Handles a key.
    pub fn key(&mut self, key: Key) -> Picked {
        if key.is(Named::Esc) {
            return Picked::Closed;
        }
        if key.is(Named::Enter) {
            return match self.current().cloned() {
                None => Picked::Nothing,
                Some(item) if item.disabled.is_some() => Picked::Refused(item),
                Some(item) => Picked::Chosen(item),
            };
        }
        let last = self.shown.len().saturating_sub(1);
        for (name, to) in [
            (Named::Up, self.cursor.saturating_sub(1)),
            (Named::Down, (self.cursor + 1).min(last)),
            (Named::PgUp, self.cursor.saturating_sub(10)),
            (Named::PgDn, (self.cursor + 10).min(last)),
        ] {
            if key.is(name) {
                self.cursor = to;
                return Picked::Nothing;
            }
        }
        let before = self.input.text();
        if self.input.key(key) && self.input.text() != before {
            return Picked::Typed;
        }
        Picked::Nothing
    }

    /// Draws the list as a popup.
    pub fn draw(&self, ui: &mut Ui<'_>) {
        let screen = ui.area();
        let rows = cells(self.items.len()).clamp(4, screen.height.saturating_sub(9).max(4));
        let wide = (screen.width * 4 / 5).clamp(40, 76);
        let inner = ui.popup(wide, rows + 4, &self.title, &self.hint);
        ui.label(inner.x + 1, inner.y, ">", inner.right(), Role::Key);
        self.input.draw(ui, inner.x + 3, inner.y, inner.width.saturating_sub(4), true);
        ui.rule(inner.x, inner.y + 1, inner.width);
        let visible = inner.height.saturating_sub(2);
        let first = follow(&self.scroll, self.cursor, usize::from(visible));
        if self.shown.is_empty() {
            ui.put(
                inner.x + 1,
                inner.y + 2,
                &self.empty,
                inner.width.saturating_sub(2),
                Role::Quiet,
            );
        }
        let rows = self.shown.iter().enumerate().skip(first).take(usize::from(visible));
        for ((place, at), y) in rows.zip(inner.y + 2..) {
            if let Some(item) = self.items.get(*at) {
                draw_item(ui, item, (inner.x, y, inner.width), place == self.cursor);
            }
        }
        let rows = Rect { y: inner.y + 2, height: visible, ..inner };
        ui.more(rows, first > 0, first + usize::from(visible) < self.shown.len());
    }
}

fn draw_item(ui: &mut Ui<'_>, item: &Item, (x, y, wide): (u16, u16, u16), current: bool) {
    let role = if current { Role::Selected } else { Role::Text };
    let note = item.disabled.as_ref().unwrap_or(&item.note);
    let mark = match (current, item.disabled.is_some()) {
        (true, true) => ">x",
        (true, false) => "> ",
        (false, true) => " x",
        (false, false) => "  ",
    };
    let note_wide = cells(width(note)).min(wide / 2);
    let label_wide = wide.saturating_sub(note_wide + 4);
    ui.put(x, y, "", wide, role);
    ui.put(x, y, mark, 2, role);
    ui.put(x + 3, y, &item.label, label_wide, role);
    ui.put(x + 3 + label_wide, y, note, note_wide, role);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fruit() -> Picker {
        let item = |id: &str, disabled: Option<&str>| Item {
            id: id.into(),
            label: id.into(),
            disabled: disabled.map(str::to_owned),
            ..Item::default()
        };
        Picker::new(
            "t",
            vec![item("apple", None), item("pear", Some("none left")), item("plum", None)],
        )
    }

    #[test]
    fn typing_narrows_and_enter_chooses() {
        let mut picker = fruit();
        assert_eq!(picker.key(Key::char('p')), Picked::Typed);
        assert_eq!(picker.key(Key::char('l')), Picked::Typed);
        picker.narrow(|item, text| item.label.contains(text));
        assert_eq!(picker.current().unwrap().id, "apple");
        picker.key(Key::named(Named::Down));
        assert!(
            matches!(picker.key(Key::named(Named::Enter)), Picked::Chosen(item) if item.id == "plum")
        );
    }

    #[test]
    fn a_disabled_item_is_refused_and_nothing_is_chosen_from_an_empty_list() {
        let mut picker = fruit().at("pear");
        assert!(matches!(picker.key(Key::named(Named::Enter)), Picked::Refused(_)));
        picker.set_items(Vec::new());
        assert_eq!(picker.key(Key::named(Named::Enter)), Picked::Nothing);
        assert_eq!(picker.key(Key::named(Named::Esc)), Picked::Closed);
    }
}
