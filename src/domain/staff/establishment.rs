//! Establishments: how many organizers' posts a unit is entitled to.

use crate::domain::access::Office;
use crate::domain::record::{Code, Date, Identifier, Integer, Issue, Owner, UnitRef, care};
use crate::domain::rules::dates;
use crate::{field, record};

record! {
    /// Number of organizers' posts approved for a unit from a day on (核定職數).
    ///
    /// Source: headquarters' decision; 2021 條例 Art. 35: at least one or two per college.
    pub struct Establishment = 15, "establishment" {
        /// The unit.
        unit: UnitRef = 1, "unit".width(30);
        /// Posts approved.
        posts_approved: Integer = 2, "posts_approved".width(6).range(0, 100).office(Office::Headquarters);
        /// First day it holds.
        valid_from: Date = 3, "valid_from".width(10).office(Office::Headquarters);
        /// Last day it holds; absent while it does.
        valid_to: Option<Date> = 4, "valid_to".width(10).office(Office::Headquarters);
        /// Number of the decision.
        document_no: Option<Identifier> = 5, "document_no".width(20).max_chars(60).office(Office::Headquarters);
        /// Rank that the posts are for (職級職數), from the code list `rank`; absent for the unit's posts of any rank.
        rank: Option<Code> = 6, "rank".width(8).codes("rank").office(Office::Headquarters);
    }
    spec { .care(care::ESTABLISHMENT).owner(Owner::Field("unit")).office(Office::Headquarters).list(&["unit", "posts_approved", "valid_from", "valid_to"])
        .title(&["unit", "valid_from"]).natural(&["unit", "valid_from", "rank"]) }
    rules { in_order }
}

fn in_order(e: &Establishment) -> Option<Issue> {
    dates::order(Some(e.valid_from), e.valid_to, field!(Establishment: "valid_to"))
}
