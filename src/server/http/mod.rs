//! The calls over HTTP: routes, what surrounds every request, encodings, refusals (protocol, Calls).

mod body;
mod error;
mod gate;
mod handlers;
mod limit;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::clock::random;
use super::db::Db;
use super::net::proxy::{Network, origin};
use super::service::Service;
use crate::telemetry as field;
use crate::wire::frame::hex;
use body::{Encoding, MAX_JSON, refusal};
pub(super) use error::ApiError;
use gate::Gate;
use limit::{Attempts, Lockout, Requests};

/// Codes and signatures one address may show a minute: a whole office may come back at once behind one address.
const PROOFS: u32 = 3_000;

/// What all requests share.
#[derive(Debug)]
pub(super) struct App<D> {
    /// What answers.
    pub(super) service: Service<D>,
    /// Enrolments tried.
    attempts: Attempts,
    /// Codes and signatures tried, by address.
    proofs: Attempts,
    /// Wrong codes.
    codes: Lockout,
    /// Requests of devices.
    requests: Requests,
    /// Proxies whose word on addresses is believed.
    trusted: Vec<Network>,
}

impl<D> App<D> {
    /// Puts the parts together.
    pub(super) fn new(
        service: Service<D>,
        (enrol_per_minute, requests_per_minute): (u32, u32),
        trusted: Vec<Network>,
    ) -> Self {
        Self {
            service,
            attempts: Attempts::new(enrol_per_minute),
            proofs: Attempts::new(PROOFS),
            codes: Lockout::default(),
            requests: Requests::new(requests_per_minute),
            trusted,
        }
    }
}

/// Names one request in the log and in refusals.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self("-".to_owned())))
    }
}

/// Where a request comes from, as far as it can be believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address(pub(super) IpAddr);

impl<D: Db> FromRequestParts<Arc<App<D>>> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App<D>>) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = known.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let lines = parts.headers.get_all("x-forwarded-for");
        let lines: Vec<&str> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
        Ok(Self(origin(peer, &app.trusted, &lines)))
    }
}

/// Requests worked on at once; further ones wait before they are read, so that many at a moment cost time and no memory.
const AT_ONCE: usize = 128;

/// What surrounds every request.
#[derive(Clone, Debug)]
struct Around {
    timeout: Duration,
    gate: Arc<Semaphore>,
}

/// Makes the router of all calls. A request that takes longer than `timeout` is answered 503.
pub(super) fn router<D: Db>(app: Arc<App<D>>, timeout: Duration) -> Router {
    let around_all = Around { timeout, gate: Arc::new(Semaphore::new(AT_ONCE)) };
    let calls = Gate::new(Arc::clone(&app))
        .call("GET", "/v1/hello", get(handlers::hello::<D>))
        .call("POST", "/v1/enrol", post(handlers::enrol::<D>))
        .call("POST", "/v1/challenge", post(handlers::challenge::<D>))
        .call("POST", "/v1/session", post(handlers::session::<D>))
        .call("POST", "/v1/readmit", post(handlers::readmit::<D>))
        .call("POST", "/v1/quarantine", post(handlers::quarantine::<D>))
        .call("POST", "/v1/sync", post(handlers::sync::<D>))
        .call("POST", "/v1/sync/check", post(handlers::check::<D>))
        .call("POST", "/v1/sync/push", post(handlers::push::<D>))
        .call("POST", "/v1/sync/pull", post(handlers::pull::<D>))
        .call("GET", "/v1/record/{id}/history", get(handlers::history::<D>))
        .call("GET", "/v1/audit", get(handlers::audit::<D>));
    calls
        .router()
        .fallback(handlers::unknown)
        .method_not_allowed_fallback(handlers::wrong_method)
        .with_state(app)
        .layer(DefaultBodyLimit::max(MAX_JSON))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(around_all, around))
        .layer(from_fn(name))
}

/// Gives the request its id, and every refusal that is not ours yet (too large, unreadable) our form.
async fn name(mut request: Request, next: Next) -> Response {
    let id = RequestId(hex(&random::<8>()));
    let encoding = Encoding::of_answer(request.headers());
    request.extensions_mut().insert(id.clone());
    let response = next.run(request).await;
    let status = response.status();
    let ours = response.headers().get("cache-control").is_some();
    if status.is_success() || ours {
        return response;
    }
    let error = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(MAX_JSON),
        StatusCode::BAD_REQUEST => ApiError::incomplete(),
        status if status.is_server_error() => ApiError::internal(),
        status => ApiError::new(status, "malformed", "the request is not readable"),
    };
    refusal(encoding, &error, &id.0)
}

/// Logs each request, and ends those that take too long.
async fn around(
    axum::extract::State(Around { timeout, gate }): axum::extract::State<Around>,
    request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.map_or_else(String::new, |id| id.0);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let encoding = Encoding::of_answer(request.headers());
    let answered = async {
        let _turn = gate.acquire().await;
        next.run(request).await
    };
    let response = match tokio::time::timeout(timeout, answered).await {
        Ok(response) => response,
        Err(_elapsed) => refusal(encoding, &ApiError::busy(), &id),
    };
    tracing::info!(
        { field::REQUEST } = id,
        { field::METHOD } = %method,
        { field::ROUTE } = route.as_deref().unwrap_or("-"),
        { field::STATUS } = response.status().as_u16(),
        { field::DURATION_MS } = start.elapsed().as_millis(),
        "request"
    );
    response
}

/// A panic ends its own request only; what it says stays out of the answer.
fn panicked(_message: Box<dyn std::any::Any + Send>) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
