//! A chart of columns, drawn in cells: full blocks where the terminal draws them one cell wide, number signs elsewhere.

use ratatui::layout::Rect;

use crate::tui::text::{cells, fit, width};
use crate::tui::theme::Role;
use crate::tui::ui::{Chrome, Ui};

/// Cells of one column and the gap after it.
const STEP: u16 = 6;
/// Parts of a cell, from nothing to full.
const PARTS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// What it counts.
    pub label: String,
    /// How many.
    pub count: usize,
    /// True if it is ticked.
    pub ticked: bool,
}

/// Draws a column for each label and count, the newest ones if not all fit; the one with the cursor and those ticked are marked below.
pub fn columns(ui: &mut Ui<'_>, chrome: Chrome, area: Rect, bars: &[Bar], cursor: Option<usize>) {
    let (fits, high) = (usize::from(area.width / STEP), area.height.saturating_sub(3));
    if high == 0 || fits == 0 {
        return;
    }
    let last = cursor.map_or(bars.len(), |cursor| (cursor + 1).max(fits)).min(bars.len());
    let first = last.saturating_sub(fits);
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let shown = bars.iter().enumerate().skip(first).take(fits);
    for ((index, Bar { label, count, ticked }), x) in
        shown.zip((area.x..).step_by(usize::from(STEP)))
    {
        let eighths = count.saturating_mul(usize::from(high) * 8).div_ceil(most);
        let current = cursor == Some(index);
        for row in 0..high {
            let left = eighths.saturating_sub(usize::from(row) * 8).min(8);
            let glyph = match (chrome, left) {
                (Chrome::Narrow, part) => PARTS.get(part).copied().unwrap_or(" "),
                (Chrome::Ascii, 0..=3) => " ",
                (Chrome::Ascii, _) => "#",
            };
            let y = area.y + high - row;
            ui.put(x, y, &glyph.repeat(usize::from(STEP - 2)), STEP - 2, Role::Key);
        }
        let top = high.saturating_sub(cells(eighths.div_ceil(8)));
        ui.put(x, area.y + top, &count.to_string(), STEP - 1, Role::Text);
        let short = short(label, usize::from(STEP - 1));
        let role = if current { Role::Selected } else { Role::Text };
        ui.put(x, area.y + high + 1, &short, STEP - 1, role);
        let mark =
            format!("{}{}", if current { "^" } else { "" }, if *ticked { "[x]" } else { "" });
        ui.put(x, area.y + high + 2, &mark, STEP - 1, Role::Key);
    }
}

/// Cuts a label: of a month the year goes first, since its neighbours tell it.
fn short(label: &str, most: usize) -> String {
    if width(label) <= most {
        return label.to_owned();
    }
    match label.split_once('-') {
        Some((year, rest)) if year.len() == 4 => {
            let year: String = year.chars().skip(2).collect();
            fit(&format!("{year}-{rest}"), most).trim_end().to_owned()
        }
        _ => fit(label, most),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::tui::theme::Theme;
    use crate::tui::ui::dump;

    fn drawn(chrome: Chrome) -> String {
        let area = Rect::new(0, 0, 24, 7);
        let mut buf = Buffer::empty(area);
        let theme = Theme::mono();
        let mut ui = Ui::new(&mut buf, &theme, chrome);
        let bars = [("2026-01", 4, true), ("2026-02", 8, false), ("2026-03", 0, false)];
        let bars =
            bars.map(|(label, count, ticked)| Bar { label: label.to_owned(), count, ticked });
        columns(&mut ui, chrome, area, &bars, Some(1));
        dump(&buf)
    }

    #[test]
    fn columns_are_as_high_as_their_counts_and_say_them() {
        let wanted = "      8\n      ####\n4     ####\n####  ####\n####  ####  0\n26-01 26-02 26-03\n[x]   ^\n";
        assert_eq!(drawn(Chrome::Ascii), wanted);
    }

    #[test]
    fn no_ambiguous_glyph_is_drawn_in_ascii() {
        assert!(drawn(Chrome::Ascii).is_ascii());
        assert!(drawn(Chrome::Narrow).contains('█'));
    }
}
