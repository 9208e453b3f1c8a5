//! Quotas: how many places of a class are a unit's.

use crate::domain::access::Office;
use crate::domain::record::{ClassId, Integer, Issue, Owner, Text, UnitRef, care};
use crate::{field, record};

record! {
    /// Places of one class for one unit (名額分配).
    ///
    /// Source: 名額分配表 in the 報名通知 of the class.
    pub struct ClassQuota = 23, "class_quota" {
        /// The class.
        class: ClassId = 1, "class".width(24);
        /// The unit.
        unit: UnitRef = 2, "unit".width(30);
        /// Places.
        places: Integer = 3, "places".width(6).range(0, 10_000).office(Office::Headquarters);
        /// Substitutes the unit may name besides (候補名額): so many of its requests may wait; absent: any number.
        substitutes: Option<Integer> = 4, "substitutes".width(6).range(0, 10_000).office(Office::Headquarters);
        /// Remarks of the office.
        note: Option<Text> = 5, "note".width(20).max_chars(200);
    }
    spec { .care(care::CLASSES).owner(Owner::Field("unit")).office(Office::Headquarters).found_by("class").list(&["class", "unit", "places", "substitutes"])
        .title(&["class", "unit"]).natural(&["class", "unit"]) }
    rules { no_more_substitutes_than_places }
}

fn no_more_substitutes_than_places(q: &ClassQuota) -> Option<Issue> {
    (q.substitutes?.0 > q.places.0)
        .then(|| Issue::warning(field!(ClassQuota: "substitutes"), "q12-sum"))
}
