//! What records keep of the moment they were made or judged.

use super::tests::{client, fields, text};
use super::*;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{PartialDate, Value};

fn on(year: i16) -> Value {
    Value::Date(PartialDate::day(year, 1, 1).unwrap())
}

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

fn add(client: &Client, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
    client.create_record(kind, None, fields(kind, pairs)).unwrap().id
}

fn value(client: &Client, id: RecordId, key: &str) -> Option<Value> {
    let view = client.view(id).unwrap();
    view.fields.get(&view.kind.spec().field(key).unwrap().number).cloned()
}

/// A teachers' branch with its secretary: unit, branch, person.
fn branch(client: &Client) -> (RecordId, RecordId, RecordId) {
    let unit = add(
        client,
        Kind::Unit,
        &[("code", text("01")), ("name", text("甲學院黨委")), ("type", code("committee"))],
    );
    let pairs = [
        ("code", text("0101")),
        ("name", text("甲支部")),
        ("type", code("branch")),
        ("parent", Value::Ref(unit)),
        ("branch_type", code("teachers")),
    ];
    let branch = add(client, Kind::Unit, &pairs);
    let person = add(client, Kind::Person, &[("staff_no", text("1")), ("name", text("甲"))]);
    let post = [
        ("person", Value::Ref(person)),
        ("unit", Value::Ref(branch)),
        ("role", code("secretary")),
        ("from_on", on(2020)),
    ];
    add(client, Kind::Post, &post);
    (unit, branch, person)
}

fn policy(client: &Client, name: &str, from: i16) {
    let pairs = [
        ("table", code("double_leader")),
        ("name", text(name)),
        ("subject", text("teachers")),
        ("valid_from", on(from)),
        ("levels", text("1")),
        ("age", Value::Int(50)),
        ("years", Value::Int(5)),
        ("source", text("校黨字1號")),
    ];
    add(client, Kind::Policy, &pairs);
}

#[test]
fn a_recognition_keeps_the_rule_of_its_day_and_a_later_rule_does_not_rewrite_it() {
    let client = client();
    let (_, branch, person) = branch(&client);
    let pairs = [
        ("person", Value::Ref(person)),
        ("branch", Value::Ref(branch)),
        ("direction", code("secretary_to_academic")),
        ("status", code("cultivating")),
        ("starts_on", on(2024)),
    ];
    let record = add(&client, Kind::Cultivation, &pairs);
    policy(&client, "ours-2020", 2020);
    let how = fields(
        Kind::Cultivation,
        &[("recognised_on", on(2025)), ("document_no", text("校黨字2號"))],
    );
    client.act(record, "recognise", None, how).unwrap();
    assert_eq!(value(&client, record, "rule_version"), Some(text("ours-2020")));
    policy(&client, "ours-2021", 2021);
    client.act(record, "suspend", Some("借調"), fields(Kind::Cultivation, &[])).unwrap();
    client.act(record, "resume", None, fields(Kind::Cultivation, &[])).unwrap();
    assert_eq!(value(&client, record, "rule_version"), Some(text("ours-2020")));
    let assessment = [("cultivation", Value::Ref(record)), ("year", Value::Int(2025))];
    let assessment = add(&client, Kind::CultivationAssessment, &assessment);
    assert_eq!(value(&client, assessment, "rule_version"), Some(text("ours-2021")));
}

#[test]
fn an_enrolment_keeps_unit_and_post_of_its_day() {
    let client = client();
    let (_, _, person) = branch(&client);
    let class = add(
        &client,
        Kind::TrainingClass,
        &[
            ("year", Value::Int(2026)),
            ("name", text("輪訓")),
            ("category", code("rotation")),
            ("organiser_level", code("university")),
        ],
    );
    let pairs = [("class", Value::Ref(class)), ("person", Value::Ref(person))];
    let seat = add(&client, Kind::Enrolment, &pairs);
    assert_eq!(value(&client, seat, "post_then"), Some(text("甲支部书记")));
    let late = add(&client, Kind::Person, &[("staff_no", text("2")), ("name", text("乙"))]);
    let written = [
        ("class", Value::Ref(class)),
        ("person", Value::Ref(late)),
        ("post_then", text("某處副處長")),
        ("status", code("unit_reviewed")),
        ("late_record", Value::Flag(true)),
        ("late_reason", text("簽到表後到")),
    ];
    let seat = add(&client, Kind::Enrolment, &written);
    assert_eq!(value(&client, seat, "post_then"), Some(text("某處副處長")));
    let closed = client.act(seat, "admit_late", None, fields(Kind::Enrolment, &[]));
    assert!(matches!(closed, Err(ClientError::StepClosed { .. })), "hours are needed");
    let hours = fields(Kind::Enrolment, &[("hours", Value::Int(240))]);
    client.act(seat, "admit_late", None, hours).unwrap();
    assert_eq!(value(&client, seat, "status"), Some(code("completed")));
}

#[test]
fn a_promotion_names_the_rule_from_the_rank_held_to_the_rank_given() {
    let client = client();
    let (unit, _, person) = branch(&client);
    let file = [
        ("person", Value::Ref(person)),
        ("unit", Value::Ref(unit)),
        ("rank", code("division_deputy")),
        ("appointed_on", on(2020)),
    ];
    let file = add(&client, Kind::StaffFile, &file);
    let to = |rank: &str, year: i16| {
        let pairs = [("staff_file", Value::Ref(file)), ("from_on", on(year)), ("rank", code(rank))];
        let appointment = add(&client, Kind::Appointment, &pairs);
        value(&client, appointment, "rule_version")
    };
    assert_eq!(to("division_chief", 2025), Some(text("division-deputy-division-chief")));
    assert_eq!(to("bureau_chief", 2026), None, "no rule leads there");
}
