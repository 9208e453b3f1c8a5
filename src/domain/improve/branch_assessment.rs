//! The yearly assessment of branches, by a scheme whose grades are data.

use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{
    Date, Fields, Identifier, Integer, Issue, Owner, Record, Text, UnitRef, Value, care,
};
use crate::domain::reviews::scheme::{ReviewScheme, Reviewed, SchemeId};
use crate::domain::rules::Registry;
use crate::{field, record};

record! {
    /// One branch's assessment of one year.
    ///
    /// Source: notice of 2018, item 1; grades differ by university (先進/一般/後進, 優秀/合格/不合格): they are those of the year's scheme.
    pub struct BranchAssessment = 27, "branch_assessment" {
        /// The branch.
        branch: UnitRef = 1, "branch".width(30);
        /// Year assessed.
        year: Integer = 2, "year".width(6).range(1990, 2199);
        /// The scheme; absent: the one of the year.
        scheme: Option<SchemeId> = 3, "scheme".width(20);
        /// Grade, one of the scheme's.
        grade: Option<Text> = 4, "grade".width(10).max_chars(20);
        /// Day the grade was settled.
        assessed_on: Option<Date> = 5, "assessed_on".width(10);
        /// Document of the result.
        document_no: Option<Identifier> = 6, "document_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 7, "note".width(20).max_chars(200);
    }
    spec { .care(care::IMPROVEMENT).owner(Owner::Field("branch")).list(&["branch", "year", "grade", "assessed_on", "document_no"])
        .title(&["branch", "year"]).natural(&["branch", "year"]).against(grade_of_the_scheme) }
    rules { a_grade_has_its_day }
}

fn a_grade_has_its_day(a: &BranchAssessment) -> Option<Issue> {
    (a.grade.is_some() && a.assessed_on.is_none())
        .then(|| Issue::warning(field!(BranchAssessment: "assessed_on"), "q11-empty"))
}

/// The grade is one of the scheme that the assessment names, else of the year's scheme for branches.
fn grade_of_the_scheme(
    others: &dyn Registry,
    _id: Option<RecordId>,
    fields: &Fields,
) -> Vec<Issue> {
    let find = || {
        let own = BranchAssessment::hydrate(fields).ok()?;
        let grade = own.grade.as_ref()?;
        let scheme = match own.scheme {
            Some(scheme) => of(others, scheme.0),
            None => others
                .find(
                    Kind::ReviewScheme,
                    field!(ReviewScheme: "year").number(),
                    &Value::Int(own.year.0),
                )
                .into_iter()
                .filter_map(|id| of(others, id))
                .find(|scheme| scheme.subject == Reviewed::Branch),
        }?;
        let grades: Vec<&str> = scheme.grades.0.iter().map(|grade| grade.0.as_str()).collect();
        scheme.place_of(&grade.0).is_none().then(|| {
            let issue = Issue::error(field!(BranchAssessment: "grade"), "grade-not-in-scheme");
            issue.with("grades", grades.join(" "))
        })
    };
    find().into_iter().collect()
}

fn of(others: &dyn Registry, id: RecordId) -> Option<ReviewScheme> {
    let (kind, fields) = others.fields(id)?;
    (kind == Kind::ReviewScheme).then(|| ReviewScheme::hydrate(&fields).ok())?
}
