//! Submissions: what a unit owes headquarters by a day, and when it came.

use crate::domain::access::Office;
use crate::domain::org::deployment::DeploymentId;
use crate::domain::record::{
    Date, Identifier, Integer, Issue, Merge, Owner, Step, Text, UnitRef, care,
};
use crate::{choices, field, record};

choices! {
    /// Where a report stands.
    pub enum SubmissionStatus {
        /// Expected.
        Expected = "expected",
        /// Handed in by the unit.
        HandedIn = "handed_in",
        /// Sent back with a reason.
        Returned = "returned",
        /// Received and in order.
        Accepted = "accepted",
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "hand_in",
        from: &["expected", "returned"],
        to: "handed_in",
        office: Office::Organizer,
        needs: &["handed_in_on"],
        reason: false,
    },
    Step {
        action: "accept",
        from: &["expected", "handed_in"],
        to: "accepted",
        office: Office::Headquarters,
        needs: &["received_on"],
        reason: false,
    },
    Step {
        action: "return",
        from: &["handed_in", "accepted"],
        to: "returned",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
];

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
        /// The deployment it answers.
        deployment: Option<DeploymentId> = 8, "deployment".width(24).office(Office::Headquarters);
        /// Day the unit handed it in.
        handed_in_on: Option<Date> = 9, "handed_in_on".width(10);
        /// Where it stands; absent means expected.
        status: Option<SubmissionStatus> = 10, "status".width(8).group("decision").merge(Merge::Steps);
        /// Why it was sent back.
        status_reason: Option<Text> = 11, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 7, "note".width(20).max_chars(200);
    }
    spec { .care(care::UNITS).owner(Owner::Field("unit")).office(Office::Headquarters).list(&["unit", "name", "year", "due_on", "handed_in_on", "received_on", "status"])
        .title(&["unit", "name", "year"]).natural(&["unit", "name", "year"]).steps(STEPS) }
    rules { received_in_a_sane_year }
}

/// A report received years before it was due is a slip of the pen.
fn received_in_a_sane_year(s: &Submission) -> Option<Issue> {
    use crate::domain::rules::dates;
    let early = s.due_on.0.is_surely_after(dates::plus_years(s.received_on?.0, 1)?);
    early.then(|| Issue::warning(field!(Submission: "received_on"), "q05-order"))
}
