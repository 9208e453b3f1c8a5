//! How often each value of a column occurs, which records have a ticked value, and sums of a column.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Client;
use super::error::ClientError;
use super::list::{Query, Subject, subject};
use super::threads;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::query::Facet;
use crate::domain::record::{PartialDate, ValueKind};
use crate::store::Row;
use crate::wire::ValueRef;

/// Some records of a list that have the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bin {
    /// The value, or the stretch of values.
    pub bucket: Bucket,
    /// How many records.
    pub count: usize,
}

/// A value, or a stretch of values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// A text.
    Text(String),
    /// A code.
    Code(String),
    /// A flag, or a number by itself.
    Number(i64),
    /// Numbers from the first to before the second.
    Span(i64, i64),
    /// A year, or a year and a month: `2026`, `2026-03`.
    Period(String),
    /// Another record.
    Ref(RecordId),
    /// No value.
    Empty,
}

impl Bucket {
    /// Returns the text that stands for it in a [`Facet`].
    pub fn key(&self) -> String {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Period(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Span(from, to) => format!("{from}..{to}"),
            Self::Ref(id) => id.to_string(),
            Self::Empty => String::new(),
        }
    }
}

/// What a column adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records with a value.
    pub filled: usize,
    /// Different values.
    pub distinct: usize,
    /// Sum of numbers; 0 for other columns.
    pub sum: i64,
}

/// Most different numbers that are counted one by one.
const MOST_NUMBERS: usize = 12;
/// Most years that are counted month by month.
const MOST_YEARS: i32 = 3;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Milliseconds by which the offices' clocks are before UTC.
const OFFICE_MS: i64 = 8 * 3_600_000;

impl Client {
    /// Returns how often each value of a field occurs among the records of a query: dates by time, numbers by size, everything
    /// else the most frequent first; records without a value last.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a field the kind does not have.
    pub fn bins(&self, query: &Query, field: &str) -> Result<Vec<Bin>, ClientError> {
        let subject = subject(query.kind, field)?;
        let inner = self.lock();
        let rows = inner.selected(query)?;
        Ok(count(&rows, subject))
    }

    /// Returns what columns add up to over these records.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a field the kind does not have.
    pub fn totals(
        &self,
        kind: Kind,
        ids: &[RecordId],
        fields: &[&str],
    ) -> Result<Vec<Totals>, ClientError> {
        let inner = self.lock();
        let rows: Vec<&Row> = ids.iter().filter_map(|id| inner.rows.get(id)).collect();
        fields.iter().map(|field| Ok(total(&rows, subject(kind, field)?))).collect()
    }

    /// Returns those of the ids that have the same value in a field as one of them.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a field the kind does not have.
    pub fn same(
        &self,
        kind: Kind,
        ids: &[RecordId],
        field: &str,
        like: RecordId,
    ) -> Result<Vec<RecordId>, ClientError> {
        let subject = subject(kind, field)?;
        let inner = self.lock();
        let Some(wanted) = inner.rows.get(&like) else { return Ok(Vec::new()) };
        let wanted = subject.of(wanted);
        let is_same = |id: &&RecordId| {
            inner.rows.get(id).is_some_and(|row| order(&subject.of(row)) == order(&wanted))
        };
        Ok(ids.iter().filter(is_same).copied().collect())
    }
}

/// A value as it is told from others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    Text(&'a str),
    Code(&'a str),
    Number(i64),
    Day(i32),
    Ref(RecordId),
    Empty,
}

fn order<'a>(value: &ValueRef<'a>) -> Value<'a> {
    match value {
        ValueRef::Text("") | ValueRef::Code("") | ValueRef::Empty => Value::Empty,
        ValueRef::Text(text) => Value::Text(text),
        ValueRef::Code(code) => Value::Code(code),
        ValueRef::Number(number) => Value::Number(*number),
        ValueRef::Date(date) => Value::Day(date.days()),
        ValueRef::Ref(id) => Value::Ref(*id),
    }
}

fn is_moment(subject: Subject) -> bool {
    match subject {
        Subject::Created => true,
        Subject::Field(field) => field.kind == ValueKind::Instant,
        Subject::Unit => false,
    }
}

fn day_of(ms: i64) -> i32 {
    i32::try_from((ms + OFFICE_MS).div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}

fn count(rows: &[&Row], subject: Subject) -> Vec<Bin> {
    let moment = is_moment(subject);
    let mut counts: BTreeMap<Value<'_>, usize> = BTreeMap::new();
    for row in rows {
        let value = match order(&subject.of(row)) {
            Value::Number(ms) if moment => Value::Day(day_of(ms)),
            value => value,
        };
        *counts.entry(value).or_default() += 1;
    }
    let empty = counts.remove(&Value::Empty);
    let mut bins = match counts.first_key_value() {
        Some((Value::Day(_), _)) => by_time(&counts),
        Some((Value::Number(_), _)) => by_size(&counts),
        _ => by_frequency(&counts),
    };
    bins.extend(empty.map(|count| Bin { bucket: Bucket::Empty, count }));
    bins
}

fn by_frequency(counts: &BTreeMap<Value<'_>, usize>) -> Vec<Bin> {
    let bin = |(value, count): (&Value<'_>, &usize)| Bin {
        bucket: match *value {
            Value::Text(text) => Bucket::Text(text.to_owned()),
            Value::Code(code) => Bucket::Code(code.to_owned()),
            Value::Number(number) => Bucket::Number(number),
            Value::Day(day) => Bucket::Number(i64::from(day)),
            Value::Ref(id) => Bucket::Ref(id),
            Value::Empty => Bucket::Empty,
        },
        count: *count,
    };
    let mut bins: Vec<Bin> = counts.iter().map(bin).collect();
    bins.sort_by_key(|bin| std::cmp::Reverse(bin.count));
    bins
}

fn by_size(counts: &BTreeMap<Value<'_>, usize>) -> Vec<Bin> {
    let number = |value: &Value<'_>| if let Value::Number(number) = value { *number } else { 0 };
    let ends = counts.first_key_value().zip(counts.last_key_value());
    let Some(((least, _), (most, _))) = ends else { return Vec::new() };
    let step = if counts.len() > MOST_NUMBERS { step(number(most) - number(least)) } else { 0 };
    let mut bins: Vec<Bin> = Vec::new();
    for (value, count) in counts {
        let bucket = match number(value) {
            number if step == 0 => Bucket::Number(number),
            number => {
                let from = number.div_euclid(step) * step;
                Bucket::Span(from, from + step)
            }
        };
        push(&mut bins, bucket, *count);
    }
    bins
}

/// Returns a round width that cuts a span into five to fifteen parts.
fn step(span: i64) -> i64 {
    let mut width = 1;
    while span / width > 12 {
        width = match width.to_string().as_bytes().first() {
            Some(b'2') => width / 2 * 5,
            _ => width * 2,
        };
    }
    width
}

fn by_time(counts: &BTreeMap<Value<'_>, usize>) -> Vec<Bin> {
    let day = |value: &Value<'_>| if let Value::Day(day) = value { *day } else { 0 };
    let ends = counts.first_key_value().zip(counts.last_key_value());
    let Some(((first, _), (last, _))) = ends else { return Vec::new() };
    let by_month = (day(last) - day(first)) / 365 <= MOST_YEARS;
    let mut bins: Vec<Bin> = Vec::new();
    for (value, count) in counts {
        let precision = crate::domain::record::Precision::Day;
        let date = PartialDate::from_days(day(value), precision).ok().and_then(PartialDate::civil);
        let period = date.map_or_else(String::new, |date| {
            if by_month {
                format!("{:04}-{:02}", date.year(), date.month())
            } else {
                format!("{:04}", date.year())
            }
        });
        push(&mut bins, Bucket::Period(period), *count);
    }
    bins
}

fn push(bins: &mut Vec<Bin>, bucket: Bucket, count: usize) {
    match bins.last_mut().filter(|last| last.bucket == bucket) {
        Some(last) => last.count += count,
        None => bins.push(Bin { bucket, count }),
    }
}

fn total(rows: &[&Row], subject: Subject) -> Totals {
    let mut values: Vec<Value<'_>> =
        rows.iter().map(|row| order(&subject.of(row))).filter(|v| *v != Value::Empty).collect();
    let numbers = values.iter().map(|v| if let Value::Number(n) = v { *n } else { 0 });
    let sum = numbers.fold(0_i64, i64::saturating_add);
    let filled = values.len();
    values.sort_unstable();
    values.dedup();
    Totals { filled, distinct: values.len(), sum }
}

/// The values of a facet, understood once.
#[derive(Default)]
struct Ticked {
    texts: BTreeSet<String>,
    ids: BTreeSet<RecordId>,
    spans: Vec<Range<i64>>,
    days: Vec<Range<i32>>,
    empty: bool,
}

impl Ticked {
    fn new(facet: &Facet) -> Self {
        let mut ticked = Self { texts: facet.values.clone(), ..Self::default() };
        for text in &facet.values {
            ticked.empty |= text.is_empty();
            ticked.ids.extend(text.parse::<RecordId>());
            ticked.days.extend(days(text));
            let number = |text: &str| text.parse::<i64>().ok();
            if let Some((from, to)) = text.split_once("..") {
                ticked.spans.extend(number(from).zip(number(to)).map(|(from, to)| from..to));
            } else {
                ticked.spans.extend(number(text).map(|number| number..number.saturating_add(1)));
            }
        }
        ticked
    }

    fn holds(&self, value: Value<'_>, moment: bool) -> bool {
        match value {
            Value::Text(text) | Value::Code(text) => self.texts.contains(text),
            Value::Number(ms) if moment => self.holds(Value::Day(day_of(ms)), false),
            Value::Number(number) => self.spans.iter().any(|span| span.contains(&number)),
            Value::Day(day) => self.days.iter().any(|span| span.contains(&day)),
            Value::Ref(id) => self.ids.contains(&id),
            Value::Empty => self.empty,
        }
    }
}

/// Returns the days of a year or a month.
fn days(period: &str) -> Option<Range<i32>> {
    let date = match period.split_once('-') {
        None => PartialDate::year(period.parse().ok()?),
        Some((year, month)) => PartialDate::month(year.parse().ok()?, month.parse().ok()?),
    };
    let date = date.ok()?;
    let last = PartialDate::from_civil(date.last_day()?).ok()?;
    Some(date.days()..last.days() + 1)
}

/// Keeps the rows that have one of the ticked values in every field with some.
pub(super) fn keep_ticked(
    kind: Kind,
    rows: &mut Vec<&Row>,
    facets: &[Facet],
) -> Result<(), ClientError> {
    for facet in facets.iter().filter(|facet| !facet.values.is_empty()) {
        let subject = subject(kind, &facet.field)?;
        let ticked = Ticked::new(facet);
        let moment = is_moment(subject);
        threads::keep(rows, |row| ticked.holds(order(&subject.of(row)), moment));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_into_round_spans() {
        assert_eq!([step(0), step(12), step(40), step(400), step(90_000)], [1, 1, 5, 50, 10_000]);
    }

    #[test]
    fn a_month_has_its_days_and_a_year_too() {
        let month = days("2026-02").unwrap();
        assert_eq!(month.end - month.start, 28);
        let year = days("2024").unwrap();
        assert_eq!(year.end - year.start, 366);
        assert_eq!(days("2026-13"), None);
        assert_eq!(days("x"), None);
    }

    #[test]
    fn ticked_values_are_told_by_the_sort_of_value() {
        let facet = |values: &[&str]| Facet {
            field: "x".into(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        };
        let ticked = Ticked::new(&facet(&["10..20", "5", "a", ""]));
        assert!(ticked.holds(Value::Number(10), false) && ticked.holds(Value::Number(5), false));
        assert!(!ticked.holds(Value::Number(20), false) && !ticked.holds(Value::Number(6), false));
        assert!(ticked.holds(Value::Text("a"), false) && ticked.holds(Value::Empty, false));
        assert!(!ticked.holds(Value::Text("b"), false));
    }
}
