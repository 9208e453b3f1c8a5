//! Delegates to a congress: candidate, elected, confirmed, until the end of the term or before (代表任期制).

use super::congress::CongressId;
use super::electoral_unit::ElectoralUnit;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{
    Date, Fields, Identifier, Issue, Merge, Owner, PersonId, Record, Step, Text, UnitRef, Value,
};
use crate::domain::rules::{Registry, dates};
use crate::{choices, field, record};

choices! {
    /// Which part of the structure a delegate is counted in.
    pub enum DelegateCategory {
        /// Teachers in teaching and research.
        Teacher = "teacher",
        /// Students.
        Student = "student",
        /// Leading cadres.
        Leader = "leader",
        /// Other staff.
        Staff = "staff",
        /// Retired staff.
        Retired = "retired",
    }
}

choices! {
    /// Why a delegate is none any more.
    pub enum DelegateEnd {
        /// Moved to another unit or university.
        Moved = "moved",
        /// Resigned.
        Resigned = "resigned",
        /// Taken back by the unit that elected.
        Recalled = "recalled",
        /// The term is over.
        TermEnd = "term_end",
        /// Another reason.
        Otherwise = "otherwise",
    }
}

choices! {
    /// Where a delegate stands.
    pub enum DelegateStatus {
        /// Named as a candidate.
        Candidate = "candidate",
        /// Elected by the unit.
        Elected = "elected",
        /// Confirmed by the committee that checks credentials (代表資格審查).
        Confirmed = "confirmed",
        /// Not elected.
        NotElected = "not_elected",
        /// No delegate any more.
        Ended = "ended",
    }
}

impl DelegateStatus {
    /// True for a delegate in office.
    pub const fn is_delegate(&self) -> bool {
        matches!(self, Self::Elected | Self::Confirmed)
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

const HQ: Office = Office::Headquarters;

const STEPS: &[Step] = &[
    step("elect", &["candidate"], "elected", Office::UnitLead, &["elected_on"], false),
    step("miss", &["candidate"], "not_elected", Office::UnitLead, &[], false),
    step("confirm", &["elected"], "confirmed", HQ, &["confirmed_on"], false),
    step("reject", &["elected"], "candidate", HQ, &[], true),
    step("end", &["elected", "confirmed"], "ended", HQ, &["ended_on", "end_reason"], true),
];

record! {
    /// One delegate, or one who was named.
    ///
    /// Source: 黨代會代表登記表、代表名冊 (notice, item 12).
    pub struct Delegate = 51, "delegate" {
        /// The congress.
        congress: CongressId = 1, "congress".width(24);
        /// The unit that elects.
        unit: UnitRef = 2, "unit".width(30);
        /// The person.
        person: PersonId = 3, "person".width(10).personal();
        /// Which part of the structure the person is counted in.
        category: Option<DelegateCategory> = 4, "category".width(10);
        /// Day of the election.
        elected_on: Option<Date> = 5, "elected_on".width(10);
        /// Day on which credentials were confirmed.
        confirmed_on: Option<Date> = 6, "confirmed_on".width(10).office(HQ);
        /// Day on which the person ceased to be a delegate.
        ended_on: Option<Date> = 7, "ended_on".width(10).group("end");
        /// Why.
        end_reason: Option<DelegateEnd> = 8, "end_reason".width(10).group("end");
        /// The delegate in whose place this one was elected (補選).
        replaces: Option<PersonId> = 9, "replaces".width(10).personal();
        /// Number of the document.
        document_no: Option<Identifier> = 10, "document_no".width(20).max_chars(60);
        /// Where the delegate stands; absent means a candidate.
        status: Option<DelegateStatus> = 11, "status".width(8).group("decision").merge(Merge::Steps);
        /// Reason of a rejection or end.
        status_reason: Option<Text> = 12, "status_reason".width(20).max_chars(200).group("decision");
    }
    spec { .care(super::PERSONS).owner(Owner::Field("unit")).found_by("person").list(&["congress", "unit", "person", "category", "status", "elected_on", "ended_on", "replaces"])
        .title(&["congress", "person"]).natural(&["congress", "person"]).steps(STEPS).against(among) }
    rules { confirmed_after_the_election, ended_after_the_election, nobody_replaces_oneself }
}

fn confirmed_after_the_election(d: &Delegate) -> Option<Issue> {
    dates::order(d.elected_on, d.confirmed_on, field!(Delegate: "confirmed_on"))
}

fn ended_after_the_election(d: &Delegate) -> Option<Issue> {
    dates::order(d.elected_on, d.ended_on, field!(Delegate: "ended_on"))
}

fn nobody_replaces_oneself(d: &Delegate) -> Option<Issue> {
    (d.replaces == Some(d.person))
        .then(|| Issue::error(field!(Delegate: "replaces"), "same-person"))
}

/// The same person twice at one congress, and more delegates than the unit's places.
fn among(others: &dyn Registry, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let Ok(own) = Delegate::hydrate(fields) else { return Vec::new() };
    let of_unit = |kind: Kind| {
        let found = kind.spec().field("unit").map(|field| field.number);
        found.map(|unit| others.find(kind, unit, &Value::Ref(own.unit.0))).unwrap_or_default()
    };
    let delegates = |ids: Vec<RecordId>| -> Vec<Delegate> {
        ids.into_iter()
            .filter(|other| Some(*other) != id)
            .filter_map(|other| Delegate::hydrate(&others.fields(other)?.1).ok())
            .filter(|other| other.congress == own.congress)
            .collect()
    };
    let by_person = Kind::Delegate.spec().field("person").map(|field| field.number);
    let same = by_person
        .map(|person| others.find(Kind::Delegate, person, &Value::Ref(own.person.0)))
        .unwrap_or_default();
    let twice = (!delegates(same).is_empty()).then(|| Issue::error("person", "q08-twice"));
    let elected = |d: &Delegate| d.status.as_ref().is_some_and(DelegateStatus::is_delegate);
    let places = of_unit(Kind::ElectoralUnit)
        .into_iter()
        .filter_map(|unit| ElectoralUnit::hydrate(&others.fields(unit)?.1).ok())
        .find(|unit| unit.congress == own.congress)
        .and_then(|unit| usize::try_from(unit.places.0).ok());
    let taken = || delegates(of_unit(Kind::Delegate)).iter().filter(|d| elected(d)).count();
    let over = elected(&own) && places.is_some_and(|places| taken() >= places);
    let over = over.then(|| Issue::warning("unit", "work-over-quota"));
    twice.into_iter().chain(over).collect()
}
