//! Answers that are no success: a status and a [`Problem`] in the caller's encoding. Internals go to the log only.

use axum::http::StatusCode;

use crate::server::db::DbError;
use crate::server::pull::PullError;
use crate::server::push::PushError;
use crate::telemetry as field;
use crate::wire::{CodecError, Problem};

/// Why a call failed, as its caller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// Stable word.
    pub(crate) code: &'static str,
    /// English, for logs.
    pub(crate) message: String,
    /// For `gap`.
    pub(crate) expected: Option<u64>,
    /// Seconds to wait before the next try.
    pub(crate) retry_after: Option<u32>,
}

impl ApiError {
    /// Makes an answer without details.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), expected: None, retry_after: None }
    }

    /// 401: no token, or one the server does not know.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "a valid device token is needed")
    }

    /// 403 with the reason.
    pub(crate) fn forbidden(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 408: the line broke while the request came in; the same request may be sent again.
    pub(crate) fn incomplete() -> Self {
        let message = "the request did not arrive whole";
        Self::new(StatusCode::REQUEST_TIMEOUT, "incomplete", message)
    }

    /// 413: the client sends less.
    pub(crate) fn too_large(max: usize) -> Self {
        let max = u64::try_from(max).unwrap_or(u64::MAX);
        let message = format!("at most {max} are taken at once");
        let code = "too_large";
        Self { expected: Some(max), ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, &message) }
    }

    /// 429: come back later.
    pub(crate) fn too_many(seconds: u32) -> Self {
        let code = "too_many_requests";
        let message = "too many attempts; wait before the next";
        let answer = Self::new(StatusCode::TOO_MANY_REQUESTS, code, message);
        Self { retry_after: Some(seconds), ..answer }
    }

    /// 503: the server is busy.
    pub(crate) fn busy() -> Self {
        let answer = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the server is busy");
        Self { retry_after: Some(2), ..answer }
    }

    /// 507: the database's disk has no room; what was sent is not stored and may be sent again.
    pub(crate) fn disk_full() -> Self {
        let message = "the server's disk is full; nothing was stored";
        let answer = Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message);
        Self { retry_after: Some(60), ..answer }
    }

    /// 500: the log says why.
    pub(crate) fn internal() -> Self {
        let message = "the server failed; its log says why under this request id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Makes the body of the answer.
    pub(crate) fn problem(&self, request_id: &str) -> Problem {
        Problem {
            code: self.code.to_owned(),
            message: self.message.clone(),
            expected: self.expected,
            request_id: request_id.to_owned(),
        }
    }
}

impl From<CodecError> for ApiError {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::TooLarge { limit } => Self::too_large(limit),
            CodecError::Damaged => Self::incomplete(),
            CodecError::Protocol { .. } => {
                Self::new(StatusCode::UPGRADE_REQUIRED, "protocol", &error.to_string())
            }
            CodecError::Malformed { .. } | CodecError::WrongTag { .. } | CodecError::NotOurs => {
                Self::new(StatusCode::BAD_REQUEST, "malformed", &error.to_string())
            }
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        if error.is_retryable() {
            return Self::busy();
        }
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!({ field::ERROR } = %error, cause, "the database failed");
        if error.is_full() { Self::disk_full() } else { Self::internal() }
    }
}

impl From<PushError> for ApiError {
    fn from(error: PushError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, &error.to_string());
        match error {
            PushError::Gap { expected } => Self { expected: Some(expected), ..conflict("gap") },
            PushError::Fork => conflict("fork"),
            PushError::SplitGroup => {
                Self::new(StatusCode::BAD_REQUEST, "split_group", &error.to_string())
            }
            PushError::TooMany { limit } => Self::too_large(limit),
            PushError::Busy => Self::busy(),
            PushError::Full => Self::disk_full(),
            PushError::Broken | PushError::Outside(_) => Self::internal(),
            PushError::Db(error) => Self::from(error),
        }
    }
}

impl From<PullError> for ApiError {
    fn from(error: PullError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, &error.to_string());
        match error {
            PullError::Behind => conflict("behind"),
            PullError::Epoch => conflict("epoch"),
            PullError::ScopeChanged => conflict("scope_changed"),
            PullError::TombstonesGone => conflict("tombstones_gone"),
            PullError::Db(error) => Self::from(error),
        }
    }
}
