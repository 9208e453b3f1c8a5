//! What an enrolment must agree on with its class and with the person's other classes (Q08, Q09).

use super::Registry;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Date, Fields, Issue, Record, Value};
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
