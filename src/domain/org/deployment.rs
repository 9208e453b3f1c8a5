//! Deployments: a task of the series that headquarters gives to all units, or to some, by a day.

use crate::domain::access::Office;
use crate::domain::record::{Date, Identifier, Integer, Issue, Many, Merge, Step, Text, care};
use crate::domain::rules::dates;
use crate::{choices, field, record, reference};

choices! {
    /// Which board of the series 「樹標桿、補短板、不掉隊、勇爭先」 a task belongs to.
    pub enum Series {
        /// Models to learn from (樹標桿).
        Models = "models",
        /// What falls short (補短板).
        Shortfalls = "shortfalls",
        /// Nobody left behind (不掉隊).
        NobodyBehind = "nobody_behind",
        /// Striving (勇爭先).
        Striving = "striving",
    }
}

choices! {
    /// Where a deployment stands.
    pub enum DeploymentStatus {
        /// Sent out.
        Open = "open",
        /// Over.
        Closed = "closed",
    }
}

reference! {
    /// A deployment.
    DeploymentId -> "deployment";
}

const STEPS: &[Step] = &[
    Step {
        action: "close",
        from: &["open"],
        to: "closed",
        office: Office::Headquarters,
        needs: &[],
        reason: false,
    },
    Step {
        action: "reopen",
        from: &["closed"],
        to: "open",
        office: Office::Headquarters,
        needs: &[],
        reason: true,
    },
];

record! {
    /// One task that units are to answer by a day; each answer is a `submission` that names it.
    ///
    /// Source: notice of 2018; the five figures of DHIS2. A unit without a submission counts as expected all the same.
    pub struct Deployment = 30, "deployment" {
        /// What is to be done.
        name: Text = 1, "name".width(30).max_chars(100).office(Office::Headquarters);
        /// Board of the series.
        series: Series = 2, "series".width(10).office(Office::Headquarters);
        /// Year it is for.
        year: Integer = 3, "year".width(6).range(1990, 2199).office(Office::Headquarters);
        /// Day it was sent out.
        sent_on: Option<Date> = 4, "sent_on".width(10).office(Office::Headquarters);
        /// Last day.
        due_on: Date = 5, "due_on".width(10).office(Office::Headquarters);
        /// Codes of the units it is for; none: every unit directly under the university.
        for_units: Many<Text> = 6, "for_units".width(24).max_chars(20).office(Office::Headquarters);
        /// What is to be handed in.
        wanted: Option<Text> = 7, "wanted".width(30).max_chars(300).office(Office::Headquarters);
        /// Number of the notice.
        document_no: Option<Identifier> = 8, "document_no".width(20).max_chars(60).office(Office::Headquarters);
        /// Where it stands; absent means sent out.
        status: Option<DeploymentStatus> = 9, "status".width(8).group("decision").merge(Merge::Steps);
        /// Why it was opened again.
        status_reason: Option<Text> = 10, "status_reason".width(20).max_chars(200).group("decision");
    }
    spec { .care(care::UNITS).published().office(Office::Headquarters).list(&["name", "series", "year", "sent_on", "due_on", "status"])
        .title(&["name", "year"]).natural(&["name", "year"]).steps(STEPS) }
    rules { due_after_it_was_sent }
}

impl Deployment {
    /// True if a unit directly under the university with that code is to answer.
    pub fn is_for(&self, code: &str) -> bool {
        self.for_units.0.is_empty() || self.for_units.0.iter().any(|wanted| wanted.0 == code)
    }
}

fn due_after_it_was_sent(d: &Deployment) -> Option<Issue> {
    dates::order(d.sent_on, Some(d.due_on), field!(Deployment: "due_on"))
}
