//! The list of what can be undone: every command of this device's user with its time, what it did and whether it can be taken back.

use ratatui::layout::Rect;

use super::{Detail, Page};
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::locale::instant_text;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Shell, Tone};
use crate::tui::data::value_text;
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::table::{Row, Table, TableState, column};
use crate::tui::work::{CommandView, say_undone};

/// Most commands listed.
const MOST: usize = 200;
/// Most values told of one command.
const MOST_VALUES: usize = 6;

/// The list and where its cursor is.
pub struct CommandList {
    commands: Vec<CommandView>,
    table: TableState,
}

impl CommandList {
    /// Reads the newest commands.
    pub fn new(shell: &Shell) -> Self {
        let mut list = Self { commands: Vec::new(), table: TableState::default() };
        list.reload(shell);
        list
    }

    fn current(&self) -> Option<&CommandView> {
        self.commands.get(self.table.cursor)
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(command) = self.commands.get(index) else { return Row::default() };
        let kind = command.kind.map(|kind| shell.locale.kind_label(kind.spec()));
        let action = shell.locale.find(&format!("tui-did-{}", command.action), &[]);
        let mut what = format!("{} {}", action.unwrap_or_default(), kind.unwrap_or_default());
        if command.records > 1 {
            let count = command.records.to_string();
            what.push_str(&shell.text_with("commands-records", &[("count", &count)]));
        }
        let sent = shell.text(if command.sent { "commands-sent" } else { "commands-unsent" });
        let texts = vec![
            instant_text(command.at),
            command.title.clone(),
            what,
            sent,
            standing(shell, command),
        ];
        Row { texts, ..Row::default() }
    }

    /// What the command wrote, as far as one line holds it.
    fn told(&self, shell: &Shell) -> String {
        let Some(command) = self.current() else { return String::new() };
        let Some(spec) = command.kind.map(Kind::spec) else { return String::new() };
        let values = command.values.iter().take(MOST_VALUES).filter_map(|(no, value)| {
            let field = spec.field_no(*no)?;
            let text =
                masked(field, value).unwrap_or_else(|| value_text(shell, spec, field, value));
            let text = if text.is_empty() { shell.text("empty") } else { text };
            Some(format!("{}: {text}", shell.locale.field_label(spec, field)))
        });
        format!("{} | {}", command.by, values.collect::<Vec<_>>().join("  "))
    }

    fn undo(&mut self, shell: &mut Shell) {
        let Some((command, undone)) = self.current().map(|c| (c.command, c.undone)) else { return };
        let Some(data) = shell.data.clone() else { return };
        match data.undo_command(command) {
            Ok(done) => {
                say_undone(shell, &done, if undone { "redone" } else { "undone" });
                shell.changed();
            }
            Err(failure) => shell.say_failure(&failure),
        }
    }
}

fn standing(shell: &Shell, command: &CommandView) -> String {
    match (&command.blocked, command.undone) {
        (Some(code), _) => shell
            .locale
            .find(&format!("tui-commands-why-{code}"), &[])
            .unwrap_or_else(|| shell.text("commands-why-other")),
        (None, true) => shell.text("commands-undone"),
        (None, false) => shell.text("commands-open"),
    }
}

impl Page for CommandList {
    fn chain(&self) -> &'static [Context] {
        &[Context::Commands, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-commands")
    }

    fn reload(&mut self, shell: &Shell) {
        self.commands = shell.data.as_ref().map(|data| data.commands(MOST)).unwrap_or_default();
        self.table.move_by(0, self.commands.len());
    }

    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        let again = self.current().is_some_and(|command| command.undone);
        (action == Action::UndoThis && again).then(|| shell.text("commands-again"))
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match (action, self.current()) {
            (Action::UndoThis | Action::Open, None) => Err(shell.text("commands-none")),
            (Action::UndoThis, Some(command)) if command.blocked.is_some() => {
                Err(standing(shell, command))
            }
            _ => Ok(()),
        }
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let count = self.commands.len().to_string();
        let inner = ui.frame(area, &shell.text_with("commands-title", &[("count", &count)]), "");
        if self.commands.is_empty() {
            let wide = inner.width.saturating_sub(6);
            ui.put(inner.x + 3, inner.y + 2, &shell.text("commands-none"), wide, Role::Title);
            return;
        }
        let columns = [
            column(shell.text("column-time"), 16, false),
            column(shell.text("column-record"), 14, false),
            column(shell.text("column-what"), 15, false),
            column(shell.text("column-state"), 6, false),
            column(shell.text("column-undo"), 14, false),
        ];
        let body = Rect { height: inner.height.saturating_sub(1), ..inner };
        let count = self.commands.len();
        let table = Table { columns: &columns, pinned: 1, count, state: &self.table };
        table.draw(ui, body, |index| self.row(shell, index));
        let told = self.told(shell);
        ui.put(inner.x + 1, body.bottom(), &told, inner.width.saturating_sub(2), Role::Quiet);
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.commands.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        self.row(shell, row).texts.join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn chosen(&self, _shell: &Shell) -> super::Chosen {
        super::Chosen::Run(Action::UndoThis)
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        if self.table.moved(action, self.commands.len()) {
            return;
        }
        match action {
            Action::UndoThis => self.undo(shell),
            Action::Open => {
                let Some(id) = self.current().map(|command| command.record) else { return };
                if shell.data.as_ref().is_none_or(|data| data.is_gone(id)) {
                    shell.say(Tone::Bad, shell.text("record-gone"));
                    return;
                }
                let detail = Detail::new(shell, id, vec![id]);
                shell.moves.push(Move::Push(Box::new(detail)));
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }
}
