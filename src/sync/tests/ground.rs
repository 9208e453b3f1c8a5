//! What everything stands on: the tree of units, the working set that can be taken back, names, sizes, hashes, the view.

use super::super::hash::digest_of;
use super::super::world::Place;
use super::*;
use crate::sync::clock::is_suspect;
use crate::sync::open::{Facts, Known, Order, judge};

fn unit(n: u128) -> UnitId {
    UnitId(Uuid::from_u128(n))
}

/// 1 over 2 and 3, 2 over 4.
fn tree() -> UnitTree {
    let mut tree = UnitTree::default();
    assert!(tree.is_empty());
    for (n, parent) in [(1, None), (2, Some(1)), (3, Some(1)), (4, Some(2))] {
        tree.insert(unit(n), parent.map(unit));
    }
    tree
}

#[test]
fn a_unit_is_within_itself_and_everything_above_it() {
    let mut tree = tree();
    assert!(!tree.is_empty());
    assert_eq!(tree.path(unit(4)), [unit(4), unit(2), unit(1)]);
    assert_eq!(tree.subtree(unit(2)), BTreeSet::from([unit(2), unit(4)]));
    assert_eq!(tree.subtree(unit(9)), BTreeSet::from([unit(9)]), "unknown, and nothing below it");
    assert!(tree.is_within(unit(4), unit(1)) && !tree.is_within(unit(4), unit(3)));
    assert_eq!((tree.root(), tree.parent(unit(4))), (Some(unit(1)), Some(unit(2))));
    tree.insert(unit(5), None);
    assert_eq!(tree.root(), None, "two tops are none");
    tree.remove(unit(5));
    assert_eq!((tree.contains(unit(5)), tree.root()), (false, Some(unit(1))));
    assert_eq!(tree.all().collect::<Vec<_>>(), [unit(1), unit(2), unit(3), unit(4)]);
}

#[test]
fn a_ring_of_parents_ends_where_it_closes() {
    let mut tree = UnitTree::default();
    tree.insert(unit(1), Some(unit(2)));
    tree.insert(unit(2), Some(unit(1)));
    assert_eq!(tree.path(unit(1)), [unit(1), unit(2)]);
    let mut deep = UnitTree::default();
    for n in 1..100 {
        deep.insert(unit(n), Some(unit(n + 1)));
    }
    assert_eq!(deep.path(unit(1)).len(), 32, "no tree is deeper");
}

fn record(n: u128, name: &str) -> Record {
    let mut device = hq();
    let fields = vec![(no("name"), text(name))];
    let mut op = device.op(OpBody::Create { unit: COLLEGE, fields });
    op.record = RecordId(Uuid::from_u128(n));
    overlay(None, &op).unwrap()
}

#[test]
fn a_working_set_goes_back_to_where_it_was_and_no_further() {
    let mut world = World::new(tree(), Limits::default());
    assert_eq!(world.units.parent(unit(2)), Some(unit(1)));
    let ids: Vec<RecordId> = (1..4).map(|n| RecordId(Uuid::from_u128(n))).collect();
    let key = |number: &str| (Kind::Person.number(), no("staff_no"), text(number));
    world.load(record(1, "甲"));
    assert!(world.records.contains_key(&ids[0]) && world.touched.is_empty(), "nothing has changed");
    world.put(record(2, "乙"));
    world.hold_unique(key("1"), Some(ids[0]));
    world.leave(ids[0], COLLEGE, 5);
    let before = world.clone();
    let mark = world.mark();
    world.put(record(1, "丙"));
    world.put(record(2, "丁"));
    world.put(record(3, "戊"));
    world.hold_unique(key("1"), Some(ids[1]));
    world.hold_unique(key("2"), Some(ids[1]));
    world.hold_unique(key("1"), None);
    world.place_unit(unit(4), Place::Nowhere);
    world.place_unit(unit(9), Place::Under(Some(unit(1))));
    world.leave(ids[1], OTHER, 6);
    world.roll_back(mark);
    assert_eq!(world.records, before.records);
    assert_eq!(world.touched, before.touched, "only what had changed before");
    assert_eq!((world.unique.clone(), world.exits.clone()), (before.unique, before.exits));
    assert_eq!(world.units, before.units);
    world.put(record(3, "戊"));
    world.keep();
    world.roll_back(mark);
    assert!(world.records.contains_key(&ids[2]), "what is final is not taken back");
}

#[test]
fn an_operation_is_known_by_its_new_name_unless_the_old_one_was_refused() {
    let mut world = World::default();
    let mut device = hq();
    let old = device.op(OpBody::Restore { saw: 0 });
    let mut new = device.op(OpBody::Restore { saw: 0 });
    new.was = Some((old.id, [1; 16]));
    assert_eq!(world.name_of(old.id), old.id);
    world.learn(&new, [2; 16], 0);
    assert_eq!(world.name_of(old.id), new.id);
    assert!(world.knows(new.id) && !world.knows(old.id));
    world.refused.insert(old.id);
    assert_eq!(world.name_of(old.id), old.id);
    assert!(world.knows(old.id));
}

#[test]
fn headquarters_reaches_every_unit_wherever_it_sits() {
    let server = Server::new();
    let author = |role, home| Author { user: UserId(Uuid::nil()), role, home };
    assert!(server.world.reaches(&author(Role::Hq, COLLEGE), OTHER));
    assert!(server.world.reaches(&author(Role::Organizer, UNIVERSITY), OTHER));
    assert!(!server.world.reaches(&author(Role::Organizer, COLLEGE), OTHER));
    assert!(server.world.reaches(&author(Role::Organizer, unit(77)), unit(77)), "known or not");
}

#[test]
fn the_longest_text_of_an_operation_is_what_counts_against_the_limit() {
    let mut device = hq();
    let mut size = |body| device.op(body).longest_text();
    let (field, element) = (FieldNo(1), Uuid::nil());
    let sets = vec![
        (field, Base::Absent, text("ab")),
        (FieldNo(2), Base::Absent, Value::Unknown { tag: 9, bytes: vec![0; 7] }),
        (FieldNo(3), Base::Absent, Value::Code("abc".to_owned())),
    ];
    assert_eq!(size(OpBody::Set { sets }), 7);
    assert_eq!(size(OpBody::Note { field, element, text: "甲".to_owned() }), 3, "bytes");
    assert_eq!(size(OpBody::Delete { saw: 0, reason: "left".to_owned() }), 4);
    assert_eq!(size(OpBody::ElementAdd { field, element, value: text("abcde") }), 5);
    assert_eq!(size(OpBody::Restore { saw: 0 }), 0);
}

#[test]
fn hashes_of_parts_and_of_a_record_are_those_that_the_protocol_names() {
    assert_eq!(digest_of(&[b"ab", b"", b"c"]), digest(b"abc"));
    assert_ne!(digest_of(&[b"ab"]), [0; 16]);
    let mut blank = record(1, "甲");
    blank.fields.clear();
    // The first eight bytes of SHA-256 over nothing, the least one first.
    assert_eq!(blank.saw(), u64::from_le_bytes([0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14]));
}

#[test]
fn the_view_shows_what_was_made_and_does_not_write_again_what_is_so_already() {
    let (field, element) = (FieldNo(200), Uuid::from_u128(1));
    let mut device = hq();
    let made = record(7, "甲");
    assert_eq!(made.fields[&no("name")].value, text("甲"));
    let take_out = device.op(OpBody::ElementDelete { field, element, base: Base::Absent });
    let view = overlay(Some(made), &take_out).unwrap();
    assert!(view.elements.is_empty(), "what is not there is not taken out");
    let add = device.op(OpBody::ElementAdd { field, element, value: text("x") });
    let view = overlay(Some(view), &add).unwrap();
    let again = device.op(OpBody::ElementAdd { field, element, value: text("x") });
    let view = overlay(Some(view), &again).unwrap();
    assert_eq!(view.elements[&(field, element)].origin, add.id);
    let values = vec![(no("name"), text("丙"))];
    let resolve = device.op(OpBody::Resolve { conflict: PERSON, seen: Vec::new(), values });
    let view = overlay(Some(view), &resolve).unwrap();
    assert_eq!(view.fields[&no("name")].value, text("丙"));
}

#[test]
fn a_clock_is_suspected_beyond_the_bound_and_not_at_it() {
    let mut op = hq().op(OpBody::Restore { saw: 0 });
    op.hlc = 1_500 << 16;
    assert!(!is_suspect(&op, 1_000, 500));
    assert!(is_suspect(&op, 1_000, 499));
}

fn facts() -> Facts {
    Facts {
        epoch: Uuid::from_u128(1),
        head_seq: 10,
        chain_at_cursor: Some([10; 16]),
        scope_token: 3,
        scope_known: true,
        head_holds: true,
        may_pull: true,
        tomb_floor: 0,
        known: Known { generation: 2, last_n: 9, last_hash: [9; 16], durable_n: 0 },
        newest_generation: 2,
        earlier: Vec::new(),
        hash_at_device_last: Some([9; 16]),
    }
}

#[test]
fn a_cursor_contradicts_a_server_that_is_behind_it_or_tells_another_story() {
    let cursor = super::machine::open_at(10).cursor;
    assert!(!facts().contradicts(&cursor));
    assert!(Facts { head_seq: 9, ..facts() }.contradicts(&cursor), "behind");
    assert!(Facts { chain_at_cursor: Some([1; 16]), ..facts() }.contradicts(&cursor));
    assert!(Facts { chain_at_cursor: None, ..facts() }.contradicts(&cursor));
    let other = Facts { epoch: Uuid::from_u128(2), head_seq: 1, ..facts() };
    assert!(!other.contradicts(&cursor), "another history says so itself");
    let nothing = Cursor { epoch: facts().epoch, ..Cursor::START };
    assert!(!Facts { chain_at_cursor: None, ..facts() }.contradicts(&nothing));
}

#[test]
fn an_opening_is_judged_at_its_edges() {
    let mut open = super::machine::open_at(10);
    assert_eq!(judge(&open, &facts()), Order::Proceed);
    let floor = Facts { tomb_floor: 10, ..facts() };
    assert_eq!(judge(&open, &floor), Order::Proceed, "has seen every deletion");
    open.last_n = 0;
    open.acked_n = 0;
    let none = Known { last_n: 0, ..facts().known };
    let other = Facts { known: none.clone(), hash_at_device_last: Some([1; 16]), ..facts() };
    assert_eq!(judge(&open, &other), Order::Proceed, "nothing written is nobody's copy");
    (open.last_n, open.acked_n) = (9, 9);
    let behind = Known { last_n: 8, ..facts().known };
    let other = Facts { known: behind, hash_at_device_last: Some([1; 16]), ..facts() };
    assert_eq!(judge(&open, &other), Order::ResendFrom(9), "restored, not cloned");
}
