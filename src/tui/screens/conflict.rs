//! Conflicts: the list of them, and the review of one, with base, current value and candidates side by side.

use std::cell::Cell;

use ratatui::layout::Rect;

use super::choices::{both, deletion, forget, keep, kept, resolution, value_of};
use super::said::{label, shown, sides, title, who};
use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::record::{ParseContext, Value, parse};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::{ConflictView, FieldConflictView, Resolution, ValueView};
use crate::tui::effect::Effect;
use crate::tui::text::{cells, fit, width, wrap};
use crate::tui::theme::Role;
use crate::tui::ui::{Ui, follow};
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::widgets::table::{Row, Table, TableState, column};
use crate::tui::work::Decision;

/// The open conflicts, the oldest first.
pub struct ConflictList {
    conflicts: Vec<ConflictView>,
    table: TableState,
}

impl ConflictList {
    /// Reads the open conflicts.
    pub fn new(shell: &Shell) -> Self {
        let mut list = Self { conflicts: Vec::new(), table: TableState::default() };
        list.reload(shell);
        list
    }

    fn row(&self, shell: &Shell, index: usize) -> Row {
        let Some(conflict) = self.conflicts.get(index) else { return Row::default() };
        let fields: Vec<String> =
            conflict.fields.iter().map(|field| label(shell, conflict, field)).collect();
        let last = conflict.fields.iter().flat_map(|field| &field.candidates).last();
        let by = last.map(|candidate| who(shell, &candidate.value)).unwrap_or_default();
        let kind = shell.locale.kind_label(conflict.kind.spec());
        let choices = kept(shell, conflict);
        let standing = match choices.iter().flatten().count() {
            0 => shell.text("conflict-undecided"),
            count if count == choices.len() => shell.text("conflict-decided"),
            _ => shell.text("conflict-part"),
        };
        let texts = vec![title(shell, conflict), kind, fields.join(", "), standing, by];
        Row { texts, ..Row::default() }
    }
}

impl Page for ConflictList {
    fn chain(&self) -> &'static [Context] {
        &[Context::Conflicts, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        shell.text("context-conflict")
    }

    fn tab(&self) -> Option<usize> {
        Some(5)
    }

    fn reload(&mut self, shell: &Shell) {
        self.conflicts = shell.data.as_ref().map(|data| data.conflicts()).unwrap_or_default();
        self.table.move_by(0, self.conflicts.len());
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        match action {
            Action::Open if self.conflicts.is_empty() => Err(shell.text("conflicts-none")),
            _ => Ok(()),
        }
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let count = self.conflicts.len().to_string();
        let inner = ui.frame(area, &shell.text_with("conflicts-count", &[("count", &count)]), "");
        if self.conflicts.is_empty() {
            let wide = inner.width.saturating_sub(6);
            ui.put(inner.x + 3, inner.y + 2, &shell.text("conflicts-none"), wide, Role::Title);
            return;
        }
        let columns = [
            column(shell.text("column-record"), 20, false),
            column(shell.text("column-kind"), 12, false),
            column(shell.text("column-fields"), 14, false),
            column(shell.text("column-decision"), 10, false),
            column(shell.text("column-by"), 24, false),
        ];
        let count = self.conflicts.len();
        let table = Table { columns: &columns, pinned: 1, count, state: &self.table };
        table.draw(ui, inner, |index| self.row(shell, index));
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.conflicts.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        self.row(shell, row).texts.join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.table.cursor = row;
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let count = self.conflicts.len();
        if self.table.moved(action, count) {
            return;
        }
        match action {
            Action::Open | Action::Right if count > 0 => {
                let review = ConflictReview::new(shell, self.conflicts.clone(), self.table.cursor);
                shell.moves.push(Move::Push(Box::new(review)));
            }
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }
}

/// The review of one conflict.
pub struct ConflictReview {
    all: Vec<ConflictView>,
    at: usize,
    choices: Vec<Option<Decision>>,
    cursor: usize,
    scroll: Cell<usize>,
}

impl ConflictReview {
    /// Opens one of the open conflicts.
    pub fn new(shell: &Shell, all: Vec<ConflictView>, at: usize) -> Self {
        let mut review = Self { all, at, choices: Vec::new(), cursor: 0, scroll: Cell::new(0) };
        review.start(shell, at);
        review
    }

    fn start(&mut self, shell: &Shell, at: usize) {
        self.at = at;
        self.cursor = 0;
        self.choices = self.conflict().map(|conflict| kept(shell, conflict)).unwrap_or_default();
    }

    /// Keeps what is chosen so far, until it is applied.
    fn keep_choices(&self, shell: &mut Shell) {
        if let Some(conflict) = self.conflict() {
            keep(shell, conflict, &self.choices);
        }
    }

    /// Puts both texts one after the other.
    fn keep_both(&mut self, shell: &mut Shell) {
        let both =
            self.conflict().and_then(|conflict| both(conflict, conflict.fields.get(self.cursor)?));
        match (both, self.choices.get_mut(self.cursor)) {
            (Some(both), Some(choice)) => {
                *choice = Some(both);
                self.keep_alive();
                self.keep_choices(shell);
            }
            _ => shell.say(Tone::Bad, shell.text("why-one-text")),
        }
    }

    /// Lists the choices of this conflict that other conflicts about the same field could follow.
    fn pick_rule(&self, shell: &mut Shell) {
        let Some(conflict) = self.conflict() else { return };
        if self.choices.iter().all(Option::is_none) {
            return shell.say(Tone::Bad, shell.text("conflict-no-rule"));
        }
        let mut items = Vec::new();
        for (place, (field, choice)) in conflict.fields.iter().zip(&self.choices).enumerate() {
            let Some(choice) = choice else { continue };
            let side = match choice {
                Decision::Current => "conflict-side-left",
                Decision::Candidate(_) => "conflict-side-right",
                Decision::Typed(_) if both(conflict, field).as_ref() == Some(choice) => {
                    "conflict-side-both"
                }
                Decision::Typed(_) => continue,
            };
            let count = self.others(field).count();
            let name = label(shell, conflict, field);
            let args = [("field", name.as_str()), ("side", &shell.text(side))];
            let note = shell.text_with("conflict-rule-count", &[("count", &count.to_string())]);
            let disabled = (count == 0).then(|| shell.text("conflict-no-others"));
            let label = shell.text_with("conflict-rule", &args);
            items.push(Item { id: place.to_string(), label, note, disabled });
        }
        shell.pick(Purpose::SameRule, Picker::new(&shell.text("conflict-rules"), items));
    }

    /// The other conflicts of these that are about the same field and where nothing was deleted.
    fn others(&self, field: &FieldConflictView) -> impl Iterator<Item = &ConflictView> {
        let here = self.conflict();
        let (kind, no) = (here.map(|here| here.kind), field.field);
        self.all
            .iter()
            .enumerate()
            .filter(move |(at, other)| {
                *at != self.at
                    && Some(other.kind) == kind
                    && deletion(other).is_none()
                    && other.fields.iter().any(|field| field.field == no)
            })
            .map(|(_, other)| other)
    }

    /// Decides the same field of the others in the same way, as far as nothing is decided there.
    fn follow_rule(&self, shell: &mut Shell, place: usize) {
        let Some(conflict) = self.conflict() else { return };
        let Some((field, Some(choice))) = conflict.fields.get(place).zip(self.choices.get(place))
        else {
            return;
        };
        let mut count: usize = 0;
        for other in self.others(field) {
            let mut choices = kept(shell, other);
            let about = other.fields.iter().zip(&mut choices);
            for (theirs, slot) in about.filter(|(theirs, _)| theirs.field == field.field) {
                *slot = match choice {
                    Decision::Current => Some(Decision::Current),
                    Decision::Candidate(_) => {
                        Some(Decision::Candidate(theirs.candidates.len().saturating_sub(1)))
                    }
                    Decision::Typed(_) => both(other, theirs).or_else(|| slot.take()),
                };
            }
            keep(shell, other, &choices);
            count += 1;
        }
        let count = count.to_string();
        shell.say(Tone::Good, shell.text_with("conflict-rule-done", &[("count", &count)]));
    }

    /// The conflicts in which every field is decided, with their decisions.
    fn decided(&self, shell: &Shell) -> Vec<(RecordId, Resolution)> {
        let decided = self.all.iter().filter_map(|conflict| {
            let choices: Vec<Decision> =
                kept(shell, conflict).into_iter().collect::<Option<_>>()?;
            Some((conflict.id, resolution(conflict, &choices)?))
        });
        decided.collect()
    }

    fn ask_all(&self, shell: &mut Shell) {
        let count = self.decided(shell).len();
        if count == 0 {
            return shell.say(Tone::Bad, shell.text("conflict-none-decided"));
        }
        let text = shell.text_with("conflict-all-text", &[("count", &count.to_string())]);
        let answers = vec![shell.text("answer-cancel"), shell.text("answer-apply")];
        let title = shell.text_of(Action::ApplyAll);
        let dialog = Dialog::ask(title, text, answers).opened_at(shell.now_ms);
        shell.ask(Purpose::ApplyAll, dialog);
    }

    fn apply_all(&mut self, shell: &mut Shell) {
        let Some(data) = shell.data.clone() else { return };
        let mut count: usize = 0;
        let mut failed = None;
        for (id, decision) in self.decided(shell) {
            match data.resolve(id, &decision) {
                Ok(()) => {
                    forget(shell, id);
                    self.all.retain(|conflict| conflict.id != id);
                    count += 1;
                }
                Err(failure) => failed = Some(failure),
            }
        }
        let count = count.to_string();
        shell.say(Tone::Good, shell.text_with("conflict-all-done", &[("count", &count)]));
        if let Some(failure) = failed {
            shell.say_failure(&failure);
        }
        shell.changed();
        if self.all.is_empty() {
            shell.moves.push(Move::Pop);
        } else {
            self.start(shell, self.at.min(self.all.len() - 1));
        }
    }

    fn conflict(&self) -> Option<&ConflictView> {
        self.all.get(self.at)
    }

    /// Moves the choice of the field to the left or to the right: current first, then the candidates.
    fn choose(&mut self, right: bool) {
        let count = self
            .conflict()
            .and_then(|conflict| conflict.fields.get(self.cursor))
            .map_or(0, |field| field.candidates.len());
        let Some(choice) = self.choices.get_mut(self.cursor) else { return };
        let chosen = match (&choice, right) {
            (Some(Decision::Candidate(n)), true) => Decision::Candidate((n + 1).min(count - 1)),
            (Some(Decision::Candidate(n)), false) if *n > 0 => Decision::Candidate(n - 1),
            (_, true) if count > 0 => Decision::Candidate(0),
            _ => Decision::Current,
        };
        if self.conflict().is_some_and(|conflict| deletion(conflict).is_some()) {
            self.choices.fill(Some(chosen)); // deleted or not: one side holds for the whole record
        } else if let Some(choice) = self.choices.get_mut(self.cursor) {
            *choice = Some(chosen);
        }
    }

    /// A value of one's own for a record that one side deleted: the record lives, so every other field follows the side it lives on.
    fn keep_alive(&mut self) {
        let Some(field) = self.conflict().and_then(deletion) else { return };
        let gone = field.current.value == Some(Value::Flag(true));
        let living = if gone { Decision::Candidate(0) } else { Decision::Current };
        for choice in &mut self.choices {
            if !matches!(choice, Some(Decision::Typed(_))) {
                *choice = Some(living.clone());
            }
        }
    }

    fn ask_value(&self, shell: &mut Shell) {
        let Some(conflict) = self.conflict() else { return };
        let Some(field) = conflict.fields.get(self.cursor) else { return };
        let Some(spec) = conflict.kind.spec().field_no(field.field) else {
            shell.say(Tone::Bad, shell.text("why-not-typed"));
            return;
        };
        let chosen = self.choices.get(self.cursor).and_then(Option::as_ref);
        let now = value_of(field, chosen.unwrap_or(&Decision::Current));
        let now = now.filter(|value| *value != Value::Null);
        let now =
            now.as_ref().map(|v| parse::format(conflict.kind.spec(), spec, v)).unwrap_or_default();
        let name = label(shell, conflict, field);
        let text = shell.text_with("conflict-type", &[("field", &name)]);
        let answers = vec![shell.text("answer-take"), shell.text("answer-cancel")];
        let dialog = Dialog::ask(name, text, answers).with_field(shell.text("value"), &now);
        shell.ask(Purpose::ConflictValue, dialog);
    }

    fn take_typed(&mut self, shell: &mut Shell, typed: &str) {
        let Some(conflict) = self.conflict() else { return };
        let kind = conflict.kind.spec();
        let spec = conflict.fields.get(self.cursor).and_then(|field| kind.field_no(field.field));
        let Some(spec) = spec else { return };
        match parse::parse(kind, spec, typed, &ParseContext::typed(shell.today)) {
            Ok(value) => {
                if let Some(choice) = self.choices.get_mut(self.cursor) {
                    *choice = Some(Decision::Typed(value.unwrap_or(Value::Null)));
                }
                self.keep_alive();
            }
            Err(issue) => {
                let text = shell.locale.issue_of(kind, &issue);
                shell.say(Tone::Bad, text);
            }
        }
    }

    /// Returns the decision, once every field has a choice.
    fn decision(&self) -> Option<Resolution> {
        let chosen: Vec<Decision> = self.choices.iter().cloned().collect::<Option<_>>()?;
        resolution(self.conflict()?, &chosen)
    }

    fn apply(&mut self, shell: &mut Shell) {
        let Some(id) = self.conflict().map(|conflict| conflict.id) else { return };
        let Some(decision) = self.decision() else {
            self.cursor = self.choices.iter().position(Option::is_none).unwrap_or(0);
            shell.say(Tone::Bad, shell.text("conflict-open-fields"));
            return;
        };
        let Some(data) = shell.data.clone() else { return };
        match data.resolve(id, &decision) {
            Ok(()) => {
                forget(shell, id);
                self.all.remove(self.at);
                shell.say(Tone::Good, shell.text("conflict-settled"));
                shell.changed();
                if self.all.is_empty() {
                    shell.moves.push(Move::Pop);
                } else {
                    self.start(shell, self.at.min(self.all.len() - 1));
                }
            }
            Err(failure) => shell.say_failure(&failure),
        }
    }

    fn block(&self, shell: &Shell, number: usize, wide: usize) -> Vec<(String, Role)> {
        let Some(conflict) = self.conflict() else { return Vec::new() };
        let Some(field) = conflict.fields.get(number) else { return Vec::new() };
        let choice = self.choices.get(number).and_then(Option::as_ref);
        let current = number == self.cursor;
        let mark = if current { ">" } else { " " };
        let base = shown(shell, conflict, field, field.base.as_ref());
        let base = shell.text_with("conflict-base", &[("value", &base)]);
        let head = format!("{mark} {}   {base}", label(shell, conflict, field));
        let mut sides = vec![(&field.current, choice == Some(&Decision::Current))];
        for (at, candidate) in field.candidates.iter().enumerate() {
            sides.push((&candidate.value, choice == Some(&Decision::Candidate(at))));
        }
        let side = wide.saturating_sub(4) / sides.len().clamp(1, 3);
        let join = |part: &dyn Fn(&ValueView, bool) -> String| -> String {
            let parts = sides.iter().map(|(view, on)| fit(&part(view, *on), side));
            format!("    {}", parts.collect::<String>())
        };
        let values = join(&|view, on| {
            let mark = if on { "(o)" } else { "( )" };
            format!("{mark} {}", shown(shell, conflict, field, view.value.as_ref()))
        });
        let authors = join(&|view, _| format!("    {}", who(shell, view)));
        let mut lines = vec![
            (head, Role::Title),
            (values, if current { Role::Selected } else { Role::Text }),
            (authors, Role::Quiet),
        ];
        if let Some(Decision::Typed(value)) = choice {
            let value = shown(shell, conflict, field, Some(value));
            lines.push((
                format!("    (o) {}", shell.text_with("conflict-typed", &[("value", &value)])),
                Role::Good,
            ));
        }
        lines.push((String::new(), Role::Text));
        lines
    }

    fn draw_result(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let Some(conflict) = self.conflict() else { return };
        ui.rule(area.x, area.y, area.width);
        ui.label(area.x + 1, area.y, &shell.text("conflict-result"), area.right(), Role::Title);
        let rows = conflict.fields.iter().zip(&self.choices).zip(area.y + 1..area.bottom());
        for ((field, choice), y) in rows {
            let now = shown(shell, conflict, field, field.current.value.as_ref());
            let result = match choice {
                None => shell.text("conflict-undecided"),
                Some(choice) => shown(shell, conflict, field, value_of(field, choice).as_ref()),
            };
            let name = fit(&label(shell, conflict, field), 14);
            let text = format!(" {name} {} -> {result}", fit(&now, 20));
            ui.put(area.x, y, &text, area.width, Role::Text);
        }
    }
}

impl Page for ConflictReview {
    fn chain(&self) -> &'static [Context] {
        &[Context::Conflict, Context::Browse, Context::Global]
    }

    fn crumb(&self, shell: &Shell) -> String {
        self.conflict().map(|conflict| title(shell, conflict)).unwrap_or_default()
    }

    fn tab(&self) -> Option<usize> {
        Some(5)
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        let Some(conflict) = self.conflict() else { return };
        let kind = shell.locale.kind_label(conflict.kind.spec());
        let title = format!("{kind} | {}", title(shell, conflict));
        let place = format!("{}/{}", self.at + 1, self.all.len());
        let inner = ui.frame(area, &title, &place);
        ui.label(
            area.x + 1,
            area.bottom() - 1,
            &shell.text("conflict-kept"),
            area.right().saturating_sub(8),
            Role::Quiet,
        );
        let wide = inner.width.saturating_sub(2);
        let mut sides = wrap(&sides(shell, conflict), usize::from(wide));
        if conflict.reason.key() != "edit" {
            let reason = shell.text(&format!("conflict-reason-{}", conflict.reason.key()));
            sides.extend(wrap(&reason, usize::from(wide)));
        }
        for (line, y) in sides.iter().zip(inner.y..inner.bottom()) {
            ui.put(inner.x + 1, y, line, wide, Role::Quiet);
        }
        let top = inner.y + cells(sides.len()).min(inner.height);
        let result = cells(conflict.fields.len()) + 1;
        let result = result.min(inner.height / 2);
        let height = inner.bottom().saturating_sub(top + result);
        let mut lines = Vec::new();
        let mut cursor_line = 0;
        for number in 0..conflict.fields.len() {
            if number == self.cursor {
                cursor_line = lines.len();
            }
            lines.extend(self.block(shell, number, usize::from(inner.width)));
        }
        let last = (cursor_line + 3).min(lines.len().saturating_sub(1));
        let first = follow(&self.scroll, last, usize::from(height)).min(cursor_line);
        for ((text, role), y) in lines.iter().skip(first).zip(top..top + height) {
            let wide = cells(width(text)).min(inner.width);
            ui.put(
                inner.x,
                y,
                text,
                if *role == Role::Selected { inner.width } else { wide },
                *role,
            );
        }
        let below = Rect::new(inner.x, inner.bottom() - result, inner.width, result);
        self.draw_result(shell, ui, below);
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.choices.len())
    }

    fn intro(&self, shell: &Shell) -> Vec<String> {
        self.conflict().map(|conflict| sides(shell, conflict)).into_iter().collect()
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let Some(conflict) = self.conflict() else { return String::new() };
        let Some(field) = conflict.fields.get(row) else { return String::new() };
        let base = shown(shell, conflict, field, field.base.as_ref());
        let mut told = vec![
            label(shell, conflict, field),
            shell.text_with("conflict-base", &[("value", &base)]),
        ];
        let side = |view: &ValueView| {
            format!("{} {}", shown(shell, conflict, field, view.value.as_ref()), who(shell, view))
        };
        told.push(format!("{} {}", shell.text("conflict-left"), side(&field.current)));
        for candidate in &field.candidates {
            told.push(format!("{} {}", shell.text("conflict-right"), side(&candidate.value)));
        }
        let result = match self.choices.get(row).and_then(Option::as_ref) {
            None => shell.text("conflict-undecided"),
            Some(choice) => shown(shell, conflict, field, value_of(field, choice).as_ref()),
        };
        told.push(format!("{} {result}", shell.text("conflict-becomes")));
        told.join("; ")
    }

    fn go_to(&mut self, row: usize) {
        self.cursor = row;
    }

    fn chosen(&self, _shell: &Shell) -> super::Chosen {
        super::Chosen::Nothing
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        let fields = self.choices.len();
        match action {
            Action::Up => self.cursor = self.cursor.saturating_sub(1),
            Action::Down => self.cursor = (self.cursor + 1).min(fields.saturating_sub(1)),
            Action::TakeLeft | Action::TakeRight => {
                self.choose(action == Action::TakeRight);
                self.keep_choices(shell);
            }
            Action::KeepBoth => self.keep_both(shell),
            Action::SameRule => self.pick_rule(shell),
            Action::ApplyAll => self.ask_all(shell),
            Action::TypeValue => self.ask_value(shell),
            Action::History => {
                let record = self.conflict().map(|conflict| conflict.record);
                shell.effects.extend(record.map(Effect::History));
            }
            Action::Apply => self.apply(shell),
            Action::NextRecord if self.at + 1 < self.all.len() => self.start(shell, self.at + 1),
            Action::PrevRecord if self.at > 0 => self.start(shell, self.at - 1),
            Action::Back => shell.moves.push(Move::Pop),
            _ => {}
        }
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        match (purpose, reply) {
            (Purpose::ConflictValue, Reply::Answer(0, typed)) => {
                self.take_typed(shell, &typed);
                self.keep_choices(shell);
            }
            (Purpose::SameRule, Reply::Item(item)) => {
                if let Ok(place) = item.id.parse::<usize>() {
                    self.follow_rule(shell, place);
                }
            }
            (Purpose::ApplyAll, Reply::Answer(1, _)) => self.apply_all(shell),
            _ => {}
        }
    }
}
