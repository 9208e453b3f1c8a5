//! Care visits (關懷幫扶): occasion, category, date, visitor, amount or goods; nothing of what was said (個人信息保護法 Art. 6).

use crate::domain::access::Office;
use crate::domain::record::{
    Date, Due, Identifier, Integer, Issue, Merge, Owner, PersonId, Step, Text, UnitRef,
};
use crate::{choices, field, record};

choices! {
    /// When the visit is made.
    pub enum CareOccasion {
        /// 元旦.
        NewYear = "new_year",
        /// 春節.
        SpringFestival = "spring_festival",
        /// 七一.
        FirstOfJuly = "first_of_july",
        /// Another time.
        AnyTime = "any_time",
    }
}

choices! {
    /// Why the person is on the list.
    pub enum CareCategory {
        /// 生活困難黨員.
        InNeed = "in_need",
        /// 老黨員.
        Veteran = "veteran",
        /// 老幹部.
        OldCadre = "old_cadre",
    }
}

choices! {
    /// Where a visit stands.
    pub enum CareStatus {
        /// On the unit's list.
        Planned = "planned",
        /// Approved by the unit.
        Approved = "approved",
        /// Made.
        Visited = "visited",
        /// Not made.
        Cancelled = "cancelled",
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

const STEPS: &[Step] = &[
    step("approve", &["planned"], "approved", Office::UnitLead, &[], false),
    step("return", &["approved"], "planned", Office::UnitLead, &[], true),
    step("visit", &["approved"], "visited", Office::Organizer, &["visited_on"], false),
    step("cancel", &["planned", "approved"], "cancelled", Office::Organizer, &[], true),
];

const DUES: &[Due] = &[Due {
    code: "care-visit",
    on: "planned_on",
    states: &["planned", "approved"],
    until: Some("visited_on"),
    notice: 14,
}];

record! {
    /// One visit to one person.
    ///
    /// Source: 慰問幫扶人員名單 (notice, item 11).
    pub struct CareVisit = 47, "care_visit" {
        /// The unit that visits.
        unit: UnitRef = 1, "unit".width(30);
        /// Year.
        year: Integer = 2, "year".width(6).range(1990, 2199);
        /// When the visit is made.
        occasion: CareOccasion = 3, "occasion".width(8);
        /// Why the person is on the list.
        category: CareCategory = 4, "category".width(14).personal();
        /// The person.
        person: PersonId = 5, "person".width(10).personal();
        /// Day on which it is to be made.
        planned_on: Option<Date> = 6, "planned_on".width(10);
        /// Day on which it was made.
        visited_on: Option<Date> = 7, "visited_on".width(10);
        /// Who visited: an office or names.
        visitor: Option<Text> = 8, "visitor".width(16).personal().max_chars(60);
        /// Money, yuan.
        amount: Option<Integer> = 9, "amount".width(8).personal().range(0, 100_000);
        /// Goods.
        goods: Option<Text> = 10, "goods".width(16).max_chars(60);
        /// Number of the document that allows it.
        document_no: Option<Identifier> = 11, "document_no".width(20).max_chars(60);
        /// Where the visit stands; absent means planned.
        status: Option<CareStatus> = 12, "status".width(8).group("decision").merge(Merge::Steps);
        /// Reason of a return or cancellation.
        status_reason: Option<Text> = 13, "status_reason".width(20).max_chars(100).group("decision");
    }
    spec { .care(super::PERSONS).owner(Owner::Field("unit")).found_by("person").list(&["year", "occasion", "unit", "person", "category", "visited_on", "visitor", "amount", "goods", "status"])
        .title(&["year", "occasion", "person"]).natural(&["year", "occasion", "unit", "person"]).steps(STEPS).dues(DUES) }
    rules { a_visit_has_its_day, something_was_brought }
}

fn a_visit_has_its_day(v: &CareVisit) -> Option<Issue> {
    (v.status == Some(CareStatus::Visited) && v.visited_on.is_none())
        .then(|| Issue::warning(field!(CareVisit: "visited_on"), "q11-empty"))
}

fn something_was_brought(v: &CareVisit) -> Option<Issue> {
    (v.status == Some(CareStatus::Visited) && v.amount.is_none() && v.goods.is_none())
        .then(|| Issue::warning(field!(CareVisit: "amount"), "q11-empty"))
}
