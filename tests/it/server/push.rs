//! Pushes: repetition, gaps, forks, conflicts, refusals.

use ejia::domain::ids::{RecordId, UserId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::sync::open::Order;
use ejia::sync::{Base, ConflictKind, OpBody, Outcome};

use super::harness::{Server, block, fresh, no};

#[test]
fn a_repeated_push_gives_the_stored_outcomes() {
    let server = Server::start();
    let mut hq = server.hq();
    let record = RecordId(fresh());
    let fields = vec![
        (no(Kind::Person, "staff_no"), Value::Text("06001".to_owned())),
        (no(Kind::Person, "name"), Value::Text("王小明".to_owned())),
    ];
    let body = OpBody::Create { unit: ejia::domain::ids::UnitId::HOME, fields };
    let (_, bytes) = hq.op(Kind::Person, record, body);
    let first = hq.push(std::slice::from_ref(&bytes)).unwrap();
    let again = hq.push(&[bytes]).unwrap();
    assert_eq!(first, again);
    assert_eq!(first.results.len(), 1);
    let (puts, _) = hq.pull();
    assert_eq!(puts.iter().filter(|record| record.kind == Kind::Person.number()).count(), 1);
}

#[test]
fn a_gap_is_told_with_the_number_expected() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.person("06001", "王小明");
    let (_, lost) = hq.op(Kind::Person, RecordId(fresh()), OpBody::Restore { saw: 0 });
    let (_, next) = hq.op(Kind::Person, RecordId(fresh()), OpBody::Restore { saw: 0 });
    let problem = hq.push(std::slice::from_ref(&next)).unwrap_err();
    assert_eq!((problem.code.as_str(), problem.expected), ("gap", Some(2)));
    assert_eq!(hq.push(&[lost, next]).unwrap().last_n, 3);
}

#[test]
fn other_operations_under_the_same_numbers_are_a_fork_and_change_nothing() {
    let server = Server::start();
    let mut hq = server.hq();
    hq.person("06001", "王小明");
    let (n, prev) = (hq.n, hq.prev);
    hq.person("06002", "李小紅");
    (hq.n, hq.prev) = (n, prev);
    let (_, other) = hq.op(Kind::Person, RecordId(fresh()), OpBody::Restore { saw: 9 });
    assert_eq!(hq.push(&[other]).unwrap_err().code, "fork");
    assert_eq!(hq.open().order, Order::NewGeneration(2), "the clone is told to take a generation");
    hq.generation = 2;
    (hq.n, hq.prev) = (0, [0; 16]);
    hq.person("06003", "趙大海");
    let (puts, _) = hq.pull();
    assert_eq!(puts.iter().filter(|record| record.kind == Kind::Person.number()).count(), 3);
}

#[test]
fn the_second_writer_of_a_field_makes_a_conflict_and_both_values_stay() {
    let server = Server::start();
    let mut one = server.hq();
    let mut two = server.device_of("admin");
    let (person, made) = one.person("06001", "王小明");
    let (_, first) = one.set(Kind::Person, person, "name", Base::Seen(made), "王曉明");
    assert!(matches!(first, Outcome::Applied { .. }));
    let (late, second) = two.set(Kind::Person, person, "name", Base::Seen(made), "王筱明");
    let Outcome::Conflict { id, .. } = second else { panic!("{second:?}") };
    let (puts, _) = one.pull();
    let record = puts.iter().find(|record| record.id == person).unwrap();
    assert_eq!(record.fields[&no(Kind::Person, "name")].value, Value::Text("王曉明".to_owned()));
    assert_eq!(record.open_conflicts, 1);
    let conflict = puts.iter().find(|record| record.id == id).unwrap().conflict.clone().unwrap();
    assert_eq!((conflict.kind, conflict.candidates[0].op), (ConflictKind::Edit, late));
    assert_eq!(conflict.base[0].1, Value::Text("王小明".to_owned()));

    let current = conflict.current[0].op.unwrap();
    let values = vec![(no(Kind::Person, "name"), Value::Text("王筱明".to_owned()))];
    let body = OpBody::Resolve { conflict: id, seen: vec![late, current], values };
    let (_, settled) = one.do_one(Kind::Person, person, body);
    assert!(matches!(settled, Outcome::Applied { .. }), "{settled:?}");
    let (puts, _) = two.pull();
    let record = puts.iter().find(|record| record.id == person).unwrap();
    assert_eq!(record.open_conflicts, 0);
}

#[test]
fn a_refused_operation_blocks_what_depends_on_it_and_nothing_else() {
    let server = Server::start();
    let mut hq = server.hq();
    let nameless = RecordId(fresh());
    let fields = vec![(no(Kind::Person, "staff_no"), Value::Text("06001".to_owned()))];
    let unit = ejia::domain::ids::UnitId::HOME;
    let (_, outcome) = hq.do_one(Kind::Person, nameless, OpBody::Create { unit, fields });
    assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}");
    let (_, outcome) = hq.set(Kind::Person, nameless, "name", Base::Absent, "王小明");
    assert!(matches!(outcome, Outcome::Blocked { by: 1, .. }), "{outcome:?}");
    hq.person("06001", "王小明");
}

#[test]
fn an_unreadable_operation_is_stored_as_refused_and_the_next_is_taken() {
    let server = Server::start();
    let mut hq = server.hq();
    let junk = b"not an operation".to_vec();
    let answer = hq.push_from(1, [0; 16], std::slice::from_ref(&junk)).unwrap();
    let Outcome::Rejected { code, .. } = &answer.results[0].1 else { panic!("{answer:?}") };
    assert_eq!(code, "unknown_body");
    (hq.n, hq.prev) = (1, ejia::sync::digest(&junk));
    hq.person("06001", "王小明");
}

#[test]
fn an_operation_in_somebody_elses_name_is_refused() {
    let server = Server::start();
    let mut hq = server.hq();
    let record = RecordId(fresh());
    let body = OpBody::Create { unit: ejia::domain::ids::UnitId::HOME, fields: Vec::new() };
    let (_, bytes) = hq.op_by(UserId(fresh()), Kind::Person.number(), record, body);
    let answer = hq.push(&[bytes]).unwrap();
    let Outcome::Rejected { code, .. } = &answer.results[0].1 else { panic!("{answer:?}") };
    assert_eq!(code, "not_permitted");
}

#[test]
fn one_request_opens_pushes_and_pulls() {
    let server = Server::start();
    let mut hq = server.hq();
    let (_, bytes) = hq.op(Kind::Person, RecordId(fresh()), OpBody::Restore { saw: 0 });
    let request = ejia::wire::PushRequest {
        generation: 1,
        from_n: 1,
        prev: [0; 16],
        ops: vec![ejia::wire::frame::Blob(bytes)],
        receipts: Vec::new(),
    };
    let sent_n = hq.n;
    let answer = hq.open_unacked(Some(request));
    assert_eq!(answer.opened.order, Order::Proceed);
    assert_eq!(answer.push.unwrap().last_n, sent_n);
    let page = answer.page.unwrap();
    assert!(page.complete);
    assert_eq!(page.puts.len(), 2, "the root unit, and what waits for its record");
}

#[test]
fn fifty_requests_from_ten_devices_at_once_give_ten_places_and_order_forty() {
    use ejia::sync::command::{Arguments as _, EnrolRequest, enrolment_id};
    let server = Server::start();
    let mut hq = server.hq();
    let (class, _) = hq.create(
        Kind::TrainingClass,
        &[
            ("year", Value::Int(2026)),
            ("name", Value::Text("論壇".to_owned())),
            ("capacity", Value::Int(10)),
            ("status", Value::Code("published".to_owned())),
        ],
    );
    let people: Vec<RecordId> =
        (0..50).map(|n| hq.person(&format!("{n:05}"), "王小明").0).collect();
    let devices: Vec<_> = (0..10).map(|_| server.device_of("admin")).collect();
    std::thread::scope(|scope| {
        for (mut device, people) in devices.into_iter().zip(people.chunks(5)) {
            scope.spawn(move || {
                for person in people {
                    let request = uuid::Uuid::nil();
                    let args =
                        EnrolRequest { class, person: *person, request, post_then: String::new() };
                    let name = EnrolRequest::NAME.to_owned();
                    let body = OpBody::Command { name, args: args.seal() };
                    let id = enrolment_id(class, *person);
                    let (_, outcome) = device.do_one(Kind::Enrolment, id, body);
                    let placed = matches!(outcome, Outcome::Applied { .. });
                    assert!(placed || matches!(outcome, Outcome::WaitListed { .. }), "{outcome:?}");
                }
            });
        }
    });
    let (records, _) = hq.pull();
    let of = |key: &str| -> Vec<Value> {
        let kind = Kind::Enrolment;
        let found = records.iter().filter(|record| record.kind == kind.number());
        found.filter_map(|r| r.fields.get(&no(kind, key)).map(|s| s.value.clone())).collect()
    };
    let confirmed = Value::Code("confirmed".to_owned());
    assert_eq!(of("status").iter().filter(|state| **state == confirmed).count(), 10);
    let mut line = of("queue_position");
    line.sort();
    assert_eq!(line, (1..=40).map(Value::Int).collect::<Vec<_>>());
    let verified = block(ejia::server::admin::verify(&server.database)).unwrap();
    assert_eq!(verified.difference, None);
}
