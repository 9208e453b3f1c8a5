//! Typed text to values and back: what a form, `FIELD=VALUE` on the command line and a cell of a sheet have in common.
//!
//! Imports the text rules and the code lists. [`parse`] is forgiving about how a value is written and strict about what it
//! is; [`format()`] writes the one canonical form that [`parse`] reads back.

use jiff::civil;

use super::date::PartialDate;
use super::issue::Issue;
use super::spec::{FieldSpec, RecordSpec, Shape, ValueKind};
use super::value::Value;
use crate::domain::codes;
use crate::domain::text::{self, Blank};

/// What the meaning of typed text depends on.
#[derive(Clone, Copy, Debug)]
pub struct ParseContext {
    /// The day that "today", "+7" and "8/23" count from.
    pub today: civil::Date,
    /// Minutes by which the office's clock is ahead of UTC, for moments typed without a zone.
    pub offset_minutes: i32,
    /// True where a person types (forms, command line): "+7", "today" and "8/23" are understood. A sheet is read long after it
    /// was written, so there they are not dates.
    pub relative: bool,
}

impl ParseContext {
    /// Makes the context of a form or command line in UTC+8.
    pub const fn typed(today: civil::Date) -> Self {
        Self { today, offset_minutes: 480, relative: true }
    }

    /// Makes the context of a sheet in UTC+8.
    pub const fn sheet(today: civil::Date) -> Self {
        Self { today, offset_minutes: 480, relative: false }
    }
}

/// Reads typed text as a value of `field`; `None` if the text gives no value.
///
/// 無 and its like give [`Value::Null`], known to be none. A reference is read only from a record id: finding a record by its
/// code or name needs data, which the caller has.
///
/// # Errors
/// One issue, with the field's key and one of the codes `forbidden-character`, `too-long`, `not-a-number`, `out-of-range`,
/// `too-many-decimals`, `not-a-flag`, `not-a-date`, `not-a-moment`, `not-a-phone`, `unknown-code`, `unknown-code-nearest`,
/// `reference-unresolved`.
pub fn parse(
    spec: &RecordSpec,
    field: &FieldSpec,
    typed: &str,
    cx: &ParseContext,
) -> Result<Option<Value>, Issue> {
    if let Some(c) = text::find_forbidden(typed) {
        let code = format!("U+{:04X}", u32::from(c));
        return Err(Issue::error(field.key, "forbidden-character").with("character", code));
    }
    if field.shape == Shape::Many {
        return parse_many(spec, field, typed, cx);
    }
    let cleaned = text::clean(typed);
    let typed = cleaned.as_ref();
    if matches!(field.kind, ValueKind::Code | ValueKind::Choice) {
        return parse_code(spec, field, typed);
    }
    if field.kind == ValueKind::Flag
        && let Some(flag) = text::flag(typed)
    {
        return Ok(Some(Value::Flag(flag)));
    }
    match text::blank(typed) {
        Some(Blank::Missing) => return Ok(None),
        Some(Blank::KnownNone) => return Ok(Some(Value::Null)),
        None => {}
    }
    let value = parse_plain(field, typed, cx)?;
    // What is left without its apostrophe may be a dash.
    match value.as_text().and_then(text::blank) {
        Some(Blank::Missing) => Ok(None),
        Some(Blank::KnownNone) => Ok(Some(Value::Null)),
        None => Ok(Some(value)),
    }
}

/// Reads the elements of a multi-valued field, each as a value by itself; what says nothing is left out.
fn parse_many(
    spec: &RecordSpec,
    field: &FieldSpec,
    typed: &str,
    cx: &ParseContext,
) -> Result<Option<Value>, Issue> {
    let one = FieldSpec { shape: Shape::One, ..*field };
    let mut found: Vec<String> = Vec::new();
    for part in text::elements(typed) {
        if let Some(Value::Text(element)) = parse(spec, &one, part, cx)? {
            found.push(element);
        }
    }
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let joined = text::join_elements(&text::elements(&text::join_elements(&found)));
    Ok((!joined.is_empty()).then_some(Value::Text(joined)))
}

fn parse_plain(field: &FieldSpec, typed: &str, cx: &ParseContext) -> Result<Value, Issue> {
    match field.kind {
        ValueKind::Text => limited(field, typed.to_owned()),
        ValueKind::Name => limited(field, text::name(typed)),
        ValueKind::Identifier => limited(field, text::identifier(typed)),
        ValueKind::IdNumber => limited(field, text::id_number(typed)),
        ValueKind::Phone => parse_phone(field, typed),
        ValueKind::Integer => in_range(field, parse_integer(field, typed)?),
        ValueKind::Tenths => in_range(field, parse_tenths(field, typed)?),
        ValueKind::Flag => Err(Issue::error(field.key, "not-a-flag")),
        ValueKind::Date if text::is_until_now(typed) => Ok(Value::Null),
        ValueKind::Date => parse_date(typed, cx)
            .map(Value::Date)
            .ok_or_else(|| Issue::error(field.key, "not-a-date")),
        ValueKind::Instant => parse_instant(typed, cx)
            .map(Value::Instant)
            .ok_or_else(|| Issue::error(field.key, "not-a-moment")),
        ValueKind::Reference(kind) => {
            text::identifier(typed).parse().map(Value::Ref).map_err(|_not_an_id| {
                Issue::error(field.key, "reference-unresolved").with("kind", kind)
            })
        }
        ValueKind::Code | ValueKind::Choice => {
            Err(Issue::error(field.key, "unknown-code").with("value", typed))
        }
    }
}

/// Reads a code or a choice by its code or label; "none" is a code of some lists, so it is looked up first.
fn parse_code(spec: &RecordSpec, field: &FieldSpec, typed: &str) -> Result<Option<Value>, Issue> {
    if typed.is_empty() {
        return Ok(None);
    }
    if let Some(code) = find_code(spec, field, typed) {
        return Ok(Some(Value::Code(code)));
    }
    match text::blank(typed) {
        Some(Blank::Missing) => return Ok(None),
        Some(Blank::KnownNone) => return Ok(Some(Value::Null)),
        None => {}
    }
    Err(unknown_code(field, typed))
}

fn find_code(spec: &RecordSpec, field: &FieldSpec, typed: &str) -> Option<String> {
    if field.kind == ValueKind::Choice {
        let key = text::fold_width(typed);
        let choice = field.choices.iter().find(|choice| choice.eq_ignore_ascii_case(key.trim()));
        let choice = choice.copied().or_else(|| codes::find_choice(spec.key, field.key, typed));
        return choice.map(ToOwned::to_owned);
    }
    codes::list(field.codes?)?.find(typed).map(|entry| entry.code.clone())
}

/// The text goes into the message only as far as a code could be long: a longer one may be anything.
fn unknown_code(field: &FieldSpec, typed: &str) -> Issue {
    let shown: String = typed.chars().take(20).collect();
    let nearest = field.codes.and_then(codes::list).and_then(|list| list.nearest(typed));
    match nearest {
        None => Issue::error(field.key, "unknown-code").with("value", shown),
        Some(entry) => Issue::error(field.key, "unknown-code-nearest")
            .with("value", shown)
            .with("nearest", &entry.code)
            .with("label", &entry.label_hant),
    }
}

fn limited(field: &FieldSpec, value: String) -> Result<Value, Issue> {
    if value.chars().count() > usize::from(field.max_chars) {
        return Err(Issue::error(field.key, "too-long").with("max", field.max_chars));
    }
    Ok(Value::Text(value))
}

fn parse_phone(field: &FieldSpec, typed: &str) -> Result<Value, Issue> {
    let phone = text::phone(typed);
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let sound = phone.chars().all(|c| c.is_ascii_digit() || "+-()/,;#*".contains(c));
    if !sound || digits < 3 {
        return Err(Issue::error(field.key, "not-a-phone"));
    }
    limited(field, phone)
}

/// Takes spaces, thousands commas and a unit off a number.
fn bare_number(typed: &str) -> String {
    let folded = text::fold_width(typed);
    text::without_unit(&folded).chars().filter(|c| !c.is_whitespace() && *c != ',').collect()
}

fn parse_integer(field: &FieldSpec, typed: &str) -> Result<i64, Issue> {
    let number = bare_number(typed);
    let whole = match number.split_once('.') {
        Some((whole, rest)) if !rest.is_empty() && rest.bytes().all(|b| b == b'0') => whole,
        _ => &number,
    };
    whole.parse().map_err(|_not_digits| Issue::error(field.key, "not-a-number"))
}

fn parse_tenths(field: &FieldSpec, typed: &str) -> Result<i64, Issue> {
    let not_a_number = || Issue::error(field.key, "not-a-number");
    let number = bare_number(typed);
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let fraction = fraction.trim_end_matches('0');
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_a_number());
    }
    if fraction.len() > 1 {
        return Err(Issue::error(field.key, "too-many-decimals"));
    }
    let whole_number: i64 = whole.parse().map_err(|_not_digits| not_a_number())?;
    let tenth =
        if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_nan| not_a_number())? };
    let signed = if whole.starts_with('-') { -tenth } else { tenth };
    whole_number
        .checked_mul(10)
        .and_then(|tenths| tenths.checked_add(signed))
        .ok_or_else(not_a_number)
}

fn in_range(field: &FieldSpec, number: i64) -> Result<Value, Issue> {
    let (min, max) = field.range;
    if (min..=max).contains(&number) {
        return Ok(Value::Int(number));
    }
    let shown =
        |n: i64| if field.kind == ValueKind::Tenths { tenths_text(n) } else { n.to_string() };
    Err(Issue::error(field.key, "out-of-range").with("min", shown(min)).with("max", shown(max)))
}

/// Reads a date as offices write it: `2018-06-01`, `2018/6/1`, `2018.06`, `201806`, `20180601`, 2018年6月1日, `2018`; with
/// `cx.relative` also 今天, `+7`, `8/23` and `0823`.
pub fn parse_date(typed: &str, cx: &ParseContext) -> Option<PartialDate> {
    let folded = text::fold_width(typed);
    let folded = folded.trim();
    if cx.relative
        && let Some(date) = relative_date(folded, cx.today)
    {
        return PartialDate::from_civil(date).ok();
    }
    let day = without_time(folded);
    let parts = date_parts(&day)?;
    match *parts.as_slice() {
        [run] if run.len() == 8 => ymd(run.get(..4)?, run.get(4..6)?, run.get(6..)?),
        [run] if run.len() == 6 => ym(run.get(..4)?, run.get(4..)?),
        [run] if run.len() == 4 => PartialDate::year(run.parse().ok()?).ok().or_else(|| {
            let (month, day) = run.split_at_checked(2)?;
            this_year(month, day, cx)
        }),
        [year, month] if year.len() == 4 => ym(year, month),
        [month, day] => this_year(month, day, cx),
        [year, month, day] if year.len() == 4 => ymd(year, month, day),
        _ => None,
    }
}

fn relative_date(typed: &str, today: civil::Date) -> Option<civil::Date> {
    let days = match text::day_word(typed) {
        Some(days) => days,
        None if let Some((weeks, day)) = text::week_word(typed) => {
            weeks * 7 + day - i64::from(today.weekday().to_monday_zero_offset())
        }
        None if typed.len() <= 6 && typed.starts_with(['+', '-']) => typed.parse().ok()?,
        None => return None,
    };
    today.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// Cuts a midnight or any other time off: sheets give `2018-06-01 00:00:00` for a date.
fn without_time(typed: &str) -> String {
    let cut = typed
        .split_once('T')
        .or_else(|| typed.split_once(' ').filter(|(_, rest)| rest.contains(':')))
        .filter(|(day, time)| day.len() >= 8 && time.starts_with(|c: char| c.is_ascii_digit()));
    cut.map_or(typed, |(day, _)| day).chars().filter(|c| !c.is_whitespace()).collect()
}

/// Splits at any separator; `None` if something else than digits stands between them.
fn date_parts(day: &str) -> Option<Vec<&str>> {
    let separator = |c: char| {
        matches!(
            c,
            '-' | '/' | '.' | '\\' | '\u{2010}'
                ..='\u{2015}' | '\u{3002}' | text::YEAR | text::MONTH
        ) || text::DAYS.contains(&c)
    };
    let parts: Vec<&str> = day.trim_end_matches(separator).split(separator).collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.iter().all(digits).then_some(parts)
}

fn ymd(year: &str, month: &str, day: &str) -> Option<PartialDate> {
    PartialDate::day(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn ym(year: &str, month: &str) -> Option<PartialDate> {
    PartialDate::month(year.parse().ok()?, month.parse().ok()?).ok()
}

fn this_year(month: &str, day: &str, cx: &ParseContext) -> Option<PartialDate> {
    if !cx.relative || month.len() > 2 || day.len() > 2 {
        return None;
    }
    PartialDate::day(cx.today.year(), month.parse().ok()?, day.parse().ok()?).ok()
}

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

/// Reads a moment: a date to the day, then optionally a time, then optionally `Z` or an offset.
///
/// Without a time it is midnight; without an offset it is the office's time.
pub fn parse_instant(typed: &str, cx: &ParseContext) -> Option<i64> {
    let folded = text::fold_width(typed);
    let folded = folded.trim();
    let (day, rest) =
        folded.split_once('T').or_else(|| folded.split_once(' ')).unwrap_or((folded, ""));
    let date = parse_date(day, cx)?;
    if date.precision() != super::date::Precision::Day {
        return None;
    }
    let (time, offset) = split_offset(rest.trim(), cx)?;
    let ms_of_day = if time.is_empty() { 0 } else { parse_time(time)? };
    let midnight = i64::from(date.days()).checked_mul(86_400_000)?;
    midnight.checked_add(ms_of_day)?.checked_sub(i64::from(offset).checked_mul(MINUTE_MS)?)
}

fn split_offset<'a>(rest: &'a str, cx: &ParseContext) -> Option<(&'a str, i32)> {
    if let Some(time) = rest.strip_suffix(['Z', 'z']) {
        return Some((time.trim_end(), 0));
    }
    let Some(at) = rest.rfind(['+', '-']) else { return Some((rest, cx.offset_minutes)) };
    let (time, offset) = rest.split_at_checked(at)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':').unwrap_or((offset.get(1..)?, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if !(0..=14).contains(&hours) || !(0..60).contains(&minutes) {
        return None;
    }
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    Some((time.trim_end(), if offset.starts_with('-') { -total } else { total }))
}

fn parse_time(time: &str) -> Option<i64> {
    let mut parts = time.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let ms: String = format!("{fraction:0<3}").chars().take(3).collect();
    let time = civil::Time::new(hour, minute, second.parse().ok()?, 0).ok()?;
    let whole = i64::from(time.hour()) * 3_600_000
        + i64::from(time.minute()) * MINUTE_MS
        + i64::from(time.second()) * 1000;
    whole.checked_add(ms.parse().ok().filter(|ms| (0..1000).contains(ms))?)
}

/// The canonical text of [`Value::Null`]; one of the words for "none", so [`parse`] reads it back.
pub const NONE: &str = "none";

/// Writes a value as machine text: ISO dates, codes, ids, a point for decimals, [`NONE`] for known none.
///
/// For every value that [`parse`] gave for this field, `parse(format(value))` is that value. A value of an unknown type gives
/// the empty text.
pub fn format(_spec: &RecordSpec, field: &FieldSpec, value: &Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Text(text) | Value::Code(text) => text.clone(),
        Value::Int(number) if field.kind == ValueKind::Tenths => tenths_text(*number),
        Value::Int(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Instant(ms) => instant_text(*ms),
        Value::Ref(id) => id.to_string(),
        Value::Unknown { .. } => String::new(),
    }
}

fn tenths_text(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// Writes a moment as RFC 3339 in UTC, with milliseconds only if there are any.
pub fn instant_text(ms: i64) -> String {
    let days = i32::try_from(ms.div_euclid(86_400_000)).unwrap_or(i32::MAX);
    let Ok(date) = PartialDate::from_days(days, super::date::Precision::Day) else {
        return String::new();
    };
    let rest = ms.rem_euclid(86_400_000);
    let (hour, minute, second) = (rest / 3_600_000, rest / MINUTE_MS % 60, rest / 1000 % 60);
    let fraction = if rest % 1000 == 0 { String::new() } else { format!(".{:03}", rest % 1000) };
    format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests;
