//! Calls for research projects on Party building (黨建研究): what headquarters asks for, and by when.

use crate::domain::access::Office;
use crate::domain::record::{Date, Due, Identifier, Integer, Issue, Merge, Step, Text};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

reference! {
    /// A call for projects.
    ResearchCallId -> "research_call";
}

choices! {
    /// Where a call stands.
    pub enum CallStatus {
        /// Being written.
        Draft = "draft",
        /// Open for applications.
        Open = "open",
        /// No more applications.
        Closed = "closed",
        /// Frozen.
        Archived = "archived",
    }
}

const STEPS: &[Step] = &[
    Step {
        action: "publish",
        from: &["draft", "closed"],
        to: "open",
        office: Office::Headquarters,
        needs: &["apply_by"],
        reason: false,
    },
    Step {
        action: "close",
        from: &["open"],
        to: "closed",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "archive",
        from: &["closed"],
        to: "archived",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
];

const DUES: &[Due] =
    &[Due { code: "research-apply", on: "apply_by", states: &["open"], until: None, notice: 30 }];

record! {
    /// One call for projects on Party building.
    ///
    /// Source: 黨建研究課題申報通知 (notice, item 7).
    pub struct ResearchCall = 40, "research_call" {
        /// Year of the call.
        year: Integer = 1, "year".width(6).range(1990, 2199);
        /// Its name.
        name: Text = 2, "name".width(30).max_chars(100);
        /// Number of the document.
        document_no: Option<Identifier> = 3, "document_no".width(20).max_chars(60);
        /// First day of applications.
        opens_on: Option<Date> = 4, "opens_on".width(10);
        /// Last day of applications.
        apply_by: Option<Date> = 5, "apply_by".width(10);
        /// Projects that may be granted.
        places: Option<Integer> = 6, "places".width(6).range(0, 1_000);
        /// Money for all of them, yuan.
        budget: Option<Integer> = 7, "budget".width(10).range(0, 100_000_000);
        /// Where the call stands; absent means a draft.
        status: Option<CallStatus> = 8, "status".width(8).merge(Merge::Steps);
        /// Remarks of the office.
        note: Option<Text> = 9, "note".width(20).max_chars(200).merge(Merge::LastWriter);
    }
    spec { .care(super::PUBLISHED).published().office(Office::Headquarters).list(&["year", "name", "opens_on", "apply_by", "places", "budget", "status"])
        .title(&["year", "name"]).natural(&["year", "name"]).steps(STEPS).dues(DUES) }
    rules { deadline_after_opening }
}

fn deadline_after_opening(c: &ResearchCall) -> Option<Issue> {
    dates::order(c.opens_on, c.apply_by, field!(ResearchCall: "apply_by"))
}
