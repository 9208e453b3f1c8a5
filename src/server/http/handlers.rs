//! One function a call. Each reads, checks who calls, and hands over to the modules that decide.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::body::{Encoding, answer, read, refusal};
use super::error::ApiError;
use super::{Address, App, RequestId, care};
use crate::domain::ids::RecordId;
use crate::server::clock::{now_ms, random};
use crate::server::db::rows::{CodeUse, NewDevice, Session};
use crate::server::db::{Db, Tx};
use crate::server::marks::Mark;
use crate::server::opening;
use crate::server::pull::{PAGE_RECORDS, PullError, page};
use crate::server::push::Batch;
use crate::server::scope;
use crate::server::secret::{code_hash, token, token_hash};
use crate::sync::client::{BATCH_BYTES, BATCH_OPS};
use crate::sync::open::Order;
use crate::wire::frame::Blob;
use crate::wire::packet::Message;
use crate::wire::{
    EnrolAnswer, EnrolRequest, Hello, HistoryAnswer, HistoryEntry, PROTOCOL, PullRequest,
    PushRequest, SyncAnswer, SyncRequest, decode,
};

/// What every handler is given.
pub(super) type Shared<D> = State<Arc<App<D>>>;

/// Version of the field catalogue this build has.
const SCHEMA: u16 = 1;
/// Longest machine name and version text kept.
pub(super) const MAX_NAME: usize = 100;

/// Writes what a handler gave, in the encoding the caller wants.
pub(super) fn reply<M: Message>(
    headers: &HeaderMap,
    request: &RequestId,
    result: Result<M, ApiError>,
) -> Response {
    let encoding = Encoding::of_answer(headers);
    match result {
        Ok(message) => answer(encoding, StatusCode::OK, &message),
        Err(error) => refusal(encoding, &error, &request.0),
    }
}

/// Returns who calls.
///
/// # Errors
/// 401 without a known token, 403 `disabled` or `revoked`.
pub(super) async fn session<D: Db>(app: &App<D>, headers: &HeaderMap) -> Result<Session, ApiError> {
    let session = known(app, headers).await?;
    if session.account.disabled {
        return Err(ApiError::forbidden("disabled", "the user account is disabled"));
    }
    if session.device.is_admitted() {
        Ok(session)
    } else {
        Err(ApiError::forbidden("revoked", "the device is revoked"))
    }
}

/// Returns who calls, revoked or not.
///
/// # Errors
/// 401 without a known token.
pub(super) async fn known<D: Db>(app: &App<D>, headers: &HeaderMap) -> Result<Session, ApiError> {
    let found = app.db.session(&token_hash(bearer(headers)?)).await?;
    found.ok_or_else(ApiError::unauthorized)
}

/// Returns the token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    token.map(str::trim).ok_or_else(ApiError::unauthorized)
}

/// `GET /v1/hello`.
pub(super) async fn hello<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
) -> Response {
    let result = app.db.tenant().await.map_err(ApiError::from).map(|tenant| Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        epoch: tenant.epoch,
        server_time: now_ms(),
        batch_ops: u32::try_from(BATCH_OPS).unwrap_or(u32::MAX),
        batch_bytes: u32::try_from(BATCH_BYTES).unwrap_or(u32::MAX),
        page_records: PAGE_RECORDS,
        min_app: "0.1.0".to_owned(),
        schema: SCHEMA,
    });
    reply(&headers, &request, result)
}

/// `POST /v1/enrol`.
pub(super) async fn enrol<D: Db>(
    State(app): Shared<D>,
    address: Address,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = do_enrol(&app, address.0, &headers, &body).await;
    reply(&headers, &request, result)
}

async fn do_enrol<D: Db>(
    app: &App<D>,
    from: IpAddr,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<EnrolAnswer, ApiError> {
    let now = now_ms();
    app.attempts.count(from, now).map_err(ApiError::too_many)?;
    let request: EnrolRequest = read(headers, body)?;
    let tenant = app.db.tenant().await?;
    let mut tx = app.db.begin().await?;
    let user = match tx.use_code(&code_hash(&request.code), now).await? {
        CodeUse::Taken(user) => user,
        CodeUse::Wrong => return Err(ApiError::forbidden("bad_code", "no such code")),
        CodeUse::Used => return Err(ApiError::forbidden("used_code", "the code was used before")),
        CodeUse::Expired => return Err(ApiError::forbidden("expired_code", "the code is too old")),
    };
    let account = tx.account(user).await?.ok_or_else(ApiError::internal)?;
    if account.disabled {
        return Err(ApiError::forbidden("disabled", "the user account is disabled"));
    }
    let secret = token(random());
    let device = NewDevice {
        id: request.device,
        account: user,
        token: token_hash(&secret),
        name: request.name.chars().take(MAX_NAME).collect(),
        app_version: request.app.chars().take(MAX_NAME).collect(),
        now,
    };
    if device.id == tenant.server_device || !tx.insert_device(&device).await? {
        let message = "the device id belongs to somebody else";
        return Err(ApiError::new(StatusCode::CONFLICT, "device_taken", message));
    }
    let certificate = care::certify(&app.care, &tenant, &account, &device)?;
    let admitted = Mark::Admitted { device: device.id, at: now };
    app.care.marks.append(&[admitted]).map_err(|_disk| ApiError::internal())?;
    tx.commit().await?;
    Ok(EnrolAnswer {
        token: secret,
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

/// `POST /v1/sync`.
pub(super) async fn sync<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = do_sync(&app, &headers, &body).await;
    reply(&headers, &request, result)
}

async fn do_sync<D: Db>(
    app: &App<D>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<SyncAnswer, ApiError> {
    let session = known(app, headers).await?;
    if session.account.disabled {
        return Err(ApiError::forbidden("disabled", "the user account is disabled"));
    }
    let request: SyncRequest = read(headers, body)?;
    if request.open.device != session.device.id {
        return Err(ApiError::forbidden("not_permitted", "the token is another device's"));
    }
    let SyncRequest { open, push, pull } = request;
    if !session.device.is_admitted() {
        return care::revoked(app, &session).await;
    }
    let opened = opening::open(&app.db, &app.care, &session, &open, now_ms()).await?;
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
        answer.push = Some(do_push(app, &session, push).await?);
    }
    if let Some(pull) = pull {
        answer.page = match page(&app.db, &app.care, &session, &pull).await {
            Ok(page) => Some(page),
            // The device learns from the opening what its pull must look like, and asks again.
            Err(PullError::ScopeChanged | PullError::Epoch | PullError::TombstonesGone) => None,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(answer)
}

/// `POST /v1/sync/push`.
pub(super) async fn push<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async {
        let session = session(&app, &headers).await?;
        do_push(&app, &session, read::<PushRequest>(&headers, &body)?).await
    };
    let result = result.await;
    reply(&headers, &request, result)
}

async fn do_push<D: Db>(
    app: &App<D>,
    session: &Session,
    request: PushRequest,
) -> Result<crate::wire::PushAnswer, ApiError> {
    if request.ops.len() > BATCH_OPS {
        return Err(ApiError::too_large(BATCH_OPS));
    }
    let bytes: usize = request.ops.iter().map(|op| op.0.len()).sum();
    if bytes > BATCH_BYTES && request.ops.len() > 1 {
        return Err(ApiError::too_large(BATCH_BYTES));
    }
    let batch = Batch::new(session.device.id, session.author(), request, now_ms());
    Ok(app.writer.push(batch).await?)
}

/// `POST /v1/sync/pull`.
pub(super) async fn pull<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async {
        let session = session(&app, &headers).await?;
        let request = read::<PullRequest>(&headers, &body)?;
        Ok(page(&app.db, &app.care, &session, &request).await?)
    };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `GET /v1/record/{id}/history`.
pub(super) async fn history<D: Db>(
    State(app): Shared<D>,
    Path(id): Path<String>,
    request: RequestId,
    headers: HeaderMap,
) -> Response {
    let result = do_history(&app, &headers, &id).await;
    reply(&headers, &request, result)
}

async fn do_history<D: Db>(
    app: &App<D>,
    headers: &HeaderMap,
    id: &str,
) -> Result<HistoryAnswer, ApiError> {
    let session = session(app, headers).await?;
    let missing =
        || ApiError::new(StatusCode::NOT_FOUND, "unknown_record", "no such record in your scope");
    let id: RecordId = id.parse().map_err(|_not_an_id| missing())?;
    let record = app.db.record(id).await?.ok_or_else(missing)?;
    let visible = scope::visible(&session.account, &app.db.units().await?);
    if !visible.includes(record.kind, record.unit) {
        return Err(missing());
    }
    let rows = app.db.history(id).await?;
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

/// Anything that is no call.
pub(super) async fn unknown(request: RequestId, headers: HeaderMap) -> Response {
    let error = ApiError::new(StatusCode::NOT_FOUND, "unknown_call", "there is no such call");
    refusal(Encoding::of_answer(&headers), &error, &request.0)
}

/// A call by the wrong method.
pub(super) async fn wrong_method(request: RequestId, headers: HeaderMap) -> Response {
    let code = "wrong_method";
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, code, "the call has another method");
    refusal(Encoding::of_answer(&headers), &error, &request.0)
}
