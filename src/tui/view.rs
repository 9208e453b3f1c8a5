//! Draws the model: title bar, tabs, the screen on top, footer, message line, and the popups over them. It changes nothing but scroll
//! offsets.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use super::actions::{Action, Context};
use super::app::{Body, Model, Shell, Tone};
use super::chord::Chord;
use super::text::{cells, width};
use super::theme::Role;
use super::ui::Ui;
use super::update::{TABS, enabled};

/// Below this the screen only asks to be enlarged.
const LEAST: (u16, u16) = (60, 16);

/// Draws one frame.
pub fn view(model: &Model, ui: &mut Ui<'_>) {
    let area = ui.area();
    ui.paint(area, Role::Text);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        ui.put(0, 0, &model.shell.text("too-small"), area.width, Role::Title);
        return;
    }
    let body = Rect::new(0, 2, area.width, area.height - 4);
    ui.park_cursor(0, area.height - 3);
    draw_title(model, ui);
    if model.shell.data.is_some() && model.screens.len() + model.shell.status.records.len() > 1 {
        draw_tabs(model, ui);
    }
    if let Some(page) = model.screens.last() {
        page.draw(&model.shell, ui, body);
    }
    draw_footer(model, ui, area.height - 2);
    if let Some(keys) = super::which_key::after_prefix(model) {
        keys.draw(ui);
    }
    for layer in &model.shell.layers {
        match &layer.body {
            Body::Picker(picker) => picker.draw(ui),
            Body::Dialog(dialog) => dialog.draw(ui, &model.shell.text("hint-dialog")),
            Body::Viewer(viewer) => viewer.draw(ui),
            Body::Calendar(calendar) => calendar.draw(ui),
            Body::Pressable(keys) => keys.draw(ui),
        }
    }
    draw_notice(&model.shell, ui, area.height - 1);
}

fn draw_title(model: &Model, ui: &mut Ui<'_>) {
    let wide = ui.area().width;
    let right = standing(&model.shell);
    let room = wide.saturating_sub(cells(width(&right)) + 2);
    let crumbs: Vec<String> = model
        .screens
        .iter()
        .skip(usize::from(model.screens.len() > 1))
        .map(|page| page.crumb(&model.shell))
        .collect();
    let left = format!(" {} | {}", model.shell.text("product"), crumbs.join(" > "));
    ui.put(0, 0, &left, wide, Role::Title);
    let alarm = model.shell.status.conflicts + model.shell.status.attention > 0;
    let role = if alarm { Role::Warning } else { Role::Text };
    ui.put(room, 0, "", wide - room, Role::Text);
    ui.label(room + 1, 0, &right, wide, role);
}

/// Says how this device stands with its server: always in sight.
fn standing(shell: &Shell) -> String {
    let Some(_) = &shell.data else { return String::new() };
    let status = &shell.status;
    let place = match (&status.server, shell.sync.running) {
        (_, true) => "standing-syncing",
        (Some(_), false) => "standing-joined",
        (None, false) => "standing-alone",
    };
    let mut text = format!("[{}]", shell.text(place));
    if shell.read_only {
        text = format!("[{}] {text}", shell.text("standing-read-only"));
    }
    for (key, count) in [
        ("standing-pending", status.pending),
        ("standing-conflicts", status.conflicts),
        ("standing-attention", status.attention),
    ] {
        if count > 0 {
            text = format!("{text} {} {count}", shell.text(key));
        }
    }
    text
}

/// Cells of the longest name of a tab; all are cut to fewer where the line is too short for every tab.
const LONGEST_TAB: usize = 16;

/// Returns the first characters of a text, as many as fit in some cells.
fn start_of(text: &str, most: usize) -> String {
    let mut room = most;
    let fits = |grapheme: &&str| {
        let left = room.checked_sub(width(grapheme));
        room = left.unwrap_or(0);
        left.is_some()
    };
    text.graphemes(true).take_while(fits).collect()
}

fn draw_tabs(model: &Model, ui: &mut Ui<'_>) {
    let shell = &model.shell;
    let wide = ui.area().width;
    let here = model.screens.iter().rev().find_map(|page| page.tab());
    let label = |number: usize, action: &Action, most: usize| {
        let count = match action {
            Action::GoConflicts => shell.status.conflicts,
            Action::GoAttention => shell.status.attention,
            Action::GoSync => shell.status.pending,
            _ => 0,
        };
        let label = start_of(&shell.text(&format!("tab-{}", action.id())), most);
        let label = match count {
            0 => label,
            1..=99 => format!("{label}({count})"),
            _ => format!("{label}(99+)"),
        };
        if here == Some(number) {
            format!("[{}{label}]", number + 1)
        } else {
            format!(" {}{label} ", number + 1)
        }
    };
    let all = |most: usize| -> Vec<String> {
        TABS.iter().enumerate().map(|(number, action)| label(number, action, most)).collect()
    };
    let fits = |labels: &Vec<String>| labels.iter().map(|l| width(l)).sum::<usize>() <= wide.into();
    let labels = (0..=LONGEST_TAB).rev().map(all).find(fits).unwrap_or_default();
    let mut x = 0;
    for (number, label) in labels.into_iter().enumerate() {
        let role = if here == Some(number) { Role::Key } else { Role::Text };
        x = ui.label(x, 1, &label, wide, role);
    }
}

/// Returns the key a hint shows: one that works with the input method that is on.
fn hint_key(shell: &Shell, chain: &[Context], action: Action) -> Option<Chord> {
    let keys = shell.keymap.keys(chain, action);
    let letter = keys.iter().rev().find(|key| !key.is_ime_proof());
    let letters = chain.contains(&Context::Browse) && !shell.han_mode;
    let short = keys.first().filter(|key| key.to_string().len() <= 5 && !key.first.ctrl);
    if letters { short.or(letter).or(keys.first()) } else { keys.first() }.copied()
}

fn draw_footer(model: &Model, ui: &mut Ui<'_>, y: u16) {
    if model.shell.data.is_none() {
        return;
    }
    let shell = &model.shell;
    let chain = model.chain();
    let wide = ui.area().width;
    let always = [Action::Back, Action::Palette, Action::Help];
    let hint = |action: Action| {
        let own = model.screens.last().and_then(|page| page.label(shell, action));
        let label = own.unwrap_or_else(|| shell.text_of(action));
        let gap = if label.starts_with(|c: char| c.is_ascii()) { " " } else { "" };
        hint_key(shell, chain, action).map(|key| (key.to_string(), format!("{gap}{label}")))
    };
    let tail: Vec<(String, String)> = always.into_iter().filter_map(hint).collect();
    let cost = |(key, label): &(String, String)| cells(width(key) + width(label)) + 2;
    let mut room = wide.saturating_sub(1 + tail.iter().map(cost).sum::<u16>());
    let offered = Action::ALL.iter().filter(|action| {
        !action.is_movement()
            && !always.contains(action)
            && action.is_in(chain)
            && !matches!(
                action,
                Action::Menu
                    | Action::Redraw
                    | Action::Lock
                    | Action::Suspend
                    | Action::Language
                    | Action::WhichKey
                    | Action::EditKeys
            )
            && enabled(model, **action).is_ok()
    });
    let mut hints = Vec::new();
    for pair in offered.copied().filter_map(hint) {
        if cost(&pair) <= room {
            room -= cost(&pair);
            hints.push(pair);
        }
    }
    let mut x = 1;
    for (key, label) in hints.iter().chain(&tail) {
        x = ui.label(x, y, key, wide, Role::Key);
        x = ui.label(x, y, label, wide, Role::Text) + 2;
    }
}

fn draw_notice(shell: &Shell, ui: &mut Ui<'_>, y: u16) {
    let Some(notice) = &shell.notice else { return };
    let (key, role) = match notice.tone {
        Tone::Good => ("notice-good", Role::Good),
        Tone::Hint => ("notice-hint", Role::Key),
        Tone::Bad => ("notice-bad", Role::Bad),
    };
    let text = format!(" {} {}", shell.text(key), notice.text);
    ui.put(0, y, &text, ui.area().width, role);
}
