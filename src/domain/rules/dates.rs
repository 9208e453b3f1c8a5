//! Order of dates that are known to the day, the month or the year: an issue is raised only when it is certain.

use crate::domain::record::parse::parse_date;
use crate::domain::record::{Date, FieldId, Issue, ParseContext, PartialDate, Precision};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// The offices' time zone is eight hours east; a deadline's day is the day there.
const EAST_MS: i64 = 8 * 3_600_000;

/// Returns an error on `later` if `first` surely comes after it.
pub fn order(first: Option<Date>, second: Option<Date>, later: FieldId) -> Option<Issue> {
    let (first, second) = (first?.0, second?.0);
    first
        .is_surely_after(second)
        .then(|| Issue::error(later, "q05-order").with("before", first).with("after", second))
}

/// True if the two dates cannot be the same day.
pub fn differ(a: PartialDate, b: PartialDate) -> bool {
    a.is_surely_after(b) || b.is_surely_after(a)
}

/// True if the span from `start` to `end` has surely fewer days than `days`.
pub fn surely_shorter(start: PartialDate, end: PartialDate, days: i32) -> bool {
    let Some(end) = end.last_day().and_then(|day| PartialDate::from_civil(day).ok()) else {
        return false;
    };
    end.days() - start.days() < days
}

/// Returns the same day a number of years later, at the same precision; 29 February becomes the 28th. `None` after 2199.
pub fn plus_years(date: PartialDate, years: i16) -> Option<PartialDate> {
    let day = date.civil()?.checked_add(jiff::Span::new().try_years(years).ok()?).ok()?;
    match date.precision() {
        Precision::Day => PartialDate::from_civil(day).ok(),
        Precision::Month => PartialDate::month(day.year(), day.month()).ok(),
        Precision::Year => PartialDate::year(day.year()).ok(),
    }
}

/// Returns the same day a number of months later (earlier if negative), at the same precision, a year as its first day; the 31st
/// becomes the last day of a shorter month. `None` outside 1900-2199.
pub fn plus_months(date: PartialDate, months: i32) -> Option<PartialDate> {
    let day = date.civil()?.checked_add(jiff::Span::new().try_months(months).ok()?).ok()?;
    match date.precision() {
        Precision::Month => PartialDate::month(day.year(), day.month()).ok(),
        Precision::Day | Precision::Year => PartialDate::from_civil(day).ok(),
    }
}

/// Returns the last day of a date's month or year, or the day itself.
pub fn end_of(date: PartialDate) -> PartialDate {
    date.last_day().and_then(|day| PartialDate::from_civil(day).ok()).unwrap_or(date)
}

/// Returns the civil day of a moment (milliseconds since 1970) in the offices' time zone.
pub fn day_of(moment: i64) -> Option<PartialDate> {
    let days = moment.checked_add(EAST_MS)?.div_euclid(DAY_MS);
    PartialDate::from_days(i32::try_from(days).ok()?, Precision::Day).ok()
}

/// Reads a day as it is written in a list of days: `2025-06-01`, `2025.6.1`.
pub fn written(text: &str) -> Option<PartialDate> {
    parse_date(text, &ParseContext::sheet(jiff::civil::Date::constant(2000, 1, 1)))
}

/// Returns the calendar year of a date.
pub fn year_of(date: PartialDate) -> Option<i16> {
    date.civil().map(jiff::civil::Date::year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(year: i16, month: i8) -> PartialDate {
        PartialDate::month(year, month).unwrap()
    }

    fn day(year: i16, month: i8, day: i8) -> PartialDate {
        PartialDate::day(year, month, day).unwrap()
    }

    #[test]
    fn a_month_gives_no_false_order_or_difference() {
        assert!(!differ(month(1977, 9), day(1977, 9, 1)));
        assert!(!differ(month(1977, 9), day(1977, 9, 30)));
        assert!(differ(month(1977, 9), day(1977, 10, 1)));
    }

    #[test]
    fn a_short_span_is_named_only_when_certain() {
        assert!(surely_shorter(day(2020, 1, 1), day(2020, 6, 1), 350));
        assert!(!surely_shorter(month(2020, 6), month(2021, 5), 350));
        assert!(!surely_shorter(PartialDate::year(2020).unwrap(), month(2020, 12), 350));
    }

    #[test]
    fn years_are_added_at_the_precision_given() {
        assert_eq!(plus_years(day(2004, 2, 29), 1), Some(day(2005, 2, 28)));
        assert_eq!(plus_years(month(2004, 2), 18), Some(month(2022, 2)));
        assert_eq!(plus_years(day(2199, 1, 1), 1), None);
    }

    #[test]
    fn a_moment_falls_on_the_offices_day() {
        assert_eq!(day_of(0), Some(day(1970, 1, 1)));
        assert_eq!(day_of(16 * 3_600_000), Some(day(1970, 1, 2)));
        assert_eq!(day_of(i64::MAX), None);
    }
}
