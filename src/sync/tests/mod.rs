//! The merge, case by case and under random edits of several devices.

mod batch;
mod deciding;
mod elements;
mod ground;
mod held;
mod machine;
mod policy;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::apply::{Stamp, apply};
use super::overlay::overlay;
use super::*;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, PartialDate, Precision, Value};

const UNIVERSITY: UnitId = UnitId(Uuid::from_u128(100));
const COLLEGE: UnitId = UnitId(Uuid::from_u128(101));
const OTHER: UnitId = UnitId(Uuid::from_u128(102));
const PERSON: RecordId = RecordId(Uuid::from_u128(7));

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn no(key: &str) -> FieldNo {
    Kind::Person.spec().field(key).unwrap().number
}

/// A server in memory: applies in order of arrival.
#[derive(Clone)]
struct Server {
    world: World,
    seq: u64,
    log: Vec<(Op, Author, Outcome)>,
}

impl Server {
    fn new() -> Self {
        let mut world = World::default();
        world.units.insert(UNIVERSITY, None);
        world.units.insert(COLLEGE, Some(UNIVERSITY));
        world.units.insert(OTHER, Some(UNIVERSITY));
        Self { world, seq: 0, log: Vec::new() }
    }

    fn take(&mut self, op: &Op, author: &Author) -> Outcome {
        self.seq += 1;
        self.world.ops.insert(op.id, op.clone());
        let stamp = Stamp { seq: self.seq, recv_at: 0 };
        let outcome = apply(&mut self.world, op, author, stamp);
        self.log.push((op.clone(), *author, outcome.clone()));
        outcome
    }

    fn person(&self) -> &Record {
        &self.world.records[&PERSON]
    }

    fn conflicts(&self) -> Vec<&Conflict> {
        self.world.records.values().filter_map(|r| r.conflict.as_deref()).collect()
    }
}

/// A device: what it has seen of the person, and its numbering.
#[derive(Clone)]
struct Device {
    author: Author,
    id: DeviceId,
    n: u64,
    view: Option<Record>,
    waiting: Vec<Op>,
}

impl Device {
    fn new(number: u64, role: Role, home: UnitId) -> Self {
        let author = Author { user: UserId(Uuid::from_u128(number.into())), role, home };
        Self { author, id: DeviceId(number), n: 0, view: None, waiting: Vec::new() }
    }

    fn op(&mut self, body: OpBody) -> Op {
        self.n += 1;
        Op {
            id: OpId { device: self.id, generation: 1, n: self.n },
            prev: [0; 16],
            salt: 0,
            hlc: self.n << 16,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: self.author.user,
            schema: 1,
            group: None,
            kind: Kind::Person.number(),
            record: PERSON,
            body,
            was: None,
        }
    }

    fn create(&mut self, unit: UnitId) -> Op {
        let fields = vec![(no("staff_no"), text("10001")), (no("name"), text("甲"))];
        self.op(OpBody::Create { unit, fields })
    }

    fn set(&mut self, key: &str, value: &str) -> Op {
        let field = no(key);
        let seen = self.view.as_ref().and_then(|view| view.fields.get(&field));
        let base = seen.map_or(Base::Absent, |state| Base::Seen(state.origin));
        self.op(OpBody::Set { sets: vec![(field, base, text(value))] })
    }

    /// Edits offline: the view follows at once, the operation waits.
    fn edit(&mut self, key: &str, value: &str) {
        let op = self.set(key, value);
        self.view = overlay(self.view.take(), &op);
        self.waiting.push(op);
    }

    fn sync(&mut self, server: &mut Server) {
        for op in std::mem::take(&mut self.waiting) {
            server.take(&op, &self.author);
        }
        self.view = server.world.records.get(&PERSON).cloned();
    }
}

fn hq() -> Device {
    Device::new(1, Role::HqAdmin, UNIVERSITY)
}

/// Headquarters has made the person in the college; both devices have seen it.
fn two_devices() -> (Server, Device, Device) {
    let mut server = Server::new();
    let mut a = hq();
    let mut b = Device::new(2, Role::Organizer, COLLEGE);
    let op = a.create(COLLEGE);
    assert_eq!(server.take(&op, &a.author), Outcome::Applied { seq: 1 });
    a.sync(&mut server);
    b.sync(&mut server);
    (server, a, b)
}

#[test]
fn edits_of_different_fields_merge() {
    let (mut server, mut a, mut b) = two_devices();
    a.edit("name", "乙");
    b.edit("phone", "1_380_000_000_u640");
    a.sync(&mut server);
    b.sync(&mut server);
    assert_eq!(server.person().fields[&no("name")].value, text("乙"));
    assert_eq!(server.person().fields[&no("phone")].value, text("1_380_000_000_u640"));
    assert!(server.conflicts().is_empty());
}

#[test]
fn edits_of_one_field_keep_both_values_until_a_person_settles_it() {
    let (mut server, mut a, mut b) = two_devices();
    a.edit("name", "乙");
    b.edit("name", "丙");
    a.sync(&mut server);
    b.sync(&mut server);
    assert_eq!(server.person().fields[&no("name")].value, text("乙"));
    assert_eq!(server.person().open_conflicts, 1);
    let conflict = server.conflicts()[0].clone();
    assert!(conflict.is_open());
    assert_eq!(conflict.base, vec![(no("name"), text("甲"))]);
    assert_eq!(conflict.candidates[0].values, vec![(no("name"), text("丙"))]);

    let id = *server.world.conflicts[&PERSON].iter().next().unwrap();
    let mut seen: Vec<OpId> = conflict.candidates.iter().map(|c| c.op).collect();
    seen.push(server.person().fields[&no("name")].origin);
    let values = vec![(no("name"), text("丙"))];
    let resolve = a.op(OpBody::Resolve { conflict: id, seen: seen.clone(), values });
    assert!(matches!(server.take(&resolve, &a.author), Outcome::Applied { .. }));
    assert_eq!(server.person().fields[&no("name")].value, text("丙"));
    assert_eq!(server.person().open_conflicts, 0);

    let values = vec![(no("name"), text("丁"))];
    let late = b.op(OpBody::Resolve { conflict: id, seen, values });
    assert!(matches!(server.take(&late, &b.author), Outcome::Conflict { .. }));
    assert_eq!(
        server.person().fields[&no("name")].value,
        text("丙"),
        "a second decision overwrites nothing"
    );
}

#[test]
fn the_same_value_on_both_sides_is_no_conflict() {
    let (mut server, mut a, mut b) = two_devices();
    a.edit("name", "乙");
    b.edit("name", "乙");
    a.sync(&mut server);
    b.sync(&mut server);
    assert!(server.conflicts().is_empty());
    assert!(matches!(server.log.last().unwrap().2, Outcome::Converged { .. }));
}

#[test]
fn a_row_of_offline_edits_is_one_candidate() {
    let (mut server, mut a, mut b) = two_devices();
    a.edit("name", "乙");
    b.edit("name", "丙");
    b.edit("name", "丁");
    b.edit("name", "戊");
    a.sync(&mut server);
    b.sync(&mut server);
    let conflicts = server.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].candidates.len(), 1);
    assert_eq!(conflicts[0].candidates[0].values, vec![(no("name"), text("戊"))]);
}

#[test]
fn a_third_value_keeps_the_conflict_open_for_who_had_not_seen_it() {
    let (mut server, mut a, mut b) = two_devices();
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    c.sync(&mut server);
    a.edit("name", "乙");
    b.edit("name", "丙");
    c.edit("name", "丁");
    a.sync(&mut server);
    b.sync(&mut server);
    let conflict = server.conflicts()[0].clone();
    let id = *server.world.conflicts[&PERSON].iter().next().unwrap();
    let mut seen: Vec<OpId> = conflict.candidates.iter().map(|c| c.op).collect();
    seen.push(server.person().fields[&no("name")].origin);
    c.sync(&mut server);
    let values = vec![(no("name"), text("丙"))];
    let resolve = a.op(OpBody::Resolve { conflict: id, seen, values });
    server.take(&resolve, &a.author);
    assert!(server.conflicts()[0].is_open());
    assert_eq!(server.conflicts()[0].candidates[0].values, vec![(no("name"), text("丁"))]);
}

#[test]
fn deleting_what_somebody_changed_asks_a_person() {
    let (mut server, mut a, mut b) = two_devices();
    let saw = a.view.as_ref().unwrap().saw();
    b.edit("name", "乙");
    b.sync(&mut server);
    let delete = a.op(OpBody::Delete { saw, reason: "left".into() });
    assert!(matches!(server.take(&delete, &a.author), Outcome::Conflict { .. }));
    assert!(server.person().is_live());

    let saw = server.person().saw();
    let delete = a.op(OpBody::Delete { saw, reason: "left".into() });
    assert!(matches!(server.take(&delete, &a.author), Outcome::Applied { .. }));
    let late = b.set("name", "丙");
    assert!(matches!(server.take(&late, &b.author), Outcome::Conflict { .. }));
    assert!(!server.person().is_live());
}

#[test]
fn two_moves_keep_the_first_and_ask_about_the_second() {
    let (mut server, mut a, _) = two_devices();
    let mut c = Device::new(3, Role::Hq, UNIVERSITY);
    c.sync(&mut server);
    let base = Base::Seen(server.person().unit_origin);
    let first = a.op(OpBody::Move { base, to: OTHER });
    let second = c.op(OpBody::Move { base, to: UNIVERSITY });
    assert!(matches!(server.take(&first, &a.author), Outcome::Applied { .. }));
    assert_eq!(server.world.exits, vec![(PERSON, COLLEGE, 2)]);
    assert!(matches!(server.take(&second, &c.author), Outcome::Conflict { .. }));
    assert_eq!(server.person().unit, OTHER);
}

#[test]
fn an_edit_of_a_record_that_went_to_another_unit_waits_for_headquarters() {
    let (mut server, mut a, mut b) = two_devices();
    b.edit("name", "乙");
    let base = Base::Seen(server.person().unit_origin);
    let away = a.op(OpBody::Move { base, to: OTHER });
    server.take(&away, &a.author);
    b.sync(&mut server);
    let conflict = server.conflicts()[0].clone();
    assert_eq!(conflict.kind, ConflictKind::NotPermittedAnyMore);
    assert_eq!(conflict.candidates[0].values, vec![(no("name"), text("乙"))]);
}

#[test]
fn what_belongs_to_a_person_moves_with_the_person() {
    let (mut server, mut a, mut b) = two_devices();
    let enrolment = |key| Kind::Enrolment.spec().field(key).unwrap().number;
    let mut made = b.op(OpBody::Create {
        unit: UnitId::HOME,
        fields: vec![
            (enrolment("person"), Value::Ref(PERSON)),
            (enrolment("class"), Value::Ref(RecordId(Uuid::from_u128(50)))),
            (enrolment("attends_as"), Value::Code("student_secretary".into())),
            (enrolment("status"), Value::Code("draft".into())),
        ],
    });
    made.kind = Kind::Enrolment.number();
    made.record = RecordId(Uuid::from_u128(9));
    let outcome = server.take(&made, &b.author);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let base = Base::Seen(server.person().unit_origin);
    let moved = a.op(OpBody::Move { base, to: OTHER });
    server.take(&moved, &a.author);
    assert_eq!(server.world.records[&made.record].unit, OTHER);
    let left: Vec<_> = server.world.exits.iter().map(|(id, unit, _)| (*id, *unit)).collect();
    assert_eq!(left, [(PERSON, COLLEGE), (made.record, COLLEGE)]);
}

#[test]
fn a_record_goes_where_the_field_says_that_names_its_unit() {
    let (mut server, mut a, mut b) = two_devices();
    let field = |key| Kind::Establishment.spec().field(key).unwrap().number;
    let mut made = a.op(OpBody::Create {
        unit: UnitId::HOME,
        fields: vec![
            (field("unit"), Value::Ref(COLLEGE.record())),
            (field("posts_approved"), Value::Int(2)),
            (
                field("valid_from"),
                Value::Date(PartialDate::from_days(20_000, Precision::Day).unwrap()),
            ),
        ],
    });
    (made.kind, made.record) = (Kind::Establishment.number(), RecordId(Uuid::from_u128(9)));
    let outcome = server.take(&made, &a.author);
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert_eq!(server.world.records[&made.record].unit, COLLEGE);
    let mut set = |device: &mut Device| {
        let sets = vec![(field("unit"), Base::Seen(made.id), Value::Ref(OTHER.record()))];
        let mut op = device.op(OpBody::Set { sets });
        (op.kind, op.record) = (made.kind, made.record);
        server.take(&op, &device.author.clone())
    };
    assert!(matches!(set(&mut b), Outcome::Rejected { .. }), "beyond the organizer's reach");
    assert!(matches!(set(&mut a), Outcome::Applied { .. }));
    assert_eq!(server.world.records[&made.record].unit, OTHER);
    assert_eq!(server.world.exits.len(), 1);
}

#[test]
fn a_value_freed_by_a_deletion_stays_with_its_next_holder() {
    let (mut server, mut a, _) = two_devices();
    let delete = a.op(OpBody::Delete { saw: server.person().saw(), reason: "left".into() });
    server.take(&delete, &a.author);
    let mut again = a.create(COLLEGE);
    again.record = RecordId(Uuid::from_u128(8));
    assert!(matches!(server.take(&again, &a.author), Outcome::Applied { .. }));
    let base = Base::Seen(server.person().unit_origin);
    let moved = a.op(OpBody::Move { base, to: OTHER });
    server.take(&moved, &a.author);
    let key = (Kind::Person.number(), no("staff_no"), text("10001"));
    assert_eq!(server.world.unique.get(&key), Some(&again.record));
    let restore = a.op(OpBody::Restore { saw: 0 });
    assert!(matches!(server.take(&restore, &a.author), Outcome::Rejected { .. }));
}

#[test]
fn a_decision_reaches_no_further_than_its_conflict_and_its_authors_rights() {
    let (mut server, mut a, mut b) = two_devices();
    a.edit("name", "乙");
    b.edit("name", "丙");
    a.sync(&mut server);
    b.sync(&mut server);
    let id = server.world.conflicts[&PERSON].first().copied().unwrap();
    let mut seen: Vec<OpId> = server.conflicts()[0].candidates.iter().map(|c| c.op).collect();
    seen.push(server.person().fields[&no("name")].origin);
    let elsewhere = vec![(no("name"), text("丙")), (no("staff_no"), text("99999"))];
    let resolve = b.op(OpBody::Resolve { conflict: id, seen: seen.clone(), values: elsewhere });
    assert!(matches!(server.take(&resolve, &b.author), Outcome::Rejected { .. }));
    let away = vec![(super::conflict::UNIT_FIELD, Value::Ref(OTHER.record()))];
    let resolve = b.op(OpBody::Resolve { conflict: id, seen, values: away });
    assert!(matches!(server.take(&resolve, &b.author), Outcome::Rejected { .. }));
    assert!(server.conflicts()[0].is_open());
}

#[test]
fn a_refused_creation_blocks_what_depends_on_it_and_nothing_else() {
    let mut server = Server::new();
    let mut b = Device::new(2, Role::Organizer, COLLEGE);
    let refused = b.create(OTHER);
    assert!(matches!(server.take(&refused, &b.author), Outcome::Rejected { .. }));
    let edit = b.set("name", "乙");
    assert_eq!(server.take(&edit, &b.author), Outcome::Blocked { seq: 2, by: 1 });
    let right = b.create(COLLEGE);
    assert!(matches!(server.take(&right, &b.author), Outcome::Applied { .. }));
}

#[test]
fn an_auditor_changes_nothing_and_a_reserved_field_is_not_for_organizers() {
    let (mut server, _, _) = two_devices();
    let mut auditor = Device::new(4, Role::Auditor, UNIVERSITY);
    auditor.sync(&mut server);
    let edit = auditor.set("name", "乙");
    assert!(matches!(server.take(&edit, &auditor.author), Outcome::Rejected { .. }));
    assert_eq!(server.person().fields[&no("name")].value, text("甲"));
}

#[test]
fn two_persons_with_one_school_number_are_refused() {
    let (mut server, mut a, _) = two_devices();
    let mut again = a.create(COLLEGE);
    again.record = RecordId(Uuid::from_u128(8));
    let outcome = server.take(&again, &a.author);
    assert!(matches!(outcome, Outcome::Rejected { ref code, .. } if code == "duplicate"));
}

#[derive(Clone, Debug)]
enum Act {
    Edit(usize, usize, u8),
    Sync(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0..4usize, 0..3usize, 0..4u8).prop_map(|(d, f, v)| Act::Edit(d, f, v)),
        2 => (0..4usize).prop_map(Act::Sync),
    ];
    proptest::collection::vec(act, 1..60)
}

const KEYS: [&str; 3] = ["name", "staff_no", "phone"];

fn run(acts: &[Act]) -> Server {
    let mut server = Server::new();
    let mut maker = Device::new(9, Role::HqAdmin, UNIVERSITY);
    let op = maker.create(COLLEGE);
    server.take(&op, &maker.author);
    let mut devices: Vec<Device> =
        (1..=4).map(|n| Device::new(n, Role::HqAdmin, UNIVERSITY)).collect();
    for device in &mut devices {
        device.sync(&mut server);
    }
    for act in acts {
        match act {
            Act::Edit(device, field, value) => {
                devices[*device].edit(KEYS[*field], &format!("{}{value}", 1_380_000_000 + field));
            }
            Act::Sync(device) => devices[*device].sync(&mut server),
        }
    }
    for device in &mut devices {
        device.sync(&mut server);
    }
    server
}

/// Every value written is current, was seen by whoever replaced it, is a candidate, or went back to its author with a reason.
fn no_value_is_lost(server: &Server) {
    let mut accounted: BTreeSet<(OpId, FieldNo)> = BTreeSet::new();
    for (no, state) in &server.person().fields {
        accounted.insert((state.origin, *no));
    }
    for conflict in server.conflicts() {
        for candidate in &conflict.candidates {
            accounted.extend(candidate.values.iter().map(|(no, _)| (candidate.op, *no)));
        }
    }
    for (op, _, _) in &server.log {
        if let OpBody::Set { sets } = &op.body {
            for (no, base, _) in sets {
                if let Base::Seen(id) = base {
                    accounted.insert((*id, *no));
                }
            }
        }
    }
    let mut values: BTreeMap<FieldNo, BTreeSet<Value>> = BTreeMap::new();
    for (op, _, outcome) in &server.log {
        let OpBody::Set { sets } = &op.body else { continue };
        for (no, _, value) in sets {
            let held = matches!(outcome, Outcome::Converged { .. })
                || outcome.needs_attention()
                || accounted.contains(&(op.id, *no));
            assert!(held, "{:?} of {no:?} is lost", op.id);
            values.entry(*no).or_default().insert(value.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_four_devices_do_no_value_is_lost(acts in acts()) {
        no_value_is_lost(&run(&acts));
    }

    #[test]
    fn a_replay_of_the_log_rebuilds_every_record(acts in acts()) {
        let server = run(&acts);
        let mut again = Server::new();
        for (op, author, outcome) in &server.log {
            prop_assert_eq!(&again.take(op, author), outcome);
        }
        prop_assert_eq!(&again.world.records, &server.world.records);
    }
}
