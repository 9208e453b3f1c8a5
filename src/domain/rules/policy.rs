//! Policies with dates: training hours, terms, staffing, double leaders, promotion (config/policy, domain notes A1-A6).
//!
//! Each row names its source and how sure it is, so that a figure can be defended. The files are compiled in; one that does not
//! parse gives no rows at run time and a failing test.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::domain::record::PartialDate;

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Mark {
    /// Read in a published text.
    V,
    /// The document exists, the figure is unverified.
    P,
    /// Unverified.
    M,
}

/// When a row holds and where it comes from.
pub trait Dated {
    /// Returns the name of the row, which a judgement may store.
    fn id(&self) -> &str;
    /// Returns the first day it holds.
    fn valid_from(&self) -> PartialDate;
    /// Returns the last day it holds; `None` while it does.
    fn valid_to(&self) -> Option<PartialDate>;
    /// Returns the regulation it comes from.
    fn source(&self) -> &str;
    /// Returns how sure it is.
    fn mark(&self) -> Mark;

    /// True if the row holds on that day.
    fn holds_on(&self, day: PartialDate) -> bool {
        self.valid_from() <= day && self.valid_to().is_none_or(|last| day <= last)
    }
}

macro_rules! rows {
    ($( $(#[$doc:meta])* $Row:ident { $( $(#[$fdoc:meta])* $field:ident: $ty:ty, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        pub struct $Row {
            /// Name of the row.
            pub id: String,
            $( $(#[$fdoc])* pub $field: $ty, )*
            /// First day it holds.
            #[serde(deserialize_with = "day")]
            pub valid_from: PartialDate,
            /// Last day it holds.
            #[serde(default, deserialize_with = "last_day")]
            pub valid_to: Option<PartialDate>,
            /// Regulation or rule.
            pub source: String,
            /// How sure it is.
            pub mark: Mark,
        }
        impl Dated for $Row {
            fn id(&self) -> &str { &self.id }
            fn valid_from(&self) -> PartialDate { self.valid_from }
            fn valid_to(&self) -> Option<PartialDate> { self.valid_to }
            fn source(&self) -> &str { &self.source }
            fn mark(&self) -> Mark { self.mark }
        }
    )* };
}
rows! {
    /// Yearly training duty of a role.
    TrainingRule {
        /// `member`, `secretary`, `committee_member`, `organizer`, `division_cadre`, `section_cadre` or `candidate`.
        role: String,
        /// Hours a year.
        min_hours: i64,
        /// Classes a year held at one of `levels`.
        min_classes: usize,
        /// Codes of the list `organiser_level` that count for `min_classes`.
        levels: Vec<String>,
    }
    /// Length of a term.
    TermRule {
        /// Type of unit.
        unit_type: String,
        /// Years.
        years: i16,
        /// Months before its end that the superior reminds.
        remind_months: i16,
        /// Months that a re-election may be early or late, with approval.
        max_shift_months: i16,
    }
    /// Organizers a unit must have.
    StaffingRule {
        /// Types of unit it holds for.
        unit_types: Vec<String>,
        /// Full-time organizers at least.
        min_full_time: i64,
        /// Usual upper number.
        usual_max: i64,
    }
    /// Conditions for a double leader.
    DoubleLeaderRule {
        /// Levels of the professional title (last digit of GB/T 8561-2001): 1 senior, 2 associate senior.
        title_levels: Vec<u8>,
        /// True if a doctorate does instead of the title.
        or_doctor: bool,
        /// Oldest age.
        max_age: i16,
        /// Years of Party standing at least.
        min_standing_years: i16,
    }
    /// Years in one rank before the next.
    PromotionRule {
        /// Rank now, from the code list `rank`.
        from: String,
        /// Next rank.
        to: String,
        /// Years in the present rank at least.
        min_years: i16,
        /// True if the next rank also needs a free place.
        needs_quota: bool,
    }
}

#[derive(Deserialize)]
struct File<T> {
    rows: Vec<T>,
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, toml::de::Error> {
    toml::from_str::<File<T>>(text).map(|file| file.rows)
}

fn day<'de, D: Deserializer<'de>>(input: D) -> Result<PartialDate, D::Error> {
    let text = String::deserialize(input)?;
    let day: jiff::civil::Date = text.parse().map_err(serde::de::Error::custom)?;
    PartialDate::from_civil(day).map_err(serde::de::Error::custom)
}

fn last_day<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PartialDate>, D::Error> {
    day(input).map(Some)
}

macro_rules! tables {
    ($($(#[$doc:meta])* $get:ident, $TABLE:ident, $TEXT:ident: $Row:ident in $file:literal;)*) => { $(
        const $TEXT: &str = include_str!(concat!("../../../config/policy/", $file, ".toml"));
        static $TABLE: LazyLock<Vec<$Row>> = LazyLock::new(|| parse($TEXT).unwrap_or_default());
        $(#[$doc])*
        pub fn $get() -> &'static [$Row] { &$TABLE }
    )* };
}
tables! {
    /// Returns the training duties.
    training_rules, TRAINING, TRAINING_TEXT: TrainingRule in "training";
    /// Returns the terms.
    term_rules, TERMS, TERMS_TEXT: TermRule in "terms";
    /// Returns the staffing rules.
    staffing_rules, STAFFING, STAFFING_TEXT: StaffingRule in "staffing";
    /// Returns the conditions for double leaders.
    double_leader_rules, DOUBLE_LEADER, DOUBLE_LEADER_TEXT: DoubleLeaderRule in "double_leader";
    /// Returns the promotion rules.
    promotion_rules, PROMOTION, PROMOTION_TEXT: PromotionRule in "promotion";
}

/// Returns the training duty of a role on a day.
pub fn training_rule(role: &str, on: PartialDate) -> Option<&'static TrainingRule> {
    training_rules().iter().find(|rule| rule.role == role && rule.holds_on(on))
}

/// Returns the term of a type of unit on a day.
pub fn term_rule(unit_type: &str, on: PartialDate) -> Option<&'static TermRule> {
    term_rules().iter().find(|rule| rule.unit_type == unit_type && rule.holds_on(on))
}

/// Returns the organizers that a type of unit must have on a day.
pub fn staffing_rule(unit_type: &str, on: PartialDate) -> Option<&'static StaffingRule> {
    let names = |rule: &&StaffingRule| rule.unit_types.iter().any(|name| name == unit_type);
    staffing_rules().iter().filter(names).find(|rule| rule.holds_on(on))
}

/// Returns the way up from a rank on a day.
pub fn promotion_rule(from: &str, on: PartialDate) -> Option<&'static PromotionRule> {
    promotion_rules().iter().find(|rule| rule.from == from && rule.holds_on(on))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::codes;
    use std::collections::BTreeSet;

    fn day(year: i16) -> PartialDate {
        PartialDate::day(year, 6, 30).unwrap()
    }

    fn sound<T: Dated + DeserializeOwned>(text: &str) {
        let rows: Vec<T> = parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert!(!rows.is_empty());
        let ids: BTreeSet<&str> = rows.iter().map(Dated::id).collect();
        assert_eq!(ids.len(), rows.len(), "two rows share one id");
        for row in &rows {
            assert!(!row.source().is_empty(), "{} names no source", row.id());
            assert!(row.valid_to().is_none_or(|to| row.valid_from() <= to), "{}", row.id());
        }
    }

    #[test]
    fn every_file_parses_and_names_its_sources() {
        sound::<TrainingRule>(TRAINING_TEXT);
        sound::<TermRule>(TERMS_TEXT);
        sound::<StaffingRule>(STAFFING_TEXT);
        sound::<DoubleLeaderRule>(DOUBLE_LEADER_TEXT);
        sound::<PromotionRule>(PROMOTION_TEXT);
    }

    #[test]
    fn codes_named_by_rows_exist() {
        let rank = codes::list("rank").unwrap();
        for rule in promotion_rules() {
            assert!(rank.by_code(&rule.from).is_some() && rank.by_code(&rule.to).is_some());
        }
        let level = codes::list("organiser_level").unwrap();
        for rule in training_rules() {
            assert!(rule.levels.iter().all(|code| level.by_code(code).is_some()), "{}", rule.id);
        }
    }

    #[test]
    fn the_row_of_the_day_is_found() {
        assert_eq!(training_rule("secretary", day(2026)).unwrap().min_hours, 56);
        assert!(training_rule("secretary", day(2017)).is_none());
        assert_eq!(term_rule("branch", day(2026)).unwrap().years, 3);
        assert_eq!(staffing_rule("committee", day(2026)).unwrap().min_full_time, 1);
        assert!(staffing_rule("branch", day(2026)).is_none());
        assert_eq!(promotion_rule("division_deputy", day(2026)).unwrap().min_years, 2);
    }
}
