//! Promotion: organizers in post who have the years and the reviews for the next rank / organizers in post whose rank has a next one.
//!
//! Whoever lacks a condition is listed with the first day of full years and the conditions missing. Where the rule asks for a place and
//! headquarters approved some for the next rank, those held are subtracted: with none left the place is a condition that is missing, named with
//! the decision it comes from. Where nobody said how many there are, those with everything else are listed as needing one. The list decides
//! nothing: a person looks at it.

use std::collections::BTreeMap;

use super::share::{Answer, Figure, Item, Note};
use super::world::World;
use super::{Ask, Report};
use super::{people, places_by_rank};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::domain::rules::service::{self, Period};
use crate::domain::rules::{dates, policy::PromotionRule};
use crate::domain::staff::appointment::Appointment;
use crate::domain::staff::staff_file::{StaffFile, StaffStatus};
use crate::domain::staff::staff_review::StaffReview;

pub(super) const REPORT: Report = Report {
    name: "promotion-eligibility",
    counts: Kind::StaffFile,
    needs: &[
        Kind::Unit,
        Kind::StaffFile,
        Kind::Appointment,
        Kind::StaffReview,
        Kind::Establishment,
        Kind::Policy,
    ],
    source: "國人部發〔2006〕87號 [P]; 四川大學 2024: places by rank [V]; notice of 2018, item 6: work done and years in post [S]",
    run,
};

/// A condition that is not met yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The day of the present rank is not recorded.
    RankDate,
    /// The years in the present rank are not full.
    Years,
    /// A review of a whole year in rank was "not competent", or there is none.
    Reviews,
    /// The probation is not over.
    Probation,
    /// Every place approved for the next rank is held.
    NoPlace,
}

impl Missing {
    /// Returns the stable word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RankDate => "rank-date",
            Self::Years => "years",
            Self::Reviews => "reviews",
            Self::Probation => "probation",
            Self::NoPlace => "no-place",
        }
    }
}

fn run(world: &World, ask: Ask) -> Answer {
    let mut of_file: BTreeMap<RecordId, Vec<&Appointment>> = BTreeMap::new();
    for (_, appointment) in &world.appointments {
        of_file.entry(appointment.staff_file.0).or_default().push(appointment);
    }
    let mut reviews: BTreeMap<RecordId, Vec<&StaffReview>> = BTreeMap::new();
    for (_, review) in &world.staff_reviews {
        reviews.entry(review.staff_file.0).or_default().push(review);
    }
    let places = places_by_rank::places(world, ask.as_of);
    let mut figure = Figure::default();
    let (mut needs_place, mut served) = (Vec::new(), Vec::new());
    for (id, person, file) in people::organizers(world, ask.as_of) {
        let months = service::full_months(&service_of(world, person, &of_file), ask.as_of);
        served.push(Item { id, note: Some(Note::Months(months)) });
        let rank = file.rank.as_ref().map(|rank| rank.0.as_str());
        let Some(rule) = rank.and_then(|rank| world.policies.promotion_rule(rank, ask.as_of))
        else {
            continue;
        };
        let appointments = of_file.get(&id).map_or(&[][..], Vec::as_slice);
        let reviews = reviews.get(&id).map_or(&[][..], Vec::as_slice);
        let (from, by) = outlook(file, appointments, reviews, rule, ask.as_of);
        let next = (file.unit.0, rule.to.as_str());
        let places = places.get(&next).copied().filter(|_| rule.needs_quota);
        let full = places.is_some_and(|places| !places.has_room());
        let [a, b, c, d] = by;
        let by = [a, b, c, d, full.then_some(Missing::NoPlace)];
        let ready = by.iter().all(Option::is_none);
        if ready && rule.needs_quota {
            needs_place.push(Item::plain(id));
        }
        figure.note(
            world.secondary(file.unit.0),
            id,
            ready,
            Some(Note::Blocked { from, by, places }),
        );
    }
    Answer::new(figure).listing("needs-place", needs_place).listing("service-months", served)
}

/// Returns when somebody worked as an organizer, by all files and appointments; periods may overlap.
fn service_of(
    world: &World,
    person: RecordId,
    appointments: &BTreeMap<RecordId, Vec<&Appointment>>,
) -> Vec<Period> {
    let files =
        world.staff_files.iter().filter(|(_, file)| file.person.map(|p| p.0) == Some(person));
    let mut periods = Vec::new();
    for (id, file) in files {
        let own = file.appointed_on.map(|from| (from.0, file.left_on.map(|to| to.0)));
        let more = appointments.get(id).into_iter().flatten();
        periods.extend(own);
        periods.extend(more.map(|a| (a.from_on.0, a.to_on.or(file.left_on).map(|to| to.0))));
    }
    periods
}

/// Returns when the years in rank are full, and the conditions missing on the day.
fn outlook(
    file: &StaffFile,
    appointments: &[&Appointment],
    reviews: &[&StaffReview],
    rule: &PromotionRule,
    as_of: PartialDate,
) -> (Option<PartialDate>, [Option<Missing>; 4]) {
    let in_rank: Vec<Period> = appointments
        .iter()
        .filter(|a| a.rank.is_some() && a.rank == file.rank && !a.from_on.0.is_surely_after(as_of))
        .map(|a| (a.from_on.0, a.to_on.map(|to| to.0)))
        .collect();
    let open = in_rank.iter().filter(|(_, to)| to.is_none()).map(|(from, _)| *from).min();
    let since = file.rank_since.map(|since| since.0).or(open);
    // Earlier periods in the same rank count too, once each.
    let before = since.map_or(0, |since| {
        let earlier: Vec<Period> =
            in_rank.iter().filter(|(from, _)| *from < since).copied().collect();
        service::full_months(&earlier, since)
    });
    let needed = (i32::from(rule.min_years) * 12 - before).max(0);
    let from = since.and_then(|since| dates::plus_months(since, needed));
    let probation = file.status == Some(StaffStatus::Probation);
    let by = [
        since.is_none().then_some(Missing::RankDate),
        from.is_some_and(|from| from > as_of).then_some(Missing::Years),
        since.is_some_and(|since| !reviewed(since, as_of, reviews)).then_some(Missing::Reviews),
        probation.then_some(Missing::Probation),
    ];
    (from, by)
}

/// True if every whole calendar year in rank has a review that is not "not competent".
fn reviewed(since: PartialDate, as_of: PartialDate, reviews: &[&StaffReview]) -> bool {
    let (Some(first), Some(last)) = (dates::year_of(since), dates::year_of(as_of)) else {
        return false;
    };
    (first + 1..last).all(|year| {
        let of_year = reviews.iter().find(|review| review.year.0 == i64::from(year));
        let grade = of_year.and_then(|review| review.grade.as_ref());
        grade.is_some_and(|grade| grade.0 != "not_competent")
    })
}
