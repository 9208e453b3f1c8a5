//! Cultivation records: one branch secretary on the way to be a double leader.

use crate::domain::access::Office;
use crate::domain::record::{
    Code, Date, Identifier, Issue, Many, Merge, Notes, Owner, PersonId, Step, Text, UnitRef, care,
};
use crate::domain::rules::dates;
use crate::{choices, field, record};

choices! {
    /// Which way the person is led (notice, item 3).
    pub enum Direction {
        /// An academic leader becomes secretary of a teachers' branch.
        AcademicToSecretary = "academic_to_secretary",
        /// The secretary of a teachers' branch becomes an academic leader.
        SecretaryToAcademic = "secretary_to_academic",
    }
}

choices! {
    /// Where a cultivation stands.
    pub enum CultivationStatus {
        /// Being filled in by the organizer.
        Nominated = "nominated",
        /// Decided by the unit's Party committee meeting.
        UnitReviewed = "unit_reviewed",
        /// With headquarters and the departments that confirm the evidence.
        UniversityReview = "university_review",
        /// Sent back with a reason.
        Returned = "returned",
        /// Decided by the university's standing committee; under way.
        Cultivating = "cultivating",
        /// Recognised as a double leader.
        Recognised = "recognised",
        /// Paused.
        Suspended = "suspended",
        /// Taken out of the pool (調整出庫).
        Removed = "removed",
        /// Frozen after removal.
        Archived = "archived",
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "review",
        from: &["nominated"],
        to: "unit_reviewed",
        office: Office::UnitLead,
        needs: &["unit_meeting_on"],
        reason: false,
    },
    Step {
        action: "accept",
        from: &["unit_reviewed"],
        to: "university_review",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "return",
        from: &["nominated", "unit_reviewed", "university_review"],
        to: "returned",
        office: Office::UnitLead,
        needs: &[],
        reason: true,
    },
    Step {
        action: "submit",
        from: &["returned"],
        to: "nominated",
        office: Office::Organizer,
        needs: &["person", "branch", "direction"],
        reason: false,
    },
    Step {
        action: "cultivate",
        from: &["university_review"],
        to: "cultivating",
        office: Office::Headquarters,
        needs: &["decision_no", "starts_on"],
        reason: false,
    },
    Step {
        action: "recognise",
        from: &["cultivating"],
        to: "recognised",
        office: Office::Headquarters,
        needs: &["recognised_on", "document_no"],
        reason: false,
    },
    Step {
        action: "suspend",
        from: &["cultivating", "recognised"],
        to: "suspended",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "resume",
        from: &["suspended"],
        to: "cultivating",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "remove",
        from: &["cultivating", "recognised", "suspended"],
        to: "removed",
        office: Office::Headquarters,
        needs: &["removal_reason"],
        reason: true,
    },
    Step {
        action: "archive",
        from: &["removed"],
        to: "archived",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
];

record! {
    /// One branch secretary's cultivation as a double leader.
    ///
    /// Source: 培育臺賬 and 培育人選推薦表; 教黨〔2018〕26號.
    pub struct Cultivation = 8, "cultivation" {
        /// The person.
        person: PersonId = 1, "person".width(10).personal();
        /// The teachers' branch.
        branch: UnitRef = 2, "branch".width(30);
        /// Which way the person is led.
        direction: Direction = 3, "direction".width(16);
        /// First day or month of the cultivation.
        starts_on: Option<Date> = 4, "starts_on".width(10).group("period");
        /// Day or month it should be reached by.
        target_on: Option<Date> = 5, "target_on".width(10).group("period");
        /// Mentor's name, as the ledger gives it.
        mentor: Option<Text> = 6, "mentor".width(10).personal().max_chars(50);
        /// Where the cultivation stands; absent means nominated.
        status: Option<CultivationStatus> = 7, "status".width(8).group("decision").merge(Merge::Steps);
        /// Day of recognition.
        recognised_on: Option<Date> = 8, "recognised_on".width(10).group("recognition");
        /// Number of the document that recognises (認定文號).
        document_no: Option<Identifier> = 9, "document_no".width(20).max_chars(60).group("recognition");
        /// Day the person became secretary of the branch (任書記時間).
        secretary_since: Option<Date> = 10, "secretary_since".width(10).personal();
        /// Professional title when the record was made, GB/T 8561-2001; a later title does not rewrite it.
        title_then: Option<Code> = 11, "title_then".width(14).codes("title").personal();
        /// Grade of the last work-report review the ledger names (述職等次).
        report_grade: Option<Code> = 12, "report_grade".width(8).codes("report_grade").personal();
        /// Day of the unit Party committee's meeting that decided.
        unit_meeting_on: Option<Date> = 13, "unit_meeting_on".width(10);
        /// Number of the university's decision to cultivate.
        decision_no: Option<Identifier> = 14, "decision_no".width(20).max_chars(60).office(Office::Headquarters);
        /// Reason of a return, suspension or removal.
        status_reason: Option<Text> = 15, "status_reason".width(20).max_chars(200).group("decision");
        /// Why it was taken out, from the code list `removal_reason`.
        removal_reason: Option<Code> = 16, "removal_reason".width(12).codes("removal_reason").group("decision");
        /// Version of the selection conditions that the judgement used (the provinces and universities differ, and change them).
        rule_version: Option<Identifier> = 17, "rule_version".width(12).max_chars(40);
        /// Day of the next review.
        next_review_on: Option<Date> = 18, "next_review_on".width(10).merge(Merge::LastWriter);
        /// Projects, papers, awards with numbers and dates (主要業績); documents, not opinions.
        achievements: Option<Text> = 19, "achievements".width(30).personal().max_chars(2000);
        /// Remarks of the office.
        note: Option<Text> = 20, "note".width(20).max_chars(200).merge(Merge::LastWriter);
        /// Year of the work-report review in `report_grade`.
        report_year: Option<crate::domain::record::Integer> = 21, "report_year".width(6).range(1990, 2199);
        /// Fields of research or teaching (研究方向).
        research_areas: Many<Text> = 30, "research_areas".width(20).personal().max_chars(50);
        /// What was done about the record, with day and name: calls, documents, dates. No opinions on the person.
        log: Notes = 31, "log".width(30).max_chars(500);
    }
    spec { .care(care::CULTIVATION).owner(Owner::Field("branch")).found_by("person").list(&["person", "branch", "direction", "starts_on", "target_on", "mentor", "status", "document_no"])
        .title(&["person", "branch"]).natural(&["person", "branch"]).steps(STEPS) }
    rules { target_after_start, recognised_after_start, recognition_has_a_document }
}

fn target_after_start(c: &Cultivation) -> Option<Issue> {
    dates::order(c.starts_on, c.target_on, field!(Cultivation: "target_on"))
}

fn recognised_after_start(c: &Cultivation) -> Option<Issue> {
    dates::order(c.starts_on, c.recognised_on, field!(Cultivation: "recognised_on"))
}

fn recognition_has_a_document(c: &Cultivation) -> Option<Issue> {
    (c.status == Some(CultivationStatus::Recognised) && c.document_no.is_none())
        .then(|| Issue::warning(field!(Cultivation: "document_no"), "q11-empty"))
}
