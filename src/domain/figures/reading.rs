//! Reading the few fields that figures take of persons, enrolments and marks, which come in hundreds of thousands.

use super::world::{Mark, Member, Seat, Standing};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::person::Person;
use crate::domain::record::{FieldNo, PartialDate, ValueRef};
use crate::domain::training::attendance::Attendance;
use crate::domain::training::enrolment::{Enrolment, PLACED};
use crate::field;

/// A field of a record, where it lies.
pub type Seen<'a> = (FieldNo, ValueRef<'a>);

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
    field!(Enrolment: "late_record").number(),
];
const ATTENDANCE: &[FieldNo] = &[
    field!(Attendance: "session").number(),
    field!(Attendance: "person").number(),
    field!(Attendance: "state").number(),
];

/// Returns the fields of a kind that [`super::World::add_seen`] reads; `None`: all of them, by [`super::World::add`].
pub const fn wanted(kind: Kind) -> Option<&'static [FieldNo]> {
    match kind {
        Kind::Person => Some(PERSON),
        Kind::Enrolment => Some(ENROLMENT),
        Kind::Attendance => Some(ATTENDANCE),
        _ => None,
    }
}

fn find<'a>(fields: &[Seen<'a>], no: FieldNo) -> ValueRef<'a> {
    fields.iter().find(|(found, _)| *found == no).map_or(ValueRef::Empty, |(_, value)| *value)
}

fn text<'a>(fields: &[Seen<'a>], no: FieldNo) -> Option<&'a str> {
    find(fields, no).as_text()
}

fn date(fields: &[Seen<'_>], no: FieldNo) -> Option<PartialDate> {
    find(fields, no).as_date()
}

pub(super) fn member(id: RecordId, unit: RecordId, fields: &[Seen<'_>]) -> Member {
    let status = text(fields, field!(Person: "party_status").number());
    let title = text(fields, field!(Person: "title").number());
    let digit = title.and_then(|code| code.chars().last()).and_then(|last| last.to_digit(10));
    let degree = text(fields, field!(Person: "degree").number());
    let rank = text(fields, field!(Person: "rank").number());
    Member {
        id,
        unit,
        secondary: None,
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

pub(super) fn seat(id: RecordId, fields: &[Seen<'_>]) -> Option<Seat> {
    let state = text(fields, field!(Enrolment: "status").number());
    let standing = match state {
        Some("completed" | "certified" | "archived") => Standing::Finished,
        Some("excused") => Standing::Excused,
        Some(state) if PLACED.contains(&state) => Standing::Placed,
        _ => Standing::Outside,
    };
    let certificate = text(fields, field!(Enrolment: "certificate_no").number());
    Some(Seat {
        id,
        class: find(fields, field!(Enrolment: "class").number()).as_ref_id()?,
        class_no: usize::MAX,
        person: find(fields, field!(Enrolment: "person").number()).as_ref_id()?,
        unit: None,
        standing,
        hours: find(fields, field!(Enrolment: "hours").number()).as_number().unwrap_or(0),
        certified: state == Some("certified")
            || certificate.is_some_and(|number| !number.trim().is_empty()),
        late: matches!(state, Some("submitted" | "unit_reviewed"))
            && find(fields, field!(Enrolment: "late_record").number()).as_number() == Some(1),
    })
}

pub(super) fn mark(id: RecordId, fields: &[Seen<'_>]) -> Option<Mark> {
    let state = text(fields, field!(Attendance: "state").number());
    Some(Mark {
        id,
        session: find(fields, field!(Attendance: "session").number()).as_ref_id()?,
        person: find(fields, field!(Attendance: "person").number()).as_ref_id()?,
        present: matches!(state, None | Some("present" | "made_up")),
        excused: state == Some("leave"),
    })
}
