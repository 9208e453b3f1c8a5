//! Working days: weekends, the State Council's holidays and the weekend days worked in their stead (config/calendar/workdays.toml).
//!
//! Five working days of publicity cannot be counted without this. A year that the file does not have knows weekends only; ask
//! [`is_known`] before a day is defended with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use crate::domain::record::PartialDate;

#[derive(Deserialize)]
struct File {
    years: BTreeMap<String, Year>,
}

#[derive(Deserialize)]
struct Year {
    holidays: Vec<String>,
    worked: Vec<String>,
}

/// Days that differ from what their weekday says.
#[derive(Default)]
struct Calendar {
    years: BTreeSet<i16>,
    holidays: BTreeSet<Date>,
    worked: BTreeSet<Date>,
}

const TEXT: &str = include_str!("../../../config/calendar/workdays.toml");

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| read(TEXT).unwrap_or_default());

fn read(text: &str) -> Option<Calendar> {
    let file: File = toml::from_str(text).ok()?;
    let mut calendar = Calendar::default();
    for (year, days) in file.years {
        let day = |text: &String| format!("{year}-{text}").parse::<Date>().ok();
        calendar.years.insert(year.parse().ok()?);
        calendar.holidays.extend(days.holidays.iter().map(day).collect::<Option<Vec<_>>>()?);
        calendar.worked.extend(days.worked.iter().map(day).collect::<Option<Vec<_>>>()?);
    }
    Some(calendar)
}

/// True if the holidays of the year are in the calendar.
pub fn is_known(year: i16) -> bool {
    CALENDAR.years.contains(&year)
}

/// Returns the years whose holidays are in the calendar, in order.
pub fn known() -> impl Iterator<Item = i16> {
    CALENDAR.years.iter().copied()
}

/// True if the offices work on the day.
pub fn is_workday(day: Date) -> bool {
    if CALENDAR.worked.contains(&day) {
        return true;
    }
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    !weekend && !CALENDAR.holidays.contains(&day)
}

/// Returns the day on which so many working days are over; the first day counts if it is worked. `None` for none at all and outside the
/// calendar's range.
pub fn last_of(first: PartialDate, count: i64) -> Option<PartialDate> {
    let mut left = count;
    let mut day = first.civil()?;
    loop {
        if is_workday(day) {
            left -= 1;
            if left == 0 {
                return PartialDate::from_civil(day).ok();
            }
        }
        if left < 0 {
            return None;
        }
        day = day.tomorrow().ok()?;
    }
}

/// Returns the working days from one day to and with another.
pub fn between(first: Date, last: Date) -> usize {
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    days.take_while(|day| *day <= last).filter(|day| is_workday(*day)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_calendar_file_is_read() {
        assert!(read(TEXT).is_some());
        assert!(is_known(2018) && is_known(2026) && !is_known(2030));
    }

    #[test]
    fn a_year_has_the_working_days_that_the_state_council_left_it() {
        let year = |year| between(date(year, 1, 1), date(year, 12, 31));
        assert_eq!((year(2023), year(2024), year(2025), year(2026)), WORKDAYS);
    }

    /// 2023 to 2026, counted from the notices by another program (`chinesecalendar` 1.11.0).
    const WORKDAYS: (usize, usize, usize, usize) = (249, 251, 248, 248);

    #[test]
    fn a_weekend_day_worked_for_a_holiday_is_a_working_day() {
        assert!(is_workday(date(2026, 2, 14)) && !is_workday(date(2026, 2, 16)));
        assert!(!is_workday(date(2026, 10, 1)) && is_workday(date(2026, 10, 10)));
    }

    #[test]
    fn five_working_days_go_round_a_weekend_and_a_holiday() {
        let day = |y, m, d| PartialDate::day(y, m, d).unwrap();
        assert_eq!(last_of(day(2026, 6, 1), 5), Some(day(2026, 6, 5)));
        assert_eq!(last_of(day(2026, 6, 3), 5), Some(day(2026, 6, 9)));
        assert_eq!(last_of(day(2026, 6, 6), 5), Some(day(2026, 6, 12)));
        assert_eq!(last_of(day(2026, 9, 28), 5), Some(day(2026, 10, 9)));
        assert_eq!(last_of(day(2026, 6, 1), 0), None);
    }
}
