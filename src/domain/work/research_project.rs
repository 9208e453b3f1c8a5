//! Research projects on Party building: application, review, grant, mid-term, close-out and what came of them.

use super::research_call::{ResearchCall, ResearchCallId};
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{
    Date, Due, Fields, Identifier, Integer, Issue, Many, Merge, Owner, PersonId, Record, Step,
    Text, UnitRef,
};
use crate::domain::rules::{Registry, dates};
use crate::{choices, field, record};

choices! {
    /// Sort of project.
    pub enum ProjectClass {
        /// Key project (重點課題).
        Key = "key",
        /// General project (一般課題).
        General = "general",
        /// For younger staff (青年課題).
        Youth = "youth",
        /// Commissioned (委託課題).
        Commissioned = "commissioned",
    }
}

choices! {
    /// What the mid-term check found.
    pub enum MidtermResult {
        /// Goes on.
        Pass = "pass",
        /// Must be mended.
        Rework = "rework",
    }
}

choices! {
    /// Grade of the close-out.
    pub enum CloseGrade {
        /// 優秀.
        Excellent = "excellent",
        /// 良好.
        Good = "good",
        /// 合格.
        Pass = "pass",
        /// 不合格.
        Fail = "fail",
    }
}

choices! {
    /// Where a project stands.
    pub enum ProjectStatus {
        /// Being written.
        Draft = "draft",
        /// Handed to the unit.
        Applied = "applied",
        /// Reviewed by the unit.
        UnitReviewed = "unit_reviewed",
        /// Sent back with a reason.
        Returned = "returned",
        /// Not granted.
        Refused = "refused",
        /// Granted; under way.
        Granted = "granted",
        /// Checked at mid-term; under way.
        Checked = "checked",
        /// Asks to be closed out.
        Closing = "closing",
        /// Closed out.
        Closed = "closed",
        /// Stopped (終止、撤項).
        Terminated = "terminated",
        /// Frozen.
        Archived = "archived",
    }
}

const fn step(
    action: &'static str,
    from: &'static [&'static str],
    to: &'static str,
    office: Office,
    needs: &'static [&'static str],
    reason: bool,
) -> Step {
    Step { action, from, to, office, needs, reason }
}

const HQ: Office = Office::Headquarters;

const STEPS: &[Step] = &[
    step(
        "apply",
        &["draft", "returned"],
        "applied",
        Office::Organizer,
        &["leader", "title"],
        false,
    ),
    step("review", &["applied"], "unit_reviewed", Office::UnitLead, &[], false),
    step("return", &["applied", "unit_reviewed"], "returned", Office::UnitLead, &[], true),
    step("grant", &["unit_reviewed"], "granted", HQ, &["granted_on", "number", "due_on"], false),
    step("refuse", &["unit_reviewed"], "refused", HQ, &[], true),
    step("check", &["granted"], "checked", HQ, &["midterm_on", "midterm_result"], false),
    step("submit", &["granted", "checked"], "closing", Office::Organizer, &[], false),
    step("close", &["closing"], "closed", HQ, &["closed_on", "grade"], false),
    step("rework", &["closing"], "checked", HQ, &[], true),
    step("terminate", &["granted", "checked", "closing"], "terminated", HQ, &[], true),
    step("archive", &["closed", "refused", "terminated"], "archived", HQ, &[], false),
];

const DUES: &[Due] = &[
    Due {
        code: "research-midterm",
        on: "midterm_due",
        states: &["granted"],
        until: Some("midterm_on"),
        notice: 60,
    },
    Due {
        code: "research-close",
        on: "due_on",
        states: &["granted", "checked"],
        until: Some("extended_to"),
        notice: 60,
    },
    Due {
        code: "research-close",
        on: "extended_to",
        states: &["granted", "checked"],
        until: Some("closed_on"),
        notice: 60,
    },
];

record! {
    /// One research project on Party building.
    ///
    /// Source: 黨建研究課題申報書, 立項、中期檢查、結項一覽表 (notice, item 7).
    pub struct ResearchProject = 41, "research_project" {
        /// The call it answers.
        call: Option<ResearchCallId> = 1, "call".width(24);
        /// The unit it is made in.
        unit: UnitRef = 2, "unit".width(30);
        /// Who leads it.
        leader: PersonId = 3, "leader".width(10).personal();
        /// Its title.
        title: Text = 4, "title".width(30).max_chars(100);
        /// Who works in it besides.
        members: Many<Text> = 5, "members".width(20).personal().max_chars(50);
        /// Sort of project.
        class: Option<ProjectClass> = 6, "class".width(10);
        /// Day of the application.
        applied_on: Option<Date> = 7, "applied_on".width(10);
        /// Day of the review by experts.
        reviewed_on: Option<Date> = 8, "reviewed_on".width(10).office(HQ);
        /// Day of the grant (立項日期).
        granted_on: Option<Date> = 9, "granted_on".width(10).group("grant").office(HQ);
        /// Number of the project (立項編號).
        number: Option<Identifier> = 10, "number".width(16).max_chars(40).unique().group("grant").office(HQ);
        /// Money granted, yuan.
        budget: Option<Integer> = 11, "budget".width(10).range(0, 10_000_000).group("grant").office(HQ);
        /// Number of the document that grants it.
        document_no: Option<Identifier> = 12, "document_no".width(20).max_chars(60).group("grant").office(HQ);
        /// Day of the mid-term check.
        midterm_due: Option<Date> = 13, "midterm_due".width(10);
        /// Day on which it was checked.
        midterm_on: Option<Date> = 14, "midterm_on".width(10).group("midterm").office(HQ);
        /// What the check found.
        midterm_result: Option<MidtermResult> = 15, "midterm_result".width(8).group("midterm").office(HQ);
        /// Day by which it is to be closed out.
        due_on: Option<Date> = 16, "due_on".width(10);
        /// Day to which that was put off.
        extended_to: Option<Date> = 17, "extended_to".width(10).group("extension").office(HQ);
        /// Number of the document that puts it off.
        extension_no: Option<Identifier> = 18, "extension_no".width(20).max_chars(60).group("extension").office(HQ);
        /// Day of the close-out (結項日期).
        closed_on: Option<Date> = 19, "closed_on".width(10).group("close").office(HQ);
        /// Grade of the close-out.
        grade: Option<CloseGrade> = 20, "grade".width(8).group("close").office(HQ);
        /// What came of it: papers, reports, rules adopted, each with place and date.
        outputs: Many<Text> = 21, "outputs".width(30).max_chars(160);
        /// Where the project stands; absent means a draft.
        status: Option<ProjectStatus> = 22, "status".width(10).group("decision").merge(Merge::Steps);
        /// Reason of a return, refusal or end.
        status_reason: Option<Text> = 23, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 24, "note".width(20).max_chars(200).merge(Merge::LastWriter);
    }
    spec { .care(super::PERSONS).owner(Owner::Field("unit")).found_by("leader").list(&["number", "title", "leader", "unit", "class", "granted_on", "due_on", "status", "grade"])
        .title(&["title", "leader"]).natural(&["leader", "title"]).steps(STEPS).dues(DUES).against(applied_in_time) }
    rules { granted_after_application, checked_after_grant, due_after_grant, extended_beyond_the_day, an_extension_has_a_document, closed_after_grant }
}

fn granted_after_application(p: &ResearchProject) -> Option<Issue> {
    dates::order(p.applied_on, p.granted_on, field!(ResearchProject: "granted_on"))
}

fn checked_after_grant(p: &ResearchProject) -> Option<Issue> {
    dates::order(p.granted_on, p.midterm_on, field!(ResearchProject: "midterm_on"))
}

fn due_after_grant(p: &ResearchProject) -> Option<Issue> {
    dates::order(p.granted_on, p.due_on, field!(ResearchProject: "due_on"))
}

fn extended_beyond_the_day(p: &ResearchProject) -> Option<Issue> {
    dates::order(p.due_on, p.extended_to, field!(ResearchProject: "extended_to"))
}

fn an_extension_has_a_document(p: &ResearchProject) -> Option<Issue> {
    (p.extended_to.is_some() && p.extension_no.is_none())
        .then(|| Issue::warning(field!(ResearchProject: "extension_no"), "q11-empty"))
}

fn closed_after_grant(p: &ResearchProject) -> Option<Issue> {
    dates::order(p.granted_on, p.closed_on, field!(ResearchProject: "closed_on"))
}

/// The application came after the call's last day.
fn applied_in_time(others: &dyn Registry, _: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let late = || {
        let own = ResearchProject::hydrate(fields).ok()?;
        let (kind, call) = others.fields(own.call?.0)?;
        let call = (kind == Kind::ResearchCall).then(|| ResearchCall::hydrate(&call).ok())??;
        own.applied_on?
            .0
            .is_surely_after(call.apply_by?.0)
            .then(|| Issue::warning("applied_on", "work-after-deadline"))
    };
    late().into_iter().collect()
}
