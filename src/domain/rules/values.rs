//! What every field of every kind must keep to: length, range, a known code, a value that says something (Q10, Q11).
//!
//! Typing and imports refuse most of it earlier; what arrives from other devices is held to it here.

use crate::domain::codes;
use crate::domain::record::{FieldSpec, Fields, Issue, RecordSpec, Shape, Value, ValueKind};
use crate::domain::text;

/// Checks the values of a record against its spec.
///
/// A code that this build does not know is a warning: a newer build may know it. No text is repeated in an issue.
pub fn check(spec: &RecordSpec, fields: &Fields) -> Vec<Issue> {
    let filled = spec.fields.iter().filter_map(|f| fields.get(&f.number).map(|value| (f, value)));
    filled.filter_map(|(field, value)| of_field(field, value)).collect()
}

fn of_field(field: &FieldSpec, value: &Value) -> Option<Issue> {
    match value {
        Value::Text(joined) if field.shape == Shape::Many => text::elements(joined)
            .into_iter()
            .find_map(|typed| too_long(field, typed).or_else(|| placeholder(field, typed))),
        Value::Text(typed) => too_long(field, typed).or_else(|| placeholder(field, typed)),
        Value::Int(number) => out_of_range(field, *number),
        Value::Code(code) => unknown_code(field, code),
        Value::Null
        | Value::Flag(_)
        | Value::Date(_)
        | Value::Instant(_)
        | Value::Ref(_)
        | Value::Unknown { .. } => None,
    }
}

fn too_long(field: &FieldSpec, typed: &str) -> Option<Issue> {
    (typed.chars().count() > usize::from(field.max_chars))
        .then(|| Issue::error(field.key, "too-long").with("max", field.max_chars))
}

fn placeholder(field: &FieldSpec, typed: &str) -> Option<Issue> {
    (!typed.trim().is_empty() && text::blank(typed).is_some())
        .then(|| Issue::warning(field.key, "q11-placeholder"))
}

fn out_of_range(field: &FieldSpec, number: i64) -> Option<Issue> {
    let (min, max) = field.range;
    let shown = |bound: i64| if field.kind == ValueKind::Tenths { bound / 10 } else { bound };
    (!(min..=max).contains(&number)).then(|| {
        Issue::error(field.key, "out-of-range").with("min", shown(min)).with("max", shown(max))
    })
}

fn unknown_code(field: &FieldSpec, code: &str) -> Option<Issue> {
    let known = match field.kind {
        ValueKind::Choice => field.choices.contains(&code),
        _ => codes::list(field.codes?).is_none_or(|list| list.by_code(code).is_some()),
    };
    let shown: String = code.chars().take(20).collect();
    (!known).then(|| Issue::warning(field.key, "unknown-code").with("value", shown))
}

/// Returns how much of a record is filled, in per cent of the fields its list shows (信息完整度).
///
/// A field known to be none counts as filled.
pub fn completeness(spec: &RecordSpec, fields: &Fields) -> usize {
    let filled = |field: &&FieldSpec| match fields.get(&field.number) {
        None => false,
        Some(Value::Null) => true,
        Some(value) => !value.is_blank(),
    };
    let count = spec.list.iter().filter_map(|key| spec.field(key)).filter(filled).count();
    (count * 100).checked_div(spec.list.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kinds::Kind;

    fn person(key: &str, value: Value) -> Fields {
        Fields::from([(Kind::Person.spec().field(key).unwrap().number, value)])
    }

    fn issue_of(kind: Kind, key: &str, value: Value) -> Option<(&'static str, bool)> {
        let fields = Fields::from([(kind.spec().field(key).unwrap().number, value)]);
        check(kind.spec(), &fields).first().map(|issue| (issue.code, issue.is_error()))
    }

    #[test]
    fn values_outside_the_spec_are_named() {
        let text = |text: &str| Value::Text(text.to_owned());
        let code = |code: &str| Value::Code(code.to_owned());
        for (kind, key, value, expected) in [
            (Kind::Person, "name", text(&"名".repeat(51)), Some(("too-long", true))),
            (Kind::Person, "name", text(&"名".repeat(50)), None),
            (Kind::Person, "admin_post", text("不详"), Some(("q11-placeholder", false))),
            (Kind::Person, "sex", code("7"), Some(("unknown-code", false))),
            (Kind::Person, "sex", code("1"), None),
            (Kind::Unit, "type", code("league"), Some(("unknown-code", false))),
            (Kind::Unit, "term_years", Value::Int(10), Some(("out-of-range", true))),
            (Kind::Unit, "term_years", Value::Int(9), None),
            (Kind::Enrolment, "hours", Value::Int(-1), Some(("out-of-range", true))),
        ] {
            assert_eq!(issue_of(kind, key, value.clone()), expected, "{key} {value:?}");
        }
    }

    #[test]
    fn completeness_counts_what_the_list_shows() {
        let spec = Kind::Person.spec();
        assert_eq!(completeness(spec, &Fields::new()), 0);
        let one = person("name", Value::Text("白娜勇".to_owned()));
        assert_eq!(completeness(spec, &one), 100 / spec.list.len());
    }
}
