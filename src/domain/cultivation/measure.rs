//! Cultivation measures: what is planned each year, and when it was done.

use crate::domain::record::{
    ClassId, Code, CultivationId, Date, Integer, Issue, Owner, Text, care,
};
use crate::domain::rules::dates;
use crate::{field, record};

record! {
    /// One measure of a cultivation plan.
    ///
    /// Source: 培育計劃 (教黨〔2018〕26號). Training is a link to its class, not typed again.
    pub struct CultivationMeasure = 10, "cultivation_measure" {
        /// The cultivation.
        cultivation: CultivationId = 1, "cultivation".width(24);
        /// Sort of measure, from the code list `measure_type`.
        r#type: Code = 2, "type".width(12).codes("measure_type");
        /// Day or month it is planned for.
        planned_on: Option<Date> = 3, "planned_on".width(10);
        /// Day or month it was done.
        done_on: Option<Date> = 4, "done_on".width(10);
        /// Year of the plan.
        year: Option<Integer> = 5, "year".width(6).range(1990, 2199);
        /// What exactly: the project, the place of the visit, the mentor.
        subject: Option<Text> = 6, "subject".width(24).max_chars(100);
        /// The training class, when it is training.
        class: Option<ClassId> = 7, "class".width(24);
        /// Document that proves it.
        evidence: Option<Text> = 8, "evidence".width(24).max_chars(120);
    }
    spec { .care(care::CULTIVATION).owner(Owner::Of("cultivation")).list(&["cultivation", "type", "subject", "planned_on", "done_on"])
        .title(&["cultivation", "type", "planned_on"]).natural(&["cultivation", "type", "planned_on"]) }
    rules { done_within_memory }
}

/// A measure done years before it was planned is a slip of the pen.
fn done_within_memory(m: &CultivationMeasure) -> Option<Issue> {
    const YEARS: i16 = 1;
    let (done, planned) = (m.done_on?.0, m.planned_on?.0);
    planned
        .is_surely_after(dates::plus_years(done, YEARS)?)
        .then(|| Issue::warning(field!(CultivationMeasure: "done_on"), "q05-order"))
}
