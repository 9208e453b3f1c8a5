//! Rectification: a problem that was found, who mends it by when, and its closing (整改、補短板).

use crate::domain::access::Office;
use crate::domain::record::{Date, Identifier, Issue, Merge, Owner, Step, Text, UnitRef, care};
use crate::domain::rules::dates;
use crate::{choices, field, record};

choices! {
    /// Where an item stands.
    pub enum RectificationStatus {
        /// Found, being mended.
        Open = "open",
        /// The unit says it is done.
        Reported = "reported",
        /// Closed by the superior (銷號).
        Closed = "closed",
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "report",
        from: &["open"],
        to: "reported",
        office: Office::Organizer,
        needs: &["measure", "done_on"],
        reason: false,
    },
    Step {
        action: "return",
        from: &["reported", "closed"],
        to: "open",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "close",
        from: &["reported"],
        to: "closed",
        office: Office::Headquarters,
        needs: &["closed_on"],
        reason: false,
    },
];

record! {
    /// One problem of a unit with its measure and term.
    ///
    /// Source: 整改清單, 補短板任務清單 (notice, items 1 and 5).
    pub struct Rectification = 20, "rectification" {
        /// The unit.
        unit: UnitRef = 1, "unit".width(30);
        /// The problem.
        problem: Text = 2, "problem".width(30).max_chars(300);
        /// Where it was found: the review, the visit.
        found_in: Option<Text> = 3, "found_in".width(20).max_chars(100);
        /// Its cause.
        cause: Option<Text> = 4, "cause".width(20).max_chars(300);
        /// The measure.
        measure: Option<Text> = 5, "measure".width(30).max_chars(300);
        /// Who mends it: an office or a post.
        charge: Option<Text> = 6, "charge".width(16).max_chars(60);
        /// Last day.
        due_on: Date = 7, "due_on".width(10);
        /// Day the unit was done.
        done_on: Option<Date> = 8, "done_on".width(10);
        /// Day the superior closed it.
        closed_on: Option<Date> = 9, "closed_on".width(10).office(Office::Headquarters);
        /// Document that proves it.
        evidence: Option<Identifier> = 10, "evidence".width(20).max_chars(120);
        /// Where it stands; absent means open.
        status: Option<RectificationStatus> = 11, "status".width(8).group("decision").merge(Merge::Steps);
        /// Reason of a return.
        status_reason: Option<Text> = 12, "status_reason".width(20).max_chars(200).group("decision");
    }
    spec { .care(care::STAFFING).owner(Owner::Field("unit")).list(&["unit", "problem", "charge", "due_on", "done_on", "status"])
        .title(&["unit", "problem"]).natural(&["unit", "problem", "due_on"]).steps(STEPS) }
    rules { closed_after_it_was_done }
}

fn closed_after_it_was_done(r: &Rectification) -> Option<Issue> {
    dates::order(r.done_on, r.closed_on, field!(Rectification: "closed_on"))
}
