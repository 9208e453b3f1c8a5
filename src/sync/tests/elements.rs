//! Fields with several values, and notes: two people's elements meet by their ids.

use super::*;
use crate::domain::record::{Many, Name, Record as _, Shape};
use crate::domain::training::training_class::TrainingClass;

const CLASS: RecordId = RecordId(Uuid::from_u128(50));

fn class(key: &str) -> FieldNo {
    Kind::TrainingClass.spec().field(key).unwrap().number
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0xe0 + n)
}

fn on_class(device: &mut Device, body: OpBody) -> Op {
    let mut op = device.op(body);
    (op.kind, op.record) = (Kind::TrainingClass.number(), CLASS);
    op
}

fn take(server: &mut Server, device: &mut Device, body: OpBody) -> Outcome {
    let op = on_class(device, body);
    let author = device.author;
    server.take(&op, &author)
}

fn add(server: &mut Server, device: &mut Device, n: u128, name: &str) -> Outcome {
    let (field, value) = (class("lecturers"), text(name));
    take(server, device, OpBody::ElementAdd { field, element: id(n), value })
}

fn change(server: &mut Server, device: &mut Device, n: u128, seen: OpId, name: &str) -> Outcome {
    let (field, base, value) = (class("lecturers"), Base::Seen(seen), text(name));
    take(server, device, OpBody::ElementSet { field, element: id(n), base, value })
}

fn origin(server: &Server, n: u128) -> OpId {
    server.world.records[&CLASS].elements[&(class("lecturers"), id(n))].origin
}

fn names(server: &Server) -> Vec<String> {
    let fields = server.world.records[&CLASS].values();
    let Many(names) = TrainingClass::hydrate(&fields).unwrap().lecturers;
    names.into_iter().map(|Name(name)| name).collect()
}

fn refusal(outcome: &Outcome) -> (&str, &str) {
    let Outcome::Rejected { code, field, .. } = outcome else { panic!("{outcome:?}") };
    (code, field)
}

/// A class with the lecturer 甲, whom everybody has seen.
fn with_class() -> (Server, Device, Device) {
    let mut server = Server::new();
    let (a, mut b) = (hq(), Device::new(2, Role::Organizer, COLLEGE));
    let fields = vec![(class("year"), Value::Int(2026)), (class("name"), text("論壇"))];
    let made = take(&mut server, &mut b, OpBody::Create { unit: UnitId::HOME, fields });
    assert!(matches!(made, Outcome::Applied { .. }), "{made:?}");
    assert!(matches!(add(&mut server, &mut b, 1, "甲"), Outcome::Applied { .. }));
    (server, a, b)
}

#[test]
fn what_two_people_add_is_both_there_in_the_order_of_its_making() {
    let (mut server, mut a, mut b) = with_class();
    add(&mut server, &mut b, 3, "丙");
    add(&mut server, &mut a, 2, "乙");
    assert_eq!(names(&server), ["甲", "乙", "丙"]);
    assert!(server.conflicts().is_empty());
}

#[test]
fn the_same_element_twice_is_one_and_another_under_its_id_is_refused() {
    let (mut server, mut a, _) = with_class();
    assert!(matches!(add(&mut server, &mut a, 1, "甲"), Outcome::Converged { .. }));
    assert_eq!(refusal(&add(&mut server, &mut a, 1, "乙")).0, "duplicate");
    assert_eq!(names(&server), ["甲"]);
}

#[test]
fn an_element_is_changed_by_who_saw_it_and_asked_about_if_two_changed_it() {
    let (mut server, mut a, mut b) = with_class();
    let seen = origin(&server, 1);
    assert!(matches!(change(&mut server, &mut a, 1, seen, "乙"), Outcome::Applied { .. }));
    assert!(matches!(change(&mut server, &mut b, 1, seen, "乙"), Outcome::Converged { .. }));
    assert!(matches!(change(&mut server, &mut b, 1, seen, "丙"), Outcome::Conflict { .. }));
    assert_eq!(names(&server), ["乙"]);
    let conflict = server.conflicts()[0];
    assert_eq!((conflict.element, &conflict.fields), (Some(id(1)), &vec![class("lecturers")]));
    assert_eq!(conflict.base, [(class("lecturers"), text("甲"))]);
    assert_eq!(conflict.candidates[0].values, [(class("lecturers"), text("丙"))]);
    assert_eq!(conflict.current[0].op, Some(origin(&server, 1)));
    assert_eq!(server.world.records[&CLASS].open_conflicts, 1);
}

#[test]
fn changes_of_two_elements_are_no_conflict_and_two_conflicts_stay_two() {
    let (mut server, mut a, mut b) = with_class();
    add(&mut server, &mut b, 2, "丁");
    let (one, two) = (origin(&server, 1), origin(&server, 2));
    change(&mut server, &mut a, 1, one, "乙");
    assert!(matches!(change(&mut server, &mut b, 2, two, "戊"), Outcome::Applied { .. }));
    assert_eq!(names(&server), ["乙", "戊"]);
    change(&mut server, &mut b, 1, one, "x");
    change(&mut server, &mut a, 2, two, "y");
    assert_eq!(server.conflicts().len(), 2);
}

#[test]
fn changing_an_element_wins_over_taking_it_out() {
    let (mut server, mut a, mut b) = with_class();
    let (seen, field, element) = (origin(&server, 1), class("lecturers"), id(1));
    let base = Base::Seen(seen);
    let out = OpBody::ElementDelete { field, element, base };
    let mut other = server.clone();
    assert!(matches!(take(&mut server, &mut b, out.clone()), Outcome::Applied { .. }));
    assert_eq!(names(&server), Vec::<String>::new());
    assert!(matches!(change(&mut server, &mut a, 1, seen, "乙"), Outcome::Applied { .. }));
    assert_eq!(names(&server), ["乙"]);
    change(&mut other, &mut a, 1, seen, "乙");
    assert!(matches!(take(&mut other, &mut b, out), Outcome::Converged { .. }));
    assert_eq!(names(&other), ["乙"]);
}

#[test]
fn a_person_settles_what_an_element_is() {
    let (mut server, mut a, mut b) = with_class();
    let seen = origin(&server, 1);
    change(&mut server, &mut a, 1, seen, "乙");
    change(&mut server, &mut b, 1, seen, "丙");
    let conflict = *server.world.conflicts[&CLASS].first().unwrap();
    let found = server.conflicts()[0];
    let mut known: Vec<OpId> = found.candidates.iter().map(|candidate| candidate.op).collect();
    known.push(origin(&server, 1));
    let decide = |value: Value, seen: &[OpId]| {
        let values = vec![(class("lecturers"), value)];
        OpBody::Resolve { conflict, seen: seen.to_vec(), values }
    };
    let outcome = take(&mut server, &mut b, decide(text(" "), &known));
    assert_eq!(refusal(&outcome), ("invalid", "lecturers"));
    let candidates = &known[..1];
    let outcome = take(&mut server.clone(), &mut b, decide(text("丁"), candidates));
    assert!(matches!(outcome, Outcome::Conflict { .. }), "what holds was not seen");
    let outcome = take(&mut server, &mut b, decide(text("丁"), &known));
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert_eq!(names(&server), ["丁"]);
    assert!(server.conflicts().iter().all(|conflict| !conflict.is_open()));
    let outcome = take(&mut server, &mut a, decide(text("丁"), &known));
    assert!(matches!(outcome, Outcome::Converged { .. }), "{outcome:?}");
    let outcome = take(&mut server, &mut a, decide(text("戊"), &known));
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    assert_eq!(names(&server), ["丁"]);
}

#[test]
fn leaving_an_element_as_it_is_writes_nothing() {
    let (mut server, mut a, mut b) = with_class();
    let seen = origin(&server, 1);
    change(&mut server, &mut a, 1, seen, "乙");
    change(&mut server, &mut b, 1, seen, "丙");
    let conflict = *server.world.conflicts[&CLASS].first().unwrap();
    let standing = origin(&server, 1);
    let mut known: Vec<OpId> = server.conflicts()[0].candidates.iter().map(|c| c.op).collect();
    known.push(standing);
    let values = vec![(class("lecturers"), text("乙"))];
    take(&mut server, &mut a, OpBody::Resolve { conflict, seen: known, values });
    assert_eq!(origin(&server, 1), standing);
    assert_eq!(server.world.records[&CLASS].open_conflicts, 0);
}

#[test]
fn notes_are_only_added_and_say_who_wrote_them_and_when() {
    let (mut server, mut a, mut b) = with_class();
    let field = class("log");
    let note = |n, text: &str| OpBody::Note { field, element: id(n), text: text.to_owned() };
    take(&mut server, &mut a, note(1, "已通知"));
    let op = on_class(&mut b, note(2, "已收材料"));
    server.take(&op, &b.author);
    let record = &server.world.records[&CLASS];
    let all: Vec<_> =
        record.elements_of(field).map(|(_, state, value)| (state.by, value)).collect();
    let (first, second) = (text("已通知"), text("已收材料"));
    assert_eq!(all, [(a.author.user, &first), (b.author.user, &second)]);
    assert_eq!(record.elements[&(field, id(2))].hlc, op.hlc);
    assert!(!record.values().contains_key(&field), "beside the values, not among them");
    let base = Base::Seen(op.id);
    let out = OpBody::ElementDelete { field, element: id(2), base };
    assert_eq!(refusal(&take(&mut server, &mut b, out)), ("wrong_kind", "log"));
    let value = text("x");
    let other = OpBody::ElementSet { field, element: id(2), base, value };
    assert_eq!(refusal(&take(&mut server, &mut b, other)), ("wrong_kind", "log"));
}

#[test]
fn a_field_takes_what_it_is_made_for_from_who_may_write_it() {
    let (mut server, mut a, _) = with_class();
    let spec = Kind::TrainingClass.spec();
    assert_eq!(spec.shaped(Shape::Many).map(|field| field.key).collect::<Vec<_>>(), ["lecturers"]);
    for (value, fits) in [
        (text(&"甲".repeat(50)), true),
        (text(&"甲".repeat(51)), false),
        (text(" "), false),
        (Value::Int(1), false),
    ] {
        let (field, element) = (class("lecturers"), Uuid::from_u128(u128::from(server.seq)));
        let outcome = take(&mut server, &mut a, OpBody::ElementAdd { field, element, value });
        assert_eq!(matches!(outcome, Outcome::Applied { .. }), fits, "{outcome:?}");
    }
    let (field, element, value) = (class("place"), id(5), text("x"));
    let outcome = take(&mut server, &mut a, OpBody::ElementAdd { field, element, value });
    assert_eq!(refusal(&outcome), ("wrong_kind", "place"), "one value only");
    for (role, home) in [(Role::Auditor, UNIVERSITY), (Role::Organizer, OTHER)] {
        let mut other = Device::new(8, role, home);
        other.n = server.seq;
        assert_eq!(refusal(&add(&mut server, &mut other, 9, "乙")).0, "not_permitted");
    }
}

#[test]
fn an_element_of_a_deleted_record_is_kept_and_a_person_asked() {
    let (mut server, mut a, mut b) = with_class();
    let saw = server.world.records[&CLASS].saw();
    take(&mut server, &mut a, OpBody::Delete { saw, reason: String::new() });
    assert!(matches!(add(&mut server, &mut b, 2, "乙"), Outcome::Conflict { .. }));
    assert_eq!(server.conflicts()[0].kind, ConflictKind::EditOnDeleted);
    assert_eq!(names(&server), ["甲", "乙"]);
}

#[test]
fn the_view_shows_an_element_as_its_author_left_it() {
    let (server, _, mut b) = with_class();
    let (field, element) = (class("lecturers"), id(1));
    let base = Base::Seen(origin(&server, 1));
    let op = on_class(&mut b, OpBody::ElementSet { field, element, base, value: text("乙") });
    let view = overlay(Some(server.world.records[&CLASS].clone()), &op).unwrap();
    assert_eq!(view.values()[&field], text("乙"));
    assert_eq!(op.bases(), [origin(&server, 1)]);
    assert_eq!(op.value_of(field), Some(&text("乙")));
}
