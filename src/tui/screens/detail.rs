//! One record to read: all fields, what is wrong with it, and the records that belong to it.

use std::cell::Cell;

use ratatui::layout::Rect;

use super::form::Form;
use super::list::{List, state_text};
use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, Shape};
use crate::locale::instant_text;
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::{RecordView, pointing};
use crate::tui::decided::{self, found, pick_merge, pick_place};
use crate::tui::effect::Effect;
use crate::tui::import;
use crate::tui::paper;
use crate::tui::sent;
use crate::tui::text::{cells, shown, width, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::Ui;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::Item;

/// A record and its place in the list it was opened from.
pub struct Detail {
    id: RecordId,
    siblings: Vec<RecordId>,
    view: Option<RecordView>,
    related: Vec<(Kind, &'static str, usize)>,
    revealed: bool,
    first: Cell<usize>,
    cursor: usize,
}

/// With more kinds than this pointing to a record, those without records are left out.
const MOST_EMPTY: usize = 5;

impl Detail {
    /// Opens a record; `siblings` are the rows of the list it stands in.
    pub fn new(shell: &Shell, id: RecordId, siblings: Vec<RecordId>) -> Self {
        let mut detail = Self {
            id,
            siblings,
            view: None,
            related: Vec::new(),
            revealed: false,
            first: Cell::new(0),
            cursor: 0,
        };
        detail.reload(shell);
        detail
    }

    fn step(&mut self, shell: &Shell, forward: bool) {
        let Some(place) = self.siblings.iter().position(|id| *id == self.id) else { return };
        let next = if forward { place.checked_add(1) } else { place.checked_sub(1) };
        if let Some(id) = next.and_then(|place| self.siblings.get(place)) {
            self.id = *id;
            self.revealed = false;
            self.cursor = 0;
            self.reload(shell);
        }
    }

    /// Lines: label and text; an empty label continues the text above.
    fn lines(&self, shell: &Shell, wide: u16) -> Vec<(String, String, Role)> {
        let Some(view) = &self.view else { return Vec::new() };
        let spec = view.kind.spec();
        let label_cells = spec
            .fields
            .iter()
            .map(|field| width(&shell.locale.field_label(spec, field)))
            .max()
            .unwrap_or(0);
        let room = usize::from(wide).saturating_sub(label_cells + 5).max(10);
        let mut lines = Vec::new();
        for field in spec.fields {
            if field.shape == Shape::Notes {
                self.note_lines(shell, field, room, &mut lines);
                continue;
            }
            let text = if self.revealed {
                view.text_in_full(shell, field)
            } else {
                view.text(shell, field)
            };
            let mut label = shell.locale.field_label(spec, field);
            for part in
                wrap(&shown(&text), room).into_iter().chain(text.is_empty().then(String::new))
            {
                lines.push((std::mem::take(&mut label), part, Role::Text));
            }
            for issue in view.issues.iter().filter(|issue| issue.field == field.key) {
                let (mark, role) =
                    if issue.is_error() { ("x", Role::Bad) } else { ("!", Role::Warning) };
                lines.push((String::new(), format!("{mark} {}", shell.locale.issue(issue)), role));
            }
        }
        if view.read_only {
            lines.push((String::new(), format!("! {}", shell.text("read-only")), Role::Warning));
        }
        for issue in view.issues.iter().filter(|issue| spec.field(&issue.field).is_none()) {
            lines.push((String::new(), format!("! {}", shell.locale.issue(issue)), Role::Warning));
        }
        lines
    }

    /// The notes of a field, each with its time and author; one empty line where there are none.
    fn note_lines(
        &self,
        shell: &Shell,
        field: &FieldSpec,
        room: usize,
        lines: &mut Vec<(String, String, Role)>,
    ) {
        let Some(view) = &self.view else { return };
        let mut label = shell.locale.field_label(view.kind.spec(), field);
        let notes = view.notes.iter().filter(|(no, ..)| *no == field.number);
        let mut texts: Vec<String> =
            notes.map(|(_, at, by, text)| format!("{} {by}: {text}", instant_text(*at))).collect();
        if texts.is_empty() {
            texts.push(String::new());
        }
        for text in texts {
            let parts = wrap(&shown(&text), room).into_iter();
            for part in parts.chain(text.is_empty().then(String::new)) {
                lines.push((std::mem::take(&mut label), part, Role::Text));
            }
        }
    }

    fn draw_related(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        ui.rule(area.x, area.y, area.width);
        ui.label(area.x + 1, area.y, &shell.text("related"), area.right(), Role::Title);
        let visible = usize::from(area.height.saturating_sub(1));
        let first = (self.cursor + 1).saturating_sub(visible);
        let rows = self.related.iter().enumerate().skip(first);
        for ((number, (kind, _, count)), y) in rows.zip(area.y + 1..area.bottom()) {
            let current = number == self.cursor;
            let role = if current { Role::Selected } else { Role::Text };
            let mark = if current { ">" } else { " " };
            let text = format!("{mark} {} {count}", shell.locale.kind_plural(kind.spec()));
            ui.put(area.x + 1, y, &text, area.width.saturating_sub(2), role);
        }
        let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        ui.more(rows, first > 0, first + visible < self.related.len());
    }

    fn open_related(&self, shell: &mut Shell) -> bool {
        let Some((kind, key, _)) = self.related.get(self.cursor) else { return false };
        let list = List::new(shell, *kind, vec![pointing(key, self.id)]);
        shell.moves.push(Move::Push(Box::new(list)));
        true
    }

    /// What goes out to units or comes in from a sheet.
    fn exchange(&self, shell: &mut Shell, action: Action) {
        let about = self.view.as_ref().map(|view| (view.kind, view.id));
        match action {
            Action::Deploy => sent::ask(shell),
            Action::Sign => sent::sign(shell, self.id),
            _ => import::start(shell, about.map(|(kind, _)| kind), about),
        }
    }

    fn scroll(&self, down: bool) {
        let first = self.first.get();
        self.first.set(if down { first + 1 } else { first.saturating_sub(1) });
    }
}

impl Page for Detail {
    fn chain(&self) -> &'static [Context] {
        &[Context::Detail, Context::Browse, Context::Global]
    }

    fn crumb(&self, _shell: &Shell) -> String {
        self.view.as_ref().map(|view| view.title.clone()).unwrap_or_default()
    }

    fn reload(&mut self, shell: &Shell) {
        let Some(data) = &shell.data else { return };
        self.view = data.view(self.id);
        self.related.clear();
        let Some(view) = &self.view else { return };
        self.related = data.related(view.kind, self.id);
        if self.related.len() > MOST_EMPTY {
            self.related.retain(|(_, _, count)| *count > 0);
        }
        self.cursor = self.cursor.min(self.related.len().saturating_sub(1));
    }

    fn is_gone(&self, shell: &Shell) -> bool {
        shell.data.as_ref().is_some_and(|data| data.is_gone(self.id))
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let Some(view) = &self.view else {
            let inner = ui.frame(area, "", "");
            ui.put(inner.x + 2, inner.y + 1, &shell.text("record-gone"), inner.width, Role::Text);
            return;
        };
        let kind = shell.locale.kind_label(view.kind.spec());
        let parts = [kind, view.title.clone(), view.unit.clone(), state_text(shell, view)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let title = parts.join(" | ");
        let place = self.siblings.iter().position(|id| *id == self.id).map_or(0, |at| at + 1);
        let note = format!("{place}/{}", self.siblings.len());
        let inner = ui.frame(area, &title, &note);
        let related = if self.related.is_empty() { 0 } else { cells(self.related.len()) + 1 };
        let related = related.min(inner.height / 3);
        let lines = self.lines(shell, inner.width);
        let height = inner.height - related;
        let most = lines.len().saturating_sub(usize::from(height));
        self.first.set(self.first.get().min(most));
        let label_cells = lines.iter().map(|(label, ..)| width(label)).max().unwrap_or(0);
        let text_x = inner.x + 3 + cells(label_cells);
        let rows = lines.iter().skip(self.first.get()).zip(inner.y..inner.y + height);
        for ((label, text, role), y) in rows {
            ui.label(inner.x + 1, y, label, text_x, Role::Title);
            ui.label(text_x, y, text, inner.right(), *role);
        }
        let rows = Rect { height, ..inner };
        ui.more(rows, self.first.get() > 0, most > self.first.get());
        if related > 1 {
            let below = Rect::new(inner.x, inner.y + height, inner.width, related);
            self.draw_related(shell, ui, below);
        }
        ui.park_cursor(inner.x, inner.bottom().saturating_sub(1));
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let Some(view) = &self.view else { return Err(shell.text("why-no-record")) };
        match action {
            Action::AddRelated => match self.related.get(self.cursor) {
                None => Err(shell.text("why-no-related")),
                Some((kind, ..)) => shell.may_create(*kind),
            },
            Action::Reveal if view.kind.spec().fields.iter().all(|field| !field.sensitive) => {
                Err(shell.text("why-nothing-hidden"))
            }
            Action::Edit | Action::Delete | Action::Note if view.read_only => {
                Err(shell.text("read-only"))
            }
            Action::Note if view.kind.spec().shaped(Shape::Notes).next().is_none() => {
                Err(shell.text("why-no-notes"))
            }
            Action::Delete => shell.may_create(view.kind),
            Action::Request if !matches!(view.kind, Kind::Person | Kind::TrainingClass) => {
                Err(shell.text("why-no-place"))
            }
            Action::Deploy if view.kind != Kind::Deployment => Err(shell.text("why-no-task")),
            Action::Sign if view.kind != Kind::Notice => Err(shell.text("why-no-notice")),
            Action::Print => paper::enabled(shell, view.kind),
            Action::Merge if view.kind != Kind::Person => Err(shell.text("why-no-merge")),
            _ => Ok(()),
        }
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        match action {
            Action::Up if self.cursor > 0 => self.cursor -= 1,
            Action::Down if self.cursor + 1 < self.related.len() => self.cursor += 1,
            Action::Up => self.scroll(false),
            Action::Down => self.scroll(true),
            Action::Right | Action::Open => {
                self.open_related(shell);
            }
            Action::NextRecord => self.step(shell, true),
            Action::PrevRecord => self.step(shell, false),
            Action::Edit => Form::start_edit(shell, self.id, self.revealed),
            Action::Steps => shell.pick_action(vec![self.id]),
            Action::CheckIn => {
                shell.start_check_in(self.view.as_ref().map(|view| (view.kind, self.id)));
            }
            Action::AddRelated => {
                if let Some((kind, key, _)) = self.related.get(self.cursor) {
                    let filled = [((*key).to_owned(), self.id.to_string())];
                    Form::start_new(shell, *kind, &filled);
                }
            }
            Action::Delete => shell.ask_delete(vec![self.id]),
            Action::Request | Action::Merge => {
                let Some(view) = &self.view else { return };
                let pick = if action == Action::Merge { pick_merge } else { pick_place };
                pick(shell, view);
            }
            Action::Deploy | Action::Sign | Action::Import => self.exchange(shell, action),
            Action::Print => {
                if let Some(view) = &self.view {
                    paper::pick(shell, view);
                }
            }
            Action::History => shell.effects.push(Effect::History(self.id)),
            Action::Reveal => {
                let answers = vec![shell.text("answer-cancel"), shell.text("answer-reveal")];
                let dialog =
                    Dialog::ask(shell.text("reveal-title"), shell.text("reveal-text"), answers)
                        .with_field(shell.text("reason"), "");
                shell.ask(Purpose::Reveal, dialog);
            }
            Action::Note => {
                let answers = vec![shell.text("answer-cancel"), shell.text("answer-note")];
                let dialog =
                    Dialog::ask(shell.text("note-title"), shell.text("note-text"), answers)
                        .with_field(shell.text("note-title"), "");
                shell.ask(Purpose::Note, dialog);
            }
            Action::Copy => {
                let lines = self.lines(shell, 200);
                let text: Vec<String> =
                    lines.iter().map(|(label, text, _)| format!("{label}\t{text}")).collect();
                shell.effects.push(Effect::Copy(text.join("\n")));
                shell.say(Tone::Good, shell.text_with("copied", &[("count", "1")]));
            }
            Action::Find => shell.moves.extend([Move::Pop, Move::Act(Action::Find)]),
            Action::Back | Action::Left => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.related.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let said = |(kind, _, count): &(Kind, &str, usize)| {
            format!("{} {count}", shell.locale.kind_plural(kind.spec()))
        };
        self.related.get(row).map(said).unwrap_or_default()
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        let lines = self.lines(shell, 200).into_iter().filter(|(_, text, _)| !text.is_empty());
        let mut said: Vec<String> = lines
            .map(
                |(label, text, _)| if label.is_empty() { text } else { format!("{label}: {text}") },
            )
            .collect();
        said.extend(self.view.as_ref().map(|view| state_text(shell, view)));
        said
    }

    fn go_to(&mut self, row: usize) {
        self.cursor = row;
    }

    fn searched(&self, shell: &Shell, purpose: &Purpose, text: &str) -> Option<Vec<Item>> {
        let ours = matches!(purpose, Purpose::Place | Purpose::MergeWith);
        let view = self.view.as_ref().filter(|_| ours)?;
        Some(found(shell, purpose, view, text))
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        if let (Some(view), Purpose::Print, Reply::Item(item)) = (&self.view, &purpose, &reply) {
            paper::answered(shell, view, &item.id);
        } else if let (Purpose::Deploy, Reply::Answer(1, _)) = (&purpose, &reply) {
            sent::deploy(shell, self.id);
        } else if let Some(view) = &self.view {
            decided::answered(shell, view, &purpose, &reply);
        }
        if let (Purpose::Note, Reply::Answer(1, text)) = (&purpose, &reply)
            && let Some(data) = shell.data.clone()
        {
            match data.add_note(self.id, text) {
                Ok(()) => {
                    shell.say(Tone::Good, shell.text("noted"));
                    shell.changed();
                }
                Err(failure) => shell.say_failure(&failure),
            }
        }
        if let (Purpose::Reveal, Reply::Answer(1, reason)) = (purpose, reply)
            && let Some(data) = &shell.data
        {
            match data.log_reveal(self.id, &reason) {
                Ok(()) => self.revealed = true,
                Err(failure) => shell.say_failure(&failure),
            }
        }
    }
}
