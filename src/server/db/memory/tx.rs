//! A writing transaction: changes go to the writer's own state at once, and to what readers see at the commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedMutexGuard;

use super::Shared;
use super::state::{State, Write};
use crate::domain::ids::{DeviceId, UserId};
use crate::server::db::rows::{
    Account, Changes, CodeUse, Loaded, Mend, NewCode, NewDevice, NewTenant, Seen, Stored, Tenant,
    TokenHash, Wanted,
};
use crate::server::db::{DbError, DbResult, Tx};
use crate::sync::{OpId, UnitTree};

/// A writing transaction.
#[derive(Debug)]
pub struct MemoryTx {
    shared: Arc<Shared>,
    working: OwnedMutexGuard<State>,
    log: Vec<Write>,
    mark: usize,
}

impl MemoryTx {
    pub(super) const fn new(shared: Arc<Shared>, working: OwnedMutexGuard<State>) -> Self {
        Self { shared, working, log: Vec::new(), mark: 0 }
    }

    fn write(&mut self, write: Write) {
        self.working.apply(&write);
        self.log.push(write);
    }
}

impl Drop for MemoryTx {
    fn drop(&mut self) {
        if !self.log.is_empty() {
            self.shared.stale.store(true, Ordering::Relaxed);
        }
    }
}

impl MemoryTx {
    /// Notes what a device said about itself.
    pub(super) fn see_device(&mut self, seen: &Seen) -> DbResult<()> {
        self.shared.step()?;
        self.write(Write::Seen(seen.clone()));
        Ok(())
    }
}

impl Tx for MemoryTx {
    async fn lock(&mut self) -> DbResult<Tenant> {
        self.shared.step()?;
        self.working.tenant().cloned().ok_or(DbError::NoTenant)
    }

    async fn stored(&mut self, batches: &[(OpId, usize)]) -> DbResult<Vec<Stored>> {
        self.shared.step()?;
        Ok(batches.iter().map(|(first, count)| self.working.stored(*first, *count)).collect())
    }

    async fn units(&mut self) -> DbResult<UnitTree> {
        self.shared.step()?;
        Ok(self.working.units().clone())
    }

    async fn load(&mut self, wanted: &Wanted) -> DbResult<Loaded> {
        self.shared.step()?;
        self.working.load(wanted)
    }

    async fn store(&mut self, changes: Changes) -> DbResult<()> {
        self.shared.step()?;
        if !self.working.takes(&changes.ops) {
            return Err(DbError::Exists { what: "an operation of that number" });
        }
        self.write(Write::changes(changes));
        Ok(())
    }

    async fn savepoint(&mut self) -> DbResult<()> {
        self.shared.step()?;
        self.mark = self.log.len();
        Ok(())
    }

    async fn release(&mut self) -> DbResult<()> {
        self.shared.step()
    }

    async fn rollback(&mut self) -> DbResult<()> {
        self.shared.step()?;
        if self.log.len() > self.mark {
            self.log.truncate(self.mark);
            *self.working = State::clone(&self.shared.committed());
            for write in &self.log {
                self.working.apply(write);
            }
        }
        Ok(())
    }

    async fn commit(mut self) -> DbResult<()> {
        self.shared.step()?;
        let log = std::mem::take(&mut self.log);
        if !log.is_empty() {
            let mut committed = self.shared.committed();
            let committed = Arc::make_mut(&mut *committed);
            for write in &log {
                committed.apply(write);
            }
        }
        self.shared.step()
    }

    async fn insert_tenant(&mut self, tenant: &NewTenant) -> DbResult<()> {
        self.shared.step()?;
        if self.working.tenant().is_some() {
            return Err(DbError::Exists { what: "the tenant" });
        }
        self.write(Write::Tenant(tenant.clone()));
        Ok(())
    }

    async fn insert_account(&mut self, account: &Account) -> DbResult<()> {
        self.shared.step()?;
        if self.working.account_named(&account.name).is_some() {
            return Err(DbError::Exists { what: "a user of that name" });
        }
        self.write(Write::Account(account.clone()));
        Ok(())
    }

    async fn set_disabled(&mut self, name: &str, disabled: bool) -> DbResult<bool> {
        self.shared.step()?;
        let Some(account) = self.working.account_named(name).cloned() else { return Ok(false) };
        self.write(Write::Account(Account { disabled, ..account }));
        Ok(true)
    }

    async fn insert_code(&mut self, code: &NewCode) -> DbResult<()> {
        self.shared.step()?;
        self.write(Write::Code(code.clone()));
        Ok(())
    }

    async fn use_code(&mut self, hash: &TokenHash, now: i64) -> DbResult<CodeUse> {
        self.shared.step()?;
        let Some((code, used)) = self.working.code(hash) else { return Ok(CodeUse::Wrong) };
        if used {
            return Ok(CodeUse::Used);
        }
        if code.expires_at <= now {
            return Ok(CodeUse::Expired);
        }
        let account = code.account;
        self.write(Write::CodeUsed(*hash));
        Ok(CodeUse::Taken(account))
    }

    async fn insert_device(&mut self, device: &NewDevice) -> DbResult<bool> {
        self.shared.step()?;
        let known = self.working.device(device.id);
        if known.is_some_and(|old| old.account != device.account || !old.is_admitted()) {
            return Ok(false);
        }
        self.write(Write::Device(device.clone()));
        Ok(true)
    }

    async fn set_device_state(&mut self, device: DeviceId, state: &str) -> DbResult<bool> {
        self.shared.step()?;
        if self.working.device(device).is_none() {
            return Ok(false);
        }
        self.write(Write::DeviceState(device, state.to_owned()));
        Ok(true)
    }

    async fn set_durable(&mut self, durable: &[(DeviceId, u32, u64)]) -> DbResult<()> {
        self.shared.step()?;
        self.write(Write::Durable(durable.to_vec()));
        Ok(())
    }

    async fn mend(&mut self, mend: &Mend) -> DbResult<bool> {
        self.shared.step()?;
        let may = self.working.may_mend(mend);
        if may {
            self.write(Write::Mend(mend.clone()));
        }
        Ok(may)
    }

    async fn account(&mut self, id: UserId) -> DbResult<Option<Account>> {
        self.shared.step()?;
        Ok(self.working.account(id).cloned())
    }
}
