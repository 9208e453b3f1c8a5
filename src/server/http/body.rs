//! Both encodings of every call, chosen by `content-type` and `accept`; never HTML.

use axum::body::Bytes;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE as TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;
use crate::wire::packet::Message;
use crate::wire::{CONTENT_TYPE, MAX_ENCODED, pack, unpack};

/// Media type of the readable encoding.
pub(crate) const JSON: &str = "application/json";
/// Most bytes of a JSON body: operations are hexadecimal there, twice their size.
pub(crate) const MAX_JSON: usize = 2 * MAX_ENCODED;

/// Those who are told to come back after a time come back between that and so many times it more.
const SPREAD: u32 = 4;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Packets.
    Binary,
    /// JSON.
    Json,
}

impl Encoding {
    /// Returns the encoding of a request's body.
    pub(crate) fn of_body(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(TYPE)?.to_str().ok()?;
        let kind = kind.split(';').next().unwrap_or(kind).trim();
        Self::named(kind)
    }

    /// Returns the encoding the caller wants: what it names first, else the one it wrote in, else JSON.
    pub(crate) fn of_answer(headers: &HeaderMap) -> Self {
        let wanted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let named = wanted
            .split(',')
            .find_map(|part| Self::named(part.split(';').next().unwrap_or(part).trim()));
        named.or_else(|| Self::of_body(headers)).unwrap_or(Self::Json)
    }

    fn named(kind: &str) -> Option<Self> {
        if kind.eq_ignore_ascii_case(CONTENT_TYPE) {
            Some(Self::Binary)
        } else if kind.eq_ignore_ascii_case(JSON) {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// Reads a request's body.
pub(crate) fn read<M: Message>(headers: &HeaderMap, body: &Bytes) -> Result<M, ApiError> {
    match Encoding::of_body(headers) {
        Some(Encoding::Binary) if body.len() > MAX_ENCODED => Err(ApiError::too_large(MAX_ENCODED)),
        Some(Encoding::Binary) => Ok(unpack(body)?),
        Some(Encoding::Json) => serde_json::from_slice(body).map_err(|error| {
            let place = format!("not readable at line {} column {}", error.line(), error.column());
            ApiError::new(StatusCode::BAD_REQUEST, "malformed", &place)
        }),
        None => {
            let message = format!("the body must be {CONTENT_TYPE} or {JSON}");
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", &message))
        }
    }
}

/// Writes an answer.
pub(crate) fn answer<M: Message>(encoding: Encoding, status: StatusCode, message: &M) -> Response {
    let (kind, body) = match encoding {
        Encoding::Binary => (CONTENT_TYPE, pack(message).ok()),
        Encoding::Json => (JSON, serde_json::to_vec(message).ok()),
    };
    let Some(body) = body else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Writes a refusal. Who is told to come back later is told a moment of its own, by the chance in the request's id: those that
/// were sent away together must not come back together.
pub(crate) fn refusal(encoding: Encoding, error: &ApiError, request_id: &str) -> Response {
    let mut response = answer(encoding, error.status, &error.problem(request_id));
    if let Some(seconds) = error.retry_after {
        let chance = request_id
            .bytes()
            .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let spread = chance % seconds.saturating_mul(SPREAD).max(1);
        let seconds = seconds.saturating_add(spread);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
