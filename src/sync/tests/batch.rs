//! What a device packs into one batch.

use super::*;
use crate::sync::client::{Failure, Machine, Output, Waiting};
use crate::sync::open::{Known, Open, Opened, Order};

/// Starts a sync in which groups of these lengths wait.
fn machine(lengths: &[u64], limits: Limits) -> Machine {
    let mut waiting = Vec::new();
    for length in lengths {
        let first = u64::try_from(waiting.len()).unwrap() + 1;
        let group_end = first + length - 1;
        waiting.extend((first..=group_end).map(|n| Waiting { n, group_end, bytes: vec![1; 10] }));
    }
    let open = Open {
        device: DeviceId(1),
        generation: 1,
        last_n: 9,
        last_hash: [0; 16],
        acked_n: 0,
        cursor: Cursor::START,
        scope_token: 0,
        schema: 1,
        app: String::new(),
        device_time: 0,
        outbox_depth: 0,
        oldest_age_ms: 0,
        earlier: Vec::new(),
        seal: [0; 16],
        floor: 0,
        head: Witness::NONE,
    };
    Machine::new(open, waiting, [0; 16], None, limits)
}

/// Packs groups of these lengths with at most two operations a batch, and returns the lengths of the batches.
fn packed(lengths: &[u64], limits: Limits) -> Vec<usize> {
    let mut machine = machine(lengths, limits);
    let Output::Sync { push, .. } = machine.start() else { panic!("no opening") };
    let mut next = push;
    let mut sizes = Vec::new();
    while let Some(batch) = next {
        sizes.push(batch.ops.len());
        let last = batch.from_n + u64::try_from(batch.ops.len()).unwrap();
        machine.pushed((batch.from_n..last).map(|n| (n, Outcome::Applied { seq: n })).collect());
        next = if let Output::Push(batch) = machine.after_push() { Some(batch) } else { None };
    }
    sizes
}

#[test]
fn a_batch_ends_where_a_group_ends() {
    let two = Limits { batch_ops: 2, ..Limits::default() };
    assert_eq!(packed(&[1, 1, 1], two), [2, 1]);
    assert_eq!(packed(&[1, 3, 1], two), [4, 1], "the group is finished beyond the limit");
    assert_eq!(packed(&[3, 2, 1, 1], two), [3, 2, 2]);
    let small = Limits { batch_bytes: 25, ..Limits::default() };
    assert_eq!(packed(&[1, 2, 1], small), [1, 2, 1], "a group that does not fit goes next");
    assert_eq!(packed(&[3, 1], small), [3, 1], "one that fits nowhere goes alone");
    assert_eq!(packed(&[1, 1, 1], small), [2, 1], "bytes are counted over the whole batch");
    let exact = Limits { batch_bytes: 20, ..Limits::default() };
    assert_eq!(packed(&[1, 1, 1], exact), [2, 1], "what fits exactly fits");
}

#[test]
fn a_device_that_is_told_to_upgrade_sends_everything_first_and_asks_for_no_page() {
    let mut machine = machine(&[1; 5], Limits { batch_ops: 2, ..Limits::default() });
    machine.start();
    let opened = Opened {
        server_time: 0,
        epoch: uuid::Uuid::nil(),
        head_seq: 0,
        known: Known { generation: 1, last_n: 0, last_hash: [0; 16], durable_n: 0 },
        earlier: Vec::new(),
        tomb_floor: 0,
        scope_token: 3,
        scope_add: Vec::new(),
        scope_drop: Vec::new(),
        order: Order::Upgrade,
        lease_ms: 0,
        unlock: [0; 16],
    };
    let mut next = machine.answered(&opened).pop();
    let mut sent: Vec<u64> = Vec::new();
    while let Some(Output::Push(batch)) = next {
        let numbers: Vec<u64> = (batch.from_n..).take(batch.ops.len()).collect();
        sent.extend(&numbers);
        machine.pushed(numbers.into_iter().map(|n| (n, Outcome::Applied { seq: n })).collect());
        next = Some(machine.after_push());
    }
    assert_eq!(sent, [1, 2, 3, 4, 5]);
    assert_eq!(next, Some(Output::Failed(Failure::Upgrade)));
}
