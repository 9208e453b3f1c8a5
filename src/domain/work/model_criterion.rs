//! Criteria of model branches (示範黨支部創建標準): data that headquarters publishes with each call.

use crate::domain::access::Office;
use crate::domain::record::{Flag, Identifier, Integer, Issue, Text};
use crate::{field, record, reference};

reference! {
    /// A criterion of model branches.
    ModelCriterionId -> "model_criterion";
}

record! {
    /// One criterion that a branch proves with a document.
    ///
    /// Source: 示範黨支部創建標準 (notice, item 10).
    pub struct ModelCriterion = 45, "model_criterion" {
        /// Year of the call.
        year: Integer = 1, "year".width(6).range(1990, 2199);
        /// Its place in the list.
        number: Integer = 2, "number".width(6).range(1, 9_999);
        /// What is asked for.
        name: Text = 3, "name".width(30).max_chars(300);
        /// True if a branch cannot be accepted without it.
        required: Option<Flag> = 4, "required".width(6);
        /// Number of the document that sets it.
        document_no: Option<Identifier> = 5, "document_no".width(20).max_chars(60);
    }
    spec { .care(super::PUBLISHED).published().office(Office::Headquarters).list(&["year", "number", "name", "required"])
        .title(&["year", "number", "name"]).natural(&["year", "number"]) }
    rules { the_source_is_named }
}

fn the_source_is_named(c: &ModelCriterion) -> Option<Issue> {
    c.document_no
        .is_none()
        .then(|| Issue::warning(field!(ModelCriterion: "document_no"), "q11-empty"))
}
