//! PostgreSQL gives readers every position: what is committed later never stands before what a reader has passed.
//!
//! Each test runs once as it is, and once in a process of its own with the mistake T01 switched on, where positions come from a
//! sequence: that run must fail, or the test would notice nothing.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use super::contract::{op_row, pg, postgres, set_up};
use super::rows::{Changes, Refused};
use super::{Database, Db, Tx};

/// Writers of the test under load.
const WRITERS: u64 = 8;
/// Transactions of each.
const EACH: u64 = 40;

fn run(test: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.unwrap().block_on(test);
}

/// One operation at the next position, in a transaction that is not committed yet.
async fn written<D: Db>(db: &D) -> D::Tx {
    let mut tx = db.begin().await.unwrap();
    let seq = tx.lock().await.unwrap().head_seq + 1;
    let ops = vec![op_row(seq, Refused::No)];
    tx.store(Changes { ops, head: (seq, [0; 16]), ..Changes::default() }).await.unwrap();
    tx
}

/// Reads on from a position, as devices pull; returns the positions found.
async fn read_on(db: &Database, cursor: &mut u64) -> u64 {
    let rows = db.ops_after(*cursor, 1_000).await.unwrap();
    *cursor = rows.last().map_or(*cursor, |row| row.seq);
    u64::try_from(rows.len()).unwrap()
}

#[test]
fn a_later_commit_never_has_an_earlier_position() {
    run(async {
        let Some((db, _)) = postgres().await else { return };
        set_up(&db).await;
        // The first writer has its position and is slow; the second may be done before it only if the order is wrong.
        let mut first = db.begin().await.unwrap();
        let seq = first.lock().await.unwrap().head_seq + 1;
        let second = tokio::spawn({
            let db = db.clone();
            async move { written(&db).await.commit().await.unwrap() }
        });
        let waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        while !second.is_finished() && pg::cluster().unwrap().query("postgres", waiting) == "f" {
            tokio::task::yield_now().await;
        }
        let mut cursor = 0;
        let mut found = read_on(&db, &mut cursor).await;
        let ops = vec![op_row(seq, Refused::No)];
        first.store(Changes { ops, head: (seq, [0; 16]), ..Changes::default() }).await.unwrap();
        first.commit().await.unwrap();
        second.await.unwrap();
        found += read_on(&db, &mut cursor).await;
        assert_eq!(found, 2, "the reader never sees position {seq}");
    });
}

#[test]
fn eight_writers_and_a_reader_lose_nothing() {
    run(async {
        let Some((db, _)) = postgres().await else { return };
        set_up(&db).await;
        let db = Arc::new(db);
        let start = Instant::now();
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let db = Arc::clone(&db);
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        written(&*db).await.commit().await.unwrap();
                    }
                })
            })
            .collect();
        let (mut cursor, mut found) = (0, 0);
        while writers.iter().any(|writer| !writer.is_finished()) {
            found += read_on(&db, &mut cursor).await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        found += read_on(&db, &mut cursor).await;
        let committed = db.sizes().await.unwrap().ops;
        println!(
            "{WRITERS} writers: {committed} committed, {} never seen, {:?}",
            committed - found,
            start.elapsed()
        );
        assert_eq!((committed, found), (WRITERS * EACH, WRITERS * EACH));
    });
}

/// Runs a test of this file again with the mistake switched on; returns what it said if it failed.
fn with_the_mistake(test: &str) -> Option<String> {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "--nocapture", &format!("server::db::order::{test}")]);
    let out = again.env("EJIA_TRAP", "T01").output().unwrap();
    (!out.status.success()).then(|| String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn the_test_of_the_order_notices_positions_from_a_sequence() {
    if pg::cluster().is_none() {
        return;
    }
    let said = with_the_mistake("a_later_commit_never_has_an_earlier_position").unwrap();
    assert!(said.contains("the reader never sees position 1"), "{said}");
}
