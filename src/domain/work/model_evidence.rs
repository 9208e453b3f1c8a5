//! Evidence of a model branch: for each criterion, the document that proves it.

use super::model_branch::ModelBranchId;
use super::model_criterion::ModelCriterionId;
use crate::domain::access::Office;
use crate::domain::record::{Date, Flag, Issue, Owner, Text};
use crate::{choices, field, record};

choices! {
    /// What headquarters said of the document.
    pub enum ModelFinding {
        /// It is genuine (屬實).
        Genuine = "genuine",
        /// It is not (不屬實).
        NotGenuine = "not_genuine",
    }
}

record! {
    /// One document that proves one criterion.
    ///
    /// Source: 示範黨支部申報佐證材料 (notice, item 10).
    pub struct ModelEvidence = 46, "model_evidence" {
        /// The application.
        model_branch: ModelBranchId = 1, "model_branch".width(24);
        /// The criterion.
        criterion: ModelCriterionId = 2, "criterion".width(24);
        /// The document: its name and number.
        document: Text = 3, "document".width(30).max_chars(120);
        /// Date of the document.
        dated_on: Option<Date> = 4, "dated_on".width(10);
        /// True if the criterion is met.
        met: Option<Flag> = 5, "met".width(6);
        /// What headquarters said of it.
        finding: Option<ModelFinding> = 6, "finding".width(8).office(Office::Headquarters);
    }
    spec { .care(super::UNITS).owner(Owner::Of("model_branch")).found_by("criterion").list(&["model_branch", "criterion", "document", "dated_on", "met", "finding"])
        .title(&["model_branch", "criterion", "document"]).natural(&["model_branch", "criterion", "document"]) }
    rules { what_is_not_genuine_meets_nothing }
}

fn what_is_not_genuine_meets_nothing(e: &ModelEvidence) -> Option<Issue> {
    (e.finding == Some(ModelFinding::NotGenuine) && e.met?.0)
        .then(|| Issue::error(field!(ModelEvidence: "met"), "not-genuine"))
}
