//! The form of a record: typed fields and fields chosen from lists, checked on leaving a field and on saving, kept as a draft.

mod draw;
mod field;

use std::cell::Cell;
use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::detail::Detail;
use super::list::List;
use super::{Page, Reply};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{
    FieldSpec, Fields, Issue, ParseContext, RecordSpec, Shape, Value, ValueKind,
};
use crate::tui::actions::{Action, Context};
use crate::tui::app::{Body, Move, Purpose, Shell, Tone};
use crate::tui::data::{AttentionView, Failure, Query};
use crate::tui::keys::{Key, Named};
use crate::tui::ui::Ui;
use crate::tui::widgets::calendar::Calendar;
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::input::one_line;
use crate::tui::widgets::picker::{Item, Picker};

use field::FormField;
pub(in crate::tui) use field::code_items;

/// What a form does with what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// Makes a record.
    New,
    /// Changes a record.
    Edit(RecordId),
    /// Sends a refused change again, with this number.
    Resend(RecordId, u64),
}

/// A record being typed.
pub struct Form {
    kind: Kind,
    aim: Aim,
    title: String,
    before: Fields,
    fields: Vec<FormField>,
    focus: usize,
    scroll: Cell<usize>,
    /// When the last key changed something that is not in the draft yet.
    changed_ms: Option<u64>,
    drafted: bool,
}

/// A draft is written when nothing was typed for this long.
const DRAFT_AFTER_MS: u64 = 2000;
/// Most records offered while searching for a reference: more do not fit on a screen.
const MOST_FOUND: usize = 50;

impl Form {
    /// Starts a new record with some fields filled, or offers the draft of one.
    pub fn start_new(shell: &mut Shell, kind: Kind, filled: &[(String, String)]) {
        let title = shell.text_with("form-new", &[("kind", &shell.locale.kind_label(kind.spec()))]);
        let mut form = Self::make(shell, kind, Aim::New, title, Fields::new());
        for field in &mut form.fields {
            if let Some((_, text)) = filled.iter().find(|(key, _)| *key == field.spec.key) {
                field.load(shell, kind.spec(), text);
                field.given = true;
            }
        }
        let free = form.fields.iter().position(|field| field.is_open() && !field.given);
        form.focus = free.unwrap_or(form.focus);
        Self::start(shell, form);
    }

    /// Changes a record, or offers the draft of a change; `in_full` if its sensitive values were revealed already.
    pub fn start_edit(shell: &mut Shell, id: RecordId, in_full: bool) {
        let Some(view) = shell.data.as_ref().and_then(|data| data.view(id)) else { return };
        let title = shell.text_with("form-edit", &[("title", &view.title)]);
        let mut form = Self::make(shell, view.kind, Aim::Edit(id), title, view.fields);
        if in_full {
            form.fields.iter_mut().for_each(FormField::reveal);
        }
        Self::start(shell, form);
    }

    /// Changes what the server refused, to send it again.
    pub fn start_resend(
        shell: &mut Shell,
        item: &AttentionView,
        kind: Kind,
        title: &str,
        why: &str,
    ) {
        let view = shell.data.as_ref().and_then(|data| data.view(item.record));
        let mut fields = view.map(|view| view.fields).unwrap_or_default();
        fields.extend(item.values.clone());
        let title = shell.text_with("form-resend", &[("title", title)]);
        let mut form = Self::make(shell, kind, Aim::Resend(item.record, item.n), title, fields);
        let why = shell.text_with("refused-why", &[("why", why)]);
        let about = form.fields.iter().position(|field| field.spec.key == item.field);
        if let Some(field) = about.and_then(|about| form.fields.get_mut(about)) {
            field.refused = Some(why.clone());
            form.focus = about.filter(|_| field.is_open()).unwrap_or(form.focus);
        }
        shell.say(Tone::Bad, why);
        shell.moves.push(Move::Push(Box::new(form)));
    }

    fn start(shell: &mut Shell, form: Self) {
        let found = shell.data.as_ref().and_then(|data| data.draft(form.kind, form.record()));
        let title = form.title.clone();
        shell.moves.push(Move::Push(Box::new(form)));
        if let Some(draft) = found {
            let at = crate::locale::instant_text(draft.at_ms);
            let text = shell.text_with("draft-text", &[("at", &at), ("title", &title)]);
            let answers = vec![shell.text("draft-continue"), shell.text("draft-discard")];
            shell.ask(Purpose::OfferDraft, Dialog::ask(shell.text("draft-title"), text, answers));
        }
    }

    fn make(shell: &Shell, kind: Kind, aim: Aim, title: String, before: Fields) -> Self {
        let role = shell.data.as_ref().map(|data| data.role());
        // Notes are added on the record's page, never edited.
        let fields = kind.spec().fields.iter().filter(|field| field.shape != Shape::Notes);
        let fields: Vec<FormField> = fields
            .map(|spec| FormField::new(shell, kind.spec(), spec, before.get(&spec.number), role))
            .collect();
        let focus = fields.iter().position(FormField::is_open).unwrap_or(0);
        let scroll = Cell::new(0);
        Self { kind, aim, title, before, fields, focus, scroll, changed_ms: None, drafted: false }
    }

    const fn record(&self) -> Option<RecordId> {
        match self.aim {
            Aim::New => None,
            Aim::Edit(id) | Aim::Resend(id, _) => Some(id),
        }
    }

    fn is_dirty(&self) -> bool {
        self.fields.iter().any(|field| field.is_changed() && !field.given)
    }

    /// Returns the values as far as they can be read, and what cannot.
    fn values(&self, shell: &Shell) -> (Fields, Vec<Issue>) {
        let (mut values, mut issues) = (self.before.clone(), Vec::new());
        let cx = ParseContext::typed(shell.today);
        for field in self.fields.iter().filter(|field| field.is_changed()) {
            match field.value(self.kind.spec(), &cx) {
                Ok(Some(value)) => {
                    values.insert(field.spec.number, value);
                }
                Ok(None) => {
                    values.remove(&field.spec.number);
                }
                Err(issue) => issues.push(issue),
            }
        }
        if self.aim == Aim::New {
            crate::domain::workflow::fill_defaults(self.kind, &mut values);
        }
        (values, issues)
    }

    /// Checks everything; keeps the issues of the fields in `only`, or of all.
    fn check(&mut self, shell: &Shell, only: Option<usize>) {
        let (values, mut issues) = self.values(shell);
        if let Some(data) = &shell.data {
            issues.extend(data.check(self.kind, self.record(), &values));
        }
        for (number, field) in self.fields.iter_mut().enumerate() {
            if only.is_none_or(|only| only == number) {
                field.issue = issues
                    .iter()
                    .filter(|issue| issue.field == field.spec.key)
                    .max_by_key(|issue| issue.level)
                    .cloned();
            }
        }
        if only.is_none() {
            let loose = issues.into_iter().find(|issue| {
                issue.is_error() && !self.fields.iter().any(|field| field.spec.key == issue.field)
            });
            if let (Some(issue), Some(first)) = (loose, self.fields.first_mut())
                && first.issue.is_none()
            {
                first.issue = Some(issue);
            }
        }
    }

    fn first_error(&self) -> Option<usize> {
        self.fields.iter().position(|f| f.issue.as_ref().is_some_and(Issue::is_error))
    }

    fn save(&mut self, shell: &mut Shell) {
        self.check(shell, None);
        if let Some(bad) = self.first_error() {
            self.focus = bad;
            self.say_error(shell);
            return;
        }
        let (values, _) = self.values(shell);
        match self.write(shell, values) {
            Ok(id) => self.saved(shell, id),
            Err(failure) => {
                self.show_issues(&failure);
                shell.say_failure(&failure);
            }
        }
    }

    fn write(&self, shell: &Shell, values: Fields) -> Result<RecordId, Failure> {
        let data = shell.data.as_ref().ok_or_else(Failure::closed)?;
        match self.aim {
            Aim::New => data.create_record(self.kind, values),
            Aim::Edit(id) => data.change(id, self.changes(values)).map(|()| id),
            Aim::Resend(id, n) => data.resend(n, &self.changes(values)).map(|()| id),
        }
    }

    /// Returns the fields that differ, cleared ones as [`Value::Null`].
    fn changes(&self, values: Fields) -> Fields {
        let cleared = self.before.keys().filter(|no| !values.contains_key(no));
        let cleared: Vec<_> = cleared.map(|no| (*no, Value::Null)).collect();
        let changed = values.into_iter().filter(|(no, value)| self.before.get(no) != Some(value));
        changed.chain(cleared).collect()
    }

    fn saved(&mut self, shell: &mut Shell, id: RecordId) {
        self.drop_draft(shell);
        let warnings = self.fields.iter().filter(|field| field.issue.is_some()).count();
        let key = if warnings > 0 { "saved-warnings" } else { "saved" };
        let text = shell.text_with(key, &[("count", &warnings.to_string())]);
        shell.say(Tone::Good, text);
        shell.moves.push(Move::Pop);
        shell.changed();
        if self.aim == Aim::New {
            let detail = Detail::new(shell, id, vec![id]);
            shell.moves.push(Move::Push(Box::new(detail)));
        }
    }

    fn show_issues(&mut self, failure: &Failure) {
        for issue in &failure.issues {
            if let Some(field) = self.fields.iter_mut().find(|field| field.spec.key == issue.field)
            {
                field.issue = Some(issue.clone());
            }
        }
        self.focus = self.first_error().unwrap_or(self.focus);
    }

    fn say_error(&self, shell: &mut Shell) {
        let Some(field) = self.fields.get(self.focus) else { return };
        let Some(issue) = &field.issue else { return };
        let text = format!("{}: {}", field.label, shell.locale.issue(issue));
        shell.say(Tone::Bad, text);
    }

    fn step(&mut self, shell: &mut Shell, forward: bool) {
        let (spec, cx) = (self.kind.spec(), ParseContext::typed(shell.today));
        self.with_focus(|field| field.settle(spec, &cx));
        self.check(shell, Some(self.focus));
        self.keep(shell);
        let count = self.fields.len();
        let mut next = self.focus;
        for _ in 0..count {
            next = if forward { (next + 1) % count } else { (next + count - 1) % count };
            if self.fields.get(next).is_some_and(FormField::is_open) {
                break;
            }
        }
        self.focus = next;
    }

    fn pick(&mut self, shell: &mut Shell, typed: &str) {
        let Some(field) = self.fields.get(self.focus) else { return };
        if matches!(field.spec.kind, ValueKind::Reference(_)) {
            let items = found_records(shell, field.spec, typed);
            let mut picker = Picker::new(&field.label, items).at(&field.draft_text());
            picker.input.set(typed);
            shell.pick(Purpose::RecordOf(self.focus), picker);
            return;
        }
        let items = code_items(shell, self.kind.spec(), field.spec, !field.spec.required);
        let mut picker = Picker::new(&field.label, items).at(&field.draft_text());
        if !typed.is_empty() {
            picker.input.set(typed);
            picker.narrow(crate::tui::update::item_matches);
        }
        shell.pick(Purpose::CodeOf(self.focus), picker);
    }

    /// Opens a month at the date that is typed, else at today's.
    fn open_calendar(&self, shell: &mut Shell) {
        let Some(field) = self.fields.get(self.focus) else { return };
        let cx = ParseContext::typed(shell.today);
        let typed = crate::domain::record::parse::parse_date(&field.input.text(), &cx);
        let day = typed.and_then(|date| date.to_string().parse().ok()).unwrap_or(shell.today);
        let mut calendar = Calendar::new(shell.today, day);
        calendar.title.clone_from(&field.label);
        calendar.hint = shell.text("hint-calendar");
        calendar.weekdays = shell.text("weekdays");
        shell.open(Purpose::DateOf(self.focus), Body::Calendar(calendar));
    }

    /// Lists the kinds of records that belong to this one.
    fn pick_related(&self, shell: &mut Shell) {
        let Some((data, id)) = shell.data.clone().zip(self.record()) else { return };
        let item = |(kind, key, count): (Kind, &str, usize)| Item {
            id: format!("{}:{key}", kind.key()),
            label: shell.locale.kind_plural(kind.spec()),
            note: count.to_string(),
            disabled: None,
        };
        let mut related = data.related(self.kind, id);
        related.sort_by_key(|(.., count)| *count == 0);
        let items = related.into_iter().map(item).collect();
        shell.pick(Purpose::RelatedOf, Picker::new(&shell.text("related-which"), items));
    }

    /// Goes to the records of a kind that belong to this one; this form waits below, its draft kept.
    fn open_related(&mut self, shell: &mut Shell, chosen: &str) {
        let Some((kind, key)) = chosen.split_once(':') else { return };
        let Some((kind, id)) = Kind::from_key(kind).zip(self.record()) else { return };
        self.keep(shell);
        let list = List::new(shell, kind, vec![crate::tui::data::pointing(key, id)]);
        shell.moves.push(Move::Push(Box::new(list)));
    }

    fn leave(&mut self, shell: &mut Shell) {
        if !self.is_dirty() {
            self.drop_draft(shell);
            shell.moves.push(Move::Pop);
            return;
        }
        let answers =
            ["leave-continue", "leave-save", "leave-discard"].map(|key| shell.text(key)).to_vec();
        let dialog = Dialog::ask(shell.text("leave-title"), shell.text("leave-text"), answers);
        shell.ask(Purpose::LeaveForm, dialog);
    }

    fn drop_draft(&mut self, shell: &Shell) {
        self.changed_ms = None;
        if let Some(data) = &shell.data {
            data.drop_draft(self.kind, self.record());
        }
        self.drafted = false;
    }

    fn load_draft(&mut self, shell: &Shell) {
        let Some(draft) = shell.data.as_ref().and_then(|data| data.draft(self.kind, self.record()))
        else {
            return;
        };
        for field in &mut self.fields {
            if let Some(text) = draft.texts.get(field.spec.key) {
                field.load(shell, self.kind.spec(), text);
            }
        }
        self.drafted = true;
    }

    fn touched(&mut self, shell: &Shell) {
        self.changed_ms = Some(shell.now_ms);
        if let Some(field) = self.fields.get_mut(self.focus) {
            field.issue = None;
            field.refused = None;
        }
    }

    fn with_focus(&mut self, change: impl FnOnce(&mut FormField)) {
        if let Some(field) = self.fields.get_mut(self.focus) {
            change(field);
        }
    }
}

/// Searches the records a reference field may point to.
pub(in crate::tui) fn found_records(shell: &Shell, field: &FieldSpec, text: &str) -> Vec<Item> {
    let ValueKind::Reference(target) = field.kind else { return Vec::new() };
    let (Some(kind), Some(data)) = (Kind::from_key(target), &shell.data) else { return Vec::new() };
    let query = Query { search: text.to_owned(), ..Query::all(kind) };
    let ids: Vec<RecordId> = data.list(&query).into_iter().take(MOST_FOUND).collect();
    let views = data.views(&ids);
    let item = |view: crate::tui::data::RecordView| Item {
        id: view.id.to_string(),
        note: view.note(shell),
        label: view.title,
        disabled: None,
    };
    let none = (!field.required && text.is_empty()).then(|| field::none_item(shell));
    none.into_iter().chain(views.into_iter().map(item)).collect()
}

impl Page for Form {
    fn chain(&self) -> &'static [Context] {
        &[Context::Form, Context::Global]
    }

    fn crumb(&self, _shell: &Shell) -> String {
        self.title.clone()
    }

    fn draw(&self, shell: &Shell, ui: &mut Ui<'_>, area: Rect) {
        draw::draw(self, shell, ui, area);
    }

    fn enabled(&self, shell: &Shell, action: Action) -> Result<(), String> {
        let field = self.fields.get(self.focus);
        match action {
            Action::Pick if !field.is_some_and(FormField::is_picked) => {
                Err(shell.text("why-no-list"))
            }
            Action::Related if !matches!(self.aim, Aim::Edit(_)) => {
                Err(shell.text("why-save-first"))
            }
            Action::Calendar if !field.is_some_and(|f| f.spec.kind == ValueKind::Date) => {
                Err(shell.text("why-no-date"))
            }
            _ => Ok(()),
        }
    }

    fn count_rows(&self) -> Option<usize> {
        Some(self.fields.len())
    }

    fn row_text(&self, shell: &Shell, row: usize) -> String {
        let Some(field) = self.fields.get(row) else { return String::new() };
        let value = field.mask.clone().unwrap_or_else(|| field.input.text());
        let issue = field.issue.as_ref().map(|issue| shell.locale.issue(issue));
        let why = issue.or_else(|| field.refused.clone());
        let why = why.map(|why| format!("; x {why}")).unwrap_or_default();
        format!("{}: {value}{why}", marked(&field.label, field.spec))
    }

    fn go_to(&mut self, row: usize) {
        if self.fields.get(row).is_some_and(FormField::is_open) {
            self.focus = row;
        }
    }

    fn chosen(&self, shell: &Shell) -> super::Chosen {
        match self.fields.get(self.focus) {
            Some(field) if field.is_picked() => super::Chosen::Run(Action::Pick),
            Some(field) => super::Chosen::Type(
                self.row_text(shell, self.focus)
                    + draw::hint(field)
                        .map(|hint| format!(" ({})", shell.text(hint)))
                        .unwrap_or_default()
                        .as_str(),
            ),
            None => super::Chosen::Nothing,
        }
    }

    fn line(&mut self, shell: &mut Shell, text: &str) -> bool {
        let Some(field) = self.fields.get_mut(self.focus) else { return false };
        if field.is_picked() {
            self.pick(shell, text);
            return true;
        }
        field.begin();
        field.input.set(text);
        self.touched(shell);
        self.step(shell, true);
        true
    }

    fn act(&mut self, shell: &mut Shell, action: Action) {
        match action {
            Action::Save => self.save(shell),
            Action::NextField => self.step(shell, true),
            Action::PrevField => self.step(shell, false),
            Action::Pick => self.pick(shell, ""),
            Action::Calendar => self.open_calendar(shell),
            Action::Related => self.pick_related(shell),
            Action::RestoreField => {
                self.with_focus(FormField::restore);
                self.touched(shell);
            }
            Action::Back => self.leave(shell),
            _ => {}
        }
    }

    fn typed(&mut self, shell: &mut Shell, key: Key) -> bool {
        let Some(field) = self.fields.get_mut(self.focus) else { return false };
        if key.is(Named::Enter) && !field.is_picked() {
            self.step(shell, true);
            return true;
        }
        if !field.is_picked() {
            let before = field.input.text();
            let taken = field.key(key);
            if self.fields.get(self.focus).is_some_and(|field| field.input.text() != before) {
                self.touched(shell);
            }
            return taken;
        }
        if key.is(Named::Backspace) || key.is(Named::Delete) {
            field.chosen = None;
            field.input.set("");
            self.touched(shell);
            return true;
        }
        let Some(c) = key.typed() else { return false };
        self.pick(shell, &c.to_string());
        true
    }

    fn pasted(&mut self, shell: &mut Shell, text: &str) -> bool {
        let Some(field) = self.fields.get_mut(self.focus) else { return false };
        if field.is_picked() {
            self.pick(shell, &one_line(text));
        } else {
            field.begin();
            field.input.insert(text);
            self.touched(shell);
        }
        true
    }

    fn answered(&mut self, shell: &mut Shell, purpose: Purpose, reply: Reply) {
        match (purpose, reply) {
            (Purpose::CodeOf(number) | Purpose::RecordOf(number), Reply::Item(item)) => {
                let spec = self.kind.spec();
                if let Some(field) = self.fields.get_mut(number) {
                    field.load(shell, spec, &item.id);
                }
                self.touched(shell);
                self.step(shell, true);
            }
            (Purpose::DateOf(number), Reply::Answer(_, day)) => {
                if let Some(field) = self.fields.get_mut(number) {
                    field.begin();
                    field.input.set(&day);
                }
                self.touched(shell);
                self.step(shell, true);
            }
            (Purpose::RelatedOf, Reply::Item(item)) => self.open_related(shell, &item.id),
            (Purpose::LeaveForm, Reply::Answer(1, _)) => self.save(shell),
            (Purpose::LeaveForm, Reply::Answer(2, _)) => {
                self.drop_draft(shell);
                shell.moves.push(Move::Pop);
            }
            (Purpose::OfferDraft, Reply::Answer(0, _)) => self.load_draft(shell),
            (Purpose::OfferDraft, Reply::Answer(1, _)) => self.drop_draft(shell),
            _ => {}
        }
    }

    fn searched(&self, shell: &Shell, purpose: &Purpose, text: &str) -> Option<Vec<Item>> {
        let Purpose::RecordOf(number) = purpose else { return None };
        self.fields.get(*number).map(|field| found_records(shell, field.spec, text))
    }

    fn wake_at(&self) -> Option<u64> {
        self.changed_ms.map(|at| at + DRAFT_AFTER_MS)
    }

    /// Writes the draft, encrypted like the data.
    fn keep(&mut self, shell: &mut Shell) {
        if self.changed_ms.take().is_none() || !self.is_dirty() {
            return;
        }
        let changed = self.fields.iter().filter(|field| field.is_changed());
        let texts: BTreeMap<String, String> =
            changed.map(|field| (field.spec.key.to_owned(), field.draft_text())).collect();
        if let Some(data) = shell.data.clone() {
            match data.save_draft(self.kind, self.record(), texts) {
                Ok(()) => self.drafted = true,
                Err(failure) => shell.say_failure(&failure),
            }
        }
    }
}

/// Returns the label of a field with the mark of a required one.
fn marked(label: &str, field: &FieldSpec) -> String {
    if field.required { format!("{label} *") } else { label.to_owned() }
}

/// Returns the widest label of a kind's form.
fn label_cells(shell: &Shell, spec: &RecordSpec) -> usize {
    let labels = spec.fields.iter();
    labels
        .map(|field| {
            crate::tui::text::width(&marked(&shell.locale.field_label(spec, field), field))
        })
        .max()
        .unwrap_or(0)
}
