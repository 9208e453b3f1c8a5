//! When an operation counts as written: its author's clock, corrected and bounded (protocol, Clocks).

use super::op::{Op, OpId};
use super::world::World;

/// Returns the author's clock corrected by the last measured difference, milliseconds.
fn claimed(op: &Op) -> i64 {
    let ms = i64::try_from(op.hlc >> 16).unwrap_or(i64::MAX);
    ms.saturating_add(op.clock_off_ms)
}

/// True if the author's clock is so far ahead that it cannot be right. Nothing is refused for that.
pub fn is_suspect(op: &Op, recv_at: i64, ahead_ms: i64) -> bool {
    claimed(op) > recv_at.saturating_add(ahead_ms)
}

/// Returns when an operation was written as far as it can be believed: not after it arrived.
fn bounded(op: &Op, recv_at: i64, ahead_ms: i64) -> i64 {
    claimed(op).min(recv_at.saturating_add(ahead_ms))
}

/// Returns when an operation counts as written: bounded, and not before what its author had seen.
pub(super) fn effective(world: &World, op: &Op, recv_at: i64) -> i64 {
    let ahead = world.limits.clock_ahead_ms;
    let seen = op.bases().into_iter().filter_map(|base| effective_of(world, base));
    seen.fold(bounded(op, recv_at, ahead), i64::max)
}

/// The same for an operation in the log, as far as it is known here.
pub(super) fn effective_of(world: &World, id: OpId) -> Option<i64> {
    let op = world.ops.get(&id)?;
    let recv_at = world.received.get(&id)?;
    Some(bounded(op, *recv_at, world.limits.clock_ahead_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{DeviceId, RecordId, UserId};
    use crate::sync::OpBody;
    use uuid::Uuid;

    fn op(n: u64, at_ms: u64, off: i64) -> Op {
        Op {
            id: OpId { device: DeviceId(1), generation: 1, n },
            prev: [0; 16],
            salt: 0,
            hlc: at_ms << 16,
            clock_off_ms: off,
            clock_conf: 3,
            actor: UserId(Uuid::nil()),
            schema: 1,
            group: None,
            kind: 2,
            record: RecordId(Uuid::nil()),
            body: OpBody::Restore { saw: 0 },
            was: None,
        }
    }

    #[test]
    fn a_clock_in_the_far_future_counts_as_the_time_of_arrival() {
        let world = World::default();
        let wrong = op(1, 4_000_000_000_000, 0);
        assert!(is_suspect(&wrong, 1_000, world.limits.clock_ahead_ms));
        assert_eq!(effective(&world, &wrong, 1_000), 1_000 + 300_000);
        let right = op(2, 900, 50);
        assert!(!is_suspect(&right, 1_000, world.limits.clock_ahead_ms));
        assert_eq!(effective(&world, &right, 1_000), 950);
    }

    #[test]
    fn nothing_counts_as_written_before_what_its_author_had_seen() {
        let mut world = World::default();
        world.learn(&op(1, 5_000, 0), [0; 16], 6_000);
        let mut early = op(2, 10, 0);
        early.body = OpBody::Move {
            base: crate::sync::Base::Seen(OpId { n: 1, ..early.id }),
            to: crate::domain::ids::UnitId::HOME,
        };
        assert_eq!(effective(&world, &early, 7_000), 5_000);
    }
}
