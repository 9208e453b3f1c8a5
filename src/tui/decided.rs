//! What the screens ask the server to decide: places in a class, and making one record of two; and notes.

use super::app::{Purpose, Shell, Tone};
use super::data::{Data, Failure, Query, RecordView};
use super::screens::Reply;
use super::widgets::dialog::Dialog;
use super::widgets::picker::{Item, Picker};
use crate::client::{AttentionView, Client, MergePreview};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Shape, Value};

/// Most records offered at once.
const MOST_FOUND: usize = 50;

impl Data {
    /// Asks for a place.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    fn request_place(&self, class: RecordId, person: RecordId) -> Result<(), Failure> {
        self.client.request_places(class, &[person])?;
        Ok(())
    }

    /// Returns what the server refused, and what waits for records that are not here any more.
    pub fn attention(&self) -> Vec<AttentionView> {
        attention(&self.client)
    }

    /// Sends a refused change again, with corrections.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn resend(&self, n: u64, corrections: &Fields) -> Result<(), Failure> {
        self.client.resend(n, corrections)?;
        Ok(())
    }

    /// Gives a refused change up.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn discard(&self, n: u64, reason: &str) -> Result<(), Failure> {
        self.client.discard(n, reason)?;
        Ok(())
    }

    /// Appends a note to a record's notes.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub(super) fn add_note(&self, id: RecordId, text: &str) -> Result<(), Failure> {
        let kind = self.client.view(id)?.kind;
        let field = kind.spec().shaped(Shape::Notes).next();
        let field = field.ok_or_else(|| Failure::of("why-no-notes"))?;
        if text.trim().is_empty() {
            return Err(Failure::of("reason-missing"));
        }
        self.client.add_note(id, field, text)?;
        Ok(())
    }

    /// Returns the persons who may be the same as this one.
    fn doubles(&self, person: RecordId) -> Vec<RecordId> {
        let groups = self.client.duplicates().into_iter();
        let with = groups.filter(|group| group.persons.contains(&person));
        let mut doubles: Vec<RecordId> = with.flat_map(|group| group.persons).collect();
        doubles.retain(|id| *id != person);
        doubles.sort_unstable();
        doubles.dedup();
        doubles
    }
}

/// Returns what the server refused, and what waits for records that went to another unit.
fn attention(client: &Client) -> Vec<AttentionView> {
    let mut items = client.attention();
    items.extend(client.elsewhere().unwrap_or_default());
    items
}

/// Returns the notes of a record: field, when, who, what.
pub(super) fn notes(view: &crate::client::RecordView) -> Vec<(FieldNo, i64, String, String)> {
    let fields: Vec<FieldNo> =
        view.kind.spec().shaped(Shape::Notes).map(|field| field.number).collect();
    let notes = view.elements.iter().filter(|element| fields.contains(&element.field));
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    notes.map(|note| (note.field, note.at, note.by.clone(), text(&note.value))).collect()
}

/// Opens the list of those with whom a place can be asked for: classes for a person, persons for a class.
pub(super) fn pick_place(shell: &mut Shell, view: &RecordView) {
    let key = if view.kind == Kind::Person { "place-class" } else { "place-person" };
    let items = found(shell, &Purpose::Place, view, "");
    let mut picker = Picker::new(&shell.text(key), items);
    picker.empty = shell.text("none-found");
    shell.pick(Purpose::Place, picker);
}

/// Opens the list of persons to merge with: those who look like the same person first.
pub(super) fn pick_merge(shell: &mut Shell, view: &RecordView) {
    let items = found(shell, &Purpose::MergeWith, view, "");
    let mut picker = Picker::new(&shell.text("merge-with"), items);
    picker.empty = shell.text("none-found");
    shell.pick(Purpose::MergeWith, picker);
}

/// Searches what can be chosen.
pub(super) fn found(shell: &Shell, purpose: &Purpose, view: &RecordView, text: &str) -> Vec<Item> {
    let Some(data) = &shell.data else { return Vec::new() };
    let kind = match (purpose, view.kind) {
        (Purpose::Place, Kind::Person) => Kind::TrainingClass,
        _ => Kind::Person,
    };
    let merging = *purpose == Purpose::MergeWith;
    let ids: Vec<RecordId> = if merging && text.is_empty() {
        data.doubles(view.id)
    } else {
        data.list(&Query { search: text.to_owned(), ..Query::all(kind) })
    };
    let ids: Vec<RecordId> = ids.into_iter().filter(|id| *id != view.id).take(MOST_FOUND).collect();
    let item = |view: RecordView| Item {
        id: view.id.to_string(),
        note: view.note(shell),
        label: view.title,
        disabled: None,
    };
    data.views(&ids).into_iter().map(item).collect()
}

/// Takes the answers of these lists and of the question before a merge.
pub(super) fn answered(shell: &mut Shell, view: &RecordView, purpose: &Purpose, reply: &Reply) {
    let Some(data) = shell.data.clone() else { return };
    match (purpose, reply) {
        (Purpose::Place, Reply::Item(item)) => {
            let Ok(chosen) = item.id.parse::<RecordId>() else { return };
            let (class, person) =
                if view.kind == Kind::Person { (chosen, view.id) } else { (view.id, chosen) };
            done(shell, data.request_place(class, person), "place-asked");
        }
        (Purpose::MergeWith, Reply::Item(item)) => {
            let Ok(chosen) = item.id.parse::<RecordId>() else { return };
            match data.client.merge_preview(view.id, chosen) {
                Ok(preview) => ask_merge(shell, &preview),
                Err(error) => shell.say_failure(&error.into()),
            }
        }
        (Purpose::Merge(drop), Reply::Answer(1, _)) => {
            let merged = data.client.merge_persons(view.id, *drop).map(|_saved| ());
            done(shell, merged.map_err(Failure::from), "merge-asked");
        }
        _ => {}
    }
}

fn done(shell: &mut Shell, result: Result<(), Failure>, key: &str) {
    match result {
        Ok(()) => {
            shell.say(Tone::Good, shell.text(key));
            shell.changed();
        }
        Err(failure) => shell.say_failure(&failure),
    }
}

/// Says what a merge would do, and asks.
fn ask_merge(shell: &mut Shell, preview: &MergePreview) {
    let spec = Kind::Person.spec();
    let name = |no: &FieldNo| {
        spec.field_no(*no).map_or_else(String::new, |field| shell.locale.field_label(spec, field))
    };
    let list = |numbers: Vec<&FieldNo>| {
        let names: Vec<String> = numbers.into_iter().map(name).collect();
        if names.is_empty() { shell.text("empty") } else { names.join(", ") }
    };
    let title_of = |id| shell.data.as_ref().map(|data| data.title(id)).unwrap_or_default();
    let args = [
        ("keep", title_of(preview.keep)),
        ("drop", title_of(preview.drop)),
        ("takes", list(preview.takes.iter().map(|(no, _)| no).collect())),
        ("differs", list(preview.differs.iter().map(|(no, _, _)| no).collect())),
        ("count", preview.references.to_string()),
    ];
    let args = args.each_ref().map(|(name, text)| (*name, text.as_str()));
    let text = shell.text_with("merge-text", &args);
    let answers = vec![shell.text("answer-cancel"), shell.text("answer-merge")];
    let dialog = Dialog::ask(shell.text("merge-title"), text, answers).opened_at(shell.now_ms);
    shell.ask(Purpose::Merge(preview.drop), dialog);
}
