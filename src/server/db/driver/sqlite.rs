//! SQLite: one file in WAL mode, one writing connection, a few reading ones.

use std::path::Path;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Sqlite, SqliteConnection};

use super::checkpoint::Checkpoints;
use super::{Arg, Table};
use crate::server::db::{DbError, DbResult};
use crate::wire::frame::hex;

/// Layouts in order; each is applied once and never edited afterwards.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/sqlite/0001_base.sql")];
/// How long a statement waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection: each multi-row statement exists in a few sizes.
const STATEMENTS: usize = 200;
/// Memory for pages of each connection, 64 MiB: unique values come in no order, and each would read a page again.
const CACHE: &str = "-65536";
/// Rows a statement may be ahead of its reader: each time one waits for the other costs a switch between threads.
const ROWS_AHEAD: usize = 1_024;
/// Connections for reading.
const READERS: u32 = 4;
/// Rows of one multi-row statement, largest first: few sizes, so that each is prepared once.
const SIZES: [usize; 4] = [200, 40, 8, 1];

/// A file's connections.
#[derive(Clone, Debug)]
pub(in crate::server::db) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    pub(super) checkpoints: Checkpoints,
}

/// Opens a file, makes it if `create` says so, and brings it to the newest layout.
pub(super) async fn open(file: &Path, create: bool) -> DbResult<Pools> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(if crate::trap!(T47) {
            SqliteSynchronous::Normal
        } else {
            SqliteSynchronous::Full
        })
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // What is erased is written over, not only forgotten.
        .pragma("secure_delete", "ON")
        .pragma("cache_size", CACHE)
        // Checkpoints have a connection of their own.
        .pragma("wal_autocheckpoint", "0")
        .row_buffer_size(ROWS_AHEAD)
        .statement_cache_capacity(STATEMENTS);
    let failed = |source| DbError::Open { path: file.display().to_string(), source };
    if create && !file.exists() {
        make_private(file).map_err(|source| failed(source.into()))?;
    }
    let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
    migrate(&writer).await?;
    let readers = pool(READERS).connect_with(options.clone()).await.map_err(failed)?;
    let checkpoints = Checkpoints::open(options).await.map_err(failed)?;
    Ok(Pools { writer, readers, checkpoints })
}

/// Keeps connections. A full or broken disk makes SQLite roll back by itself, which the driver does not notice: such a connection
/// could never begin again, and is closed.
pub(super) fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).before_acquire(|connection, _meta| {
        let fit = !connection.is_in_transaction();
        Box::pin(async move { Ok(fit) })
    })
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

/// Writes a consistent copy into a new file.
pub(super) async fn copy(pools: &Pools, file: &Path) -> DbResult<()> {
    // SQLite writes a copy into an empty file, too, and keeps its mode.
    make_private(file).map_err(sqlx::Error::Io)?;
    let mut connection = pools.readers.acquire().await?;
    let name = file.to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut *connection).await?;
    Ok(())
}

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Hands over parameters; lists as JSON texts.
pub(super) fn bind(statement: Statement<'_>, args: Vec<Arg>) -> Statement<'_> {
    args.into_iter().fold(statement, |statement, arg| match arg {
        Arg::Int(value) => statement.bind(value),
        Arg::OptInt(value) => statement.bind(value),
        Arg::Bytes(value) => statement.bind(value),
        Arg::OptBytes(value) => statement.bind(value),
        Arg::Text(value) => statement.bind(value),
        Arg::Keys(keys) => {
            statement.bind(array(keys.iter().map(|key| format!("\"{}\"", hex(key)))))
        }
        Arg::Numbers(numbers) => statement.bind(array(numbers.iter().map(i64::to_string))),
        Arg::Fours(rows) => {
            statement.bind(array(rows.iter().map(|[a, b, c, d]| format!("[{a},{b},{c},{d}]"))))
        }
    })
}

fn array(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

/// Runs a multi-row insert.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    tail: &str,
    rows: Vec<Vec<Arg>>,
) -> DbResult<()> {
    let one = format!("({})", vec!["?"; table.columns.len()].join(","));
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for size in SIZES {
        if left < size {
            continue;
        }
        let values = vec![one.as_str(); size].join(",");
        let sql = format!("INSERT INTO {} ({}) VALUES {values}{tail}", table.name, table.names());
        while left >= size {
            let now: Vec<Arg> = rows.by_ref().take(size).flatten().collect();
            bind(sqlx::query(AssertSqlSafe(sql.as_str())), now).execute(&mut *connection).await?;
            left -= size;
        }
    }
    Ok(())
}
