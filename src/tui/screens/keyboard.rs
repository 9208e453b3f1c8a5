//! The editor of keys: every action with its keys, place by place; the next key pressed becomes the action's.

use ratatui::layout::Rect;

use super::Page;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::chord::Chord;
use crate::tui::keys::{Key, Named};
use crate::tui::matching::matches;
use crate::tui::text::wrap;
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::input::TextInput;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// What the key that is pressed next does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capture {
    /// Takes the place of the keys of its sort.
    Replace,
    /// Comes besides those there are.
    Add,
}

/// Every action where it has its keys, and what is typed to find one.
pub struct Keyboard {
    rows: Vec<(Context, Action)>,
    shown: Vec<(Context, Action)>,
    find: TextInput,
    table: TableState,
    capture: Option<Capture>,
}

impl Keyboard {
    /// Lists every action.
    pub fn new(shell: &Shell) -> Self {
        let mut rows = Vec::new();
        for context in Context::ALL {
            for action in Action::ALL {
                let bound = !shell.keymap.keys(&[*context], *action).is_empty();
                let given = !shell.base_keys.keys(&[*context], *action).is_empty();
                if bound || given || action.contexts().contains(context) {
                    rows.push((*context, *action));
                }
            }
        }
        let (find, table) = (TextInput::default(), TableState::default());
        Self { shown: rows.clone(), rows, find, table, capture: None }
    }

    /// Lists every action, the cursor on one of them where it is bound nearest.
    pub fn at(shell: &Shell, action: Action, chain: &[Context]) -> Self {
        let mut page = Self::new(shell);
        let near = chain
            .iter()
            .find_map(|context| page.rows.iter().position(|row| *row == (*context, action)));
        page.table.cursor = near.unwrap_or(0);
        page
    }

    fn current(&self) -> Option<(Context, Action)> {
        self.shown.get(self.table.cursor).copied()
    }

    fn search(&mut self, shell: &Shell) {
        let text = self.find.text();
        let found = |(context, action): &&(Context, Action)| {
            let keys = shell.keymap.keys(&[*context], *action);
            matches(&shell.text_of(*action), &text)
                || matches(&place(shell, *context), &text)
                || keys.iter().any(|key| key.to_string().eq_ignore_ascii_case(text.trim()))
        };
        self.shown = self.rows.iter().filter(found).copied().collect();
        self.table.cursor = 0;
    }

    fn take(&mut self, shell: &mut Shell, key: Key) {
        let Some((capture, (context, action))) = self.capture.take().zip(self.current()) else {
            return;
        };
        if key.is(Named::Esc) {
            return shell.say(Tone::Hint, shell.text("keys-kept"));
        }
        let chord = Chord::from(key.folded());
        let now = shell.keymap.keys(&[context], action).to_vec();
        let others = |keep: bool| now.iter().copied().filter(move |key| key.is_ime_proof() == keep);
        let keys: Vec<Chord> = match (capture, chord.is_ime_proof()) {
            (Capture::Replace, true) => std::iter::once(chord).chain(others(false)).collect(),
            (Capture::Replace, false) => others(true).chain([chord]).collect(),
            (Capture::Add, _) => now.iter().copied().chain([chord]).collect(),
        };
        shell.change_keys(context, action, &keys);
    }

    fn drop_last(&self, shell: &mut Shell) {
        let Some((context, action)) = self.current() else { return };
        let mut keys = shell.keymap.keys(&[context], action).to_vec();
        if keys.pop().is_some() {
            shell.change_keys(context, action, &keys);
        }
    }

    fn reset(&self, shell: &mut Shell) {
        let Some((context, action)) = self.current() else { return };
        let keys = shell.base_keys.keys(&[context], action).to_vec();
        shell.change_keys(context, action, &keys);
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some((context, action)) = self.shown.get(index).copied() else { return Row::default() };
        let keys = shell.keymap.keys(&[context], action);
        let base = shell.base_keys.keys(&[context], action);
        let given = if keys == base { String::new() } else { names(shell, base) };
        let texts = vec![place(shell, context), shell.text_of(action), names(shell, keys), given];
        Row { texts, selected: keys != base, alarm: false }
    }

    fn draw_capture(&self, shell: &Shell, ui: &mut Ui<'_>) {
        let Some((context, action)) = self.current() else { return };
        let args = [("action", shell.text_of(action)), ("place", place(shell, context))];
        let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
        let text = shell.text_with("keys-press", &args);
        let inner =
            ui.popup(60, 7, &shell.text("keys-press-title"), &shell.text("keys-press-hint"));
        let lines = wrap(&text, usize::from(inner.width.saturating_sub(4)));
        for (line, y) in lines.iter().zip(inner.y + 1..inner.bottom()) {
            ui.put(inner.x + 2, y, line, inner.width.saturating_sub(4), Role::Text);
        }
    }
}

fn place(shell: &Shell, context: Context) -> String {
    shell.text(&format!("context-{}", context.name()))
}

fn names(shell: &Shell, keys: &[Chord]) -> String {
    if keys.is_empty() {
        return shell.text("keys-none");
    }
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("  ")
}

impl Page for Keyboard {
    fn chain(&self) -> &'static [Context] {
        &[Context::Keys, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-keys")
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let count = self.shown.len().to_string();
        let title = shell.text_with("keys-editor-title", &[("count", &count)]);
        let inner = ui.frame(area, &title, &shell.text("keys-editor-hint"));
        let columns = [
            column(shell.text("keys-place"), 12, false),
            column(shell.text("keys-action"), 22, false),
            column(shell.text("keys-keys"), 20, false),
            column(shell.text("keys-delivered"), 16, false),
        ];
        let body = Rect { height: inner.height.saturating_sub(1), ..inner };
        let count = self.shown.len();
        Table { columns: &columns, pinned: 4, count, state: &self.table }
            .draw(ui, body, |index| self.row(shell, index));
        let y = body.bottom();
        let x = ui.label(inner.x + 1, y, &shell.text("find-prompt"), inner.right(), Role::Key) + 1;
        self.find.draw(ui, x, y, 24.min(inner.right().saturating_sub(x)), self.capture.is_none());
        ui.label(x + 25, y, &shell.text("keys-find-hint"), inner.right(), Role::Quiet);
        if self.capture.is_some() {
            self.draw_capture(shell, ui);
        }
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let here = self.current().map(|(context, action)| {
            let keys = shell.keymap.keys(&[context], action);
            (keys.is_empty(), keys == shell.base_keys.keys(&[context], action))
        });
        match (action, here) {
            (Action::PressKey | Action::AddKey | Action::DropKey | Action::ResetKey, None) => {
                Err(shell.text("nothing-matches"))
            }
            (Action::DropKey, Some((true, _))) => Err(shell.text("why-no-key")),
            (Action::ResetKey, Some((_, true))) => Err(shell.text("why-delivered")),
            (Action::ResetKeys, _) if shell.keymap.written_over(&shell.base_keys).is_empty() => {
                Err(shell.text("why-delivered"))
            }
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        match action {
            Action::PressKey => self.capture = Some(Capture::Replace),
            Action::AddKey => self.capture = Some(Capture::Add),
            Action::DropKey => self.drop_last(shell),
            Action::ResetKey => self.reset(shell),
            Action::ResetKeys => {
                let answers = vec![shell.text("answer-cancel"), shell.text("answer-do-it")];
                let text = shell.text("keys-reset-text");
                let dialog = Dialog::ask(shell.text_of(Action::ResetKeys), text, answers);
                shell.ask(Purpose::ResetKeys, dialog);
            }
            Action::Back if !self.find.is_empty() => {
                self.find.set("");
                self.search(shell);
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.shown.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        self.row(shell, row).texts.join("; ")
    }

    fn wants_raw_keys(&self) -> bool {
        self.capture.is_some()
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        if self.capture.is_some() {
            self.take(shell, key);
            return true;
        }
        let moves = [
            (Named::Up, Action::Up),
            (Named::Down, Action::Down),
            (Named::PgUp, Action::PageUp),
            (Named::PgDn, Action::PageDown),
            (Named::Home, Action::First),
            (Named::End, Action::Last),
        ];
        if let Some((_, action)) = moves.iter().find(|(name, _)| key.is(*name)) {
            return self.table.moved(*action, self.shown.len());
        }
        let before = self.find.text();
        let taken = self.find.key(key);
        if self.find.text() != before {
            self.search(shell);
        }
        taken
    }

    fn pasted(&mut self, shell: &mut Shell, text: &str) -> bool {
        self.find.insert(text);
        self.search(shell);
        true
    }
}
