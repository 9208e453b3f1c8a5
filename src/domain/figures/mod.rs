//! Figures headquarters asks for, each with its as-of date, its population, the list behind it and who is missing.
//!
//! Pure: the caller fills a [`World`] with the live records it can see and asks a [`Report`] of it. One report is one file and one
//! line of the list below. A unit's row is its secondary unit: the one directly under the university. Nothing here judges a person: a
//! list says which number or document is missing, a named person decides.

mod application_books;
mod awards;
pub mod boards;
mod branch_assessment;
mod branch_secretaries;
mod care_visits;
mod class_completion;
mod congress;
mod cultivation_plan;
mod deployments;
mod development_plan;
mod development_spans;
mod double_leader_conditions;
mod double_leader_grid;
mod double_leader_ratio;
mod double_leader_reviews;
mod double_leader_statistics;
mod elections_on_time;
mod hours;
mod hours_attained;
mod lagging_branches;
mod model_branches;
mod new_secretary_training;
mod notices;
mod organisation_life;
mod organizer_staffing;
mod organizer_training;
mod party_staff_ratio;
mod people;
mod places_by_rank;
mod promotion_eligibility;
mod quota_use;
mod reading;
mod rectification_closed;
mod research;
mod review_rectification;
mod scheme_coverage;
mod session_attendance;
pub mod share;
mod submissions;
mod survey_visits;
pub mod tasks;
mod training_coverage;
mod trait_evidence;
mod work_report_appraisal;
mod work_reports;
pub mod world;

use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::rules::dates;

pub use double_leader_conditions::Condition;
pub use elections_on_time::term_end;
pub use hours::halves_of;
pub use promotion_eligibility::Missing;
pub use share::{Answer, Figure, Item, Note, Section, Share, Warning};
pub use world::World;

/// What a figure is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Day the population is of.
    pub as_of: PartialDate,
    /// Year that hours, plans and reviews are of.
    pub year: i64,
}

impl Ask {
    /// Returns the same question a year earlier; 29 February becomes the 28th.
    pub fn year_before(self) -> Option<Self> {
        Some(Self { as_of: dates::plus_years(self.as_of, -1)?, year: self.year - 1 })
    }
}

/// One report.
#[derive(Debug)]
pub struct Report {
    /// Name on the command line.
    pub name: &'static str,
    /// Kind of the records that are counted.
    pub counts: Kind,
    /// Kinds it looks at; the caller need not load others.
    pub needs: &'static [Kind],
    /// Where it is asked for and how sure that is, for docs/rules.md.
    pub source: &'static str,
    /// Computes it.
    pub run: fn(&World, Ask) -> Answer,
}

/// Every report, in the order of lists and of the overview.
pub static REPORTS: &[Report] = &[
    training_coverage::REPORT,
    hours_attained::REPORT,
    new_secretary_training::REPORT,
    quota_use::REPORT,
    session_attendance::REPORT,
    class_completion::REPORT,
    double_leader_ratio::REPORT,
    scheme_coverage::REPORT,
    double_leader_conditions::REPORT,
    trait_evidence::REPORT,
    cultivation_plan::REPORT,
    double_leader_statistics::REPORT,
    double_leader_grid::REPORT,
    double_leader_reviews::REPORT,
    organizer_staffing::REPORT,
    organizer_training::REPORT,
    promotion_eligibility::REPORT,
    places_by_rank::REPORT,
    party_staff_ratio::REPORT,
    branch_secretaries::REPORT,
    elections_on_time::REPORT,
    work_reports::COVERAGE,
    work_reports::GRADES,
    work_report_appraisal::REPORT,
    review_rectification::REPORT,
    survey_visits::REPORT,
    rectification_closed::REPORT,
    lagging_branches::REPORT,
    branch_assessment::REPORT,
    development_plan::REPORT,
    application_books::REPORT,
    development_spans::REPORT,
    submissions::REPORT,
    deployments::REPORT,
    research::GRANTED,
    research::CLOSED,
    awards::QUOTA,
    awards::GRANTED,
    model_branches::BRANCHES,
    model_branches::CRITERIA,
    care_visits::REPORT,
    congress::ELECTED,
    congress::STRUCTURE,
    congress::TURNOUT,
    organisation_life::REPORT,
    notices::REPORT,
];

/// Returns the report with that name.
pub fn report(name: &str) -> Option<&'static Report> {
    REPORTS.iter().find(|report| report.name == name)
}

#[cfg(test)]
mod tests;
