//! Operations that come before what they need, and groups.

use super::*;
use crate::sync::group::{EXPIRE, Item, apply_together};

const DAY_MS: i64 = 86_400_000;

/// A server that takes groups, at a time of the test's choice.
fn take_at(server: &mut Server, ops: &[&Op], author: &Author, recv_at: i64) -> Vec<Outcome> {
    let items: Vec<Item<'_>> = ops
        .iter()
        .map(|op| Item { id: op.id, hash: hash(op), op: Some(op), fault: None })
        .collect();
    let stamp = Stamp { seq: server.seq + 1, recv_at };
    server.seq += u64::try_from(ops.len()).unwrap();
    apply_together(&mut server.world, &items, author, stamp)
}

fn hash(op: &Op) -> Digest {
    digest(format!("{op:?}").as_bytes())
}

fn held(server: &Server) -> Vec<&Held> {
    server.world.records.values().filter_map(|record| record.held.as_deref()).collect()
}

fn is_held(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| matches!(outcome, Outcome::Held { .. }))
}

fn name(server: &Server) -> &Value {
    &server.person().fields[&no("name")].value
}

#[test]
fn a_chain_of_edits_by_three_devices_is_whole_whatever_order_it_comes_in() {
    let mut a = hq();
    let mut b = Device::new(2, Role::Hq, UNIVERSITY);
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    let made = a.create(COLLEGE);
    let set = |device: &mut Device, seen: OpId, value: &str| {
        device.op(OpBody::Set { sets: vec![(no("name"), Base::Seen(seen), text(value))] })
    };
    let second = set(&mut b, made.id, "乙");
    let third = set(&mut c, second.id, "丙");
    let ops = [(&made, a.author), (&second, b.author), (&third, c.author)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut server = Server::new();
        for at in order {
            let (op, author) = ops[at];
            take_at(&mut server, &[op], &author, 0);
        }
        assert_eq!(name(&server), &text("丙"), "{order:?}");
        assert!(server.conflicts().is_empty(), "{order:?}");
        assert!(held(&server).iter().all(|held| !held.is_open()), "{order:?}");
        assert!(
            server.world.holding.is_empty() && server.world.needs.values().all(BTreeSet::is_empty)
        );
    }
}

#[test]
fn what_waited_takes_the_position_of_what_released_it() {
    let (mut server, mut a, mut b) = two_devices();
    let first = a.set("name", "乙");
    let sets = vec![(no("name"), Base::Seen(first.id), text("丙"))];
    let second = b.op(OpBody::Set { sets });
    let waiting = take_at(&mut server, &[&second], &b.author, 0);
    assert_eq!(waiting, [Outcome::Held { seq: 2, why: "missing_base".into() }]);
    assert_eq!(name(&server), &text("甲"));
    take_at(&mut server, &[&first], &a.author, 0);
    assert_eq!((name(&server), server.person().rev), (&text("丙"), 3));
    let released =
        HeldState::Released { by: first.id, outcomes: vec![Outcome::Applied { seq: 3 }] };
    assert_eq!(held(&server)[0].state, released);
    assert_eq!(server.world.records[&Held::id_for(second.id)].rev, 3);
}

#[test]
fn a_record_that_was_not_there_yet_is_waited_for_with_everything_about_it() {
    let mut server = Server::new();
    let mut a = hq();
    let mut b = Device::new(2, Role::Organizer, COLLEGE);
    let made = a.create(COLLEGE);
    let enrolment = |key| Kind::Enrolment.spec().field(key).unwrap().number;
    let mut enrolled = b.op(OpBody::Create {
        unit: UnitId::HOME,
        fields: vec![
            (enrolment("person"), Value::Ref(PERSON)),
            (enrolment("class"), Value::Ref(RecordId(Uuid::from_u128(50)))),
            (enrolment("attends_as"), Value::Code("student_secretary".into())),
            (enrolment("status"), Value::Code("draft".into())),
        ],
    });
    (enrolled.kind, enrolled.record) = (Kind::Enrolment.number(), RecordId(Uuid::from_u128(9)));
    let edit = b.op(OpBody::Set { sets: vec![(no("phone"), Base::Absent, text("13800000640"))] });
    for op in [&enrolled, &edit] {
        let outcomes = take_at(&mut server, &[op], &b.author, 0);
        assert!(matches!(&outcomes[0], Outcome::Held { why, .. } if why == "missing_record"));
    }
    take_at(&mut server, &[&made], &a.author, 0);
    assert_eq!(server.world.records[&enrolled.record].unit, COLLEGE);
    assert_eq!(server.person().fields[&no("phone")].value, text("13800000640"));
}

fn expire(device: &mut Device, op: &Op) -> Op {
    let mut ends = device.op(OpBody::Command { name: EXPIRE.into(), args: Vec::new() });
    (ends.kind, ends.record) = (HELD_KIND, Held::id_for(op.id));
    ends
}

#[test]
fn the_waiting_ends_neither_early_nor_by_anybody() {
    let (mut server, mut a, mut b) = two_devices();
    let lost = OpId { device: DeviceId(77), generation: 1, n: 5 };
    let edit = b.op(OpBody::Set { sets: vec![(no("name"), Base::Seen(lost), text("丙"))] });
    take_at(&mut server, &[&edit], &b.author, 0);
    let early = expire(&mut a, &edit);
    let outcome = take_at(&mut server, &[&early], &a.author, 13 * DAY_MS);
    assert!(matches!(&outcome[0], Outcome::Rejected { code, .. } if code == "too_early"));
    let by_organizer = expire(&mut b, &edit);
    let outcome = take_at(&mut server, &[&by_organizer], &b.author, 15 * DAY_MS);
    assert!(matches!(&outcome[0], Outcome::Rejected { code, .. } if code == "not_permitted"));
}

#[test]
fn what_is_missing_for_too_long_is_put_before_a_person() {
    let (mut server, mut a, mut b) = two_devices();
    let lost = OpId { device: DeviceId(77), generation: 1, n: 5 };
    let sets = vec![(no("name"), Base::Seen(lost), text("丙"))];
    let edit = b.op(OpBody::Set { sets });
    let nowhere = Op { record: RecordId(Uuid::from_u128(99)), ..b.set("phone", "13800000640") };
    assert!(is_held(&take_at(&mut server, &[&edit], &b.author, 0)));
    assert!(is_held(&take_at(&mut server, &[&nowhere], &b.author, 0)));
    for op in [&edit, &nowhere] {
        let ends = expire(&mut a, op);
        let outcome = take_at(&mut server, &[&ends], &a.author, 15 * DAY_MS);
        assert!(matches!(outcome[0], Outcome::Applied { .. }));
    }
    let conflict = server.conflicts()[0].clone();
    assert_eq!(conflict.candidates[0].values, [(no("name"), text("丙"))]);
    assert_eq!((conflict.candidates[0].recv_at, name(&server)), (0, &text("甲")));
    let kept = held(&server).into_iter().find(|held| held.parts[0].op == nowhere.id).unwrap();
    assert!(matches!(&kept.state, HeldState::Expired { outcomes, .. } if is_held(outcomes)));
    assert_eq!(kept.parts[0].values, [(no("phone"), text("13800000640"))]);
}

#[test]
fn an_operation_sent_again_under_a_new_name_is_known_by_its_old_one() {
    let (mut server, mut a, mut b) = two_devices();
    let mut first = a.set("name", "乙");
    let old = first.id;
    let sets = vec![(no("name"), Base::Seen(old), text("丙"))];
    let second = b.op(OpBody::Set { sets });
    assert!(is_held(&take_at(&mut server, &[&second], &b.author, 0)));
    first.was = Some((old, hash(&first)));
    first.id = OpId { generation: 2, n: 1, ..old };
    take_at(&mut server, &[&first], &a.author, 0);
    assert_eq!(name(&server), &text("丙"));
    assert!(server.conflicts().is_empty());
}

#[test]
fn an_operation_that_was_taken_under_its_old_name_changes_nothing_again() {
    let (mut server, mut a, mut b) = two_devices();
    let first = a.set("name", "乙");
    take_at(&mut server, &[&first], &a.author, 0);
    b.sync(&mut server);
    let third = b.set("name", "丁");
    take_at(&mut server, &[&third], &b.author, 0);
    let was = Some((first.id, hash(&first)));
    let again = Op { id: OpId { generation: 2, n: 1, ..first.id }, was, ..first.clone() };
    let outcome = take_at(&mut server, &[&again], &a.author, 0);
    assert!(matches!(outcome[0], Outcome::Converged { .. }));
    let other = Op { was: Some((first.id, [9; 16])), id: OpId { n: 2, ..again.id }, ..again };
    let outcome = take_at(&mut server, &[&other], &a.author, 0);
    assert!(matches!(outcome[0], Outcome::Conflict { .. }), "another edit under that name");
    assert_eq!(name(&server), &text("丁"));
}

fn grouped(mut ops: Vec<Op>) -> Vec<Op> {
    let first = ops[0].id.n;
    let length = u16::try_from(ops.len()).unwrap();
    for (index, op) in (0..).zip(&mut ops) {
        op.group = Some(Group { first, index, length });
    }
    ops
}

#[test]
fn of_a_group_with_a_refused_operation_nothing_is_applied() {
    let (mut server, _, mut b) = two_devices();
    let before = server.world.records.clone();
    let away = b.op(OpBody::Create { unit: OTHER, fields: vec![(no("name"), text("戊"))] });
    let away = Op { record: RecordId(Uuid::from_u128(8)), ..away };
    let ops = vec![b.set("name", "乙"), away, b.set("phone", "13800000640")];
    let ops = grouped(ops);
    let refs: Vec<&Op> = ops.iter().collect();
    let outcomes = take_at(&mut server, &refs, &b.author, 0);
    let by = ops[1].id.n;
    assert_eq!(outcomes[0], Outcome::Blocked { seq: 2, by });
    assert!(matches!(outcomes[1], Outcome::Rejected { seq: 3, .. }));
    assert_eq!(outcomes[2], Outcome::Blocked { seq: 4, by });
    assert_eq!(server.world.records, before);
    let later = b.set("name", "丁");
    let sets = vec![(no("name"), Base::Seen(ops[0].id), text("丁"))];
    let later = Op { body: OpBody::Set { sets }, ..later };
    let outcome = take_at(&mut server, &[&later], &b.author, 0);
    assert_eq!(outcome, [Outcome::Blocked { seq: 5, by: ops[0].id.n }]);
}

#[test]
fn a_group_is_held_and_released_as_one() {
    let mut server = Server::new();
    let mut a = hq();
    let mut b = Device::new(2, Role::Organizer, COLLEGE);
    let made = a.create(COLLEGE);
    let other = b.op(OpBody::Create {
        unit: COLLEGE,
        fields: vec![(no("staff_no"), text("10002")), (no("name"), text("戊"))],
    });
    let other = Op { record: RecordId(Uuid::from_u128(8)), ..other };
    let edit = b.op(OpBody::Set { sets: vec![(no("phone"), Base::Absent, text("13800000640"))] });
    let ops = grouped(vec![other, edit]);
    let refs: Vec<&Op> = ops.iter().collect();
    assert!(is_held(&take_at(&mut server, &refs, &b.author, 0)));
    assert!(!server.world.records.contains_key(&ops[0].record));
    take_at(&mut server, &[&made], &a.author, 0);
    assert!(server.world.records[&ops[0].record].is_live());
    assert_eq!(server.person().fields[&no("phone")].value, text("13800000640"));
    assert_eq!(held(&server)[0].parts.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_same_operations_in_any_order_of_devices_lose_no_value(
        acts in acts(),
        order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        // What a restored server gets: the whole log, device by device, in any order of devices.
        let before = run(&acts);
        let mut server = Server::new();
        let maker = &before.log[0];
        for device in order {
            let id = DeviceId(u64::try_from(device).unwrap() + 1);
            for (op, author, _) in before.log.iter().filter(|(op, ..)| op.id.device == id) {
                server.take(op, author);
            }
        }
        server.take(&maker.0, &maker.1);
        prop_assert!(held(&server).iter().all(|held| !held.is_open()), "everything came");
        no_value_is_lost(&server);
        let mut again = Server::new();
        for (op, author, outcome) in &server.log {
            prop_assert_eq!(&again.take(op, author), outcome);
        }
        prop_assert_eq!(&again.world.records, &server.world.records);
    }
}

#[test]
fn the_waiting_ends_at_its_hour_and_takes_with_it_what_waited_for_that() {
    let (mut server, mut a, mut b) = two_devices();
    let lost = OpId { device: DeviceId(77), generation: 1, n: 5 };
    let edit = b.op(OpBody::Set { sets: vec![(no("name"), Base::Seen(lost), text("丙"))] });
    let sets = vec![(no("name"), Base::Seen(edit.id), text("丁"))];
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    let next = c.op(OpBody::Set { sets });
    take_at(&mut server, &[&edit], &b.author, 0);
    take_at(&mut server, &[&next], &c.author, 0);
    assert_eq!(held(&server).iter().filter(|held| held.is_open()).count(), 2);
    let waiting = &server.world.records[&Held::id_for(edit.id)];
    assert_eq!(waiting.held.as_ref().unwrap().outcome_of(edit.id), None);
    let ends = expire(&mut a, &edit);
    let outcome = take_at(&mut server, &[&ends], &a.author, 14 * DAY_MS);
    assert!(matches!(outcome[0], Outcome::Applied { .. }), "{outcome:?}");
    assert!(held(&server).iter().all(|held| !held.is_open()), "one base for both");
    let conflict = server.conflicts()[0];
    assert_eq!(conflict.candidates.len(), 1, "one branch is one candidate");
    assert_eq!(conflict.candidates[0].values, [(no("name"), text("丁"))]);
    let again = expire(&mut a, &edit);
    let outcome = take_at(&mut server, &[&again], &a.author, 20 * DAY_MS);
    assert!(matches!(outcome[0], Outcome::Converged { .. }));
}

#[test]
fn a_group_that_is_refused_when_its_turn_comes_is_told_so_at_one_position() {
    let mut server = Server::new();
    let mut a = hq();
    let mut b = Device::new(2, Role::Organizer, COLLEGE);
    let made = a.create(COLLEGE);
    let edit = b.op(OpBody::Set { sets: vec![(no("phone"), Base::Absent, text("13800000640"))] });
    let away = b.op(OpBody::Create { unit: OTHER, fields: vec![(no("name"), text("戊"))] });
    let away = Op { record: RecordId(Uuid::from_u128(8)), ..away };
    let ops = grouped(vec![edit, away]);
    let refs: Vec<&Op> = ops.iter().collect();
    assert!(is_held(&take_at(&mut server, &refs, &b.author, 0)));
    take_at(&mut server, &[&made], &a.author, 0);
    let at = server.seq;
    let told = held(&server)[0];
    let (first, second) = (told.outcome_of(ops[0].id), told.outcome_of(ops[1].id));
    assert_eq!(first, Some(&Outcome::Blocked { seq: at, by: ops[1].id.n }));
    assert!(matches!(second, Some(Outcome::Rejected { seq, .. }) if *seq == at), "{second:?}");
    assert_eq!(told.outcome_of(made.id), None, "not one of its operations");
    assert!(!server.person().fields.contains_key(&no("phone")));
}

#[test]
fn a_group_that_depends_on_a_refused_operation_is_blocked_as_a_whole() {
    let (mut server, _, mut b) = two_devices();
    let refused = b.set("staff_no", "");
    let refused = Op { body: OpBody::Unknown { tag: 99, bytes: Vec::new() }, ..refused };
    take_at(&mut server, &[&refused], &b.author, 0);
    let fine = b.op(OpBody::Set { sets: vec![(no("phone"), Base::Absent, text("13800000640"))] });
    let sets = vec![(no("name"), Base::Seen(refused.id), text("丙"))];
    let depends = b.op(OpBody::Set { sets });
    let last = b.set("name", "丁");
    let ops = grouped(vec![fine, depends, last]);
    let refs: Vec<&Op> = ops.iter().collect();
    let first = server.seq + 1;
    let outcomes = take_at(&mut server, &refs, &b.author, 0);
    let by = ops[1].id.n;
    let expected = [
        Outcome::Blocked { seq: first, by },
        Outcome::Blocked { seq: first + 1, by: refused.id.n },
        Outcome::Blocked { seq: first + 2, by },
    ];
    assert_eq!(outcomes, expected);
    assert!(!server.person().fields.contains_key(&no("phone")));
}

#[test]
fn what_waits_goes_on_waiting_for_the_next_thing_it_lacks() {
    use crate::sync::command::{Arguments as _, EnrolRequest, enrolment_id};
    let mut server = Server::new();
    let mut a = hq();
    let mut b = Device::new(2, Role::Organizer, COLLEGE);
    let class = RecordId(Uuid::from_u128(50));
    let made = a.create(COLLEGE);
    let no = |key| Kind::TrainingClass.spec().field(key).unwrap().number;
    let fields = vec![
        (no("year"), Value::Int(2026)),
        (no("name"), text("論壇")),
        (no("status"), Value::Code("published".into())),
    ];
    let mut opened = a.op(OpBody::Create { unit: UnitId::HOME, fields });
    (opened.kind, opened.record) = (Kind::TrainingClass.number(), class);
    let args =
        EnrolRequest { class, person: PERSON, request: Uuid::nil(), post_then: String::new() };
    let body = OpBody::Command { name: EnrolRequest::NAME.to_owned(), args: args.seal() };
    let mut ask = b.op(body);
    (ask.kind, ask.record) = (Kind::Enrolment.number(), enrolment_id(class, PERSON));
    assert!(is_held(&take_at(&mut server, &[&ask], &b.author, 0)));
    assert_eq!(held(&server)[0].need, Need::Record(PERSON));
    take_at(&mut server, &[&made], &a.author, 0);
    assert_eq!((held(&server)[0].need, held(&server)[0].is_open()), (Need::Record(class), true));
    take_at(&mut server, &[&opened], &a.author, 0);
    let told = held(&server)[0];
    assert!(matches!(told.outcome_of(ask.id), Some(Outcome::Applied { .. })), "{told:?}");
    assert_eq!(server.world.records[&ask.record].unit, COLLEGE);
}
