//! Decisions about conflicts: by whom, about what, and what they leave open.

use super::super::conflict::UNIT_FIELD;
use super::*;

/// Both devices have given the person another name; the second one waits as a candidate.
fn two_names() -> (Server, Device, Device) {
    let (mut server, mut a, mut b) = two_devices();
    a.edit("name", "乙");
    b.edit("name", "丙");
    a.sync(&mut server);
    b.sync(&mut server);
    (server, a, b)
}

fn id_of(server: &Server) -> RecordId {
    let mut all = server.world.records.values().filter(|record| record.conflict.is_some());
    all.next_back().unwrap().id
}

/// Everything that whoever looks at the conflict sees: its candidates, and what holds.
fn seen(server: &Server, id: RecordId) -> Vec<OpId> {
    let conflict = server.world.records[&id].conflict.as_deref().unwrap();
    let candidates = conflict.candidates.iter().map(|candidate| candidate.op);
    candidates.chain(conflict.current.iter().filter_map(|standing| standing.op)).collect()
}

fn decide(server: &mut Server, device: &mut Device, field: FieldNo, value: Value) -> Outcome {
    let id = id_of(server);
    let seen = seen(server, id);
    let op = device.op(OpBody::Resolve { conflict: id, seen, values: vec![(field, value)] });
    let author = device.author;
    server.take(&op, &author)
}

fn refusal(outcome: &Outcome) -> &str {
    let Outcome::Rejected { code, .. } = outcome else { panic!("{outcome:?}") };
    code
}

#[test]
fn a_conflict_says_who_set_what_holds_and_when() {
    let (server, a, b) = two_names();
    let origin = server.person().fields[&no("name")].origin;
    let standing = Standing {
        field: no("name"),
        op: Some(origin),
        actor: Some(a.author.user),
        hlc: server.world.ops[&origin].hlc,
    };
    let conflict = server.conflicts()[0];
    assert_eq!(conflict.current, [standing]);
    assert_eq!(conflict.candidates[0].actor, b.author.user);
}

#[test]
fn what_is_left_open_stands_against_the_decision() {
    let (mut server, mut a, _) = two_names();
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    let made = server.log[0].0.id;
    let third = c.op(OpBody::Set { sets: vec![(no("name"), Base::Seen(made), text("丁"))] });
    let id = id_of(&server);
    let before = seen(&server, id);
    server.take(&third, &c.author);
    let values = vec![(no("name"), text("丙"))];
    let op = a.op(OpBody::Resolve { conflict: id, seen: before, values });
    assert!(matches!(server.take(&op, &a.author), Outcome::Applied { .. }));
    let conflict = server.conflicts()[0];
    assert!(conflict.is_open());
    assert_eq!(conflict.candidates.len(), 1);
    assert_eq!(conflict.current[0].op, Some(op.id));
    assert_eq!(conflict.current[0].actor, Some(a.author.user));
    assert_eq!(server.person().open_conflicts, 1);
}

#[test]
fn only_who_could_write_the_record_decides_and_only_about_its_own_conflicts() {
    let (mut server, mut a, _) = two_names();
    for (role, home) in
        [(Role::Auditor, UNIVERSITY), (Role::Auditor, COLLEGE), (Role::Organizer, OTHER)]
    {
        let mut other = Device::new(7, role, home);
        other.n = server.seq;
        let outcome = decide(&mut server, &mut other, no("name"), text("丙"));
        assert_eq!(refusal(&outcome), "not_permitted", "{role:?} of {home:?}");
    }
    let mut stranger = a.create(COLLEGE);
    stranger.record = RecordId(Uuid::from_u128(8));
    let OpBody::Create { fields, .. } = &mut stranger.body else { panic!("no creation") };
    fields[0].1 = text("10002");
    server.take(&stranger, &a.author);
    let conflict = id_of(&server);
    let (seen, values) = (seen(&server, conflict), vec![(no("name"), text("丙"))]);
    let mut op = a.op(OpBody::Resolve { conflict, seen, values });
    op.record = stranger.record;
    assert_eq!(refusal(&server.take(&op, &a.author)), "not_permitted");
    let values = vec![(no("name"), text("丙"))];
    let op = a.op(OpBody::Resolve { conflict: PERSON, seen: Vec::new(), values });
    assert_eq!(refusal(&server.take(&op, &a.author)), "unknown_record");
    assert!(server.conflicts()[0].is_open());
}

#[test]
fn a_decision_by_somebody_who_had_not_seen_what_holds_overwrites_nothing() {
    let (mut server, mut a, _) = two_names();
    let id = id_of(&server);
    let candidates: Vec<OpId> = server.conflicts()[0].candidates.iter().map(|c| c.op).collect();
    let values = vec![(no("name"), text("丙"))];
    let op = a.op(OpBody::Resolve { conflict: id, seen: candidates, values });
    assert!(matches!(server.take(&op, &a.author), Outcome::Conflict { .. }));
    assert_eq!(server.person().fields[&no("name")].value, text("乙"));
    assert!(server.conflicts().iter().any(|conflict| conflict.is_open()));
}

#[test]
fn the_same_decision_twice_is_one() {
    let (mut server, mut a, mut b) = two_names();
    let id = id_of(&server);
    let seen = seen(&server, id);
    let mut take = |device: &mut Device| {
        let values = vec![(no("name"), text("丙"))];
        let op = device.op(OpBody::Resolve { conflict: id, seen: seen.clone(), values });
        let author = device.author;
        server.take(&op, &author)
    };
    assert!(matches!(take(&mut a), Outcome::Applied { .. }));
    assert!(matches!(take(&mut b), Outcome::Converged { .. }));
    assert_eq!(server.conflicts().len(), 1);
}

#[test]
fn leaving_things_as_they_are_settles_a_conflict_too() {
    let (mut server, mut a, _) = two_names();
    let origin = server.person().fields[&no("name")].origin;
    let outcome = decide(&mut server, &mut a, no("name"), text("乙"));
    assert!(matches!(outcome, Outcome::Applied { .. }));
    assert_eq!(server.person().fields[&no("name")].origin, origin, "nothing was written");
    assert_eq!(server.person().open_conflicts, 0);
}

#[test]
fn what_an_author_may_no_longer_do_only_headquarters_decides() {
    let (mut server, mut a, mut b) = two_devices();
    b.edit("phone", "13800000640");
    b.sync(&mut server);
    b.edit("phone", "13800000641");
    b.author.role = Role::Auditor;
    b.sync(&mut server);
    b.author.role = Role::UnitLead;
    let outcome = decide(&mut server, &mut b, no("phone"), text("13800000641"));
    assert_eq!(refusal(&outcome), "not_permitted");
    let outcome = decide(&mut server, &mut a, no("phone"), text("13800000641"));
    assert!(matches!(outcome, Outcome::Applied { .. }));
}

/// Headquarters has moved the person to the other college; a second move waits.
fn two_moves() -> (Server, Device, Device) {
    let (mut server, mut a, b) = two_devices();
    let base = Base::Seen(server.person().unit_origin);
    let first = a.op(OpBody::Move { base, to: COLLEGE_TWO });
    server.world.units.insert(COLLEGE_TWO, Some(COLLEGE));
    server.take(&first, &a.author);
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    let second = c.op(OpBody::Move { base, to: OTHER });
    assert!(matches!(server.take(&second, &c.author), Outcome::Conflict { .. }));
    (server, a, b)
}

const COLLEGE_TWO: UnitId = UnitId(Uuid::from_u128(103));

#[test]
fn a_conflict_about_the_unit_is_settled_within_the_deciders_reach() {
    let (mut server, mut a, mut b) = two_moves();
    let conflict = server.conflicts()[0];
    assert_eq!(conflict.current[0].op, Some(server.person().unit_origin));
    let to = |unit: UnitId| Value::Ref(unit.record());
    let outcome = decide(&mut server, &mut b, UNIT_FIELD, to(OTHER));
    assert_eq!(refusal(&outcome), "not_permitted", "beyond the organizer's reach");
    let nowhere = UnitId(Uuid::from_u128(999));
    assert_eq!(refusal(&decide(&mut server, &mut a, UNIT_FIELD, to(nowhere))), "not_permitted");
    assert_eq!(refusal(&decide(&mut server, &mut a, UNIT_FIELD, text("x"))), "wrong-type");
    let exits = server.world.exits.len();
    let mut keeper = server.clone();
    let outcome = decide(&mut keeper, &mut b, UNIT_FIELD, to(COLLEGE_TWO));
    assert!(matches!(outcome, Outcome::Applied { .. }), "it stays: {outcome:?}");
    assert_eq!((keeper.person().unit, keeper.world.exits.len()), (COLLEGE_TWO, exits));
}

#[test]
fn a_unit_is_decided_once() {
    let (mut server, mut a, _) = two_moves();
    let to = |unit: UnitId| Value::Ref(unit.record());
    let exits = server.world.exits.len();
    let outcome = decide(&mut server, &mut a, UNIT_FIELD, to(OTHER));
    assert!(matches!(outcome, Outcome::Applied { .. }));
    assert_eq!(server.person().unit, OTHER);
    assert!(server.world.exits.len() > exits);
    let mut c = Device::new(4, Role::Hq, UNIVERSITY);
    let outcome = decide(&mut server, &mut c, UNIT_FIELD, to(OTHER));
    assert!(matches!(outcome, Outcome::Converged { .. }), "decided so already: {outcome:?}");
    let outcome = decide(&mut server, &mut c, UNIT_FIELD, to(COLLEGE));
    assert!(matches!(outcome, Outcome::Conflict { .. }), "decided otherwise");
}

#[test]
fn a_conflict_about_a_deletion_is_settled_either_way_and_once() {
    let (mut server, mut a, mut b) = two_devices();
    let gone = a.op(OpBody::Delete { saw: server.person().saw(), reason: String::new() });
    server.take(&gone, &a.author);
    let late = b.set("name", "丙");
    server.take(&late, &b.author);
    let conflict = server.conflicts()[0];
    assert_eq!(conflict.kind, ConflictKind::EditOnDeleted);
    let deleted = conflict.current.iter().find(|standing| standing.field == DELETED).unwrap();
    assert_eq!((deleted.op, deleted.actor), (Some(gone.id), Some(a.author.user)));
    let mut stays = server.clone();
    let outcome = decide(&mut stays, &mut b, DELETED, Value::Flag(true));
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert!(!stays.person().is_live());
    let outcome = decide(&mut stays, &mut a, DELETED, Value::Flag(true));
    assert!(matches!(outcome, Outcome::Converged { .. }), "{outcome:?}");
    let outcome = decide(&mut server, &mut b, DELETED, Value::Flag(false));
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert!(server.person().is_live());
    let outcome = decide(&mut server, &mut a, DELETED, Value::Flag(false));
    assert!(matches!(outcome, Outcome::Converged { .. }), "{outcome:?}");
    let outcome = decide(&mut server, &mut a, DELETED, Value::Flag(true));
    assert!(matches!(outcome, Outcome::Conflict { .. }), "decided otherwise");
}

const DELETED: FieldNo = crate::sync::conflict::DELETED_FIELD;

/// Two of headquarters have set a field of a class, from the same base.
fn about_a_class(key: &str, first: &str, second: &str) -> (Server, Device, Device, FieldNo) {
    let mut server = Server::new();
    let (mut a, mut b) = (hq(), Device::new(2, Role::Organizer, COLLEGE));
    let no = |key| Kind::TrainingClass.spec().field(key).unwrap().number;
    let code = |code: &str| Value::Code(code.to_owned());
    let status = code(if key == "status" { "published" } else { "draft" });
    let fields =
        vec![(no("year"), Value::Int(2026)), (no("name"), text("論壇")), (no("status"), status)];
    let mut made = b.op(OpBody::Create { unit: UnitId::HOME, fields });
    made.kind = Kind::TrainingClass.number();
    server.take(&made, &b.author);
    let base = if key == "status" { Base::Seen(made.id) } else { Base::Absent };
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    for (device, value) in [(&mut a, first), (&mut c, second)] {
        let mut op = device.op(OpBody::Set { sets: vec![(no(key), base, code(value))] });
        op.kind = made.kind;
        let author = device.author;
        server.take(&op, &author);
    }
    assert_eq!(server.conflicts().len(), 1);
    (server, a, b, no(key))
}

fn decide_class(server: &mut Server, device: &mut Device, no: FieldNo, value: &str) -> Outcome {
    let id = id_of(server);
    let (seen, values) = (seen(server, id), vec![(no, Value::Code(value.to_owned()))]);
    let mut op = device.op(OpBody::Resolve { conflict: id, seen, values });
    op.kind = Kind::TrainingClass.number();
    let author = device.author;
    server.take(&op, &author)
}

#[test]
fn a_reserved_field_is_decided_by_whom_it_is_reserved_for_and_may_be_left_by_others() {
    let (mut server, mut a, mut b, no) = about_a_class("admission", "arrival", "ranking");
    let outcome = decide_class(&mut server, &mut b, no, "ranking");
    assert_eq!(refusal(&outcome), "not_permitted");
    let mut left = server.clone();
    let outcome = decide_class(&mut left, &mut b, no, "arrival");
    assert!(matches!(outcome, Outcome::Applied { .. }), "nothing is written: {outcome:?}");
    let outcome = decide_class(&mut server, &mut a, no, "ranking");
    assert!(matches!(outcome, Outcome::Applied { .. }));
}

#[test]
fn a_workflow_state_is_decided_along_its_steps() {
    let (mut server, mut a, _, no) = about_a_class("status", "running", "cancelled");
    let outcome = decide_class(&mut server, &mut a, no, "cancelled");
    assert_eq!(refusal(&outcome), "illegal_step", "from running nobody cancels");
    let outcome = decide_class(&mut server, &mut a, no, "finished");
    let needs_an_end = matches!(&outcome, Outcome::Applied { .. });
    assert!(needs_an_end, "{outcome:?}");
}

#[test]
fn conflicts_about_different_fields_are_different_conflicts() {
    let (mut server, mut a, mut b) = two_names();
    a.edit("phone", "13800000640");
    a.sync(&mut server);
    let op = b.op(OpBody::Set { sets: vec![(no("phone"), Base::Absent, text("13800000641"))] });
    server.take(&op, &b.author);
    assert_eq!(server.conflicts().len(), 2);
    assert_eq!(server.person().open_conflicts, 2);
    decide(&mut server, &mut a, no("phone"), text("13800000641"));
    let open = server.conflicts().iter().filter(|conflict| conflict.is_open()).count();
    assert!(open <= 2 && server.person().open_conflicts == u16::try_from(open).unwrap());
}
