//! The server's tables behind two traits, so that the calls above know no SQL (protocol, Server tables).
//!
//! [`Db`] reads and opens transactions, [`Tx`] is one writing transaction. One suite of tests (`contract`) runs for every
//! backend. It imports `domain`, `sync` and `wire` types; `sqlx` is seen nowhere else. Start at [`rows`].

#[cfg(test)]
mod contract;
pub mod rows;
pub mod sqlite;

use std::path::Path;

use uuid::Uuid;

use crate::domain::access::Role;
use crate::domain::ids::{DeviceId, RecordId, UnitId, UserId};
use crate::sync::{Digest, OpId, UnitTree};
use rows::{
    Account, Alarm, Changes, CodeUse, Device, HistoryRow, Loaded, NewCode, NewDevice, NewTenant,
    OpRow, PageQuery, PageRows, Position, PositionQuery, Quarantined, RecordRow, Returned, Seen,
    Session, Sizes, Stored, Tenant, TokenHash, UniqueRow, UnitQuery, UnitRows, Visible, Wanted,
};

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The file cannot be opened or made.
    #[error("cannot open the database {path}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The file was written by a newer program.
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
    /// Such a row is there already.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
}

impl DbError {
    /// True if the same call may succeed later: the file was busy.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Statement(sqlx::Error::PoolTimedOut) => true,
            Self::Statement(error) => {
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                // The low byte of SQLITE_BUSY and its extended codes.
                code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
            }
            Self::Open { .. }
            | Self::TooNew { .. }
            | Self::Damaged { .. }
            | Self::NoTenant
            | Self::Exists { .. } => false,
        }
    }
}

/// A result of this layer.
pub type DbResult<T> = Result<T, DbError>;

/// Reading, and the way to write. Every method sees one snapshot.
pub trait Db: Clone + Send + Sync + 'static {
    /// Its writing transaction.
    type Tx: Tx;

    /// Opens a writing transaction; there is one at a time.
    fn begin(&self) -> impl Future<Output = DbResult<Self::Tx>> + Send;
    /// Returns the tenant; [`DbError::NoTenant`] before `admin init`.
    fn tenant(&self) -> impl Future<Output = DbResult<Tenant>> + Send;
    /// Returns the device with that token, and its user.
    fn session(&self, token: &TokenHash) -> impl Future<Output = DbResult<Option<Session>>> + Send;
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
    /// Returns what revoked devices handed in, by device, generation and number.
    fn quarantined(&self) -> impl Future<Output = DbResult<Vec<Quarantined>>> + Send;
    /// Counts what the database holds.
    fn sizes(&self) -> impl Future<Output = DbResult<Sizes>> + Send;
    /// Writes a consistent copy into a new file while others go on.
    fn copy_to(&self, file: &Path) -> impl Future<Output = DbResult<()>> + Send;
    /// Finishes what runs and closes the files.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// One writing transaction; dropped without [`Tx::commit`], nothing of it happened.
pub trait Tx: Send {
    /// Takes the tenant's counter row, which orders all writers, and returns it.
    fn lock(&mut self) -> impl Future<Output = DbResult<Tenant>> + Send;
    /// Returns what is stored of a device's operations around a batch.
    fn stored(
        &mut self,
        first: OpId,
        count: usize,
    ) -> impl Future<Output = DbResult<Stored>> + Send;
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
    /// Enrols a device, or gives an enrolled one of the same user a new token; false if the id is another user's.
    fn insert_device(&mut self, device: &NewDevice) -> impl Future<Output = DbResult<bool>> + Send;
    /// Notes what a device said about itself.
    fn see_device(&mut self, seen: &Seen) -> impl Future<Output = DbResult<()>> + Send;
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
    /// Starts a new history.
    fn new_epoch(&mut self, epoch: Uuid) -> impl Future<Output = DbResult<()>> + Send;
    /// Notes when the last verified backup was made.
    fn note_backup(&mut self, now: i64) -> impl Future<Output = DbResult<()>> + Send;
    /// Takes deletions up to a position out of the feed, and exits of before.
    fn raise_tomb_floor(&mut self, floor: u64) -> impl Future<Output = DbResult<()>> + Send;
    /// Keeps something for headquarters to look at.
    fn raise_alarm(&mut self, alarm: &Alarm) -> impl Future<Output = DbResult<()>> + Send;
    /// Keeps a scope under its token.
    fn keep_scope(&mut self, token: u64, body: &[u8]) -> impl Future<Output = DbResult<()>> + Send;
    /// Puts a device and its account back as its certificate says; an account that is there stays as it is. False if the device's id
    /// belongs to another account, or it was revoked.
    fn put_back(&mut self, returned: &Returned) -> impl Future<Output = DbResult<bool>> + Send;
    /// Sets an account's rights and whether it is closed; false if it is unknown.
    fn set_account(
        &mut self,
        user: UserId,
        disabled: bool,
        rights: (Role, UnitId),
    ) -> impl Future<Output = DbResult<bool>> + Send;
    /// Says whether a revoked device shall destroy its data key.
    fn set_wipe(
        &mut self,
        device: DeviceId,
        wipe: bool,
    ) -> impl Future<Output = DbResult<()>> + Send;
    /// Notes that a second copy of a device was seen.
    fn see_clone(
        &mut self,
        device: DeviceId,
        now: i64,
    ) -> impl Future<Output = DbResult<()>> + Send;
    /// Keeps operations of a revoked device; those it has stay as they are.
    fn quarantine(&mut self, ops: &[Quarantined]) -> impl Future<Output = DbResult<()>> + Send;
    /// Returns the account with that id.
    fn account(&mut self, id: UserId) -> impl Future<Output = DbResult<Option<Account>>> + Send;
}
