//! PostgreSQL: one database that several server processes may share.

use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Postgres, Row as _};
use tokio::sync::Mutex;

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
/// How long one server of several may take to answer before the others are asked.
const LOOK: Duration = Duration::from_secs(1);
/// Pause before a pool is asked again.
const PAUSE: Duration = Duration::from_millis(50);
/// Rows from which a COPY costs less than a prepared statement.
const COPY_FROM: usize = 32;
/// How long a connection may have lain idle and be used without asking whether it still lives.
const FRESH: Duration = Duration::from_secs(1);
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

/// A database's connections, all to the one server that takes writes.
#[derive(Clone)]
pub(in crate::server::db) struct Pools {
    pub(super) writers: PgPool,
    pub(super) readers: PgPool,
    /// How to reach each server of the cluster.
    hosts: Arc<[PgConnectOptions]>,
    looking: Arc<Mutex<()>>,
}

/// How to reach the servers may name a password.
impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pools").field("hosts", &self.hosts.len()).finish_non_exhaustive()
    }
}

/// Connects, and brings the database to the newest layout; an empty one only if `create` says so.
pub(super) async fn open(url: &str, shown: &Location, create: bool) -> DbResult<Pools> {
    let failed = |source| DbError::Open { path: shown.to_string(), source };
    let hosts: Arc<[PgConnectOptions]> =
        each_host(url).iter().map(|url| options(url)).collect::<Result<_, _>>().map_err(failed)?;
    let primary = primary(&hosts).await.map_err(failed)?;
    let pool = |size| {
        let pool = PgPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE);
        // Asking before every use would cost a round trip for each request.
        let pool = pool.test_before_acquire(false).before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
        pool.after_connect(|connection, _| Box::pin(ready(connection)))
    };
    let writers = pool(WRITERS).connect_with(primary.clone()).await.map_err(failed)?;
    migrate(&writers, create).await?;
    let readers = pool(READERS).connect_with(primary).await.map_err(failed)?;
    Ok(Pools { writers, readers, hosts, looking: Arc::default() })
}

fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    Ok(options.options(SETTINGS).statement_cache_capacity(STATEMENTS))
}

/// Makes one URL for each host of a URL that names several: between commas, before the path or as parameter `host`.
fn each_host(url: &str) -> Vec<String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(u, h)| (u, h));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    let parameters = || query.split('&').filter(|one| !one.is_empty());
    let named = |name: &str| parameters().find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
    let kept: Vec<&str> = parameters()
        .filter(|one| {
            let name = one.split_once('=').map_or(*one, |(name, _)| name);
            // Whoever takes writes is looked for in any case.
            !["host", "port", "target_session_attrs"].contains(&name)
        })
        .collect();
    let one = |host: &str, further: &[String]| {
        let mut query: Vec<&str> = kept.clone();
        query.extend(further.iter().map(String::as_str));
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{scheme}://{user}{host}/{path}{mark}{}", query.join("&"))
    };
    let mut ports = named("port").unwrap_or("").split(',').cycle();
    let mut further = |host: Option<&str>| {
        let port = ports.next().filter(|port| !port.is_empty());
        let port = port.map(|port| format!("port={port}"));
        host.map(|host| format!("host={host}")).into_iter().chain(port).collect::<Vec<_>>()
    };
    match named("host") {
        Some(list) => list.split(',').map(|host| one(hosts, &further(Some(host)))).collect(),
        None => hosts.split(',').map(|host| one(host, &further(None))).collect(),
    }
}

/// Returns the first server that takes writes.
async fn primary(hosts: &[PgConnectOptions]) -> Result<PgConnectOptions, sqlx::Error> {
    let mut failed = sqlx::Error::PoolTimedOut;
    for host in hosts {
        let ready = async {
            let mut connection = host.connect().await?;
            ready(&mut connection).await?;
            connection.close().await
        };
        match tokio::time::timeout(LOOK, ready).await {
            Ok(Ok(())) => return Ok(host.clone()),
            Ok(Err(error)) => failed = error,
            Err(_elapsed) => {}
        }
    }
    Err(failed)
}

/// Checks that a connection leads to the server that takes writes, and that it answers a commit only when the disk, and the
/// standby if the cluster waits for one, has it.
async fn ready(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT pg_is_in_recovery(), CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
               THEN set_config('synchronous_commit', 'on', false) END";
    let standby: bool = sqlx::query(sql).fetch_one(connection).await?.try_get(0)?;
    if standby {
        return Err(sqlx::Error::Io(std::io::Error::other("the server is a standby")));
    }
    Ok(())
}

impl Pools {
    /// Takes a connection out of a pool. If that takes long and the cluster has several servers, another one may have become the
    /// primary: it is looked for, and further connections lead there.
    pub(super) async fn acquire(&self, pool: &PgPool) -> DbResult<PoolConnection<Postgres>> {
        if self.hosts.len() == 1 {
            return Ok(pool.acquire().await?);
        }
        let end = Instant::now() + ACQUIRE;
        loop {
            let failed = match tokio::time::timeout(LOOK, pool.acquire()).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => error,
                Err(_elapsed) => sqlx::Error::PoolTimedOut,
            };
            if Instant::now() >= end {
                return Err(failed.into());
            }
            self.follow().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Looks for the primary, unless somebody else does.
    async fn follow(&self) {
        let Ok(_alone) = self.looking.try_lock() else { return };
        if let Ok(primary) = primary(&self.hosts).await {
            self.writers.set_connect_options(primary.clone());
            self.readers.set_connect_options(primary);
        }
    }
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
        Arg::Fours(rows) => {
            let column = |pick: fn(&[i64; 4]) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
            let (a, b) = (column(|row| row[0]), column(|row| row[1]));
            statement.bind(a).bind(b).bind(column(|row| row[2])).bind(column(|row| row[3]))
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

/// What stands before the rows of a binary COPY: signature, no flags, no extension.
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Appends rows that are not in the table, by COPY, which costs the server half of what an insert does.
pub(super) async fn append(
    connection: &mut PgConnection,
    table: &Table,
    rows: Vec<Vec<Arg>>,
) -> DbResult<()> {
    if rows.len() < COPY_FROM {
        return insert(connection, table, "", rows).await;
    }
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.names());
    let rows = copied(&rows)?;
    let mut copy = connection.copy_in_raw(&sql).await?;
    copy.send(rows).await?;
    copy.finish().await?;
    Ok(())
}

/// Writes rows as a binary COPY reads them.
fn copied(rows: &[Vec<Arg>]) -> DbResult<Vec<u8>> {
    let too_long = |_range| DbError::Damaged { table: "a row to copy" };
    let mut out = Vec::with_capacity(COPY_HEAD.len() + rows.len() * 512);
    out.extend(COPY_HEAD);
    for row in rows {
        out.extend(i16::try_from(row.len()).map_err(too_long)?.to_be_bytes());
        for arg in row {
            let number;
            let value = match arg {
                Arg::Int(value) | Arg::OptInt(Some(value)) => {
                    number = value.to_be_bytes();
                    Some(number.as_slice())
                }
                Arg::Bytes(value) | Arg::OptBytes(Some(value)) => Some(value.as_slice()),
                Arg::Text(value) => Some(value.as_bytes()),
                Arg::OptInt(None) | Arg::OptBytes(None) => None,
                Arg::Keys(_) | Arg::Numbers(_) | Arg::Fours(_) => {
                    return Err(DbError::Damaged { table: "a column's kind" });
                }
            };
            let length = value.map_or(Ok(-1), |value| i32::try_from(value.len()));
            out.extend(length.map_err(too_long)?.to_be_bytes());
            out.extend(value.unwrap_or_default());
        }
    }
    out.extend((-1_i16).to_be_bytes());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::each_host;

    #[test]
    fn a_url_with_several_hosts_is_one_url_for_each() {
        let both =
            each_host("postgres://u:p@a:1,b:2/db?target_session_attrs=read-write&sslmode=require");
        assert_eq!(
            both,
            ["postgres://u:p@a:1/db?sslmode=require", "postgres://u:p@b:2/db?sslmode=require"]
        );
        let sockets = each_host("postgres:///db?host=/tmp/a,/tmp/b&user=u&port=5433");
        let one = |dir| format!("postgres:///db?user=u&host={dir}&port=5433");
        assert_eq!(sockets, [one("/tmp/a"), one("/tmp/b")]);
        assert_eq!(each_host("postgres://localhost"), ["postgres://localhost/"]);
    }
}
