//! The canvas screens draw on: text cut to its cells, frames that survive wide characters, one owner of the cursor.

use std::cell::Cell as Scroll;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::{Position, Rect};

use super::text::{cells, fit, shown, width};
use super::theme::{Role, Theme};

/// Which glyphs frames are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chrome {
    /// Box-drawing lines, for terminals that draw them one cell wide.
    #[default]
    Narrow,
    /// `+`, `-` and `|`, for terminals that draw ambiguous characters two cells wide.
    Ascii,
}

impl Chrome {
    /// Returns horizontal, vertical, and the corners from top left clockwise.
    const fn lines(self) -> [&'static str; 6] {
        match self {
            Self::Narrow => ["─", "│", "┌", "┐", "┘", "└"],
            Self::Ascii => ["-", "|", "+", "+", "+", "+"],
        }
    }
}

/// One frame being drawn.
pub struct Ui<'a> {
    buf: &'a mut Buffer,
    theme: &'a Theme,
    chrome: Chrome,
    cursor: Option<Position>,
    park: Option<Position>,
}

impl<'a> Ui<'a> {
    /// Starts a frame on a buffer.
    pub const fn new(buf: &'a mut Buffer, theme: &'a Theme, chrome: Chrome) -> Self {
        Self { buf, theme, chrome, cursor: None, park: None }
    }

    /// Returns the whole screen.
    pub const fn area(&self) -> Rect {
        self.buf.area
    }

    /// Returns where the visible cursor is, if a field has it, and where the hidden one waits.
    pub const fn cursor(&self) -> (Option<Position>, Option<Position>) {
        (self.cursor, self.park)
    }

    /// Shows the cursor here: the layer on top draws last and so owns it.
    pub const fn place_cursor(&mut self, x: u16, y: u16) {
        self.cursor = Some(Position::new(x, y));
    }

    /// Parks the hidden cursor here: the input method opens its window at this place.
    pub const fn park_cursor(&mut self, x: u16, y: u16) {
        self.park = Some(Position::new(x, y));
    }

    /// Takes the cursor away from whatever was drawn below.
    pub const fn release_cursor(&mut self) {
        self.cursor = None;
    }

    /// Writes text at a place in exactly `count` cells, cut or padded.
    pub fn put(&mut self, x: u16, y: u16, text: &str, count: u16, role: Role) {
        let right = self.buf.area.right();
        if y >= self.buf.area.bottom() || x >= right {
            return;
        }
        let count = count.min(right - x);
        let text = fit(&shown(text), usize::from(count));
        self.buf.set_stringn(x, y, text, usize::from(count), self.theme.style(role));
    }

    /// Writes text in as many cells as it needs, up to `limit`; returns the column after it.
    pub fn label(&mut self, x: u16, y: u16, text: &str, limit: u16, role: Role) -> u16 {
        let count = cells(width(&shown(text))).min(limit.saturating_sub(x));
        self.put(x, y, text, count, role);
        x.saturating_add(count)
    }

    /// Gives a stretch of a row a style without changing its text.
    pub fn paint(&mut self, area: Rect, role: Role) {
        self.buf.set_style(area, self.theme.style(role));
    }

    /// Empties an area; a wide character that reaches into it from the left is taken away whole.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        let empty = self.theme.style(Role::Text);
        for y in area.top()..area.bottom() {
            if let Some(before) = area.x.checked_sub(1).and_then(|x| self.buf.cell_mut((x, y)))
                && before.symbol().cell_width() > 1
            {
                before.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buf.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(empty);
                }
            }
        }
    }

    /// Marks that rows go on above or below an area, at its right edge.
    pub fn more(&mut self, area: Rect, above: bool, below: bool) {
        if area.width < 2 || area.height == 0 {
            return;
        }
        let x = area.right() - 1;
        for (mark, y, on) in [("^", area.y, above), ("v", area.bottom() - 1, below)] {
            if on {
                self.clear(Rect::new(x, y, 1, 1));
                self.put(x, y, mark, 1, Role::Key);
            }
        }
    }

    /// Draws a horizontal line.
    pub fn rule(&mut self, x: u16, y: u16, count: u16) {
        let [line, ..] = self.chrome.lines();
        self.put(x, y, &line.repeat(usize::from(count)), count, Role::Border);
    }

    /// Draws a frame with a title in its top line and a note in its bottom line; returns the area inside.
    pub fn frame(&mut self, area: Rect, title: &str, note: &str) -> Rect {
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let [_, side, tl, tr, br, bl] = self.chrome.lines();
        let (last_x, last_y) = (area.right() - 1, area.bottom() - 1);
        self.rule(area.x, area.y, area.width);
        self.rule(area.x, last_y, area.width);
        for y in area.y + 1..last_y {
            self.put(area.x, y, side, 1, Role::Border);
            self.put(last_x, y, side, 1, Role::Border);
        }
        for (x, y, corner) in
            [(area.x, area.y, tl), (last_x, area.y, tr), (last_x, last_y, br), (area.x, last_y, bl)]
        {
            self.put(x, y, corner, 1, Role::Border);
        }
        self.label(area.x + 1, area.y, title, last_x, Role::Title);
        let start = last_x.saturating_sub(cells(width(note))).max(area.x + 1);
        self.label(start, last_y, note, last_x, Role::Text);
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }

    /// Clears and frames an area in the middle of the screen; returns the area inside.
    pub fn popup(&mut self, wide: u16, high: u16, title: &str, note: &str) -> Rect {
        let screen = self.area();
        let (wide, high) = (wide.min(screen.width), high.min(screen.height.saturating_sub(2)));
        let area = Rect::new((screen.width - wide) / 2, (screen.height - high) / 2, wide, high);
        self.release_cursor();
        self.clear(area);
        self.frame(area, title, note)
    }
}

/// Moves a scroll offset so that `cursor` is among the `visible` rows, and returns it.
pub fn follow(offset: &Scroll<usize>, cursor: usize, visible: usize) -> usize {
    let visible = visible.max(1);
    let first = offset.get().clamp(cursor.saturating_sub(visible - 1), cursor);
    offset.set(first);
    first
}

/// Returns the screen as text, one line a row, continuation cells left out: what tests and reports of a screen show.
pub fn dump(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut row = String::new();
        let mut x = buf.area.left();
        while let Some(cell) = buf.cell((x, y)).filter(|_| x < buf.area.right()) {
            row.push_str(cell.symbol());
            x += cell.symbol().cell_width().max(1);
        }
        out.push_str(row.trim_end_matches(' '));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_popup_over_wide_characters_keeps_its_left_border() {
        let theme = Theme::mono();
        for x in 0..6 {
            let mut buf = Buffer::empty(Rect::new(0, 0, 16, 3));
            let mut ui = Ui::new(&mut buf, &theme, Chrome::Narrow);
            for y in 0..3 {
                ui.put(0, y, "甲乙丙丁戊己庚辛", 16, Role::Text);
            }
            let area = Rect::new(x, 0, 6, 3);
            ui.clear(area);
            ui.frame(area, "", "");
            let row = dump(&buf).lines().nth(1).unwrap().to_owned();
            assert_eq!(row.matches('│').count(), 2, "{row}");
            assert_eq!(buf.cell((x, 1)).unwrap().symbol(), "│");
        }
    }

    #[test]
    fn scrolling_follows_the_cursor_and_no_further() {
        let offset = Scroll::new(0);
        assert_eq!(follow(&offset, 4, 5), 0);
        assert_eq!(follow(&offset, 5, 5), 1);
        assert_eq!(follow(&offset, 3, 5), 1);
        assert_eq!(follow(&offset, 0, 5), 0);
    }
}
