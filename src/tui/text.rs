//! Text in terminal cells: the only place that measures and cuts. Stored text is never changed here, only what is shown.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Returns the cells a text takes: the sum over its graphemes, which is how the screen draws it.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Returns a text of exactly `cells` cells: cut between graphemes with `~` at the end, or padded with spaces.
pub fn fit(text: &str, cells: usize) -> String {
    let whole = width(text);
    let mut out = String::with_capacity(text.len().max(cells));
    let mut used = 0;
    if whole <= cells {
        out.push_str(text);
        used = whole;
    } else if cells > 0 {
        for grapheme in text.graphemes(true) {
            if used + grapheme.width() >= cells {
                break;
            }
            out.push_str(grapheme);
            used += grapheme.width();
        }
        out.push('~');
        used += 1;
    }
    out.extend(std::iter::repeat_n(' ', cells.saturating_sub(used)));
    out
}

/// Returns a text of exactly `cells` cells with the text at the right, for figures.
pub fn fit_right(text: &str, cells: usize) -> String {
    let used = width(text);
    if used >= cells {
        return fit(text, cells);
    }
    format!("{}{text}", " ".repeat(cells - used))
}

/// Returns what may be shown of a text: no control, bidi, joiner or variation characters; a line break becomes a space.
pub fn shown(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' => Some(' '),
            c if c.is_control() => None,
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => None,
            c => Some(c),
        })
        .collect()
}

/// Breaks a text into lines of at most `cells` cells: at spaces where there are any, else between graphemes.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            if width(&line) + width(word.trim_end()) > cells
                && !line.is_empty()
                && width(word) <= cells
            {
                lines.push(std::mem::take(&mut line));
            }
            for grapheme in word.graphemes(true) {
                if width(&line) + grapheme.width() > cells && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(grapheme);
            }
        }
        lines.push(line);
    }
    lines
}

/// Returns a bar of `cells` cells in ASCII, `[####----]`, for `part` of `whole`.
pub fn bar(part: usize, whole: usize, cells: usize) -> String {
    let inner = cells.saturating_sub(2);
    let full = inner.saturating_mul(part).checked_div(whole).unwrap_or(0).min(inner);
    format!("[{}{}]", "#".repeat(full), "-".repeat(inner - full))
}

/// Returns a count of cells as a screen coordinate; more than a screen can have becomes the most it can have.
pub fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_name_ends_with_a_mark_and_fills_its_cells() {
        assert_eq!(fit("王小明陳", 5), "王小~");
        assert_eq!(fit("a王小明", 5), "a王~ ");
        assert_eq!(fit("王", 4), "王  ");
        assert_eq!(fit("王", 0), "");
        assert_eq!(fit_right("38.5", 6), "  38.5");
    }

    #[test]
    fn hidden_characters_are_not_shown() {
        assert_eq!(shown("a\u{202e}b\n c\u{200d}\u{fe0f}"), "ab  c");
    }

    #[test]
    fn lines_break_at_spaces_and_between_han_characters() {
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("黨建信息系統", 5), ["黨建", "信息", "系統"]);
    }

    #[test]
    fn bars_are_as_long_as_asked_and_never_overflow() {
        assert_eq!(bar(1, 2, 10), "[####----]");
        assert_eq!(bar(9, 3, 6), "[####]");
        assert_eq!(bar(0, 0, 6), "[----]");
    }

    proptest! {
        #[test]
        fn fit_has_exactly_the_width_asked(text in "\\PC{0,20}", cells in 0usize..40) {
            let fitted = fit(&text, cells);
            prop_assert_eq!(width(&fitted), cells);
        }

        #[test]
        fn fit_never_splits_a_grapheme(text in "[王小明aé🇨🇳👩‍🚀]{0,12}", cells in 0usize..20) {
            let fitted = fit(&text, cells);
            let kept = fitted.trim_end_matches(' ').trim_end_matches('~');
            let parts: Vec<&str> = text.graphemes(true).collect();
            let whole = (0..=parts.len()).any(|n| parts[..n].concat() == kept);
            prop_assert!(whole, "{kept:?} of {text:?}");
        }

        #[test]
        fn wrapped_lines_are_never_too_wide(text in "[王小明a b]{0,40}", cells in 2usize..20) {
            prop_assert!(wrap(&text, cells).iter().all(|line| width(line) <= cells + 1));
        }
    }
}
