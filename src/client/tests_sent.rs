//! What headquarters sends out: tasks that become submissions of units, notices that are signed for.

use super::tests::{client, fields, text};
use super::*;
use crate::domain::access::Role;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{PartialDate, Value};

fn add(client: &Client, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
    client.create_record(kind, None, fields(kind, pairs)).unwrap().id
}

fn on(month: i8, day: i8) -> Value {
    Value::Date(PartialDate::day(2026, month, day).unwrap())
}

fn value(client: &Client, id: RecordId, key: &str) -> Option<Value> {
    let view = client.view(id).unwrap();
    view.fields.get(&view.kind.spec().field(key).unwrap().number).cloned()
}

/// A university with two units, and a branch in the first.
fn university(client: &Client) -> [RecordId; 2] {
    let unit = |code: &str, sort: &str, parent: Option<RecordId>| {
        let name = text(&format!("單位{code}"));
        let mut pairs =
            vec![("code", text(code)), ("name", name), ("type", Value::Code(sort.into()))];
        pairs.extend(parent.map(|parent| ("parent", Value::Ref(parent))));
        add(client, Kind::Unit, &pairs)
    };
    let root = unit("00", "university", None);
    let units = ["01", "02"].map(|code| unit(code, "committee", Some(root)));
    unit("0101", "branch", Some(units[0]));
    units
}

fn task(client: &Client, more: &[(&str, Value)]) -> RecordId {
    let pairs = [
        ("name", text("補短板清單")),
        ("series", Value::Code("shortfalls".into())),
        ("year", Value::Int(2026)),
        ("due_on", on(5, 31)),
    ];
    add(client, Kind::Deployment, &[&pairs[..], more].concat())
}

#[test]
fn a_task_gives_each_unit_one_submission_however_often_it_is_sent() {
    let client = client();
    let [first, second] = university(&client);
    let task = task(&client, &[]);
    let done = client.deploy(task).unwrap();
    let units: Vec<RecordId> = done.made.iter().map(|(unit, _)| *unit).collect();
    assert_eq!(units, [first, second], "neither the university nor a branch");
    let (_, made) = done.made[0];
    assert_eq!(value(&client, made, "deployment"), Some(Value::Ref(task)));
    assert_eq!(value(&client, made, "due_on"), Some(on(5, 31)));
    assert_eq!(client.view(made).unwrap().unit, first.unit());
    let again = client.deploy(task).unwrap();
    assert_eq!((again.made.len(), again.had), (0, 2));
    client.undo().unwrap();
    assert_eq!(client.list(&Query::all(Kind::Submission)).unwrap(), [], "one command, one undo");
    assert_eq!(client.deploy(task).unwrap().made.len(), 2, "and again after that");
}

#[test]
fn a_task_for_some_units_names_the_codes_that_no_unit_has() {
    let client = client();
    let [_, second] = university(&client);
    let task = task(&client, &[("for_units", text("02、0101"))]);
    let done = client.deploy(task).unwrap();
    assert_eq!(done.made.iter().map(|(unit, _)| *unit).collect::<Vec<_>>(), [second]);
    assert_eq!(done.unknown, ["0101"], "a branch is not directly under the university");
}

#[test]
fn a_submission_of_the_same_name_and_year_joins_the_task() {
    let client = client();
    let [first, second] = university(&client);
    let submission = |unit, year| {
        let pairs = [
            ("unit", Value::Ref(unit)),
            ("name", text("補短板清單")),
            ("year", Value::Int(year)),
            ("due_on", on(5, 31)),
        ];
        add(&client, Kind::Submission, &pairs)
    };
    let same = submission(first, 2026);
    let other_year = submission(second, 2025);
    let task = task(&client, &[]);
    let done = client.deploy(task).unwrap();
    assert_eq!((done.joined, done.made.len()), (vec![(first, same)], 1));
    assert_eq!(value(&client, same, "deployment"), Some(Value::Ref(task)));
    assert_eq!(value(&client, other_year, "deployment"), None);
}

#[test]
fn a_closed_task_is_not_sent_and_only_headquarters_sends() {
    let client = client();
    university(&client);
    let task = task(&client, &[]);
    client.lock().profile.role = Role::Organizer;
    assert!(matches!(client.deploy(task), Err(ClientError::NotAllowed { .. })));
    client.lock().profile.role = Role::Hq;
    client.act(task, "close", None, fields(Kind::Deployment, &[])).unwrap();
    assert!(matches!(client.deploy(task), Err(ClientError::StepClosed { .. })));
    assert_eq!(client.list(&Query::all(Kind::Submission)).unwrap(), []);
}

#[test]
fn a_notice_is_signed_for_once_by_each_reader_and_only_when_it_is_issued() {
    let client = client();
    let [unit, _] = university(&client);
    let pairs = [("title", text("開展系列活動")), ("body", text("請按期報送。"))];
    let notice = add(&client, Kind::Notice, &pairs);
    client.lock().profile.unit = unit.unit();
    assert!(matches!(client.sign_for(notice), Err(ClientError::StepClosed { .. })), "a draft");
    client.act(notice, "issue", None, fields(Kind::Notice, &[("issued_on", on(3, 2))])).unwrap();
    let signed = client.sign_for(notice).unwrap();
    assert!(signed.new);
    assert_eq!(value(&client, signed.id, "unit"), Some(Value::Ref(unit)));
    assert_eq!(value(&client, signed.id, "notice"), Some(Value::Ref(notice)));
    assert_eq!(client.sign_for(notice).unwrap(), Signed { new: false, ..signed.clone() });
    client.lock().profile.user_name = "另一人".to_owned();
    assert!(client.sign_for(notice).unwrap().new, "a second person of the unit");
}
