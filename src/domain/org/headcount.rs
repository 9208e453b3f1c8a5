//! Headcounts: what the one per cent rule is reckoned from, typed by headquarters with its source.

use crate::domain::access::Office;
use crate::domain::record::{Date, Integer, Issue, Text, care};
use crate::{field, record};

record! {
    /// Staff, students and full-time Party staff of the university on a day.
    ///
    /// Source: 2021 條例 Art. 35: full-time Party and ideological-work staff are at least one per cent of staff and students.
    pub struct Headcount = 17, "headcount" {
        /// Day the numbers are of.
        counted_on: Date = 1, "counted_on".width(10).office(Office::Headquarters);
        /// Staff within the establishment.
        staff: Integer = 2, "staff".width(8).range(0, 1_000_000).office(Office::Headquarters);
        /// Students.
        students: Integer = 3, "students".width(8).range(0, 1_000_000).office(Office::Headquarters);
        /// Full-time Party and ideological-work staff.
        party_staff: Integer = 4, "party_staff".width(8).range(0, 1_000_000).office(Office::Headquarters);
        /// Where the numbers are from.
        source: Text = 5, "source".width(30).max_chars(200).office(Office::Headquarters);
    }
    spec { .care(care::ESTABLISHMENT).published().office(Office::Headquarters).list(&["counted_on", "staff", "students", "party_staff", "source"])
        .title(&["counted_on"]).natural(&["counted_on"]) }
    rules { a_part_is_not_more_than_the_whole }
}

/// A table-internal sum (Q12).
fn a_part_is_not_more_than_the_whole(h: &Headcount) -> Option<Issue> {
    (h.party_staff.0 > h.staff.0 + h.students.0)
        .then(|| Issue::error(field!(Headcount: "party_staff"), "q12-sum"))
}
