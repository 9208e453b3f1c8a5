//! Whole workflows walked step by step: an organizer's leaving and return, a double leader's suspension and leaving of the pool.

use super::tests::{client, fields, text};
use super::*;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, PartialDate, Value};

fn add(client: &Client, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
    client.create_record(kind, None, fields(kind, pairs)).unwrap().id
}

fn value(client: &Client, id: RecordId, key: &str) -> Option<Value> {
    let view = client.view(id).unwrap();
    let found = view.fields.get(&view.kind.spec().field(key).unwrap().number).cloned();
    found.filter(|value| *value != Value::Null)
}

fn on(year: i16, month: i8, day: i8) -> Value {
    Value::Date(PartialDate::day(year, month, day).unwrap())
}

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

fn person(client: &Client) -> (RecordId, RecordId) {
    let root = [("code", text("00")), ("name", text("大學")), ("type", code("university"))];
    let root = add(client, Kind::Unit, &root);
    let unit = [
        ("code", text("06")),
        ("name", text("物理學院黨委")),
        ("type", code("committee")),
        ("parent", Value::Ref(root)),
    ];
    let unit = add(client, Kind::Unit, &unit);
    let person = fields(Kind::Person, &[("staff_no", text("10001")), ("name", text("王小明"))]);
    (unit, client.create_record(Kind::Person, Some(unit.unit()), person).unwrap().id)
}

fn act(
    client: &Client,
    id: RecordId,
    action: &str,
    reason: Option<&str>,
    changes: Fields,
) -> Result<(), &'static str> {
    match client.act(id, action, reason, changes) {
        Ok(_) => Ok(()),
        Err(ClientError::StepClosed { reason, .. }) => Err(reason.code),
        Err(other) => panic!("{other:?}"),
    }
}

/// 離任 and 復任: a day and a reason, and whoever comes back keeps the time before.
#[expect(clippy::cognitive_complexity, reason = "one walk, step after step")]
#[test]
fn an_organizer_leaves_with_day_and_reason_and_comes_back_with_the_time_before() {
    let client = client();
    let (unit, person) = person(&client);
    let file = [
        ("person", Value::Ref(person)),
        ("unit", Value::Ref(unit)),
        ("rank", code("section_chief")),
        ("appointed_on", on(2018, 3, 1)),
    ];
    let file = add(&client, Kind::StaffFile, &file);
    assert_eq!(value(&client, file, "status"), Some(code("in_post")));
    let none = || fields(Kind::StaffFile, &[]);
    let day = || fields(Kind::StaffFile, &[("left_on", on(2022, 8, 31))]);
    assert_eq!(act(&client, file, "leave", Some("調離"), none()), Err("step-needs-field"));
    assert_eq!(act(&client, file, "leave", None, day()), Err("step-needs-reason"));
    let mut left = day();
    left.extend(fields(Kind::StaffFile, &[("leave_reason", code("2"))]));
    assert_eq!(act(&client, file, "leave", Some("調離"), left), Ok(()));
    assert_eq!(value(&client, file, "status"), Some(code("left")));
    assert_eq!(value(&client, file, "status_reason"), Some(text("調離")));
    assert_eq!(act(&client, file, "leave", Some("調離"), day()), Err("step-wrong-state"));
    let again = || fields(Kind::StaffFile, &[("appointed_on", on(2024, 9, 1))]);
    assert_eq!(act(&client, file, "reappoint", None, again()), Ok(()));
    assert_eq!(value(&client, file, "status"), Some(code("in_post")));
    assert_eq!(value(&client, file, "left_on"), None, "re-appointment clears the day of leaving");
    assert_eq!(value(&client, file, "leave_reason"), None);
    let before = client.list(&Query::all(Kind::Appointment)).unwrap();
    assert_eq!(before.len(), 1, "the time before is kept");
    assert_eq!(value(&client, before[0], "from_on"), Some(on(2018, 3, 1)));
    assert_eq!(value(&client, before[0], "to_on"), Some(on(2022, 8, 31)));
    assert_eq!(value(&client, before[0], "rank"), Some(code("section_chief")));
    let actions: Vec<_> = client.history(file).unwrap().iter().map(|h| h.action).collect();
    assert_eq!(actions, ["create", "set", "set"]);
    let as_of = PartialDate::day(2025, 8, 31).unwrap();
    let request =
        ReportRequest { name: "promotion-eligibility".into(), as_of, year: 2025, unit: None };
    let report = client.report(&request).unwrap();
    let (_, served) = report.lists.iter().find(|(key, _)| *key == "service-months").unwrap();
    let months = crate::domain::figures::share::Note::Months(54 + 12);
    assert_eq!(served[0].note, Some(months), "four and a half years, and one");
    client.undo().unwrap();
    assert_eq!(value(&client, file, "status"), Some(code("left")), "one step back");
    assert_eq!(client.list(&Query::all(Kind::Appointment)).unwrap().len(), 0);
}

/// 暫停、出庫 (教黨〔2018〕26號): each with its reason, the record and its history stay.
#[expect(
    clippy::cognitive_complexity,
    clippy::too_many_lines,
    reason = "one walk, step after step"
)]
#[test]
fn a_double_leader_is_suspended_goes_on_and_leaves_the_pool_with_its_reason() {
    let client = client();
    let (unit, person) = person(&client);
    let branch = [
        ("code", text("0601")),
        ("name", text("第一教工黨支部")),
        ("type", code("branch")),
        ("branch_type", code("teachers")),
        ("parent", Value::Ref(unit)),
    ];
    let branch = add(&client, Kind::Unit, &branch);
    let pairs = [
        ("person", Value::Ref(person)),
        ("branch", Value::Ref(branch)),
        ("direction", code("academic_to_secretary")),
    ];
    let id = add(&client, Kind::Cultivation, &pairs);
    let of = |pairs: &[(&str, Value)]| fields(Kind::Cultivation, pairs);
    let step = |action: &str, reason: Option<&str>, changes: Fields| {
        act(&client, id, action, reason, changes)
    };
    assert_eq!(step("suspend", Some("出國"), of(&[])), Err("step-wrong-state"));
    assert_eq!(step("review", None, of(&[])), Err("step-needs-field"), "a meeting decides");
    assert_eq!(step("review", None, of(&[("unit_meeting_on", on(2025, 3, 1))])), Ok(()));
    assert_eq!(step("accept", None, of(&[])), Ok(()));
    let decided = of(&[("decision_no", text("校黨字〔2025〕3號")), ("starts_on", on(2025, 4, 1))]);
    assert_eq!(step("cultivate", None, decided), Ok(()));
    let rule = value(&client, id, "rule_version");
    assert!(rule.is_some(), "the judgement names its rule");
    assert_eq!(step("suspend", None, of(&[])), Err("step-needs-reason"));
    assert_eq!(step("suspend", Some("出國訪學"), of(&[])), Ok(()));
    assert_eq!(value(&client, id, "status"), Some(code("suspended")));
    assert_eq!(value(&client, id, "status_reason"), Some(text("出國訪學")));
    let recognised =
        || of(&[("recognised_on", on(2026, 1, 1)), ("document_no", text("校黨字〔2026〕1號"))]);
    assert_eq!(step("recognise", None, recognised()), Err("step-wrong-state"));
    assert_eq!(step("resume", None, of(&[])), Ok(()));
    assert_eq!(step("recognise", None, of(&[])), Err("step-needs-field"), "with its document");
    assert_eq!(step("recognise", None, recognised()), Ok(()));
    assert_eq!(value(&client, id, "rule_version"), rule, "a judgement is not rewritten");
    let reason = || of(&[("removal_reason", code("post_changed"))]);
    assert_eq!(step("remove", Some("轉崗"), of(&[])), Err("step-needs-field"));
    assert_eq!(step("remove", Some("轉崗"), reason()), Ok(()));
    assert_eq!(value(&client, id, "status"), Some(code("removed")));
    assert_eq!(step("archive", None, of(&[])), Ok(()));
    let changed = client.set_fields(id, of(&[("decision_no", text("另一號"))]));
    assert!(matches!(changed, Err(ClientError::Invalid { .. })), "archived");
    let states: Vec<Value> = client
        .history(id)
        .unwrap()
        .iter()
        .flat_map(|entry| &entry.changes)
        .filter(|change| change.key == "status")
        .filter_map(|change| change.new.clone())
        .collect();
    let walked = [
        "nominated",
        "unit_reviewed",
        "university_review",
        "cultivating",
        "suspended",
        "cultivating",
        "recognised",
        "removed",
        "archived",
    ];
    assert_eq!(states, walked.map(code), "every step stays in the history");
}
