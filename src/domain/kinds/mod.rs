//! The list of record kinds: the one place a new kind is added besides its own file.

use crate::domain::record::{Fields, Issue, Record, RecordSpec};
use crate::domain::rules::values;

macro_rules! kinds {
    ($($Kind:ident in $area:ident::$module:ident),* $(,)?) => {
        /// A record kind this build knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = concat!("`", stringify!($area), "::", stringify!($module), "`")] $Kind),* }

        impl Kind {
            /// Every kind, in the order of menus.
            pub const ALL: &'static [Self] = &[$(Self::$Kind),*];

            /// Returns the kind's spec.
            pub const fn spec(self) -> &'static RecordSpec {
                match self { $(Self::$Kind => <crate::domain::$area::$module::$Kind as Record>::SPEC),* }
            }

            /// Returns the area of the menu the kind is in: `org`, `training`, `cultivation` or `staff` (message `area-<area>`).
            pub const fn area(self) -> &'static str {
                match self { $(Self::$Kind => stringify!($area)),* }
            }

            /// Checks required fields, types, lengths, ranges and the kind's own rules.
            pub fn check(self, fields: &Fields) -> Vec<Issue> {
                let mut issues = values::check(self.spec(), fields);
                issues.extend(self.rules(fields));
                issues
            }

            fn rules(self, fields: &Fields) -> Vec<Issue> {
                match self { $(Self::$Kind => match <crate::domain::$area::$module::$Kind as Record>::hydrate(fields) {
                    Ok(record) => record.check(),
                    Err(issues) => issues,
                }),* }
            }
        }
    };
}

kinds! {
    Unit in org::unit,
    Person in org::person,
    Post in org::post,
    TrainingClass in training::training_class,
    Session in training::session,
    Enrolment in training::enrolment,
    Attendance in training::attendance,
    Cultivation in cultivation::record,
    CultivationEvidence in cultivation::evidence,
    CultivationMeasure in cultivation::measure,
    CultivationAssessment in cultivation::assessment,
    StaffFile in staff::staff_file,
    Appointment in staff::appointment,
    StaffReview in staff::staff_review,
    Establishment in staff::establishment,
    ClassQuota in training::class_quota,
    Term in org::term,
    WorkReport in org::work_report,
    Rectification in org::rectification,
    DevelopmentPlan in org::development_plan,
    Submission in org::submission,
    Headcount in org::headcount,
    ReviewScheme in reviews::scheme,
    SurveyVisit in improve::survey_visit,
    LaggingBranch in improve::lagging_branch,
    BranchAssessment in improve::branch_assessment,
    ApplicationBook in members::application_book,
    MemberDevelopment in members::development,
    Deployment in org::deployment,
    Policy in org::policy,
    ResearchCall in work::research_call,
    ResearchProject in work::research_project,
    AwardQuota in work::award_quota,
    Award in work::award,
    ModelBranch in work::model_branch,
    ModelCriterion in work::model_criterion,
    ModelEvidence in work::model_evidence,
    CareVisit in work::care_visit,
    Congress in work::congress,
    ElectoralUnit in work::electoral_unit,
    CongressRound in work::congress_round,
    Delegate in work::delegate,
    BranchMeeting in work::branch_meeting,
    Notice in work::notice,
    NoticeReceipt in work::notice_receipt,
}

impl Kind {
    /// Returns the name used in files, JSON and on the command line.
    pub const fn key(self) -> &'static str {
        self.spec().key
    }

    /// Returns the number used on the wire and on disk.
    pub const fn number(self) -> u16 {
        self.spec().number
    }

    /// Returns the kind with that key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.key() == key)
    }

    /// Returns the kind with that number; `None` for one that a newer build made.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }
}

#[cfg(test)]
mod tests;
