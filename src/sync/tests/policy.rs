//! Trifles by time, lost rights, elements, and records made again.

use super::*;

fn note_field() -> FieldNo {
    let spec = Kind::Enrolment.spec();
    let trifle = |field: &&crate::domain::record::FieldSpec| {
        field.merge == crate::domain::record::Merge::LastWriter
    };
    spec.fields.iter().find(trifle).unwrap().number
}

const ENROLMENT: RecordId = RecordId(Uuid::from_u128(9));

/// An enrolment with a trifle in it, written by headquarters at this time.
fn with_enrolment(at_ms: u64) -> (Server, Device, Device, OpId) {
    let (mut server, mut a, b) = two_devices();
    let no = |key| Kind::Enrolment.spec().field(key).unwrap().number;
    let mut made = a.op(OpBody::Create {
        unit: UnitId::HOME,
        fields: vec![
            (no("person"), Value::Ref(PERSON)),
            (no("class"), Value::Ref(RecordId(Uuid::from_u128(50)))),
            (no("attends_as"), Value::Code("student_secretary".into())),
            (no("status"), Value::Code("draft".into())),
            (note_field(), text("first")),
        ],
    });
    (made.kind, made.record, made.hlc) = (Kind::Enrolment.number(), ENROLMENT, at_ms << 16);
    assert!(matches!(at(&mut server, &made, &a.author, 1_000), Outcome::Applied { .. }));
    (server, a, b, made.id)
}

fn at(server: &mut Server, op: &Op, author: &Author, recv_at: i64) -> Outcome {
    server.seq += 1;
    apply(&mut server.world, op, author, Stamp { seq: server.seq, recv_at })
}

fn trifle(device: &mut Device, at_ms: u64, base: Base, value: &str) -> Op {
    let sets = vec![(note_field(), base, text(value))];
    let mut op = device.op(OpBody::Set { sets });
    (op.kind, op.record, op.hlc) = (Kind::Enrolment.number(), ENROLMENT, at_ms << 16);
    op
}

fn note(server: &Server) -> &Value {
    &server.world.records[&ENROLMENT].fields[&note_field()].value
}

#[test]
fn of_two_trifles_the_later_written_stays_and_the_other_is_kept_with_its_author() {
    for (first_at, second_at, stays, loses) in
        [(500, 900, "b", "a"), (900, 500, "a", "b"), (4_000_000_000_000, 2_000_000, "b", "a")]
    {
        let (mut server, mut a, mut b, made) = with_enrolment(1);
        let first = trifle(&mut a, first_at, Base::Seen(made), "a");
        let second = trifle(&mut b, second_at, Base::Seen(made), "b");
        at(&mut server, &first, &a.author, 1_000);
        at(&mut server, &second, &b.author, 2_000_000);
        assert_eq!(note(&server), &text(stays), "{first_at} and {second_at}");
        let conflict = server.conflicts()[0].clone();
        assert!(matches!(conflict.state, ConflictState::ClosedByPolicy(_)));
        let (op, author) = if loses == "a" { (&first, a.author) } else { (&second, b.author) };
        let candidate = &conflict.candidates[0];
        assert_eq!((candidate.op, candidate.actor), (op.id, author.user));
        assert_eq!(candidate.values, [(note_field(), text(loses))]);
        assert_eq!(server.world.records[&ENROLMENT].open_conflicts, 0);
    }
}

#[test]
fn an_author_whose_role_changed_since_is_heard_by_headquarters() {
    let (mut server, _, mut b) = two_devices();
    b.edit("phone", "13800000640");
    b.sync(&mut server);
    b.edit("phone", "13800000641");
    b.author.role = Role::Auditor;
    b.sync(&mut server);
    let conflict = server.conflicts()[0].clone();
    assert_eq!(conflict.kind, ConflictKind::NotPermittedAnyMore);
    assert_eq!(conflict.candidates[0].values, [(no("phone"), text("13800000641"))]);
    assert_eq!(server.person().fields[&no("phone")].value, text("13800000640"));
}

#[test]
fn a_generated_record_that_was_deleted_comes_back_when_it_is_made_again() {
    let mut server = Server::new();
    let mut a = hq();
    let id = RecordId(Uuid::new_v5(&PERSON.0, b"generated"));
    let made = Op { record: id, ..a.create(COLLEGE) };
    server.take(&made, &a.author);
    let saw = server.world.records[&id].saw();
    let gone = Op { record: id, ..a.op(OpBody::Delete { saw, reason: String::new() }) };
    assert!(matches!(server.take(&gone, &a.author), Outcome::Applied { .. }));
    let again = Op { record: id, ..a.create(COLLEGE) };
    assert!(matches!(server.take(&again, &a.author), Outcome::Applied { .. }));
    assert!(server.world.records[&id].is_live());
    assert_eq!(server.world.records.len(), 1, "one record and no conflict");
}

#[test]
fn a_restore_by_somebody_who_saw_another_content_asks_a_person() {
    let (mut server, mut a, mut b) = two_devices();
    let old = server.person().saw();
    b.edit("name", "乙");
    b.sync(&mut server);
    let gone = a.op(OpBody::Delete { saw: server.person().saw(), reason: String::new() });
    server.take(&gone, &a.author);
    let back = a.op(OpBody::Restore { saw: old });
    assert!(matches!(server.take(&back, &a.author), Outcome::Conflict { .. }));
    assert!(!server.person().is_live());
    let back = a.op(OpBody::Restore { saw: server.person().saw() });
    assert!(matches!(server.take(&back, &a.author), Outcome::Applied { .. }));
}

#[test]
fn null_absent_and_empty_are_three_values() {
    let values = [None, Some(Value::Null), Some(text("")), Some(text(" "))];
    for value in &values {
        let (mut server, mut a, _) = two_devices();
        if let Some(value) = value {
            let sets = vec![(no("phone"), Base::Absent, value.clone())];
            let set = a.op(OpBody::Set { sets });
            if !matches!(server.take(&set, &a.author), Outcome::Applied { .. }) {
                continue; // the kind's own checks may refuse a blank
            }
        }
        let stored = server.person().fields.get(&no("phone")).map(|state| state.value.clone());
        assert_eq!(stored, *value);
    }
}

#[derive(Clone, Debug)]
enum Part {
    Add(usize, u128),
    Delete(usize, u128),
    Note(usize, u128),
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        (0..3_usize, 0..6_u128).prop_map(|(d, e)| Part::Add(d, e)),
        (0..3_usize, 0..6_u128).prop_map(|(d, e)| Part::Delete(d, e)),
        (0..3_usize, 0..6_u128).prop_map(|(d, e)| Part::Note(d, e)),
    ];
    proptest::collection::vec(part, 1..40)
}

const LIST: FieldNo = FieldNo(200);

fn element(device: &mut Device, part: &Part, seen: Option<&Record>) -> Op {
    let id = |n: u128| Uuid::from_u128(0xe0 + n);
    match part {
        Part::Add(_, n) => {
            device.op(OpBody::ElementAdd { field: LIST, element: id(*n), value: text("x") })
        }
        Part::Note(_, n) => {
            let element =
                Uuid::from_u128(u128::from(device.id.0) << 32 | u128::from(device.n) << 8 | n);
            device.op(OpBody::Note { field: LIST, element, text: "x".into() })
        }
        Part::Delete(_, n) => {
            let state = seen.and_then(|record| record.elements.get(&(LIST, id(*n))));
            let base = state.map_or(Base::Absent, |state| Base::Seen(state.origin));
            device.op(OpBody::ElementDelete { field: LIST, element: id(*n), base })
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_several_people_add_is_all_there(parts in parts()) {
        let (mut server, a, b) = two_devices();
        let c = Device::new(3, Role::Hq, UNIVERSITY);
        let mut devices = [a, b, c];
        let seen = server.person().clone();
        let mut notes = 0;
        let mut added = BTreeSet::new();
        for part in &parts {
            let (Part::Add(at, n) | Part::Delete(at, n) | Part::Note(at, n)) = part;
            let device = &mut devices[*at];
            // Everybody works on what was there at the start: nothing they add was seen by another.
            let op = element(device, part, Some(&seen));
            let author = device.author;
            server.take(&op, &author);
            match part {
                Part::Add(..) => { added.insert(*n); }
                Part::Note(..) => notes += 1,
                Part::Delete(..) => {}
            }
        }
        let alive = server.person().elements.values().filter(|state| state.value.is_some()).count();
        prop_assert_eq!(alive, added.len() + notes);
        prop_assert!(server.conflicts().is_empty());
    }
}

#[test]
fn an_element_is_taken_out_by_who_saw_it_and_comes_back_when_added_again() {
    let (mut server, mut a, mut b) = two_devices();
    let add = element(&mut a, &Part::Add(0, 1), None);
    server.take(&add, &a.author);
    let seen = server.person().clone();
    let out = element(&mut b, &Part::Delete(0, 1), Some(&seen));
    assert!(matches!(server.take(&out, &b.author), Outcome::Applied { .. }));
    let key = (LIST, Uuid::from_u128(0xe1));
    assert_eq!(server.person().elements[&key].value, None);
    let again = element(&mut a, &Part::Add(0, 1), None);
    server.take(&again, &a.author);
    let stale = element(&mut b, &Part::Delete(0, 1), Some(&seen));
    assert!(matches!(server.take(&stale, &b.author), Outcome::Converged { .. }));
    assert_eq!(server.person().elements[&key].value, Some(text("x")));
    let view = overlay(Some(seen), &out).unwrap();
    assert_eq!(view.elements[&key].value, None);
}
