//! Brings the write-ahead log into the database file beside the writing, not within it: the writer's own automatic checkpoint
//! made one push in a few wait for thousands of scattered pages.

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::sync::Mutex;

use super::sqlite::pool;
use crate::server::db::DbResult;

/// Pages of new log after which they are brought over, 32 MiB: a first sync writes a megabyte a batch, and each time costs two
/// syncs of the disk.
const DUE: i64 = 8_192;
/// Pages of log at which the next writer waits until all of them are brought over, 512 MiB: the writing never paused long enough.
const MOST: i64 = 131_072;

/// A connection of its own for checkpoints.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    connection: SqlitePool,
    /// Held while one runs.
    running: Arc<Mutex<()>>,
}

impl Checkpoints {
    /// Opens the connection.
    pub(super) async fn open(options: SqliteConnectOptions) -> sqlx::Result<Self> {
        Ok(Self { connection: pool(1).connect_with(options).await?, running: Arc::default() })
    }

    /// Called before each writing transaction: starts a checkpoint beside it if one is due, or waits for one if the log is too long.
    pub(super) async fn keep_up(&self) -> DbResult<()> {
        let Ok(running) = Arc::clone(&self.running).try_lock_owned() else { return Ok(()) };
        let (log, done) = self.run("PRAGMA wal_checkpoint(NOOP)").await?;
        if log >= MOST {
            self.run("PRAGMA wal_checkpoint(RESTART)").await?;
        } else if log - done >= DUE {
            let this = self.clone();
            tokio::spawn(async move {
                let _until_done = running;
                if let Err(error) = this.run("PRAGMA wal_checkpoint(PASSIVE)").await {
                    // The log keeps everything; the next writer tries again, and its own statements tell of a broken disk.
                    tracing::warn!(%error, "the write-ahead log could not be brought over");
                }
            });
        }
        Ok(())
    }

    /// Returns how many pages the log has, and how many of them the file has, too.
    async fn run(&self, sql: &'static str) -> DbResult<(i64, i64)> {
        let row = sqlx::query(sql).fetch_one(&self.connection).await?;
        Ok((row.try_get(1)?, row.try_get(2)?))
    }

    /// Waits for the one that runs, and closes the connection.
    pub(super) async fn close(&self) {
        let _none = self.running.lock().await;
        self.connection.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::db::driver::sqlite::{Pools, open};

    async fn write_mebibytes(pools: &Pools, count: u32) {
        for _ in 0..count {
            pools.checkpoints.keep_up().await.unwrap();
            let insert = "INSERT INTO bulk SELECT randomblob(1048576)";
            sqlx::query(insert).execute(&pools.writer).await.unwrap();
        }
    }

    /// Pages of the log, and how many are brought over, once nothing runs.
    async fn pages(pools: &Pools) -> (i64, i64) {
        drop(pools.checkpoints.running.lock().await);
        pools.checkpoints.run("PRAGMA wal_checkpoint(NOOP)").await.unwrap()
    }

    #[tokio::test]
    async fn a_long_log_is_brought_over_beside_the_writing_and_begins_again() {
        let dir = tempfile::tempdir().unwrap();
        let pools = open(&dir.path().join("ejia.db"), true).await.unwrap();
        sqlx::query("CREATE TABLE bulk (bytes BLOB)").execute(&pools.writer).await.unwrap();

        write_mebibytes(&pools, 30).await;
        let (log, done) = pages(&pools).await;
        assert!(log > 30 * 256 && done == 0, "nothing is brought over before it is due: {done}");

        write_mebibytes(&pools, 4).await;
        let (_, done) = pages(&pools).await;
        assert!(done >= DUE, "brought over beside the writing: {done}");

        pools.checkpoints.run("PRAGMA wal_checkpoint(PASSIVE)").await.unwrap();
        write_mebibytes(&pools, 1).await;
        let (log, _) = pages(&pools).await;
        assert!(log < 600, "the log was not begun again: {log}");
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM bulk")
            .fetch_one(&pools.readers)
            .await
            .unwrap();
        assert_eq!(count, 35);
    }
}
