//! Figures over small sets of records whose answer can be counted by hand.

use uuid::Uuid;

use super::*;
use crate::domain::kinds::Kind;
use crate::domain::record::Value;
use crate::domain::rules::staffing::{organizer_staffing, terms_running};

fn id(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn row(kind: Kind, number: u128, fields: &[(&str, Value)]) -> Row {
    let spec = kind.spec();
    let fields = fields.iter();
    let field = |key: &str| spec.field(key).unwrap_or_else(|| panic!("{key}")).number;
    (id(number), fields.map(|(key, value)| (field(key), value.clone())).collect())
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

fn units() -> Vec<Row> {
    let unit = |n, kind: &str, more: &[(&str, Value)]| {
        let mut fields = vec![("code", text("c")), ("name", text("n")), ("type", code(kind))];
        fields.extend_from_slice(more);
        row(Kind::Unit, n, &fields)
    };
    let branch = |n, parent, kind: &str| {
        unit(n, "branch", &[("parent", to(parent)), ("branch_type", code(kind))])
    };
    vec![
        unit(1, "university", &[]),
        unit(
            2,
            "committee",
            &[("parent", to(1)), ("term_starts_on", Value::Date(day(2022, 1, 1)))],
        ),
        unit(3, "committee", &[]),
        branch(20, 2, "teachers"),
        branch(21, 2, "teachers"),
        branch(22, 2, "students"),
        branch(30, 3, "teachers"),
        branch(31, 3, "teachers"),
    ]
}

fn secretary(n: u128, person: u128, unit: u128, more: &[(&str, Value)]) -> Row {
    let mut fields = vec![("person", to(person)), ("unit", to(unit)), ("role", code("secretary"))];
    fields.extend_from_slice(more);
    row(Kind::Post, n, &fields)
}

fn posts() -> Vec<Row> {
    vec![
        secretary(100, 50, 20, &[("from_on", Value::Date(day(2020, 1, 1)))]),
        secretary(101, 51, 21, &[]),
        secretary(102, 52, 22, &[]),
        secretary(103, 53, 30, &[]),
        secretary(104, 54, 31, &[("to_on", Value::Date(day(2025, 12, 31)))]),
        secretary(105, 55, 2, &[]),
        row(Kind::Post, 106, &[("person", to(56)), ("unit", to(20)), ("role", code("member"))]),
    ]
}

fn class(n: u128, year: i64, level: &str, counts: bool) -> Row {
    row(
        Kind::TrainingClass,
        n,
        &[
            ("year", Value::Int(year)),
            ("name", text("n")),
            ("organiser_level", code(level)),
            ("counts", Value::Flag(counts)),
        ],
    )
}

fn enrolment(n: u128, class: u128, person: u128, status: &str, hours: i64) -> Row {
    row(
        Kind::Enrolment,
        n,
        &[
            ("class", to(class)),
            ("person", to(person)),
            ("status", code(status)),
            ("hours", Value::Int(hours)),
        ],
    )
}

#[test]
fn coverage_counts_finished_qualifying_classes_of_secretaries_in_post() {
    let (units, posts) = (units(), posts());
    let classes = [
        class(60, 2026, "university", true),
        class(61, 2026, "unit", true),
        class(62, 2025, "university", true),
        class(63, 2026, "provincial", false),
    ];
    let enrolments = [
        enrolment(70, 60, 50, "completed", 560),
        enrolment(71, 61, 51, "completed", 80), // not of a high enough level
        enrolment(72, 60, 52, "confirmed", 0),  // not finished
        enrolment(73, 62, 53, "certified", 560), // another year
        enrolment(74, 63, 51, "completed", 80), // does not count
        enrolment(75, 60, 54, "completed", 560), // no longer in post
    ];
    let from = Sources {
        units: &units,
        posts: &posts,
        classes: &classes,
        enrolments: &enrolments,
        ..Sources::default()
    };
    let figure = training_coverage(&from, day(2026, 6, 30), 2026, None);
    assert_eq!((figure.total.numerator, figure.total.denominator), (1, 4));
    assert_eq!(figure.total.missing, [id(51), id(52), id(53)]);
    assert_eq!(figure.rows[&Some(id(2))].denominator, 3);
    assert_eq!(figure.rows[&Some(id(3))].missing, [id(53)]);
    let students = training_coverage(&from, day(2026, 6, 30), 2026, Some(&BranchType::Students));
    assert_eq!((students.total.numerator, students.total.denominator), (0, 1));
    let before = training_coverage(&from, day(2025, 6, 30), 2026, None);
    assert_eq!(before.total.denominator, 5);
    let hours = hours_attained(&from, day(2026, 6, 30), 2026);
    assert_eq!((hours.ratio.total.numerator, hours.shortfall[&id(51)]), (1, 480));
}

#[test]
fn double_leaders_are_counted_by_branch_and_vacancies_listed() {
    let (units, posts) = (units(), posts());
    let cultivation = |n, person, branch, status: &str| {
        row(
            Kind::Cultivation,
            n,
            &[
                ("person", to(person)),
                ("branch", to(branch)),
                ("direction", code("secretary_to_academic")),
                ("status", code(status)),
            ],
        )
    };
    let cultivations =
        [cultivation(80, 50, 20, "recognised"), cultivation(81, 51, 21, "cultivating")];
    let from =
        Sources { units: &units, posts: &posts, cultivations: &cultivations, ..Sources::default() };
    let result = double_leader_ratio(&from, day(2026, 6, 30));
    assert_eq!((result.ratio.total.numerator, result.ratio.total.denominator), (1, 3));
    assert_eq!(result.ratio.total.missing, [id(21), id(30)]);
    assert_eq!(result.vacant, [id(31)]);
    assert_eq!(result.cultivating, [id(21)]);
    assert_eq!(result.ratio.total.per_mille(), Some(333));
}

#[test]
fn staffing_counts_units_with_a_full_time_organizer() {
    let units = units();
    let file = |n, unit, employment: &str, more: &[(&str, Value)]| {
        let mut fields =
            vec![("person", to(90)), ("unit", to(unit)), ("employment", code(employment))];
        fields.extend_from_slice(more);
        row(Kind::StaffFile, n, &fields)
    };
    let left = [("status", code("left")), ("left_on", Value::Date(day(2026, 1, 1)))];
    let staff_files = [
        file(91, 2, "full_time", &[]),
        file(92, 3, "part_time", &[]),
        file(93, 3, "full_time", &left),
    ];
    let establishments = [row(
        Kind::Establishment,
        95,
        &[
            ("unit", to(2)),
            ("posts_approved", Value::Int(3)),
            ("valid_from", Value::Date(day(2020, 1, 1))),
        ],
    )];
    let from = Sources {
        units: &units,
        staff_files: &staff_files,
        establishments: &establishments,
        ..Sources::default()
    };
    let now = organizer_staffing(&from, day(2026, 6, 30));
    assert_eq!((now.ratio.total.numerator, now.ratio.total.denominator), (1, 2));
    assert_eq!(now.ratio.total.missing, [id(3)]);
    assert_eq!(now.shortfall, BTreeMap::from([(id(2), 2), (id(3), 1)]));
    let before = organizer_staffing(&from, day(2025, 6, 30));
    assert_eq!(before.ratio.total.numerator, 2);
    assert_eq!(terms_running(&from, day(2026, 6, 30)).total.numerator, 1);
    assert_eq!(terms_running(&from, day(2027, 6, 30)).total.missing, [id(2)]);
}

#[test]
fn a_ring_of_parents_ends() {
    let ring = |n, parent| {
        row(
            Kind::Unit,
            n,
            &[
                ("code", text("c")),
                ("name", text("n")),
                ("type", code("branch")),
                ("parent", to(parent)),
            ],
        )
    };
    let tree = Tree::new(&[ring(1, 2), ring(2, 1)]);
    assert_eq!(tree.secondary(id(1)), None);
}
