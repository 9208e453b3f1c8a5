//! The server of a run: the real calls over a database in memory, without sockets and tasks.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ejia::domain::access::Role;
use ejia::domain::ids::{UnitId, UserId};
use ejia::server::admin;
use ejia::server::db::memory::{Memory, Snapshot};
use ejia::server::db::rows::Account;
use ejia::server::db::{Db, Tx};
use ejia::server::service::{Answered, Call, Service};
use ejia::sync::{AppVersion, Limits};

use super::ambient::{Machine, Time};
use super::rng::Rng;

/// Copies kept to restore from.
const COPIES: usize = 8;

/// Runs a future that never waits.
pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a call waits for something that nobody will do"),
    }
}

/// The server and what its keeper has put aside.
pub(crate) struct Server {
    pub(crate) db: Memory,
    service: Service<Memory>,
    machine: Arc<Machine>,
    pub(crate) limits: Limits,
    copies: Vec<Snapshot>,
    pub(crate) root: UnitId,
    /// Restores so far.
    pub(crate) restores: u32,
}

impl Server {
    /// Sets up a server and returns it with the first administrator's code.
    pub(crate) fn new(time: &Time, rng: Rng, limits: Limits) -> (Self, String) {
        let machine = Machine::new(time, rng);
        let db = Memory::default();
        let done = block(admin::set_up(&db, "sim", "hq", &*machine)).unwrap();
        let service = Service::alone(db.clone(), Arc::<Machine>::clone(&machine), limits);
        let root = done.root;
        let server = Self { db, service, machine, limits, copies: Vec::new(), root, restores: 0 };
        (server, done.code.code)
    }

    /// Answers, unless the server stops in the middle of it.
    pub(crate) fn call(&self, call: Call, token: &str, body: &[u8]) -> Option<Answered> {
        let answered = block(self.service.call(call, token, body));
        if self.db.is_stopped() { None } else { Some(answered) }
    }

    /// Starts a stopped server again: its memory is gone, its database is not.
    pub(crate) fn start(&mut self) {
        self.db.start();
        self.service =
            Service::alone(self.db.clone(), Arc::<Machine>::clone(&self.machine), self.limits);
    }

    /// A service over some state of the database, with pages that hold everything.
    pub(crate) fn reader(&self, of: &Snapshot, limits: Limits) -> Service<Memory> {
        let db = Memory::default();
        db.set_back(of);
        Service::alone(db, Arc::<Machine>::clone(&self.machine), limits)
    }

    /// Puts a copy aside.
    pub(crate) fn keep_copy(&mut self, rng: &mut Rng) {
        if self.copies.len() >= COPIES {
            self.copies.swap_remove(rng.below(COPIES));
        }
        self.copies.push(self.db.snapshot());
    }

    pub(crate) fn any_copy(&self, rng: &mut Rng) -> Option<Snapshot> {
        rng.pick(&self.copies).cloned()
    }

    /// Sets the database back to one of the copies; later copies are of a history that is gone.
    pub(crate) fn restore(&mut self, copy: &Snapshot) {
        self.db.set_back(copy);
        let head = copy.head_seq();
        self.copies.retain(|copy| copy.head_seq() <= head);
        self.restores += 1;
        self.start();
    }

    /// Makes an account with a code for its first device.
    pub(crate) fn account(&self, name: &str, role: Role, unit: UnitId, id: UserId) -> String {
        let account = Account { id, name: name.to_owned(), role, unit, disabled: false };
        block(async {
            let mut tx = self.db.begin().await.unwrap();
            tx.insert_account(&account).await.unwrap();
            let code = admin::new_code(&mut tx, &account, 72, &*self.machine).await.unwrap();
            tx.commit().await.unwrap();
            code.code
        })
    }

    pub(crate) fn set_state(&self, device: ejia::domain::ids::DeviceId, state: &str) {
        block(async {
            let mut tx = self.db.begin().await.unwrap();
            tx.set_device_state(device, state).await.unwrap();
            tx.commit().await.unwrap();
        });
    }

    /// Lets only a program of next year receive, or every program again.
    pub(crate) fn demand_upgrade(&mut self, on: bool) {
        let usual = Limits::default().min_app;
        self.limits.min_app = if on { AppVersion([9, 0, 0]) } else { usual };
        self.start();
    }

    /// Lets everybody in again.
    pub(crate) fn enable_all(&self) {
        for account in block(self.db.accounts()).unwrap() {
            self.db.put_account(&Account { disabled: false, ..account });
        }
    }

    pub(crate) fn account_of(&self, user: UserId) -> Option<Account> {
        block(self.db.accounts()).unwrap().into_iter().find(|account| account.id == user)
    }
}
