//! Signing in: who is expected at a session, who is there, and finding people by whatever one types fastest.

use std::collections::{BTreeMap, BTreeSet};

use super::Client;
use super::collate::push_key;
use super::error::ClientError;
use super::list::Query;
use super::search::begins;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::{Collation, Comparison, Filter};
use crate::domain::record::{Fields, Value};
use crate::domain::text::fold_width;

/// A mark on the sheet of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The attendance record.
    pub id: RecordId,
    /// `present`, `leave`, `absent` or `made_up`.
    pub state: String,
    /// When the person signed in, milliseconds since 1970.
    pub at: Option<i64>,
    /// Why excused, or why marked late.
    pub note: String,
}

/// One person on the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollRow {
    /// The person.
    pub person: RecordId,
    /// Name.
    pub name: String,
    /// School number.
    pub staff_no: String,
    /// Name of the unit.
    pub unit: String,
    /// Unit and post, as the enrolment has it.
    pub post: String,
    /// What is marked.
    pub mark: Option<Mark>,
    /// False for somebody who came without being enrolled.
    pub enrolled: bool,
}

/// The sheet of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The session.
    pub session: RecordId,
    /// Its class.
    pub class: Option<RecordId>,
    /// What names the session.
    pub title: String,
    /// Start, milliseconds since 1970.
    pub starts_at: Option<i64>,
    /// Everybody enrolled or marked, by name.
    pub rows: Vec<RollRow>,
}

/// What came of marking somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Marked; the attendance record.
    Marked(RecordId),
    /// Was marked so before; nothing was written.
    Already(Mark),
}

/// Most people found outside the sheet.
const MOST_OTHERS: usize = 50;

impl Client {
    /// Returns the sheet of a session.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] if there is no such session.
    pub fn roll(&self, session: RecordId) -> Result<Roll, ClientError> {
        let missing = || ClientError::NotFound { what: "session", id: session.to_string() };
        let view = self.view(session).map_err(|_not_here| missing())?;
        if view.kind != Kind::Session || view.deleted {
            return Err(missing());
        }
        let class = value(&view.fields, Kind::Session, "class").and_then(Value::as_ref_id);
        let starts_at = match value(&view.fields, Kind::Session, "starts_at") {
            Some(Value::Instant(ms)) => Some(*ms),
            _ => None,
        };
        let mut marks = self.marks(session)?;
        let mut rows = Vec::new();
        for (person, post) in self.expected(class)? {
            let mark = marks.remove(&person);
            rows.extend(self.roll_row(person, post, mark, true));
        }
        for (person, mark) in marks {
            rows.extend(self.roll_row(person, String::new(), Some(mark), false));
        }
        rows.sort_by_cached_key(|row| {
            let mut key = String::new();
            push_key(&row.name, Collation::Pinyin, &mut key);
            key
        });
        Ok(Roll { session, class, title: view.title, starts_at, rows })
    }

    /// Returns whom a text means: initials, pinyin, characters, or, if it begins with a digit, the last digits of the school number. Who is not
    /// marked yet comes first. If nobody on the sheet is meant, anybody else who may be.
    pub fn found_on_roll(&self, roll: &Roll, text: &str) -> Vec<RollRow> {
        let typed = fold_width(text).trim().to_lowercase();
        if typed.is_empty() && roll.rows.iter().any(|row| row.enrolled) {
            return roll.rows.iter().filter(|row| row.mark.is_none()).cloned().collect();
        }
        let digits = typed.starts_with(|c: char| c.is_ascii_digit());
        let query = Query { search: text.to_owned(), ..Query::all(Kind::Person) };
        let by_name = self.list(&query).unwrap_or_default();
        let known: BTreeSet<RecordId> = by_name.iter().copied().collect();
        let meant = |row: &&RollRow| {
            if digits {
                row.staff_no.to_lowercase().ends_with(&typed)
            } else {
                known.contains(&row.person)
            }
        };
        let mut found: Vec<RollRow> = roll.rows.iter().filter(meant).cloned().collect();
        if found.is_empty() {
            let others = by_name.into_iter().take(MOST_OTHERS);
            return others.filter_map(|id| self.roll_row(id, String::new(), None, false)).collect();
        }
        found.sort_by_key(|row| (row.mark.is_some(), !begins(&typed, &row.name)));
        found
    }

    /// Marks a person at a session: `present`, `leave`, `absent` or `made_up`. A mark that says the same already is left alone.
    ///
    /// # Errors
    /// As for [`Client::create_record`].
    pub fn check_in(
        &self,
        session: RecordId,
        person: RecordId,
        state: &str,
        note: &str,
    ) -> Result<Checked, ClientError> {
        let now = self.lock().env.now_ms();
        let mut fields = Fields::new();
        let mut put = |key: &str, value: Value| {
            if let Some(field) = Kind::Attendance.spec().field(key) {
                fields.insert(field.number, value);
            }
        };
        put("session", Value::Ref(session));
        put("person", Value::Ref(person));
        put("state", Value::Code(state.to_owned()));
        let there = matches!(state, "present" | "made_up");
        if there {
            put("marked_at", Value::Instant(now));
            put("marked_by", Value::Code("manual".to_owned()));
        }
        if !note.trim().is_empty() {
            put("note", Value::Text(note.trim().to_owned()));
        }
        let marks = self.marks_of(session, Some(person))?;
        let Some(mark) = marks.into_values().next() else {
            return Ok(Checked::Marked(self.create_record(Kind::Attendance, None, fields)?.id));
        };
        if mark.state == state {
            return Ok(Checked::Already(mark));
        }
        if !there {
            let at = Kind::Attendance.spec().field("marked_at").map(|field| field.number);
            fields.extend(at.map(|no| (no, Value::Null)));
        }
        self.set_fields(mark.id, fields)?;
        Ok(Checked::Marked(mark.id))
    }

    /// Returns the people enrolled in a class with unit and post then, except those who gave their place back.
    fn expected(&self, class: Option<RecordId>) -> Result<Vec<(RecordId, String)>, ClientError> {
        let Some(class) = class else { return Ok(Vec::new()) };
        let mut filters = vec![equal("class", class)];
        for gone in ["status!=withdrawn", "status!=substituted", "status!=returned"] {
            filters.extend(gone.parse::<Filter>());
        }
        let enrolments = self.list(&Query { filters, ..Query::all(Kind::Enrolment) })?;
        let views = self.views(&enrolments).into_iter();
        let one = |view: super::RecordView| {
            let person = value(&view.fields, Kind::Enrolment, "person")?.as_ref_id()?;
            let post = value(&view.fields, Kind::Enrolment, "post_then").and_then(Value::as_text);
            Some((person, post.unwrap_or_default().to_owned()))
        };
        let people: BTreeMap<RecordId, String> = views.filter_map(one).collect();
        Ok(people.into_iter().collect())
    }

    fn marks(&self, session: RecordId) -> Result<BTreeMap<RecordId, Mark>, ClientError> {
        self.marks_of(session, None)
    }

    fn marks_of(
        &self,
        session: RecordId,
        person: Option<RecordId>,
    ) -> Result<BTreeMap<RecordId, Mark>, ClientError> {
        let mut filters = vec![equal("session", session)];
        filters.extend(person.map(|person| equal("person", person)));
        let ids = self.list(&Query { filters, ..Query::all(Kind::Attendance) })?;
        let one = |view: super::RecordView| {
            let of = |key| value(&view.fields, Kind::Attendance, key);
            let text = |key| of(key).and_then(Value::as_text).unwrap_or_default().to_owned();
            let at = match of("marked_at") {
                Some(Value::Instant(ms)) => Some(*ms),
                _ => None,
            };
            let mark = Mark { id: view.id, state: text("state"), at, note: text("note") };
            Some((of("person")?.as_ref_id()?, mark))
        };
        Ok(self.views(&ids).into_iter().filter_map(one).collect())
    }

    fn roll_row(
        &self,
        person: RecordId,
        post: String,
        mark: Option<Mark>,
        enrolled: bool,
    ) -> Option<RollRow> {
        let view = self.view(person).ok()?;
        let text = |key| {
            let value = value(&view.fields, Kind::Person, key).and_then(Value::as_text);
            value.unwrap_or_default().to_owned()
        };
        let (name, staff_no) = (text("name"), text("staff_no"));
        Some(RollRow { person, name, staff_no, unit: view.unit_name, post, mark, enrolled })
    }
}

fn value<'a>(fields: &'a Fields, kind: Kind, key: &str) -> Option<&'a Value> {
    fields.get(&kind.spec().field(key)?.number)
}

fn equal(field: &str, id: RecordId) -> Filter {
    Filter { field: field.to_owned(), comparison: Comparison::Equal, text: id.to_string() }
}
