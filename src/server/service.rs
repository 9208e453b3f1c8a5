//! What the server does for each call, whatever carries the call: HTTP in service, a function call in the simulator.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use tokio::sync::OnceCell;

use super::care::Care;
use super::clock::{Ambient, random_of};
use super::db::rows::{CodeUse, Event, Mend, NewDevice, Session};
use super::db::{Db, DbResult, Tx};
use super::expire::overdue;
use super::http::ApiError;
use super::marks::Mark;
use super::pull::{PullError, page};
use super::push::{Batch, PushError, UnitCache, alone};
use super::returning::certify;
use super::secret::code_hash;
use super::session::public_key;
use super::writer::Writer;
use super::{opening, scope};
use crate::domain::ids::RecordId;
use crate::domain::rights::{CALLS, Need};
use crate::sync::open::Order;
use crate::sync::{AppVersion, Limits};
use crate::wire::frame::Blob;
use crate::wire::packet::Message;
use crate::wire::{
    EnrolAnswer, EnrolRequest, Hello, HistoryAnswer, HistoryEntry, PROTOCOL, PullRequest,
    PushAnswer, PushRequest, SyncAnswer, SyncRequest, decode, pack, unpack,
};

/// Version of the field catalogue this build has.
const SCHEMA: u16 = 1;
/// Longest machine name and version text kept.
pub(super) const MAX_NAME: usize = 100;

/// All calls over one database.
#[derive(Debug)]
pub struct Service<D> {
    db: D,
    writer: Way,
    ambient: Arc<dyn Ambient>,
    limits: Limits,
    /// What outlives a restore; read from the database when first needed where nothing stands beside it.
    care: OnceCell<Care>,
}

/// How pushes reach the database.
#[derive(Debug)]
enum Way {
    /// Through the one writer task, which takes many in one transaction.
    Task(Writer),
    /// Each by itself, for a caller that runs no tasks.
    Alone(Mutex<UnitCache>),
}

/// The calls of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `GET /v1/hello`.
    Hello,
    /// `POST /v1/enrol`.
    Enrol,
    /// `POST /v1/challenge`.
    Challenge,
    /// `POST /v1/session`.
    Session,
    /// `POST /v1/readmit`.
    Readmit,
    /// `POST /v1/quarantine`.
    Quarantine,
    /// `POST /v1/sync/check`.
    Check,
    /// `POST /v1/sync`.
    Sync,
    /// `POST /v1/sync/push`.
    Push,
    /// `POST /v1/sync/pull`.
    Pull,
    /// `GET /v1/record/{id}/history`.
    History(RecordId),
    /// `GET /v1/audit`: after which operation, after which event.
    Audit(u64, u64),
}

impl Call {
    /// Returns its path, under which the table of rights has it.
    const fn path(self) -> &'static str {
        match self {
            Self::Hello => "/v1/hello",
            Self::Enrol => "/v1/enrol",
            Self::Challenge => "/v1/challenge",
            Self::Session => "/v1/session",
            Self::Readmit => "/v1/readmit",
            Self::Quarantine => "/v1/quarantine",
            Self::Check => "/v1/sync/check",
            Self::Sync => "/v1/sync",
            Self::Push => "/v1/sync/push",
            Self::Pull => "/v1/sync/pull",
            Self::History(_) => "/v1/record/{id}/history",
            Self::Audit(..) => "/v1/audit",
        }
    }

    /// Returns who may make it; `None` if the table of rights does not know it, and then nobody may.
    pub fn need(self) -> Option<Need> {
        CALLS.into_iter().find(|(_, path, _)| *path == self.path()).map(|(_, _, need)| need)
    }
}

/// What a call gave: an HTTP status and a packet, a [`crate::wire::Problem`] if the status is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The packet.
    pub body: Vec<u8>,
    /// Seconds to wait before the next try.
    pub retry_after: Option<u32>,
}

impl<D: Db> Service<D> {
    /// Serves a database whose pushes go through a writer task.
    pub(crate) fn new(
        db: D,
        writer: Writer,
        ambient: Arc<dyn Ambient>,
        limits: Limits,
        care: Care,
    ) -> Self {
        let care = OnceCell::new_with(Some(care));
        Self { db, writer: Way::Task(writer), ambient, limits, care }
    }

    /// Serves a database without any task: every push is a transaction of its own.
    pub fn alone(db: D, ambient: Arc<dyn Ambient>, limits: Limits) -> Self {
        let writer = Way::Alone(Mutex::default());
        Self { db, writer, ambient, limits, care: OnceCell::new() }
    }

    /// Returns the database.
    pub(super) const fn db(&self) -> &D {
        &self.db
    }

    /// Returns the sizes and times.
    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns what outlives a restore.
    pub(super) async fn care(&self) -> Result<&Care, ApiError> {
        Ok(self.care.get_or_try_init(|| Care::inside(&self.db, &*self.ambient)).await?)
    }

    /// Returns the server's surroundings.
    pub(super) fn ambient(&self) -> &dyn Ambient {
        &*self.ambient
    }

    /// Returns the server's clock, milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.ambient.now_ms()
    }

    /// Ends what has waited too long, and returns how much that was. To be called from time to time.
    ///
    /// # Errors
    /// [`super::db::DbError`] if the database fails. Where another server was faster, the next call tries again.
    pub async fn tick(&self) -> DbResult<usize> {
        let Some(batch) = overdue(&self.db, self.now_ms(), self.limits).await? else {
            return Ok(0);
        };
        match self.writer.push(&self.db, batch).await {
            Ok(answer) => Ok(answer.results.len()),
            Err(PushError::Db(error)) => Err(error),
            Err(_not_now) => Ok(0),
        }
    }

    /// Answers a packet with a packet.
    pub async fn call(&self, call: Call, token: &str, body: &[u8]) -> Answered {
        match self.answer(call, token, body).await {
            Ok(body) => Answered { status: 200, body, retry_after: None },
            Err(error) => Answered {
                status: error.status.as_u16(),
                body: pack(&error.problem("-")).unwrap_or_default(),
                retry_after: error.retry_after,
            },
        }
    }

    async fn answer(&self, call: Call, token: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        let need = call.need().ok_or_else(ApiError::internal)?;
        let session = match need {
            Need::Anybody | Need::Proof => return self.answer_anybody(call, body).await,
            Need::Device => self.known(token).await?,
            Need::Admitted | Need::Auditor => self.session(token).await?,
        };
        self.permit(need, &session).await?;
        match call {
            Call::Quarantine => packed(&self.quarantine(&session, unpack(body)?).await?),
            Call::Sync => packed(&self.sync(&session, unpack(body)?).await?),
            Call::Check => packed(&self.check(&session, unpack(body)?).await?),
            Call::Push => packed(&self.push(&session, unpack(body)?).await?),
            Call::Pull => packed(&self.pull(&session, &unpack(body)?).await?),
            Call::History(record) => packed(&self.history(&session, &record.to_string()).await?),
            Call::Audit(after, events_after) => packed(&self.audit(after, events_after).await?),
            Call::Hello | Call::Enrol | Call::Challenge | Call::Session | Call::Readmit => {
                Err(ApiError::internal())
            }
        }
    }

    /// Answers the calls that need no session.
    async fn answer_anybody(&self, call: Call, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        match call {
            Call::Hello => packed(&self.hello().await?),
            Call::Enrol => packed(&self.enrol(unpack(body)?).await?),
            Call::Challenge => packed(&self.challenge(&unpack(body)?).await?),
            Call::Session => packed(&self.begin_session(&unpack(body)?).await?),
            Call::Readmit => packed(&self.readmit(unpack(body)?).await?),
            Call::Quarantine
            | Call::Check
            | Call::Sync
            | Call::Push
            | Call::Pull
            | Call::History(_)
            | Call::Audit(..) => Err(ApiError::internal()),
        }
    }

    /// Says what this server is.
    pub(crate) async fn hello(&self) -> Result<Hello, ApiError> {
        let tenant = self.db.tenant().await?;
        Ok(Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            epoch: tenant.epoch,
            server_time: self.now_ms(),
            batch_ops: u32::try_from(self.limits.batch_ops).unwrap_or(u32::MAX),
            batch_bytes: u32::try_from(self.limits.batch_bytes).unwrap_or(u32::MAX),
            page_records: self.limits.page_records,
            min_app: self.limits.min_app.to_string(),
            schema: SCHEMA,
        })
    }

    /// Lets a device join.
    pub(crate) async fn enrol(&self, request: EnrolRequest) -> Result<EnrolAnswer, ApiError> {
        let (now, care) = (self.now_ms(), self.care().await?);
        let tenant = self.db.tenant().await?;
        let mut tx = self.db.begin().await?;
        let wrong = |code, message| ApiError::forbidden(code, message);
        let refused = match tx.use_code(&code_hash(&request.code), now).await? {
            CodeUse::Taken(user) => Ok(user),
            CodeUse::Wrong => Err(("bad_code", "no such code")),
            CodeUse::Used => Err(("used_code", "the code was used before")),
            CodeUse::Expired => Err(("expired_code", "the code is too old")),
        };
        let user = match refused {
            Ok(user) => user,
            Err((code, message)) => {
                let event = Event::new(now, "code.refused").of_device(request.device);
                tx.mend(&Mend::Event(event.with(code))).await?;
                tx.commit().await?;
                return Err(wrong(code, message));
            }
        };
        let account = tx.account(user).await?.ok_or_else(ApiError::internal)?;
        if account.disabled {
            return Err(wrong("disabled", "the user account is disabled"));
        }
        let key = public_key(&request.public_key)?;
        let device = NewDevice {
            id: request.device,
            account: user,
            key,
            name: request.name.chars().take(MAX_NAME).collect(),
            app_version: request.app.chars().take(MAX_NAME).collect(),
            now,
        };
        if device.id == tenant.server_device || !tx.insert_device(&device).await? {
            let message = "the device id belongs to somebody else";
            return Err(ApiError::new(StatusCode::CONFLICT, "device_taken", message));
        }
        let used = Event::new(now, "code.used").of_device(device.id).of_user(user);
        tx.mend(&Mend::Event(used)).await?;
        let nonce: [u8; 32] = random_of(&*self.ambient);
        let session = self.open_session(&mut tx, device.id, &nonce).await?;
        let certificate = certify(care, &tenant, &account, &device)?;
        let admitted = Mark::Admitted { device: device.id, at: now };
        care.marks.append(&[admitted]).map_err(|_disk| ApiError::internal())?;
        tx.commit().await?;
        Ok(EnrolAnswer {
            token: session.token,
            tenant: tenant.id,
            tenant_name: tenant.name,
            user,
            user_name: account.name,
            role: account.role,
            unit: account.unit,
            root: tenant.root,
            epoch: tenant.epoch,
            certificate,
        })
    }

    /// Opening, first batch and first page.
    pub(crate) async fn sync(
        &self,
        session: &Session,
        request: SyncRequest,
    ) -> Result<SyncAnswer, ApiError> {
        if session.account.disabled {
            return Err(ApiError::forbidden("disabled", "the user account is disabled"));
        }
        if request.open.device != session.device.id {
            return Err(ApiError::forbidden("not_permitted", "the token is another device's"));
        }
        if !session.device.is_admitted() {
            return self.goodbye(session).await;
        }
        let SyncRequest { open, push, pull } = request;
        let care = self.care().await?;
        let with = (&*self.ambient, &self.limits);
        let opened = opening::open(&self.db, care, session, &open, with).await?;
        let mut answer = SyncAnswer {
            opened,
            role: session.account.role,
            unit: session.account.unit,
            push: None,
            page: None,
        };
        if answer.opened.order != Order::Proceed {
            return Ok(answer);
        }
        if let Some(push) = push {
            answer.push = Some(self.push(session, push).await?);
        }
        if let Some(pull) = pull {
            answer.page = match page(&self.db, care, session, &pull, &self.limits).await {
                Ok(page) => Some(page),
                // The device learns from the opening what its pull must look like, and asks again.
                Err(PullError::ScopeChanged | PullError::Epoch | PullError::TombstonesGone) => None,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(answer)
    }

    /// A further batch.
    pub(crate) async fn push(
        &self,
        session: &Session,
        request: PushRequest,
    ) -> Result<PushAnswer, ApiError> {
        let limits = self.limits;
        if request.ops.len() > limits.batch_with_group() {
            return Err(ApiError::too_large(limits.batch_ops));
        }
        let bytes: usize = request.ops.iter().map(|op| op.0.len()).sum();
        if bytes > limits.batch_bytes && request.ops.len() > 1 {
            return Err(ApiError::too_large(limits.batch_bytes));
        }
        let now = self.now_ms();
        let mut batch = Batch::new(session.device.id, session.author(), request, now, limits);
        batch.witness = Some(Arc::new(self.care().await?.clone()));
        Ok(self.writer.push(&self.db, batch).await?)
    }

    /// A page.
    pub(crate) async fn pull(
        &self,
        session: &Session,
        request: &PullRequest,
    ) -> Result<crate::wire::Page, ApiError> {
        let (app, min) = (AppVersion::of(&session.device.app_version), self.limits.min_app);
        if app < min {
            let message = format!("receiving needs version {min} of the program");
            return Err(ApiError::new(StatusCode::UPGRADE_REQUIRED, "protocol", &message));
        }
        Ok(page(&self.db, self.care().await?, session, request, &self.limits).await?)
    }

    /// The operations on one record.
    pub(crate) async fn history(
        &self,
        session: &Session,
        id: &str,
    ) -> Result<HistoryAnswer, ApiError> {
        let missing = || {
            ApiError::new(StatusCode::NOT_FOUND, "unknown_record", "no such record in your scope")
        };
        let id: RecordId = id.parse().map_err(|_not_an_id| missing())?;
        let record = self.db.record(id).await?.ok_or_else(missing)?;
        let visible = scope::visible(&session.account, &self.db.units().await?);
        if !visible.includes(record.kind, record.unit) {
            return Err(missing());
        }
        let rows = self.db.history(id).await?;
        let entries = rows
            .into_iter()
            .map(|row| {
                Ok(HistoryEntry {
                    seq: row.seq,
                    recv_at: row.recv_at,
                    actor: row.actor,
                    op: Blob(row.bytes),
                    outcome: decode(&row.outcome, "outcome")?,
                })
            })
            .collect::<Result<_, crate::wire::CodecError>>()
            .map_err(|_damaged| ApiError::internal())?;
        Ok(HistoryAnswer { entries })
    }
}

impl Way {
    async fn push<D: Db>(&self, db: &D, batch: Batch) -> Result<PushAnswer, PushError> {
        match self {
            Self::Task(writer) => writer.push(batch).await,
            Self::Alone(cache) => {
                let mut units = cache.lock().unwrap_or_else(PoisonError::into_inner).take();
                let answer = alone(db, &mut units, batch).await?;
                *cache.lock().unwrap_or_else(PoisonError::into_inner) = units;
                Ok(answer)
            }
        }
    }
}

fn packed<M: Message>(message: &M) -> Result<Vec<u8>, ApiError> {
    pack(message).map_err(|_too_large| ApiError::internal())
}
