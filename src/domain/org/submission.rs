//! Submissions: what a unit owes headquarters by a day, and when it came.

use crate::domain::access::Office;
use crate::domain::record::{Date, Identifier, Integer, Issue, Owner, Text, UnitRef, care};
use crate::{field, record};

record! {
    /// One report that one unit owes (報送).
    ///
    /// Source: 校組通字〔2021〕31號 Art. 20 and the yearly count's notice; the five figures are those of DHIS2.
    pub struct Submission = 22, "submission" {
        /// The unit.
        unit: UnitRef = 1, "unit".width(30);
        /// What is owed: the plan, the ledger, the tables.
        name: Text = 2, "name".width(24).max_chars(100);
        /// Year it is for.
        year: Integer = 3, "year".width(6).range(1990, 2199);
        /// Last day.
        due_on: Date = 4, "due_on".width(10).office(Office::Headquarters);
        /// Day headquarters had it; absent while it has not.
        received_on: Option<Date> = 5, "received_on".width(10).office(Office::Headquarters);
        /// Number under which it was registered.
        document_no: Option<Identifier> = 6, "document_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 7, "note".width(20).max_chars(200);
    }
    spec { .care(care::UNITS).owner(Owner::Field("unit")).office(Office::Headquarters).list(&["unit", "name", "year", "due_on", "received_on"])
        .title(&["unit", "name", "year"]).natural(&["unit", "name", "year"]) }
    rules { received_in_a_sane_year }
}

/// A report received years before it was due is a slip of the pen.
fn received_in_a_sane_year(s: &Submission) -> Option<Issue> {
    use crate::domain::rules::dates;
    let early = s.due_on.0.is_surely_after(dates::plus_years(s.received_on?.0, 1)?);
    early.then(|| Issue::warning(field!(Submission: "received_on"), "q05-order"))
}
