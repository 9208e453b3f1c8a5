//! Servers a transcript may run against: over HTTP, or called in this thread on any database.

use std::sync::Arc;

use ejia::client::Transport;
use ejia::client::transport::{Counters, TransportError};
use ejia::domain::access::Role;
use ejia::domain::ids::{RecordId, UserId};
use ejia::server::admin;
use ejia::server::clock::Machine;
use ejia::server::db::rows::Account;
use ejia::server::db::{Db, Tx};
use ejia::server::service::{Call, Service};
use ejia::sync::Limits;
use ejia::wire::packet::Message;
use ejia::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, EnrolAnswer, EnrolRequest, Hello,
    HistoryAnswer, Page, PullRequest, PushAnswer, PushRequest, QuarantineAnswer, QuarantineRequest,
    ReadmitAnswer, ReadmitRequest, SessionAnswer, SessionRequest, SyncAnswer, SyncRequest, pack,
    unpack,
};
use tokio::runtime::Runtime;

use crate::server::harness::{Server, block, fresh};

/// A server and the way to it.
pub(crate) trait Host {
    /// Makes an account and returns a one-time code for it.
    fn account(&self, name: &str, role: Role, unit: Option<(&str, RecordId)>) -> String;
    /// The first administrator's code.
    fn first_code(&self) -> String;
    /// A connection, with a token once the device has one.
    fn connect(&self, token: &str) -> Box<dyn Transport>;
    /// Ends the server's program and starts it again.
    fn restart(&mut self);
}

impl Host for Server {
    fn account(&self, name: &str, role: Role, unit: Option<(&str, RecordId)>) -> String {
        let unit = unit.map(|(code, _)| code);
        block(admin::user_add(&self.database, name, role, unit)).unwrap();
        block(admin::code(&self.database, name, 72)).unwrap().code
    }

    fn first_code(&self) -> String {
        self.first_code.clone()
    }

    fn connect(&self, token: &str) -> Box<dyn Transport> {
        let token = (!token.is_empty()).then(|| token.to_owned());
        Box::new(ejia::client::HttpTransport::new(&self.url, token).unwrap())
    }

    fn restart(&mut self) {
        self.stop();
        self.run();
    }
}

/// The server's calls over one database, without a network.
pub(crate) struct InProcess<D> {
    db: D,
    service: Arc<Service<D>>,
    runtime: Arc<Runtime>,
    first_code: String,
    _folder: Option<tempfile::TempDir>,
}

impl<D: Db> InProcess<D> {
    /// Sets an empty database up; its folder, if it has one, goes with it.
    pub(crate) fn new(db: D, runtime: Runtime, folder: Option<tempfile::TempDir>) -> Self {
        let made = runtime.block_on(admin::set_up(&db, "同舟大學", "admin", &Machine)).unwrap();
        let service = serve(&db);
        Self {
            db,
            service,
            runtime: Arc::new(runtime),
            first_code: made.code.code,
            _folder: folder,
        }
    }
}

fn serve<D: Db>(db: &D) -> Arc<Service<D>> {
    Arc::new(Service::alone(db.clone(), Arc::new(Machine), Limits::default()))
}

impl<D: Db> Host for InProcess<D> {
    fn account(&self, name: &str, role: Role, unit: Option<(&str, RecordId)>) -> String {
        let add = async {
            let root = self.db.tenant().await?.root;
            let unit = unit.map_or(root, |(_, record)| record.unit());
            let (id, name) = (UserId(fresh()), name.to_owned());
            let account = Account { id, name, role, unit, disabled: false };
            let mut tx = self.db.begin().await?;
            tx.insert_account(&account).await?;
            let code = admin::new_code(&mut tx, &account, 72, &Machine).await?;
            tx.commit().await.map(|()| code.code)
        };
        self.runtime.block_on(add).unwrap()
    }

    fn first_code(&self) -> String {
        self.first_code.clone()
    }

    fn connect(&self, token: &str) -> Box<dyn Transport> {
        let (service, runtime) = (Arc::clone(&self.service), Arc::clone(&self.runtime));
        Box::new(Direct { service, runtime, token: token.to_owned() })
    }

    fn restart(&mut self) {
        self.service = serve(&self.db);
    }
}

/// Calls the service with the bytes that would go over the network.
struct Direct<D> {
    service: Arc<Service<D>>,
    runtime: Arc<Runtime>,
    token: String,
}

impl<D: Db> Direct<D> {
    fn call<A: Message>(&self, call: Call, body: &[u8]) -> Result<A, TransportError> {
        let answered = self.runtime.block_on(self.service.call(call, &self.token, body));
        if answered.status == 200 {
            return Ok(unpack(&answered.body).unwrap());
        }
        let problem = unpack(&answered.body).unwrap();
        Err(TransportError::Refused { status: answered.status, problem, retry_after_ms: None })
    }
}

impl<D: Db> Transport for Direct<D> {
    fn hello(&mut self) -> Result<Hello, TransportError> {
        self.call(Call::Hello, &[])
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError> {
        self.call(Call::Enrol, &pack(request).unwrap())
    }

    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError> {
        self.call(Call::Sync, &pack(request).unwrap())
    }

    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError> {
        self.call(Call::Push, &pack(request).unwrap())
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.call(Call::Pull, &pack(request).unwrap())
    }

    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError> {
        self.call(Call::History(record), &[])
    }

    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError> {
        self.call(Call::Challenge, &pack(request).unwrap())
    }

    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError> {
        self.call(Call::Session, &pack(request).unwrap())
    }

    fn set_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError> {
        self.call(Call::Readmit, &pack(request).unwrap())
    }

    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError> {
        self.call(Call::Quarantine, &pack(request).unwrap())
    }

    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError> {
        self.call(Call::Check, &pack(request).unwrap())
    }

    fn counters(&self) -> Counters {
        Counters::default()
    }
}
