//! Changes the server refused or holds: each with its reason, to be corrected and sent again, or given up.

use ratatui::layout::Rect;

use super::form::Form;
use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::{AttentionView, value_text};
use crate::tui::text::{cells, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::table::{Row, Table, TableState, column};

/// The list of refused changes.
pub struct AttentionList {
    items: Vec<AttentionView>,
    table: TableState,
}

impl AttentionList {
    /// Reads the refused changes.
    pub fn new(shell: &Shell) -> Self {
        let mut list = Self { items: Vec::new(), table: TableState::default() };
        list.reload(shell);
        list
    }

    fn current(&self) -> Option<&AttentionView> {
        self.items.get(self.table.cursor)
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(item) = self.items.get(index) else { return Row::default() };
        let field = item.kind.and_then(|kind| {
            let spec = kind.spec();
            spec.field(&item.field).map(|field| shell.locale.field_label(spec, field))
        });
        let texts = vec![title(shell, item), field.unwrap_or_default(), reason(shell, item)];
        Row { texts, ..Row::default() }
    }

    /// Says why the change under the cursor was refused, and what it was to write.
    fn told(&self, shell: &Shell) -> String {
        let Some(item) = self.current() else { return String::new() };
        let mut text = reason(shell, item);
        let Some(spec) = item.kind.map(Kind::spec) else { return text };
        for (no, value) in &item.values {
            let Some(field) = spec.field_no(*no) else { continue };
            let shown =
                masked(field, value).unwrap_or_else(|| value_text(shell, spec, field, value));
            let label = shell.locale.field_label(spec, field);
            text = format!("{text}  {label}: {shown}");
        }
        text
    }

    fn resend(&self, shell: &mut Shell) {
        let Some((n, data)) = self.current().map(|item| item.n).zip(shell.data.clone()) else {
            return;
        };
        match data.resend(n, &crate::domain::record::Fields::new()) {
            Ok(()) => {
                shell.say(Tone::Good, shell.text("resent"));
                shell.changed();
            }
            Err(failure) => shell.say_failure(&failure),
        }
    }

    fn edit(&self, shell: &mut Shell) {
        let Some(item) = self.current().cloned() else { return };
        if let Some(kind) = item.kind {
            let title = title(shell, &item);
            let why = reason(shell, &item);
            Form::start_resend(shell, &item, kind, &title, &why);
        }
    }
}

/// Names the record a change was for; one that never came to be by the values it was to have.
fn title(shell: &Shell, item: &AttentionView) -> String {
    if item.title.parse::<RecordId>().is_err() {
        return item.title.clone();
    }
    let Some(spec) = item.kind.map(Kind::spec) else { return String::new() };
    let fields = spec.title.iter().filter_map(|key| spec.field(key));
    let parts: Vec<String> = fields
        .filter_map(|field| Some(value_text(shell, spec, field, item.values.get(&field.number)?)))
        .collect();
    if parts.is_empty() { shell.locale.kind_label(spec) } else { parts.join(" ") }
}

/// Says why a change was refused.
fn reason(shell: &Shell, item: &AttentionView) -> String {
    let said = shell.locale.find(&format!("tui-refused-{}", item.code.replace('_', "-")), &[]);
    let issue = shell.locale.find(&format!("issue-{}", item.message), &[]);
    match (said, issue) {
        (Some(said), Some(issue)) => format!("{said} {issue}"),
        (Some(said), None) => said,
        (None, Some(issue)) => issue,
        (None, None) => shell.text_with("error", &[("code", &item.code)]),
    }
}

impl Page for AttentionList {
    fn chain(&self) -> &'static [Context] {
        &[Context::Attention, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-attention")
    }

    fn tab(&self) -> Option<usize> {
        Some(6)
    }

    fn reload(&mut self, shell: &Shell) {
        self.items = shell.data.as_ref().map(|data| data.attention()).unwrap_or_default();
        self.table.move_by(0, self.items.len());
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let count = self.items.len().to_string();
        let inner = ui.frame(area, &shell.text_with("attention-count", &[("count", &count)]), "");
        if self.items.is_empty() {
            let wide = inner.width.saturating_sub(6);
            ui.put(inner.x + 3, inner.y + 2, &shell.text("attention-none"), wide, Role::Title);
            return;
        }
        let columns = [
            column(shell.text("column-record"), 20, false),
            column(shell.text("column-fields"), 12, false),
            column(shell.text("column-why"), 40, false),
        ];
        let count = self.items.len();
        let told = wrap(&self.told(shell), usize::from(inner.width.saturating_sub(3)));
        let below = cells(told.len()).min(4);
        let body = Rect { height: inner.height.saturating_sub(below + 1), ..inner };
        let table = Table { columns: &columns, pinned: 1, count, state: &self.table };
        table.draw(ui, body, |index| self.row(shell, index));
        ui.rule(inner.x, body.bottom(), inner.width);
        for (line, y) in told.iter().zip(body.bottom() + 1..inner.bottom()) {
            ui.put(inner.x + 1, y, line, inner.width.saturating_sub(2), Role::Text);
        }
    }

    fn label(&self, shell: &Shell, action: Action) -> Option<String> {
        (action == Action::Open).then(|| shell.text("attention-open"))
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::Open | Action::Edit | Action::Resend | Action::Discard
                if self.items.is_empty() =>
            {
                Err(shell.text("attention-none"))
            }
            Action::Open | Action::Edit | Action::Resend | Action::Discard
                if self.current().is_some_and(|item| item.code == "moved") =>
            {
                Err(shell.text("refused-moved"))
            }
            _ => Ok(()),
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.items.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        self.row(shell, row).texts.join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        if self.table.moved(action, self.items.len()) {
            return;
        }
        match action {
            Action::Open | Action::Edit => self.edit(shell),
            Action::Resend => self.resend(shell),
            Action::Discard => {
                let answers = vec![shell.text("answer-cancel"), shell.text("answer-discard")];
                let text = shell.text("discard-text");
                let dialog = Dialog::ask(shell.text("discard-title"), text, answers)
                    .with_field(shell.text("reason"), "")
                    .opened_at(shell.now_ms);
                shell.ask(Purpose::Discard, dialog);
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        if let (Purpose::Discard, Reply::Answer(1, why)) = (purpose, reply)
            && let Some((n, data)) = self.current().map(|item| item.n).zip(shell.data.clone())
        {
            match data.discard(n, &why) {
                Ok(()) => {
                    shell.say(Tone::Good, shell.text("discarded"));
                    shell.changed();
                }
                Err(failure) => shell.say_failure(&failure),
            }
        }
    }
}
