//! The SQLite backend: one file in WAL mode, one writing connection, a few reading ones.

mod care;
mod convert;
mod read;
mod write;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row as _, Sqlite as Driver, Transaction};

use super::{DbError, DbResult};

/// Layouts in order; each is applied once and never edited afterwards.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/sqlite/0001_base.sql")];
/// How long a statement waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection: each multi-row statement exists in a few sizes.
const STATEMENTS: usize = 200;
/// Memory for pages of each connection, 64 MiB: unique values come in no order, and each would read a page again.
const CACHE: &str = "-65536";
/// Pages in the write-ahead log before they go to the database file, 32 MiB: a first sync writes a megabyte a batch, and each time
/// costs two syncs of the disk.
const CHECKPOINT: &str = "8192";
/// Connections for reading.
const READERS: u32 = 4;

/// A SQLite database.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// A writing transaction.
#[derive(Debug)]
pub struct SqliteTx {
    tx: Transaction<'static, Driver>,
}

impl Sqlite {
    /// Opens a file, makes it if `create` says so, and brings it to the newest layout.
    ///
    /// # Errors
    /// [`DbError::Open`], [`DbError::TooNew`], or [`DbError::Statement`] if a migration fails.
    pub async fn open(file: &Path, create: bool) -> DbResult<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true)
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT)
            .statement_cache_capacity(STATEMENTS);
        let failed = |source| DbError::Open { path: file.display().to_string(), source };
        if create && !file.exists() {
            make_private(file).map_err(|source| failed(source.into()))?;
        }
        let writer =
            SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await;
        let writer = writer.map_err(failed)?;
        migrate(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await;
        Ok(Self { writer, readers: readers.map_err(failed)? })
    }
}

/// Makes an empty file that only its owner may read, whatever the umask says: the log and index that SQLite puts beside it take
/// their mode from it.
fn make_private(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Applies the layouts the file does not have yet, each in its own transaction.
async fn migrate(pool: &SqlitePool) -> DbResult<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query("PRAGMA user_version").fetch_one(&mut *tx).await?.try_get(0)?;
    if found > known {
        return Err(DbError::TooNew { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for text in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(*text).execute(&mut *tx).await?;
    }
    if found < known {
        let set = format!("PRAGMA user_version = {known}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
