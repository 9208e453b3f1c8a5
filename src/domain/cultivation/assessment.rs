//! Yearly assessments of a cultivation.

use crate::domain::access::Office;
use crate::domain::cultivation::record::Cultivation;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::work_report::{WorkReport, WorkReportId};
use crate::domain::record::{
    Code, CultivationId, Date, Fields, Identifier, Integer, Issue, Owner, Record, Text, care,
};
use crate::domain::rules::Registry;
use crate::{choices, field, record};

choices! {
    /// What follows from the assessment.
    pub enum Conclusion {
        /// Go on.
        Continue = "continue",
        /// Recognise as a double leader.
        Recognise = "recognise",
        /// Take out of the pool.
        Remove = "remove",
    }
}

record! {
    /// One year's assessment of a cultivation.
    ///
    /// Source: 年度考核表; 支部工作條例 Art. 27 for the grades.
    pub struct CultivationAssessment = 11, "cultivation_assessment" {
        /// The cultivation.
        cultivation: CultivationId = 1, "cultivation".width(24);
        /// Year assessed.
        year: Integer = 2, "year".width(6).range(1990, 2199);
        /// Grade of the work-report review, from the code list `report_grade`.
        grade: Option<Code> = 3, "grade".width(8).codes("report_grade").personal();
        /// What follows.
        conclusion: Option<Conclusion> = 4, "conclusion".width(10).group("decision");
        /// Day of the decision.
        decided_on: Option<Date> = 5, "decided_on".width(10).group("decision");
        /// Work reported by the person: tasks and figures (自評).
        own_report: Option<Text> = 6, "own_report".width(30).personal().max_chars(1000);
        /// The unit committee's finding.
        unit_opinion: Option<Text> = 7, "unit_opinion".width(20).personal().max_chars(300);
        /// Headquarters' finding.
        headquarters_opinion: Option<Text> = 8, "headquarters_opinion".width(20).personal().max_chars(300).office(Office::Headquarters);
        /// Name of the conditions the conclusion was reached by; a later rule does not rewrite it.
        rule_version: Option<Identifier> = 9, "rule_version".width(12).max_chars(40);
        /// The work-report review that gave the grade.
        report: Option<WorkReportId> = 10, "report".width(20).personal();
    }
    spec { .care(care::CULTIVATION).owner(Owner::Of("cultivation")).list(&["cultivation", "year", "grade", "conclusion", "decided_on"])
        .title(&["cultivation", "year"]).natural(&["cultivation", "year"]).against(the_review_is_the_persons) }
    rules { a_poor_report_is_not_recognised }
}

fn a_poor_report_is_not_recognised(a: &CultivationAssessment) -> Option<Issue> {
    (a.conclusion == Some(Conclusion::Recognise) && a.grade.as_ref()?.0 == "poor")
        .then(|| Issue::warning(field!(CultivationAssessment: "conclusion"), "poor-grade"))
}

/// The review that is named is of the cultivation's person and of the year.
fn the_review_is_the_persons(
    others: &dyn Registry,
    _id: Option<RecordId>,
    fields: &Fields,
) -> Vec<Issue> {
    let find = || {
        let own = CultivationAssessment::hydrate(fields).ok()?;
        let (kind, report) = others.fields(own.report?.0)?;
        let report = (kind == Kind::WorkReport).then(|| WorkReport::hydrate(&report).ok())??;
        let person = field!(Cultivation: "person").number();
        let person = others.field_of(own.cultivation.0, person)?.as_ref_id()?;
        (report.person.0 != person || report.year != own.year)
            .then(|| Issue::error(field!(CultivationAssessment: "report"), "report-of-other"))
    };
    find().into_iter().collect()
}
