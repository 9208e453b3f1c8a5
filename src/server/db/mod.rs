//! The server's tables behind two traits, so that the calls above know no SQL (protocol, Server tables).
//!
//! [`Db`] reads and opens transactions, [`Tx`] is one writing transaction. One suite of tests (`contract`) runs for every
//! backend. It imports `domain`, `sync` and `wire` types; `sqlx` is seen nowhere else. Start at [`rows`], then `sql` (the queries).

#[cfg(test)]
mod contract;
mod driver;
pub mod location;
pub mod memory;
#[cfg(test)]
mod order;
pub mod rows;
mod sql;

use std::path::Path;

use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::sync::{Digest, OpId, UnitTree};
use rows::{
    Account, Alarm, Changes, CodeUse, Device, EventRow, HistoryRow, Loaded, Mend, NewCode,
    NewDevice, NewTenant, OpRow, PageQuery, PageRows, Position, PositionQuery, PublicKey,
    Quarantined, RecordRow, Seen, Session, Sizes, Stored, Tenant, TokenHash, UniqueRow, UnitQuery,
    UnitRows, Visible, Wanted,
};
pub use sql::{Database, DatabaseTx};

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The file cannot be opened or made, or the server cannot be reached.
    #[error("cannot open the database {path}")]
    Open {
        /// The file, or the server's address without secrets.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The database was written by a newer program.
    #[error(
        "the database has layout {found}, this program knows up to {known}; use the newer program"
    )]
    TooNew {
        /// Layout found.
        found: i64,
        /// Newest layout known.
        known: i64,
    },
    /// A statement failed.
    #[error("the database refused a statement")]
    Statement(#[from] sqlx::Error),
    /// A row does not hold what it must.
    #[error("a damaged row in table {table}")]
    Damaged {
        /// The table.
        table: &'static str,
    },
    /// `admin init` was not run yet.
    #[error("the database has no tenant yet; run `ejia admin init`")]
    NoTenant,
    /// The database was stopped in the middle of its work; only the one in memory can be.
    #[error("the database was stopped")]
    Stopped,
    /// The database is not in a file.
    #[error("this database has no file")]
    NoFile,
    /// Such a row is there already.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
}

impl DbError {
    /// True if the same call may succeed later: the file was busy, the server is restarting, cannot be reached or has become a
    /// standby. Whether a failed commit took effect is then unknown; who repeats the call gets the stored outcomes.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Statement(
                sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_)
                | sqlx::Error::Io(_),
            ) => true,
            Self::Statement(error) => {
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                code.is_some_and(|code| is_passing(&code))
            }
            Self::Open { .. }
            | Self::TooNew { .. }
            | Self::Damaged { .. }
            | Self::NoTenant
            | Self::Stopped
            | Self::NoFile
            | Self::Exists { .. } => false,
        }
    }
}

impl DbError {
    /// True if the database's disk has no room: nothing was changed, and somebody has to make some.
    pub fn is_full(&self) -> bool {
        let Self::Statement(error) = self else { return false };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // SQLITE_FULL; PostgreSQL's disk_full.
        code.is_some_and(|code| code == "13" || code == "53100")
    }
}

/// PostgreSQL's codes for what passes by itself, besides a lost connection: serialisation, deadlock; read-only because it is a
/// standby now; too many connections; a lock or a statement took too long; shut down, crashed, starting up; idle too long.
const PASSING: [&str; 10] =
    ["40001", "40P01", "25006", "53300", "55P03", "57014", "57P01", "57P02", "57P03", "25P03"];

/// True for the codes of what passes by itself.
fn is_passing(code: &str) -> bool {
    if code.len() < 5 {
        // The low byte of SQLITE_BUSY and its extended codes.
        return code.parse::<u32>().is_ok_and(|code| code & 0xff == 5);
    }
    code.starts_with("08") || PASSING.contains(&code)
}

/// A result of this layer.
pub type DbResult<T> = Result<T, DbError>;

/// Reading, and the way to write. Every method sees one snapshot.
pub trait Db: Clone + Send + Sync + 'static {
    /// Its writing transaction.
    type Tx: Tx;

    /// Opens a writing transaction; there is one at a time, in all processes together.
    fn begin(&self) -> impl Future<Output = DbResult<Self::Tx>> + Send;
    /// Returns the tenant; [`DbError::NoTenant`] before `admin init`.
    fn tenant(&self) -> impl Future<Output = DbResult<Tenant>> + Send;
    /// Returns the device whose session has that token, its user, and when the session is over.
    fn session(&self, token: &TokenHash) -> impl Future<Output = DbResult<Option<Session>>> + Send;
    /// Returns a device's public key.
    fn device_key(&self, id: DeviceId) -> impl Future<Output = DbResult<Option<PublicKey>>> + Send;
    /// Returns all units.
    fn units(&self) -> impl Future<Output = DbResult<UnitTree>> + Send;
    /// Returns where server and device stand, for an opening.
    fn position(&self, query: &PositionQuery) -> impl Future<Output = DbResult<Position>> + Send;
    /// Returns the rows of one page, with the head of the same snapshot.
    fn page(&self, query: &PageQuery) -> impl Future<Output = DbResult<PageRows>> + Send;
    /// Returns the stored row of one record.
    fn record(&self, id: RecordId) -> impl Future<Output = DbResult<Option<RecordRow>>> + Send;
    /// Returns the operations about a record, oldest first.
    fn history(&self, id: RecordId) -> impl Future<Output = DbResult<Vec<HistoryRow>>> + Send;
    /// Returns operations after a position, at most `limit`.
    fn ops_after(&self, seq: u64, limit: u32) -> impl Future<Output = DbResult<Vec<OpRow>>> + Send;
    /// Returns records after an id, by id, at most `limit`.
    fn records_after(
        &self,
        id: Option<RecordId>,
        limit: u32,
    ) -> impl Future<Output = DbResult<Vec<RecordRow>>> + Send;
    /// Returns the records of a reserved kind that are still open: those with [`RecordRow::about`].
    fn open_of(&self, kind: u16) -> impl Future<Output = DbResult<Vec<RecordRow>>> + Send;
    /// Returns how far the numbers of each sort are given out.
    fn series(&self) -> impl Future<Output = DbResult<Vec<RecordRow>>> + Send;
    /// Returns every unique value.
    fn unique_values(&self) -> impl Future<Output = DbResult<Vec<UniqueRow>>> + Send;
    /// Returns the value that holds a unique key.
    fn unique_holder(
        &self,
        kind: u16,
        field: u16,
        key: &[u8],
    ) -> impl Future<Output = DbResult<Option<RecordId>>> + Send;
    /// Returns all user accounts, by name.
    fn accounts(&self) -> impl Future<Output = DbResult<Vec<Account>>> + Send;
    /// Returns all devices, by id.
    fn devices(&self) -> impl Future<Output = DbResult<Vec<Device>>> + Send;
    /// Returns the chain value at a position; zeros at the start, `None` beyond the head.
    fn chain_at(&self, seq: u64) -> impl Future<Output = DbResult<Option<Digest>>> + Send;
    /// Returns when the operation at a position arrived; `None` if there is none.
    fn recv_at(&self, seq: u64) -> impl Future<Output = DbResult<Option<i64>>> + Send;
    /// Returns the last number of every device and generation.
    fn generations(&self) -> impl Future<Output = DbResult<Vec<(DeviceId, u32, u64)>>> + Send;
    /// Returns what was kept of a scope under its token.
    fn scope(&self, token: u64) -> impl Future<Output = DbResult<Option<Vec<u8>>>> + Send;
    /// Returns rows of one unit, older ones too.
    fn unit_rows(&self, query: &UnitQuery) -> impl Future<Output = DbResult<UnitRows>> + Send;
    /// Visits unit, id and position of every live record in sight, and returns the head of the same snapshot.
    fn live_rows(
        &self,
        visible: &Visible,
        visit: &mut (dyn FnMut(UnitId, RecordId, u64) + Send),
    ) -> impl Future<Output = DbResult<Tenant>> + Send;
    /// Returns the newest alarms, newest first.
    fn alarms(&self, limit: u32) -> impl Future<Output = DbResult<Vec<Alarm>>> + Send;
    /// Returns events after a number, oldest first, at most `limit`.
    fn events(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = DbResult<Vec<EventRow>>> + Send;
    /// Returns what revoked devices handed in, by device, generation and number.
    fn quarantined(&self) -> impl Future<Output = DbResult<Vec<Quarantined>>> + Send;
    /// Returns the server's secret, where it is kept in the database.
    fn secret(&self) -> impl Future<Output = DbResult<Option<[u8; 32]>>> + Send;
    /// Counts what the database holds.
    fn sizes(&self) -> impl Future<Output = DbResult<Sizes>> + Send;
    /// Notes what a device said about itself; it needs no order among the writers.
    fn see_device(&self, seen: &Seen) -> impl Future<Output = DbResult<()>> + Send;
    /// Writes a consistent copy into a new SQLite file while others go on.
    fn copy_to(&self, file: &Path) -> impl Future<Output = DbResult<()>> + Send;
    /// Finishes what runs and closes the files.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// One writing transaction; dropped without [`Tx::commit`], nothing of it happened.
pub trait Tx: Send {
    /// Returns the tenant's counter row, which orders all writers; the transaction holds it.
    fn lock(&mut self) -> impl Future<Output = DbResult<Tenant>> + Send;
    /// Returns what is stored of devices' operations around batches: first operation and how many, each of another device.
    fn stored(
        &mut self,
        batches: &[(OpId, usize)],
    ) -> impl Future<Output = DbResult<Vec<Stored>>> + Send;
    /// Returns the units, for a writer that does not have them.
    fn units(&mut self) -> impl Future<Output = DbResult<UnitTree>> + Send;
    /// Returns everything a batch may touch.
    fn load(&mut self, wanted: &Wanted) -> impl Future<Output = DbResult<Loaded>> + Send;
    /// Writes what a batch changed.
    fn store(&mut self, changes: Changes) -> impl Future<Output = DbResult<()>> + Send;
    /// Starts the part of the transaction that belongs to one batch.
    fn savepoint(&mut self) -> impl Future<Output = DbResult<()>> + Send;
    /// Keeps that part.
    fn release(&mut self) -> impl Future<Output = DbResult<()>> + Send;
    /// Takes that part back.
    fn rollback(&mut self) -> impl Future<Output = DbResult<()>> + Send;
    /// Makes everything durable.
    fn commit(self) -> impl Future<Output = DbResult<()>> + Send;

    /// Makes the tenant.
    fn insert_tenant(&mut self, tenant: &NewTenant) -> impl Future<Output = DbResult<()>> + Send;
    /// Makes an account; [`DbError::Exists`] if the name is taken.
    fn insert_account(&mut self, account: &Account) -> impl Future<Output = DbResult<()>> + Send;
    /// Closes or opens an account; false if there is none of that name.
    fn set_disabled(
        &mut self,
        name: &str,
        disabled: bool,
    ) -> impl Future<Output = DbResult<bool>> + Send;
    /// Stores a one-time code's hash.
    fn insert_code(&mut self, code: &NewCode) -> impl Future<Output = DbResult<()>> + Send;
    /// Uses a code up.
    fn use_code(
        &mut self,
        hash: &TokenHash,
        now: i64,
    ) -> impl Future<Output = DbResult<CodeUse>> + Send;
    /// Enrols a device, or gives an enrolled one of the same user a new key; false if the id is another user's.
    fn insert_device(&mut self, device: &NewDevice) -> impl Future<Output = DbResult<bool>> + Send;
    /// Sets a device's state word; false if it is unknown.
    fn set_device_state(
        &mut self,
        device: DeviceId,
        state: &str,
    ) -> impl Future<Output = DbResult<bool>> + Send;
    /// Notes up to which operation devices are inside a verified backup.
    fn set_durable(
        &mut self,
        durable: &[(DeviceId, u32, u64)],
    ) -> impl Future<Output = DbResult<()>> + Send;
    /// Writes what a restore, a revocation or the daily upkeep changes; false if what it is about is not there or may not change.
    fn mend(&mut self, mend: &Mend) -> impl Future<Output = DbResult<bool>> + Send;
    /// Returns the account with that id.
    fn account(&mut self, id: UserId) -> impl Future<Output = DbResult<Option<Account>>> + Send;
}
