//! Survey visits (調研督查): who went where, what was looked at, what came back to the unit.

use crate::domain::access::Office;
use crate::domain::codes;
use crate::domain::ids::RecordId;
use crate::domain::record::{
    Code, Date, Due, Fields, Integer, Issue, Many, Merge, Name, Owner, Record, Step, Text, UnitRef,
    care,
};
use crate::domain::rules::{Registry, dates, within};
use crate::{choices, field, record, reference};

choices! {
    /// Where a visit stands.
    pub enum VisitStatus {
        /// Arranged.
        Planned = "planned",
        /// Made.
        Visited = "visited",
        /// The unit has the list of what is to be mended.
        FedBack = "fed_back",
        /// Everything found is closed.
        Closed = "closed",
    }
}

reference! {
    /// A survey visit.
    VisitId -> "survey_visit";
}

const STEPS: &[Step] = &[
    Step {
        action: "visit",
        from: &["planned"],
        to: "visited",
        office: Office::Organizer,
        needs: &["visitors", "checklist"],
        reason: false,
    },
    Step {
        action: "feed_back",
        from: &["visited"],
        to: "fed_back",
        office: Office::UnitLead,
        needs: &["fed_back_on"],
        reason: false,
    },
    Step {
        action: "close",
        from: &["visited", "fed_back"],
        to: "closed",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "reopen",
        from: &["closed"],
        to: "fed_back",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
];

const DUES: &[Due] = &[
    Due { code: "survey-visit", on: "visited_on", states: &["planned"], until: None, notice: 7 },
    Due {
        code: "survey-feedback",
        on: "feed_back_by",
        states: &["visited"],
        until: Some("fed_back_on"),
        notice: 14,
    },
];

record! {
    /// One visit of headquarters or a unit to a unit or one of its branches.
    ///
    /// Source: notice of 2018, item 1. What is found is written as rectification items that name the visit.
    pub struct SurveyVisit = 24, "survey_visit" {
        /// The unit visited, or the unit of the branch.
        unit: UnitRef = 1, "unit".width(26);
        /// The branch, if one was visited.
        branch: Option<UnitRef> = 2, "branch".width(26);
        /// Day of the visit, or the day it is planned for.
        visited_on: Date = 3, "visited_on".width(10);
        /// Subject: what the visit is about.
        name: Text = 4, "name".width(24).max_chars(100);
        /// Who went, by name.
        visitors: Many<Name> = 5, "visitors".width(20).personal().max_chars(50).care(care::STAFFING);
        /// Place.
        place: Option<Text> = 6, "place".width(16).max_chars(60);
        /// What was looked at, each entry with its result after a colon; results are those of the code list `checklist_result`.
        checklist: Many<Text> = 7, "checklist".width(30).max_chars(120);
        /// Result as a whole, from the code list `checklist_result`.
        result: Option<Code> = 8, "result".width(10).codes("checklist_result");
        /// Problems found.
        problems: Option<Integer> = 9, "problems".width(6).range(0, 1000);
        /// Numbers or titles of the documents looked at or written.
        documents: Many<Text> = 10, "documents".width(20).max_chars(120);
        /// Last day for giving the unit its list.
        feed_back_by: Option<Date> = 11, "feed_back_by".width(10);
        /// Day the unit had its list.
        fed_back_on: Option<Date> = 12, "fed_back_on".width(10);
        /// Where the visit stands; absent means planned.
        status: Option<VisitStatus> = 13, "status".width(8).group("decision").merge(Merge::Steps);
        /// Why it was opened again.
        status_reason: Option<Text> = 14, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 15, "note".width(20).max_chars(200);
    }
    spec { .care(care::IMPROVEMENT).owner(Owner::Field("unit")).list(&["unit", "branch", "visited_on", "name", "result", "problems", "status"])
        .title(&["unit", "branch", "visited_on", "name"]).natural(&["unit", "visited_on", "name"]).steps(STEPS).dues(DUES).against(branch_of_the_unit) }
    rules { told_after_the_visit, every_entry_has_a_result }
}

fn told_after_the_visit(v: &SurveyVisit) -> Option<Issue> {
    dates::order(Some(v.visited_on), v.fed_back_on, field!(SurveyVisit: "fed_back_on"))
}

/// An entry without a result says that something was looked at and not what was seen.
fn every_entry_has_a_result(v: &SurveyVisit) -> Option<Issue> {
    let without = v.checklist.0.iter().find(|entry| result_of(&entry.0).is_none())?;
    let made = !matches!(v.status, None | Some(VisitStatus::Planned));
    let issue = || Issue::warning(field!(SurveyVisit: "checklist"), "checklist-result");
    made.then(|| issue().with("entry", &without.0))
}

/// Returns the code of the result that stands after the colon (or `=`) of a checklist's entry.
pub fn result_of(entry: &str) -> Option<&'static str> {
    let (_, result) = entry.rsplit_once([':', '\u{FF1A}', '='])?;
    Some(codes::list("checklist_result")?.find(result)?.code.as_str())
}

fn branch_of_the_unit(others: &dyn Registry, _id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let Ok(visit) = SurveyVisit::hydrate(fields) else { return Vec::new() };
    within::branch_of(others, visit.unit, visit.branch, field!(SurveyVisit: "branch"))
}
