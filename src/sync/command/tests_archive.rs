//! The archive at the merge: nothing of an archived class changes any more, and nothing that somebody wrote before they knew is lost.

use uuid::Uuid;

use super::tests::{CLASS, Pen, Server, code, no, person, rejected};
use super::*;
use crate::domain::access::Role;
use crate::domain::ids::UnitId;
use crate::sync::conflict::{ConflictKind, ConflictState, UNIT_FIELD};
use crate::sync::{Base, OpId};

const OTHER: UnitId = UnitId(Uuid::from_u128(102));

fn id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

fn set(server: &Server, pen: &mut Pen, kind: Kind, record: RecordId, key: &str, to: Value) -> Op {
    let held = server.world.records[&record].fields.get(&no(kind, key));
    let base = held.map_or(Base::Absent, |state| Base::Seen(state.origin));
    pen.op(kind, record, OpBody::Set { sets: vec![(no(kind, key), base, to)] })
}

fn walk(server: &mut Server, pen: &mut Pen, kind: Kind, record: RecordId, to: &str) -> Outcome {
    let op = set(server, pen, kind, record, "status", code(to));
    server.take(&op, *pen)
}

/// What belongs to a class: somebody's place, a session, a mark, a quota.
const SESSION: u128 = 601;
const MARK: u128 = 602;
const QUOTA: u128 = 603;
const PLACE: u128 = 604;

/// A class that was held: one person was there and finished, one has a place.
fn held_class() -> (Server, Pen, Pen) {
    let (mut server, mut hq) = Server::with_class(Some(3), 3, false);
    let mut unit = Pen::organizer(2);
    let begins = Value::Instant(1_000);
    let session = hq.create(
        Kind::Session,
        id(SESSION),
        &[("class", Value::Ref(CLASS)), ("starts_at", begins)],
    );
    let place = hq.create(
        Kind::Enrolment,
        id(PLACE),
        &[
            ("class", Value::Ref(CLASS)),
            ("person", Value::Ref(person(0))),
            ("status", code("completed")),
            ("hours", Value::Int(80)),
        ],
    );
    let mark = unit.create(
        Kind::Attendance,
        id(MARK),
        &[("session", Value::Ref(id(SESSION))), ("person", Value::Ref(person(0)))],
    );
    let quota = hq.create(
        Kind::ClassQuota,
        id(QUOTA),
        &[
            ("class", Value::Ref(CLASS)),
            ("unit", Value::Ref(UnitId(Uuid::from_u128(101)).record())),
            ("places", Value::Int(3)),
        ],
    );
    let asked = unit.ask(person(1));
    for (op, pen) in [(session, hq), (place, hq), (mark, unit), (quota, hq), (asked, unit)] {
        let outcome = server.take(&op, pen);
        assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    }
    (server, hq, unit)
}

fn archive(server: &mut Server, hq: &mut Pen) {
    for state in ["running", "finished", "archived"] {
        let outcome = walk(server, hq, Kind::TrainingClass, CLASS, state);
        assert!(matches!(outcome, Outcome::Applied { .. }), "{state}: {outcome:?}");
    }
}

fn open(server: &Server) -> Vec<(RecordId, &crate::sync::Conflict)> {
    let found = server.world.records.values().filter_map(|record| {
        let conflict = record.conflict.as_deref().filter(|conflict| conflict.is_open())?;
        Some((record.id, conflict))
    });
    found.collect()
}

#[test]
fn a_change_written_before_the_archive_was_known_waits_for_a_person_and_changes_nothing() {
    let (mut server, mut hq, mut unit) = held_class();
    let late = [
        set(&server, &mut unit, Kind::Enrolment, id(PLACE), "hours", Value::Int(90)),
        set(&server, &mut unit, Kind::Attendance, id(MARK), "state", code("absent")),
        set(&server, &mut hq, Kind::Session, id(SESSION), "hours", Value::Int(40)),
        set(&server, &mut hq, Kind::ClassQuota, id(QUOTA), "places", Value::Int(1)),
        set(&server, &mut hq, Kind::TrainingClass, CLASS, "capacity", Value::Int(9)),
    ];
    archive(&mut server, &mut hq);
    for op in &late {
        let by = if op.id.device.0 == 2 { unit } else { hq };
        let outcome = server.take(op, by);
        assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    }
    assert_eq!(server.field(id(PLACE), Kind::Enrolment, "hours"), Some(&Value::Int(80)));
    assert_eq!(server.field(id(MARK), Kind::Attendance, "state"), None);
    let conflicts = open(&server);
    assert_eq!(conflicts.len(), late.len());
    for (_, conflict) in conflicts {
        assert_eq!(conflict.kind, ConflictKind::Archived);
        let kept = &conflict.candidates[0];
        let op = late.iter().find(|op| op.id == kept.op).unwrap();
        let values: Vec<_> = op.values().into_iter().map(|(no, v)| (no, v.clone())).collect();
        assert_eq!(kept.values, values, "what was written is kept");
    }
}

#[test]
fn deleting_moving_and_bringing_back_what_is_archived_ask_a_person_too() {
    let (mut server, mut hq, mut unit) = held_class();
    let gone = id(SESSION + 100);
    let begins = [("class", Value::Ref(CLASS)), ("starts_at", Value::Instant(9_000))];
    let made = hq.create(Kind::Session, gone, &begins);
    server.take(&made, hq);
    let saw = |server: &Server, id: RecordId| server.world.records[&id].saw();
    let delete = |pen: &mut Pen, kind, record, saw| {
        pen.op(kind, record, OpBody::Delete { saw, reason: String::new() })
    };
    let op = delete(&mut hq, Kind::Session, gone, saw(&server, gone));
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    archive(&mut server, &mut hq);
    let unit_origin = server.world.records[&CLASS].unit_origin;
    let ops = [
        delete(&mut unit, Kind::Enrolment, id(PLACE), saw(&server, id(PLACE))),
        delete(&mut hq, Kind::TrainingClass, CLASS, saw(&server, CLASS)),
        hq.op(
            Kind::TrainingClass,
            CLASS,
            OpBody::Move { base: Base::Seen(unit_origin), to: OTHER },
        ),
        hq.op(Kind::Session, gone, OpBody::Restore { saw: 0 }),
    ];
    for op in &ops {
        let by = if op.id.device.0 == 2 { unit } else { hq };
        let outcome = server.take(op, by);
        assert!(matches!(outcome, Outcome::Conflict { .. }), "{:?}: {outcome:?}", op.body);
    }
    assert!(server.world.records[&id(PLACE)].is_live() && server.world.records[&CLASS].is_live());
    assert!(!server.world.records[&gone].is_live());
    assert!(open(&server).iter().all(|(_, conflict)| conflict.kind == ConflictKind::Archived));
    assert!(open(&server).iter().any(|(_, conflict)| conflict.fields == [UNIT_FIELD]));
}

#[test]
fn a_decision_about_the_archive_keeps_it_or_is_headquarters_taking_what_was_on_its_way() {
    let (mut server, mut hq, mut unit) = held_class();
    let late = set(&server, &mut unit, Kind::Enrolment, id(PLACE), "hours", Value::Int(90));
    archive(&mut server, &mut hq);
    server.take(&late, unit);
    let (conflict, seen) = {
        let (id, conflict) = open(&server)[0];
        let mut seen: Vec<OpId> = conflict.candidates.iter().map(|c| c.op).collect();
        seen.extend(conflict.current.iter().filter_map(|standing| standing.op));
        (id, seen)
    };
    let hours = no(Kind::Enrolment, "hours");
    let decide = |pen: &mut Pen, hours_are: i64| {
        let values = vec![(hours, Value::Int(hours_are))];
        let body = OpBody::Resolve { conflict, seen: seen.clone(), values };
        pen.op(Kind::Enrolment, id(PLACE), body)
    };
    let op = decide(&mut unit, 90);
    assert_eq!(rejected(&server.take(&op, unit)), "archived", "the unit takes nothing");
    let op = decide(&mut hq, 100);
    assert_eq!(rejected(&server.take(&op, hq)), "archived", "nobody writes anything else");
    let mut kept = server.clone();
    let op = decide(&mut unit, 80);
    assert!(
        matches!(kept.take(&op, unit), Outcome::Applied { .. }),
        "keeping is open to who settles"
    );
    assert!(open(&kept).is_empty());
    let op = decide(&mut hq, 90);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    assert_eq!(server.field(id(PLACE), Kind::Enrolment, "hours"), Some(&Value::Int(90)));
    let state = &server.world.records[&conflict].conflict.as_ref().unwrap().state;
    assert_eq!(*state, ConflictState::ClosedByPerson(op.id));
}

#[test]
fn commands_and_new_records_do_not_reach_an_archived_class() {
    let (mut server, mut hq, mut unit) = held_class();
    archive(&mut server, &mut hq);
    let op = unit.leave(person(1));
    assert_eq!(rejected(&server.take(&op, unit)), "archived");
    assert_eq!(server.state(person(1)), "confirmed");
    let op = unit.ask(person(2));
    assert_eq!(rejected(&server.take(&op, unit)), "class_closed");
    let begins = [("class", Value::Ref(CLASS)), ("starts_at", Value::Instant(9_000))];
    let op = hq.create(Kind::Session, id(700), &begins);
    assert_eq!(rejected(&server.take(&op, hq)), "archived");
    let fields = [("session", Value::Ref(id(SESSION))), ("person", Value::Ref(person(1)))];
    let op = unit.create(Kind::Attendance, id(701), &fields);
    assert_eq!(rejected(&server.take(&op, unit)), "archived");
    let fields = [("class", Value::Ref(CLASS)), ("person", Value::Ref(person(2)))];
    let op = hq.create(Kind::Enrolment, id(702), &fields);
    assert_eq!(rejected(&server.take(&op, hq)), "archived");
}

#[test]
fn notes_the_archiving_of_places_and_late_records_go_on() {
    let (mut server, mut hq, mut unit) = held_class();
    archive(&mut server, &mut hq);
    let log = no(Kind::Enrolment, "log");
    let body =
        OpBody::Note { field: log, element: Uuid::from_u128(1), text: "寄出證書".to_owned() };
    let op = unit.op(Kind::Enrolment, id(PLACE), body);
    assert!(matches!(server.take(&op, unit), Outcome::Applied { .. }));
    let outcome = walk(&mut server, &mut hq, Kind::Enrolment, id(PLACE), "archived");
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    // 補錄: the unit writes it, its lead agrees, headquarters admits it.
    let late = [
        ("class", Value::Ref(CLASS)),
        ("person", Value::Ref(person(2))),
        ("late_record", Value::Flag(true)),
        ("late_reason", Value::Text("證書遲到".to_owned())),
        ("hours", Value::Int(80)),
    ];
    let op = unit.create(Kind::Enrolment, id(700), &late);
    assert!(matches!(server.take(&op, unit), Outcome::Applied { .. }));
    let mut lead = Pen::of(3, Role::UnitLead);
    assert!(matches!(
        walk(&mut server, &mut unit, Kind::Enrolment, id(700), "submitted"),
        Outcome::Applied { .. }
    ));
    assert!(matches!(
        walk(&mut server, &mut lead, Kind::Enrolment, id(700), "unit_reviewed"),
        Outcome::Applied { .. }
    ));
    assert!(matches!(
        walk(&mut server, &mut hq, Kind::Enrolment, id(700), "completed"),
        Outcome::Applied { .. }
    ));
    let op = set(&server, &mut unit, Kind::Enrolment, id(700), "hours", Value::Int(90));
    assert!(matches!(server.take(&op, unit), Outcome::Conflict { .. }), "admitted is admitted");
}

fn with_lists(ranked: bool, places: i64, substitutes: Option<i64>) -> (Server, Pen) {
    let (mut server, mut hq) = Server::with_class(None, 6, ranked);
    let mut fields = vec![
        ("class", Value::Ref(CLASS)),
        ("unit", Value::Ref(UnitId(Uuid::from_u128(101)).record())),
        ("places", Value::Int(places)),
    ];
    fields.extend(substitutes.map(|most| ("substitutes", Value::Int(most))));
    let op = hq.create(Kind::ClassQuota, id(QUOTA), &fields);
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    (server, hq)
}

/// 候補名額: a unit names so many substitutes and no more.
#[test]
fn a_units_waiting_list_is_as_long_as_its_quota_says() {
    for (most, waiting) in [(Some(2), 2), (Some(0), 0), (None, 4)] {
        let (mut server, _) = with_lists(false, 2, most);
        let mut unit = Pen::organizer(2);
        for n in 0..6 {
            let op = unit.ask(person(n));
            let outcome = server.take(&op, unit);
            if server.placed() + server.waiting().len() <= usize::try_from(n).unwrap() {
                assert_eq!(rejected(&outcome), "list_full");
            }
        }
        assert_eq!((server.placed(), server.waiting().len()), (2, waiting), "{most:?}");
        if most == Some(2) {
            let op = unit.leave(person(0));
            server.take(&op, unit);
            assert_eq!((server.placed(), server.waiting().len()), (2, 1), "the next moves up");
            let op = unit.ask(person(4));
            let outcome = server.take(&op, unit);
            assert!(matches!(outcome, Outcome::WaitListed { position: 2, .. }), "room again");
        }
    }
}

#[test]
fn at_the_closing_of_a_ranked_class_who_is_beyond_the_list_is_given_back_and_told_so() {
    let (mut server, mut hq) = with_lists(true, 2, Some(1));
    let mut unit = Pen::organizer(2);
    for n in 0..5 {
        let op = unit.ask(person(n));
        assert!(matches!(server.take(&op, unit), Outcome::WaitListed { position: 0, .. }));
    }
    let close = hq.command(Kind::TrainingClass, CLASS, &EnrolClose { class: CLASS });
    assert!(matches!(server.take(&close, hq), Outcome::Applied { .. }));
    let states: Vec<&str> = (0..5).map(|n| server.state(person(n))).collect();
    assert_eq!(states, ["confirmed", "confirmed", "waitlisted", "returned", "returned"]);
    let told = enrolment_id(CLASS, person(4));
    assert_eq!(server.field(told, Kind::Enrolment, "placement"), Some(&code("list_full")));
}
