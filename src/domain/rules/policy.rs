//! Policies with dates: training hours, terms, staffing, double leaders, promotion (config/policy; each row names its source).
//!
//! Each row names its source and how sure it is, so that a figure can be defended. The files are compiled in; one that does not
//! parse gives no rows at run time and a failing test. Headquarters' own rows are records ([`Policy`]): one with the name of a
//! shipped row takes its place, any other stands beside it, and of the rows that hold on a day the latest begun is the one.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::domain::kinds::Kind;
use crate::domain::org::policy::{Certainty, Policy, PolicyTable};
use crate::domain::record::{Flag, Integer, PartialDate, Record, Text, Value};
use crate::domain::rules::Registry;
use crate::field;

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
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

    /// Returns its own columns with their values, for a person.
    fn says(&self) -> String;

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
            fn says(&self) -> String {
                let columns = [$( format!("{} {:?}", stringify!($field), self.$field) ),*];
                columns.join(", ").replace('"', "")
            }
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
    /// A single number with a name.
    LimitRule {
        /// Its name.
        key: String,
        /// Its value; the name says of what.
        amount: i64,
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
    ($($(#[$doc:meta])* $get:ident, $TABLE:ident, $TEXT:ident: $Row:ident in $file:literal;)*) => {
        $(
            const $TEXT: &str = include_str!(concat!("../../../config/policy/", $file, ".toml"));
            static $TABLE: LazyLock<Vec<$Row>> = LazyLock::new(|| parse($TEXT).unwrap_or_default());
        )*
        /// The rules in force: the shipped rows with headquarters' own.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Policies { $( $(#[$doc])* pub $get: Vec<$Row>, )* }
        impl Default for Policies {
            fn default() -> Self {
                Self { $( $get: $TABLE.clone(), )* }
            }
        }
        impl Policies {
            /// Returns every row: its table, and what it says of itself.
            pub fn all(&self) -> Vec<(&'static str, &dyn Dated)> {
                let mut all: Vec<(&'static str, &dyn Dated)> = Vec::new();
                $( for row in &self.$get { all.push(($file, row)); } )*
                all
            }
        }
    };
}
tables! {
    /// Training duties.
    training, TRAINING, TRAINING_TEXT: TrainingRule in "training";
    /// Terms.
    terms, TERMS, TERMS_TEXT: TermRule in "terms";
    /// Staffing rules.
    staffing, STAFFING, STAFFING_TEXT: StaffingRule in "staffing";
    /// Conditions for double leaders.
    double_leader, DOUBLE_LEADER, DOUBLE_LEADER_TEXT: DoubleLeaderRule in "double_leader";
    /// Promotion rules.
    promotion, PROMOTION, PROMOTION_TEXT: PromotionRule in "promotion";
    /// Single numbers.
    limits, LIMITS, LIMITS_TEXT: LimitRule in "limits";
}

static SHIPPED: LazyLock<Policies> = LazyLock::new(Policies::default);

/// Returns the shipped rows alone: what a check of one record goes by, which knows no other records.
pub fn shipped() -> &'static Policies {
    &SHIPPED
}

/// Returns the row that holds: of those for the subject, the one that began last; of two that began together, the later one.
fn in_force<T: Dated>(rows: &[T], on: PartialDate, is_for: impl Fn(&T) -> bool) -> Option<&T> {
    rows.iter().filter(|row| row.holds_on(on) && is_for(row)).max_by_key(|row| row.valid_from())
}

/// Puts a row in the place of the one with its name, else beside the others.
fn put<T: Dated>(rows: &mut Vec<T>, row: T) {
    match rows.iter_mut().find(|other| other.id() == row.id()) {
        Some(other) => *other = row,
        None => rows.push(row),
    }
}

impl Policies {
    /// Returns the training duty of a role on a day.
    pub fn training_rule(&self, role: &str, on: PartialDate) -> Option<&TrainingRule> {
        in_force(&self.training, on, |rule| rule.role == role)
    }

    /// Returns the term of a type of unit on a day.
    pub fn term_rule(&self, unit_type: &str, on: PartialDate) -> Option<&TermRule> {
        in_force(&self.terms, on, |rule| rule.unit_type == unit_type)
    }

    /// Returns the organizers that a type of unit must have on a day.
    pub fn staffing_rule(&self, unit_type: &str, on: PartialDate) -> Option<&StaffingRule> {
        in_force(&self.staffing, on, |rule| rule.unit_types.iter().any(|name| name == unit_type))
    }

    /// Returns the conditions for a double leader on a day.
    pub fn double_leader_rule(&self, on: PartialDate) -> Option<&DoubleLeaderRule> {
        in_force(&self.double_leader, on, |_| true)
    }

    /// Returns the way up from a rank on a day.
    pub fn promotion_rule(&self, from: &str, on: PartialDate) -> Option<&PromotionRule> {
        in_force(&self.promotion, on, |rule| rule.from == from)
    }

    /// Returns a single number on a day.
    pub fn limit(&self, key: &str, on: PartialDate) -> Option<i64> {
        self.limit_row(key, on).map(|rule| rule.amount)
    }

    /// Returns the row of a single number on a day: its value with the article it comes from.
    pub fn limit_row(&self, key: &str, on: PartialDate) -> Option<&LimitRule> {
        in_force(&self.limits, on, |rule| rule.key == key)
    }

    /// Returns the rules in force where a record is checked: the shipped rows with headquarters' own single numbers.
    pub fn of(others: &dyn Registry) -> Self {
        let mut rules = Self::default();
        let limit = Value::Code(PolicyTable::Limit.key().to_owned());
        let found = others.find(Kind::Policy, field!(Policy: "table").number(), &limit);
        let read = |id| Policy::hydrate(&others.fields(id)?.1).ok();
        found.into_iter().filter_map(read).for_each(|row| rules.add(&row));
        rules
    }

    /// Takes a record of headquarters in; one that its table cannot read is left out, as its check says.
    pub fn add(&mut self, policy: &Policy) {
        let Some(row) = row_of(policy) else { return };
        match row {
            Row::Training(row) => put(&mut self.training, row),
            Row::Terms(row) => put(&mut self.terms, row),
            Row::Staffing(row) => put(&mut self.staffing, row),
            Row::DoubleLeader(row) => put(&mut self.double_leader, row),
            Row::Promotion(row) => put(&mut self.promotion, row),
            Row::Limit(row) => put(&mut self.limits, row),
        }
    }
}

/// A row of any table.
enum Row {
    Training(TrainingRule),
    Terms(TermRule),
    Staffing(StaffingRule),
    DoubleLeader(DoubleLeaderRule),
    Promotion(PromotionRule),
    Limit(LimitRule),
}

/// True if the record has what its table reads.
pub fn is_readable(policy: &Policy) -> bool {
    row_of(policy).is_some()
}

/// Makes a row of a table from the columns it reads and what every row has.
macro_rules! row {
    ($Table:ident: $Row:ident of $policy:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Row::$Table($Row {
            $($field: $value,)*
            id: $policy.name.0.clone(),
            valid_from: $policy.valid_from.0,
            valid_to: $policy.valid_to.map(|date| date.0),
            source: $policy.source.0.clone(),
            mark: mark_of($policy),
        })
    };
}

fn row_of(p: &Policy) -> Option<Row> {
    let subject = p.subject.0.clone();
    Some(match p.table {
        PolicyTable::Training => row!(Training: TrainingRule of p {
            role: subject,
            min_hours: whole(p.hours)?,
            min_classes: usize::try_from(whole(p.classes).unwrap_or(0)).ok()?,
            levels: words(p),
        }),
        PolicyTable::Terms => row!(Terms: TermRule of p {
            unit_type: subject,
            years: short(p.years)?,
            remind_months: short(p.months).unwrap_or(REMIND_MONTHS),
            max_shift_months: SHIFT_MONTHS,
        }),
        PolicyTable::Staffing => row!(Staffing: StaffingRule of p {
            unit_types: subject.split(' ').map(str::to_owned).collect(),
            min_full_time: whole(p.people)?,
            usual_max: whole(p.people)?,
        }),
        PolicyTable::DoubleLeader => row!(DoubleLeader: DoubleLeaderRule of p {
            title_levels: words(p).iter().filter_map(|word| word.parse().ok()).collect(),
            or_doctor: p.doctorate.is_some_and(|Flag(yes)| yes),
            max_age: short(p.age)?,
            min_standing_years: short(p.years)?,
        }),
        PolicyTable::Promotion => row!(Promotion: PromotionRule of p {
            from: subject,
            to: p.target.clone()?.0,
            min_years: short(p.years)?,
            needs_quota: p.quota.is_some_and(|Flag(yes)| yes),
        }),
        PolicyTable::Limit => {
            row!(Limit: LimitRule of p { key: subject, amount: whole(p.amount)? })
        }
        PolicyTable::Other(_) => return None,
    })
}

/// Months before the end of a term that the superior reminds (支部工作條例 Art. 21).
const REMIND_MONTHS: i16 = 6;
/// Months that an election may be early or late (same article).
const SHIFT_MONTHS: i16 = 12;

fn whole(number: Option<Integer>) -> Option<i64> {
    number.map(|Integer(number)| number)
}

fn short(number: Option<Integer>) -> Option<i16> {
    i16::try_from(whole(number)?).ok()
}

fn words(p: &Policy) -> Vec<String> {
    let Some(Text(text)) = &p.levels else { return Vec::new() };
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

const fn mark_of(p: &Policy) -> Mark {
    match p.certainty {
        Some(Certainty::Verified) => Mark::V,
        Some(Certainty::Partly) => Mark::P,
        Some(Certainty::Unverified | Certainty::Other(_)) | None => Mark::M,
    }
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
        sound::<LimitRule>(LIMITS_TEXT);
    }

    #[test]
    fn codes_named_by_rows_exist() {
        let rank = codes::list("rank").unwrap();
        for rule in Policies::default().promotion {
            assert!(rank.by_code(&rule.from).is_some() && rank.by_code(&rule.to).is_some());
        }
        let level = codes::list("organiser_level").unwrap();
        for rule in Policies::default().training {
            assert!(rule.levels.iter().all(|code| level.by_code(code).is_some()), "{}", rule.id);
        }
    }

    #[test]
    fn the_row_of_the_day_is_found() {
        let rules = Policies::default();
        assert_eq!(rules.training_rule("secretary", day(2026)).unwrap().min_hours, 56);
        assert!(rules.training_rule("secretary", day(2017)).is_none());
        assert_eq!(rules.term_rule("branch", day(2026)).unwrap().years, 3);
        assert_eq!(rules.staffing_rule("committee", day(2026)).unwrap().min_full_time, 1);
        assert!(rules.staffing_rule("branch", day(2026)).is_none());
        assert_eq!(rules.promotion_rule("division_deputy", day(2026)).unwrap().min_years, 2);
        assert_eq!(rules.limit("publicity-working-days", day(2026)), Some(5));
    }

    fn of_headquarters(name: &str, from: PartialDate, hours: i64) -> Policy {
        let no = |key: &str| Kind::Policy.spec().field(key).unwrap().number;
        let text = |text: &str| Value::Text(text.to_owned());
        let fields = [
            (no("table"), Value::Code("training".to_owned())),
            (no("name"), text(name)),
            (no("subject"), text("secretary")),
            (no("valid_from"), Value::Date(from)),
            (no("hours"), Value::Int(hours)),
            (no("classes"), Value::Int(2)),
            (no("levels"), text("university provincial")),
            (no("source"), text("校黨字〔2026〕1號")),
        ];
        assert_eq!(Kind::Policy.check(&fields.clone().into()), []);
        Policy::hydrate(&fields.into()).unwrap()
    }

    #[test]
    fn a_row_of_headquarters_holds_from_its_first_day_and_leaves_the_years_before_alone() {
        let mut rules = Policies::default();
        rules.add(&of_headquarters("ours-2026", PartialDate::day(2026, 1, 1).unwrap(), 60));
        let hours = |rules: &Policies, on| {
            rules.training_rule("secretary", on).map(|rule| (rule.min_hours, rule.min_classes))
        };
        assert_eq!(hours(&rules, PartialDate::day(2025, 12, 31).unwrap()), Some((56, 1)));
        assert_eq!(hours(&rules, PartialDate::day(2026, 1, 1).unwrap()), Some((60, 2)));
        rules.add(&of_headquarters("secretary-2019", PartialDate::day(2019, 1, 1).unwrap(), 40));
        assert_eq!(hours(&rules, PartialDate::day(2025, 12, 31).unwrap()), Some((40, 2)));
        assert_eq!(rules.training.len(), Policies::default().training.len() + 1);
    }

    #[test]
    fn a_row_that_its_table_cannot_read_is_refused() {
        let mut row = of_headquarters("ours", day(2026), 60);
        row.table = PolicyTable::Promotion;
        assert!(!is_readable(&row));
        let mut rules = Policies::default();
        rules.add(&row);
        assert_eq!(rules, Policies::default());
    }
}
