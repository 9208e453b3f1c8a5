//! Every query, once for both databases (`driver` says what differs).
//!
//! `read` answers from one snapshot, `load` finds what a batch may touch, `write` stores, `copy` moves whole tables between databases.
//! A query keeps to what both understand; lists are tables `j` made by [`Dialect`].

mod care;
mod convert;
mod copy;
mod load;
mod page;
mod read;
mod write;

use super::driver::{Dialect, Link, Pool};
use super::location::Location;
use super::rows::Tenant;
use super::{DbError, DbResult};

/// The number of the one tenant this program serves; a shared database has more.
const TENANT: i64 = 1;

/// A database: a SQLite file or a PostgreSQL server's.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
}

/// A writing transaction.
#[derive(Debug)]
pub struct DatabaseTx {
    link: Link,
    /// The counter row as this transaction has it, once read.
    tenant: Option<Tenant>,
}

impl Database {
    /// Opens a database and brings it to the newest layout. `create` makes a missing file, or the tables in an empty database.
    ///
    /// # Errors
    /// [`DbError::Open`], [`DbError::TooNew`], [`DbError::NoTenant`] for an empty PostgreSQL database without `create`, or
    /// [`DbError::Statement`] if a migration fails.
    pub async fn open(location: impl Into<Location>, create: bool) -> DbResult<Self> {
        Ok(Self { pool: Pool::open(&location.into(), create).await? })
    }
}
