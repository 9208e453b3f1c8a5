//! Edits that meet a workflow, a reserved field, or a rule that two right edits break together.

use super::*;
use crate::sync::merge::step_is_legal;

const CLASS: RecordId = RecordId(Uuid::from_u128(50));

fn class(key: &str) -> FieldNo {
    Kind::TrainingClass.spec().field(key).unwrap().number
}

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

fn on_class(device: &mut Device, body: OpBody) -> Op {
    let mut op = device.op(body);
    (op.kind, op.record) = (Kind::TrainingClass.number(), CLASS);
    op
}

fn held(server: &Server, field: FieldNo) -> &FieldState {
    &server.world.records[&CLASS].fields[&field]
}

/// Sets a field of the class as somebody who has seen what it holds now, or what `seen` set.
fn set(
    server: &mut Server,
    device: &mut Device,
    key: &str,
    seen: Option<OpId>,
    to: Value,
) -> Outcome {
    let current = server.world.records[&CLASS].fields.get(&class(key)).map(|state| state.origin);
    let base = seen.or(current).map_or(Base::Absent, Base::Seen);
    let op = on_class(device, OpBody::Set { sets: vec![(class(key), base, to)] });
    let author = device.author;
    server.take(&op, &author)
}

/// A class of the college, made by its organizer, in this state.
fn with_class(state: &str) -> (Server, Device, Device) {
    let mut server = Server::new();
    let mut local = Device::new(2, Role::Organizer, COLLEGE);
    let made = on_class(
        &mut local,
        OpBody::Create {
            unit: UnitId::HOME,
            fields: vec![
                (class("year"), Value::Int(2026)),
                (class("name"), text("論壇")),
                (class("status"), code(state)),
                (class("organiser"), text("")),
            ],
        },
    );
    let outcome = server.take(&made, &local.author);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    (server, hq(), local)
}

fn refusal(outcome: &Outcome) -> (&str, &str) {
    let Outcome::Rejected { code, field, .. } = outcome else { panic!("{outcome:?}") };
    (code, field)
}

#[test]
fn a_step_is_legal_from_the_states_it_names_for_the_office_it_is_of() {
    let spec = Kind::TrainingClass.spec();
    let legal = |role, from: Option<&str>, to| {
        step_is_legal(spec, role, from.map(code).as_ref(), &code(to))
    };
    assert!(legal(Role::Organizer, Some("draft"), "submitted"));
    assert!(legal(Role::Hq, Some("draft"), "submitted"), "a higher office acts for a lower one");
    assert!(legal(Role::Hq, Some("submitted"), "approved"));
    assert!(!legal(Role::Organizer, Some("submitted"), "approved"), "another office's step");
    assert!(!legal(Role::Hq, Some("draft"), "approved"), "from another state");
    assert!(!legal(Role::Hq, Some("archived"), "draft"));
    assert!(legal(Role::Organizer, Some("archived"), "archived"), "staying is no step");
    assert!(legal(Role::Organizer, None, "running"), "the first state is typed");
    assert!(legal(Role::Organizer, Some(""), "running"));
    assert!(!step_is_legal(spec, Role::Hq, Some(&Value::Int(1)), &code("draft")));
    assert!(!step_is_legal(spec, Role::Hq, None, &Value::Null));
}

#[test]
fn a_step_that_is_not_there_is_refused_to_who_sees_where_the_record_stands() {
    let (mut server, mut a, mut b) = with_class("draft");
    let outcome = set(&mut server, &mut b, "status", None, code("approved"));
    assert_eq!(refusal(&outcome), ("illegal_step", "status"));
    let outcome = set(&mut server, &mut a, "status", None, code("archived"));
    assert_eq!(refusal(&outcome), ("illegal_step", "status"));
    let outcome = set(&mut server, &mut b, "status", None, code("submitted"));
    assert!(matches!(outcome, Outcome::Applied { .. }));
    assert_eq!(held(&server, class("status")).value, code("submitted"));
    assert!(server.conflicts().is_empty());
}

#[test]
fn a_state_that_was_moved_meanwhile_is_moved_on_if_that_step_is_there_and_asked_about_if_not() {
    let (mut server, mut a, mut b) = with_class("draft");
    let draft = held(&server, class("status")).origin;
    set(&mut server, &mut b, "status", None, code("submitted"));
    let outcome = set(&mut server, &mut a, "status", Some(draft), code("approved"));
    assert!(matches!(outcome, Outcome::Applied { .. }), "from submitted one may approve");
    let outcome = set(&mut server, &mut b, "status", Some(draft), code("submitted"));
    assert!(matches!(outcome, Outcome::Conflict { .. }), "from approved one may not submit");
    assert_eq!(held(&server, class("status")).value, code("approved"));
    assert_eq!(server.conflicts()[0].candidates[0].values, [(class("status"), code("submitted"))]);
}

#[test]
fn only_workflow_states_move_on_by_themselves() {
    let (mut server, mut a, mut b) = with_class("draft");
    let made = held(&server, class("organiser")).origin;
    set(&mut server, &mut a, "organiser", None, text("黨委"));
    let outcome = set(&mut server, &mut b, "organiser", Some(made), text("學校"));
    assert!(matches!(outcome, Outcome::Conflict { .. }), "another text meanwhile");
    let unknown = FieldNo(200);
    let write = |server: &mut Server, device: &mut Device, base, to: &str| {
        let op = on_class(device, OpBody::Set { sets: vec![(unknown, base, text(to))] });
        let author = device.author;
        server.take(&op, &author)
    };
    write(&mut server, &mut a, Base::Absent, "");
    let outcome = write(&mut server, &mut b, Base::Absent, "x");
    assert!(matches!(outcome, Outcome::Conflict { .. }), "an unknown field is no workflow");
}

#[test]
fn a_reserved_field_is_refused_to_whom_it_never_belonged_and_asked_about_if_it_did() {
    let (mut server, mut a, mut b) = with_class("draft");
    let outcome = set(&mut server, &mut b, "admission", None, code("ranking"));
    assert_eq!(refusal(&outcome), ("not_permitted", "admission"));
    set(&mut server, &mut a, "admission", None, code("arrival"));
    let outcome = set(&mut server, &mut b, "admission", None, code("ranking"));
    assert_eq!(refusal(&outcome), ("not_permitted", "admission"), "another's value");
    a.author.role = Role::Organizer;
    let outcome = set(&mut server, &mut a, "admission", None, code("ranking"));
    assert!(
        matches!(outcome, Outcome::Conflict { .. }),
        "who wrote it before is heard: {outcome:?}"
    );
    let conflict = server.conflicts()[0];
    assert_eq!(conflict.kind, ConflictKind::NotPermittedAnyMore);
    assert_eq!(held(&server, class("admission")).value, code("arrival"));
}

#[test]
fn fields_that_travel_with_their_group_unchanged_are_no_writing() {
    let (mut server, _, mut b) = with_class("draft");
    let (status, reason) = (class("status"), class("status_reason"));
    let seen = Base::Seen(held(&server, status).origin);
    let sets = vec![(status, seen, code("draft")), (reason, Base::Absent, text("試"))];
    let op = on_class(&mut b, OpBody::Set { sets });
    assert!(matches!(server.take(&op, &b.author), Outcome::Applied { .. }));
    assert_ne!(held(&server, status).origin, op.id, "the state was not written again");
    assert_eq!(held(&server, reason).origin, op.id);
}

#[test]
fn an_edit_that_is_wrong_by_itself_is_refused_and_changes_nothing() {
    let (mut server, mut a, mut b) = with_class("draft");
    let day = |day| Value::Date(PartialDate::from_days(day, Precision::Day).unwrap());
    let dates = |from, to| {
        let sets = vec![
            (class("starts_on"), Base::Absent, day(from)),
            (class("ends_on"), Base::Absent, day(to)),
        ];
        OpBody::Set { sets }
    };
    let op = on_class(&mut b, dates(20_010, 20_000));
    let outcome = server.take(&op, &b.author);
    assert_eq!(refusal(&outcome), ("invalid", "ends_on"));
    assert!(!server.world.records[&CLASS].fields.contains_key(&class("starts_on")));
    // Somebody else's edit of another field does not make it somebody else's fault, unless it came between.
    set(&mut server, &mut b, "place", None, text("一號樓"));
    let op = on_class(&mut b, dates(20_010, 20_000));
    assert_eq!(refusal(&server.take(&op, &b.author)), ("invalid", "ends_on"), "one's own edits");
    set(&mut server, &mut a, "place", None, text("二號樓"));
    let op = on_class(&mut b, dates(20_010, 20_000));
    assert!(matches!(server.take(&op, &b.author), Outcome::Conflict { .. }));
    assert_eq!(server.conflicts()[0].kind, ConflictKind::Invalid);
    let op = on_class(&mut b, dates(20_000, 20_010));
    assert!(matches!(server.take(&op, &b.author), Outcome::Applied { .. }));
}

#[test]
fn two_right_edits_that_are_wrong_together_are_put_before_a_person() {
    let (mut server, mut a, mut b) = two_devices();
    let day = |day| Value::Date(PartialDate::from_days(day, Precision::Day).unwrap());
    let set = |device: &mut Device, key, value| {
        device.op(OpBody::Set { sets: vec![(no(key), Base::Absent, value)] })
    };
    let work = set(&mut a, "work_started_on", day(10_000));
    let born = set(&mut b, "born_on", day(12_000));
    assert!(matches!(server.take(&work, &a.author), Outcome::Applied { .. }));
    assert!(matches!(server.take(&born, &b.author), Outcome::Conflict { .. }));
    let conflict = server.conflicts()[0];
    assert_eq!(conflict.kind, ConflictKind::Invalid);
    assert_eq!(conflict.candidates[0].values, [(no("born_on"), day(12_000))]);
    assert!(!server.person().fields.contains_key(&no("born_on")));
}

#[test]
fn a_number_that_is_taken_is_refused_whoever_else_wrote_meanwhile() {
    let (mut server, mut a, mut b) = two_devices();
    let mut other = a.create(COLLEGE);
    other.record = RecordId(Uuid::from_u128(8));
    let OpBody::Create { fields, .. } = &mut other.body else { panic!("no creation") };
    fields[0].1 = text("10002");
    server.take(&other, &a.author);
    a.edit("phone", "13800000640");
    a.sync(&mut server);
    let op = b.set("staff_no", "10002");
    assert_eq!(refusal(&server.take(&op, &b.author)), ("duplicate", "staff_no"));
}

#[test]
fn fields_of_one_group_conflict_as_one_and_others_go_through() {
    let (mut server, mut a, mut b) = with_class("draft");
    let day = |day| Value::Date(PartialDate::from_days(day, Precision::Day).unwrap());
    set(&mut server, &mut a, "starts_on", None, day(20_000));
    let sets = vec![
        (class("starts_on"), Base::Absent, day(20_001)),
        (class("ends_on"), Base::Absent, day(20_005)),
        (class("category"), Base::Absent, code("forum")),
    ];
    let op = on_class(&mut b, OpBody::Set { sets });
    assert!(matches!(server.take(&op, &b.author), Outcome::Conflict { .. }));
    let conflict = server.conflicts()[0];
    let mut both = vec![class("starts_on"), class("ends_on")];
    both.sort_unstable();
    assert_eq!(conflict.fields, both);
    assert_eq!(held(&server, class("category")).value, code("forum"));
    assert!(!server.world.records[&CLASS].fields.contains_key(&class("ends_on")));
}
