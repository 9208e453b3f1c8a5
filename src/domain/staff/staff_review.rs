//! Yearly reviews of organizers: work done in figures, and the grade.

use crate::domain::access::Office;
use crate::domain::record::{Code, Integer, Issue, Owner, StaffFileId, Text, care};
use crate::{field, record};

record! {
    /// One year's review of an organizer.
    ///
    /// Source: 組織員（述職）年度考核表; 人社部發〔2023〕6號 for the grades.
    pub struct StaffReview = 14, "staff_review" {
        /// The staff file.
        staff_file: StaffFileId = 1, "staff_file".width(24);
        /// Year reviewed.
        year: Integer = 2, "year".width(6).range(1990, 2199);
        /// Grade, from the code list `staff_grade`.
        grade: Option<Code> = 3, "grade".width(10).codes("staff_grade").personal();
        /// Branches guided.
        branches_guided: Option<Integer> = 4, "branches_guided".width(6).range(0, 1000);
        /// Members developed.
        members_developed: Option<Integer> = 5, "members_developed".width(6).range(0, 10_000);
        /// Of those, files that needed no rework.
        without_rework: Option<Integer> = 6, "without_rework".width(6).range(0, 10_000);
        /// Branches re-elected on time.
        reelected_on_time: Option<Integer> = 7, "reelected_on_time".width(6).range(0, 1000);
        /// Share of the branch secretaries trained, per cent.
        training_rate: Option<Integer> = 8, "training_rate".width(6).range(0, 100);
        /// Awards and sanctions, by document.
        awards: Option<Text> = 9, "awards".width(20).personal().max_chars(300);
        /// Headquarters' finding.
        headquarters_opinion: Option<Text> = 10, "headquarters_opinion".width(20).personal().max_chars(300).office(Office::Headquarters);
    }
    spec { .care(care::STAFFING).owner(Owner::Of("staff_file")).list(&["staff_file", "year", "grade", "branches_guided", "members_developed"])
        .title(&["staff_file", "year"]).natural(&["staff_file", "year"]) }
    rules { a_part_is_not_more_than_the_whole }
}

/// A table-internal sum (Q12).
fn a_part_is_not_more_than_the_whole(r: &StaffReview) -> Option<Issue> {
    (r.without_rework? > r.members_developed?)
        .then(|| Issue::error(field!(StaffReview: "without_rework"), "q12-sum"))
}
