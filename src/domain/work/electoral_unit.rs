//! Electoral units of a congress: how many delegates each elects, and how they are made up.

use super::congress::CongressId;
use crate::domain::access::Office;
use crate::domain::record::{Date, Identifier, Integer, Issue, Owner, Text, UnitRef};
use crate::{field, record, reference};

reference! {
    /// An electoral unit.
    ElectoralUnitId -> "electoral_unit";
}

record! {
    /// One unit that elects delegates to one congress.
    ///
    /// Source: 黨代會代表名額分配表 (notice, item 12).
    pub struct ElectoralUnit = 49, "electoral_unit" {
        /// The congress.
        congress: CongressId = 1, "congress".width(24);
        /// The unit.
        unit: UnitRef = 2, "unit".width(30);
        /// Members of the unit.
        members: Option<Integer> = 3, "members".width(6).range(0, 100_000);
        /// Delegates it elects.
        places: Integer = 4, "places".width(6).range(1, 1_000).office(Office::Headquarters);
        /// Women among them at least.
        women: Option<Integer> = 5, "women".width(6).range(0, 1_000).office(Office::Headquarters);
        /// Teachers among them at least.
        teachers: Option<Integer> = 6, "teachers".width(6).range(0, 1_000).office(Office::Headquarters);
        /// Students among them at least.
        students: Option<Integer> = 7, "students".width(6).range(0, 1_000).office(Office::Headquarters);
        /// Day of the election.
        elected_on: Option<Date> = 8, "elected_on".width(10);
        /// Number of the report on the result.
        document_no: Option<Identifier> = 9, "document_no".width(20).max_chars(60);
        /// Remarks of the office.
        note: Option<Text> = 10, "note".width(20).max_chars(200);
    }
    spec { .care(super::UNITS).owner(Owner::Field("unit")).office(Office::Headquarters).found_by("congress").list(&["congress", "unit", "members", "places", "women", "teachers", "students", "elected_on"])
        .title(&["congress", "unit"]).natural(&["congress", "unit"]) }
    rules { no_share_above_the_whole, teachers_and_students_fit }
}

fn no_share_above_the_whole(u: &ElectoralUnit) -> Option<Issue> {
    (u.women?.0 > u.places.0).then(|| Issue::error(field!(ElectoralUnit: "women"), "q12-sum"))
}

/// Nobody is a teacher and a student in the plan.
fn teachers_and_students_fit(u: &ElectoralUnit) -> Option<Issue> {
    let sum = u.teachers.map_or(0, |n| n.0) + u.students.map_or(0, |n| n.0);
    (sum > u.places.0).then(|| Issue::error(field!(ElectoralUnit: "places"), "q12-sum"))
}
