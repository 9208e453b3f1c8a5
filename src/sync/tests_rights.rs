//! Who may make, move, delete and bring back what, and where a new record belongs; and the hashes, byte for byte.

use uuid::Uuid;

use super::apply::{Stamp, apply};
use super::*;
use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Value};

const UNIVERSITY: UnitId = UnitId(Uuid::from_u128(100));
const COLLEGE: UnitId = UnitId(Uuid::from_u128(101));
const OTHER: UnitId = UnitId(Uuid::from_u128(102));

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn field(kind: Kind, key: &str) -> FieldNo {
    kind.spec().field(key).unwrap().number
}

/// A server with a university of two colleges; every author writes as a device of its own.
struct Desk {
    world: World,
    seq: u64,
}

impl Desk {
    fn new() -> Self {
        let mut world = World::default();
        world.units.insert(UNIVERSITY, None);
        world.units.insert(COLLEGE, Some(UNIVERSITY));
        world.units.insert(OTHER, Some(UNIVERSITY));
        Self { world, seq: 0 }
    }

    fn act(&mut self, role: Role, home: UnitId, kind: Kind, id: u128, body: OpBody) -> Outcome {
        self.seq += 1;
        let user = UserId(Uuid::from_u128(7));
        let op = Op {
            id: OpId { device: DeviceId(self.seq), generation: 1, n: 1 },
            prev: [0; 16],
            salt: 0,
            hlc: self.seq << 16,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: user,
            schema: 1,
            group: None,
            kind: kind.number(),
            record: RecordId(Uuid::from_u128(id)),
            body,
            was: None,
        };
        self.world.ops.insert(op.id, op.clone());
        let stamp = Stamp { seq: self.seq, recv_at: 0 };
        apply(&mut self.world, &op, &Author { user, role, home }, stamp)
    }

    fn record(&self, id: u128) -> &Record {
        &self.world.records[&RecordId(Uuid::from_u128(id))]
    }

    fn moved(&mut self, role: Role, home: UnitId, id: u128, to: UnitId) -> Outcome {
        let base = Base::Seen(self.record(id).unit_origin);
        self.act(role, home, Kind::Person, id, OpBody::Move { base, to })
    }

    fn deleted(&mut self, role: Role, id: u128) -> Outcome {
        let saw = self.record(id).saw();
        self.act(role, COLLEGE, Kind::Person, id, OpBody::Delete { saw, reason: "left".to_owned() })
    }
}

fn person(unit: UnitId, number: &str) -> OpBody {
    let fields = vec![
        (field(Kind::Person, "staff_no"), text(number)),
        (field(Kind::Person, "name"), text("甲")),
    ];
    OpBody::Create { unit, fields }
}

fn new_unit(parent: Option<UnitId>) -> OpBody {
    let mut fields = vec![
        (field(Kind::Unit, "code"), text("020101")),
        (field(Kind::Unit, "name"), text("支部")),
        (field(Kind::Unit, "type"), Value::Code("branch".to_owned())),
    ];
    fields.extend(parent.map(|id| (field(Kind::Unit, "parent"), Value::Ref(id.record()))));
    OpBody::Create { unit: UnitId::HOME, fields }
}

fn applied(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Applied { .. })
}

#[test]
fn persons_are_made_within_reach_and_at_home_when_nothing_is_said() {
    let mut desk = Desk::new();
    let made = desk.act(Role::Organizer, COLLEGE, Kind::Person, 1, person(UnitId::HOME, "1"));
    assert!(applied(&made), "{made:?}");
    assert_eq!(desk.record(1).unit, COLLEGE);
    assert!(!applied(&desk.act(Role::Organizer, COLLEGE, Kind::Person, 2, person(OTHER, "2"))));
    assert!(!applied(&desk.act(Role::Auditor, COLLEGE, Kind::Person, 3, person(COLLEGE, "3"))));
    assert!(applied(&desk.act(Role::Hq, UNIVERSITY, Kind::Person, 4, person(OTHER, "4"))));
    assert_eq!(desk.record(4).unit, OTHER);
}

#[test]
fn a_unit_is_made_below_ones_own_and_one_without_a_parent_hangs_under_the_university() {
    let mut desk = Desk::new();
    let below = desk.act(Role::Organizer, COLLEGE, Kind::Unit, 11, new_unit(Some(COLLEGE)));
    assert!(applied(&below), "{below:?}");
    assert_eq!(desk.world.units.parent(UnitId(Uuid::from_u128(11))), Some(COLLEGE));
    assert!(!applied(&desk.act(Role::Organizer, COLLEGE, Kind::Unit, 12, new_unit(Some(OTHER)))));
    assert!(!applied(&desk.act(Role::Organizer, COLLEGE, Kind::Unit, 13, new_unit(None))));
    let mut desk = Desk::new();
    assert!(applied(&desk.act(Role::Hq, UNIVERSITY, Kind::Unit, 14, new_unit(None))));
    assert_eq!(desk.world.units.parent(UnitId(Uuid::from_u128(14))), Some(UNIVERSITY));
    assert_eq!(desk.record(14).unit, UnitId(Uuid::from_u128(14)), "a unit belongs to itself");
    let place = desk.record(14).fields[&field(Kind::Unit, "parent")].value.clone();
    assert_eq!(place, Value::Ref(UNIVERSITY.record()));
}

#[test]
fn a_record_goes_only_to_units_that_are_there_and_within_reach() {
    let mut desk = Desk::new();
    desk.act(Role::Organizer, COLLEGE, Kind::Person, 1, person(COLLEGE, "1"));
    let nowhere = UnitId(Uuid::from_u128(999));
    for (role, home, to) in [
        (Role::Organizer, COLLEGE, OTHER),
        (Role::Auditor, COLLEGE, COLLEGE),
        (Role::Auditor, UNIVERSITY, OTHER),
        (Role::Hq, UNIVERSITY, nowhere),
    ] {
        let outcome = desk.moved(role, home, 1, to);
        assert!(!applied(&outcome), "{role:?} to {to:?}: {outcome:?}");
        assert_eq!(desk.record(1).unit, COLLEGE);
    }
    assert!(applied(&desk.moved(Role::Hq, UNIVERSITY, 1, OTHER)));
    let again = desk.moved(Role::Hq, UNIVERSITY, 1, OTHER);
    assert!(matches!(again, Outcome::Converged { .. }), "{again:?}");
    let kept = desk.moved(Role::Organizer, COLLEGE, 1, COLLEGE);
    assert!(matches!(kept, Outcome::Conflict { .. }), "beyond reach by now: {kept:?}");
    let home = desk.moved(Role::Organizer, UNIVERSITY, 1, UnitId::HOME);
    assert!(applied(&home), "{home:?}");
    assert_eq!(desk.record(1).unit, UNIVERSITY);
}

#[test]
fn only_who_may_change_a_record_deletes_it_and_brings_it_back() {
    let mut desk = Desk::new();
    desk.act(Role::Organizer, COLLEGE, Kind::Person, 1, person(COLLEGE, "1"));
    assert!(!applied(&desk.deleted(Role::Auditor, 1)));
    assert!(applied(&desk.deleted(Role::Organizer, 1)));
    let twice = desk.deleted(Role::Organizer, 1);
    assert!(matches!(twice, Outcome::Converged { .. }), "{twice:?}");
    let back = |desk: &mut Desk, role, home| {
        desk.act(role, home, Kind::Person, 1, OpBody::Restore { saw: 0 })
    };
    assert!(!applied(&back(&mut desk, Role::Organizer, OTHER)));
    assert!(!applied(&back(&mut desk, Role::Auditor, COLLEGE)));
    assert!(!desk.record(1).is_live());
    assert!(applied(&back(&mut desk, Role::Organizer, COLLEGE)));
    assert!(desk.record(1).is_live());
    let twice = back(&mut desk, Role::Organizer, COLLEGE);
    assert!(matches!(twice, Outcome::Converged { .. }), "{twice:?}");
}

#[test]
fn hashes_are_the_first_half_of_sha_256_and_every_part_of_a_step_counts() {
    let of_nothing = [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24,
    ];
    assert_eq!(digest(&[]), of_nothing);
    let step = chain_step(&[0; 16], &[0; 16], 1, 1, &[0; 16]);
    assert_ne!(step, [0; 16]);
    for other in [
        chain_step(&[1; 16], &[0; 16], 1, 1, &[0; 16]),
        chain_step(&[0; 16], &[1; 16], 1, 1, &[0; 16]),
        chain_step(&[0; 16], &[0; 16], 2, 1, &[0; 16]),
        chain_step(&[0; 16], &[0; 16], 1, 2, &[0; 16]),
        chain_step(&[0; 16], &[0; 16], 1, 1, &[1; 16]),
    ] {
        assert_ne!(step, other);
    }
    let limits = Limits { batch_ops: 3, group_ops: 4, ..Limits::default() };
    assert_eq!(limits.batch_with_group(), 7);
}

#[test]
fn a_kind_of_headquarters_is_neither_made_nor_deleted_by_a_unit() {
    use crate::domain::record::{PartialDate, Precision};
    let mut desk = Desk::new();
    let no = |key| field(Kind::Establishment, key);
    let from = Value::Date(PartialDate::from_days(20_000, Precision::Day).unwrap());
    let body = || OpBody::Create {
        unit: UnitId::HOME,
        fields: vec![
            (no("unit"), Value::Ref(COLLEGE.record())),
            (no("posts_approved"), Value::Int(2)),
            (no("valid_from"), from.clone()),
        ],
    };
    assert!(!applied(&desk.act(Role::Organizer, COLLEGE, Kind::Establishment, 1, body())));
    assert!(applied(&desk.act(Role::Hq, UNIVERSITY, Kind::Establishment, 1, body())));
    let delete = |desk: &Desk| OpBody::Delete { saw: desk.record(1).saw(), reason: String::new() };
    let body = delete(&desk);
    assert!(!applied(&desk.act(Role::Organizer, COLLEGE, Kind::Establishment, 1, body)));
    assert!(desk.record(1).is_live());
    let body = delete(&desk);
    assert!(applied(&desk.act(Role::Hq, UNIVERSITY, Kind::Establishment, 1, body)));
}

#[test]
fn a_kind_that_only_a_newer_program_knows_is_kept_where_its_author_may_write() {
    let mut desk = Desk::new();
    let make = |desk: &mut Desk, id: u128, unit| {
        desk.seq += 1;
        let user = UserId(Uuid::from_u128(7));
        let op = Op {
            id: OpId { device: DeviceId(desk.seq), generation: 1, n: 1 },
            prev: [0; 16],
            salt: 0,
            hlc: 0,
            clock_off_ms: 0,
            clock_conf: 0,
            actor: user,
            schema: 9,
            group: None,
            kind: 7_777,
            record: RecordId(Uuid::new_v5(&COLLEGE.0, &id.to_le_bytes())),
            body: OpBody::Create { unit, fields: vec![(FieldNo(1), text("x"))] },
            was: None,
        };
        desk.world.ops.insert(op.id, op.clone());
        let stamp = Stamp { seq: desk.seq, recv_at: 0 };
        let author = Author { user, role: Role::Organizer, home: COLLEGE };
        (op.record, apply(&mut desk.world, &op, &author, stamp))
    };
    let (id, outcome) = make(&mut desk, 1, COLLEGE);
    assert!(applied(&outcome), "{outcome:?}");
    assert_eq!(desk.world.records[&id].fields[&FieldNo(1)].value, text("x"));
    let (_, outcome) = make(&mut desk, 2, OTHER);
    assert!(matches!(&outcome, Outcome::Rejected { code, .. } if code == "not_permitted"));
    // Deleted and made again, it comes back, if its author reaches the unit it is in.
    let mut gone = desk.world.records[&id].clone();
    let by = gone.created;
    gone.tombstone = Some(Tombstone { by, reason: String::new(), seq: 1 });
    desk.world.put(gone);
    let mut away = desk.world.records[&id].clone();
    let (_, outcome) = make(&mut desk, 1, COLLEGE);
    assert!(applied(&outcome) && desk.world.records[&id].is_live());
    away.unit = OTHER;
    desk.world.put(away);
    let (_, outcome) = make(&mut desk, 1, COLLEGE);
    assert!(matches!(&outcome, Outcome::Rejected { code, .. } if code == "not_permitted"));
}

#[test]
fn a_record_with_an_id_of_its_own_is_made_once() {
    let mut desk = Desk::new();
    desk.act(Role::Organizer, COLLEGE, Kind::Person, 1, person(COLLEGE, "1"));
    let other =
        OpBody::Create { unit: COLLEGE, fields: vec![(field(Kind::Person, "name"), text("乙"))] };
    let twice = desk.act(Role::Organizer, COLLEGE, Kind::Person, 1, other);
    assert!(matches!(twice, Outcome::Conflict { .. }), "its fields meet like edits: {twice:?}");
    assert_eq!(desk.record(1).fields[&field(Kind::Person, "name")].value, text("甲"));
    desk.deleted(Role::Organizer, 1);
    let again = desk.act(Role::Organizer, COLLEGE, Kind::Person, 1, person(COLLEGE, "1"));
    assert!(
        matches!(again, Outcome::Conflict { .. }),
        "not generated, so a person says: {again:?}"
    );
    assert!(!desk.record(1).is_live());
}

#[test]
fn what_comes_back_writes_only_what_differs() {
    let mut desk = Desk::new();
    let id = Uuid::new_v5(&COLLEGE.0, b"generated").as_u128();
    desk.act(Role::Organizer, COLLEGE, Kind::Person, id, person(COLLEGE, "1"));
    let name = field(Kind::Person, "name");
    let first = desk.record(id).fields[&name].origin;
    desk.deleted(Role::Organizer, id);
    let fields = vec![(field(Kind::Person, "staff_no"), text("2")), (name, text("甲"))];
    let again = OpBody::Create { unit: COLLEGE, fields };
    let outcome = desk.act(Role::Organizer, COLLEGE, Kind::Person, id, again);
    assert!(applied(&outcome), "{outcome:?}");
    let record = desk.record(id);
    assert!(record.is_live());
    assert_eq!(record.fields[&name].origin, first);
    let number = &record.fields[&field(Kind::Person, "staff_no")];
    assert_eq!(number.value, text("2"));
    assert_ne!(number.origin, first);
}
