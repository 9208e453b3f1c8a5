//! Counted hours of study: the counting rule (校組通字〔2021〕31號 Art. 14, 5).
//!
//! One hour is one 學時. At most four count for a half day, and a half day counts once however many classes it is in: what a class
//! gives is laid into the half days of the sessions attended, or else of its dates, and a full half day takes no more. Hours of
//! different categories add up. A class of no dates counts as recorded.

use std::collections::BTreeMap;

use super::Ask;
use super::world::{Mark, Marks, Standing, World};
use crate::domain::ids::RecordId;
use crate::domain::record::{Date, PartialDate};
use crate::domain::rules::dates;
use crate::domain::training::session::{HALF_DAY_TENTHS, Session};
use crate::domain::training::training_class::TrainingClass;

/// Milliseconds of half a day of teaching: a longer session is in both halves.
const HALF_DAY_MS: i64 = 5 * 3_600_000;
/// Hour of the day from which a session is in the afternoon.
const NOON: i64 = 12;
const HOUR_MS: i64 = 3_600_000;
/// The offices' time zone is eight hours east.
const EAST_MS: i64 = 8 * HOUR_MS;

/// What one class gives a person.
struct Claim {
    /// Tenths of an hour recorded.
    hours: i64,
    place: Place,
}

/// The half days that hours are laid into, numbered from 1970.
#[derive(Clone)]
enum Place {
    /// From the first to the last.
    Dates(i32, i32),
    /// Sessions attended: half day and the most it gives.
    Sessions(Vec<(i32, i64)>),
    /// Not known.
    Anywhere,
}

/// True if the class belongs to the year's duty and was over on the day.
pub(super) fn counts(class: &TrainingClass, ask: Ask) -> bool {
    let over =
        class.ends_on.or(class.starts_on).is_none_or(|end| !end.0.is_surely_after(ask.as_of));
    class.year.0 == ask.year && class.counts.is_some_and(|counts| counts.0) && over
}

/// Counted hours by person, in tenths.
pub(super) struct Hours(Vec<(RecordId, i64)>);

impl Hours {
    /// Returns the hours of a person.
    pub(super) fn of(&self, person: RecordId) -> i64 {
        let at = self.0.binary_search_by_key(&person, |(person, _)| *person);
        at.ok().and_then(|at| self.0.get(at)).map_or(0, |(_, hours)| *hours)
    }
}

/// Returns the counted hours of every person who finished a class, in tenths.
pub(super) fn counted(world: &World, ask: Ask) -> Hours {
    let cap = world.policies.limit("half-day-hours", ask.as_of).map_or(HALF_DAY_TENTHS, |h| h * 10);
    let places = world.table(|_, class| counts(class, ask).then(|| place_of(class)));
    let held = held(world, ask);
    let mut marks = Marks::new(world);
    let mut sums = Vec::new();
    let mut claims: Vec<Claim> = Vec::new();
    for (person, seats) in world.seats_by_person() {
        let halves = attended(&held, marks.of(person));
        claims.clear();
        for seat in seats.iter().filter(|seat| seat.standing == Standing::Finished) {
            let Some(place) = places.of(seat) else { continue };
            let sessions: Vec<(i32, i64)> = halves
                .iter()
                .filter(|(class, _)| *class == seat.class)
                .flat_map(|(_, halves)| halves.iter().copied())
                .collect();
            let place = if sessions.is_empty() { place.clone() } else { Place::Sessions(sessions) };
            claims.push(Claim { hours: seat.hours, place });
        }
        if !claims.is_empty() {
            sums.push((person, laid(&mut claims, cap)));
        }
    }
    Hours(sums)
}

fn place_of(class: &TrainingClass) -> Place {
    let day = |date: Option<Date>| date.map(|Date(date)| date);
    let Some(first) = day(class.starts_on.or(class.ends_on)) else { return Place::Anywhere };
    let last = day(class.ends_on.or(class.starts_on)).and_then(PartialDate::last_day);
    let last = last.and_then(|last| PartialDate::from_civil(last).ok()).unwrap_or(first);
    Place::Dates(first.days() * 2, last.days().max(first.days()) * 2 + 1)
}

/// A session that counts: its class and the half days it is in, each with the tenths it gives.
type Held = (RecordId, Vec<(i32, i64)>);

fn held(world: &World, ask: Ask) -> BTreeMap<RecordId, Held> {
    let of_year = |session: &Session| {
        world.classes.get(&session.class.0).is_some_and(|class| counts(class, ask))
    };
    let sessions = world.sessions.iter().filter(|(_, session)| of_year(session));
    sessions.map(|(id, session)| (*id, (session.class.0, halves_of(session)))).collect()
}

/// Returns the sessions that a person attended, each once however many marks say so.
fn attended<'a>(held: &'a BTreeMap<RecordId, Held>, marks: &[Mark]) -> Vec<&'a Held> {
    let mut present: Vec<RecordId> =
        marks.iter().filter(|mark| mark.present).map(|mark| mark.session).collect();
    present.dedup();
    present.iter().filter_map(|session| held.get(session)).collect()
}

/// Returns the half days of a session, each with the tenths it gives.
pub fn halves_of(session: &Session) -> Vec<(i32, i64)> {
    let start = session.starts_at.0 + EAST_MS;
    let length = session.ends_at.map(|end| end.0 - session.starts_at.0);
    let day = i32::try_from(start.div_euclid(24 * HOUR_MS)).unwrap_or_default();
    let long = length.is_some_and(|length| length > HALF_DAY_MS);
    let afternoon = start.rem_euclid(24 * HOUR_MS) / HOUR_MS >= NOON;
    // One hour is one 學時; a session without an end and without hours gives a whole half day.
    let tenths = session.hours.map(|hours| hours.0).or(length.map(|length| length * 10 / HOUR_MS));
    let tenths = tenths.unwrap_or(HALF_DAY_TENTHS);
    if long {
        return vec![(day * 2, tenths / 2), (day * 2 + 1, tenths - tenths / 2)];
    }
    vec![(day * 2 + i32::from(afternoon), tenths)]
}

/// Returns the last half day of a claim, for the order in which claims are laid.
fn last_of(claim: &Claim) -> i32 {
    match &claim.place {
        Place::Sessions(halves) => halves.iter().map(|(half, _)| *half).max().unwrap_or(i32::MIN),
        Place::Dates(_, last) => *last,
        Place::Anywhere => i32::MAX,
    }
}

/// Returns the sum where every claim has its dates to itself; `None` if they overlap or are kept by sessions.
fn apart(claims: &[Claim], cap: i64) -> Option<i64> {
    let (mut sum, mut taken) = (0, i32::MIN);
    for claim in claims {
        match claim.place {
            Place::Dates(first, last) if first > taken => {
                sum += claim.hours.min(cap * i64::from(last - first + 1)).max(0);
                taken = last;
            }
            _ => return None,
        }
    }
    Some(sum)
}

/// Lays the claims of one person into half days and returns what found room.
fn laid(claims: &mut [Claim], cap: i64) -> i64 {
    // What ends first is laid first: then a long class leaves the days to a short one within it.
    claims.sort_by_key(last_of);
    if let Some(sum) = apart(claims, cap) {
        return sum;
    }
    let mut used: BTreeMap<i32, i64> = BTreeMap::new();
    let mut sum = 0;
    for claim in claims {
        let mut left = claim.hours;
        let mut lay = |half: i32, most: i64| {
            let full = used.entry(half).or_default();
            let taken = left.min(most).min(cap - *full).max(0);
            *full += taken;
            left -= taken;
            sum += taken;
            left > 0
        };
        match &claim.place {
            Place::Sessions(halves) => {
                for (half, most) in halves {
                    if !lay(*half, *most) {
                        break;
                    }
                }
            }
            Place::Dates(first, last) => {
                for half in *first..=*last {
                    if !lay(half, cap) {
                        break;
                    }
                }
            }
            Place::Anywhere => sum += claim.hours,
        }
    }
    sum
}

/// Returns the last day of a class, as far as it is known.
pub(super) fn end_of(class: &TrainingClass) -> Option<PartialDate> {
    class.ends_on.or(class.starts_on).map(|Date(end)| end)
}

/// True if the class ended after one day and not later than some months after it.
pub(super) fn ended_within(class: &TrainingClass, from: PartialDate, months: i32) -> bool {
    let (Some(end), Some(last)) = (end_of(class), dates::plus_months(from, months)) else {
        return false;
    };
    !from.is_surely_after(end) && !end.is_surely_after(last)
}
