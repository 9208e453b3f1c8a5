//! Awards (兩優一先): nomination, review, publicity over working days, decision, certificate.

use super::award_quota::AwardQuota;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{
    Date, Due, Fields, Identifier, Integer, Issue, Merge, Owner, PartialDate, PersonId, Record,
    Step, Text, UnitRef, Value,
};
use crate::domain::rules::{Registry, dates, policy, workdays};
use crate::{choices, field, record};

choices! {
    /// What is awarded.
    pub enum AwardCategory {
        /// 優秀共產黨員.
        Member = "member",
        /// 優秀黨務工作者.
        Worker = "worker",
        /// 先進基層黨組織.
        Organization = "organization",
    }
}

choices! {
    /// Who awards it.
    pub enum AwardLevel {
        /// The university (校級).
        School = "school",
        /// The province or ministry (省部級).
        Province = "province",
        /// The nation (國家級).
        Nation = "nation",
    }
}

choices! {
    /// Where an award stands.
    pub enum AwardStatus {
        /// Nominated by the branch or unit.
        Nominated = "nominated",
        /// Decided by the unit's Party committee meeting.
        UnitReviewed = "unit_reviewed",
        /// Sent back with a reason.
        Returned = "returned",
        /// Reviewed by headquarters.
        Reviewed = "reviewed",
        /// Made public (公示).
        Publicity = "publicity",
        /// Awarded.
        Granted = "granted",
        /// Not awarded.
        Declined = "declined",
        /// Taken back (撤銷).
        Revoked = "revoked",
        /// Frozen.
        Archived = "archived",
    }
}

impl AwardStatus {
    /// True while it uses a place of the unit's quota.
    pub const fn is_nominated(&self) -> bool {
        !matches!(self, Self::Returned | Self::Revoked)
    }

    /// True once it was awarded and not taken back.
    pub const fn is_granted(&self) -> bool {
        matches!(self, Self::Granted | Self::Archived)
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
    step("review", &["nominated"], "unit_reviewed", Office::UnitLead, &["unit_meeting_on"], false),
    step("return", &["nominated", "unit_reviewed"], "returned", Office::UnitLead, &[], true),
    step("submit", &["returned"], "nominated", Office::Organizer, &[], false),
    step("accept", &["unit_reviewed"], "reviewed", HQ, &["reviewed_on"], false),
    step("publicise", &["reviewed"], "publicity", HQ, &["publicised_on"], false),
    step("grant", &["publicity"], "granted", HQ, &["decided_on", "document_no"], false),
    step("decline", &["unit_reviewed", "reviewed", "publicity"], "declined", HQ, &[], true),
    step("revoke", &["granted", "archived"], "revoked", HQ, &[], true),
    step("archive", &["granted"], "archived", HQ, &[], false),
];

const DUES: &[Due] = &[Due {
    code: "award-publicity",
    on: "publicised_until",
    states: &["publicity"],
    until: Some("decided_on"),
    notice: 0,
}];

record! {
    /// One award to a member, a Party worker or an organization.
    ///
    /// Source: 兩優一先推薦表、表彰決定 (notice, item 9).
    pub struct Award = 43, "award" {
        /// Year of the award.
        year: Integer = 1, "year".width(6).range(1990, 2199);
        /// What is awarded.
        category: AwardCategory = 2, "category".width(16);
        /// Who awards it; absent means the university.
        level: Option<AwardLevel> = 3, "level".width(8);
        /// The unit that nominates.
        unit: UnitRef = 4, "unit".width(30);
        /// The person, for the two awards to persons.
        person: Option<PersonId> = 5, "person".width(10).personal();
        /// The organization, for the award to organizations.
        organization: Option<UnitRef> = 6, "organization".width(30);
        /// Day of the nomination.
        nominated_on: Option<Date> = 7, "nominated_on".width(10);
        /// Day of the unit Party committee's meeting that decided.
        unit_meeting_on: Option<Date> = 8, "unit_meeting_on".width(10);
        /// Day of headquarters' review.
        reviewed_on: Option<Date> = 9, "reviewed_on".width(10).office(HQ);
        /// First day of publicity.
        publicised_on: Option<Date> = 10, "publicised_on".width(10).group("publicity").office(HQ);
        /// Last day of publicity.
        publicised_until: Option<Date> = 11, "publicised_until".width(10).group("publicity").office(HQ);
        /// Day of the decision.
        decided_on: Option<Date> = 12, "decided_on".width(10).group("award").office(HQ);
        /// Number of the decision (表彰文號).
        document_no: Option<Identifier> = 13, "document_no".width(20).max_chars(60).group("award").office(HQ);
        /// Number of the certificate.
        certificate_no: Option<Identifier> = 14, "certificate_no".width(16).max_chars(40).unique().group("award").office(HQ);
        /// Where the award stands; absent means nominated.
        status: Option<AwardStatus> = 15, "status".width(10).group("decision").merge(Merge::Steps);
        /// Reason of a return, refusal or withdrawal.
        status_reason: Option<Text> = 16, "status_reason".width(20).max_chars(200).group("decision");
        /// Remarks of the office.
        note: Option<Text> = 17, "note".width(20).max_chars(200).merge(Merge::LastWriter);
    }
    spec { .care(super::PERSONS).owner(Owner::Field("unit")).found_by("person").list(&["year", "category", "unit", "person", "organization", "level", "status", "decided_on", "certificate_no"])
        .title(&["year", "category", "person", "organization"]).natural(&["year", "category", "unit", "person", "organization"]).steps(STEPS).dues(DUES).against(among) }
    rules { one_is_awarded, reviewed_in_order, publicity_ends_after_it_began, publicity_takes_its_days, decided_after_publicity, a_certificate_needs_a_decision }
}

/// A person's award names a person, an organization's an organization, and neither both.
fn one_is_awarded(a: &Award) -> Option<Issue> {
    let (wanted, other) = match a.category {
        AwardCategory::Organization => (a.organization.is_some(), a.person.is_some()),
        AwardCategory::Member | AwardCategory::Worker => {
            (a.person.is_some(), a.organization.is_some())
        }
        AwardCategory::Other(_) => return None,
    };
    (!wanted || other).then(|| Issue::error(field!(Award: "category"), "award-who"))
}

fn reviewed_in_order(a: &Award) -> Option<Issue> {
    dates::order(a.unit_meeting_on, a.reviewed_on, field!(Award: "reviewed_on"))
        .or_else(|| dates::order(a.reviewed_on, a.publicised_on, field!(Award: "publicised_on")))
}

fn publicity_ends_after_it_began(a: &Award) -> Option<Issue> {
    dates::order(a.publicised_on, a.publicised_until, field!(Award: "publicised_until"))
}

/// The last working day that publicity must contain; five working days unless a row says otherwise (certainty M).
fn last_day_of_publicity(a: &Award) -> Option<PartialDate> {
    let first = a.publicised_on?.0;
    let days = policy::shipped().limit("award-publicity-working-days", first)?;
    workdays::last_of(first, days)
}

fn publicity_takes_its_days(a: &Award) -> Option<Issue> {
    let last = last_day_of_publicity(a)?;
    last.is_surely_after(a.publicised_until?.0).then(|| {
        Issue::warning(field!(Award: "publicised_until"), "award-publicity").with("last", last)
    })
}

fn decided_after_publicity(a: &Award) -> Option<Issue> {
    let last = last_day_of_publicity(a)?;
    let decided = a.decided_on?.0;
    (!decided.is_surely_after(last))
        .then(|| Issue::warning(field!(Award: "decided_on"), "award-publicity").with("last", last))
}

fn a_certificate_needs_a_decision(a: &Award) -> Option<Issue> {
    (a.certificate_no.is_some() && a.decided_on.is_none())
        .then(|| Issue::warning(field!(Award: "decided_on"), "q11-empty"))
}

/// More nominations than the unit's quota, and the same award to the same one twice.
fn among(others: &dyn Registry, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
    let Ok(own) = Award::hydrate(fields) else { return Vec::new() };
    if !own.status.as_ref().is_none_or(AwardStatus::is_nominated) {
        return Vec::new();
    }
    let same = same_unit::<Award>(others, Kind::Award, own.unit);
    let same: Vec<Award> = same
        .into_iter()
        .filter(|(other, _)| Some(*other) != id)
        .map(|(_, award)| award)
        .filter(|other| other.year == own.year && other.category == own.category)
        .filter(|other| other.status.as_ref().is_none_or(AwardStatus::is_nominated))
        .collect();
    let twice = same.iter().any(|other| {
        (other.person, other.organization, &other.level)
            == (own.person, own.organization, &own.level)
    });
    let quota = same_unit::<AwardQuota>(others, Kind::AwardQuota, own.unit)
        .into_iter()
        .find(|(_, quota)| quota.year == own.year && quota.category == own.category);
    let places = quota.and_then(|(_, quota)| usize::try_from(quota.places.0).ok());
    let over = places.is_some_and(|places| same.len() >= places);
    let twice = twice.then(|| Issue::error("category", "q08-twice"));
    let over = over.then(|| Issue::warning("unit", "work-over-quota"));
    twice.into_iter().chain(over).collect()
}

/// The records of a kind whose `unit` is that unit.
fn same_unit<T: Record>(others: &dyn Registry, kind: Kind, unit: UnitRef) -> Vec<(RecordId, T)> {
    let Some(field) = kind.spec().field("unit") else { return Vec::new() };
    let found = others.find(kind, field.number, &Value::Ref(unit.0)).into_iter();
    found.filter_map(|id| Some((id, T::hydrate(&others.fields(id)?.1).ok()?))).collect()
}
