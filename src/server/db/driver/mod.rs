//! Both databases under the same few verbs, so that every query is written once (`super::sql`).
//!
//! What differs is small and stands here: how a transaction begins, how a list is handed over as one parameter, how many rows are
//! inserted at once. It imports nothing of ours but errors and ids. Start at [`Pool`] and [`Link`].

mod checkpoint;
mod postgres;
mod sqlite;
mod values;

use std::borrow::Cow;
use std::path::Path;

use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, PgConnection, Postgres, SqlSafeStr as _, Sqlite, SqliteConnection, Transaction,
};

use super::location::Location;
use super::{DbError, DbResult};
pub(super) use values::{Arg, Row, Table, Type, args, four};
pub(super) use values::{Type::Bytes, Type::Int, Type::OptBytes, Type::OptInt, Type::Text};

/// Text of a statement; parameters are `$1`, `$2` and so on in both.
pub(super) type Sql = Cow<'static, str>;

/// Which of the two it is, where their SQL differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Ids or other bytes, handed over as parameter `number` ([`Arg::Keys`]): a table `j` with a column `id`.
    pub(super) fn keys(self, number: u8) -> String {
        match self {
            Self::Sqlite => format!("(SELECT unhex(value) AS id FROM json_each(${number})) j"),
            Self::Postgres => format!("unnest(${number}::bytea[]) AS j(id)"),
        }
    }

    /// Numbers, handed over as parameter `number` ([`Arg::Numbers`]): a table `j` with a column `no`.
    pub(super) fn numbers(self, number: u8) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value AS no FROM json_each(${number})) j"),
            Self::Postgres => format!("unnest(${number}::bigint[]) AS j(no)"),
        }
    }

    /// Rows of four numbers ([`Arg::Fours`]), which must be the last parameter: a table `j` with columns `a`, `b`, `c`, `d`.
    pub(super) fn fours(self, number: u8) -> String {
        let place = |column: u8| number.saturating_add(column);
        match self {
            Self::Sqlite => format!(
                "(SELECT value ->> 0 AS a, value ->> 1 AS b, value ->> 2 AS c, value ->> 3 AS d FROM json_each(${number})) j"
            ),
            Self::Postgres => format!(
                "unnest(${number}::bigint[], ${}::bigint[], ${}::bigint[], ${}::bigint[]) AS j(a, b, c, d)",
                place(1),
                place(2),
                place(3)
            ),
        }
    }

    /// Looks up in a table, for each row of a list, by an index: `on` says how, with the table under the name `alias`. The list is gone
    /// through first, whatever the planner thinks of the table: SQLite's has no statistics, PostgreSQL's may be of when it was empty.
    pub(super) fn each(
        self,
        list: &str,
        (table, alias): (&str, &str),
        by: &str,
        on: &str,
    ) -> String {
        match self {
            Self::Sqlite => {
                format!("{list} CROSS JOIN {table} {alias}{} ON {on}", self.by_index(by))
            }
            Self::Postgres => format!(
                "{list} CROSS JOIN LATERAL (SELECT {alias}.* FROM {table} {alias} WHERE {on} OFFSET 0) {alias}"
            ),
        }
    }

    /// Names the index that SQLite must use; nothing leaves it to the key.
    pub(super) fn by_index(self, index: &str) -> String {
        match self {
            Self::Sqlite if index.is_empty() => String::new(),
            Self::Sqlite => format!(" INDEXED BY {index}"),
            Self::Postgres => String::new(),
        }
    }
}

/// The connections to one database.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    /// To a file.
    Sqlite(sqlite::Pools),
    /// To a server.
    Postgres(postgres::Pools),
}

/// One connection in use, inside a transaction or for single statements.
///
/// Dropped without [`Link::commit`], nothing of its transaction happened.
#[derive(Debug)]
pub(super) enum Link {
    /// A file's connection for single statements.
    SqliteOne(PoolConnection<Sqlite>),
    /// A transaction in a file.
    SqliteTx(Transaction<'static, Sqlite>),
    /// A server's connection for single statements.
    PostgresOne(PoolConnection<Postgres>),
    /// A transaction on a server.
    PostgresTx(Transaction<'static, Postgres>),
}

enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Pool {
    /// Opens a database and brings it to the newest layout; `create` makes a file, or the tables in an empty database.
    pub(super) async fn open(location: &Location, create: bool) -> DbResult<Self> {
        match location {
            Location::File(file) => Ok(Self::Sqlite(sqlite::open(file, create).await?)),
            Location::Postgres(url) => {
                Ok(Self::Postgres(postgres::open(url, location, create).await?))
            }
        }
    }

    /// Begins a writing transaction.
    pub(super) async fn write(&self) -> DbResult<Link> {
        Ok(match self {
            Self::Sqlite(pools) => {
                pools.checkpoints.keep_up().await?;
                Link::SqliteTx(pools.writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(pools) => {
                let held = pools.acquire(&pools.writers).await?;
                Link::PostgresTx(Transaction::begin(held, None).await?)
            }
        })
    }

    /// Begins a reading transaction that sees one state of everything.
    pub(super) async fn snapshot(&self) -> DbResult<Link> {
        Ok(match self {
            Self::Sqlite(pools) => Link::SqliteTx(pools.readers.begin().await?),
            Self::Postgres(pools) => {
                let held = pools.acquire(&pools.readers).await?;
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".into_sql_str();
                Link::PostgresTx(Transaction::begin(held, Some(begin)).await?)
            }
        })
    }

    /// Takes a connection for a single reading statement.
    pub(super) async fn reader(&self) -> DbResult<Link> {
        Ok(match self {
            Self::Sqlite(pools) => Link::SqliteOne(pools.readers.acquire().await?),
            Self::Postgres(pools) => Link::PostgresOne(pools.acquire(&pools.readers).await?),
        })
    }

    /// Takes a connection for a single writing statement.
    pub(super) async fn writer(&self) -> DbResult<Link> {
        Ok(match self {
            Self::Sqlite(pools) => Link::SqliteOne(pools.writer.acquire().await?),
            Self::Postgres(pools) => Link::PostgresOne(pools.acquire(&pools.writers).await?),
        })
    }

    /// Writes a file's consistent copy; `false` if this is no file.
    pub(super) async fn copy_file(&self, file: &Path) -> DbResult<bool> {
        match self {
            Self::Sqlite(pools) => sqlite::copy(pools, file).await.map(|()| true),
            Self::Postgres(_) => Ok(false),
        }
    }

    /// Finishes what runs and closes the connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pools) => {
                pools.checkpoints.close().await;
                pools.readers.close().await;
                pools.writer.close().await;
            }
            Self::Postgres(pools) => {
                pools.readers.close().await;
                pools.writers.close().await;
            }
        }
    }
}

impl Link {
    fn inner(&mut self) -> Connection<'_> {
        match self {
            Self::SqliteOne(held) => Connection::Sqlite(held),
            Self::SqliteTx(tx) => Connection::Sqlite(tx),
            Self::PostgresOne(held) => Connection::Postgres(held),
            Self::PostgresTx(tx) => Connection::Postgres(tx),
        }
    }

    /// Which SQL it speaks.
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::SqliteOne(_) | Self::SqliteTx(_) => Dialect::Sqlite,
            Self::PostgresOne(_) | Self::PostgresTx(_) => Dialect::Postgres,
        }
    }

    /// Returns every row.
    pub(super) async fn all(
        &mut self,
        sql: impl Into<Sql> + Send,
        args: Vec<Arg>,
    ) -> DbResult<Vec<Row>> {
        let sql = AssertSqlSafe(sql.into());
        Ok(match self.inner() {
            Connection::Sqlite(connection) => {
                let rows = sqlite::bind(sqlx::query(sql), args).fetch_all(connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Connection::Postgres(connection) => {
                let rows = postgres::bind(sqlx::query(sql), args).fetch_all(connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Returns the row, if there is one.
    pub(super) async fn optional(
        &mut self,
        sql: impl Into<Sql> + Send,
        args: Vec<Arg>,
    ) -> DbResult<Option<Row>> {
        let sql = AssertSqlSafe(sql.into());
        Ok(match self.inner() {
            Connection::Sqlite(connection) => sqlite::bind(sqlx::query(sql), args)
                .fetch_optional(connection)
                .await?
                .map(Row::Sqlite),
            Connection::Postgres(connection) => postgres::bind(sqlx::query(sql), args)
                .fetch_optional(connection)
                .await?
                .map(Row::Postgres),
        })
    }

    /// Returns the one row there must be.
    pub(super) async fn one(
        &mut self,
        sql: impl Into<Sql> + Send,
        args: Vec<Arg>,
    ) -> DbResult<Row> {
        self.optional(sql, args).await?.ok_or(DbError::Statement(sqlx::Error::RowNotFound))
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) async fn run(
        &mut self,
        sql: impl Into<Sql> + Send,
        args: Vec<Arg>,
    ) -> DbResult<u64> {
        let sql = AssertSqlSafe(sql.into());
        Ok(match self.inner() {
            Connection::Sqlite(connection) => {
                sqlite::bind(sqlx::query(sql), args).execute(connection).await?.rows_affected()
            }
            Connection::Postgres(connection) => {
                postgres::bind(sqlx::query(sql), args).execute(connection).await?.rows_affected()
            }
        })
    }

    /// Runs statements without parameters.
    pub(super) async fn raw(&mut self, sql: impl Into<Sql> + Send) -> DbResult<()> {
        let sql = AssertSqlSafe(sql.into());
        match self.inner() {
            Connection::Sqlite(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
            Connection::Postgres(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
        }
        Ok(())
    }

    /// Inserts rows, few statements with many rows each. Each row has a value for every column; `tail` follows the values.
    pub(super) async fn insert(
        &mut self,
        table: &Table,
        tail: &str,
        rows: Vec<Vec<Arg>>,
    ) -> DbResult<()> {
        match self.inner() {
            Connection::Sqlite(connection) => sqlite::insert(connection, table, tail, rows).await,
            Connection::Postgres(connection) => {
                postgres::insert(connection, table, tail, rows).await
            }
        }
    }

    /// Inserts rows of which none is in the table.
    pub(super) async fn append(&mut self, table: &Table, rows: Vec<Vec<Arg>>) -> DbResult<()> {
        match self.inner() {
            Connection::Sqlite(connection) => sqlite::insert(connection, table, "", rows).await,
            Connection::Postgres(connection) => postgres::append(connection, table, rows).await,
        }
    }

    /// Makes the transaction durable.
    pub(super) async fn commit(self) -> DbResult<()> {
        match self {
            Self::SqliteTx(tx) => tx.commit().await?,
            Self::PostgresTx(tx) => tx.commit().await?,
            Self::SqliteOne(_) | Self::PostgresOne(_) => {}
        }
        Ok(())
    }
}
