//! One line of text being typed: grapheme by grapheme, scrolled by cells, with the cursor where the input method needs it.

use std::cell::Cell;

use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroize;

use crate::tui::keys::{Code, Key, Named};
use crate::tui::text::{cells, shown, width};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;

/// A text with a cursor in it.
#[derive(Clone, Debug, Default)]
pub struct TextInput {
    graphemes: Vec<String>,
    cursor: usize,
    scroll: Cell<usize>,
    secret: bool,
    /// True if what was typed is erased from memory.
    erased: bool,
}

impl Drop for TextInput {
    fn drop(&mut self) {
        self.erase();
    }
}

/// What an address starts with, unless another scheme is typed.
pub const SCHEME: &str = "https://";

/// Returns the lines of a text that have anything on them, as one line with a space at each break.
pub fn one_line(text: &str) -> String {
    if !is_many_lines(text) {
        return text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    }
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// True if more than one line of a text has anything on it.
pub fn is_many_lines(text: &str) -> bool {
    text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).count() > 1
}

impl TextInput {
    /// Starts with a text, the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut input = Self::default();
        input.set(text);
        input
    }

    /// Starts empty, showing a star for every character.
    pub fn secret() -> Self {
        let mut input = Self::default();
        (input.secret, input.erased) = (true, true);
        input
    }

    /// Replaces the text and goes to its end.
    pub fn set(&mut self, text: &str) {
        self.erase();
        self.graphemes = text.graphemes(true).map(str::to_owned).collect();
        self.cursor = self.graphemes.len();
    }

    fn erase(&mut self) {
        if self.erased {
            self.graphemes.iter_mut().for_each(Zeroize::zeroize);
        }
    }

    /// Returns the text.
    pub fn text(&self) -> String {
        self.graphemes.concat()
    }

    /// True if nothing is typed.
    pub const fn is_empty(&self) -> bool {
        self.graphemes.is_empty()
    }

    /// Shows or hides what a secret field holds.
    pub const fn toggle_secret(&mut self) {
        self.secret = !self.secret;
    }

    /// Types text at the cursor, on one line as [`one_line`] makes it. What is secret gets no spaces of ours.
    pub fn insert(&mut self, text: &str) {
        let text = if self.secret { text.to_owned() } else { one_line(text) };
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let tail = self.graphemes.split_off(self.cursor).concat();
        let head = format!("{}{text}", self.graphemes.concat());
        self.graphemes = head.graphemes(true).map(str::to_owned).collect();
        self.cursor = self.graphemes.len();
        self.graphemes.extend(tail.graphemes(true).map(str::to_owned));
        self.drop_doubled_scheme();
    }

    /// An address typed or pasted behind a prefilled `https://` brings its own scheme, which holds.
    fn drop_doubled_scheme(&mut self) {
        let text = self.text();
        let doubled = text
            .strip_prefix(SCHEME)
            .is_some_and(|rest| rest.starts_with(SCHEME) || rest.starts_with("http://"));
        if doubled {
            self.graphemes.drain(..SCHEME.len());
            self.cursor = self.cursor.saturating_sub(SCHEME.len());
        }
    }

    /// Handles a key of editing; false if the key is none of these.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (Code::Char(c), false) => self.insert(c.encode_utf8(&mut [0; 4])),
            (Code::Char('u'), true) => self.set(""),
            (Code::Named(name), false) => return self.named(name),
            _ => return false,
        }
        true
    }

    fn named(&mut self, name: Named) -> bool {
        match name {
            Named::Left => self.cursor = self.cursor.saturating_sub(1),
            Named::Right => self.cursor = (self.cursor + 1).min(self.graphemes.len()),
            Named::Home => self.cursor = 0,
            Named::End => self.cursor = self.graphemes.len(),
            Named::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.graphemes.remove(self.cursor);
            }
            Named::Delete if self.cursor < self.graphemes.len() => {
                self.graphemes.remove(self.cursor);
            }
            Named::Backspace | Named::Delete => {}
            _ => return false,
        }
        true
    }

    /// Draws the text in `count` cells; with `focus` the cursor is placed in it.
    pub fn draw(&self, ui: &mut Ui<'_>, x: u16, y: u16, count: u16, focus: bool) {
        let pieces: Vec<String> = self.graphemes.iter().map(|g| self.piece(g)).collect();
        if !focus {
            self.scroll.set(0); // what nobody types into is read from its start
        }
        let first = if focus { self.first_shown(&pieces, usize::from(count)) } else { 0 };
        let text: String = pieces.iter().skip(first).map(String::as_str).collect();
        ui.put(x, y, &text, count, if focus { Role::Input } else { Role::Text });
        if focus {
            let before: usize =
                pieces.iter().take(self.cursor).skip(first).map(|piece| width(piece)).sum();
            ui.place_cursor(x + cells(before).min(count.saturating_sub(1)), y);
        }
    }

    fn piece(&self, grapheme: &str) -> String {
        if self.secret { "*".to_owned() } else { shown(grapheme) }
    }

    /// Returns the first grapheme shown: as it was, unless the cursor would be outside the field or text could be shown in free cells.
    fn first_shown(&self, pieces: &[String], count: usize) -> usize {
        let widths: Vec<usize> = pieces.iter().map(|piece| width(piece)).collect();
        let at = |index: usize| widths.get(index).copied().unwrap_or(0);
        let mut first = self.scroll.get().min(self.cursor);
        let mut tail = widths.iter().skip(first).sum::<usize>() + 1;
        while first > 0 && tail + at(first - 1) <= count {
            first -= 1;
            tail += at(first);
        }
        let mut before: usize = widths.iter().take(self.cursor).skip(first).sum();
        while first < self.cursor && before >= count {
            before -= at(first);
            first += 1;
        }
        self.scroll.set(first);
        first
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::tui::theme::Theme;
    use crate::tui::ui::Chrome;

    fn cursor_after(input: &TextInput, count: u16) -> u16 {
        let mut buf = Buffer::empty(Rect::new(0, 0, 40, 1));
        let theme = Theme::mono();
        let mut ui = Ui::new(&mut buf, &theme, Chrome::Narrow);
        input.draw(&mut ui, 2, 0, count, true);
        ui.cursor().0.unwrap().x
    }

    #[test]
    fn the_cursor_stands_after_the_cells_of_the_text_before_it() {
        let mut input = TextInput::new("王小明ab");
        assert_eq!(cursor_after(&input, 20), 2 + 8);
        input.key(Key::named(Named::Left));
        input.key(Key::named(Named::Left));
        input.key(Key::named(Named::Left));
        assert_eq!(cursor_after(&input, 20), 2 + 4);
    }

    fn drawn(input: &TextInput, count: u16, focus: bool) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, count, 1));
        let theme = Theme::mono();
        let mut ui = Ui::new(&mut buf, &theme, Chrome::Narrow);
        input.draw(&mut ui, 0, 0, count, focus);
        crate::tui::ui::dump(&buf).trim_end().to_owned()
    }

    #[test]
    fn a_text_that_became_shorter_is_shown_from_its_start() {
        let mut input = TextInput::new("２０２６０００１");
        drawn(&input, 12, true);
        input.set("20260001");
        assert_eq!(drawn(&input, 12, true), "20260001");
        let mut input = TextInput::new("2026000123456789");
        drawn(&input, 12, true);
        assert!(drawn(&input, 12, false).starts_with("2026"));
        for _ in 0..6 {
            input.key(Key::named(Named::Backspace));
        }
        assert_eq!(drawn(&input, 12, true), "2026000123");
    }

    #[test]
    fn a_paste_has_a_space_where_its_lines_broke() {
        let mut input = TextInput::default();
        input.insert("粘貼的\r\n兩行\n");
        assert_eq!(input.text(), "粘貼的 兩行");
        let mut secret = TextInput::secret();
        secret.insert("ab\ncd\n");
        assert_eq!(secret.text(), "abcd");
    }

    #[test]
    fn a_typed_scheme_replaces_the_one_that_was_there() {
        for (typed, then) in [
            ("https://ejia.example", "https://ejia.example"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("ejia.example", "https://ejia.example"),
        ] {
            let mut pasted = TextInput::new(SCHEME);
            pasted.insert(typed);
            assert_eq!(pasted.text(), then);
            let mut input = TextInput::new(SCHEME);
            typed.chars().for_each(|c| input.insert(c.encode_utf8(&mut [0; 4])));
            assert_eq!(input.text(), then);
        }
    }

    #[test]
    fn editing_works_by_grapheme() {
        let mut input = TextInput::new("a👩‍🚀b");
        input.key(Key::named(Named::Left));
        input.key(Key::named(Named::Backspace));
        assert_eq!(input.text(), "ab");
        input.key(Key::named(Named::Delete));
        assert_eq!(input.text(), "a");
    }

    proptest! {
        #[test]
        fn the_cursor_never_leaves_its_field(text in "[王小明ab]{0,30}", moves in 0usize..40, count in 2u16..20) {
            let mut input = TextInput::new(&text);
            for _ in 0..moves {
                input.key(Key::named(Named::Left));
                let x = cursor_after(&input, count);
                prop_assert!((2..2 + count).contains(&x));
            }
        }
    }
}
