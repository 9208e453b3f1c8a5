//! Lagging branches (後進、軟弱渙散黨支部): the standing list with entry, help, review and exit.

use crate::domain::access::Office;
use crate::domain::record::{
    Code, Date, Due, Identifier, Issue, Many, Merge, Owner, Step, Text, UnitRef, care,
};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

choices! {
    /// Where an entry of the list stands.
    pub enum LaggingStatus {
        /// Entered into the list.
        Listed = "listed",
        /// Helped by measures.
        Helped = "helped",
        /// Reviewed by headquarters.
        Reviewed = "reviewed",
        /// Taken off the list.
        Left = "left",
    }
}

reference! {
    /// An entry of the list of lagging branches.
    LaggingId -> "lagging_branch";
}

const STEPS: &[Step] = &[
    Step {
        action: "help",
        from: &["listed"],
        to: "helped",
        office: Office::UnitLead,
        needs: &["helper", "measures"],
        reason: false,
    },
    Step {
        action: "review",
        from: &["helped"],
        to: "reviewed",
        office: Office::Headquarters,
        needs: &["reviewed_on"],
        reason: false,
    },
    Step {
        action: "help_on",
        from: &["reviewed"],
        to: "helped",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
    Step {
        action: "take_off",
        from: &["reviewed"],
        to: "left",
        office: Office::Headquarters,
        needs: &["left_on", "leave_no"],
        reason: false,
    },
];

const DUES: &[Due] = &[
    Due {
        code: "lagging-review",
        on: "review_by",
        states: &["listed", "helped"],
        until: Some("reviewed_on"),
        notice: 30,
    },
    Due {
        code: "lagging-mend",
        on: "mend_by",
        states: &["listed", "helped", "reviewed"],
        until: Some("left_on"),
        notice: 30,
    },
];

record! {
    /// One branch on the list of those that lag, from entry to exit.
    ///
    /// Source: notice of 2018, item 1: a standing list of 後進 branches. A branch that comes back has a new entry.
    pub struct LaggingBranch = 25, "lagging_branch" {
        /// The branch.
        branch: UnitRef = 1, "branch".width(30);
        /// Day of entry.
        entered_on: Date = 2, "entered_on".width(10).office(Office::UnitLead);
        /// Reason, from the code list `lagging_reason`.
        reason: Code = 3, "reason".width(20).codes("lagging_reason").office(Office::UnitLead);
        /// Document of the entry.
        entry_no: Option<Identifier> = 4, "entry_no".width(20).max_chars(60);
        /// What is to be mended.
        problem: Option<Text> = 5, "problem".width(30).max_chars(300);
        /// Who helps: an office, a committee member by post, a paired branch.
        helper: Option<Text> = 6, "helper".width(20).max_chars(100);
        /// Measures of help.
        measures: Many<Text> = 7, "measures".width(30).max_chars(200);
        /// Last day by which it should be mended.
        mend_by: Option<Date> = 8, "mend_by".width(10);
        /// Day the review is due.
        review_by: Option<Date> = 9, "review_by".width(10);
        /// Day of the last review.
        reviewed_on: Option<Date> = 10, "reviewed_on".width(10).office(Office::Headquarters);
        /// Day it was taken off the list.
        left_on: Option<Date> = 11, "left_on".width(10).office(Office::Headquarters);
        /// Document of that decision.
        leave_no: Option<Identifier> = 12, "leave_no".width(20).max_chars(60).office(Office::Headquarters);
        /// Where it stands; absent means entered.
        status: Option<LaggingStatus> = 13, "status".width(8).group("decision").merge(Merge::Steps);
        /// Why it is helped on.
        status_reason: Option<Text> = 14, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 15, "note".width(20).max_chars(200);
    }
    spec { .care(care::IMPROVEMENT).owner(Owner::Field("branch")).list(&["branch", "entered_on", "reason", "helper", "mend_by", "reviewed_on", "status"])
        .title(&["branch", "entered_on"]).natural(&["branch", "entered_on"]).steps(STEPS).dues(DUES) }
    rules { reviewed_after_entry, left_after_entry, left_after_a_review, leaving_has_a_document }
}

fn reviewed_after_entry(l: &LaggingBranch) -> Option<Issue> {
    dates::order(Some(l.entered_on), l.reviewed_on, field!(LaggingBranch: "reviewed_on"))
}

fn left_after_entry(l: &LaggingBranch) -> Option<Issue> {
    dates::order(Some(l.entered_on), l.left_on, field!(LaggingBranch: "left_on"))
}

/// A branch is taken off after a review, not before.
fn left_after_a_review(l: &LaggingBranch) -> Option<Issue> {
    match l.left_on {
        Some(_) if l.reviewed_on.is_none() => {
            Some(Issue::warning(field!(LaggingBranch: "reviewed_on"), "q11-empty"))
        }
        left => dates::order(l.reviewed_on, left, field!(LaggingBranch: "left_on")),
    }
}

fn leaving_has_a_document(l: &LaggingBranch) -> Option<Issue> {
    (l.left_on.is_some() && l.leave_no.is_none())
        .then(|| Issue::warning(field!(LaggingBranch: "leave_no"), "q11-empty"))
}
