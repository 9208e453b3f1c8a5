//! Promotion of organizers: who has the years, and what is missing. It decides nothing (domain notes A6, F).

use crate::domain::ids::RecordId;
use crate::domain::record::{Date, PartialDate};
use crate::domain::rules::coverage::{Row, hydrated};
use crate::domain::rules::dates;
use crate::domain::rules::policy::{self, PromotionRule};
use crate::domain::staff::staff_file::{StaffFile, StaffStatus};
use crate::domain::staff::staff_review::StaffReview;

/// A condition that is not met yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The day of the present rank is not recorded.
    RankDate,
    /// The years in the present rank are not full.
    Years,
    /// A review of one of those years was "not competent", or there is none for a whole year in rank.
    Reviews,
}

/// What the rule says about one organizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The staff file.
    pub file: RecordId,
    /// The rule used; its id and version belong to every judgement.
    pub rule: &'static PromotionRule,
    /// First day or month on which the years are full; `None` if the day of the rank is not recorded.
    pub eligible_from: Option<PartialDate>,
    /// Conditions not met; empty: ready to be looked at, subject to quota where the rule says so.
    pub missing: Vec<Missing>,
}

/// Returns the outlook of every organizer in post whose rank has a next one, in order of their files.
pub fn outlooks(files: &[Row], reviews: &[Row], as_of: PartialDate) -> Vec<Outlook> {
    let reviews: Vec<StaffReview> = hydrated(reviews).map(|(_, review)| review).collect();
    let outlook = |(id, file): (RecordId, StaffFile)| outlook(id, &file, &reviews, as_of);
    hydrated::<StaffFile>(files).filter_map(outlook).collect()
}

fn outlook(
    id: RecordId,
    file: &StaffFile,
    reviews: &[StaffReview],
    as_of: PartialDate,
) -> Option<Outlook> {
    let gone = file.left_on.is_some_and(|Date(left)| as_of.is_surely_after(left));
    let in_post = file.status.as_ref().is_none_or(StaffStatus::is_in_post);
    if gone || !in_post || file.person.is_none() {
        return None;
    }
    let rule = policy::promotion_rule(&file.rank.as_ref()?.0, as_of)?;
    let since = file.rank_since.map(|Date(since)| since);
    let eligible_from = since.and_then(|since| dates::plus_years(since, rule.min_years));
    let mut missing = Vec::new();
    match eligible_from {
        None => missing.push(Missing::RankDate),
        Some(from) if from > as_of => missing.push(Missing::Years),
        Some(_) => {}
    }
    if since.is_some_and(|since| !reviewed(id, since, as_of, reviews)) {
        missing.push(Missing::Reviews);
    }
    Some(Outlook { file: id, rule, eligible_from, missing })
}

/// True if every whole calendar year in rank has a review that is not "not competent".
fn reviewed(file: RecordId, since: PartialDate, as_of: PartialDate, all: &[StaffReview]) -> bool {
    let (Some(first), Some(last)) = (dates::year_of(since), dates::year_of(as_of)) else {
        return false;
    };
    (first + 1..last).all(|year| {
        let of_year = |r: &&StaffReview| r.staff_file.0 == file && r.year.0 == i64::from(year);
        let grade = all.iter().find(of_year).and_then(|review| review.grade.as_ref());
        grade.is_some_and(|grade| grade.0 != "not_competent")
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::kinds::Kind;
    use crate::domain::record::Value;

    fn id(number: u128) -> RecordId {
        RecordId(Uuid::from_u128(number))
    }

    fn row(kind: Kind, number: u128, pairs: &[(&str, Value)]) -> Row {
        let field = |key: &str| kind.spec().field(key).unwrap().number;
        (id(number), pairs.iter().map(|(key, value)| (field(key), value.clone())).collect())
    }

    fn file(since: Option<PartialDate>) -> Row {
        let mut pairs = vec![
            ("person", Value::Ref(id(9))),
            ("unit", Value::Ref(id(8))),
            ("rank", Value::Code("division_deputy".to_owned())),
        ];
        pairs.extend(since.map(|since| ("rank_since", Value::Date(since))));
        row(Kind::StaffFile, 1, &pairs)
    }

    fn review(number: u128, year: i64, grade: &str) -> Row {
        row(
            Kind::StaffReview,
            number,
            &[
                ("staff_file", Value::Ref(id(1))),
                ("year", Value::Int(year)),
                ("grade", Value::Code(grade.to_owned())),
            ],
        )
    }

    fn missing(since: Option<PartialDate>, reviews: &[Row]) -> Vec<Missing> {
        let as_of = PartialDate::day(2026, 6, 30).unwrap();
        outlooks(&[file(since)], reviews, as_of).remove(0).missing
    }

    #[test]
    fn the_missing_condition_is_named() {
        let month = |year, month| PartialDate::month(year, month).ok();
        let good = [review(2, 2024, "competent"), review(3, 2025, "excellent")];
        assert_eq!(missing(month(2023, 5), &good), []);
        assert_eq!(missing(month(2025, 5), &good), [Missing::Years]);
        assert_eq!(missing(None, &good), [Missing::RankDate]);
        assert_eq!(missing(month(2023, 5), &good[..1]), [Missing::Reviews]);
        let poor = [review(2, 2024, "not_competent"), review(3, 2025, "excellent")];
        assert_eq!(missing(month(2023, 5), &poor), [Missing::Reviews]);
    }
}
