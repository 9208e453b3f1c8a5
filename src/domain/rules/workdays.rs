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

    type MonthDay = (i8, i8);

    /// The State Council's notices, written out by hand from their text and not from the calendar file: first and last day of each holiday,
    /// and the weekend days worked in their stead.
    struct Notice {
        year: i16,
        off: &'static [(MonthDay, MonthDay)],
        worked: &'static [MonthDay],
        /// Working days of the year, added up by hand: weekdays less holidays on weekdays, and the days worked.
        in_the_year: usize,
    }

    const NOTICES: [Notice; 3] = [
        // 國辦發明電〔2023〕7號: 元旦 1; 春節 2.10-17; 清明 4.4-6; 勞動節 5.1-5; 端午 6.10; 中秋 9.15-17; 國慶 10.1-7.
        Notice {
            year: 2024,
            off: &[
                ((1, 1), (1, 1)),
                ((2, 10), (2, 17)),
                ((4, 4), (4, 6)),
                ((5, 1), (5, 5)),
                ((6, 10), (6, 10)),
                ((9, 15), (9, 17)),
                ((10, 1), (10, 7)),
            ],
            worked: &[(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)],
            in_the_year: 251,
        },
        // 國辦發明電〔2024〕12號: 元旦 1; 春節 1.28-2.4; 清明 4.4-6; 勞動節 5.1-5; 端午 5.31-6.2; 國慶、中秋 10.1-8.
        Notice {
            year: 2025,
            off: &[
                ((1, 1), (1, 1)),
                ((1, 28), (2, 4)),
                ((4, 4), (4, 6)),
                ((5, 1), (5, 5)),
                ((5, 31), (6, 2)),
                ((10, 1), (10, 8)),
            ],
            worked: &[(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)],
            in_the_year: 248,
        },
        // 國辦發明電〔2025〕7號: 元旦 1.1-3; 春節 2.15-23; 清明 4.4-6; 勞動節 5.1-5; 端午 6.19-21; 中秋 9.25-27; 國慶 10.1-7.
        Notice {
            year: 2026,
            off: &[
                ((1, 1), (1, 3)),
                ((2, 15), (2, 23)),
                ((4, 4), (4, 6)),
                ((5, 1), (5, 5)),
                ((6, 19), (6, 21)),
                ((9, 25), (9, 27)),
                ((10, 1), (10, 7)),
            ],
            worked: &[(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
            in_the_year: 248,
        },
    ];

    impl Notice {
        fn is_worked(&self, day: Date) -> bool {
            let key = (day.month(), day.day());
            let off = self.off.iter().any(|(first, last)| (*first..=*last).contains(&key));
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            self.worked.contains(&key) || !off && !weekend
        }

        fn days(&self) -> impl Iterator<Item = Date> {
            let first = date(self.year, 1, 1);
            first
                .series(jiff::Span::new().days(1))
                .take_while(move |day| day.year() == first.year())
        }
    }

    /// 國務院辦公廳關於 2024、2025、2026 年部分節假日安排的通知.
    #[test]
    fn every_day_of_three_years_is_as_the_state_councils_notices_say() {
        for notice in NOTICES {
            for day in notice.days() {
                assert_eq!(is_workday(day), notice.is_worked(day), "{day}");
            }
            let worked = notice.days().filter(|day| notice.is_worked(*day)).count();
            assert_eq!(worked, notice.in_the_year, "{}", notice.year);
            let last = date(notice.year, 12, 31);
            assert_eq!(between(date(notice.year, 1, 1), last), notice.in_the_year);
        }
    }

    /// 公示 of five working days, from every day of three years, counted with the notices.
    #[test]
    fn five_days_of_publicity_end_where_the_notices_say() {
        let known: BTreeSet<Date> = NOTICES
            .iter()
            .flat_map(|notice| notice.days().filter(|day| notice.is_worked(*day)))
            .collect();
        let mut counted = 0;
        for first in NOTICES.iter().flat_map(Notice::days) {
            let Some(fifth) = known.range(first..).nth(4) else { continue };
            let first = PartialDate::from_civil(first).unwrap();
            assert_eq!(last_of(first, 5), PartialDate::from_civil(*fifth).ok(), "{first}");
            counted += 1;
        }
        assert!(counted > 1_080, "{counted}");
        // By hand: from Friday before 春節 2026 the days are 13, 14 (worked), 24, 25, 26 February.
        let day = |m, d| PartialDate::day(2026, m, d).unwrap();
        assert_eq!(last_of(day(2, 13), 5), Some(day(2, 26)));
        // And over New Year: 29, 30, 31 December 2025, 4 (worked) and 5 January 2026.
        let from = PartialDate::day(2025, 12, 29).unwrap();
        assert_eq!(last_of(from, 5), Some(day(1, 5)));
    }
}
