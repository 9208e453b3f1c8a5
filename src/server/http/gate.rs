//! Before every call: who calls, whether they may, and how often. The router can only be built through it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;

use super::body::{Encoding, refusal};
use super::error::ApiError;
use super::handlers::Caller;
use super::{Address, App, RequestId};
use crate::domain::rights::{CALLS, Need};
use crate::server::db::Db;
use crate::server::db::rows::Session;

/// Calls being put together: each needs its place in the table of rights.
pub(super) struct Gate<D> {
    app: Arc<App<D>>,
    router: Router<Arc<App<D>>>,
}

impl<D: Db> Gate<D> {
    /// Begins without any call.
    pub(super) fn new(app: Arc<App<D>>) -> Self {
        Self { app, router: Router::new() }
    }

    /// Adds a call. One that is not in the table of rights is not served: there is no way round the check.
    #[must_use]
    pub(super) fn call(
        self,
        method: &str,
        path: &'static str,
        handler: MethodRouter<Arc<App<D>>>,
    ) -> Self {
        let listed = CALLS.into_iter().find(|(m, p, _)| (*m, *p) == (method, path));
        let Some((_, _, need)) = listed else { return self };
        let state = (Arc::clone(&self.app), need);
        let router = self.router.route(path, handler.layer(from_fn_with_state(state, pass::<D>)));
        Self { router, ..self }
    }

    /// Returns the calls.
    pub(super) fn router(self) -> Router<Arc<App<D>>> {
        self.router
    }
}

/// Returns the token a request carries; nothing, which no device has, if there is none.
fn token(headers: &HeaderMap) -> &str {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.and_then(|value| value.strip_prefix("Bearer ")).map_or("", str::trim)
}

/// Lets a request through with its session, or refuses it.
async fn pass<D: Db>(
    State((app, need)): State<(Arc<App<D>>, Need)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let encoding = Encoding::of_answer(&parts.headers);
    let Ok::<_, Infallible>(id) = RequestId::from_request_parts(&mut parts, &()).await;
    let Ok::<_, Infallible>(address) = Address::from_request_parts(&mut parts, &app).await;
    match admit(&app, need, token(&parts.headers), address).await {
        Ok(session) => {
            if let Some(session) = session {
                parts.extensions.insert(Caller(session));
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => refusal(encoding, &error, &id.0),
    }
}

async fn admit<D: Db>(
    app: &App<D>,
    need: Need,
    token: &str,
    address: Address,
) -> Result<Option<Session>, ApiError> {
    let now = app.service.now_ms();
    let session = match need {
        Need::Anybody => return Ok(None),
        Need::Proof => {
            app.proofs.count(address.0, now).map_err(ApiError::too_many)?;
            return Ok(None);
        }
        Need::Device => app.service.known(token).await?,
        Need::Admitted | Need::Auditor => app.service.session(token).await?,
    };
    app.service.permit(need, &session).await?;
    app.requests.count(session.device.id, now).map_err(ApiError::too_many)?;
    Ok(Some(session))
}
