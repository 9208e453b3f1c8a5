//! Training enrolments: one person's place in one class.

use crate::domain::access::Office;
use crate::domain::record::{
    ClassId, Code, Hours, Identifier, Issue, Merge, Owner, PersonId, Step, Text,
};
use crate::{choices, field, record};

choices! {
    /// Where an enrolment stands.
    pub enum EnrolmentStatus {
        /// Being written by the organizer.
        Draft = "draft",
        /// Sent in by the organizer.
        Submitted = "submitted",
        /// Attended to the end; needs hours.
        Completed = "completed",
    }
}

const STEPS: &[Step] = &[Step {
    action: "submit",
    from: &["draft"],
    to: "submitted",
    office: Office::Organizer,
    needs: &["person", "class"],
    reason: false,
}];

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
        /// Where the enrolment stands.
        status: EnrolmentStatus = 5, "status".width(8).group("decision").merge(Merge::Steps);
        /// Hours completed, tenths.
        hours: Option<Hours> = 6, "hours".width(6).range(0, 10_000);
        /// Number of the certificate, never reused.
        certificate_no: Option<Identifier> = 8, "certificate_no".width(16).unique().office(Office::Headquarters);
    }
    spec { .owner(Owner::Of("person")).list(&["person", "class", "attends_as", "status", "hours"]).title(&["person", "class"])
        .natural(&["class", "person"]).steps(STEPS) }
    rules { completed_has_hours }
}

fn completed_has_hours(e: &Enrolment) -> Option<Issue> {
    match e.status {
        EnrolmentStatus::Completed if e.hours.is_none() => {
            Some(Issue::error(field!(Enrolment: "hours"), "required"))
        }
        EnrolmentStatus::Draft
        | EnrolmentStatus::Submitted
        | EnrolmentStatus::Completed
        | EnrolmentStatus::Other(_) => None,
    }
}
