//! What an enrolment must agree on with its class and with the person's other classes (Q08, Q09).

use super::Registry;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Date, FieldNo, Fields, Issue, Record, Value};
use crate::domain::training::attendance::{Attendance, AttendanceState};
use crate::domain::training::enrolment::{Enrolment, EnrolmentStatus};
use crate::domain::training::training_class::TrainingClass;

fn class_of(registry: &dyn Registry, enrolment: &Enrolment) -> Option<TrainingClass> {
    let (kind, fields) = registry.fields(enrolment.class.0)?;
    (kind == Kind::TrainingClass).then(|| TrainingClass::hydrate(&fields).ok())?
}

/// True while the person is expected in the class.
fn takes_part(enrolment: &Enrolment) -> bool {
    !matches!(
        enrolment.status,
        Some(
            EnrolmentStatus::Withdrawn
                | EnrolmentStatus::Substituted
                | EnrolmentStatus::Returned
                | EnrolmentStatus::Excused
                | EnrolmentStatus::Absent
        )
    )
}

/// Q08: the person's place in another class falls into the same days; certain only where both are known to the day.
pub(super) fn overlap(
    registry: &dyn Registry,
    id: Option<RecordId>,
    fields: &Fields,
) -> Option<Issue> {
    let own = Enrolment::hydrate(fields).ok().filter(takes_part)?;
    let (start, end) = days(&class_of(registry, &own)?)?;
    let spec = Kind::Enrolment.spec();
    registry
        .find(Kind::Enrolment, spec.field("person")?.number, &Value::Ref(own.person.0))
        .into_iter()
        .filter(|other| Some(*other) != id)
        .filter_map(|other| Enrolment::hydrate(&registry.fields(other)?.1).ok())
        .filter(|other| takes_part(other) && other.class != own.class)
        .filter_map(|other| days(&class_of(registry, &other)?))
        .any(|(other_start, other_end)| start <= other_end && other_start <= end)
        .then(|| Issue::warning("class", "q08-overlap"))
}

/// Days since 1970 of the first and the last day; `None` if one is not known to the day.
fn days(class: &TrainingClass) -> Option<(i32, i32)> {
    let exact = |date: Option<Date>| {
        let date = date?.0;
        (date.last_day() == date.civil()).then(|| date.days())
    };
    Some((exact(class.starts_on)?, exact(class.ends_on)?))
}

/// Q09: more hours than the class planned.
pub(super) fn more_hours_than_planned(registry: &dyn Registry, fields: &Fields) -> Option<Issue> {
    let own = Enrolment::hydrate(fields).ok()?;
    let planned = class_of(registry, &own)?.planned_hours?;
    (own.hours? > planned).then(|| Issue::warning("hours", "q09-hours-plan"))
}

/// Q16: who makes up for a class (補訓) is the person who missed it, in another class, and had not finished the first.
pub(super) fn makes_up(registry: &dyn Registry, fields: &Fields) -> Option<Issue> {
    let own = Enrolment::hydrate(fields).ok()?;
    let (kind, missed) = registry.fields(own.makes_up?.0)?;
    let missed = Enrolment::hydrate(&missed).ok().filter(|_| kind == Kind::Enrolment)?;
    if missed.person != own.person {
        return Some(Issue::error("makes_up", "q16-other-person"));
    }
    if missed.class == own.class {
        return Some(Issue::error("makes_up", "q16-same-class"));
    }
    let lacked = matches!(
        missed.status,
        Some(EnrolmentStatus::Excused | EnrolmentStatus::Absent | EnrolmentStatus::NotCompleted)
    );
    (!lacked).then(|| Issue::warning("makes_up", "q16-nothing-missed"))
}

/// Share of the sessions that must be attended where the class does not say, per cent (校組通字〔2021〕31號: attendance < 3/4, no result).
const MIN_ATTENDANCE: i64 = 75;

/// Q15: the class's own pass rule: mark of the examination, share of the sessions, absences without excuse.
///
/// Marks of sessions are only looked at where there are any: many classes keep them on paper.
pub(super) fn pass_rule(registry: &dyn Registry, fields: &Fields) -> Option<Issue> {
    let own = Enrolment::hydrate(fields).ok()?;
    if !own.status.as_ref().is_some_and(EnrolmentStatus::is_finished) {
        return None;
    }
    let class = class_of(registry, &own)?;
    if let (Some(mark), Some(least)) = (own.mark, class.pass_mark)
        && mark.0 < least.0 * 10
    {
        return Some(Issue::warning("mark", "q15-mark").with("least", least.0));
    }
    let (there, absent, counted) = attendance(registry, &own)?;
    let least = class.min_attendance.map_or(MIN_ATTENDANCE, |share| share.0);
    if class.max_absences.is_some_and(|most| absent > most.0) {
        return Some(Issue::warning("status", "q15-absences").with("absent", absent));
    }
    let short = counted > 0 && there * 100 < least * counted;
    short.then(|| Issue::warning("status", "q15-attendance").with("least", least))
}

/// Sessions of the class attended, missed without excuse, and held less the excused ones; `None` if the person has no mark.
fn attendance(registry: &dyn Registry, own: &Enrolment) -> Option<(i64, i64, i64)> {
    let of = |kind: Kind, key: &str| -> Option<FieldNo> { Some(kind.spec().field(key)?.number) };
    let class = Value::Ref(own.class.0);
    let sessions = registry.find(Kind::Session, of(Kind::Session, "class")?, &class);
    let person = Value::Ref(own.person.0);
    let marks = registry.find(Kind::Attendance, of(Kind::Attendance, "person")?, &person);
    let marks =
        marks.into_iter().filter_map(|id| Attendance::hydrate(&registry.fields(id)?.1).ok());
    let marks: Vec<Attendance> = marks.filter(|mark| sessions.contains(&mark.session.0)).collect();
    if marks.is_empty() {
        return None;
    }
    let count = |wanted: fn(&Attendance) -> bool| marks.iter().filter(|mark| wanted(mark)).count();
    let there = count(|mark| {
        matches!(mark.state, None | Some(AttendanceState::Present | AttendanceState::MadeUp))
    });
    let excused = count(|mark| mark.state == Some(AttendanceState::Leave));
    let counted = sessions.len().saturating_sub(excused);
    let number = |count: usize| i64::try_from(count).ok();
    Some((number(there)?, number(counted.saturating_sub(there))?, number(counted)?))
}
