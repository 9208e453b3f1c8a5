//! Work-report reviews of secretaries (述職評議考核): the grade a meeting gave, no more.

use crate::domain::record::{
    Code, Date, Identifier, Integer, Issue, Owner, PersonId, Text, UnitRef, care,
};
use crate::domain::rules::dates;
use crate::{field, record};

record! {
    /// One secretary's work-report review of one year.
    ///
    /// Source: 支部工作條例 Art. 27. Ballots of single persons are never kept (基層組織選舉工作條例: secret ballot).
    pub struct WorkReport = 19, "work_report" {
        /// The secretary.
        person: PersonId = 1, "person".width(10).personal();
        /// The unit or branch reported for.
        unit: UnitRef = 2, "unit".width(30);
        /// Year reported on.
        year: Integer = 3, "year".width(6).range(1990, 2199);
        /// Day of the meeting that heard the report.
        reported_on: Option<Date> = 4, "reported_on".width(10);
        /// Grade, from the code list `report_grade`.
        grade: Option<Code> = 5, "grade".width(8).codes("report_grade").personal();
        /// Day the grade was settled.
        graded_on: Option<Date> = 6, "graded_on".width(10);
        /// Document of the result.
        document_no: Option<Identifier> = 7, "document_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 8, "note".width(20).max_chars(200);
    }
    spec { .care(care::STAFFING).owner(Owner::Field("unit")).found_by("person").list(&["person", "unit", "year", "reported_on", "grade"])
        .title(&["person", "unit", "year"]).natural(&["person", "unit", "year"]) }
    rules { graded_after_reporting }
}

fn graded_after_reporting(r: &WorkReport) -> Option<Issue> {
    dates::order(r.reported_on, r.graded_on, field!(WorkReport: "graded_on"))
}
