//! Model branches (示範黨支部): application, the period of building, mid-term, acceptance, removal, and what others can learn.

use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::org::unit::{Unit, UnitType};
use crate::domain::record::{
    Date, Due, Fields, Identifier, Integer, Issue, Merge, Owner, Record, Step, Text, UnitRef,
};
use crate::domain::rules::{Registry, dates};
use crate::{choices, field, record, reference};

reference! {
    /// The application of a branch to be a model.
    ModelBranchId -> "model_branch";
}

choices! {
    /// Who names the model.
    pub enum ModelLevel {
        /// The university (校級).
        School = "school",
        /// The province or ministry (省部級).
        Province = "province",
        /// The nation (國家級).
        Nation = "nation",
    }
}

choices! {
    /// What the mid-term check found.
    pub enum ModelMidterm {
        /// Goes on.
        Pass = "pass",
        /// Must be mended.
        Rework = "rework",
    }
}

choices! {
    /// Where a model branch stands.
    pub enum ModelStatus {
        /// Applied for by the branch.
        Applied = "applied",
        /// Decided by the unit's Party committee meeting.
        UnitReviewed = "unit_reviewed",
        /// Sent back with a reason.
        Returned = "returned",
        /// Not taken up.
        Refused = "refused",
        /// Taken up; being built (培育創建).
        Building = "building",
        /// Checked at mid-term; being built.
        Checked = "checked",
        /// Accepted as a model.
        Accepted = "accepted",
        /// Taken off the list (撤銷稱號).
        Removed = "removed",
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
    step("review", &["applied"], "unit_reviewed", Office::UnitLead, &["unit_meeting_on"], false),
    step("return", &["applied", "unit_reviewed"], "returned", Office::UnitLead, &[], true),
    step("submit", &["returned"], "applied", Office::Organizer, &[], false),
    step("take_up", &["unit_reviewed"], "building", HQ, &["starts_on", "ends_on"], false),
    step("refuse", &["unit_reviewed"], "refused", HQ, &[], true),
    step("check", &["building"], "checked", HQ, &["midterm_on", "midterm_result"], false),
    step(
        "accept",
        &["building", "checked"],
        "accepted",
        HQ,
        &["accepted_on", "acceptance_no"],
        false,
    ),
    step("remove", &["building", "checked", "accepted"], "removed", HQ, &["removed_on"], true),
    step("archive", &["removed", "refused"], "archived", HQ, &[], false),
];

const DUES: &[Due] = &[
    Due {
        code: "model-midterm",
        on: "midterm_due",
        states: &["building"],
        until: Some("midterm_on"),
        notice: 30,
    },
    Due {
        code: "model-acceptance",
        on: "ends_on",
        states: &["building", "checked"],
        until: Some("accepted_on"),
        notice: 60,
    },
];

record! {
    /// One branch on the way to be a model, or one that is.
    ///
    /// Source: 示範黨支部申報書、驗收表 (notice, item 10).
    pub struct ModelBranch = 44, "model_branch" {
        /// The branch.
        branch: UnitRef = 1, "branch".width(30);
        /// Year of the call.
        year: Integer = 2, "year".width(6).range(1990, 2199);
        /// Who names the model; absent means the university.
        level: Option<ModelLevel> = 3, "level".width(8);
        /// Day of the application.
        applied_on: Option<Date> = 4, "applied_on".width(10);
        /// Day of the unit Party committee's meeting that decided.
        unit_meeting_on: Option<Date> = 5, "unit_meeting_on".width(10);
        /// First day of the period.
        starts_on: Option<Date> = 6, "starts_on".width(10).group("period").office(HQ);
        /// Last day of the period.
        ends_on: Option<Date> = 7, "ends_on".width(10).group("period").office(HQ);
        /// Number of the document that takes it up.
        document_no: Option<Identifier> = 8, "document_no".width(20).max_chars(60).office(HQ);
        /// Day of the mid-term check.
        midterm_due: Option<Date> = 9, "midterm_due".width(10).office(HQ);
        /// Day on which it was checked.
        midterm_on: Option<Date> = 10, "midterm_on".width(10).group("midterm").office(HQ);
        /// What the check found.
        midterm_result: Option<ModelMidterm> = 11, "midterm_result".width(8).group("midterm").office(HQ);
        /// Day of the acceptance (驗收日期).
        accepted_on: Option<Date> = 12, "accepted_on".width(10).group("acceptance").office(HQ);
        /// Number of the document that names it a model.
        acceptance_no: Option<Identifier> = 13, "acceptance_no".width(20).max_chars(60).group("acceptance").office(HQ);
        /// Day on which it was taken off the list.
        removed_on: Option<Date> = 14, "removed_on".width(10).office(HQ);
        /// What others can learn: the way of working, not persons.
        experience: Option<Text> = 15, "experience".width(30).max_chars(1000);
        /// Notice or document that tells the other branches of it.
        shared_in: Option<Identifier> = 16, "shared_in".width(20).max_chars(60);
        /// Where the branch stands; absent means applied.
        status: Option<ModelStatus> = 17, "status".width(10).group("decision").merge(Merge::Steps);
        /// Reason of a return, refusal or removal.
        status_reason: Option<Text> = 18, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 19, "note".width(20).max_chars(200).merge(Merge::LastWriter);
    }
    spec { .care(super::UNITS).owner(Owner::Field("branch")).list(&["branch", "year", "level", "starts_on", "ends_on", "status", "accepted_on", "acceptance_no"])
        .title(&["branch", "year"]).natural(&["branch", "year", "level"]).steps(STEPS).dues(DUES).against(only_branches) }
    rules { the_period_has_an_order, checked_within_the_period, accepted_after_the_beginning, removed_after_the_beginning, a_model_says_what_others_can_learn }
}

fn the_period_has_an_order(m: &ModelBranch) -> Option<Issue> {
    dates::order(m.applied_on, m.starts_on, field!(ModelBranch: "starts_on"))
        .or_else(|| dates::order(m.starts_on, m.ends_on, field!(ModelBranch: "ends_on")))
}

fn checked_within_the_period(m: &ModelBranch) -> Option<Issue> {
    dates::order(m.starts_on, m.midterm_on, field!(ModelBranch: "midterm_on"))
        .or_else(|| dates::order(m.midterm_due, m.ends_on, field!(ModelBranch: "midterm_due")))
}

fn accepted_after_the_beginning(m: &ModelBranch) -> Option<Issue> {
    dates::order(m.starts_on, m.accepted_on, field!(ModelBranch: "accepted_on"))
}

fn removed_after_the_beginning(m: &ModelBranch) -> Option<Issue> {
    dates::order(m.starts_on, m.removed_on, field!(ModelBranch: "removed_on"))
}

fn a_model_says_what_others_can_learn(m: &ModelBranch) -> Option<Issue> {
    (m.status == Some(ModelStatus::Accepted) && m.experience.is_none())
        .then(|| Issue::warning(field!(ModelBranch: "experience"), "q11-empty"))
}

/// Only a branch can be a model branch.
fn only_branches(others: &dyn Registry, _: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let wrong = || {
        let own = ModelBranch::hydrate(fields).ok()?;
        let (kind, unit) = others.fields(own.branch.0)?;
        let unit = (kind == Kind::Unit).then(|| Unit::hydrate(&unit).ok())??;
        (!matches!(unit.r#type, UnitType::Branch | UnitType::DirectBranch))
            .then(|| Issue::error("branch", "branches-only"))
    };
    wrong().into_iter().collect()
}
