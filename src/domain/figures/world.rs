//! The live records that figures are made of, as small as the figures need them.
//!
//! Persons, enrolments and marks come in hundreds of thousands: only a few fields of each are read. The other kinds are kept whole.

use std::collections::{BTreeMap, BTreeSet};

use super::reading;
pub use super::reading::{Seen, wanted};
use crate::domain::cultivation::assessment::CultivationAssessment;
use crate::domain::cultivation::evidence::CultivationEvidence;
use crate::domain::cultivation::measure::CultivationMeasure;
use crate::domain::cultivation::record::Cultivation;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::development_plan::DevelopmentPlan;
use crate::domain::org::policy::Policy;
use crate::domain::org::post::Post;
use crate::domain::org::rectification::Rectification;
use crate::domain::org::submission::Submission;
use crate::domain::org::term::Term;
use crate::domain::org::unit::{Unit, UnitType};
use crate::domain::org::work_report::WorkReport;
use crate::domain::record::{Date, Fields, PartialDate, Record, ValueRef};
use crate::domain::rules::policy::Policies;
use crate::domain::staff::appointment::Appointment;
use crate::domain::staff::establishment::Establishment;
use crate::domain::staff::staff_file::StaffFile;
use crate::domain::staff::staff_review::StaffReview;
use crate::domain::training::class_quota::ClassQuota;
use crate::domain::training::session::Session;
use crate::domain::training::training_class::TrainingClass;

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
    /// Place of the class in the order of classes, for [`Table`]; set by [`World::finish`].
    pub class_no: usize,
    /// The person.
    pub person: RecordId,
    /// Secondary unit of the person; set by [`World::finish`].
    pub unit: Option<RecordId>,
    /// Where it stands.
    pub standing: Standing,
    /// Hours, tenths.
    pub hours: i64,
    /// True if there is a certificate.
    pub certified: bool,
    /// True for a late record (補錄) that the unit or headquarters has to look at.
    pub late: bool,
}

/// A person.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The person.
    pub id: RecordId,
    /// Branch or unit the person belongs to.
    pub unit: RecordId,
    /// Secondary unit of that; set by [`World::finish`].
    pub secondary: Option<RecordId>,
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
    /// The mark.
    pub id: RecordId,
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

/// A record of a kind that has no list of its own.
#[derive(Clone, Debug)]
pub struct Other {
    /// The record.
    pub id: RecordId,
    /// The unit that owns it.
    pub unit: RecordId,
    /// What it says.
    pub fields: Fields,
}

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
    /// Classes.
    pub classes: BTreeMap<RecordId, TrainingClass>,
    /// Quotas.
    pub quotas: Rows<ClassQuota>,
    /// Sessions.
    pub sessions: BTreeMap<RecordId, Session>,
    /// Enrolments, in order of persons and then of their ids.
    pub seats: Vec<Seat>,
    /// Marks, in order of persons, then of sessions.
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
    /// Records of every other kind, by its number, in the order they came.
    others: BTreeMap<u16, Vec<Other>>,
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
            Kind::Person | Kind::Enrolment | Kind::Attendance => {
                let seen: Vec<Seen<'_>> =
                    fields.iter().map(|(no, value)| (*no, ValueRef::from(value))).collect();
                self.add_seen(kind, id, unit, &seen);
            }
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
            other => {
                let kept = Other { id, unit, fields: fields.clone() };
                self.others.entry(other.number()).or_default().push(kept);
            }
        }
    }

    /// Returns the records of a kind that has no list of its own; one that does not hydrate is left out.
    pub fn all<T: Record>(&self) -> impl Iterator<Item = (RecordId, T)> + '_ {
        let kept = self.others.get(&T::SPEC.number).into_iter().flatten();
        kept.filter_map(|other| Some((other.id, T::hydrate(&other.fields).ok()?)))
    }

    /// Returns the records of a kind that has no list of its own, as they were written.
    pub fn others(&self, kind: Kind) -> &[Other] {
        self.others.get(&kind.number()).map_or(&[], Vec::as_slice)
    }

    /// Takes in one live record of a kind that comes in great numbers: the fields of [`wanted`], where they lie.
    pub fn add_seen(&mut self, kind: Kind, id: RecordId, unit: RecordId, fields: &[Seen<'_>]) {
        match kind {
            Kind::Person => self.persons.push(reading::member(id, unit, fields)),
            Kind::Enrolment => self.seats.extend(reading::seat(id, fields)),
            Kind::Attendance => self.marks.extend(reading::mark(id, fields)),
            _ => {}
        }
    }

    /// Takes in what another world has of the kinds that come in great numbers: it was read beside this one.
    pub fn join(&mut self, other: Self) {
        self.persons.extend(other.persons);
        self.seats.extend(other.seats);
        self.marks.extend(other.marks);
    }

    /// Forgets records of a kind: all, or these of one that comes in great numbers. What is live is to be added again, and
    /// [`World::finish`] to be called.
    pub fn forget(&mut self, kind: Kind, these: Option<&BTreeSet<RecordId>>) {
        let stays = |id: &RecordId| these.is_some_and(|these| !these.contains(id));
        match kind {
            Kind::Person => self.persons.retain(|person| stays(&person.id)),
            Kind::Enrolment => self.seats.retain(|seat| stays(&seat.id)),
            Kind::Attendance => self.marks.retain(|mark| stays(&mark.id)),
            Kind::Unit => self.units.clear(),
            Kind::TrainingClass => self.classes.clear(),
            Kind::Session => self.sessions.clear(),
            Kind::Post => self.posts.clear(),
            Kind::Term => self.terms.clear(),
            Kind::WorkReport => self.work_reports.clear(),
            Kind::Rectification => self.rectifications.clear(),
            Kind::DevelopmentPlan => self.plans.clear(),
            Kind::Submission => self.submissions.clear(),
            Kind::ClassQuota => self.quotas.clear(),
            Kind::Cultivation => self.cultivations.clear(),
            Kind::CultivationEvidence => self.evidence.clear(),
            Kind::CultivationMeasure => self.measures.clear(),
            Kind::CultivationAssessment => self.assessments.clear(),
            Kind::StaffFile => self.staff_files.clear(),
            Kind::Appointment => self.appointments.clear(),
            Kind::StaffReview => self.staff_reviews.clear(),
            Kind::Establishment => self.establishments.clear(),
            Kind::Policy => self.policies = Policies::default(),
            other => drop(self.others.remove(&other.number())),
        }
    }

    /// Puts what was taken in into order, and finds each person's and enrolment's secondary unit once.
    pub fn finish(&mut self) {
        // Stable sorts: nearly everything stands in order already, and they see it.
        self.persons.sort_by_key(|person| person.id);
        self.seats.sort_by_key(|seat| (seat.person, seat.id));
        self.marks.sort_by_key(|mark| (mark.person, mark.session, mark.id));
        let found: Vec<_> = self.units.keys().map(|id| (*id, self.climb(*id))).collect();
        self.secondary = found.into_iter().collect();
        let mut last = None;
        for person in &mut self.persons {
            // Neighbours were made together and are of one branch more often than not.
            let secondary = match last {
                Some((unit, secondary)) if unit == person.unit => secondary,
                _ => self.secondary.get(&person.unit).copied().flatten(),
            };
            last = Some((person.unit, secondary));
            person.secondary = secondary;
        }
        let classes: Vec<RecordId> = self.classes.keys().copied().collect();
        let mut persons = self.persons.iter().peekable();
        for seat in &mut self.seats {
            while persons.next_if(|person| person.id < seat.person).is_some() {}
            let person = persons.peek().filter(|person| person.id == seat.person);
            seat.unit = person.and_then(|person| person.secondary);
            seat.class_no = classes.binary_search(&seat.class).unwrap_or(usize::MAX);
        }
    }

    /// Makes something of each class that is found again by the number of an enrolment's class.
    pub(super) fn table<'a, T>(
        &'a self,
        of: impl Fn(RecordId, &'a TrainingClass) -> Option<T>,
    ) -> Table<T> {
        Table(self.classes.iter().map(|(id, class)| of(*id, class)).collect())
    }

    /// Returns the enrolments by person, in order of persons.
    pub(super) fn seats_by_person(&self) -> impl Iterator<Item = (RecordId, &[Seat])> {
        self.seats
            .chunk_by(|a, b| a.person == b.person)
            .filter_map(|seats| Some((seats.first()?.person, seats)))
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
        self.person(person)?.secondary
    }
}

/// Something of each class, found by the number that an enrolment keeps of its class.
pub(super) struct Table<T>(Vec<Option<T>>);

impl<T> Table<T> {
    /// Returns what is known of an enrolment's class.
    pub(super) fn of(&self, seat: &Seat) -> Option<&T> {
        self.0.get(seat.class_no)?.as_ref()
    }
}

/// The marks of one person after the other: to be asked in order of persons.
pub(super) struct Marks<'a>(&'a [Mark]);

impl<'a> Marks<'a> {
    /// Starts with the first person.
    pub(super) fn new(world: &'a World) -> Self {
        Self(&world.marks)
    }

    /// Returns the marks of a person, in order of sessions; persons before cannot be asked for any more.
    pub(super) fn of(&mut self, person: RecordId) -> &'a [Mark] {
        let before = self.0.iter().take_while(|mark| mark.person < person).count();
        let rest = self.0.get(before..).unwrap_or_default();
        let own = rest.iter().take_while(|mark| mark.person == person).count();
        let (found, rest) = rest.split_at_checked(own).unwrap_or((rest, &[]));
        self.0 = rest;
        found
    }
}

/// True if a period contains the day, as far as its dates tell; an absent start is long ago.
pub(super) fn contains(from: Option<Date>, to: Option<Date>, day: PartialDate) -> bool {
    let started = from.is_none_or(|from| !from.0.is_surely_after(day));
    let ended = to.is_some_and(|to| day.is_surely_after(to.0));
    started && !ended
}
