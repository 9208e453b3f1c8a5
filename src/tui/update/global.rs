//! Actions that every screen shares, and what background work reports.

use super::answers::OPEN;
use super::enabled;
use crate::client::Schedule;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::rights::{self, Place, may};
use crate::locale::Locale;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Body, Model, Move, Purpose, Shell, SyncState, Tone};
use crate::tui::data::{Failure, History, Imported, SyncFigures};
use crate::tui::effect::Effect;
use crate::tui::import::{self, ImportAsk};
use crate::tui::keys::{Code, Key};
use crate::tui::screens::{
    AttentionList, CommandList, ConflictList, HistoryPage, ImportPage, Keyboard, List, Page,
    SyncScreen, pick_view,
};
use crate::tui::text::wrap;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::viewer::Viewer;

/// Cells of a line in a text to read.
const READ_CELLS: usize = 72;

/// Runs an action that belongs to no screen; false if the screen runs it.
pub(super) fn run_global(model: &mut Model, action: Action) -> bool {
    let shell = &mut model.shell;
    match action {
        Action::Quit => shell.ask_quit(),
        Action::Redraw => shell.effects.push(Effect::Redraw),
        Action::Lock => super::lock(model),
        Action::Suspend => shell.effects.push(Effect::Suspend),
        Action::Language => {
            shell.locale = Locale::new(shell.locale.lang().next());
            shell.moves.push(Move::Reload);
        }
        Action::Palette => open_palette(model, false),
        Action::Menu => open_palette(model, true),
        Action::Help => open_help(model),
        Action::WhichKey => crate::tui::which_key::open(model),
        Action::EditKeys => {
            let page = Keyboard::new(shell);
            shell.moves.push(Move::Push(Box::new(page)));
        }
        Action::Undo | Action::Redo => shell.undo_or_redo(action),
        Action::Commands => {
            let list = CommandList::new(shell);
            shell.moves.push(Move::Push(Box::new(list)));
        }
        Action::Export => crate::tui::export::pick(shell),
        Action::OpenView => pick_view(shell, Purpose::OpenView),
        Action::DropView => pick_view(shell, Purpose::DropView),
        Action::SyncNow => start_sync(model),
        Action::NextTab => switch_tab(model, true),
        Action::PrevTab => switch_tab(model, false),
        _ => return go(model, action),
    }
    true
}

pub(super) fn run_tab(model: &mut Model, tab: usize) {
    let action = TABS.get(tab).copied().unwrap_or(Action::GoOverview);
    go(model, action);
}

/// The tabs, in their order.
pub const TABS: [Action; 8] = [
    Action::GoOverview,
    Action::GoTraining,
    Action::GoCultivation,
    Action::GoStaff,
    Action::GoPersons,
    Action::GoConflicts,
    Action::GoAttention,
    Action::GoSync,
];

fn go(model: &mut Model, action: Action) -> bool {
    let shell = &mut model.shell;
    let list =
        |shell: &Shell, kind| -> Box<dyn Page> { Box::new(List::new(shell, kind, Vec::new())) };
    let page: Box<dyn Page> = match action {
        Action::GoOverview => {
            model.shell.moves.push(Move::Home);
            return true;
        }
        Action::GoTraining => list(shell, Kind::Enrolment),
        Action::GoCultivation => list(shell, Kind::Cultivation),
        Action::GoStaff => list(shell, Kind::StaffFile),
        Action::GoPersons => list(shell, Kind::Person),
        Action::GoConflicts => Box::new(ConflictList::new(shell)),
        Action::GoAttention => Box::new(AttentionList::new(shell)),
        Action::GoSync => Box::new(SyncScreen),
        _ => return false,
    };
    model.shell.moves.push(Move::Root(page));
    true
}

fn switch_tab(model: &mut Model, forward: bool) {
    let tab = model.screens.iter().rev().find_map(|page| page.tab()).unwrap_or(0);
    let count = TABS.len();
    run_tab(model, if forward { (tab + 1) % count } else { (tab + count - 1) % count });
}

/// Time between two syncs nobody asked for: often enough that two offices meet within a coffee, seldom enough for a telephone line.
const EVERY_MS: i64 = 5 * 60_000;
/// Rest after start and after joining, so that the first screen comes first.
const FIRST_MS: i64 = 20_000;

/// Syncs in the background when it is time, on a device that has joined a server. The timer is always armed: after a failure it
/// waits longer each time, it never stops.
pub(super) fn sync_if_due(model: &mut Model) {
    let shell = &mut model.shell;
    let now = i64::try_from(shell.now_ms).unwrap_or(i64::MAX);
    let joined = shell.status.server.is_some() || shell.timer.is_some();
    if shell.data.is_none() || shell.read_only || !joined {
        return;
    }
    let first = Schedule::new(EVERY_MS, now.saturating_add(FIRST_MS));
    let timer = *shell.timer.get_or_insert(first);
    if timer.next_at() <= now && !shell.sync.running {
        let begun_ms = shell.now_ms;
        shell.sync = SyncState { running: true, quiet: true, begun_ms, ..SyncState::default() };
        shell.effects.push(Effect::Sync);
    }
}

/// Arms the timer after a sync.
fn arm(shell: &mut Shell, well: bool) {
    let now = i64::try_from(shell.now_ms).unwrap_or(i64::MAX);
    let spread = shell.now_ms.wrapping_mul(0x9e37_79b9_7f4a_7c15); // any device's moment differs: they do not come back in step
    if let Some(timer) = &mut shell.timer {
        if well { timer.succeeded(now) } else { timer.failed(now, spread, None) }
    }
}

fn start_sync(model: &mut Model) {
    let begun_ms = model.shell.now_ms;
    model.shell.sync = SyncState { running: true, begun_ms, ..SyncState::default() };
    model.shell.effects.push(Effect::Sync);
    if model.screens.last().and_then(|page| page.tab()) != Some(7) {
        model.shell.moves.push(Move::Push(Box::new(SyncScreen)));
    }
}

pub(super) fn synced(model: &mut Model, result: Result<SyncFigures, Failure>) {
    let shell = &mut model.shell;
    shell.sync.running = false;
    shell.sync.cancelling = false;
    arm(shell, result.is_ok());
    let quiet = shell.sync.quiet;
    match result {
        Ok(figures) => {
            if !quiet {
                shell.say(Tone::Good, shell.text("sync-ended"));
            }
            shell.sync.outcome = Some(Ok(figures));
        }
        Err(failure) if failure.code == "ended-wiped" => {
            // Nothing is left to show: what was in memory goes like what was on the disk.
            shell.data = None;
            shell.effects = vec![Effect::Wiped];
            shell.layers.clear();
            model.screens.clear();
            return;
        }
        Err(failure) => {
            let text = failure.text(&shell.locale);
            if !quiet {
                shell.say(Tone::Bad, text.clone());
            }
            shell.sync.outcome = Some(Err(text));
        }
    }
    shell.changed();
}

/// Returns the actions offered here, with their keys and the reason where one cannot run.
fn items(model: &Model, everywhere: bool) -> Vec<Item> {
    let chain = model.chain();
    let shell = &model.shell;
    let shown = Action::ALL.iter().filter(|action| {
        let moves = action.is_movement() && !super::global::TABS.contains(action);
        !moves && (everywhere || action.is_in(chain))
    });
    let item = |action: &Action| {
        let keys = shell.keymap.keys(chain, *action);
        let note = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let here = action.is_in(chain);
        let disabled =
            if here { enabled(model, *action).err() } else { Some(shell.text("why-not-here")) };
        Item { id: action.id().to_owned(), label: shell.text_of(*action), note, disabled }
    };
    shown.map(item).collect()
}

fn open_palette(model: &mut Model, menu: bool) {
    let mut all = items(model, false);
    if model.shell.data.is_some() && model.chain().contains(&Context::Browse) {
        let kinds = Kind::ALL.iter().map(|kind| Item {
            id: format!("{OPEN}{}", kind.key()),
            label: model
                .shell
                .text_with("open-kind", &[("kind", &model.shell.locale.kind_plural(kind.spec()))]),
            ..Item::default()
        });
        all.extend(kinds);
        all.extend(super::answers::view_items(&model.shell));
    }
    if !menu {
        let recent = &model.shell.recent;
        let place = |item: &Item| recent.iter().position(|id| *id == item.id);
        all.sort_by_key(|item| place(item).unwrap_or(recent.len()));
    }
    let title = model.shell.text(if menu { "menu-title" } else { "palette-title" });
    model.shell.pick(Purpose::Palette, Picker::new(&title, all));
    let hint = model.shell.text("hint-palette");
    if let Some(Body::Picker(picker)) = model.shell.layers.last_mut().map(|layer| &mut layer.body) {
        picker.hint = hint;
    }
}

/// In the palette F2 goes to the keys of the action under the cursor.
pub(super) fn edits_key_of_palette(model: &mut Model, key: Key) -> bool {
    let wanted = key == Key { code: Code::F(2), ctrl: false, shift: false };
    let Some(layer) = model.shell.layers.last().filter(|_| wanted) else { return false };
    let Body::Picker(picker) = &layer.body else { return false };
    if layer.purpose != Purpose::Palette || !model.chain().contains(&Context::Browse) {
        return false;
    }
    let Some(action) = picker.current().and_then(|item| Action::from_id(&item.id)) else {
        return false;
    };
    let page = Keyboard::at(&model.shell, action, model.chain());
    model.shell.layers.pop();
    model.shell.moves.push(Move::Push(Box::new(page)));
    true
}

fn open_help(model: &mut Model) {
    let chain = model.chain();
    let shell = &model.shell;
    let mut lines: Vec<String> = wrap(&shell.text("help-intro"), READ_CELLS);
    lines.push(String::new());
    for context in chain {
        lines.push(format!("[{}]", shell.text(&format!("context-{}", context.name()))));
        for action in Action::ALL {
            let keys = shell.keymap.keys(&[*context], *action);
            if keys.is_empty() {
                continue;
            }
            let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let why = if action.is_in(chain) { enabled(model, *action).err() } else { None };
            let label = shell.text_of(*action);
            lines.push(format!("  {} {label}", crate::tui::text::fit(&keys, 26)));
            let why = why.iter().flat_map(|why| wrap(why, READ_CELLS - 31));
            for (number, part) in why.enumerate() {
                let mark = if number == 0 { "x" } else { " " };
                lines.push(format!("{}{mark} {part}", " ".repeat(29)));
            }
        }
        lines.push(String::new());
    }
    let viewer = Viewer::new(shell.text("help-title"), shell.text("hint-viewer"), lines);
    model.shell.open(Purpose::Read, Body::Viewer(viewer));
}

pub(super) fn history(model: &mut Model, id: RecordId, result: Result<History, Failure>) {
    let shown = model.screens.last_mut();
    match result {
        Err(failure) => model.shell.say_failure(&failure),
        Ok(history) if shown.is_some_and(|page| page.found(id, &history)) => {}
        Ok(history) => {
            let page = HistoryPage::new(&model.shell, id, history);
            model.shell.moves.push(Move::Push(Box::new(page)));
        }
    }
}

pub(super) fn imported(model: &mut Model, ask: ImportAsk, result: Result<Box<Imported>, Failure>) {
    let imported = match result {
        Ok(imported) => imported,
        Err(failure) => {
            if let Some(page) = model.screens.last_mut() {
                page.refused(&mut model.shell, "", &failure.code);
            }
            return import::failed(&mut model.shell, ask, &failure);
        }
    };
    let left = match model.screens.last_mut() {
        Some(page) => page.imported(&mut model.shell, imported),
        None => Some(imported),
    };
    if let Some(imported) = left {
        model.shell.notice = None;
        model.shell.moves.push(Move::Push(Box::new(ImportPage::new(ask, imported))));
    }
}

impl Shell {
    /// Returns the name of an action.
    pub fn text_of(&self, action: Action) -> String {
        self.locale.text(&action.label_key())
    }

    /// Asks whether to end the program, saying what waits.
    pub fn ask_quit(&mut self) {
        let pending = self.status.pending.to_string();
        let key = if self.sync.running {
            "quit-syncing"
        } else if self.status.pending > 0 && self.status.server.is_some() {
            "quit-pending"
        } else {
            "quit-text"
        };
        let text = self.text_with(key, &[("count", &pending)]);
        let answers = vec![self.text("answer-stay"), self.text("answer-quit")];
        let dialog = Dialog::ask(self.text("quit-title"), text, answers);
        self.ask(Purpose::Quit, dialog);
    }

    /// Asks whether to delete, and why; the key that opened the question never answers it.
    pub fn ask_delete(&mut self, ids: Vec<RecordId>) {
        let title =
            ids.first().and_then(|id| Some(self.data.as_ref()?.title(*id))).unwrap_or_default();
        let text =
            self.text_with("delete-text", &[("count", &ids.len().to_string()), ("title", &title)]);
        let answers = vec![self.text("answer-cancel"), self.text("answer-delete")];
        let dialog = Dialog::ask(self.text("delete-title"), text, answers)
            .with_field(self.text("reason"), "")
            .opened_at(self.now_ms);
        self.ask(Purpose::Delete(ids), dialog);
    }

    /// An input method typed a Han character where commands are expected: hints show keys it lets through.
    pub fn met_input_method(&mut self) {
        if self.han_mode {
            self.say(Tone::Hint, self.text("han-mode"));
        }
        self.han_mode = true;
    }

    /// Says whether the user's office may make and delete records of a kind.
    ///
    /// # Errors
    /// The reason in the user's language.
    pub fn may_create(&self, kind: Kind) -> Result<(), String> {
        match self.status.role {
            Some(role) => may(role, kind, rights::Action::Create, Place::Own)
                .map_err(|why| self.text(why.key())),
            None => Ok(()),
        }
    }
}

pub(super) use run_global as run;
