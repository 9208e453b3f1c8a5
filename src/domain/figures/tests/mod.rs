//! Figures over small sets of records whose answer can be counted by hand.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::tasks::tasks;
use super::*;
use crate::domain::ids::RecordId;
use crate::domain::record::{Fields, Issue, Value};

mod cases;
mod edges;
mod places;
mod work;

/// A world in the making.
#[derive(Default)]
struct Maker(World);

fn id(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

fn to(number: u128) -> Value {
    Value::Ref(id(number))
}

fn day(year: i16, month: i8, day: i8) -> PartialDate {
    PartialDate::day(year, month, day).unwrap()
}

fn on(year: i16, month: i8, of_month: i8) -> Value {
    Value::Date(day(year, month, of_month))
}

fn ask(as_of: PartialDate, year: i64) -> Ask {
    Ask { as_of, year }
}

fn ids(items: &[Item]) -> Vec<RecordId> {
    items.iter().map(|item| item.id).collect()
}

/// Numerator and denominator of the whole.
fn whole(figure: &Figure) -> (usize, usize) {
    (figure.total.numerator, figure.total.denominator)
}

impl Maker {
    fn put(&mut self, kind: Kind, number: u128, unit: u128, pairs: &[(&str, Value)]) -> &mut Self {
        let spec = kind.spec();
        let no = |key: &str| spec.field(key).unwrap_or_else(|| panic!("{key}")).number;
        let fields: Fields = pairs.iter().map(|(key, value)| (no(key), value.clone())).collect();
        let errors = kind.check(&fields).into_iter().filter(Issue::is_error);
        let known: BTreeSet<_> =
            errors.map(|issue| issue.code).filter(|code| *code != "required").collect();
        assert!(known.is_empty(), "{known:?}");
        self.0.add(kind, id(number), id(unit), &fields);
        self
    }

    fn ready(&mut self) -> World {
        self.0.finish();
        self.0.clone()
    }

    /// A university (1) with two committees (2, 3); teachers' branches 20, 21, 30, 31 and a students' branch 22.
    fn campus() -> Self {
        let mut maker = Self::default();
        let unit = |maker: &mut Self, n: u128, kind: &str, more: &[(&str, Value)]| {
            let mut fields = vec![("code", text("c")), ("name", text("n")), ("type", code(kind))];
            fields.extend_from_slice(more);
            maker.put(Kind::Unit, n, n, &fields);
        };
        unit(&mut maker, 1, "university", &[]);
        unit(&mut maker, 2, "committee", &[("parent", to(1)), ("term_starts_on", on(2022, 1, 1))]);
        unit(&mut maker, 3, "committee", &[]);
        for (n, parent, kind) in [
            (20, 2, "teachers"),
            (21, 2, "teachers"),
            (22, 2, "students"),
            (30, 3, "teachers"),
            (31, 3, "teachers"),
        ] {
            unit(&mut maker, n, "branch", &[("parent", to(parent)), ("branch_type", code(kind))]);
        }
        maker
    }

    fn post(
        &mut self,
        n: u128,
        person: u128,
        unit: u128,
        role: &str,
        more: &[(&str, Value)],
    ) -> &mut Self {
        let mut fields = vec![("person", to(person)), ("unit", to(unit)), ("role", code(role))];
        fields.extend_from_slice(more);
        self.put(Kind::Post, n, unit, &fields)
    }

    /// Secretaries 50 to 53 of 20, 21, 22, 30; 54 left 31 in 2025; 55 leads the committee 2; 56 is a member.
    fn posts(&mut self) -> &mut Self {
        self.post(100, 50, 20, "secretary", &[("from_on", on(2020, 1, 1))])
            .post(101, 51, 21, "secretary", &[])
            .post(102, 52, 22, "secretary", &[])
            .post(103, 53, 30, "secretary", &[])
            .post(104, 54, 31, "secretary", &[("to_on", on(2025, 12, 31))])
            .post(105, 55, 2, "secretary", &[])
            .post(106, 56, 20, "member", &[])
    }

    fn class(&mut self, n: u128, year: i64, level: &str, more: &[(&str, Value)]) -> &mut Self {
        let mut fields = vec![
            ("year", Value::Int(year)),
            ("name", text("n")),
            ("organiser_level", code(level)),
            ("category", code("rotation")),
            ("counts", Value::Flag(true)),
        ];
        fields.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        fields.extend_from_slice(more);
        self.put(Kind::TrainingClass, n, 1, &fields)
    }

    fn seat(&mut self, n: u128, class: u128, person: u128, status: &str, hours: i64) -> &mut Self {
        let pairs = [
            ("class", to(class)),
            ("person", to(person)),
            ("status", code(status)),
            ("hours", Value::Int(hours)),
        ];
        self.put(Kind::Enrolment, n, 2, &pairs)
    }

    fn person(&mut self, n: u128, unit: u128, more: &[(&str, Value)]) -> &mut Self {
        let number = n.to_string();
        let mut fields = vec![("staff_no", text(&number)), ("name", text("甲"))];
        fields.extend_from_slice(more);
        self.put(Kind::Person, n, unit, &fields)
    }
}

#[test]
fn every_report_has_a_name_of_its_own_and_a_source_and_answers_an_empty_world() {
    let names: BTreeSet<&str> = REPORTS.iter().map(|report| report.name).collect();
    assert_eq!(names.len(), REPORTS.len());
    for report in REPORTS {
        assert!(
            !report.source.is_empty()
                && report.needs.contains(&Kind::Unit) != (report.name == "party-staff-ratio")
        );
        let answer = (report.run)(&World::default(), ask(day(2026, 6, 30), 2026));
        let first = answer.sections.first().unwrap();
        assert_eq!((first.key, whole(&first.figure)), ("all", (0, 0)), "{}", report.name);
        let keys: BTreeSet<&str> = answer.sections.iter().map(|section| section.key).collect();
        assert_eq!(keys.len(), answer.sections.len(), "{}", report.name);
        assert!(super::report(report.name).is_some());
    }
}
