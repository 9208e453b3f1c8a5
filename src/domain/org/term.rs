//! Terms: one committee's term of office, kept when the next one begins.

use crate::domain::record::{Date, Identifier, Integer, Issue, Owner, Text, UnitRef, care};
use crate::domain::rules::dates;
use crate::{field, record};

record! {
    /// One term of office of a committee (屆次).
    ///
    /// Source: 基層組織選舉工作條例 (2020); 支部工作條例 Art. 21. The present term's dates also stand in the unit.
    pub struct Term = 18, "term" {
        /// The unit or branch.
        unit: UnitRef = 1, "unit".width(30);
        /// Number of the term (第幾屆).
        number: Option<Integer> = 2, "number".width(6).range(1, 100);
        /// First day.
        starts_on: Date = 3, "starts_on".width(10).group("period");
        /// Regular last day; absent: the start plus the years of the rule.
        ends_on: Option<Date> = 4, "ends_on".width(10).group("period");
        /// Day the superior was to remind and did (提前六個月提醒).
        reminded_on: Option<Date> = 5, "reminded_on".width(10);
        /// Document that allows an early or late election.
        approval_no: Option<Identifier> = 6, "approval_no".width(20).max_chars(60).group("approval");
        /// Last day as approved, at most one year from the regular one.
        approved_until: Option<Date> = 7, "approved_until".width(10).group("approval");
        /// Day of the election that ended the term.
        reelected_on: Option<Date> = 8, "reelected_on".width(10);
        /// Document of the result.
        result_no: Option<Identifier> = 9, "result_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 10, "note".width(20).max_chars(200);
    }
    spec { .care(care::UNITS).owner(Owner::Field("unit")).list(&["unit", "number", "starts_on", "ends_on", "approved_until", "reelected_on"])
        .title(&["unit", "starts_on"]).natural(&["unit", "starts_on"]) }
    rules { in_order, elected_after_the_start, a_delay_has_a_document, a_delay_is_a_year_at_most }
}

fn in_order(t: &Term) -> Option<Issue> {
    dates::order(Some(t.starts_on), t.ends_on, field!(Term: "ends_on"))
}

fn elected_after_the_start(t: &Term) -> Option<Issue> {
    dates::order(Some(t.starts_on), t.reelected_on, field!(Term: "reelected_on"))
}

fn a_delay_has_a_document(t: &Term) -> Option<Issue> {
    (t.approved_until.is_some() && t.approval_no.is_none())
        .then(|| Issue::warning(field!(Term: "approval_no"), "q11-empty"))
}

/// 支部工作條例 Art. 21; 選舉工作條例 Art. 3: at most one year either way.
fn a_delay_is_a_year_at_most(t: &Term) -> Option<Issue> {
    let (regular, approved) = (t.ends_on?.0, t.approved_until?.0);
    let late = approved.is_surely_after(dates::plus_years(regular, 1)?);
    let early = regular.is_surely_after(dates::plus_years(approved, 1)?);
    (late || early).then(|| Issue::error(field!(Term: "approved_until"), "term-shift"))
}
