//! Looking at many rows with every core: what a list waits for is mostly memory, which several cores fetch at once.

use std::thread;

use crate::store::Row;

/// Rows from which on it pays to begin threads.
const MANY: usize = 16_384;
/// Most threads: a list must not take the whole machine from a sync.
const MOST: usize = 4;

/// Returns what `look` makes of each part of the rows, the parts in order: one part where there are few.
pub(super) fn in_parts<T: Send>(rows: &[&Row], look: impl Fn(&[&Row]) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST);
    if rows.len() < MANY || cores == 1 {
        return vec![look(rows)];
    }
    let look = &look;
    thread::scope(|scope| {
        let parts = rows.chunks(rows.len().div_ceil(cores));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || look(part))).collect();
        let done = parts.into_iter().map(|part| match part.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        done.collect()
    })
}

/// Returns what `judge` says of each row, in their order.
pub(super) fn judged<T: Send>(rows: &[&Row], judge: impl Fn(&Row) -> T + Sync) -> Vec<T> {
    let parts = in_parts(rows, |part| part.iter().map(|row| judge(row)).collect::<Vec<T>>());
    parts.into_iter().flatten().collect()
}

/// Keeps the rows that `holds` says yes to.
pub(super) fn keep(rows: &mut Vec<&Row>, holds: impl Fn(&Row) -> bool + Sync) {
    let mut kept = judged(rows, holds).into_iter();
    rows.retain(|_| kept.next().unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{RecordId, UnitId};

    fn rows(count: u64) -> Vec<Row> {
        let row = |n: u64| Row {
            id: RecordId(Uuid::from_u128(u128::from(n))),
            kind: 1,
            unit: UnitId::HOME,
            rev: n,
            bytes: Box::default(),
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn few_rows_and_many_are_judged_in_their_order() {
        for count in [0, 1, 3, 16_383, 16_384, 16_385, 50_001] {
            let rows = rows(count);
            let mut all: Vec<&Row> = rows.iter().collect();
            assert!(judged(&all, |row| row.rev).into_iter().eq(0..count), "{count}");
            keep(&mut all, |row| row.rev % 3 == 0);
            assert!(all.iter().map(|row| row.rev).eq((0..count).step_by(3)), "{count}");
        }
    }
}
