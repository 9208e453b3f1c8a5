//! A server and devices that speak the protocol by hand.

use ejia::domain::ids::{RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::{PartialDate, Precision, Value};
use ejia::sync::{Base, ConflictKind, Group, OpBody, OpId, Outcome, Record, digest};
use ejia::wire::{decode_op, encode, encode_op};

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

/// Writes operations that are applied all or none.
fn grouped(device: &mut Device<'_>, ops: &[(RecordId, OpBody)]) -> Vec<Vec<u8>> {
    let first = device.n + 1;
    let length = u16::try_from(ops.len()).unwrap();
    let mut out = Vec::new();
    for (index, (id, body)) in (0..).zip(ops) {
        let (_, bytes) = device.op(Kind::Person, *id, body.clone());
        let mut op = decode_op(&bytes).unwrap();
        op.group = Some(Group { first, index, length });
        let bytes = encode_op(&op).unwrap();
        device.prev = digest(&bytes);
        out.push(bytes);
    }
    out
}

#[test]
fn of_a_group_with_one_refused_operation_nothing_is_left() {
    let server = Server::start();
    let mut hq = server.hq();
    let create = |number: &str, name: Option<&str>| {
        let mut fields = vec![(no(Kind::Person, "staff_no"), text(number))];
        fields.extend(name.map(|name| (no(Kind::Person, "name"), text(name))));
        OpBody::Create { unit: UnitId::HOME, fields }
    };
    let (whole, nameless) = (RecordId(fresh()), RecordId(fresh()));
    let bodies = [(whole, create("06001", Some("王小明"))), (nameless, create("06002", None))];
    let ops = grouped(&mut hq, &bodies);
    let answer = hq.push(&ops).unwrap();
    let outcomes: Vec<_> = answer.results.into_iter().map(|(_, outcome)| outcome).collect();
    assert!(matches!(outcomes[0], Outcome::Blocked { by: 2, .. }), "{outcomes:?}");
    assert!(matches!(outcomes[1], Outcome::Rejected { .. }), "{outcomes:?}");
    assert!(hq.pull().0.iter().all(|record| record.id != whole && record.id != nameless));
    let bodies =
        [(whole, create("06001", Some("王小明"))), (nameless, create("06002", Some("李小紅")))];
    let ops = grouped(&mut hq, &bodies);
    let answer = hq.push(&ops).unwrap();
    assert!(answer.results.iter().all(|(_, outcome)| matches!(outcome, Outcome::Applied { .. })));
}

#[test]
fn an_edit_whose_base_comes_later_is_kept_and_then_applied() {
    let server = Server::start();
    let mut one = server.hq();
    let mut two = server.device_of("admin");
    let (id, made) = one.person("06001", "王小明");
    let set = |base, name| OpBody::Set {
        sets: vec![(no(Kind::Person, "name"), Base::Seen(base), text(name))],
    };
    let (base, late) = two.op(Kind::Person, id, set(made, "王中明"));
    let (_, outcome) = one.do_one(Kind::Person, id, set(base, "王大明"));
    assert!(matches!(outcome, Outcome::Held { .. }), "{outcome:?}");
    let answer = two.push(&[late]).unwrap();
    assert!(matches!(answer.results[0].1, Outcome::Applied { .. }), "{answer:?}");
    let name = pulled(&mut one, id).fields[&no(Kind::Person, "name")].value.clone();
    assert_eq!(name, text("王大明"));
}
