//! PostgreSQL: one database that several server processes may share.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};

use super::{Arg, Table, Type};
use crate::server::db::location::Location;
use crate::server::db::{DbError, DbResult};

/// Layouts in order; each is applied once and never edited afterwards.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/postgres/0001_base.sql")];
/// Connections for writing: the writer task, and what administrators and enrolments do beside it.
const WRITERS: u32 = 4;
/// Connections for reading.
const READERS: u32 = 8;
/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 200;
/// Names the lock under which layouts are applied: "ejia" in ASCII.
const LAYOUT_LOCK: i64 = 0x656a_6961;
/// What every connection sets. Acknowledged means on disk, and on the standby if the cluster waits for one. Every query here goes
/// by an index and keeps its plan, so a plan made while a table was empty must not read whole tables later.
const SETTINGS: [(&str, &str); 9] = [
    ("application_name", "ejia"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_seqscan", "off"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("jit", "off"),
    ("lock_timeout", "20s"),
    ("statement_timeout", "60s"),
    ("timezone", "UTC"),
];

/// A database's connections.
#[derive(Clone, Debug)]
pub(in crate::server::db) struct Pools {
    pub(super) writers: PgPool,
    pub(super) readers: PgPool,
}

/// Connects, and brings the database to the newest layout; an empty one only if `create` says so.
pub(super) async fn open(url: &str, shown: &Location, create: bool) -> DbResult<Pools> {
    let failed = |source| DbError::Open { path: shown.to_string(), source };
    let options = PgConnectOptions::from_str(url).map_err(failed)?;
    let options = options.options(SETTINGS).statement_cache_capacity(STATEMENTS);
    let pool = |size| PgPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE);
    let writers = pool(WRITERS).after_connect(|connection, _| {
        Box::pin(async move {
            // A cluster may be set to answer before the disk does; an acknowledged operation must not depend on that.
            let set = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') \
                       IN ('off', 'local')";
            sqlx::query(set).fetch_optional(connection).await.map(drop)
        })
    });
    let writers = writers.connect_with(options.clone()).await.map_err(failed)?;
    migrate(&writers, create).await?;
    let readers = pool(READERS).connect_with(options).await.map_err(failed)?;
    Ok(Pools { writers, readers })
}

/// Applies the layouts the database does not have yet, all in one transaction.
async fn migrate(pool: &PgPool, create: bool) -> DbResult<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let mut tx = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LAYOUT_LOCK).execute(&mut *tx).await?;
    let there: bool = sqlx::query("SELECT to_regclass('layout') IS NOT NULL")
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
    let found = if there {
        let row = sqlx::query("SELECT number FROM layout").fetch_optional(&mut *tx).await?;
        row.ok_or(DbError::Damaged { table: "layout" })?.try_get(0)?
    } else if create {
        let make = "CREATE TABLE layout (number BIGINT NOT NULL); INSERT INTO layout VALUES (0)";
        sqlx::raw_sql(make).execute(&mut *tx).await?;
        0_i64
    } else {
        return Err(DbError::NoTenant);
    };
    if found > known {
        return Err(DbError::TooNew { found, known });
    }
    for text in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(*text).execute(&mut *tx).await?;
    }
    if crate::trap!(T01) {
        sqlx::raw_sql("CREATE SEQUENCE IF NOT EXISTS trap").execute(&mut *tx).await?;
    }
    if found < known {
        sqlx::query("UPDATE layout SET number = $1").bind(known).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Hands over parameters; lists as arrays.
pub(super) fn bind(statement: Statement<'_>, args: Vec<Arg>) -> Statement<'_> {
    args.into_iter().fold(statement, |statement, arg| match arg {
        Arg::Int(value) => statement.bind(value),
        Arg::OptInt(value) => statement.bind(value),
        Arg::Bytes(value) => statement.bind(value),
        Arg::OptBytes(value) => statement.bind(value),
        Arg::Text(value) => statement.bind(value),
        Arg::Keys(keys) => statement.bind(keys),
        Arg::Numbers(numbers) => statement.bind(numbers),
        Arg::Triples(triples) => {
            let column = |pick: fn(&[i64; 3]) -> i64| triples.iter().map(pick).collect::<Vec<_>>();
            let (a, b, c) = (column(|t| t[0]), column(|t| t[1]), column(|t| t[2]));
            statement.bind(a).bind(b).bind(c)
        }
    })
}

/// The values of one column.
enum Values {
    Ints(Vec<Option<i64>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Texts(Vec<Option<String>>),
}

impl Values {
    fn new(kind: Type, rows: usize) -> Self {
        match kind {
            Type::Int | Type::OptInt => Self::Ints(Vec::with_capacity(rows)),
            Type::Bytes | Type::OptBytes => Self::Bytes(Vec::with_capacity(rows)),
            Type::Text => Self::Texts(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, arg: Arg) -> DbResult<()> {
        match (self, arg) {
            (Self::Ints(values), Arg::Int(value)) => values.push(Some(value)),
            (Self::Ints(values), Arg::OptInt(value)) => values.push(value),
            (Self::Bytes(values), Arg::Bytes(value)) => values.push(Some(value)),
            (Self::Bytes(values), Arg::OptBytes(value)) => values.push(value),
            (Self::Texts(values), Arg::Text(value)) => values.push(Some(value)),
            (Self::Ints(_) | Self::Bytes(_) | Self::Texts(_), _) => {
                return Err(DbError::Damaged { table: "a column's kind" });
            }
        }
        Ok(())
    }

    const fn array(&self) -> &'static str {
        match self {
            Self::Ints(_) => "bigint[]",
            Self::Bytes(_) => "bytea[]",
            Self::Texts(_) => "text[]",
        }
    }
}

/// Inserts all rows by one statement, each column an array.
pub(super) async fn insert(
    connection: &mut PgConnection,
    table: &Table,
    tail: &str,
    rows: Vec<Vec<Arg>>,
) -> DbResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut columns: Vec<Values> =
        table.columns.iter().map(|(_, kind)| Values::new(*kind, rows.len())).collect();
    for row in rows {
        for (column, arg) in columns.iter_mut().zip(row) {
            column.push(arg)?;
        }
    }
    let arrays: Vec<String> = (1..)
        .zip(&columns)
        .map(|(number, values): (usize, _)| format!("${number}::{}", values.array()))
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}){tail}",
        table.name,
        table.names(),
        arrays.join(", ")
    );
    let statement = sqlx::query(AssertSqlSafe(sql));
    let statement = columns.into_iter().fold(statement, |statement, values| match values {
        Values::Ints(values) => statement.bind(values),
        Values::Bytes(values) => statement.bind(values),
        Values::Texts(values) => statement.bind(values),
    });
    statement.execute(connection).await?;
    Ok(())
}
