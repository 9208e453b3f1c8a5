//! Places, case by case and under random arrivals.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, UnitId, UserId};
use crate::sync::apply::{Stamp, apply};
use crate::sync::overlay::overlay;
use crate::sync::{Author, Base, OpId};

const UNIVERSITY: UnitId = UnitId(Uuid::from_u128(100));
const COLLEGE: UnitId = UnitId(Uuid::from_u128(101));
pub(super) const CLASS: RecordId = RecordId(Uuid::from_u128(500));

pub(super) fn no(kind: Kind, key: &str) -> FieldNo {
    kind.spec().field(key).unwrap().number
}

pub(super) fn person(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(1_000 + n))
}

pub(super) fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

/// A server in memory, with what it was given, in order.
#[derive(Clone, Default)]
pub(super) struct Server {
    pub(super) world: World,
    pub(super) log: Vec<(Op, Author)>,
    pub(super) outcomes: Vec<Outcome>,
}

/// Who writes, and how far the numbering is.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    device: u64,
    n: u64,
    role: Role,
    home: UnitId,
}

pub(super) const HQ: Pen = Pen { device: 1, n: 0, role: Role::Hq, home: UNIVERSITY };

impl Pen {
    pub(super) const fn organizer(device: u64) -> Self {
        Self { device, n: 0, role: Role::Organizer, home: COLLEGE }
    }

    /// Somebody of the college with another role.
    pub(super) const fn of(device: u64, role: Role) -> Self {
        Self { role, ..Self::organizer(device) }
    }

    /// An organizer of another unit.
    pub(super) const fn at(device: u64, home: UnitId) -> Self {
        Self { home, ..Self::organizer(device) }
    }

    pub(super) fn author(self) -> Author {
        let user = UserId(Uuid::from_u128(self.device.into()));
        Author { user, role: self.role, home: self.home }
    }

    pub(super) fn op(&mut self, kind: Kind, record: RecordId, body: OpBody) -> Op {
        self.n += 1;
        Op {
            id: OpId { device: DeviceId(self.device), generation: 1, n: self.n },
            prev: [0; 16],
            salt: 0,
            hlc: self.n << 16,
            clock_off_ms: 0,
            clock_conf: 3,
            actor: self.author().user,
            schema: 1,
            group: None,
            kind: kind.number(),
            record,
            body,
            was: None,
        }
    }

    pub(super) fn create(&mut self, kind: Kind, record: RecordId, fields: &[(&str, Value)]) -> Op {
        let fields = fields.iter().map(|(key, value)| (no(kind, key), value.clone())).collect();
        self.op(kind, record, OpBody::Create { unit: UnitId::HOME, fields })
    }

    pub(super) fn command<A: Arguments>(&mut self, kind: Kind, record: RecordId, args: &A) -> Op {
        let body = OpBody::Command { name: A::NAME.to_owned(), args: args.seal() };
        self.op(kind, record, body)
    }

    pub(super) fn ask(&mut self, who: RecordId) -> Op {
        let request = Uuid::from_u128(u128::from(self.device) << 64 | u128::from(self.n));
        let args = EnrolRequest { class: CLASS, person: who, request, post_then: String::new() };
        self.command(Kind::Enrolment, enrolment_id(CLASS, who), &args)
    }

    pub(super) fn leave(&mut self, who: RecordId) -> Op {
        let args = EnrolCancel { class: CLASS, person: who, reason: "出差".to_owned() };
        self.command(Kind::Enrolment, enrolment_id(CLASS, who), &args)
    }
}

impl Server {
    /// A class with places, open for requests, and some persons.
    pub(super) fn with_class(capacity: Option<i64>, persons: u128, ranked: bool) -> (Self, Pen) {
        let mut server = Self::default();
        server.world.units.insert(UNIVERSITY, None);
        server.world.units.insert(COLLEGE, Some(UNIVERSITY));
        server.world.units.insert(UnitId(Uuid::from_u128(102)), Some(UNIVERSITY));
        let mut hq = HQ;
        let mut fields = vec![
            ("year", Value::Int(2026)),
            ("name", Value::Text("論壇".to_owned())),
            ("status", code("published")),
        ];
        fields.extend(capacity.map(|places| ("capacity", Value::Int(places))));
        if ranked {
            fields.push(("admission", code("ranking")));
        }
        server.take(&hq.create(Kind::TrainingClass, CLASS, &fields), hq);
        let mut local = Pen::organizer(99);
        for n in 0..persons {
            let fields = [
                ("staff_no", Value::Text(format!("{n:05}"))),
                ("name", Value::Text("甲".to_owned())),
            ];
            server.take(&local.create(Kind::Person, person(n), &fields), local);
        }
        (server, hq)
    }

    pub(super) fn take(&mut self, op: &Op, by: Pen) -> Outcome {
        let seq = u64::try_from(self.log.len()).unwrap() + 1;
        self.world.ops.insert(op.id, op.clone());
        let author = by.author();
        let outcome = apply(&mut self.world, op, &author, Stamp { seq, recv_at: 1_000_000 });
        self.log.push((op.clone(), author));
        self.outcomes.push(outcome.clone());
        outcome
    }

    pub(super) fn field(&self, record: RecordId, kind: Kind, key: &str) -> Option<&Value> {
        self.world.records.get(&record)?.fields.get(&no(kind, key)).map(|state| &state.value)
    }

    pub(super) fn state(&self, who: RecordId) -> &str {
        let id = enrolment_id(CLASS, who);
        self.field(id, Kind::Enrolment, "status").and_then(Value::as_text).unwrap_or_default()
    }

    pub(super) fn position(&self, who: RecordId) -> Option<i64> {
        self.field(enrolment_id(CLASS, who), Kind::Enrolment, "queue_position")?.as_int()
    }

    fn surplus(&self) -> Option<i64> {
        self.field(CLASS, Kind::TrainingClass, "over_capacity")?.as_int()
    }

    fn set_capacity(&mut self, hq: &mut Pen, places: i64) -> Outcome {
        let field = no(Kind::TrainingClass, "capacity");
        let held = &self.world.records[&CLASS].fields[&field];
        let sets = vec![(field, Base::Seen(held.origin), Value::Int(places))];
        let op = hq.op(Kind::TrainingClass, CLASS, OpBody::Set { sets });
        self.take(&op, *hq)
    }

    pub(super) fn placed(&self) -> usize {
        places::members(&self.world, CLASS).iter().filter(|member| member.is_placed()).count()
    }

    pub(super) fn waiting(&self) -> Vec<RecordId> {
        let members = places::members(&self.world, CLASS);
        places::queue(&members).iter().map(|member| member.id).collect()
    }

    /// Applies the log again to nothing.
    fn replayed(&self) -> World {
        let mut again = World::default();
        again.units.insert(UNIVERSITY, None);
        again.units.insert(COLLEGE, Some(UNIVERSITY));
        again.units.insert(UnitId(Uuid::from_u128(102)), Some(UNIVERSITY));
        for ((op, author), (seq, outcome)) in self.log.iter().zip((1..).zip(&self.outcomes)) {
            again.ops.insert(op.id, op.clone());
            let stamp = Stamp { seq, recv_at: 1_000_000 };
            assert_eq!(apply(&mut again, op, author, stamp), *outcome);
        }
        again
    }
}

pub(super) fn rejected(outcome: &Outcome) -> &str {
    let Outcome::Rejected { code, .. } = outcome else { panic!("{outcome:?}") };
    code
}

#[test]
fn who_asks_first_has_a_place_and_the_next_waits() {
    let (mut server, _) = Server::with_class(Some(1), 3, false);
    let (mut a, mut b) = (Pen::organizer(2), Pen::organizer(3));
    let (first, second) = (a.ask(person(0)), b.ask(person(1)));
    let outcome = server.take(&first, a);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let outcome = server.take(&second, b);
    assert!(matches!(outcome, Outcome::WaitListed { position: 1, .. }), "{outcome:?}");
    assert_eq!((server.state(person(0)), server.state(person(1))), ("confirmed", "waitlisted"));
    assert_eq!(server.position(person(1)), Some(1));
}

#[test]
fn asking_twice_is_asking_once() {
    let (mut server, _) = Server::with_class(Some(1), 2, false);
    let (mut a, mut b) = (Pen::organizer(2), Pen::organizer(3));
    for pen in [&mut a, &mut b] {
        let (first, second) = (pen.ask(person(0)), pen.ask(person(1)));
        server.take(&first, *pen);
        server.take(&second, *pen);
    }
    assert_eq!((server.placed(), server.waiting().len()), (1, 1));
    assert!(matches!(server.outcomes[server.outcomes.len() - 2], Outcome::Converged { .. }));
    assert!(matches!(server.outcomes.last(), Some(Outcome::WaitListed { position: 1, .. })));
}

#[test]
fn who_leaves_lets_the_next_one_in_and_the_record_says_by_what() {
    let (mut server, _) = Server::with_class(Some(1), 3, false);
    let mut a = Pen::organizer(2);
    for n in 0..3 {
        let op = a.ask(person(n));
        server.take(&op, a);
    }
    let op = a.leave(person(0));
    assert!(matches!(server.take(&op, a), Outcome::Applied { .. }));
    assert_eq!((server.state(person(0)), server.state(person(1))), ("withdrawn", "confirmed"));
    let moved = &server.world.records[&enrolment_id(CLASS, person(1))];
    assert_eq!(moved.fields[&no(Kind::Enrolment, "status")].origin, op.id);
    assert_eq!(server.field(moved.id, Kind::Enrolment, "placement"), Some(&code("promoted")));
    assert_eq!((server.position(person(1)), server.position(person(2))), (None, Some(1)));
    let again = a.ask(person(0));
    let outcome = server.take(&again, a);
    assert!(matches!(outcome, Outcome::WaitListed { position: 2, .. }), "{outcome:?}");
}

#[test]
fn a_withdrawal_written_as_an_edit_lets_the_next_one_in_too() {
    let (mut server, _) = Server::with_class(Some(1), 2, false);
    let mut a = Pen::organizer(2);
    for n in 0..2 {
        let op = a.ask(person(n));
        server.take(&op, a);
    }
    let id = enrolment_id(CLASS, person(0));
    let op = a.op(
        Kind::Enrolment,
        id,
        OpBody::Delete { saw: server.world.records[&id].saw(), reason: String::new() },
    );
    assert!(matches!(server.take(&op, a), Outcome::Applied { .. }));
    assert_eq!(server.state(person(1)), "confirmed");
}

#[test]
fn lowering_the_capacity_drops_nobody_and_is_noted() {
    let (mut server, mut hq) = Server::with_class(Some(3), 4, false);
    let mut a = Pen::organizer(2);
    for n in 0..4 {
        let op = a.ask(person(n));
        server.take(&op, a);
    }
    assert!(matches!(server.set_capacity(&mut hq, 1), Outcome::Applied { .. }));
    assert_eq!((server.placed(), server.surplus()), (3, Some(2)));
    let fields = server.world.records[&CLASS].values();
    let issues = Kind::TrainingClass.check(&fields);
    assert!(issues.iter().any(|issue| issue.code == "q14-over-capacity"), "{issues:?}");
    server.set_capacity(&mut hq, 4);
    assert_eq!((server.placed(), server.surplus(), server.waiting().len()), (4, None, 0));
}

#[test]
fn requests_to_a_ranked_class_wait_for_its_closing() {
    let (mut server, mut hq) = Server::with_class(Some(1), 3, true);
    let mut pens = [Pen::organizer(2), Pen::organizer(3)];
    // The second device wrote earlier than the first one, and arrives later.
    pens[0].n = 5;
    let late = pens[0].ask(person(0));
    let early = pens[1].ask(person(1));
    for (op, pen) in [(&late, pens[0]), (&early, pens[1])] {
        let outcome = server.take(op, pen);
        assert!(matches!(outcome, Outcome::WaitListed { position: 0, .. }), "{outcome:?}");
    }
    assert_eq!((server.state(person(0)), server.placed()), ("requested", 0));
    let close = hq.command(Kind::TrainingClass, CLASS, &EnrolClose { class: CLASS });
    assert!(matches!(server.take(&close, hq), Outcome::Applied { .. }));
    assert_eq!((server.state(person(1)), server.state(person(0))), ("confirmed", "waitlisted"));
    let op = pens[0].ask(person(2));
    assert_eq!(rejected(&server.take(&op, pens[0])), "class_closed");
}

#[test]
fn a_place_is_given_not_taken() {
    let (mut server, mut hq) = Server::with_class(Some(1), 2, false);
    let mut a = Pen::organizer(2);
    let fields = |who| {
        [("class", Value::Ref(CLASS)), ("person", Value::Ref(who)), ("status", code("confirmed"))]
    };
    let id = |n| RecordId(Uuid::from_u128(n));
    let op = a.create(Kind::Enrolment, id(7), &fields(person(0)));
    assert_eq!(rejected(&server.take(&op, a)), "not_permitted");
    for n in 0..2 {
        let op = hq.create(Kind::Enrolment, id(8 + n), &fields(person(n)));
        assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    }
    assert_eq!((server.placed(), server.surplus()), (2, Some(1)), "assigned, and noted");
    let placement = no(Kind::Enrolment, "placement");
    let sets = vec![(placement, Base::Absent, code("promoted"))];
    let op = hq.op(Kind::Enrolment, id(8), OpBody::Set { sets });
    assert_eq!(rejected(&server.take(&op, hq)), "not_permitted");
}

#[test]
fn a_class_that_is_gone_or_closed_refuses_and_one_without_a_limit_takes_everybody() {
    let (mut server, _) = Server::with_class(None, 30, false);
    let mut a = Pen::organizer(2);
    for n in 0..30 {
        let op = a.ask(person(n));
        assert!(matches!(server.take(&op, a), Outcome::Applied { .. }));
    }
    let args = EnrolRequest {
        class: person(0),
        person: person(1),
        request: Uuid::nil(),
        post_then: String::new(),
    };
    let id = enrolment_id(person(0), person(1));
    let op = a.command(Kind::Enrolment, id, &args);
    assert_eq!(rejected(&server.take(&op, a)), "missing_reference");
    let body = OpBody::Command { name: "enrol.unknown".to_owned(), args: Vec::new() };
    let op = a.op(Kind::Enrolment, id, body);
    assert_eq!(rejected(&server.take(&op, a)), "unknown_body");
    let body = OpBody::Command { name: EnrolRequest::NAME.to_owned(), args: vec![1, 2, 3] };
    let op = a.op(Kind::Enrolment, id, body);
    assert_eq!(rejected(&server.take(&op, a)), "unknown_body");
}

#[test]
fn the_author_sees_a_request_and_never_a_place() {
    let mut a = Pen::organizer(2);
    let seen = overlay(None, &a.ask(person(0))).unwrap();
    let state = |record: &Record| record.fields[&no(Kind::Enrolment, "status")].value.clone();
    assert_eq!(state(&seen), code("requested"));
    let seen = overlay(Some(seen), &a.leave(person(0))).unwrap();
    assert_eq!(state(&seen), code("withdrawn"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fifty_requests_for_ten_places_give_ten_and_order_forty(order in Just((0..50_u128).collect::<Vec<_>>()).prop_shuffle()) {
        let (mut server, _) = Server::with_class(Some(10), 50, false);
        let mut pens: BTreeMap<u64, Pen> = (2..12).map(|n| (n, Pen::organizer(n))).collect();
        for n in order {
            let pen = pens.get_mut(&(u64::try_from(n).unwrap() % 10 + 2)).unwrap();
            let op = pen.ask(person(n));
            server.take(&op, *pen);
        }
        prop_assert_eq!(server.placed(), 10);
        let line = server.waiting();
        prop_assert_eq!(line.len(), 40);
        let positions: Vec<Option<i64>> = line.iter().map(|id| {
            server.field(*id, Kind::Enrolment, "queue_position").and_then(Value::as_int)
        }).collect();
        prop_assert_eq!(positions, (1..=40).map(Some).collect::<Vec<_>>());
        prop_assert_eq!(server.replayed().records, server.world.records);
    }

    #[test]
    fn accepted_are_never_more_than_places_whatever_comes(
        acts in prop::collection::vec((0..8_u128, 0..4_u8, 0..5_i64), 1..80),
    ) {
        let (mut server, mut hq) = Server::with_class(Some(2), 8, false);
        let mut pen = Pen::organizer(2);
        let mut most = 2;
        for (who, what, places) in acts {
            match what {
                0 | 1 => { let op = pen.ask(person(who)); server.take(&op, pen); }
                2 => { let op = pen.leave(person(who)); server.take(&op, pen); }
                _ => { server.set_capacity(&mut hq, places); most = usize::try_from(places).unwrap(); }
            }
            let placed = server.placed();
            let surplus = usize::try_from(server.surplus().unwrap_or(0)).unwrap();
            prop_assert_eq!(placed.saturating_sub(most), surplus);
            prop_assert!(server.waiting().is_empty() || placed >= most, "nobody waits while there is room");
        }
        prop_assert_eq!(server.replayed().records, server.world.records);
    }
}

fn lease_of(server: &Server, id: RecordId) -> (u64, u64) {
    let lease = Lease::of(&server.world.records[&id]).unwrap();
    (lease.lo, lease.hi)
}

#[test]
fn numbers_are_leased_once_even_if_the_records_have_forgotten_them() {
    let (mut server, mut hq) = Server::with_class(None, 0, false);
    let ask = |hq: &mut Pen, id: u128, year, count| {
        let args = NumberLease { range: "certificate".to_owned(), year, unit: UNIVERSITY, count };
        let body = OpBody::Command { name: NumberLease::NAME.to_owned(), args: args.seal() };
        let mut op = hq.op(Kind::Person, RecordId(Uuid::from_u128(id)), body);
        op.kind = LEASE_KIND;
        op
    };
    let id = |n: u128| RecordId(Uuid::from_u128(n));
    for (n, year, count, expected) in
        [(1, 2026, 10, (1, 10)), (2, 2026, 5, (11, 15)), (3, 2027, 5, (1, 5))]
    {
        let op = ask(&mut hq, n, year, count);
        assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
        assert_eq!(lease_of(&server, id(n)), expected);
    }
    let op = ask(&mut hq, 4, 2027, 5);
    server.world.outside.insert(op.id, Outside::Issued { last: 900 });
    server.take(&op, hq);
    assert_eq!(lease_of(&server, id(4)), (901, 905), "noted outside the records");
    let again = ask(&mut hq, 4, 2027, 5);
    assert!(matches!(server.take(&again, hq), Outcome::Converged { .. }));
    let mut a = Pen::organizer(2);
    let op = ask(&mut a, 5, 2027, 5);
    assert_eq!(rejected(&server.take(&op, a)), "not_permitted");
    let op = ask(&mut hq, 6, 2027, 0);
    assert_eq!(rejected(&server.take(&op, hq)), "invalid");
    let mut forged = hq.create(Kind::Person, id(7), &[]);
    forged.kind = LEASE_KIND;
    assert_eq!(rejected(&server.take(&forged, hq)), "wrong_kind");
}

#[test]
fn promises_are_kept_in_their_order_whatever_order_they_come_back_in() {
    let (mut server, _) = Server::with_class(Some(2), 8, false);
    let mut pen = Pen::organizer(2);
    // After the restore somebody new is faster than those who were told something before.
    for n in [6, 7] {
        let op = pen.ask(person(n));
        server.take(&op, pen);
    }
    let mut told = [(0, None), (1, None), (2, Some(1)), (3, Some(2)), (4, Some(3))];
    told.reverse();
    for (n, position) in told {
        let op = pen.ask(person(n));
        let seq = 100 + u64::try_from(n).unwrap();
        server.world.outside.insert(op.id, Outside::Promised { seq, position });
        server.take(&op, pen);
    }
    let op = pen.ask(person(5));
    server.take(&op, pen);
    for n in [0, 1, 6, 7] {
        assert_eq!(server.state(person(n)), "confirmed", "{n}");
    }
    assert_eq!(server.surplus(), Some(2), "noted for a person to look at");
    let line: Vec<RecordId> = [2, 3, 4, 5].map(|n| enrolment_id(CLASS, person(n))).into();
    assert_eq!(server.waiting(), line);
    let honoured = server.field(enrolment_id(CLASS, person(0)), Kind::Enrolment, "placement");
    assert_eq!(honoured, Some(&code("honoured")));
}

/// Two records of one person: the first has a place in the class, the second a telephone, another name and a post.
fn twice() -> (Server, Pen, Pen, RecordId) {
    let (mut server, mut hq) = Server::with_class(Some(5), 3, false);
    let mut pen = Pen::organizer(2);
    let post = RecordId(Uuid::from_u128(60));
    let sets = vec![(
        no(Kind::Person, "phone"),
        Base::Absent,
        Value::Text("1_380_000_000_u640".to_owned()),
    )];
    let phone = pen.op(Kind::Person, person(1), OpBody::Set { sets });
    server.take(&phone, pen);
    let held = server.world.records[&person(1)].fields[&no(Kind::Person, "name")].origin;
    let sets = vec![(no(Kind::Person, "name"), Base::Seen(held), Value::Text("乙".to_owned()))];
    let name = pen.op(Kind::Person, person(1), OpBody::Set { sets });
    server.take(&name, pen);
    let unit = [
        ("code", Value::Text("060000".to_owned())),
        ("name", Value::Text("黨委".to_owned())),
        ("type", code("committee")),
    ];
    let op = hq.create(Kind::Unit, COLLEGE.record(), &unit);
    server.take(&op, hq);
    let fields = [
        ("person", Value::Ref(person(1))),
        ("unit", Value::Ref(COLLEGE.record())),
        ("role", code("secretary")),
    ];
    let op = pen.create(Kind::Post, post, &fields);
    assert!(matches!(server.take(&op, pen), Outcome::Applied { .. }));
    let op = pen.ask(person(1));
    server.take(&op, pen);
    (server, hq, pen, post)
}

fn merge(hq: &mut Pen, keep: RecordId, drop: RecordId) -> Op {
    hq.command(Kind::Person, keep, &PersonMerge { keep, drop })
}

#[test]
fn a_merge_takes_over_asks_and_turns_every_reference() {
    let (mut server, mut hq, _, post) = twice();
    let op = merge(&mut hq, person(0), person(1));
    assert!(matches!(server.take(&op, hq), Outcome::Applied { .. }));
    let kept = &server.world.records[&person(0)];
    let text = |key| kept.fields[&no(Kind::Person, key)].value.as_text().unwrap().to_owned();
    assert_eq!((text("phone").as_str(), text("name").as_str()), ("1_380_000_000_u640", "甲"));
    assert!(kept.open_conflicts >= 1, "another name and number are asked about");
    let dropped = &server.world.records[&person(1)];
    assert_eq!((dropped.is_live(), dropped.alias()), (false, Some(person(0))));
    assert_eq!(server.field(post, Kind::Post, "person"), Some(&Value::Ref(person(0))));
    let enrolment = enrolment_id(CLASS, person(1));
    assert_eq!(server.field(enrolment, Kind::Enrolment, "person"), Some(&Value::Ref(person(0))));
    let again = merge(&mut hq, person(0), person(1));
    assert!(matches!(server.take(&again, hq), Outcome::Converged { .. }));
    assert_eq!(server.replayed().records, server.world.records);
}

#[test]
fn what_arrives_late_for_a_merged_person_reaches_the_kept_one() {
    let (mut server, mut hq, mut pen, _) = twice();
    let phone = no(Kind::Person, "phone");
    let seen = server.world.records[&person(1)].fields[&phone].origin;
    let op = merge(&mut hq, person(0), person(1));
    server.take(&op, hq);
    let op = merge(&mut hq, person(2), person(0));
    server.take(&op, hq);
    let sets = vec![(phone, Base::Seen(seen), Value::Text("1".to_owned()))];
    let late = pen.op(Kind::Person, person(1), OpBody::Set { sets });
    assert!(matches!(server.take(&late, pen), Outcome::Applied { .. }), "through two merges");
    assert_eq!(server.field(person(2), Kind::Person, "phone"), Some(&Value::Text("1".to_owned())));
    let op = pen.ask(person(0));
    let outcome = server.take(&op, pen);
    assert!(matches!(outcome, Outcome::Converged { .. }), "has a place already: {outcome:?}");
    let other = RecordId(Uuid::from_u128(61));
    let fields = [("person", Value::Ref(person(1))), ("unit", Value::Ref(COLLEGE.record()))];
    let op = pen.create(Kind::Post, other, &fields);
    server.take(&op, pen);
    assert_eq!(server.field(other, Kind::Post, "person"), Some(&Value::Ref(person(2))));
    let delete = OpBody::Delete { saw: 1, reason: String::new() };
    let op = pen.op(Kind::Person, person(1), delete);
    assert!(matches!(server.take(&op, pen), Outcome::Conflict { .. }), "the kept one lives");
    assert_eq!(server.replayed().records, server.world.records);
}

#[test]
fn what_was_meant_for_a_refused_person_reaches_the_one_who_has_the_number() {
    let (mut server, _) = Server::with_class(Some(5), 1, false);
    let mut pen = Pen::organizer(2);
    let fields =
        [("staff_no", Value::Text("00000".to_owned())), ("name", Value::Text("甲".to_owned()))];
    let op = pen.create(Kind::Person, person(7), &fields);
    assert_eq!(rejected(&server.take(&op, pen)), "duplicate");
    let op = pen.ask(person(7));
    assert!(matches!(server.take(&op, pen), Outcome::Blocked { .. }));
    let op = merge(&mut pen, person(0), person(7));
    let outcome = server.take(&op, pen);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let op = pen.ask(person(7));
    assert!(matches!(server.take(&op, pen), Outcome::Applied { .. }));
    let enrolment = enrolment_id(CLASS, person(7));
    assert_eq!(server.field(enrolment, Kind::Enrolment, "person"), Some(&Value::Ref(person(0))));
    assert_eq!(server.replayed().records, server.world.records);
}

#[test]
fn only_headquarters_merges_and_only_persons_that_are_there() {
    let (mut server, mut hq, mut pen, post) = twice();
    let op = merge(&mut pen, person(0), person(1));
    assert_eq!(rejected(&server.take(&op, pen)), "not_permitted");
    let op = merge(&mut hq, person(0), post);
    assert_eq!(rejected(&server.take(&op, hq)), "missing_reference");
    let op = merge(&mut hq, person(0), person(0));
    assert!(matches!(server.take(&op, hq), Outcome::Converged { .. }));
}
