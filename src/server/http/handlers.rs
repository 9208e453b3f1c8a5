//! One function a call. Each reads, hands over to [`Service`](crate::server::service::Service) and writes what it gave.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::body::{Encoding, answer, read, refusal};
use super::error::ApiError;
use super::{Address, App, RequestId};
use crate::server::db::Db;
use crate::server::db::rows::Session;
use crate::wire::packet::Message;

/// What every handler is given.
pub(super) type Shared<D> = State<Arc<App<D>>>;

/// Writes what a handler gave, in the encoding the caller wants.
fn reply<M: Message>(
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

/// Who calls, as the gate found out; a call that needs nobody has none.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Session);

/// `GET /v1/hello`.
pub(super) async fn hello<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
) -> Response {
    reply(&headers, &request, app.service.hello().await)
}

/// `POST /v1/enrol`.
pub(super) async fn enrol<D: Db>(
    State(app): Shared<D>,
    address: Address,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async {
        let now = app.service.now_ms();
        app.attempts.count(address.0, now).map_err(ApiError::too_many)?;
        app.codes.check(address.0, now).map_err(ApiError::too_many)?;
        let answer = app.service.enrol(read(&headers, &body)?).await;
        match &answer {
            Ok(_) => app.codes.right(address.0),
            Err(error) if error.code == "bad_code" => {
                if let Some(rest) = app.codes.wrong(address.0, now) {
                    app.service.note("code.locked", &format!("{rest} s")).await?;
                }
            }
            Err(_) => {}
        }
        answer
    };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/challenge`.
pub(super) async fn challenge<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.challenge(&read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/session`.
pub(super) async fn session<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.begin_session(&read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/readmit`.
pub(super) async fn readmit<D: Db>(
    State(app): Shared<D>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.readmit(read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/quarantine`.
pub(super) async fn quarantine<D: Db>(
    State(app): Shared<D>,
    Extension(Caller(session)): Extension<Caller>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.quarantine(&session, read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/sync/check`.
pub(super) async fn check<D: Db>(
    State(app): Shared<D>,
    Extension(Caller(session)): Extension<Caller>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.check(&session, read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/sync`.
pub(super) async fn sync<D: Db>(
    State(app): Shared<D>,
    Extension(Caller(session)): Extension<Caller>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.sync(&session, read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/sync/push`.
pub(super) async fn push<D: Db>(
    State(app): Shared<D>,
    Extension(Caller(session)): Extension<Caller>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.push(&session, read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `POST /v1/sync/pull`.
pub(super) async fn pull<D: Db>(
    State(app): Shared<D>,
    Extension(Caller(session)): Extension<Caller>,
    request: RequestId,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async { app.service.pull(&session, &read(&headers, &body)?).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// `GET /v1/record/{id}/history`.
pub(super) async fn history<D: Db>(
    State(app): Shared<D>,
    Extension(Caller(session)): Extension<Caller>,
    Path(id): Path<String>,
    request: RequestId,
    headers: HeaderMap,
) -> Response {
    let result = async { app.service.history(&session, &id).await };
    let result = result.await;
    reply(&headers, &request, result)
}

/// Where an outside verifier stands.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct AuditQuery {
    after: u64,
    events_after: u64,
}

/// `GET /v1/audit`.
pub(super) async fn audit<D: Db>(
    State(app): Shared<D>,
    query: Result<Query<AuditQuery>, QueryRejection>,
    request: RequestId,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let unreadable = |_rejected| {
            let message = "after and events_after are numbers";
            ApiError::new(StatusCode::BAD_REQUEST, "malformed", message)
        };
        let Query(from) = query.map_err(unreadable)?;
        app.service.audit(from.after, from.events_after).await
    };
    let result = result.await;
    reply(&headers, &request, result)
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
