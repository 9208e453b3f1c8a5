//! Results of a class: each person's hours as the marks give them, and whether the class's own rule is met.
//!
//! It reckons and says; who has completed the class is decided by whoever takes the step (PIPL Art. 24: no decision about a person by a program alone).

use std::collections::BTreeMap;

use super::Client;
use super::error::ClientError;
use super::records::refuse_errors;
use super::state::Inner;
use crate::domain::figures::halves_of;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Issue, PartialDate, Record as _, Value};
use crate::domain::rules::Registry as _;
use crate::domain::training::attendance::{Attendance, AttendanceState};
use crate::domain::training::enrolment::{Enrolment, EnrolmentStatus};
use crate::domain::training::session::{HALF_DAY_TENTHS, Session};
use crate::domain::training::training_class::{Delivery, TrainingClass};
use crate::field;

/// Codes of the class's own pass rule begin so.
const PASS_RULE: &str = "q15-";

/// What one person's marks in a class come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassResult {
    /// The enrolment.
    pub enrolment: RecordId,
    /// The person.
    pub person: RecordId,
    /// Sessions attended or made up for.
    pub attended: usize,
    /// Sessions excused.
    pub excused: usize,
    /// Sessions of the class.
    pub sessions: usize,
    /// Hours of the sessions attended, tenths; no half day gives more than the rule allows.
    pub hours: i64,
    /// Hours of those in sessions taught online, tenths.
    pub online: i64,
    /// What the class's own rule finds against completing; empty if it is met.
    pub lacks: Vec<Issue>,
    /// True if the step is still to be taken.
    pub open: bool,
}

impl Client {
    /// Reckons what every person with a place in a class has attended.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] if there is no such class.
    pub fn class_results(&self, class: RecordId) -> Result<Vec<ClassResult>, ClientError> {
        let inner = self.lock();
        inner.live(class, Kind::TrainingClass)?;
        Ok(inner.results(class))
    }

    /// Takes the step `complete` for everybody who meets the class's own rule and has not completed it yet, with the hours
    /// reckoned; returns what it was taken for. All of it is checked before any of it is written.
    ///
    /// # Errors
    /// [`ClientError::NotAllowed`], [`ClientError::Invalid`], [`ClientError::Store`].
    pub fn complete_class(&self, class: RecordId) -> Result<Vec<ClassResult>, ClientError> {
        let passed: Vec<ClassResult> = self
            .class_results(class)?
            .into_iter()
            .filter(|result| result.open && result.lacks.is_empty() && result.hours > 0)
            .collect();
        for result in &passed {
            let view = self.view(result.enrolment)?;
            let mut fields = view.fields;
            fields.extend(result.fields());
            refuse_errors(self.check(Kind::Enrolment, Some(result.enrolment), &fields))?;
        }
        for result in &passed {
            self.act(result.enrolment, "complete", None, result.fields())?;
        }
        Ok(passed)
    }
}

impl ClassResult {
    /// The hours as the enrolment keeps them.
    fn fields(&self) -> Fields {
        let hours = (field!(Enrolment: "hours").number(), Value::Int(self.hours));
        let online = (field!(Enrolment: "online_hours").number(), Value::Int(self.online));
        let online = (self.online > 0).then_some(online);
        std::iter::once(hours).chain(online).collect()
    }
}

impl Inner {
    fn results(&self, class: RecordId) -> Vec<ClassResult> {
        let pointing = |kind: Kind, key: &str| {
            let field = kind.spec().field(key).map(|field| field.number);
            field.map(|field| self.holding(kind, field, class)).unwrap_or_default()
        };
        let held = self.fields(class).and_then(|(_, fields)| TrainingClass::hydrate(&fields).ok());
        let online = held.is_some_and(|class| class.delivery == Some(Delivery::Online));
        let sessions: BTreeMap<RecordId, Session> = pointing(Kind::Session, "class")
            .into_iter()
            .filter_map(|id| self.session(id))
            .collect();
        let marks = self.marks(&sessions);
        let mut out = Vec::new();
        for id in pointing(Kind::Enrolment, "class") {
            let Some((_, fields)) = self.fields(id) else { continue };
            let Ok(own) = Enrolment::hydrate(&fields) else { continue };
            if !takes_part(&own) {
                continue;
            }
            let none = BTreeMap::new();
            let marks = marks.get(&own.person.0).unwrap_or(&none);
            out.push(self.result(id, &own, fields, &sessions, marks, online));
        }
        out
    }

    fn session(&self, id: RecordId) -> Option<(RecordId, Session)> {
        Some((id, Session::hydrate(&self.fields(id)?.1).ok()?))
    }

    /// Returns the marks in these sessions, by person and session.
    fn marks(
        &self,
        sessions: &BTreeMap<RecordId, Session>,
    ) -> BTreeMap<RecordId, BTreeMap<RecordId, AttendanceState>> {
        let mut marks: BTreeMap<RecordId, BTreeMap<RecordId, AttendanceState>> = BTreeMap::new();
        let field = field!(Attendance: "session").number();
        for session in sessions.keys() {
            for id in self.holding(Kind::Attendance, field, *session) {
                let mark = self.fields(id).and_then(|(_, mark)| Attendance::hydrate(&mark).ok());
                let Some(mark) = mark else { continue };
                let state = mark.state.unwrap_or(AttendanceState::Present);
                marks.entry(mark.person.0).or_default().insert(*session, state);
            }
        }
        marks
    }

    fn result(
        &self,
        id: RecordId,
        own: &Enrolment,
        mut fields: Fields,
        sessions: &BTreeMap<RecordId, Session>,
        marks: &BTreeMap<RecordId, AttendanceState>,
        all_online: bool,
    ) -> ClassResult {
        let count = |wanted: fn(&AttendanceState) -> bool| {
            marks.values().filter(|mark| wanted(mark)).count()
        };
        let there = sessions.iter().filter(|(id, _)| marks.get(id).is_some_and(was_there));
        let there: Vec<&Session> = there.map(|(_, session)| session).collect();
        let cap = self.half_day_cap();
        let hours = counted(&there, cap);
        let is_online = |session: &&&Session| {
            all_online || session.mode.as_ref().is_some_and(|mode| mode.0 == "online")
        };
        let online: Vec<&Session> = there.iter().filter(is_online).copied().collect();
        let open =
            matches!(own.status, Some(EnrolmentStatus::Confirmed | EnrolmentStatus::Attending));
        fields.insert(field!(Enrolment: "hours").number(), Value::Int(hours));
        if open {
            let completed = Value::Code("completed".to_owned());
            fields.insert(field!(Enrolment: "status").number(), completed);
        }
        let mut lacks = self.check(Kind::Enrolment, Some(id), &fields);
        lacks.retain(|issue| issue.code.starts_with(PASS_RULE));
        ClassResult {
            enrolment: id,
            person: own.person.0,
            attended: there.len(),
            excused: count(|mark| *mark == AttendanceState::Leave),
            sessions: sessions.len(),
            hours,
            online: counted(&online, cap),
            lacks,
            open,
        }
    }

    /// The most that half a day gives, tenths.
    fn half_day_cap(&self) -> i64 {
        let today = PartialDate::from_civil(self.env.today()).ok();
        let limit = today.and_then(|day| self.policies().limit("half-day-hours", day));
        limit.map_or(HALF_DAY_TENTHS, |hours| hours * 10)
    }
}

fn was_there(state: &AttendanceState) -> bool {
    matches!(state, AttendanceState::Present | AttendanceState::MadeUp)
}

/// True for whoever holds a place.
fn takes_part(own: &Enrolment) -> bool {
    matches!(
        own.status,
        Some(
            EnrolmentStatus::Confirmed
                | EnrolmentStatus::Attending
                | EnrolmentStatus::Completed
                | EnrolmentStatus::Certified
                | EnrolmentStatus::NotCompleted
        )
    )
}

/// Adds the hours of sessions up, no half day giving more than `cap` (校組通字〔2021〕31號 Art. 14).
fn counted(sessions: &[&Session], cap: i64) -> i64 {
    let mut halves: BTreeMap<i32, i64> = BTreeMap::new();
    for (half, tenths) in sessions.iter().flat_map(|session| halves_of(session)) {
        let full = halves.entry(half).or_default();
        *full = (*full + tenths).min(cap);
    }
    halves.values().sum()
}
