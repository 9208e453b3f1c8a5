//! Civil dates as offices give them: to the day, to the month or to the year.

use std::fmt;

use jiff::civil;
use serde::{Deserialize, Serialize};

/// How exactly a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Precision {
    /// Day, month and year.
    Day,
    /// Month and year (`2018.06`).
    Month,
    /// Year only.
    Year,
}

/// A civil date with the precision it was given in; a month is held as its first day, a year as 1 January.
///
/// Civil: it belongs to no time zone. Ordered by the day held, then by precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PartialDate {
    days: i32,
    precision: Precision,
}

/// The text or the numbers are no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date between 1900-01-01 and 2199-12-31")]
pub struct DateError;

/// The first year accepted: nobody in the records was born before it, and Excel's serials start there.
const FIRST_YEAR: i16 = 1900;
/// The last year accepted: beyond it a typing error is certain.
const LAST_YEAR: i16 = 2199;

impl PartialDate {
    /// Makes a date to the day.
    ///
    /// # Errors
    /// [`DateError`] if there is no such day or the year is outside 1900-2199.
    pub fn day(year: i16, month: i8, day: i8) -> Result<Self, DateError> {
        Self::new(year, month, day, Precision::Day)
    }

    /// Makes a date to the month, held as its first day.
    ///
    /// # Errors
    /// [`DateError`] as for [`PartialDate::day`].
    pub fn month(year: i16, month: i8) -> Result<Self, DateError> {
        Self::new(year, month, 1, Precision::Month)
    }

    /// Makes a date to the year, held as 1 January.
    ///
    /// # Errors
    /// [`DateError`] as for [`PartialDate::day`].
    pub fn year(year: i16) -> Result<Self, DateError> {
        Self::new(year, 1, 1, Precision::Year)
    }

    fn new(year: i16, month: i8, day: i8, precision: Precision) -> Result<Self, DateError> {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return Err(DateError);
        }
        let date = civil::Date::new(year, month, day).map_err(|_no_such_day| DateError)?;
        Ok(Self { days: days_since_epoch(date), precision })
    }

    /// Takes a civil date to the day.
    ///
    /// # Errors
    /// [`DateError`] if the year is outside 1900-2199.
    pub fn from_civil(date: civil::Date) -> Result<Self, DateError> {
        Self::day(date.year(), date.month(), date.day())
    }

    /// Rebuilds a stored date.
    ///
    /// # Errors
    /// [`DateError`] if the day count is outside 1900-2199.
    pub fn from_days(days: i32, precision: Precision) -> Result<Self, DateError> {
        let date = Self { days, precision };
        match date.civil() {
            Some(day) if (FIRST_YEAR..=LAST_YEAR).contains(&day.year()) => Ok(date),
            _ => Err(DateError),
        }
    }

    /// Returns the days since 1970-01-01 of the day held.
    pub const fn days(self) -> i32 {
        self.days
    }

    /// Returns how exactly the date is known.
    pub const fn precision(self) -> Precision {
        self.precision
    }

    /// Returns the day held as a civil date; `None` only for a value outside jiff's range, which the constructors refuse.
    pub fn civil(self) -> Option<civil::Date> {
        civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().try_days(i64::from(self.days)).ok()?)
            .ok()
    }

    /// Returns the first day that is certainly after this date: what a span that starts here may be counted from.
    pub fn last_day(self) -> Option<civil::Date> {
        let first = self.civil()?;
        match self.precision {
            Precision::Day => Some(first),
            Precision::Month => Some(first.last_of_month()),
            Precision::Year => Some(first.last_of_year()),
        }
    }

    /// True if this date is surely later than `other`, whatever days stand behind months and years.
    pub fn is_surely_after(self, other: Self) -> bool {
        match (self.civil(), other.last_day()) {
            (Some(mine), Some(theirs)) => mine > theirs,
            _ => false,
        }
    }
}

/// ISO 8601, as far as the date is known: `2018-06-01`, `2018-06`, `2018`.
impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(date) = self.civil() else { return f.write_str("?") };
        match self.precision {
            Precision::Day => write!(f, "{date}"),
            Precision::Month => write!(f, "{:04}-{:02}", date.year(), date.month()),
            Precision::Year => write!(f, "{:04}", date.year()),
        }
    }
}

fn days_since_epoch(date: civil::Date) -> i32 {
    date.since(civil::date(1970, 1, 1)).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_not_surely_after_a_day_within_it() {
        let june = PartialDate::month(2018, 6).unwrap();
        let tenth = PartialDate::day(2018, 6, 10).unwrap();
        assert!(!june.is_surely_after(tenth));
        assert!(!tenth.is_surely_after(june));
        assert!(PartialDate::month(2018, 7).unwrap().is_surely_after(june));
    }

    #[test]
    fn dates_print_as_far_as_they_are_known() {
        assert_eq!(PartialDate::day(2018, 6, 1).unwrap().to_string(), "2018-06-01");
        assert_eq!(PartialDate::month(2018, 6).unwrap().to_string(), "2018-06");
        assert_eq!(PartialDate::year(2018).unwrap().to_string(), "2018");
    }

    #[test]
    fn impossible_days_and_far_years_are_refused() {
        assert_eq!(PartialDate::day(2018, 2, 30), Err(DateError));
        assert_eq!(PartialDate::day(1899, 1, 1), Err(DateError));
        assert_eq!(PartialDate::from_days(i32::MAX, Precision::Day), Err(DateError));
    }
}
