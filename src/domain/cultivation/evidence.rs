//! Evidence for the six traits: documents and decisions, no judgement of views (教黨〔2018〕26號; PIPL Art. 6).

use crate::domain::record::{
    Code, CultivationId, Date, Flag, Identifier, Issue, Owner, Text, care,
};
use crate::{choices, field, record};

choices! {
    /// What the department that keeps the originals said.
    pub enum Verification {
        /// The document is genuine (屬實).
        Genuine = "genuine",
        /// It is not (不屬實).
        NotGenuine = "not_genuine",
    }
}

record! {
    /// One document that supports one of the six traits.
    ///
    /// Source: 培育人選推薦表, 佐證材料.
    pub struct CultivationEvidence = 9, "cultivation_evidence" {
        /// The cultivation.
        cultivation: CultivationId = 1, "cultivation".width(24);
        /// The trait, from the code list `trait`.
        r#trait: Code = 2, "trait".width(16).codes("trait");
        /// The document: its name and number.
        document: Text = 3, "document".width(30).max_chars(120);
        /// Date of the document.
        dated_on: Option<Date> = 4, "dated_on".width(10);
        /// True if the condition is met (是否達標).
        met: Option<Flag> = 5, "met".width(6);
        /// Sort of document, from the code list `evidence_document`.
        document_type: Option<Code> = 6, "document_type".width(16).codes("evidence_document");
        /// What the department that keeps the originals said.
        verification: Option<Verification> = 7, "verification".width(8).office(crate::domain::access::Office::Headquarters);
        /// Department that verified it.
        verified_by: Option<Identifier> = 8, "verified_by".width(16).max_chars(60).office(crate::domain::access::Office::Headquarters);
    }
    spec { .care(care::CULTIVATION).owner(Owner::Of("cultivation")).list(&["cultivation", "trait", "document", "document_type", "dated_on", "met"])
        .title(&["cultivation", "trait", "document"]).natural(&["cultivation", "trait", "document"]) }
    rules { what_is_not_genuine_meets_nothing }
}

fn what_is_not_genuine_meets_nothing(e: &CultivationEvidence) -> Option<Issue> {
    (e.verification == Some(Verification::NotGenuine) && e.met?.0)
        .then(|| Issue::error(field!(CultivationEvidence: "met"), "not-genuine"))
}
