//! Commands at their edges: wrong names, wrong people, deleted records, lines in order.

use uuid::Uuid;

use super::tests::{CLASS, Pen, Server, code, no, person, rejected};
use super::*;
use crate::domain::access::Role;
use crate::domain::ids::UnitId;
use crate::sync::Base;
use crate::sync::overlay::overlay;

const ELSEWHERE: UnitId = UnitId(Uuid::from_u128(102));

fn wrong(mut op: Op, kind: Option<Kind>, record: Option<RecordId>) -> Op {
    op.kind = kind.map_or(op.kind, Kind::number);
    op.record = record.unwrap_or(op.record);
    op
}

fn set(
    server: &mut Server,
    pen: &mut Pen,
    kind: Kind,
    id: RecordId,
    key: &str,
    value: Value,
) -> Outcome {
    let held = server.world.records[&id].fields.get(&no(kind, key));
    let base = held.map_or(Base::Absent, |state| Base::Seen(state.origin));
    let op = pen.op(kind, id, OpBody::Set { sets: vec![(no(kind, key), base, value)] });
    server.take(&op, *pen)
}

#[test]
fn the_arguments_of_a_command_are_read_whole_or_not_at_all() {
    let args = EnrolClose { class: CLASS };
    let sealed = args.seal();
    assert_eq!(EnrolClose::open(&sealed), Some(args));
    assert_eq!(EnrolClose::open(&[sealed.as_slice(), &[0]].concat()), None, "something follows");
    let mut other = sealed.clone();
    other[0] ^= 1;
    assert_eq!(EnrolClose::open(&other), None, "another tag");
    assert_eq!(EnrolClose::open(&sealed[..5]), None);
}

#[test]
fn a_command_names_the_records_it_is_about() {
    let (class, keep, drop) = (CLASS, person(1), person(2));
    let request =
        EnrolRequest { class, person: keep, request: Uuid::nil(), post_then: String::new() };
    assert_eq!(named(EnrolRequest::NAME, &request.seal()), [class, keep]);
    let cancel = EnrolCancel { class, person: keep, reason: String::new() };
    assert_eq!(named(EnrolCancel::NAME, &cancel.seal()), [class, keep]);
    assert_eq!(named(EnrolClose::NAME, &EnrolClose { class }.seal()), [class]);
    let merge = PersonMerge { keep, drop };
    assert_eq!(named(PersonMerge::NAME, &merge.seal()), [keep], "the other may never have been");
    assert_eq!(named("enrol.unknown", &merge.seal()), []);
    let mut pen = Pen::organizer(2);
    let op = pen.command(Kind::Person, keep, &merge);
    assert_eq!(merging(&op), Some([keep, drop]));
    assert_eq!(merging(&pen.command(Kind::Enrolment, keep, &request)), None);
    let lease =
        NumberLease { range: "certificate".to_owned(), year: 2026, unit: ELSEWHERE, count: 1 };
    assert_eq!(counted(NumberLease::NAME, &lease.seal()), Some(series_id(&lease)));
    assert_eq!(counted(EnrolRequest::NAME, &request.seal()), None);
}

#[test]
fn an_operation_touches_the_classes_whose_places_it_may_change() {
    let (mut server, _) = Server::with_class(Some(1), 1, false);
    let mut pen = Pen::organizer(2);
    let op = pen.ask(person(0));
    server.take(&op, pen);
    let other = RecordId(Uuid::from_u128(501));
    let id = op.record;
    let mut touched = |kind: Kind, body| {
        let op = pen.op(kind, id, body);
        classes_of(&server.world, &op).into_iter().collect::<Vec<_>>()
    };
    let sets = |key: &str, value| OpBody::Set {
        sets: vec![(no(Kind::Enrolment, key), Base::Absent, value)],
    };
    assert_eq!(touched(Kind::Enrolment, sets("note", Value::Text("x".to_owned()))), []);
    assert_eq!(touched(Kind::Enrolment, sets("status", code("draft"))), [CLASS]);
    assert_eq!(touched(Kind::Enrolment, sets("class", Value::Ref(other))), [CLASS, other]);
    let resolve = |no| OpBody::Resolve {
        conflict: id,
        seen: Vec::new(),
        values: vec![(no, Value::Flag(false))],
    };
    assert_eq!(touched(Kind::Enrolment, resolve(DELETED_FIELD)), [CLASS]);
    assert_eq!(touched(Kind::Enrolment, resolve(no(Kind::Enrolment, "note"))), []);
    let delete = OpBody::Delete { saw: 0, reason: String::new() };
    assert_eq!(touched(Kind::Enrolment, delete.clone()), [CLASS]);
    assert_eq!(touched(Kind::Enrolment, OpBody::Move { base: Base::Absent, to: ELSEWHERE }), []);
    assert_eq!(touched(Kind::Person, delete), [], "no enrolment");
}

#[test]
fn a_request_is_about_the_enrolment_of_its_own_person_in_its_own_class() {
    let (mut server, mut hq) = Server::with_class(Some(5), 2, false);
    let mut pen = Pen::organizer(2);
    for op in [
        wrong(pen.ask(person(0)), None, Some(enrolment_id(CLASS, person(1)))),
        wrong(pen.ask(person(0)), Some(Kind::Person), None),
        wrong(pen.leave(person(0)), Some(Kind::Person), None),
    ] {
        assert_eq!(rejected(&server.take(&op, pen)), "wrong_id");
    }
    let close = hq.command(Kind::TrainingClass, CLASS, &EnrolClose { class: CLASS });
    for op in [wrong(close.clone(), None, Some(person(0))), wrong(close, Some(Kind::Person), None)]
    {
        let op = Op { id: hq.op(Kind::Person, person(0), OpBody::Restore { saw: 0 }).id, ..op };
        assert_eq!(rejected(&server.take(&op, hq)), "wrong_id");
    }
    let merge = PersonMerge { keep: person(0), drop: person(1) };
    let op = hq.command(Kind::Person, person(1), &merge);
    assert_eq!(rejected(&server.take(&op, hq)), "wrong_id");
    let op = hq.command(Kind::Unit, person(0), &merge);
    assert_eq!(rejected(&server.take(&op, hq)), "wrong_id");
    assert_eq!(server.placed(), 0);
}

#[test]
fn places_are_asked_for_and_given_back_by_who_keeps_the_person() {
    let (mut server, _) = Server::with_class(Some(5), 2, false);
    let mut own = Pen::organizer(2);
    let op = own.ask(person(0));
    server.take(&op, own);
    for mut pen in [Pen::of(5, Role::Auditor), Pen::at(6, ELSEWHERE)] {
        let op = pen.ask(person(1));
        assert_eq!(rejected(&server.take(&op, pen)), "not_permitted");
        let op = pen.leave(person(0));
        assert_eq!(rejected(&server.take(&op, pen)), "not_permitted");
        let close = pen.command(Kind::TrainingClass, CLASS, &EnrolClose { class: CLASS });
        assert_eq!(rejected(&server.take(&close, pen)), "not_permitted");
    }
    assert_eq!((server.state(person(0)), server.state(person(1))), ("confirmed", ""));
}

#[test]
fn an_enrolment_that_was_deleted_is_given_back_already_and_begins_again_when_asked_for() {
    let (mut server, _) = Server::with_class(Some(1), 2, false);
    let mut pen = Pen::organizer(2);
    let op = pen.ask(person(0));
    server.take(&op, pen);
    let saw = server.world.records[&op.record].saw();
    let delete = OpBody::Delete { saw, reason: String::new() };
    let gone = pen.op(Kind::Enrolment, op.record, delete);
    server.take(&gone, pen);
    let leave = pen.leave(person(0));
    assert!(matches!(server.take(&leave, pen), Outcome::Converged { .. }));
    let again = pen.ask(person(0));
    assert!(matches!(server.take(&again, pen), Outcome::Applied { .. }));
    assert!(server.world.records[&op.record].is_live());
    let leave = pen.leave(person(0));
    assert!(matches!(server.take(&leave, pen), Outcome::Applied { .. }));
    let leave = pen.leave(person(0));
    assert!(matches!(server.take(&leave, pen), Outcome::Converged { .. }), "twice is once");
}

#[test]
fn a_reason_is_kept_if_there_is_one() {
    let (mut server, _) = Server::with_class(Some(2), 2, false);
    let mut pen = Pen::organizer(2);
    for (n, reason) in [(0, "出差"), (1, "  ")] {
        let op = pen.ask(person(n));
        server.take(&op, pen);
        let args = EnrolCancel { class: CLASS, person: person(n), reason: reason.to_owned() };
        let op = pen.command(Kind::Enrolment, op.record, &args);
        server.take(&op, pen);
        let kept = server.field(op.record, Kind::Enrolment, "status_reason");
        let kept = kept.and_then(Value::as_text);
        assert_eq!(kept, Some(reason).filter(|reason| !reason.trim().is_empty()));
    }
}

#[test]
fn asking_again_while_a_ranking_is_open_waits_for_it() {
    let (mut server, mut hq) = Server::with_class(Some(1), 2, true);
    let mut pen = Pen::organizer(2);
    for _ in 0..2 {
        let op = pen.ask(person(0));
        let outcome = server.take(&op, pen);
        assert!(matches!(outcome, Outcome::WaitListed { position: 0, .. }), "{outcome:?}");
    }
    let state = code("requested");
    let id = enrolment_id(CLASS, person(1));
    let fields =
        [("class", Value::Ref(CLASS)), ("person", Value::Ref(person(1))), ("status", state)];
    let op = hq.create(Kind::Enrolment, id, &fields);
    assert_eq!(rejected(&server.take(&op, hq)), "not_permitted", "a request is asked, not written");
}

#[test]
fn only_an_open_class_that_is_there_is_closed() {
    let (mut server, mut hq) = Server::with_class(Some(1), 1, false);
    let close = |hq: &mut Pen| hq.command(Kind::TrainingClass, CLASS, &EnrolClose { class: CLASS });
    let mut draft = server.clone();
    let mut other = hq;
    let status = no(Kind::TrainingClass, "status");
    let mut record = draft.world.records[&CLASS].clone();
    record.fields.get_mut(&status).unwrap().value = code("draft");
    draft.world.load(record);
    let op = close(&mut other);
    assert_eq!(rejected(&draft.take(&op, other)), "illegal_step");
    let mut gone = server.clone();
    let mut other = hq;
    let saw = gone.world.records[&CLASS].saw();
    let delete = OpBody::Delete { saw, reason: String::new() };
    let op = other.op(Kind::TrainingClass, CLASS, delete);
    gone.take(&op, other);
    let op = close(&mut other);
    assert_eq!(rejected(&gone.take(&op, other)), "illegal_step");
    let op = close(&mut hq);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    let op = close(&mut hq);
    assert!(matches!(server.take(&op, hq), Outcome::Converged { .. }), "closed already");
}

#[test]
fn a_request_of_who_has_something_already_does_not_hide_it() {
    let (mut server, _) = Server::with_class(Some(1), 3, false);
    let mut pen = Pen::organizer(2);
    for n in 0..3 {
        let op = pen.ask(person(n));
        server.take(&op, pen);
    }
    let leave = pen.leave(person(2));
    server.take(&leave, pen);
    let mut shown = |n: u128| {
        let op = pen.ask(person(n));
        let view = overlay(server.world.records.get(&op.record).cloned(), &op).unwrap();
        view.fields[&no(Kind::Enrolment, "status")].value.clone()
    };
    assert_eq!(shown(0), code("confirmed"));
    assert_eq!(shown(1), code("waitlisted"));
    assert_eq!(shown(2), code("requested"), "who had given it back asks anew");
}

#[test]
fn promised_places_in_line_stand_in_their_old_order_before_those_who_came_after() {
    let (mut server, _) = Server::with_class(Some(1), 8, false);
    let mut pen = Pen::organizer(2);
    for n in [6, 7] {
        let op = pen.ask(person(n));
        server.take(&op, pen);
    }
    for (n, position) in [(2, 1), (3, 2), (4, 5)] {
        let op = pen.ask(person(n));
        let seq = 100 + u64::try_from(n).unwrap();
        let told = Outside::Promised { seq, position: Some(position) };
        server.world.outside.insert(op.id, told);
        let outcome = server.take(&op, pen);
        assert!(matches!(outcome, Outcome::WaitListed { .. }), "{outcome:?}");
    }
    let line: Vec<RecordId> = [2, 3, 7, 4].map(|n| enrolment_id(CLASS, person(n))).into();
    assert_eq!(server.waiting(), line);
}

#[test]
fn who_leaves_the_line_another_way_gives_up_the_place_in_it() {
    let (mut server, mut hq) = Server::with_class(Some(1), 4, false);
    let mut pen = Pen::organizer(2);
    for n in 0..4 {
        let op = pen.ask(person(n));
        server.take(&op, pen);
    }
    let id = enrolment_id(CLASS, person(1));
    let outcome = set(&mut server, &mut hq, Kind::Enrolment, id, "status", code("returned"));
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert_eq!(server.position(person(1)), None);
    assert_eq!((server.position(person(2)), server.position(person(3))), (Some(1), Some(2)));
}

#[test]
fn who_is_put_on_the_list_of_a_full_class_stands_last() {
    let (mut server, mut hq) = Server::with_class(Some(1), 3, false);
    let mut pen = Pen::organizer(2);
    for n in 0..2 {
        let op = pen.ask(person(n));
        server.take(&op, pen);
    }
    let id = RecordId(Uuid::from_u128(77));
    let fields = [
        ("class", Value::Ref(CLASS)),
        ("person", Value::Ref(person(2))),
        ("status", code("waitlisted")),
    ];
    let op = hq.create(Kind::Enrolment, id, &fields);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    assert_eq!(server.waiting(), [enrolment_id(CLASS, person(1)), id]);
}

#[test]
fn nobody_moves_up_in_a_class_that_has_begun() {
    let (mut server, mut hq) = Server::with_class(Some(1), 2, false);
    let mut pen = Pen::organizer(2);
    for n in 0..2 {
        let op = pen.ask(person(n));
        server.take(&op, pen);
    }
    set(&mut server, &mut hq, Kind::TrainingClass, CLASS, "status", code("running"));
    let op = pen.leave(person(0));
    server.take(&op, pen);
    assert_eq!((server.state(person(0)), server.state(person(1))), ("withdrawn", "waitlisted"));
}

#[test]
fn a_series_and_a_lease_are_read_from_their_own_records_only() {
    let (mut server, mut hq) = Server::with_class(None, 1, false);
    let lease = |range: String| NumberLease { range, year: 2026, unit: ELSEWHERE, count: 5 };
    let id = RecordId(Uuid::from_u128(60));
    let ask = |hq: &mut Pen, args: &NumberLease| Op {
        kind: LEASE_KIND,
        ..hq.command(Kind::Person, id, args)
    };
    for range in [String::new(), "x".repeat(41)] {
        let op = ask(&mut hq, &lease(range));
        assert_eq!(rejected(&server.take(&op, hq)), "invalid");
    }
    let args = lease("certificate".to_owned());
    let op = ask(&mut hq, &args);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    let series = &server.world.records[&series_id(&args)];
    let known = ("certificate".to_owned(), 2026, ELSEWHERE, 5);
    assert_eq!(Lease::series(series), Some(known));
    assert_eq!(Lease::of(series), None);
    let leased = &server.world.records[&id];
    assert_eq!(Lease::series(leased), None);
    assert_eq!(Lease::of(leased).map(|lease| (lease.lo, lease.hi)), Some((1, 5)));
    let mut gone = leased.clone();
    let by = gone.created;
    gone.tombstone = Some(crate::sync::Tombstone { by, reason: String::new(), seq: 1 });
    assert_eq!(Lease::of(&gone), None);
}

#[test]
fn a_reference_to_a_dropped_person_is_turned_even_if_nothing_else_is() {
    let (mut server, mut hq) = Server::with_class(Some(5), 3, false);
    let merge = PersonMerge { keep: person(0), drop: person(1) };
    let op = hq.command(Kind::Person, person(0), &merge);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    let mut pen = Pen::organizer(2);
    let post = RecordId(Uuid::from_u128(61));
    let sets = vec![(no(Kind::Post, "person"), Base::Absent, Value::Ref(person(1)))];
    let late = pen.op(Kind::Post, post, OpBody::Set { sets });
    let turned = redirected(&server.world, &late);
    assert_eq!(turned.references(), [person(0)]);
    let sets = vec![(no(Kind::Post, "person"), Base::Absent, Value::Ref(person(2)))];
    let plain = pen.op(Kind::Post, post, OpBody::Set { sets });
    assert_eq!(redirected(&server.world, &plain).references(), [person(2)]);
}

#[test]
fn only_records_that_are_there_or_were_refused_are_merged_away() {
    let (mut server, mut hq) = Server::with_class(Some(5), 2, false);
    let unknown = RecordId(Uuid::from_u128(4_242));
    let op = hq.command(Kind::Person, person(0), &PersonMerge { keep: person(0), drop: unknown });
    assert_eq!(rejected(&server.take(&op, hq)), "missing_reference");
    let mut pen = Pen::organizer(2);
    let fields =
        [("staff_no", Value::Text("00000".to_owned())), ("name", Value::Text("甲".to_owned()))];
    let op = pen.create(Kind::Person, person(7), &fields);
    assert_eq!(rejected(&server.take(&op, pen)), "duplicate");
    for mut pen in [Pen::of(5, Role::Auditor), Pen::at(6, ELSEWHERE)] {
        let merge = PersonMerge { keep: person(0), drop: person(7) };
        let op = pen.command(Kind::Person, person(0), &merge);
        assert_eq!(rejected(&server.take(&op, pen)), "not_permitted");
    }
}

#[test]
fn a_merge_asks_only_about_what_differs_and_takes_open_questions_along() {
    let (mut server, mut hq) = Server::with_class(Some(5), 2, false);
    let mut pen = Pen::organizer(2);
    let (keep, drop) = (person(0), person(1));
    set(&mut server, &mut pen, Kind::Person, keep, "phone", Value::Text("13800000640".into()));
    let made = server.world.records[&drop].created;
    // An open question about the dropped one: two have changed its name.
    set(&mut server, &mut pen, Kind::Person, drop, "name", Value::Text("乙".into()));
    let sets = vec![(no(Kind::Person, "name"), Base::Seen(made), Value::Text("丙".into()))];
    let op = hq.op(Kind::Person, drop, OpBody::Set { sets });
    assert!(matches!(server.take(&op, hq), Outcome::Conflict { .. }));
    let away = OpBody::Move { base: Base::Seen(made), to: ELSEWHERE };
    let op = hq.op(Kind::Person, drop, away);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    let op = pen.create(
        Kind::Post,
        RecordId(Uuid::from_u128(61)),
        &[("person", Value::Ref(keep)), ("unit", Value::Ref(ELSEWHERE.record()))],
    );
    server.take(&op, pen);
    let op = hq.command(Kind::Person, keep, &PersonMerge { keep, drop });
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    let open = server.world.conflicts[&keep].clone();
    let about = |id| server.world.records[id].conflict.as_deref().unwrap();
    let fields: Vec<FieldNo> = open.iter().flat_map(|id| about(id).fields.clone()).collect();
    assert!(!fields.contains(&no(Kind::Person, "phone")), "the other had none");
    assert!(
        fields.contains(&no(Kind::Person, "staff_no"))
            && fields.contains(&no(Kind::Person, "name"))
    );
    assert!(server.world.conflicts[&drop].is_empty());
    for id in &open {
        assert_eq!(about(id).record, keep);
        assert_eq!(server.world.records[id].unit, server.world.records[&keep].unit);
    }
    let counted = server.world.records[&keep].open_conflicts;
    assert_eq!(usize::from(counted), open.len());
}
