//! What is told of a screen or a popup, as lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::{Body, Model, Shell};
use crate::tui::screens::Page;
use crate::tui::ui::{Chrome, Ui, dump};
use crate::tui::widgets::picker::{Item, Picker};

/// Rows told at once.
pub(super) const ROWS: usize = 20;
/// Cells and rows of a screen that tells no rows of its own.
const PAPER: (u16, u16) = (100, 60);

/// Tells what is on top: a popup, else the screen from one of its rows on.
pub(super) fn told(model: &Model, from: usize) -> Vec<String> {
    let shell = &model.shell;
    match model.shell.layers.last().map(|layer| &layer.body) {
        Some(Body::Picker(picker)) => of_picker(shell, picker),
        Some(Body::Dialog(dialog)) => {
            let mut lines = vec![dialog.title.clone(), dialog.text.clone()];
            if let Some(field) = &dialog.field {
                lines.push(format!("{field}: {}", dialog.input.text()));
            }
            lines.push(dialog.warning.clone());
            lines.extend(numbered(dialog.answers.iter().cloned(), 0));
            lines
        }
        Some(Body::Viewer(viewer)) => {
            std::iter::once(viewer.title.clone()).chain(viewer.lines.iter().cloned()).collect()
        }
        Some(Body::Pressable(keys)) => vec![keys.title.clone()],
        Some(Body::Calendar(calendar)) => vec![calendar.title.clone(), shell.text("plain-date")],
        None => {
            model.screens.last().map(|page| of_page(shell, page.as_ref(), from)).unwrap_or_default()
        }
    }
}

fn numbered(lines: impl Iterator<Item = String>, from: usize) -> Vec<String> {
    lines.enumerate().map(|(at, line)| format!("{} {line}", from + at + 1)).collect()
}

fn of_picker(shell: &Shell, picker: &Picker) -> Vec<String> {
    let mut lines = vec![picker.title.clone()];
    if !picker.input.is_empty() {
        lines.push(format!("{} {}", shell.text("find-prompt"), picker.input.text()));
    }
    let items = picker.listed();
    if items.is_empty() {
        lines.push(picker.empty.clone());
    }
    lines.extend(numbered(items.iter().take(ROWS).map(|item| item_text(item)), 0));
    if items.len() > ROWS {
        let count = (items.len() - ROWS).to_string();
        lines.push(shell.text_with("plain-more-items", &[("count", &count)]));
    }
    lines
}

/// Says an item; one that cannot be chosen with its reason.
fn item_text(item: &Item) -> String {
    match &item.disabled {
        Some(why) => format!("x {}: {why}", item.label),
        None => format!("{} {}", item.label, item.note).trim_end().to_owned(),
    }
}

fn of_page(shell: &Shell, page: &dyn Page, from: usize) -> Vec<String> {
    let mut lines = vec![page.crumb(shell)];
    let Some(count) = page.count_rows() else {
        let title = lines.first().cloned();
        lines.extend(painted(shell, page).into_iter().filter(|line| Some(line) != title.as_ref()));
        return lines;
    };
    lines.extend(page.intro(shell));
    let last = count.min(from + ROWS);
    lines.extend(numbered((from..last).map(|row| page.row_text(shell, row)), from));
    if count > ROWS {
        let args = [
            ("from", (from + 1).to_string()),
            ("to", last.to_string()),
            ("count", count.to_string()),
        ];
        let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
        lines.push(shell.text_with("plain-rows", &args));
    }
    lines
}

/// Tells a screen as it looks, without its frame.
fn painted(shell: &Shell, page: &dyn Page) -> Vec<String> {
    let area = Rect::new(0, 0, PAPER.0, PAPER.1);
    let mut buf = Buffer::empty(area);
    let mut ui = Ui::new(&mut buf, &shell.theme, Chrome::Ascii);
    page.draw(shell, &mut ui, area);
    let bare = |line: &str| line.trim_matches(['|', '+', '-', ' ']).trim().to_owned();
    dump(&buf).lines().map(bare).filter(|line| !line.is_empty()).collect()
}
