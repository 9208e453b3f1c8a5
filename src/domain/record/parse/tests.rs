//! Tests of reading typed text.

use proptest::prelude::*;

use super::*;
use crate::domain::kinds::Kind;
use crate::domain::record::FieldType;
use crate::domain::record::{Date, Flag, Hours, Instant, Integer, Name, Phone, Text};

fn cx() -> ParseContext {
    ParseContext::typed(civil::date(2026, 11, 23))
}

fn field_of<T: FieldType>() -> FieldSpec {
    FieldSpec::new::<T>(1, "f", "doc").range(-1000, 1000)
}

fn read<T: FieldType>(typed: &str) -> Result<Option<Value>, &'static str> {
    parse(Kind::Person.spec(), &field_of::<T>(), typed, &cx()).map_err(|issue| issue.code)
}

fn date(typed: &str) -> String {
    match read::<Date>(typed) {
        Ok(Some(Value::Date(date))) => date.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn dates_are_read_in_every_spelling_of_the_offices() {
    for typed in [
        "2018-06-01",
        "2018/6/1",
        "2018.6.1",
        "20180601",
        "2018年6月1日",
        "2018年06月01号",
        "２０１８－０６－０１",
        "2018-06-01 00:00:00",
        "2018-06-01T00:00:00",
        " 2018. 6. 1 ",
        "2018—06—01",
    ] {
        assert_eq!(date(typed), "2018-06-01", "{typed}");
    }
    for typed in ["2018.06", "2018.6", "201806", "2018年6月", "2018-06", "2018.06-", "2018/6"] {
        assert_eq!(date(typed), "2018-06", "{typed}");
    }
    assert_eq!(date("2018年"), "2018");
    assert_eq!(date("2018"), "2018");
}

#[test]
fn dates_relative_to_today_are_for_people_not_for_sheets() {
    for (typed, day) in [
        ("今天", "2026-11-23"),
        ("today", "2026-11-23"),
        ("+7", "2026-11-30"),
        ("-23", "2026-10-31"),
        ("8/23", "2026-08-23"),
        ("0823", "2026-08-23"),
        ("8月23日", "2026-08-23"),
        ("明日", "2026-11-24"),
        ("上週五", "2026-11-20"),
        ("上周五", "2026-11-20"),
        ("下星期一", "2026-11-30"),
        ("週日", "2026-11-29"),
        ("本周天", "2026-11-29"),
    ] {
        assert_eq!(date(typed), day, "{typed}");
        if typed != "2018" {
            assert_eq!(parse_date(typed, &ParseContext::sheet(cx().today)), None, "{typed}");
        }
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for typed in [
        "2018-13-01",
        "2018-02-30",
        "1888.06",
        "六月",
        "18.6.1",
        "2018-06-01-02",
        "20186",
        "x",
        "2018T06",
    ] {
        assert_eq!(read::<Date>(typed), Err("not-a-date"), "{typed}");
    }
    assert_eq!(read::<Date>("至今"), Ok(Some(Value::Null)));
    assert_eq!(read::<Date>("—"), Ok(None));
}

#[test]
fn moments_are_in_the_offices_time_unless_they_say_otherwise() {
    let noon_utc = Ok(Some(Value::Instant(1_527_854_400_000)));
    for typed in
        ["2018-06-01T12:00:00Z", "2018-06-01 20:00", "2018/6/1 20:00:00", "2018-06-01T14:00+02:00"]
    {
        assert_eq!(read::<Instant>(typed), noon_utc, "{typed}");
    }
    assert_eq!(read::<Instant>("2018-06 12:00"), Err("not-a-moment"));
    assert_eq!(read::<Instant>("2018-06-01 25:00"), Err("not-a-moment"));
}

#[test]
fn numbers_are_read_in_full_width_and_with_units() {
    assert_eq!(read::<Integer>("１５人"), Ok(Some(Value::Int(15))));
    assert_eq!(read::<Integer>("3.0"), Ok(Some(Value::Int(3))));
    assert_eq!(read::<Integer>("3.5"), Err("not-a-number"));
    assert_eq!(read::<Integer>("1001"), Err("out-of-range"));
    assert_eq!(read::<Integer>("三年"), Err("not-a-number"));
    assert_eq!(read::<Hours>("3.5学时"), Ok(Some(Value::Int(35))));
    assert_eq!(read::<Hours>("-0.5"), Ok(Some(Value::Int(-5))));
    assert_eq!(read::<Hours>("3.25"), Err("too-many-decimals"));
    assert_eq!(read::<Hours>("8"), Ok(Some(Value::Int(80))));
}

#[test]
fn flags_are_read_in_many_words() {
    for typed in ["是", "Y", "yes", "true", "1", "√", "Ｙ"] {
        assert_eq!(read::<Flag>(typed), Ok(Some(Value::Flag(true))), "{typed}");
    }
    for typed in ["否", "n", "No", "0", "无", "×"] {
        assert_eq!(read::<Flag>(typed), Ok(Some(Value::Flag(false))), "{typed}");
    }
    assert_eq!(read::<Flag>("-"), Ok(None));
    assert_eq!(read::<Flag>("也许"), Err("not-a-flag"));
}

#[test]
fn text_that_misleads_or_is_too_long_is_refused() {
    assert_eq!(read::<Text>("a\u{202E}b"), Err("forbidden-character"));
    assert_eq!(read::<Text>(&"长".repeat(201)), Err("too-long"));
    assert_eq!(read::<Text>("a\u{200B}b\nc"), Ok(Some(Value::Text("ab c".into()))));
    assert_eq!(read::<Name>("张　三"), Ok(Some(Value::Text("张三".into()))));
    assert_eq!(read::<Phone>("０２１—65988661 转 8"), Err("not-a-phone"));
    assert_eq!(read::<Phone>("０２１—6598 8661"), Ok(Some(Value::Text("021-65988661".into()))));
}

#[test]
fn a_reference_is_read_from_an_id_only() {
    let spec = Kind::Enrolment.spec();
    let person = spec.field("person").unwrap();
    let id = "0192f0c1-2b3c-7def-8123-456789abcdef";
    assert_eq!(parse(spec, person, id, &cx()), Ok(Some(Value::Ref(id.parse().unwrap()))));
    assert_eq!(parse(spec, person, "10001", &cx()).unwrap_err().code, "reference-unresolved");
}

proptest! {
    #[test]
    fn what_was_read_is_read_again_from_its_canonical_form(
        typed in "(\\PC{0,12}|[+-]?[0-9]{1,4}([.][0-9]{1,2})?|(19|20)[0-9]{2}[-./年]?[01]?[0-9]([-./月]?[0-3]?[0-9])?( 1[0-9]:30)?|是|none)"
    ) {
        for kind in Kind::ALL {
            let spec = kind.spec();
            for field in spec.fields {
                if let Ok(Some(value)) = parse(spec, field, &typed, &cx()) {
                    let text = format(spec, field, &value);
                    prop_assert_eq!(parse(spec, field, &text, &cx()), Ok(Some(value)), "{}: {}", field.key, text);
                }
            }
        }
        for field in [field_of::<Hours>(), field_of::<Instant>(), field_of::<Flag>(), field_of::<Integer>(), field_of::<Text>()] {
            let spec = Kind::Person.spec();
            if let Ok(Some(value)) = parse(spec, &field, &typed, &cx()) {
                let text = format(spec, &field, &value);
                prop_assert_eq!(parse(spec, &field, &text, &cx()), Ok(Some(value)), "{}", text);
            }
        }
    }
}
