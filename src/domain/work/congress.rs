//! The Party congress of the university (黨代會): its term, its delegates' number, the days of its election.

use crate::domain::access::Office;
use crate::domain::record::{Date, Due, Identifier, Integer, Issue, Merge, Step, Text};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

reference! {
    /// A congress.
    CongressId -> "congress";
}

choices! {
    /// Where a congress stands.
    pub enum CongressStatus {
        /// Being prepared.
        Preparing = "preparing",
        /// Delegates are being elected.
        Electing = "electing",
        /// Held; its delegates' term runs.
        Held = "held",
        /// Its delegates' term is over.
        Ended = "ended",
    }
}

const fn step(
    action: &'static str,
    from: &'static [&'static str],
    to: &'static str,
    needs: &'static [&'static str],
) -> Step {
    Step { action, from, to, office: Office::Headquarters, needs, reason: false }
}

const STEPS: &[Step] = &[
    step("call", &["preparing"], "electing", &["delegates", "elect_by"]),
    step("hold", &["electing"], "held", &["opens_on"]),
    step("end", &["held"], "ended", &["term_ends_on"]),
];

const DUES: &[Due] = &[
    Due {
        code: "congress-election",
        on: "elect_by",
        states: &["electing"],
        until: None,
        notice: 30,
    },
    Due { code: "congress-term", on: "term_ends_on", states: &["held"], until: None, notice: 183 },
];

record! {
    /// One congress of the university's Party organization.
    ///
    /// Source: 黨代會代表選舉工作方案 (notice, item 12); 2021 條例 Art. 5; 選舉工作條例 Art. 4.
    pub struct Congress = 48, "congress" {
        /// Its name with its number (第幾次).
        name: Text = 1, "name".width(30).max_chars(60);
        /// Delegates in all.
        delegates: Option<Integer> = 2, "delegates".width(6).range(1, 10_000);
        /// Last day of the election of delegates.
        elect_by: Option<Date> = 3, "elect_by".width(10);
        /// First day of the congress.
        opens_on: Option<Date> = 4, "opens_on".width(10).group("term");
        /// Last day of the delegates' term.
        term_ends_on: Option<Date> = 5, "term_ends_on".width(10).group("term");
        /// Number of the superior's reply.
        document_no: Option<Identifier> = 6, "document_no".width(20).max_chars(60);
        /// Where the congress stands; absent means being prepared.
        status: Option<CongressStatus> = 7, "status".width(8).merge(Merge::Steps);
        /// Remarks of the office.
        note: Option<Text> = 8, "note".width(20).max_chars(200).merge(Merge::LastWriter);
    }
    spec { .care(super::PUBLISHED).published().office(Office::Headquarters).list(&["name", "delegates", "elect_by", "opens_on", "term_ends_on", "status"])
        .title(&["name"]).natural(&["name"]).steps(STEPS).dues(DUES) }
    rules { elected_before_it_opens, the_term_begins_before_it_ends, the_usual_term }
}

fn elected_before_it_opens(c: &Congress) -> Option<Issue> {
    dates::order(c.elect_by, c.opens_on, field!(Congress: "opens_on"))
}

fn the_term_begins_before_it_ends(c: &Congress) -> Option<Issue> {
    dates::order(c.opens_on, c.term_ends_on, field!(Congress: "term_ends_on"))
}

/// 2021 條例 Art. 5: five years, a year more at most.
fn the_usual_term(c: &Congress) -> Option<Issue> {
    let latest = dates::plus_years(c.opens_on?.0, 6)?;
    c.term_ends_on?.0.is_surely_after(latest).then(|| {
        Issue::warning(field!(Congress: "term_ends_on"), "q06-long-term").with("years", "5")
    })
}
