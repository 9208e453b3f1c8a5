//! A server and devices that speak the protocol by hand.

use ejia::domain::ids::{RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{PartialDate, Precision, Value};
use ejia::sync::{Base, ConflictKind, OpBody, OpId, Outcome, Record, digest};
use ejia::wire::{decode_op, encode};

use crate::server::harness::{Device, Server, fresh, no};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn pulled(device: &mut Device<'_>, id: RecordId) -> Record {
    device.cursor = ejia::sync::Cursor::START;
    device.pull().0.into_iter().find(|record| record.id == id).unwrap()
}

/// Makes a person, with the bytes of the operation.
fn person(device: &mut Device<'_>, id: RecordId, name: &str) -> (OpId, Vec<u8>) {
    let fields =
        vec![(no(Kind::Person, "staff_no"), text("06001")), (no(Kind::Person, "name"), text(name))];
    device.op(Kind::Person, id, OpBody::Create { unit: UnitId::HOME, fields })
}

#[test]
fn an_outcome_is_remembered_however_much_came_after() {
    let server = Server::start();
    let mut hq = server.hq();
    let (_, bytes) = person(&mut hq, RecordId(fresh()), "王小明");
    let first = hq.push(std::slice::from_ref(&bytes)).unwrap();
    for number in 0..10 {
        hq.person(&format!("07{number:03}"), "某人");
    }
    let again = hq.push_from(1, [0; 16], &[bytes]).unwrap();
    assert_eq!(again.results, first.results);
}

#[test]
fn a_value_that_was_put_back_is_a_later_value_all_the_same() {
    let server = Server::start();
    let mut hq = server.hq();
    let mut late = server.device_of("admin");
    let (id, made) = hq.person("06001", "王小明");
    let saw = pulled(&mut late, id).saw();
    let (changed, _) = hq.set(Kind::Person, id, "name", Base::Seen(made), "王大明");
    hq.set(Kind::Person, id, "name", Base::Seen(changed), "王小明");
    let delete = OpBody::Delete { saw, reason: "left".to_owned() };
    let (_, outcome) = late.do_one(Kind::Person, id, delete);
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    let (_, outcome) = late.set(Kind::Person, id, "name", Base::Seen(made), "王中明");
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    assert!(pulled(&mut late, id).is_live());
}

#[test]
fn a_record_made_a_second_time_keeps_what_the_first_maker_wrote() {
    let server = Server::start();
    let mut one = server.hq();
    let mut two = server.device_of("admin");
    let id = RecordId(fresh());
    let (first, bytes) = person(&mut one, id, "王小明");
    one.push(&[bytes]).unwrap();
    let (_, bytes) = person(&mut two, id, "李小紅");
    let outcome = two.push(&[bytes]).unwrap().results[0].1.clone();
    let Outcome::Conflict { id: conflict, .. } = outcome else { panic!("{outcome:?}") };
    let record = pulled(&mut one, id);
    assert_eq!(
        (record.created, &record.fields[&no(Kind::Person, "name")].value),
        (first, &text("王小明"))
    );
    let conflict = pulled(&mut one, conflict).conflict.unwrap();
    assert!(conflict.candidates[0].values.iter().any(|(_, value)| *value == text("李小紅")));
}

#[test]
fn two_edits_that_are_wrong_only_together_wait_for_a_person() {
    let server = Server::start();
    let mut one = server.hq();
    let mut two = server.device_of("admin");
    let day = |day| Value::Date(PartialDate::from_days(day, Precision::Day).unwrap());
    let class = Kind::TrainingClass;
    let fields = [
        ("year", Value::Int(2026)),
        ("name", text("輪訓班")),
        ("starts_on", day(20_600)),
        ("ends_on", day(20_610)),
    ];
    let (id, made) = one.create(class, &fields);
    let set = |key, value| OpBody::Set { sets: vec![(no(class, key), Base::Seen(made), value)] };
    let (_, outcome) = one.do_one(class, id, set("starts_on", day(20_609)));
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let (_, outcome) = two.do_one(class, id, set("ends_on", day(20_605)));
    let Outcome::Conflict { id: conflict, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(pulled(&mut one, conflict).conflict.unwrap().kind, ConflictKind::Invalid);
    assert_eq!(pulled(&mut one, id).fields[&no(class, "ends_on")].value, day(20_610));
}

/// Writes the salt in three bytes where one would do, as another encoder may.
fn written_otherwise(bytes: &[u8]) -> Vec<u8> {
    let op = decode_op(bytes).unwrap();
    let (tag, body) = (&bytes[..2], &bytes[6..]);
    let salt = encode(&(op.id, op.prev)).unwrap().len();
    assert_eq!(body[salt], 7, "the salt of the harness");
    let body = [&body[..salt], &[251, 7, 0], &body[salt + 1..]].concat();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let other = [tag, &length, &body].concat();
    assert_eq!(decode_op(&other).unwrap(), op);
    other
}

#[test]
fn an_operation_is_hashed_as_it_came_and_never_encoded_again() {
    let server = Server::start();
    let mut hq = server.hq();
    let (made, bytes) = person(&mut hq, RecordId(fresh()), "王小明");
    let bytes = written_otherwise(&bytes);
    let answer = hq.push_from(made.n, [0; 16], std::slice::from_ref(&bytes)).unwrap();
    assert!(matches!(answer.results[0].1, Outcome::Applied { .. }), "{answer:?}");
    hq.prev = digest(&bytes);
    hq.person("06002", "李小紅");
}
