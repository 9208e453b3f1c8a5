//! Policy records: rows that headquarters adds to the shipped rules, or puts in the place of one (config/policy).

use crate::domain::access::Office;
use crate::domain::record::{Date, Flag, Identifier, Integer, Issue, Text, care};
use crate::domain::rules::{dates, policy};
use crate::{choices, field, record};

choices! {
    /// Which table of rules a row belongs to; each says which columns it reads.
    pub enum PolicyTable {
        /// Yearly training duty of a role: `hours`, `classes`, `levels`.
        Training = "training",
        /// Length of a term of a type of unit: `years`, `months`.
        Terms = "terms",
        /// Full-time organizers of a type of unit: `people`.
        Staffing = "staffing",
        /// Conditions for a double leader: `levels` (of the title), `doctorate`, `age`, `years` (of standing).
        DoubleLeader = "double_leader",
        /// Years in a rank before the next: `target`, `years`, `quota`.
        Promotion = "promotion",
        /// A single number with a name: `amount`.
        Limit = "limit",
    }
}

choices! {
    /// How sure a row is.
    pub enum Certainty {
        /// Read in a published text.
        Verified = "v",
        /// The document exists, the figure is unverified.
        Partly = "p",
        /// Unverified.
        Unverified = "m",
    }
}

record! {
    /// One dated row of a rule, published by headquarters.
    ///
    /// Source: config/policy gives the rows that are shipped. A row with the name of a shipped one takes its place; otherwise the row
    /// with the latest first day holds. Figures of an earlier day, and judgements that name their row, stay as they were.
    pub struct Policy = 16, "policy" {
        /// Table of rules.
        table: PolicyTable = 1, "table".width(10).office(Office::Headquarters);
        /// Name of the row; what a judgement stores.
        name: Identifier = 2, "name".width(20).unique().max_chars(40).office(Office::Headquarters);
        /// Whom it is for: a role, a type of unit, a rank, or the name of a limit.
        subject: Text = 3, "subject".width(16).max_chars(60).office(Office::Headquarters);
        /// First day it holds.
        valid_from: Date = 4, "valid_from".width(10).office(Office::Headquarters);
        /// Last day it holds; absent while it does.
        valid_to: Option<Date> = 5, "valid_to".width(10).office(Office::Headquarters);
        /// Hours a year.
        hours: Option<Integer> = 6, "hours".width(6).range(0, 2000).office(Office::Headquarters);
        /// Classes a year.
        classes: Option<Integer> = 7, "classes".width(6).range(0, 100).office(Office::Headquarters);
        /// Codes with spaces between: levels of organisers, or last digits of titles.
        levels: Option<Text> = 8, "levels".width(16).max_chars(200).office(Office::Headquarters);
        /// Years.
        years: Option<Integer> = 9, "years".width(6).range(0, 50).office(Office::Headquarters);
        /// Months before the end of a term that the superior reminds.
        months: Option<Integer> = 10, "months".width(6).range(0, 120).office(Office::Headquarters);
        /// Persons at least.
        people: Option<Integer> = 11, "people".width(6).range(0, 1000).office(Office::Headquarters);
        /// Oldest age.
        age: Option<Integer> = 12, "age".width(6).range(18, 120).office(Office::Headquarters);
        /// Next rank.
        target: Option<Text> = 13, "target".width(16).max_chars(60).office(Office::Headquarters);
        /// True if a doctorate does instead of the title.
        doctorate: Option<Flag> = 14, "doctorate".width(6).office(Office::Headquarters);
        /// True if the next rank also needs a free place.
        quota: Option<Flag> = 15, "quota".width(6).office(Office::Headquarters);
        /// Number of a limit.
        amount: Option<Integer> = 16, "amount".width(8).range(0, 1_000_000).office(Office::Headquarters);
        /// Regulation or decision it comes from.
        source: Text = 17, "source".width(30).max_chars(300).office(Office::Headquarters);
        /// How sure it is; absent means unverified.
        certainty: Option<Certainty> = 18, "certainty".width(8).office(Office::Headquarters);
    }
    spec { .care(care::UNITS).published().office(Office::Headquarters).list(&["table", "name", "subject", "valid_from", "valid_to", "source"])
        .title(&["name"]).natural(&["name"]) }
    rules { in_order, has_what_its_table_reads }
}

fn in_order(p: &Policy) -> Option<Issue> {
    dates::order(Some(p.valid_from), p.valid_to, field!(Policy: "valid_to"))
}

/// A row that its table cannot read would be left out of every figure without a word.
fn has_what_its_table_reads(p: &Policy) -> Option<Issue> {
    (!policy::is_readable(p)).then(|| Issue::error(field!(Policy: "table"), "policy-columns"))
}
