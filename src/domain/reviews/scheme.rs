//! Review schemes: the grades, weights, shares and days of one year's review, published by headquarters as data.

use crate::domain::access::Office;
use crate::domain::record::{
    Date, Due, FieldId, Identifier, Integer, Issue, Many, Merge, Step, Text, care,
};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

choices! {
    /// What is reviewed.
    pub enum Reviewed {
        /// Secretaries by their work reports (述職評議考核).
        Secretary = "secretary",
        /// Branches (黨支部考核).
        Branch = "branch",
    }
}

choices! {
    /// Where a year's review stands.
    pub enum SchemeStatus {
        /// Being prepared or carried out.
        Current = "current",
        /// Over.
        Over = "over",
    }
}

reference! {
    /// A review scheme.
    SchemeId -> "review_scheme";
}

const STEPS: &[Step] = &[
    Step {
        action: "finish",
        from: &["current"],
        to: "over",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "reopen",
        from: &["over"],
        to: "current",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
];

const fn by(code: &'static str, on: &'static str) -> Due {
    Due { code, on, states: &["current"], until: None, notice: 14 }
}

const DUES: &[Due] = &[
    by("review-notice", "notice_by"),
    by("review-meeting-date", "meeting_date_by"),
    by("review-materials", "materials_by"),
    by("review-meeting", "meeting_by"),
    by("review-grades", "grades_by"),
    by("review-upload", "upload_by"),
    by("review-rectify", "rectify_by"),
];

record! {
    /// One year's scheme of one review.
    ///
    /// Source: 支部工作條例（試行） Art. 27; the timetable and weights of two universities (2023, 2025). Nothing of it is in the program.
    pub struct ReviewScheme = 26, "review_scheme" {
        /// Year reviewed.
        year: Integer = 1, "year".width(6).range(1990, 2199).office(Office::Headquarters);
        /// What is reviewed.
        subject: Reviewed = 2, "subject".width(10).office(Office::Headquarters);
        /// Title of the notice.
        name: Text = 3, "name".width(30).max_chars(100).office(Office::Headquarters);
        /// Grades, the best first.
        grades: Many<Text> = 4, "grades".width(20).max_chars(20).office(Office::Headquarters);
        /// Parts of the result, each with its weight in per cent after a colon; they add up to 100.
        weights: Many<Text> = 5, "weights".width(30).max_chars(60).office(Office::Headquarters);
        /// Per cent of the results that must be below the best grade at least.
        below_best_least: Option<Integer> = 6, "below_best_least".width(8).range(0, 100).office(Office::Headquarters);
        /// Per cent of the report that names problems at least.
        problems_least: Option<Integer> = 7, "problems_least".width(8).range(0, 100).office(Office::Headquarters);
        /// Document of the notice.
        document_no: Option<Identifier> = 8, "document_no".width(20).max_chars(60).office(Office::Headquarters);
        /// Day of the notice.
        notice_by: Option<Date> = 9, "notice_by".width(10).office(Office::Headquarters);
        /// Last day for telling headquarters when the meeting is.
        meeting_date_by: Option<Date> = 10, "meeting_date_by".width(10).office(Office::Headquarters);
        /// Last day for the papers.
        materials_by: Option<Date> = 11, "materials_by".width(10).office(Office::Headquarters);
        /// Last day of the meetings.
        meeting_by: Option<Date> = 12, "meeting_by".width(10).office(Office::Headquarters);
        /// Last day for settling the grades.
        grades_by: Option<Date> = 13, "grades_by".width(10).office(Office::Headquarters);
        /// Last day for handing in the results.
        upload_by: Option<Date> = 14, "upload_by".width(10).office(Office::Headquarters);
        /// Last day for the list of what is to be mended (整改清單).
        rectify_by: Option<Date> = 15, "rectify_by".width(10).office(Office::Headquarters);
        /// Where the review stands; absent means under way.
        status: Option<SchemeStatus> = 16, "status".width(8).group("decision").merge(Merge::Steps);
        /// Why it was opened again.
        status_reason: Option<Text> = 17, "status_reason".width(20).max_chars(200).group("decision");
    }
    spec { .care(care::UNITS).published().office(Office::Headquarters).list(&["year", "subject", "name", "grades", "meeting_by", "rectify_by", "status"])
        .title(&["year", "subject"]).natural(&["year", "subject"]).steps(STEPS).dues(DUES) }
    rules { has_grades, weights_add_up, days_in_order }
}

fn has_grades(s: &ReviewScheme) -> Option<Issue> {
    (s.grades.0.len() < 2).then(|| Issue::error(field!(ReviewScheme: "grades"), "scheme-grades"))
}

/// A weight after a colon, `=` or a space: `on-site review: 50`.
fn weight(entry: &str) -> Option<i64> {
    let digits = entry.trim_end_matches(['%', '\u{FF05}', ' ']);
    let count = digits.bytes().rev().take_while(u8::is_ascii_digit).count();
    digits.get(digits.len() - count..)?.parse().ok()
}

/// A table-internal sum (Q12).
fn weights_add_up(s: &ReviewScheme) -> Option<Issue> {
    if s.weights.0.is_empty() {
        return None;
    }
    let sum: i64 = s.weights.0.iter().map(|entry| weight(&entry.0).unwrap_or(0)).sum();
    (sum != 100)
        .then(|| Issue::error(field!(ReviewScheme: "weights"), "weights-sum").with("sum", sum))
}

/// The days of the timetable, each after the one before it; the first pair out of order is named.
fn days_in_order(s: &ReviewScheme) -> Option<Issue> {
    let days: [(Option<Date>, FieldId); 7] = [
        (s.notice_by, field!(ReviewScheme: "notice_by")),
        (s.meeting_date_by, field!(ReviewScheme: "meeting_date_by")),
        (s.materials_by, field!(ReviewScheme: "materials_by")),
        (s.meeting_by, field!(ReviewScheme: "meeting_by")),
        (s.grades_by, field!(ReviewScheme: "grades_by")),
        (s.upload_by, field!(ReviewScheme: "upload_by")),
        (s.rectify_by, field!(ReviewScheme: "rectify_by")),
    ];
    let known: Vec<_> = days.into_iter().filter(|(day, _)| day.is_some()).collect();
    known.windows(2).find_map(|pair| match pair {
        [(first, _), (second, field)] => dates::order(*first, *second, *field),
        _ => None,
    })
}

impl ReviewScheme {
    /// Returns the place of a grade, the best first; `None` if the scheme has no such grade.
    pub fn place_of(&self, grade: &str) -> Option<usize> {
        self.grades.0.iter().position(|own| own.0.trim() == grade.trim())
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::kinds::Kind;
    use crate::domain::record::{Fields, PartialDate, Value};

    fn codes(pairs: &[(&str, Value)]) -> Vec<&'static str> {
        let no = |key: &str| Kind::ReviewScheme.spec().field(key).unwrap().number;
        let text = |text: &str| Value::Text(text.to_owned());
        let mut fields = Fields::from([
            (no("year"), Value::Int(2025)),
            (no("subject"), Value::Code("secretary".to_owned())),
            (no("name"), text("述職評議考核")),
            (no("grades"), text("好、較好、一般、差")),
        ]);
        fields.extend(pairs.iter().map(|(key, value)| (no(key), value.clone())));
        Kind::ReviewScheme.check(&fields).into_iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn weights_add_up_to_a_hundred() {
        let weights = |text: &str| codes(&[("weights", Value::Text(text.to_owned()))]);
        assert!(weights("現場述職評議：50%、支部總體情況：50%").is_empty());
        assert_eq!(weights("現場述職評議：50、支部總體情況：40"), ["weights-sum"]);
        assert_eq!(weights("現場述職評議"), ["weights-sum"]);
    }

    #[test]
    fn a_scheme_has_two_grades_at_least_and_its_days_in_order() {
        assert_eq!(codes(&[("grades", Value::Text("好".to_owned()))]), ["scheme-grades"]);
        let day = |day| Value::Date(PartialDate::day(2025, 12, day).unwrap());
        assert!(codes(&[("materials_by", day(16)), ("meeting_by", day(21))]).is_empty());
        assert_eq!(codes(&[("materials_by", day(22)), ("meeting_by", day(21))]), ["q05-order"]);
    }
}
