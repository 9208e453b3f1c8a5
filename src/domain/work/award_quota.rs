//! Quotas of awards: how many a unit may nominate in a year (兩優一先推薦名額).

use super::award::AwardCategory;
use crate::domain::access::Office;
use crate::domain::record::{Date, Due, Identifier, Integer, Issue, Owner, Text, UnitRef};
use crate::domain::rules::dates;
use crate::{field, record};

const DUES: &[Due] = &[Due {
    code: "award-nomination",
    on: "submit_by",
    states: &[],
    until: Some("submitted_on"),
    notice: 30,
}];

record! {
    /// Nominations that one unit may make for one category.
    ///
    /// Source: 兩優一先推薦名額分配表 (notice, item 9).
    pub struct AwardQuota = 42, "award_quota" {
        /// Year of the awards.
        year: Integer = 1, "year".width(6).range(1990, 2199);
        /// The unit.
        unit: UnitRef = 2, "unit".width(30);
        /// What is awarded.
        category: AwardCategory = 3, "category".width(16);
        /// Nominations at most.
        places: Integer = 4, "places".width(6).range(0, 1_000).office(Office::Headquarters);
        /// Day by which they are handed in.
        submit_by: Option<Date> = 5, "submit_by".width(10).office(Office::Headquarters);
        /// Day on which the unit handed them in.
        submitted_on: Option<Date> = 6, "submitted_on".width(10);
        /// Number of the document.
        document_no: Option<Identifier> = 7, "document_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 8, "note".width(20).max_chars(200);
    }
    spec { .care(super::UNITS).owner(Owner::Field("unit")).office(Office::Headquarters).list(&["year", "unit", "category", "places", "submit_by", "submitted_on"])
        .title(&["year", "unit", "category"]).natural(&["year", "unit", "category"]).dues(DUES) }
    rules { handed_in_on_time }
}

/// Late nominations are seen, not refused.
fn handed_in_on_time(q: &AwardQuota) -> Option<Issue> {
    let late = dates::order(q.submitted_on, q.submit_by, field!(AwardQuota: "submitted_on"));
    late.map(|_| Issue::warning(field!(AwardQuota: "submitted_on"), "work-after-deadline"))
}
