//! The live records that figures are made of, as small as the figures need them.
//!
//! Persons, enrolments and marks come in hundreds of thousands: only a few fields of each are read. The other kinds are kept whole.

use std::collections::BTreeMap;

use crate::domain::cultivation::assessment::CultivationAssessment;
use crate::domain::cultivation::evidence::CultivationEvidence;
use crate::domain::cultivation::measure::CultivationMeasure;
use crate::domain::cultivation::record::Cultivation;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::development_plan::DevelopmentPlan;
use crate::domain::org::headcount::Headcount;
use crate::domain::org::person::Person;
use crate::domain::org::policy::Policy;
use crate::domain::org::post::Post;
use crate::domain::org::rectification::Rectification;
use crate::domain::org::submission::Submission;
use crate::domain::org::term::Term;
use crate::domain::org::unit::{Unit, UnitType};
use crate::domain::org::work_report::WorkReport;
use crate::domain::record::{Date, FieldNo, Fields, PartialDate, Record, Value};
use crate::domain::rules::policy::Policies;
use crate::domain::staff::appointment::Appointment;
use crate::domain::staff::establishment::Establishment;
use crate::domain::staff::staff_file::StaffFile;
use crate::domain::staff::staff_review::StaffReview;
use crate::domain::training::attendance::Attendance;
use crate::domain::training::class_quota::ClassQuota;
use crate::domain::training::enrolment::{Enrolment, PLACED};
use crate::domain::training::session::Session;
use crate::domain::training::training_class::TrainingClass;
use crate::field;

/// Where an enrolment stands, as far as figures ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Has no place.
    Outside,
    /// Has a place, or had one to the end without finishing.
    Placed,
    /// Excused.
    Excused,
    /// Finished: hours count.
    Finished,
}

/// An enrolment.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// The enrolment.
    pub id: RecordId,
    /// The class.
    pub class: RecordId,
    /// The person.
    pub person: RecordId,
    /// Where it stands.
    pub standing: Standing,
    /// Hours, tenths.
    pub hours: i64,
    /// True if there is a certificate.
    pub certified: bool,
}

/// A person.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The person.
    pub id: RecordId,
    /// Branch or unit the person belongs to.
    pub unit: RecordId,
    /// True for full and probationary members.
    pub is_member: bool,
    /// True for women.
    pub is_woman: bool,
    /// Last digit of the professional title: 1 senior, 2 associate senior (GB/T 8561-2001).
    pub title_level: Option<u8>,
    /// True with a doctorate.
    pub doctor: bool,
    /// Cadre rank: true at division level, false at section level.
    pub division: Option<bool>,
    /// Date of birth.
    pub born_on: Option<PartialDate>,
    /// Day of joining.
    pub joined_on: Option<PartialDate>,
    /// Day of becoming a full member.
    pub full_on: Option<PartialDate>,
    /// Day of becoming a candidate.
    pub candidate_on: Option<PartialDate>,
}

/// A mark at a session.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The session.
    pub session: RecordId,
    /// The person.
    pub person: RecordId,
    /// True if there, or made up for.
    pub present: bool,
    /// True if excused.
    pub excused: bool,
}

/// Records of a kind, each with its id.
pub type Rows<T> = Vec<(RecordId, T)>;

/// The live records that figures are made of. [`World::finish`] must follow the last [`World::add`].
#[derive(Clone, Debug, Default)]
pub struct World {
    units: BTreeMap<RecordId, Unit>,
    secondary: BTreeMap<RecordId, Option<RecordId>>,
    /// Persons, in order of their ids.
    pub persons: Vec<Member>,
    /// Posts.
    pub posts: Rows<Post>,
    /// Terms.
    pub terms: Rows<Term>,
    /// Work-report reviews.
    pub work_reports: Rows<WorkReport>,
    /// Rectification items.
    pub rectifications: Rows<Rectification>,
    /// Development plans.
    pub plans: Rows<DevelopmentPlan>,
    /// Submissions.
    pub submissions: Rows<Submission>,
    /// Headcounts.
    pub headcounts: Rows<Headcount>,
    /// Classes.
    pub classes: BTreeMap<RecordId, TrainingClass>,
    /// Quotas.
    pub quotas: Rows<ClassQuota>,
    /// Sessions.
    pub sessions: BTreeMap<RecordId, Session>,
    /// Enrolments.
    pub seats: Vec<Seat>,
    /// Marks.
    pub marks: Vec<Mark>,
    /// Cultivations.
    pub cultivations: Rows<Cultivation>,
    /// Evidence.
    pub evidence: Rows<CultivationEvidence>,
    /// Measures.
    pub measures: Rows<CultivationMeasure>,
    /// Assessments.
    pub assessments: Rows<CultivationAssessment>,
    /// Organizers' files.
    pub staff_files: Rows<StaffFile>,
    /// Appointments.
    pub appointments: Rows<Appointment>,
    /// Reviews of organizers.
    pub staff_reviews: Rows<StaffReview>,
    /// Establishments.
    pub establishments: Rows<Establishment>,
    /// Rules in force.
    pub policies: Policies,
}

/// The fields that figures read of the kinds that come in great numbers.
const PERSON: &[FieldNo] = &[
    field!(Person: "party_status").number(),
    field!(Person: "sex").number(),
    field!(Person: "title").number(),
    field!(Person: "degree").number(),
    field!(Person: "rank").number(),
    field!(Person: "born_on").number(),
    field!(Person: "joined_on").number(),
    field!(Person: "full_on").number(),
    field!(Person: "candidate_on").number(),
];
const ENROLMENT: &[FieldNo] = &[
    field!(Enrolment: "class").number(),
    field!(Enrolment: "person").number(),
    field!(Enrolment: "status").number(),
    field!(Enrolment: "hours").number(),
    field!(Enrolment: "certificate_no").number(),
];
const ATTENDANCE: &[FieldNo] = &[
    field!(Attendance: "session").number(),
    field!(Attendance: "person").number(),
    field!(Attendance: "state").number(),
];

/// Returns the fields of a kind that [`World::add`] reads; `None`: all of them.
pub const fn wanted(kind: Kind) -> Option<&'static [FieldNo]> {
    match kind {
        Kind::Person => Some(PERSON),
        Kind::Enrolment => Some(ENROLMENT),
        Kind::Attendance => Some(ATTENDANCE),
        _ => None,
    }
}

fn keep<T: Record>(rows: &mut Rows<T>, id: RecordId, fields: &Fields) {
    // A record that does not hydrate is left out of the figures; the checks name it elsewhere.
    if let Ok(record) = T::hydrate(fields) {
        rows.push((id, record));
    }
}

impl World {
    /// Takes one live record in; `unit` is the unit that owns it.
    pub fn add(&mut self, kind: Kind, id: RecordId, unit: RecordId, fields: &Fields) {
        match kind {
            Kind::Person => self.persons.push(member(id, unit, fields)),
            Kind::Enrolment => self.seats.extend(seat(id, fields)),
            Kind::Attendance => self.marks.extend(mark(fields)),
            Kind::Unit => self.units.extend(Unit::hydrate(fields).ok().map(|unit| (id, unit))),
            Kind::TrainingClass => {
                self.classes.extend(TrainingClass::hydrate(fields).ok().map(|class| (id, class)));
            }
            Kind::Session => self.sessions.extend(Session::hydrate(fields).ok().map(|s| (id, s))),
            Kind::Post => keep(&mut self.posts, id, fields),
            Kind::Term => keep(&mut self.terms, id, fields),
            Kind::WorkReport => keep(&mut self.work_reports, id, fields),
            Kind::Rectification => keep(&mut self.rectifications, id, fields),
            Kind::DevelopmentPlan => keep(&mut self.plans, id, fields),
            Kind::Submission => keep(&mut self.submissions, id, fields),
            Kind::Headcount => keep(&mut self.headcounts, id, fields),
            Kind::ClassQuota => keep(&mut self.quotas, id, fields),
            Kind::Cultivation => keep(&mut self.cultivations, id, fields),
            Kind::CultivationEvidence => keep(&mut self.evidence, id, fields),
            Kind::CultivationMeasure => keep(&mut self.measures, id, fields),
            Kind::CultivationAssessment => keep(&mut self.assessments, id, fields),
            Kind::StaffFile => keep(&mut self.staff_files, id, fields),
            Kind::Appointment => keep(&mut self.appointments, id, fields),
            Kind::StaffReview => keep(&mut self.staff_reviews, id, fields),
            Kind::Establishment => keep(&mut self.establishments, id, fields),
            Kind::Policy => {
                if let Ok(policy) = Policy::hydrate(fields) {
                    self.policies.add(&policy);
                }
            }
        }
    }

    /// Puts what was taken in into order.
    pub fn finish(&mut self) {
        self.persons.sort_unstable_by_key(|person| person.id);
        let found: Vec<_> = self.units.keys().map(|id| (*id, self.climb(*id))).collect();
        self.secondary = found.into_iter().collect();
    }

    /// Returns the secondary unit that a unit is in: itself, or the highest above it that is not the university.
    pub fn secondary(&self, id: RecordId) -> Option<RecordId> {
        self.secondary.get(&id).copied().flatten()
    }

    fn climb(&self, id: RecordId) -> Option<RecordId> {
        let mut at = id;
        // A ring of parents is refused elsewhere; the bound keeps a wrong one from hanging a report.
        for _ in 0..self.units.len() {
            let unit = self.units.get(&at)?;
            if unit.r#type == UnitType::University {
                return None;
            }
            let above = unit.parent.map(|parent| parent.0);
            match above.and_then(|above| self.units.get(&above)) {
                Some(parent) if parent.r#type != UnitType::University => at = above?,
                _ => return Some(at),
            }
        }
        None
    }

    /// Returns the units, in order of their ids.
    pub fn units(&self) -> impl Iterator<Item = (RecordId, &Unit)> {
        self.units.iter().map(|(id, unit)| (*id, unit))
    }

    /// Returns a unit.
    pub fn unit(&self, id: RecordId) -> Option<&Unit> {
        self.units.get(&id)
    }

    /// Returns a person.
    pub fn person(&self, id: RecordId) -> Option<&Member> {
        let at = self.persons.binary_search_by_key(&id, |person| person.id).ok()?;
        self.persons.get(at)
    }

    /// Returns the secondary unit of a person.
    pub fn unit_of(&self, person: RecordId) -> Option<RecordId> {
        self.secondary(self.person(person)?.unit)
    }
}

fn text(fields: &Fields, no: FieldNo) -> Option<&str> {
    fields.get(&no)?.as_text()
}

fn date(fields: &Fields, no: FieldNo) -> Option<PartialDate> {
    fields.get(&no)?.as_date()
}

fn member(id: RecordId, unit: RecordId, fields: &Fields) -> Member {
    let status = text(fields, field!(Person: "party_status").number());
    let title = text(fields, field!(Person: "title").number());
    let digit = title.and_then(|code| code.chars().last()).and_then(|last| last.to_digit(10));
    let degree = text(fields, field!(Person: "degree").number());
    let rank = text(fields, field!(Person: "rank").number());
    Member {
        id,
        unit,
        is_member: matches!(status, Some("01" | "02")),
        is_woman: text(fields, field!(Person: "sex").number()) == Some("2"),
        title_level: digit.and_then(|digit| u8::try_from(digit).ok()),
        doctor: degree.is_some_and(|code| code.starts_with('2')),
        division: rank.and_then(at_division_level),
        born_on: date(fields, field!(Person: "born_on").number()),
        joined_on: date(fields, field!(Person: "joined_on").number()),
        full_on: date(fields, field!(Person: "full_on").number()),
        candidate_on: date(fields, field!(Person: "candidate_on").number()),
    }
}

/// Says which yearly duty a rank has: true at division level, false at section level and below, `None` above.
pub(super) fn at_division_level(rank: &str) -> Option<bool> {
    match rank {
        "division_chief" | "division_deputy" => Some(true),
        "section_chief" | "section_deputy" | "section_member" | "clerk" => Some(false),
        _ => None,
    }
}

fn seat(id: RecordId, fields: &Fields) -> Option<Seat> {
    let reference = |no| fields.get(&no).and_then(Value::as_ref_id);
    let state = text(fields, field!(Enrolment: "status").number());
    let standing = match state {
        Some("completed" | "certified" | "archived") => Standing::Finished,
        Some("excused") => Standing::Excused,
        Some(state) if PLACED.contains(&state) => Standing::Placed,
        _ => Standing::Outside,
    };
    let certificate = fields.get(&field!(Enrolment: "certificate_no").number());
    Some(Seat {
        id,
        class: reference(field!(Enrolment: "class").number())?,
        person: reference(field!(Enrolment: "person").number())?,
        standing,
        hours: fields
            .get(&field!(Enrolment: "hours").number())
            .and_then(Value::as_int)
            .unwrap_or(0),
        certified: state == Some("certified")
            || certificate.is_some_and(|number| !number.is_blank()),
    })
}

fn mark(fields: &Fields) -> Option<Mark> {
    let reference = |no| fields.get(&no).and_then(Value::as_ref_id);
    let state = text(fields, field!(Attendance: "state").number());
    Some(Mark {
        session: reference(field!(Attendance: "session").number())?,
        person: reference(field!(Attendance: "person").number())?,
        present: matches!(state, None | Some("present" | "made_up")),
        excused: state == Some("leave"),
    })
}

/// True if a period contains the day, as far as its dates tell; an absent start is long ago.
pub(super) fn contains(from: Option<Date>, to: Option<Date>, day: PartialDate) -> bool {
    let started = from.is_none_or(|from| !from.0.is_surely_after(day));
    let ended = to.is_some_and(|to| day.is_surely_after(to.0));
    started && !ended
}
