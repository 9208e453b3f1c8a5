//! Cross-record checks over a handful of records in memory.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;

#[derive(Default)]
struct Memory(BTreeMap<RecordId, (Kind, Fields)>);

impl Registry for Memory {
    fn fields(&self, id: RecordId) -> Option<(Kind, Fields)> {
        self.0.get(&id).cloned()
    }

    fn find(&self, kind: Kind, field: FieldNo, value: &Value) -> Vec<RecordId> {
        let same = |(k, fields): &(Kind, Fields)| *k == kind && fields.get(&field) == Some(value);
        self.0.iter().filter(|(_, record)| same(record)).map(|(id, _)| *id).collect()
    }
}

fn id(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn fields(kind: Kind, pairs: &[(&str, Value)]) -> Fields {
    let number = |key: &str| kind.spec().field(key).unwrap().number;
    pairs.iter().map(|(key, value)| (number(key), value.clone())).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn date(year: i16, month: i8, day: i8) -> Value {
    Value::Date(PartialDate::day(year, month, day).unwrap())
}

fn person(staff_no: &str, name: &str) -> Fields {
    fields(
        Kind::Person,
        &[
            ("staff_no", text(staff_no)),
            ("name", text(name)),
            ("born_on", date(1980, 1, 2)),
            ("full_on", date(2020, 1, 1)),
            ("title", Value::Code("011".to_owned())),
        ],
    )
}

fn world() -> Memory {
    let mut memory = Memory::default();
    memory.0.insert(id(1), (Kind::Person, person("10001", "白娜勇")));
    memory.0.insert(id(2), (Kind::Unit, Fields::new()));
    memory.0.insert(id(3), (Kind::TrainingClass, Fields::new()));
    let taken = [("class", Value::Ref(id(3))), ("person", Value::Ref(id(1)))];
    memory.0.insert(id(4), (Kind::Enrolment, fields(Kind::Enrolment, &taken)));
    memory
}

fn codes(issues: &[Issue]) -> Vec<(&str, &'static str)> {
    issues.iter().map(|issue| (issue.field.as_str(), issue.code)).collect()
}

#[test]
fn a_second_school_number_is_an_error_and_a_namesake_a_warning() {
    let world = world();
    let check = |own, fields: &Fields| check_against(&world, Kind::Person, own, fields);
    let copy = check(None, &person("10001", "白娜勇"));
    assert_eq!(codes(&copy), [("staff_no", "q07-duplicate"), ("name", "q07-same-person")]);
    assert!(copy[0].is_error() && !copy[1].is_error());
    assert_eq!(check(Some(id(1)), &person("10001", "白娜勇")), []);
    assert_eq!(check(None, &person("10002", "王芳")), []);
}

#[test]
fn a_person_enrols_once_in_a_class() {
    let world = world();
    let again =
        fields(Kind::Enrolment, &[("class", Value::Ref(id(3))), ("person", Value::Ref(id(1)))]);
    let issues = check_against(&world, Kind::Enrolment, None, &again);
    assert_eq!(codes(&issues), [("person", "q08-twice")]);
    assert_eq!(check_against(&world, Kind::Enrolment, Some(id(4)), &again), []);
}

#[test]
fn references_must_lead_to_a_record_of_their_kind() {
    let world = world();
    let wrong =
        fields(Kind::Enrolment, &[("class", Value::Ref(id(2))), ("person", Value::Ref(id(9)))]);
    let issues = check_against(&world, Kind::Enrolment, None, &wrong);
    assert_eq!(codes(&issues), [("class", "q10-other-kind"), ("person", "q10-no-such-record")]);
}

#[test]
fn a_secretary_without_a_year_of_standing_is_looked_at() {
    let world = world();
    let post = |from| {
        fields(
            Kind::Post,
            &[
                ("person", Value::Ref(id(1))),
                ("unit", Value::Ref(id(2))),
                ("role", Value::Code("secretary".to_owned())),
                ("from_on", from),
            ],
        )
    };
    let early = check_against(&world, Kind::Post, None, &post(date(2020, 12, 1)));
    assert_eq!(codes(&early), [("from_on", "q06-standing")]);
    assert_eq!(check_against(&world, Kind::Post, None, &post(date(2021, 1, 1))), []);
}

#[test]
fn a_title_that_changed_since_is_shown() {
    let world = world();
    let then = fields(
        Kind::Cultivation,
        &[("person", Value::Ref(id(1))), ("title_then", Value::Code("012".to_owned()))],
    );
    let issues = check_against(&world, Kind::Cultivation, None, &then);
    assert_eq!(codes(&issues), [("title_then", "q13-snapshot")]);
}

#[test]
fn a_place_in_two_classes_on_the_same_days_is_looked_at() {
    let mut world = world();
    let class = |from, to| {
        fields(
            Kind::TrainingClass,
            &[
                ("year", Value::Int(2026)),
                ("name", text("n")),
                ("starts_on", from),
                ("ends_on", to),
                ("planned_hours", Value::Int(260)),
            ],
        )
    };
    let (first, last) = (date(2026, 5, 1), date(2026, 5, 3));
    world.0.insert(id(3), (Kind::TrainingClass, class(first.clone(), last.clone())));
    world.0.insert(id(5), (Kind::TrainingClass, class(last, date(2026, 5, 6))));
    world.0.insert(id(6), (Kind::TrainingClass, class(date(2026, 6, 1), date(2026, 6, 2))));
    let enrol = |class: u128, hours: i64| {
        let pairs = [
            ("class", Value::Ref(id(class))),
            ("person", Value::Ref(id(1))),
            ("hours", Value::Int(hours)),
        ];
        let issues = check_against(&world, Kind::Enrolment, None, &fields(Kind::Enrolment, &pairs));
        issues.into_iter().map(|issue| issue.code).collect::<Vec<_>>()
    };
    assert_eq!(enrol(5, 260), ["q08-overlap"]);
    assert_eq!(enrol(6, 260), Vec::<&str>::new());
    assert_eq!(enrol(6, 270), ["q09-hours-plan"]);
}

/// 支部工作條例（試行） Art. 20.
#[test]
fn a_second_secretary_of_a_branch_is_looked_at() {
    let mut world = world();
    let post = |person: u128, more: Option<(&str, Value)>| {
        let mut pairs = vec![
            ("person", Value::Ref(id(person))),
            ("unit", Value::Ref(id(2))),
            ("role", Value::Code("secretary".to_owned())),
            ("from_on", date(2022, 1, 1)),
        ];
        pairs.extend(more);
        fields(Kind::Post, &pairs)
    };
    world.0.insert(id(8), (Kind::Person, person("10008", "乙")));
    world.0.insert(id(9), (Kind::Post, post(8, None)));
    let check =
        |world: &Memory| codes(&check_against(world, Kind::Post, None, &post(1, None))).len();
    assert_eq!(check(&world), 1);
    world.0.insert(id(9), (Kind::Post, post(8, Some(("to_on", date(2025, 12, 31))))));
    assert_eq!(check(&world), 0);
}

/// Pass rules seen: three quarters of the sessions, a mark of the class's own.
#[test]
fn a_finished_enrolment_is_held_against_the_pass_rule_of_its_class() {
    let mut world = world();
    let class = [("year", Value::Int(2026)), ("name", text("n")), ("pass_mark", Value::Int(60))];
    world.0.insert(id(3), (Kind::TrainingClass, fields(Kind::TrainingClass, &class)));
    let finished = |mark: i64| {
        let pairs = [
            ("class", Value::Ref(id(3))),
            ("person", Value::Ref(id(1))),
            ("status", Value::Code("completed".to_owned())),
            ("hours", Value::Int(80)),
            ("mark", Value::Int(mark)),
        ];
        fields(Kind::Enrolment, &pairs)
    };
    let issues = |world: &Memory, mark| {
        let issues = check_against(world, Kind::Enrolment, Some(id(4)), &finished(mark));
        issues.into_iter().map(|issue| issue.code).collect::<Vec<_>>()
    };
    assert_eq!(issues(&world, 599), ["q15-mark"]);
    assert_eq!(issues(&world, 600), Vec::<&str>::new());
    for n in 20..24 {
        let session = [
            ("class", Value::Ref(id(3))),
            ("starts_at", Value::Instant(i64::try_from(n).unwrap())),
        ];
        world.0.insert(id(n), (Kind::Session, fields(Kind::Session, &session)));
    }
    let mut mark = |n: u128, session: u128, state: &str| {
        let pairs = [
            ("session", Value::Ref(id(session))),
            ("person", Value::Ref(id(1))),
            ("state", Value::Code(state.to_owned())),
        ];
        world.0.insert(id(n), (Kind::Attendance, fields(Kind::Attendance, &pairs)));
    };
    mark(30, 20, "present");
    mark(31, 21, "made_up");
    mark(32, 22, "absent");
    assert_eq!(issues(&world, 600), ["q15-attendance"]);
    let mut mark = |n: u128, session: u128, state: &str| {
        let pairs = [
            ("session", Value::Ref(id(session))),
            ("person", Value::Ref(id(1))),
            ("state", Value::Code(state.to_owned())),
        ];
        world.0.insert(id(n), (Kind::Attendance, fields(Kind::Attendance, &pairs)));
    };
    mark(33, 23, "present");
    assert_eq!(issues(&world, 600), Vec::<&str>::new(), "three of four");
}

/// 補訓: only who missed a class makes up for it, and in another one.
#[test]
fn who_makes_up_for_a_class_is_the_one_who_missed_it() {
    let mut world = world();
    world.0.insert(id(5), (Kind::TrainingClass, Fields::new()));
    world.0.insert(id(6), (Kind::Person, person("10002", "王小明")));
    let missed = |state: &str, person: u128| {
        let pairs = [
            ("class", Value::Ref(id(3))),
            ("person", Value::Ref(id(person))),
            ("status", Value::Code(state.to_owned())),
        ];
        fields(Kind::Enrolment, &pairs)
    };
    let codes = |world: &Memory, class: u128| {
        let pairs = [
            ("class", Value::Ref(id(class))),
            ("person", Value::Ref(id(1))),
            ("makes_up", Value::Ref(id(7))),
        ];
        let own = fields(Kind::Enrolment, &pairs);
        let issues = check_against(world, Kind::Enrolment, Some(id(8)), &own);
        let made_up = issues.into_iter().filter(|issue| issue.field == "makes_up");
        made_up.map(|issue| (issue.code, issue.is_error())).collect::<Vec<_>>()
    };
    for state in ["excused", "absent", "not_completed"] {
        world.0.insert(id(7), (Kind::Enrolment, missed(state, 1)));
        assert_eq!(codes(&world, 5), [], "{state}");
    }
    assert_eq!(codes(&world, 3), [("q16-same-class", true)]);
    world.0.insert(id(7), (Kind::Enrolment, missed("certified", 1)));
    assert_eq!(codes(&world, 5), [("q16-nothing-missed", false)]);
    world.0.insert(id(7), (Kind::Enrolment, missed("absent", 6)));
    assert_eq!(codes(&world, 5), [("q16-other-person", true)]);
}
