//! Actions on the selected records, or on the one under the cursor: workflow steps, a field set on all, deletion. More than one record is looked
//! at row by row first.

use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, Fields, ParseContext, Value, ValueKind, parse};
use crate::domain::workflow;
use crate::tui::actions::Action;
use crate::tui::app::{Move, Purpose, Shell, Tone};
use crate::tui::data::value_text;
use crate::tui::import;
use crate::tui::screens::{BulkPage, CheckIn, Reply, code_items, found_records};
use crate::tui::widgets::dialog::Dialog;
use crate::tui::widgets::picker::{Item, Picker};
use crate::tui::work::{Bulk, BulkChange};

/// Item that sets a field.
const SET: &str = ":set";
/// Item that deletes.
const DELETE: &str = ":delete";
/// Records looked at to say which steps are open.
const MOST_LOOKED_AT: usize = 200;
/// Most sessions offered.
const MOST_SESSIONS: usize = 100;

impl Shell {
    /// Lists what can be done with records: steps, with the reason where none of the records may take one, and changes of all of them.
    pub fn pick_action(&mut self, ids: Vec<RecordId>) {
        let Some((data, first)) = self.data.clone().zip(ids.first().copied()) else { return };
        let Some(view) = data.row(first) else { return };
        let spec = view.kind.spec();
        let mut steps: Vec<(Item, usize)> = Vec::new();
        for id in ids.iter().take(MOST_LOOKED_AT) {
            for step in data.steps(*id) {
                let why = step.blocked.map(|issue| self.locale.issue_of(spec, &issue));
                let place = steps.iter().position(|(item, _)| item.id == step.action);
                let place = place.unwrap_or_else(|| {
                    let label = self.locale.step_label(spec, &step.action);
                    steps.push((Item { id: step.action.clone(), label, ..Item::default() }, 0));
                    steps.len() - 1
                });
                if let Some((item, open)) = steps.get_mut(place) {
                    *open += usize::from(why.is_none());
                    item.disabled = item.disabled.take().or(why);
                }
            }
        }
        let mut items: Vec<Item> = steps
            .into_iter()
            .map(|(mut item, open)| {
                if open > 0 {
                    item.disabled = None;
                    if ids.len() > 1 {
                        let count = format!("{open}/{}", ids.len().min(MOST_LOOKED_AT));
                        item.note = self.text_with("bulk-open-for", &[("count", &count)]);
                    }
                }
                item
            })
            .collect();
        let no_fields = data.bulk_fields(view.kind).is_empty();
        let set = Item {
            id: SET.to_owned(),
            label: self.text("bulk-set"),
            disabled: no_fields.then(|| self.text("bulk-no-fields")),
            ..Item::default()
        };
        let delete = Item {
            id: DELETE.to_owned(),
            label: self.text("delete-title"),
            disabled: self.may_create(view.kind).err(),
            ..Item::default()
        };
        items.extend([set, delete]);
        items.sort_by_key(|item| item.disabled.is_some()); // what can be done now comes first
        let count = ids.len().to_string();
        let state = workflow::state(view.kind, &view.fields).unwrap_or_default();
        let state = spec.state_field().map(|field| self.locale.choice_label(spec, field, &state));
        let name = match state {
            _ if ids.len() > 1 => self.locale.kind_label(spec),
            Some(state) => format!("{} [{state}]", view.title),
            None => view.title,
        };
        let title = self.text_with("bulk-pick", &[("count", &count), ("title", &name)]);
        self.pick(Purpose::Step(ids), Picker::new(&title, items));
    }

    /// Takes the answer of the list of actions.
    pub(super) fn chosen_action(&mut self, ids: Vec<RecordId>, action: &str) {
        match action {
            SET => self.pick_bulk_field(ids),
            DELETE => self.ask_delete_all(ids),
            _ if ids.len() == 1 => self.start_step(ids, action),
            _ => {
                let Some(kind) = self.kind_of(&ids) else { return };
                let what = self.locale.step_label(kind.spec(), action);
                self.preview(kind, ids, BulkChange::Step(action.to_owned()), what);
            }
        }
    }

    /// Asks before records are deleted: one by a question, several row by row.
    pub fn ask_delete_all(&mut self, ids: Vec<RecordId>) {
        if ids.len() == 1 {
            return self.ask_delete(ids);
        }
        let Some(kind) = self.kind_of(&ids) else { return };
        let what = self.text("delete-title");
        self.preview(kind, ids, BulkChange::Delete, what);
    }

    fn kind_of(&self, ids: &[RecordId]) -> Option<Kind> {
        self.data.as_ref()?.row(*ids.first()?).map(|view| view.kind)
    }

    fn preview(&mut self, kind: Kind, ids: Vec<RecordId>, change: BulkChange, what: String) {
        let bulk = Bulk { ids, change, reason: String::new(), skip_warned: false };
        let page = BulkPage::new(self, kind, bulk, what);
        self.moves.push(Move::Push(Box::new(page)));
    }

    fn pick_bulk_field(&mut self, ids: Vec<RecordId>) {
        let Some((data, kind)) = self.data.clone().zip(self.kind_of(&ids)) else { return };
        let fields = data.bulk_fields(kind);
        let item = |field: &FieldSpec| Item {
            id: field.key.to_owned(),
            label: self.locale.field_label(kind.spec(), field),
            ..Item::default()
        };
        let fields = fields.iter().filter_map(|key| kind.spec().field(key));
        let items = fields.map(item).collect();
        let title = self.text_with("bulk-field", &[("count", &ids.len().to_string())]);
        self.pick(Purpose::BulkField(ids), Picker::new(&title, items));
    }

    /// Asks for the value that all records get.
    pub(super) fn pick_bulk_value(
        &mut self,
        ids: Vec<RecordId>,
        key: &str,
        typed: &str,
        problem: String,
    ) {
        let Some(kind) = self.kind_of(&ids) else { return };
        let Some(field) = kind.spec().field(key) else { return };
        let label = self.locale.field_label(kind.spec(), field);
        let purpose = Purpose::BulkValue(ids, key.to_owned());
        let items = match field.kind {
            ValueKind::Reference(_) => found_records(self, field, ""),
            _ => code_items(self, kind.spec(), field, !field.required),
        };
        if !items.is_empty() {
            return self.pick(purpose, Picker::new(&label, items));
        }
        let answers = vec![self.text("answer-next"), self.text("answer-cancel")];
        let text = self.text_with("bulk-value", &[("field", &label)]);
        let mut dialog =
            Dialog::ask(label.clone(), text, answers).with_field(self.text("value"), typed);
        dialog.warning = problem;
        self.ask(purpose, dialog);
    }

    /// Takes the value that all records get and shows what it would do.
    pub(super) fn chosen_value(&mut self, ids: Vec<RecordId>, key: &str, reply: &Reply) {
        let Some(kind) = self.kind_of(&ids) else { return };
        let spec = kind.spec();
        let Some(field) = spec.field(key) else { return };
        let typed = match reply {
            Reply::Item(item) => item.id.as_str(),
            Reply::Answer(0, text) => text.as_str(),
            Reply::Answer(..) => return,
        };
        let value = match parse::parse(spec, field, typed, &ParseContext::typed(self.today)) {
            Ok(value) => value.unwrap_or(Value::Null),
            Err(issue) => {
                let problem = self.locale.issue_of(spec, &issue);
                return self.pick_bulk_value(ids, key, typed, problem);
            }
        };
        let label = self.locale.field_label(spec, field);
        let shown = match &value {
            Value::Null => self.text("empty"),
            value => value_text(self, spec, field, value),
        };
        let what = self.text_with("bulk-set-to", &[("field", &label), ("value", &shown)]);
        self.preview(kind, ids, BulkChange::Set(Fields::from([(field.number, value)])), what);
    }

    /// Returns what matches the text typed into a list that asks for a value of all records, or for a file.
    pub(super) fn searched_value(&self, purpose: &Purpose, text: &str) -> Option<Vec<Item>> {
        if let Purpose::ImportFile(ask) = purpose {
            return Some(import::searched(ask, text));
        }
        let Purpose::BulkValue(ids, key) = purpose else { return None };
        let field = self.kind_of(ids)?.spec().field(key)?;
        matches!(field.kind, ValueKind::Reference(_)).then(|| found_records(self, field, text))
    }

    /// Opens the sheet of a session: of this record's class or session, else of the one that is chosen from a list.
    pub fn start_check_in(&mut self, about: Option<(Kind, RecordId)>) {
        let Some(data) = self.data.clone() else { return };
        let class = match about {
            Some((Kind::Session, id)) => return self.open_check_in(id),
            Some((Kind::TrainingClass, id)) => Some(id),
            Some((kind @ (Kind::Enrolment | Kind::Attendance), id)) => {
                let key = if kind == Kind::Enrolment { "class" } else { "session" };
                let value = data.row(id).and_then(|view| {
                    view.fields.get(&kind.spec().field(key)?.number).and_then(Value::as_ref_id)
                });
                match (kind, value) {
                    (Kind::Attendance, Some(session)) => return self.open_check_in(session),
                    (_, value) => value,
                }
            }
            _ => None,
        };
        let now = self.today.to_zoned(jiff::tz::TimeZone::UTC);
        let now = now.map_or(0, |day| day.timestamp().as_millisecond());
        let sessions = data.sessions(class, now);
        match sessions.as_slice() {
            [] => self.say(Tone::Bad, self.text("checkin-no-session")),
            [only] if class.is_some() => self.open_check_in(only.id),
            several => {
                let item = |session: &crate::tui::work::SessionView| Item {
                    id: session.id.to_string(),
                    label: session.title.clone(),
                    note: crate::locale::instant_text(session.starts_at),
                    disabled: None,
                };
                let items = several.iter().take(MOST_SESSIONS).map(item).collect();
                let title = self.text("checkin-which");
                self.pick(Purpose::Session, Picker::new(&title, items));
            }
        }
    }

    /// Opens the sheet of a session.
    pub(super) fn open_check_in(&mut self, session: RecordId) {
        match CheckIn::open(self, session) {
            Ok(page) => self.moves.push(Move::Push(Box::new(page))),
            Err(failure) => self.say_failure(&failure),
        }
    }

    /// Takes a command back or does it again, and says so.
    pub(super) fn undo_or_redo(&mut self, action: Action) {
        let Some(data) = self.data.clone() else { return };
        let (done, key) =
            if action == Action::Redo { (data.redo(), "redone") } else { (data.undo(), "undone") };
        match done {
            Ok(undone) => {
                crate::tui::work::say_undone(self, &undone, key);
                self.changed();
                self.moves.push(Move::LeaveGone);
            }
            Err(failure) => self.say_failure(&failure),
        }
    }
}
