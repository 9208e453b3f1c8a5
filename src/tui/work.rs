//! What the screens of bulk actions, undo and signing in ask of the use cases.

use super::app::Shell;
use super::data::{Data, Failure};
use crate::client::{Query, RecordView};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, Value, ValueKind};

pub use crate::client::{
    Bulk, BulkChange, BulkRow, BulkStanding, Checked, CommandView, Decision, Mark, Roll, RollRow,
    Undone,
};

/// One session to sign in at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Identity.
    pub id: RecordId,
    /// Class and topic.
    pub title: String,
    /// Start, milliseconds since 1970.
    pub starts_at: i64,
}

impl Data {
    /// Takes the last command back.
    ///
    /// # Errors
    /// What the client says.
    pub fn undo(&self) -> Result<Undone, Failure> {
        Ok(self.client.undo()?)
    }

    /// Does again what was taken back last.
    ///
    /// # Errors
    /// What the client says.
    pub fn redo(&self) -> Result<Undone, Failure> {
        Ok(self.client.redo()?)
    }

    /// Takes a command back, or does it again.
    ///
    /// # Errors
    /// What the client says.
    pub fn undo_command(&self, command: u64) -> Result<Undone, Failure> {
        Ok(self.client.undo_command(command)?)
    }

    /// Returns the newest commands of the user; none if the journal cannot be read.
    pub fn commands(&self, most: usize) -> Vec<CommandView> {
        self.client.commands(most).unwrap_or_default()
    }

    /// Says what a bulk change would do.
    pub fn bulk_preview(&self, bulk: &Bulk) -> Vec<BulkRow> {
        self.client.bulk_preview(bulk)
    }

    /// Makes a bulk change; returns how many records changed.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn bulk(&self, bulk: &Bulk) -> Result<usize, Failure> {
        Ok(self.client.bulk(bulk)?)
    }

    /// Returns the fields of a kind that may be set on many records.
    pub fn bulk_fields(&self, kind: Kind) -> Vec<&'static str> {
        self.client.bulk_fields(kind)
    }

    /// Returns how many records of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.client.list(&Query::all(kind)).map_or(0, |ids| ids.len())
    }

    /// Returns the kinds that point to records of a kind, with the field and how many point to this record.
    pub fn related(&self, kind: Kind, id: RecordId) -> Vec<(Kind, &'static str, usize)> {
        let points_here = |field: &&FieldSpec| field.kind == ValueKind::Reference(kind.key());
        let related = Kind::ALL.iter().filter_map(|other| {
            let field = other.spec().fields.iter().find(points_here)?;
            Some((*other, field.key, self.count_pointing(*other, field.key, id)))
        });
        related.collect()
    }

    /// Returns the sheet of a session.
    ///
    /// # Errors
    /// What the client says.
    pub fn roll(&self, session: RecordId) -> Result<Roll, Failure> {
        Ok(self.client.roll(session)?)
    }

    /// Returns whom a text means at a session.
    pub fn found_on_roll(&self, roll: &Roll, text: &str) -> Vec<RollRow> {
        self.client.found_on_roll(roll, text)
    }

    /// Marks a person at a session.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn check_in(
        &self,
        session: RecordId,
        person: RecordId,
        state: &str,
        note: &str,
    ) -> Result<Checked, Failure> {
        Ok(self.client.check_in(session, person, state, note)?)
    }

    /// Returns the sessions of a class, or of all, those nearest to a moment first.
    pub fn sessions(&self, class: Option<RecordId>, near_ms: i64) -> Vec<SessionView> {
        let filters = class.map(|class| super::data::pointing("class", class));
        let query = Query { filters: filters.into_iter().collect(), ..Query::all(Kind::Session) };
        let ids = self.client.list(&query).unwrap_or_default();
        let mut sessions: Vec<SessionView> =
            self.client.views(&ids).into_iter().filter_map(session_of).collect();
        sessions.sort_by_key(|session| (session.starts_at.abs_diff(near_ms), session.id));
        sessions
    }

    /// Returns what was decided about a conflict and not applied yet.
    pub fn decisions(&self, conflict: RecordId) -> Vec<(crate::domain::record::FieldNo, Decision)> {
        self.client.decisions(conflict).unwrap_or_default()
    }

    /// Keeps what was decided about a conflict until it is applied.
    ///
    /// # Errors
    /// What the client says.
    pub fn keep_decisions(
        &self,
        conflict: RecordId,
        decisions: &[(crate::domain::record::FieldNo, Decision)],
    ) -> Result<(), Failure> {
        Ok(self.client.keep_decisions(conflict, decisions)?)
    }
}

fn session_of(view: RecordView) -> Option<SessionView> {
    let field = Kind::Session.spec().field("starts_at")?;
    let Some(Value::Instant(starts_at)) = view.fields.get(&field.number) else { return None };
    Some(SessionView { id: view.id, title: view.title, starts_at: *starts_at })
}

/// Says that a command was taken back, or done again.
pub fn say_undone(shell: &mut Shell, undone: &Undone, key: &str) {
    let title = shell.data.as_ref().map(|data| data.title(undone.id)).unwrap_or_default();
    let title = if title.parse::<RecordId>().is_ok() { String::new() } else { title };
    let count = undone.records.to_string();
    let args = [("title", title.as_str()), ("count", &count)];
    let mut text = if undone.records > 1 {
        shell.text_with(&format!("{key}-many"), &args)
    } else {
        shell.text_with(key, &args)
    };
    if undone.sent {
        text = format!("{text} {}", shell.text("undone-sent"));
    }
    shell.say(super::app::Tone::Good, text);
}
