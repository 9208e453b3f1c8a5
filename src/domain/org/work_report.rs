//! Work-report reviews of secretaries (述職評議考核): the grade a meeting gave and the totals of its appraisal, no more.

use crate::domain::codes;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{
    Code, Date, Fields, Identifier, Integer, Issue, Owner, PersonId, Record, Text, UnitRef, care,
};
use crate::domain::reviews::scheme::{ReviewScheme, SchemeId};
use crate::domain::rules::{Registry, dates};
use crate::{field, record, reference};

reference! {
    /// A work-report review.
    WorkReportId -> "work_report";
}

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
        /// The year's scheme; absent: the one of the year for secretaries.
        scheme: Option<SchemeId> = 9, "scheme".width(16);
        /// Day the report was given to the branch meeting too (支部工作條例 Art. 27).
        branch_heard_on: Option<Date> = 10, "branch_heard_on".width(10);
        /// Forms counted in the appraisal, as a total.
        appraised: Option<Integer> = 11, "appraised".width(6).range(0, 100_000).group("appraisal");
        /// Of these: good, as a total.
        total_good: Option<Integer> = 12, "total_good".width(6).range(0, 100_000).group("appraisal");
        /// Of these: fairly good, as a total.
        total_fairly_good: Option<Integer> = 13, "total_fairly_good".width(6).range(0, 100_000).group("appraisal");
        /// Of these: ordinary, as a total.
        total_ordinary: Option<Integer> = 14, "total_ordinary".width(6).range(0, 100_000).group("appraisal");
        /// Of these: poor, as a total.
        total_poor: Option<Integer> = 15, "total_poor".width(6).range(0, 100_000).group("appraisal");
        /// Problems the review named; each is a rectification item that names the review.
        problems: Option<Integer> = 16, "problems".width(6).range(0, 1000);
        /// Remarks of the office.
        note: Option<Text> = 8, "note".width(20).max_chars(200);
    }
    spec { .care(care::STAFFING).owner(Owner::Field("unit")).found_by("person").list(&["person", "unit", "year", "reported_on", "grade"])
        .title(&["person", "unit", "year"]).natural(&["person", "unit", "year"]).against(grade_of_the_scheme) }
    rules { graded_after_reporting, totals_add_up }
}

fn graded_after_reporting(r: &WorkReport) -> Option<Issue> {
    dates::order(r.reported_on, r.graded_on, field!(WorkReport: "graded_on"))
}

/// A table-internal sum (Q12): the forms counted are the sum of the grades' totals.
fn totals_add_up(r: &WorkReport) -> Option<Issue> {
    let of = |total: Option<Integer>| total.map_or(0, |total| total.0);
    let sum: i64 = r.totals().into_iter().map(of).sum();
    (r.appraised?.0 != sum)
        .then(|| Issue::error(field!(WorkReport: "appraised"), "q12-sum").with("sum", sum))
}

impl WorkReport {
    /// Returns the totals of the appraisal: good, fairly good, ordinary, poor.
    pub const fn totals(&self) -> [Option<Integer>; 4] {
        [self.total_good, self.total_fairly_good, self.total_ordinary, self.total_poor]
    }
}

/// The grade is one of those that the scheme names, by any of its words.
fn grade_of_the_scheme(
    others: &dyn Registry,
    _id: Option<RecordId>,
    fields: &Fields,
) -> Vec<Issue> {
    let find = || {
        let own = WorkReport::hydrate(fields).ok()?;
        let (kind, fields) = others.fields(own.scheme?.0)?;
        let scheme =
            (kind == Kind::ReviewScheme).then(|| ReviewScheme::hydrate(&fields).ok())??;
        let code = own.grade?.0;
        let list = codes::list("report_grade")?;
        let named = |grade: &Text| list.find(&grade.0).is_some_and(|entry| entry.code == code);
        let grades: Vec<&str> = scheme.grades.0.iter().map(|grade| grade.0.as_str()).collect();
        let other_year = scheme.year != own.year;
        if other_year {
            return Some(Issue::error(field!(WorkReport: "scheme"), "scheme-of-other-year"));
        }
        (!scheme.grades.0.iter().any(named)).then(|| {
            let issue = Issue::error(field!(WorkReport: "grade"), "grade-not-in-scheme");
            issue.with("grades", grades.join(" "))
        })
    };
    find().into_iter().collect()
}
