//! Stored values as text: what a table cell, a form field or a file shows.

use jiff::{Timestamp, civil, tz};

use super::Locale;
use crate::domain::codes;
use crate::domain::record::{FieldSpec, RecordSpec, Value, ValueKind};

/// Hours that the offices' clock is ahead of UTC: the whole of China keeps one time zone, without summer time.
const OFFICE_OFFSET_HOURS: i8 = 8;

/// Returns the date of a moment where the offices are: the business day.
pub fn office_date(at: Timestamp) -> civil::Date {
    tz::offset(OFFICE_OFFSET_HOURS).to_datetime(at).date()
}

impl Locale {
    /// Returns a value as a person reads it: labels for codes and choices, ISO dates, decimals.
    ///
    /// A reference gives its id: whoever has the records shows a title instead. Nothing is masked here; see [`mask`].
    pub fn value_text(&self, kind: &RecordSpec, field: &FieldSpec, value: &Value) -> String {
        match (value, field.kind) {
            (Value::Null, _) => self.text("value-null"),
            (Value::Unknown { .. }, _) => self.text("value-unknown"),
            (Value::Flag(flag), _) => self.text(if *flag { "flag-yes" } else { "flag-no" }),
            (Value::Code(code), ValueKind::Choice) => self.choice_label(kind, field, code),
            (Value::Code(code), _) => self.code_label(field.codes.unwrap_or_default(), code),
            (Value::Int(number), ValueKind::Tenths) => tenths(*number),
            (Value::Int(number), _) => number.to_string(),
            (Value::Text(text), _) => text.clone(),
            (Value::Date(date), _) => date.to_string(),
            (Value::Instant(ms), _) => instant_text(*ms),
            (Value::Ref(id), _) => id.to_string(),
        }
    }

    /// Returns the label of a code of a list under config/codes; the code itself if the list has no such entry.
    pub fn code_label(&self, list: &str, code: &str) -> String {
        let entry = codes::list(list).and_then(|list| list.by_code(code));
        entry.map_or(code, |entry| entry.label(self.lang.key())).to_owned()
    }
}

/// Returns a moment (milliseconds since 1970) in the offices' time zone, to the minute: `2026-08-23 09:41`.
pub fn instant_text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_outside_range| "?".to_owned(),
        |at| tz::offset(OFFICE_OFFSET_HOURS).to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// Returns tenths as a decimal without a useless zero: 385 is `38.5`, 320 is `32`.
fn tenths(number: i64) -> String {
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    match size % 10 {
        0 => format!("{sign}{}", size / 10),
        tenth => format!("{sign}{}.{tenth}", size / 10),
    }
}

/// Hides the middle of a sensitive text: `110105********002X`, `138****5678`; short texts wholly.
pub fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (head, tail) = match chars.len() {
        0..=6 => (0, 0),
        7..=13 => (3, 4),
        _ => (6, 4),
    };
    let hidden = chars.len() - head - tail;
    let stars = std::iter::repeat_n('*', hidden);
    chars
        .iter()
        .copied()
        .take(head)
        .chain(stars)
        .chain(chars.iter().copied().skip(head + hidden))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kinds::Kind;
    use crate::locale::Lang;

    #[test]
    fn tenths_show_a_decimal_only_where_there_is_one() {
        assert_eq!(tenths(385), "38.5");
        assert_eq!(tenths(320), "32");
        assert_eq!(tenths(-5), "-0.5");
    }

    #[test]
    fn masks_keep_head_and_tail() {
        assert_eq!(mask("11010519491231002X"), "110105********002X");
        assert_eq!(mask("13812345678"), "138****5678");
        assert_eq!(mask("12345"), "*****");
    }

    #[test]
    fn moments_are_shown_in_the_offices_time_zone() {
        assert_eq!(instant_text(0), "1970-01-01 08:00");
    }

    #[test]
    fn flags_and_null_are_words_of_the_language() {
        let unit = Kind::Unit.spec();
        let academic = unit.field("academic").unwrap();
        let en = Locale::new(Lang::En);
        assert_eq!(en.value_text(unit, academic, &Value::Flag(true)), "yes");
        assert_eq!(en.value_text(unit, academic, &Value::Null), "none");
    }
}
