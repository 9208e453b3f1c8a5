//! What a device packs into one batch.

use super::*;
use crate::sync::client::{Machine, Output, Waiting};

/// Packs groups of these lengths with at most two operations a batch, and returns the lengths of the batches.
fn packed(lengths: &[u64], limits: Limits) -> Vec<usize> {
    let mut waiting = Vec::new();
    for length in lengths {
        let first = u64::try_from(waiting.len()).unwrap() + 1;
        let group_end = first + length - 1;
        waiting.extend((first..=group_end).map(|n| Waiting { n, group_end, bytes: vec![1; 10] }));
    }
    let open = super::machine::open_at(0);
    let mut machine = Machine::new(open, waiting, [0; 16], None, limits);
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
