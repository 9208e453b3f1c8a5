//! The device's side of a sync, step by step: what it sends, what it stores and when it is done.

use super::*;
use crate::sync::client::{Batch, Failure, Machine, Output, PageHead, PullFrom, Staged, Waiting};
use crate::sync::open::{Known, Open, Opened, Order, SERVER_RESTORED};

const EPOCH: Uuid = Uuid::from_u128(1);

fn cursor(seq: u64) -> Cursor {
    Cursor { epoch: EPOCH, seq, chain: [u8::try_from(seq).unwrap(); 16] }
}

fn unit(n: u128) -> UnitId {
    UnitId(Uuid::from_u128(n))
}

/// A device that has the feed up to this position, under scope 3.
pub(super) fn open_at(seq: u64) -> Open {
    Open {
        device: DeviceId(1),
        generation: 2,
        last_n: 9,
        last_hash: [9; 16],
        acked_n: 4,
        cursor: if seq == 0 { Cursor::START } else { cursor(seq) },
        scope_token: 3,
        schema: 1,
        app: String::new(),
        device_time: 0,
        outbox_depth: 0,
        oldest_age_ms: 0,
        earlier: Vec::new(),
        seal: [6; 16],
        floor: 2,
        head: Witness::NONE,
    }
}

fn opened(order: Order) -> Opened {
    Opened {
        server_time: 0,
        epoch: EPOCH,
        head_seq: 40,
        known: Known { generation: 2, last_n: 4, last_hash: [4; 16], durable_n: 0 },
        earlier: Vec::new(),
        tomb_floor: 5,
        scope_token: 3,
        scope_add: Vec::new(),
        scope_drop: Vec::new(),
        order,
        lease_ms: 0,
        unlock: [0; 16],
    }
}

/// Operations 5, 6 and so on wait, alone.
fn waiting(count: u64) -> Vec<Waiting> {
    (5..5 + count).map(|n| Waiting { n, group_end: n, bytes: n.to_le_bytes().to_vec() }).collect()
}

fn two_a_batch() -> Limits {
    Limits { batch_ops: 2, ..Limits::default() }
}

fn machine(at: u64, ops: u64) -> Machine {
    Machine::new(open_at(at), waiting(ops), [4; 16], None, two_a_batch())
}

fn page(seq: u64, complete: bool) -> PageHead {
    let (removes, backfill) = (Vec::new(), Vec::new());
    let head = Witness { at: cursor(60), seal: [8; 16] };
    PageHead { cursor: cursor(seq), complete, removes, backfill, seal: [7; 16], head }
}

fn results(range: std::ops::RangeInclusive<u64>, seq: u64) -> Vec<(u64, Outcome)> {
    range.zip(seq..).map(|(n, seq)| (n, Outcome::Applied { seq })).collect()
}

fn pull(outputs: &[Output]) -> &PullFrom {
    match outputs.last() {
        Some(Output::Pull(pull) | Output::Sync { pull, .. }) => pull,
        other => panic!("no pull but {other:?}"),
    }
}

fn batch(n: u64, prev: Digest, ops: &[u64]) -> Batch {
    let ops = ops.iter().map(|n| n.to_le_bytes().to_vec()).collect();
    Batch { generation: 2, from_n: n, prev, ops }
}

#[test]
fn a_sync_begins_with_where_the_device_stands_its_first_batch_and_its_first_page() {
    let Output::Sync { open, push, pull } = machine(10, 3).start() else { panic!("no opening") };
    assert_eq!(*open, open_at(10));
    assert_eq!(push, Some(batch(5, [4; 16], &[5, 6])));
    let from_here = PullFrom {
        cursor: cursor(10),
        min_seq: 0,
        scope_token: 3,
        backfill: Vec::new(),
        floor: 2,
        head: Cursor::START,
    };
    assert_eq!(pull, from_here);
    let Output::Sync { push, .. } = machine(10, 0).start() else { panic!("no opening") };
    assert_eq!(push, None);
}

#[test]
fn batches_follow_each_other_by_hash_and_then_the_pull_covers_them() {
    let mut machine = machine(10, 5);
    assert_eq!(machine.answered(&opened(Order::Proceed)), []);
    assert_eq!(machine.pushed(results(5..=6, 50)), [Output::StoreResults(results(5..=6, 50))]);
    assert_eq!(machine.waiting(), 3);
    // The page of the first answer comes before the further batches: it is kept, and they are sent.
    let outputs = machine.paged(page(45, true));
    let second = batch(7, digest(&6_u64.to_le_bytes()), &[7, 8]);
    assert_eq!(outputs, [Output::Stage(page(45, true)), Output::Push(second)]);
    machine.pushed(results(7..=8, 52));
    let third = batch(9, digest(&8_u64.to_le_bytes()), &[9]);
    assert_eq!(machine.after_push(), Output::Push(third));
    machine.pushed(results(9..=9, 54));
    assert_eq!(machine.waiting(), 0);
    let Output::Pull(next) = machine.after_push() else { panic!("no pull") };
    assert_eq!((next.cursor, next.min_seq), (cursor(45), 54));
}

#[test]
fn what_the_server_did_not_answer_for_goes_on_waiting() {
    let mut machine = machine(10, 3);
    machine.pushed(results(5..=5, 50));
    assert_eq!(machine.waiting(), 2);
    let Output::Push(next) = machine.after_push() else { panic!("nothing is sent") };
    assert_eq!(next, batch(6, digest(&5_u64.to_le_bytes()), &[6, 7]));
    machine.pushed(Vec::new());
    assert_eq!(machine.waiting(), 2);
}

#[test]
fn a_pull_is_done_only_when_it_is_complete_and_covers_what_was_pushed() {
    let mut machine = machine(10, 1);
    machine.answered(&opened(Order::Proceed));
    machine.pushed(results(5..=5, 50));
    let outputs = machine.paged(page(30, false));
    assert_eq!(outputs[0], Output::Stage(page(30, false)));
    assert_eq!((pull(&outputs).cursor, pull(&outputs).min_seq), (cursor(30), 50));
    let outputs = machine.paged(page(49, true));
    assert_eq!(pull(&outputs).cursor, cursor(49), "complete, but before the own operation");
    let outputs = machine.paged(page(50, true));
    let whole = Staged {
        cursor: cursor(50),
        seal: [7; 16],
        replace: false,
        scope_token: 3,
        backfill: Vec::new(),
        floor: 2,
        head: Witness { at: cursor(60), seal: [8; 16] },
    };
    assert_eq!(machine.at(), &whole);
    assert_eq!(outputs, [Output::Stage(page(50, true)), Output::Flip(whole), Output::Done]);
}

#[test]
fn a_pull_comes_from_no_server_that_is_behind_what_the_device_has_heard_of() {
    let mut machine = machine(10, 0);
    machine.answered(&opened(Order::Proceed));
    assert_eq!(pull(&machine.paged(page(11, false))).min_seq, 40);
    machine.answered(&Opened { head_seq: 30, ..opened(Order::Proceed) });
    assert_eq!(pull(&machine.paged(page(12, false))).min_seq, 40, "a replica behind the first one");
    machine.pushed(results(5..=5, 60));
    machine.pushed(results(6..=6, 55));
    assert_eq!(pull(&machine.paged(page(13, false))).min_seq, 60);
}

#[test]
fn a_device_without_anything_takes_the_whole_scope_the_server_names() {
    let mut machine = Machine::new(open_at(0), Vec::new(), [0; 16], None, two_a_batch());
    let named = Opened { scope_token: 8, ..opened(Order::Proceed) };
    assert_eq!(machine.answered(&named), []);
    let from_nothing = Staged {
        cursor: Cursor::START,
        seal: [0; 16],
        replace: true,
        scope_token: 8,
        backfill: Vec::new(),
        floor: 5,
        head: Witness::NONE,
    };
    assert_eq!(machine.at(), &from_nothing);
    let outputs = machine.paged(page(40, true));
    assert!(matches!(&outputs[1], Output::Flip(whole) if whole.replace));
}

#[test]
fn a_device_with_a_base_adds_to_it() {
    let mut machine = machine(10, 0);
    machine.answered(&opened(Order::Proceed));
    assert_eq!((machine.at().cursor, machine.at().seal), (cursor(10), [6; 16]));
    assert!(!machine.at().replace);
}

#[test]
fn units_that_come_into_sight_are_taken_from_their_beginning_and_others_dropped() {
    let mut machine = machine(10, 0);
    let other = Opened {
        scope_token: 4,
        scope_add: vec![unit(1), unit(2)],
        scope_drop: vec![unit(3)],
        ..opened(Order::Proceed)
    };
    assert_eq!(machine.answered(&other), [Output::Drop(vec![unit(3)])]);
    let both = vec![(unit(1), 0), (unit(2), 0)];
    let at = machine.at();
    assert_eq!((at.scope_token, &at.backfill, at.replace), (4, &both, false));
    assert_eq!((at.cursor, at.seal, at.floor), (cursor(10), [6; 16], 2));
    let rest = PageHead { backfill: vec![(unit(2), 6)], ..page(40, true) };
    let outputs = machine.paged(rest);
    assert_eq!(pull(&outputs).backfill, [(unit(2), 6)], "not done while a unit is not");
    assert!(matches!(machine.paged(page(40, true))[..], [_, Output::Flip(_), Output::Done]));
}

#[test]
fn a_scope_that_only_grew_drops_nothing() {
    let mut machine = machine(10, 0);
    let more = Opened { scope_token: 4, scope_add: vec![unit(1)], ..opened(Order::Proceed) };
    assert_eq!(machine.answered(&more), []);
    assert_eq!(machine.at().backfill, [(unit(1), 0)]);
}

fn staged(replace: bool) -> Staged {
    Staged {
        cursor: cursor(25),
        seal: [2; 16],
        replace,
        scope_token: 3,
        backfill: vec![(unit(1), 7)],
        floor: 1,
        head: Witness { at: cursor(30), seal: [3; 16] },
    }
}

#[test]
fn an_interrupted_pull_goes_on_where_it_stopped() {
    for replace in [false, true] {
        let held = staged(replace);
        let open = open_at(if replace { 0 } else { 10 });
        let mut machine =
            Machine::new(open, Vec::new(), [0; 16], Some(held.clone()), two_a_batch());
        assert_eq!(machine.answered(&opened(Order::Proceed)), []);
        assert_eq!(machine.at(), &held);
    }
}

#[test]
fn an_interrupted_pull_of_another_scope_begins_again() {
    let other = Opened { scope_token: 4, ..opened(Order::Proceed) };
    let start = |replace, at| {
        let held = Some(staged(replace));
        Machine::new(open_at(at), Vec::new(), [0; 16], held, two_a_batch())
    };
    let mut adding = start(false, 10);
    assert_eq!(adding.answered(&other), [Output::Unstage]);
    assert_eq!((adding.at().cursor, adding.at().replace), (cursor(10), false));
    let mut whole = start(true, 0);
    assert_eq!(whole.answered(&other), [Output::Unstage]);
    assert_eq!((whole.at().cursor, whole.at().replace), (Cursor::START, true));
    assert_eq!((whole.at().scope_token, whole.at().floor), (4, 5));
    assert!(whole.at().backfill.is_empty());
    // What is begun has nothing staged any more, so there is nothing to throw away a second time.
    let third = Opened { scope_token: 5, ..opened(Order::Proceed) };
    assert_eq!(adding.answered(&third), []);
    assert_eq!(whole.answered(&third), []);
}

#[test]
fn every_order_is_carried_out_as_it_is_given() {
    let given = |order| machine(10, 1).answered(&opened(order));
    let again = |lost: &[(u32, u64)]| [Output::SendAgain(lost.to_vec())];
    assert_eq!(given(Order::ResendFrom(3)), again(&[]));
    // The server has everything; but what was refused there in this history the device may not have heard of.
    assert_eq!(given(Order::Resync(SERVER_RESTORED.to_owned())), again(&[]));
    assert_eq!(given(Order::NewGeneration(7)), [Output::Renumber(7)]);
    let earlier = vec![(1, 4), (2, 1)];
    let resend = given(Order::ResendEarlier(earlier.clone()));
    assert_eq!(resend, again(&earlier));
    let upgrade = given(Order::Upgrade);
    assert!(matches!(upgrade[..], [Output::Push(_)]), "what waits is sent first: {upgrade:?}");
    let upgrade = machine(10, 0).answered(&opened(Order::Upgrade));
    assert_eq!(upgrade, [Output::Failed(Failure::Upgrade)]);
    for wipe in [false, true] {
        let revoked = given(Order::Revoked { quarantine: true, wipe });
        assert_eq!(revoked, [Output::HandIn, Output::Failed(Failure::Revoked { wipe })]);
    }
}

#[test]
fn a_resync_throws_away_what_is_staged_and_begins_with_nothing_of_the_old_history() {
    let mut machine =
        Machine::new(open_at(10), waiting(3), [4; 16], Some(staged(false)), two_a_batch());
    machine.pushed(results(5..=6, 500));
    let outputs = machine.answered(&opened(Order::Resync("tombstones_gone".to_owned())));
    let [Output::Unstage, Output::Sync { open, push, pull }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!((open.cursor, open.acked_n), (Cursor::START, 6));
    assert_eq!(push.as_ref().map(|batch| batch.from_n), Some(7));
    assert_eq!((pull.cursor, pull.min_seq, pull.floor), (Cursor::START, 40, 5));
    assert!(machine.at().replace);
    // Not 500: that position may never come again in this history.
    let outputs = machine.answered(&opened(Order::Proceed));
    assert_eq!(outputs, []);
    machine.pushed(results(7..=7, 41));
    assert!(matches!(machine.paged(page(41, true))[..], [_, Output::Flip(_), Output::Done]));
}

#[test]
fn outcomes_of_earlier_operations_do_not_take_the_device_back() {
    let mut machine = machine(10, 3);
    machine.pushed(results(5..=6, 50));
    machine.pushed(results(2..=2, 3));
    let outputs = machine.answered(&opened(Order::Resync(String::new())));
    assert!(matches!(&outputs[1], Output::Sync { open, .. } if open.acked_n == 6));
}

#[test]
fn a_server_that_keeps_ordering_is_given_up() {
    let mut machine = machine(10, 0);
    for _ in 0..4 {
        assert_eq!(
            machine.answered(&opened(Order::ResendFrom(1))),
            [Output::SendAgain(Vec::new())]
        );
    }
    let fifth = machine.answered(&opened(Order::ResendFrom(1)));
    assert_eq!(fifth, [Output::Failed(Failure::Confused)]);
}

#[test]
fn units_are_taken_again_without_sending_anything() {
    let mut machine = machine(10, 3);
    let outputs = machine.refetch(vec![unit(1), unit(2)], &[unit(2)]);
    assert_eq!(outputs[0], Output::Drop(vec![unit(1), unit(2)]));
    assert_eq!(pull(&outputs).backfill, [(unit(2), 0)]);
    assert_eq!((pull(&outputs).cursor, machine.waiting()), (cursor(10), 0));
}

#[test]
fn every_outcome_has_its_tag_its_word_its_position_and_says_who_must_look() {
    let (why, code) = ("missing_base".to_owned(), "invalid".to_owned());
    let (field, message) = (String::new(), String::new());
    let all = [
        (Outcome::Applied { seq: 7 }, 1, "applied", 7, false),
        (Outcome::Converged { seq: 7 }, 2, "converged", 7, false),
        (Outcome::Conflict { seq: 7, id: PERSON }, 3, "conflict", 7, false),
        (Outcome::WaitListed { seq: 7, position: 2 }, 4, "wait_listed", 7, false),
        (Outcome::Held { seq: 7, why }, 5, "held", 7, true),
        (Outcome::Rejected { seq: 7, code, field, message }, 6, "rejected", 7, true),
        (Outcome::Blocked { seq: 7, by: 2 }, 7, "blocked", 7, true),
        (Outcome::Unknown { tag: 99, bytes: vec![1] }, 99, "unknown", 0, false),
    ];
    for (outcome, tag, key, seq, attention) in all {
        assert_eq!((outcome.tag(), outcome.key(), outcome.seq()), (tag, key, seq));
        assert_eq!(outcome.needs_attention(), attention, "{key}");
    }
}
