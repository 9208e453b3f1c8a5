//! Training enrolments: one person's place in one class.

use crate::domain::access::Office;
use crate::domain::record::{
    ClassId, Code, Date, EnrolmentId, Flag, Hours, Identifier, Instant, Integer, Issue, Many,
    Merge, Notes, Owner, PersonId, Phone, Step, Text, care,
};
use crate::{choices, field, record};

choices! {
    /// Where an enrolment stands.
    pub enum EnrolmentStatus {
        /// Being written by the organizer.
        Draft = "draft",
        /// Sent in by the organizer.
        Submitted = "submitted",
        /// Agreed by the unit's secretary or deputy (院系已審).
        UnitReviewed = "unit_reviewed",
        /// Given a place by headquarters.
        Confirmed = "confirmed",
        /// On the waiting list (候補).
        Waitlisted = "waitlisted",
        /// Sent back with a reason.
        Returned = "returned",
        /// Gave the place back.
        Withdrawn = "withdrawn",
        /// Another person of the unit takes the place (更換).
        Substituted = "substituted",
        /// Excused from the class by unit and headquarters (請假).
        Excused = "excused",
        /// Signed in to a session.
        Attending = "attending",
        /// Did not come (缺訓).
        Absent = "absent",
        /// Attended to the end and passed (考核合格); needs hours.
        Completed = "completed",
        /// Has the certificate (結業).
        Certified = "certified",
        /// Did not pass; makes up next time (未結業).
        NotCompleted = "not_completed",
        /// Frozen after completion.
        Archived = "archived",
        /// Asked for; the server has not given a place yet.
        Requested = "requested",
    }
}

choices! {
    /// How a place, or a place on the waiting list, came about.
    pub enum Placement {
        /// Asked for while there was room, or in line by arrival.
        Arrival = "arrival",
        /// Ranked by the time of the request when the class closed.
        Ranked = "ranked",
        /// Moved up from the waiting list.
        Promoted = "promoted",
        /// Promised before the server was restored; the promise was kept.
        Honoured = "honoured",
        /// None came about: as many of the unit wait as its quota allows.
        ListFull = "list_full",
    }
}

/// States in which a person holds one of the places of a class.
pub const PLACED: &[&str] =
    &["confirmed", "attending", "absent", "completed", "certified", "not_completed", "archived"];

/// States that only the server, or headquarters by assignment, gives.
pub const GIVEN: &[&str] = &["confirmed", "waitlisted"];

impl EnrolmentStatus {
    /// True if the person finished the class: what coverage and hours count.
    pub const fn is_finished(&self) -> bool {
        matches!(self, Self::Completed | Self::Certified | Self::Archived)
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "submit",
        from: &["draft", "returned"],
        to: "submitted",
        office: Office::Organizer,
        needs: &["person", "class"],
        reason: false,
    },
    Step {
        action: "review",
        from: &["submitted"],
        to: "unit_reviewed",
        office: Office::UnitLead,
        needs: &[],
        reason: false,
    },
    // Headquarters may confirm what the unit has not reviewed yet: a higher office acts for a lower one.
    Step {
        action: "confirm",
        from: &["submitted", "unit_reviewed", "waitlisted", "requested"],
        to: "confirmed",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "waitlist",
        from: &["submitted", "unit_reviewed", "requested"],
        to: "waitlisted",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "return",
        from: &["submitted", "unit_reviewed", "waitlisted", "requested"],
        to: "returned",
        office: Office::UnitLead,
        needs: &[],
        reason: true,
    },
    Step {
        action: "withdraw",
        from: &[
            "draft",
            "submitted",
            "unit_reviewed",
            "confirmed",
            "waitlisted",
            "returned",
            "requested",
        ],
        to: "withdrawn",
        office: Office::Organizer,
        needs: &[],
        reason: true,
    },
    Step {
        action: "substitute",
        from: &["confirmed"],
        to: "substituted",
        office: Office::Organizer,
        needs: &["replaced_by"],
        reason: false,
    },
    Step {
        action: "excuse",
        from: &["confirmed", "attending"],
        to: "excused",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "attend",
        from: &["confirmed"],
        to: "attending",
        office: Office::Organizer,
        needs: &[],
        reason: false,
    },
    Step {
        action: "miss",
        from: &["confirmed", "attending"],
        to: "absent",
        office: Office::Organizer,
        needs: &[],
        reason: false,
    },
    Step {
        action: "complete",
        from: &["confirmed", "attending", "not_completed"],
        to: "completed",
        office: Office::Headquarters,
        needs: &["hours"],
        reason: false,
    },
    // The late path: draft, unit, headquarters; hours and the reason are needed, no place is.
    Step {
        action: "admit_late",
        from: &["unit_reviewed"],
        to: "completed",
        office: Office::Headquarters,
        needs: &["late_record", "late_reason", "hours"],
        reason: false,
    },
    Step {
        action: "certify",
        from: &["completed"],
        to: "certified",
        office: Office::Headquarters,
        needs: &["certificate_no"],
        reason: false,
    },
    Step {
        action: "fail",
        from: &["confirmed", "attending", "completed"],
        to: "not_completed",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "archive",
        from: &["completed", "certified"],
        to: "archived",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
];

record! {
    /// One person's place in one class.
    ///
    /// Source: 報名匯總表; campus sheet 培訓對象.
    pub struct Enrolment = 6, "enrolment" {
        /// The class.
        class: ClassId = 1, "class".width(24);
        /// The person enrolled.
        person: PersonId = 2, "person".width(10).personal();
        /// Capacity in which the person attends.
        attends_as: Option<Code> = 3, "attends_as".width(14).codes("attendee");
        /// Unit and post at the time (時任單位及職務); later changes of post do not rewrite it.
        post_then: Option<Text> = 4, "post_then".width(30);
        /// Where the enrolment stands; absent means a draft.
        status: Option<EnrolmentStatus> = 5, "status".width(8).group("decision").merge(Merge::Steps);
        /// Hours completed, tenths.
        hours: Option<Hours> = 6, "hours".width(6).range(0, 10_000);
        /// Result of the examination: a grade or a mark, as the class gives it (培訓成績).
        result: Option<Text> = 7, "result".width(8).personal().max_chars(30);
        /// Number of the certificate, never reused.
        certificate_no: Option<Identifier> = 8, "certificate_no".width(16).unique().max_chars(40).office(Office::Headquarters);
        /// Attribute of the post at the time (時任職務屬性), from the code list `post_attribute`.
        post_attribute: Option<Code> = 9, "post_attribute".width(14).codes("post_attribute");
        /// Day of the last decision on the status.
        decided_on: Option<Date> = 10, "decided_on".width(10).group("decision");
        /// Reason of a return, withdrawal, excuse or failure.
        status_reason: Option<Text> = 11, "status_reason".width(20).max_chars(200).group("decision");
        /// Who takes the place instead.
        replaced_by: Option<PersonId> = 12, "replaced_by".width(10).personal().group("decision");
        /// How the enrolment came about, from the code list `enrolment_source`.
        source: Option<Code> = 13, "source".width(12).codes("enrolment_source");
        /// Hours of those that were taught online, tenths.
        online_hours: Option<Hours> = 14, "online_hours".width(6).range(0, 10_000);
        /// Day of the certificate.
        certified_on: Option<Date> = 15, "certified_on".width(10).office(Office::Headquarters);
        /// True if entered after the class was archived (補錄); says so in every list.
        late_record: Option<Flag> = 16, "late_record".width(6);
        /// Remarks of the office.
        note: Option<Text> = 17, "note".width(20).max_chars(200).merge(Merge::LastWriter);
        /// How the place came about, as the server decided.
        placement: Option<Placement> = 18, "placement".width(10).office(Office::Server);
        /// Place on the waiting list, from 1; absent once there is a place.
        queue_position: Option<Integer> = 19, "queue_position".width(6).range(1, 1_000_000).office(Office::Server);
        /// Moment the place was asked for, by the clock of the server; what a ranking goes by.
        requested_at: Option<Instant> = 20, "requested_at".width(16).office(Office::Server);
        /// Position in the lost history of a promise that was kept after the server was restored.
        promised_seq: Option<Integer> = 21, "promised_seq".width(10).range(0, i64::MAX).office(Office::Server);
        /// Label on a certificate printed before its number was there; the number replaces it.
        certificate_label: Option<Identifier> = 22, "certificate_label".width(16).max_chars(40).office(Office::Headquarters);
        /// Why it is entered late (補錄原因).
        late_reason: Option<Text> = 23, "late_reason".width(20).max_chars(200);
        /// The excused or failed enrolment that this one makes up for (補訓).
        makes_up: Option<EnrolmentId> = 24, "makes_up".width(24);
        /// Mark of the examination, of 100, in tenths.
        mark: Option<Hours> = 25, "mark".width(6).range(0, 1000).personal();
        /// Standing of the person that the class asks for (參訓人員身份: 雙肩挑, 支部書記); several may hold.
        identities: Many<Text> = 30, "identities".width(20).max_chars(30);
        /// What was done about the enrolment, with day and name: calls, documents, dates. No opinions on the person.
        log: Notes = 31, "log".width(30).max_chars(500);
        /// Telephone for the days of the class; gone 30 days after it.
        contact_phone: Option<Phone> = 40, "contact_phone".width(13).sensitive().care(care::LOGISTICS);
        /// Diet during the class; gone 30 days after it.
        diet: Option<Text> = 41, "diet".width(12).sensitive().max_chars(60).merge(Merge::LastWriter).care(care::LOGISTICS);
        /// Lodging during the class; gone 30 days after it.
        lodging: Option<Text> = 42, "lodging".width(12).sensitive().max_chars(60).merge(Merge::LastWriter).care(care::LOGISTICS);
        /// How the person travels to the class; gone 30 days after it.
        transport: Option<Text> = 43, "transport".width(12).sensitive().max_chars(60).merge(Merge::LastWriter).care(care::LOGISTICS);
    }
    spec { .care(care::TRAINING).owner(Owner::Of("person")).found_by("class").list(&["person", "class", "attends_as", "status", "hours", "result"]).title(&["person", "class"])
        .natural(&["class", "person"]).steps(STEPS) }
    rules { completed_has_hours, certified_has_a_number, a_substitute_is_another }
}

fn completed_has_hours(e: &Enrolment) -> Option<Issue> {
    let finished = e.status.as_ref().is_some_and(EnrolmentStatus::is_finished);
    (finished && e.hours.is_none()).then(|| Issue::error(field!(Enrolment: "hours"), "required"))
}

fn certified_has_a_number(e: &Enrolment) -> Option<Issue> {
    (e.status == Some(EnrolmentStatus::Certified) && e.certificate_no.is_none())
        .then(|| Issue::error(field!(Enrolment: "certificate_no"), "required"))
}

fn a_substitute_is_another(e: &Enrolment) -> Option<Issue> {
    (e.replaced_by? == e.person)
        .then(|| Issue::error(field!(Enrolment: "replaced_by"), "same-person"))
}
