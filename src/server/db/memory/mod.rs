//! The backend without a file: for tests and the simulator, which also stops it in the middle of a call and sets it back.
//!
//! What is committed is behind one shared pointer, so that a copy of the whole database costs nothing until the next change.

mod state;
mod tx;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as Turn;

use super::rows::{
    Account, Alarm, Device, EventRow, HistoryRow, OpRow, PageQuery, PageRows, Position,
    PositionQuery, PublicKey, Quarantined, RecordRow, Seen, Session, Sizes, Tenant, TokenHash,
    UniqueRow, UnitQuery, UnitRows, Visible,
};
use super::{Db, DbError, DbResult, Tx as _};
use crate::domain::ids::{DeviceId, RecordId, UnitId};
use crate::sync::{Digest, UnitTree};
use state::{State, Write};
pub use tx::MemoryTx;

/// A database in memory; clones are the same database.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    shared: Arc<Shared>,
}

/// The whole database as it was at one time.
#[derive(Clone, Debug)]
pub struct Snapshot(Arc<State>);

impl Snapshot {
    /// Returns the last position in it.
    pub fn head_seq(&self) -> u64 {
        self.0.tenant().map_or(0, |tenant| tenant.head_seq)
    }
}

#[derive(Debug)]
struct Shared {
    /// What readers see.
    committed: Mutex<Arc<State>>,
    /// What the one writer changes before it commits; held by its transaction.
    working: Arc<Turn<State>>,
    /// True if `working` is not the same as `committed` while nobody writes.
    stale: AtomicBool,
    /// Calls until the database stops; negative for never, 0 while it is stopped.
    calls_left: AtomicI64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            committed: Mutex::default(),
            working: Arc::default(),
            stale: AtomicBool::new(false),
            calls_left: AtomicI64::new(-1),
        }
    }
}

impl Shared {
    fn committed(&self) -> MutexGuard<'_, Arc<State>> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one call.
    fn step(&self) -> DbResult<()> {
        match self.calls_left.load(Ordering::Relaxed) {
            0 => Err(DbError::Stopped),
            left if left > 0 => {
                self.calls_left.store(left - 1, Ordering::Relaxed);
                if left == 1 { Err(DbError::Stopped) } else { Ok(()) }
            }
            _never => Ok(()),
        }
    }
}

impl Memory {
    /// Takes a copy of the whole database.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Arc::clone(&self.shared.committed()))
    }

    /// Sets the whole database back to a copy, as restoring its file would; nobody may be writing.
    pub fn set_back(&self, to: &Snapshot) {
        *self.shared.committed() = Arc::clone(&to.0);
        self.shared.stale.store(true, Ordering::Relaxed);
    }

    /// Makes the database stop at the `calls`th call from now: that call and all later ones fail. A commit counts twice, before
    /// and after it took effect.
    pub fn stop_at(&self, calls: u32) {
        self.shared.calls_left.store(i64::from(calls.max(1)), Ordering::Relaxed);
    }

    /// True if the database has stopped.
    pub fn is_stopped(&self) -> bool {
        self.shared.calls_left.load(Ordering::Relaxed) == 0
    }

    /// Lets the database go on with what was committed.
    pub fn start(&self) {
        self.shared.calls_left.store(-1, Ordering::Relaxed);
    }

    /// Changes an account's rights or unit; no command of headquarters does that yet. Nobody may be writing.
    pub fn put_account(&self, account: &Account) {
        let mut committed = self.shared.committed();
        Arc::make_mut(&mut *committed).apply(&Write::Account(account.clone()));
        self.shared.stale.store(true, Ordering::Relaxed);
    }

    fn read(&self) -> DbResult<Arc<State>> {
        self.shared.step()?;
        Ok(Arc::clone(&self.shared.committed()))
    }
}

impl Db for Memory {
    type Tx = MemoryTx;

    async fn begin(&self) -> DbResult<MemoryTx> {
        self.shared.step()?;
        let mut working = Arc::clone(&self.shared.working).lock_owned().await;
        if self.shared.stale.swap(false, Ordering::Relaxed) {
            *working = State::clone(&self.shared.committed());
        }
        Ok(MemoryTx::new(Arc::clone(&self.shared), working))
    }

    async fn tenant(&self) -> DbResult<Tenant> {
        self.read()?.tenant().cloned().ok_or(DbError::NoTenant)
    }

    async fn session(&self, token: &TokenHash) -> DbResult<Option<Session>> {
        Ok(self.read()?.session(token))
    }

    async fn device_key(&self, id: DeviceId) -> DbResult<Option<PublicKey>> {
        Ok(self.read()?.device_key(id))
    }

    async fn units(&self) -> DbResult<UnitTree> {
        Ok(self.read()?.units().clone())
    }

    async fn position(&self, query: &PositionQuery) -> DbResult<Position> {
        self.read()?.position(query)
    }

    async fn page(&self, query: &PageQuery) -> DbResult<PageRows> {
        self.read()?.page(query)
    }

    async fn record(&self, id: RecordId) -> DbResult<Option<RecordRow>> {
        Ok(self.read()?.record(id).cloned())
    }

    async fn history(&self, id: RecordId) -> DbResult<Vec<HistoryRow>> {
        Ok(self.read()?.history(id))
    }

    async fn ops_after(&self, seq: u64, limit: u32) -> DbResult<Vec<OpRow>> {
        Ok(self.read()?.ops_after(seq, limit))
    }

    async fn records_after(&self, id: Option<RecordId>, limit: u32) -> DbResult<Vec<RecordRow>> {
        Ok(self.read()?.records_after(id, limit))
    }

    async fn open_of(&self, kind: u16) -> DbResult<Vec<RecordRow>> {
        Ok(self.read()?.open_of(kind))
    }

    async fn series(&self) -> DbResult<Vec<RecordRow>> {
        Ok(self.read()?.series())
    }

    async fn unique_values(&self) -> DbResult<Vec<UniqueRow>> {
        Ok(self.read()?.unique_values())
    }

    async fn unique_holder(&self, kind: u16, field: u16, key: &[u8]) -> DbResult<Option<RecordId>> {
        Ok(self.read()?.unique_holder(kind, field, key))
    }

    async fn accounts(&self) -> DbResult<Vec<Account>> {
        Ok(self.read()?.accounts())
    }

    async fn devices(&self) -> DbResult<Vec<Device>> {
        Ok(self.read()?.devices())
    }

    async fn sizes(&self) -> DbResult<Sizes> {
        Ok(self.read()?.sizes())
    }

    async fn chain_at(&self, seq: u64) -> DbResult<Option<Digest>> {
        Ok(self.read()?.chain_at(seq))
    }

    async fn recv_at(&self, seq: u64) -> DbResult<Option<i64>> {
        Ok(self.read()?.recv_at(seq))
    }

    async fn generations(&self) -> DbResult<Vec<(DeviceId, u32, u64)>> {
        Ok(self.read()?.generations())
    }

    async fn scope(&self, token: u64) -> DbResult<Option<Vec<u8>>> {
        Ok(self.read()?.scope(token))
    }

    async fn unit_rows(&self, query: &UnitQuery) -> DbResult<UnitRows> {
        self.read()?.unit_rows(query)
    }

    async fn live_rows(
        &self,
        visible: &Visible,
        visit: &mut (dyn FnMut(UnitId, RecordId, u64) + Send),
    ) -> DbResult<Tenant> {
        let state = self.read()?;
        state.live_rows(visible, visit);
        state.tenant().cloned().ok_or(DbError::NoTenant)
    }

    async fn alarms(&self, limit: u32) -> DbResult<Vec<Alarm>> {
        Ok(self.read()?.alarms(limit))
    }

    async fn events(&self, after: u64, limit: u32) -> DbResult<Vec<EventRow>> {
        Ok(self.read()?.events(after, limit))
    }

    async fn quarantined(&self) -> DbResult<Vec<Quarantined>> {
        Ok(self.read()?.quarantined())
    }

    async fn secret(&self) -> DbResult<Option<[u8; 32]>> {
        Ok(self.read()?.secret())
    }

    async fn see_device(&self, seen: &Seen) -> DbResult<()> {
        let mut tx = self.begin().await?;
        tx.see_device(seen)?;
        tx.commit().await
    }

    async fn copy_to(&self, _file: &Path) -> DbResult<()> {
        Err(DbError::NoFile)
    }

    async fn close(&self) {}
}
