//! Undo, redo, the list of commands, bulk actions and signing in, over a store in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tests::{client, fields, text};
use super::*;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, PartialDate, Value};

fn person(client: &Client, number: &str, name: &str) -> RecordId {
    let fields = fields(Kind::Person, &[("staff_no", text(number)), ("name", text(name))]);
    client.create_record(Kind::Person, None, fields).unwrap().id
}

fn set(client: &Client, id: RecordId, key: &str, value: &str) {
    client.set_fields(id, fields(Kind::Person, &[(key, text(value))])).unwrap();
}

fn value(client: &Client, id: RecordId, key: &str) -> Option<Value> {
    let view = client.view(id).unwrap();
    let value = view.fields.get(&view.kind.spec().field(key).unwrap().number).cloned();
    value.filter(|value| *value != Value::Null)
}

/// Opens the same files again.
fn reopened(client: Client) -> Client {
    let vault = client.inner.into_inner().unwrap().vault;
    Client::from_vault(Path::new("memory"), vault).unwrap()
}

#[test]
fn what_was_undone_is_done_again_until_something_else_changes() {
    let client = client();
    let id = person(&client, "10001", "甲");
    set(&client, id, "name", "乙");
    set(&client, id, "name", "丙");
    client.undo().unwrap();
    client.undo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("甲")));
    client.redo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("乙")));
    client.redo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("丙")));
    assert!(matches!(client.redo(), Err(ClientError::NothingToRedo)));
    client.undo().unwrap();
    set(&client, id, "name", "丁");
    assert!(matches!(client.redo(), Err(ClientError::NothingToRedo)));
}

#[test]
fn undo_and_redo_survive_a_restart_and_a_new_generation() {
    let client = client();
    let id = person(&client, "10001", "甲");
    set(&client, id, "name", "乙");
    client.lock().renumber(2).unwrap();
    let client = reopened(client);
    client.undo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("甲")));
    let client = reopened(client);
    client.redo().unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("乙")));
    let client = reopened(client);
    client.undo().unwrap();
    client.undo().unwrap();
    assert!(client.view(id).unwrap().deleted);
    client.redo().unwrap();
    assert!(!client.view(id).unwrap().deleted);
    assert_eq!(value(&client, id, "name"), Some(text("甲")));
}

#[test]
fn a_deletion_is_undone_and_redone() {
    let client = client();
    let id = person(&client, "10001", "甲");
    client.delete(id, "twice").unwrap();
    client.undo().unwrap();
    assert!(!client.view(id).unwrap().deleted);
    client.redo().unwrap();
    assert!(client.view(id).unwrap().deleted);
    client.undo().unwrap();
    assert!(!client.view(id).unwrap().deleted);
}

#[test]
fn any_command_is_undone_whose_fields_are_as_it_left_them() {
    let client = client();
    let a = person(&client, "10001", "甲");
    let b = person(&client, "10002", "乙");
    set(&client, a, "name", "甲甲");
    set(&client, b, "name", "乙乙");
    set(&client, b, "name", "乙丙");
    let list = client.commands(10).unwrap();
    assert_eq!(list.len(), 5);
    assert!(list.iter().all(|entry| !entry.undone && !entry.sent && entry.at > 0));
    let blocked: Vec<Option<&str>> = list.iter().map(|entry| entry.blocked.as_deref()).collect();
    let since = Some("changed-since");
    assert_eq!(blocked, [None, since, None, since, since]);
    // The middle one, about another record.
    client.undo_command(list[2].command).unwrap();
    assert_eq!(value(&client, a, "name"), Some(text("甲")));
    assert_eq!(value(&client, b, "name"), Some(text("乙丙")));
    let refused = client.undo_command(list[1].command);
    assert!(matches!(refused, Err(ClientError::ChangedSince)));
    let again = client.commands(10).unwrap();
    assert!(again[2].undone);
    client.undo_command(again[2].command).unwrap();
    assert_eq!(value(&client, a, "name"), Some(text("甲甲")));
    assert!(client.undo_command(1).is_err());
}

#[test]
fn an_earlier_value_that_came_back_by_undo_counts_as_unchanged() {
    let client = client();
    let id = person(&client, "10001", "甲");
    set(&client, id, "name", "乙");
    set(&client, id, "name", "丙");
    client.undo().unwrap();
    set(&client, id, "name", "丁");
    let list = client.commands(10).unwrap();
    assert!(matches!(client.undo_command(list[2].command), Err(ClientError::ChangedSince)));
    client.undo().unwrap();
    client.undo_command(list[2].command).unwrap();
    assert_eq!(value(&client, id, "name"), Some(text("甲")));
}

#[test]
fn a_bulk_change_is_previewed_row_by_row_and_undone_as_one() {
    let client = client();
    let ids: Vec<RecordId> = (0..5).map(|n| person(&client, &format!("1000{n}"), "甲")).collect();
    set(&client, ids[0], "phone", "025-83686868");
    let change = BulkChange::Set(fields(Kind::Person, &[("phone", text("025-83686868"))]));
    let gone = RecordId(uuid::Uuid::from_u128(9));
    let all = ids.iter().copied().chain([gone]).collect();
    let bulk = Bulk { ids: all, change, reason: "new line".into(), skip_warned: false };
    let rows = client.bulk_preview(&bulk);
    let standing = |n: usize| rows[n].standing.clone();
    assert_eq!(standing(0), BulkStanding::Same);
    assert_eq!(standing(1), BulkStanding::Changes);
    assert_eq!(standing(5), BulkStanding::Blocked("not-found-record".into(), Vec::new()));
    assert_eq!(rows[1].changes.len(), 1);
    assert_eq!(client.bulk(&bulk).unwrap(), 4);
    assert!(ids.iter().all(|id| value(&client, *id, "phone") == Some(text("025-83686868"))));
    assert_eq!(client.commands(1).unwrap()[0].records, 4);
    assert_eq!(client.undo().unwrap().records, 4);
    assert_eq!(value(&client, ids[0], "phone"), Some(text("025-83686868")));
    assert_eq!(value(&client, ids[4], "phone"), None);
    assert_eq!(client.redo().unwrap().records, 4);
    assert_eq!(value(&client, ids[4], "phone"), Some(text("025-83686868")));
}

#[test]
fn what_no_two_records_may_share_is_not_set_on_many() {
    let client = client();
    let ids = vec![person(&client, "10001", "甲"), person(&client, "10002", "乙")];
    let change = BulkChange::Set(fields(Kind::Person, &[("staff_no", text("10003"))]));
    let bulk = Bulk { ids, change, reason: String::new(), skip_warned: false };
    assert!(matches!(client.bulk(&bulk), Err(ClientError::NotAllowed { .. })));
    assert!(!client.bulk_fields(Kind::Person).contains(&"staff_no"));
}

fn session(client: &Client, people: &[RecordId]) -> RecordId {
    let number = |n: i64| Value::Int(n);
    let class = fields(Kind::TrainingClass, &[("year", number(2026)), ("name", text("骨幹班"))]);
    let class = client.create_record(Kind::TrainingClass, None, class).unwrap().id;
    for person in people {
        let pairs = [("class", Value::Ref(class)), ("person", Value::Ref(*person))];
        client.create_record(Kind::Enrolment, None, fields(Kind::Enrolment, &pairs)).unwrap();
    }
    let starts = Value::Instant(1_787_000_000_000);
    let session = fields(Kind::Session, &[("class", Value::Ref(class)), ("starts_at", starts)]);
    client.create_record(Kind::Session, None, session).unwrap().id
}

#[test]
fn people_sign_in_by_initials_characters_or_last_digits() {
    let client = client();
    let zeng = person(&client, "20210001", "曾憲");
    let zhang = person(&client, "20210002", "張曉");
    let shan = person(&client, "20210012", "單雄信");
    let other = person(&client, "20219999", "歐陽鋒");
    let session = session(&client, &[zeng, zhang, shan]);
    let roll = || client.roll(session).unwrap();
    let found = |typed: &str| -> Vec<RecordId> {
        client.found_on_roll(&roll(), typed).into_iter().map(|row| row.person).collect()
    };
    assert_eq!(roll().rows.len(), 3);
    assert_eq!(found("zx"), [zeng, zhang]);
    assert_eq!(found("sxx"), [shan]);
    assert_eq!(found("单雄"), [shan]);
    assert_eq!(found("0012"), [shan]);
    assert_eq!(found("2"), [shan, zhang]);
    assert_eq!(found("").len(), 3);
    assert_eq!(found("oyf"), [other], "who is not enrolled is found where nobody else is meant");
}

#[test]
fn a_mark_is_made_once_excused_with_a_reason_and_taken_back() {
    let client = client();
    let zeng = person(&client, "20210001", "曾憲");
    let zhang = person(&client, "20210002", "張曉");
    let other = person(&client, "20219999", "歐陽鋒");
    let session = session(&client, &[zeng, zhang]);
    let roll = || client.roll(session).unwrap();
    let found = |typed: &str| -> Vec<RecordId> {
        client.found_on_roll(&roll(), typed).into_iter().map(|row| row.person).collect()
    };
    assert!(matches!(client.check_in(session, zeng, "present", ""), Ok(Checked::Marked(_))));
    assert_eq!(found("zx"), [zhang, zeng], "who is here already comes last");
    assert!(matches!(client.check_in(session, zeng, "present", ""), Ok(Checked::Already(_))));
    client.check_in(session, zhang, "leave", "出差").unwrap();
    let mark = |person| roll().rows.into_iter().find(|row| row.person == person).unwrap().mark;
    assert_eq!(mark(zhang).unwrap().note, "出差");
    assert_eq!(mark(zhang).unwrap().at, None);
    client.undo().unwrap();
    assert_eq!(mark(zhang), None);
    client.check_in(session, other, "present", "").unwrap();
    assert_eq!(roll().rows.iter().filter(|row| !row.enrolled).count(), 1);
}

#[test]
fn what_was_written_to_a_refused_request_stays_in_view_when_it_is_asked_again() {
    let client = client();
    let ann = person(&client, "1", "王小明");
    let day = |d| Value::Date(PartialDate::day(2026, 12, d).unwrap());
    let class = [
        ("year", Value::Int(2026)),
        ("name", text("班")),
        ("starts_on", day(1)),
        ("ends_on", day(2)),
        ("capacity", Value::Int(2)),
    ];
    let class =
        client.create_record(Kind::TrainingClass, None, fields(Kind::TrainingClass, &class));
    let class = class.unwrap().id;
    client.act(class, "publish", None, Fields::new()).unwrap();
    let id = client.request_places(class, &[ann]).unwrap().pop().unwrap().id;
    let asked = client.inside().last_n;
    let post = fields(Kind::Enrolment, &[("post_then", text("支部書記"))]);
    client.set_fields(id, post).unwrap();
    {
        // The server has refused the request: nothing of it is confirmed, and what was written to it waits.
        let mut inner = client.lock();
        let record = inner.outbox.remove(asked).unwrap();
        inner.refold(record).unwrap();
    }
    assert!(client.visible(id).is_none());
    assert_eq!(client.request_places(class, &[ann]).unwrap().pop().unwrap().id, id);
    assert_eq!(value(&client, id, "post_then"), Some(text("支部書記")));
    assert_eq!(value(&client, id, "status"), Some(Value::Code("requested".into())));
}

/// The values of every person, deleted ones as nothing.
fn all_values(client: &Client, ids: &[RecordId]) -> BTreeMap<RecordId, Option<Fields>> {
    let one = |id: &RecordId| {
        let view = client.view(*id).unwrap();
        let mut fields = view.fields;
        fields.retain(|_, value| *value != Value::Null);
        (*id, (!view.deleted).then_some(fields))
    };
    ids.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn redo_after_undo_gives_the_same_records_back(
        acts in proptest::collection::vec((0usize..3, 0usize..4, 0usize..5), 1..12),
        back in 1usize..12,
        restart in any::<bool>(),
    ) {
        let mut client = client();
        let ids: Vec<RecordId> = (0..3).map(|n| person(&client, &format!("1000{n}"), "甲")).collect();
        let mut states = vec![all_values(&client, &ids)];
        for (who, what, how) in acts {
            let id = ids[who];
            let names = ["甲", "乙", "丙", "丁", "戊"];
            let before = client.commands(1).unwrap()[0].command;
            let done = match what {
                0 => client.set_fields(id, fields(Kind::Person, &[("name", text(names[how]))])).is_ok(),
                1 => client.set_fields(id, fields(Kind::Person, &[("phone", text(&format!("1380000000{how}")))])).is_ok(),
                2 => client.delete(id, "").is_ok(),
                _ => {
                    let change = BulkChange::Set(fields(Kind::Person, &[("name", text(names[how]))]));
                    client.bulk(&Bulk { ids: ids.clone(), change, reason: "x".into(), skip_warned: false }).is_ok()
                }
            };
            if done && client.commands(1).unwrap()[0].command != before {
                states.push(all_values(&client, &ids));
            }
        }
        let back = back.min(states.len() - 1);
        for n in 1..=back {
            client.undo().unwrap();
            prop_assert_eq!(&all_values(&client, &ids), &states[states.len() - 1 - n]);
        }
        if restart {
            client = reopened(client);
        }
        for n in (0..back).rev() {
            client.redo().unwrap();
            prop_assert_eq!(&all_values(&client, &ids), &states[states.len() - 1 - n]);
        }
        prop_assert!(matches!(client.redo(), Err(ClientError::NothingToRedo)));
    }
}

/// A step that asks for no reason is taken without one: what stands in for a reason while a step is previewed is never stored.
#[test]
fn a_step_on_many_records_without_a_reason_writes_none() {
    let client = client();
    let person = person(&client, "10001", "甲");
    let class = fields(
        Kind::TrainingClass,
        &[("year", Value::Int(2026)), ("name", text("輪訓班")), ("counts", Value::Flag(true))],
    );
    let class = client.create_record(Kind::TrainingClass, None, class).unwrap().id;
    let pairs = [("class", Value::Ref(class)), ("person", Value::Ref(person))];
    let enrolment = fields(Kind::Enrolment, &pairs);
    let id = client.create_record(Kind::Enrolment, None, enrolment).unwrap().id;
    let change = BulkChange::Step("submit".into());
    let bulk = Bulk { ids: vec![id], change, reason: String::new(), skip_warned: false };
    let shown = client.bulk_preview(&bulk);
    assert!(shown[0].warnings.iter().all(|issue| issue.field != "status_reason"), "{shown:?}");
    assert_eq!(client.bulk(&bulk).unwrap(), 1);
    assert_eq!(value(&client, id, "status_reason"), None);
    let withdraw = BulkChange::Step("withdraw".into());
    let bulk = Bulk { change: withdraw, ..bulk };
    let standing = &client.bulk_preview(&bulk)[0].standing;
    assert_eq!(
        *standing,
        BulkStanding::Changes,
        "a reason that is still to be typed blocks no row"
    );
    assert!(matches!(client.bulk(&bulk), Err(ClientError::ReasonMissing)));
}
