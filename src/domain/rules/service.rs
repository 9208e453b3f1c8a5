//! Years of service and in rank: full months of periods that may overlap; no month counts twice.

use crate::domain::record::PartialDate;
use crate::domain::rules::dates;

/// From the first day; to the last, absent while it lasts.
pub type Period = (PartialDate, Option<PartialDate>);

/// Returns the full months that the periods cover together up to and with a day.
///
/// Each stretch without a gap is counted in full months from its first day: from 15 March to 14 June are three. A date known to the
/// month or year counts from its first day and to its last.
pub fn full_months(periods: &[Period], as_of: PartialDate) -> i32 {
    let end = dates::end_of(as_of).days();
    let mut spans: Vec<(PartialDate, i32)> = periods
        .iter()
        .filter(|(from, _)| from.days() <= end)
        .map(|(from, to)| (*from, to.map_or(end, |to| dates::end_of(to).days().min(end))))
        .filter(|(from, to)| from.days() <= *to)
        .collect();
    spans.sort_unstable();
    let mut merged: Vec<(PartialDate, i32)> = Vec::new();
    for (from, to) in spans {
        match merged.last_mut() {
            Some((_, last)) if from.days() <= *last + 1 => *last = to.max(*last),
            _ => merged.push((from, to)),
        }
    }
    merged.into_iter().map(|(from, to)| months_between(from, to)).sum()
}

/// Full months from a day to and with another.
fn months_between(from: PartialDate, to: i32) -> i32 {
    let starts_day_after =
        |months: i32| dates::plus_months(from, months).is_some_and(|next| next.days() <= to + 1);
    // No month has more than 31 days, so that the guess is not too high, and at most one in twelve too low.
    let guess = (to - from.days()) / 31;
    (guess.max(0)..=guess.max(0) + guess / 12 + 2)
        .take_while(|months| starts_day_after(*months))
        .last()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: i8, day: i8) -> PartialDate {
        PartialDate::day(year, month, day).unwrap()
    }

    #[test]
    fn overlapping_periods_count_once_and_gaps_do_not_count() {
        let today = day(2026, 6, 30);
        let period = |from, to| (from, Some(to));
        let twice = [
            period(day(2020, 1, 1), day(2021, 12, 31)),
            period(day(2021, 1, 1), day(2022, 12, 31)),
        ];
        assert_eq!(full_months(&twice, today), 36);
        let gap =
            [period(day(2020, 1, 1), day(2020, 6, 30)), period(day(2021, 1, 1), day(2021, 6, 30))];
        assert_eq!(full_months(&gap, today), 12);
        assert_eq!(full_months(&[], today), 0);
        assert_eq!(full_months(&[(day(2027, 1, 1), None)], today), 0);
    }

    #[test]
    fn a_month_is_full_on_the_day_before_its_like_and_leap_days_are_no_exception() {
        let from = |from| move |to| full_months(&[(from, None)], to);
        let march = from(day(2026, 3, 15));
        assert_eq!((march(day(2026, 6, 13)), march(day(2026, 6, 14))), (2, 3));
        let leap = from(day(2024, 2, 29));
        assert_eq!((leap(day(2025, 2, 26)), leap(day(2025, 2, 27))), (11, 12));
        assert_eq!(from(day(2025, 12, 31))(day(2026, 1, 30)), 1);
        assert_eq!(
            full_months(&[(PartialDate::month(2025, 1).unwrap(), None)], day(2025, 12, 31)),
            12
        );
    }
}
