//! Rectification: a problem that was found, who mends it by when, and its closing (整改、補短板).

use super::work_report::WorkReportId;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::improve::lagging_branch::LaggingId;
use crate::domain::improve::survey_visit::{SurveyVisit, VisitId};
use crate::domain::record::{
    Date, Fields, Identifier, Issue, Merge, Owner, Record, Step, Text, UnitRef, care,
};
use crate::domain::rules::{Registry, dates, within};
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
        /// The branch it is about, where it is one of the unit's.
        branch: Option<UnitRef> = 13, "branch".width(26);
        /// The survey visit that found it.
        visit: Option<VisitId> = 14, "visit".width(20);
        /// The work-report review that named it.
        report: Option<WorkReportId> = 15, "report".width(20).personal().care(care::STAFFING);
        /// The entry of the list of lagging branches that it helps to mend.
        lagging: Option<LaggingId> = 16, "lagging".width(20);
        /// Reason of a return.
        status_reason: Option<Text> = 12, "status_reason".width(20).max_chars(200).group("decision");
    }
    spec { .care(care::STAFFING).owner(Owner::Field("unit")).list(&["unit", "branch", "problem", "charge", "due_on", "done_on", "status"])
        .title(&["unit", "branch", "problem"]).natural(&["unit", "problem", "due_on"]).steps(STEPS).against(of_its_unit) }
    rules { closed_after_it_was_done }
}

fn closed_after_it_was_done(r: &Rectification) -> Option<Issue> {
    dates::order(r.done_on, r.closed_on, field!(Rectification: "closed_on"))
}

/// The branch, and the unit of the visit that found it, are the unit's own.
fn of_its_unit(others: &dyn Registry, _id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let Ok(own) = Rectification::hydrate(fields) else { return Vec::new() };
    let mut issues =
        within::branch_of(others, own.unit, own.branch, field!(Rectification: "branch"));
    let visited = own.visit.and_then(|visit| {
        let unit = field!(SurveyVisit: "unit").number();
        others.field_of(visit.0, unit)?.as_ref_id()
    });
    if visited.is_some_and(|visited| !within::is_within(others, own.unit.0, visited)) {
        issues.push(Issue::error(field!(Rectification: "visit"), "branch-of-other-unit"));
    }
    issues
}
