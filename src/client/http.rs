//! The protocol over HTTP, by reqwest; the only place that names it.

use std::sync::{Once, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::blocking::{Client as Http, RequestBuilder, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use super::pin::{Pin, Shown, config};
use super::transport::{Counters, Transport, TransportError};
use crate::domain::ids::RecordId;
use crate::wire::packet::Message;
use crate::wire::{
    CONTENT_TYPE as EJIA, ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest,
    EnrolAnswer, EnrolRequest, Hello, HistoryAnswer, MAX_DECODED, Page, Problem, PullRequest,
    PushAnswer, PushRequest, QuarantineAnswer, QuarantineRequest, ReadmitAnswer, ReadmitRequest,
    SessionAnswer, SessionRequest, SyncAnswer, SyncRequest, pack, unpack,
};

/// Longest wait for a connection: beyond it the person is told.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for an answer: a page of 1 MiB at 9.6 kbit/s does not fit, at 64 kbit/s it does.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(150);
/// Longest time an idle connection is kept: less than the server keeps it.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// A connection to one server.
pub struct HttpTransport {
    http: Http,
    base: Url,
    token: Option<String>,
    counters: Counters,
    /// What is pinned, and what was shown instead.
    pin: Option<(Pin, Shown)>,
}

static CRYPTO: Once = Once::new();

impl HttpTransport {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`TransportError::BadAddress`] if the address is none, or is plain HTTP to another machine: names and tokens would be
    /// readable on the way.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, TransportError> {
        Self::pinned(url, token, None)
    }

    /// Prepares a connection to a server known by a fingerprint.
    ///
    /// # Errors
    /// As for [`HttpTransport::new`].
    pub fn pinned(
        url: &str,
        token: Option<String>,
        pin: Option<Pin>,
    ) -> Result<Self, TransportError> {
        let bad = || TransportError::BadAddress { url: url.to_owned() };
        let mut base = Url::parse(url.trim()).map_err(|_no_url| bad())?;
        let loopback = match base.host_str() {
            Some("localhost") => true,
            Some(host) => host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback()),
            None => return Err(bad()),
        };
        if base.scheme() != "https" && !(base.scheme() == "http" && loopback) {
            return Err(bad());
        }
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        CRYPTO.call_once(|| {
            let _already_installed = rustls::crypto::ring::default_provider().install_default();
        });
        let mut builder = Http::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(reqwest::redirect::Policy::none());
        if loopback {
            builder = builder.no_proxy();
        }
        let mut known = None;
        if let Some(pin) = pin {
            let (config, shown) = config(pin).map_err(|_unusable| bad())?;
            builder = builder.tls_backend_preconfigured(config);
            known = Some((pin, shown));
        } else {
            builder = builder.min_tls_version(reqwest::tls::Version::TLS_1_2);
        }
        let http = builder.build().map_err(|_unusable| bad())?;
        Ok(Self { http, base, token, counters: Counters::default(), pin: known })
    }

    fn url(&self, path: &str) -> Result<Url, TransportError> {
        self.base
            .join(path)
            .map_err(|_no_url| TransportError::BadAddress { url: self.base.to_string() })
    }

    fn post<Q: Message, A: Message>(
        &mut self,
        path: &str,
        request: &Q,
    ) -> Result<A, TransportError> {
        let body = pack(request).map_err(|_too_large| self.not_ours())?;
        self.counters.bytes_sent += u64::try_from(body.len()).unwrap_or(0);
        let builder = self.http.post(self.url(path)?).header(CONTENT_TYPE, EJIA).body(body);
        self.send(builder)
    }

    fn get<A: Message>(&mut self, path: &str) -> Result<A, TransportError> {
        let builder = self.http.get(self.url(path)?);
        self.send(builder)
    }

    fn send<A: Message>(&mut self, builder: RequestBuilder) -> Result<A, TransportError> {
        let mut builder = builder.header(ACCEPT, EJIA);
        if let Some(token) = &self.token {
            builder = builder.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.counters.requests += 1;
        let answer = builder.send().map_err(|error| self.failed(&error))?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let body = self.read(answer)?;
        self.counters.bytes_received += u64::try_from(body.len()).unwrap_or(0);
        if status.is_success() {
            return unpack(&body).map_err(|_other| self.not_ours());
        }
        let problem: Problem = unpack(&body).map_err(|_other| self.not_ours())?;
        Err(TransportError::Refused {
            status: status.as_u16(),
            problem,
            retry_after_ms: retry_after(&headers),
        })
    }

    /// Reads a body, refusing to take more than any answer of ours has.
    fn read(&self, answer: Response) -> Result<Vec<u8>, TransportError> {
        use std::io::Read as _;
        let limit = u64::try_from(MAX_DECODED).unwrap_or(u64::MAX);
        let mut body = Vec::new();
        answer.take(limit).read_to_end(&mut body).map_err(|error| {
            if error.kind() == std::io::ErrorKind::TimedOut {
                TransportError::TimedOut { url: self.base.to_string() }
            } else {
                TransportError::Unreachable { url: self.base.to_string() }
            }
        })?;
        Ok(body)
    }

    fn failed(&self, error: &reqwest::Error) -> TransportError {
        let url = self.base.to_string();
        if let Some((pin, shown)) = &self.pin
            && let Some(found) = shown.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            return TransportError::WrongPin {
                url,
                expected: pin.to_string(),
                found: found.to_string(),
            };
        }
        if is_untrusted(error) {
            return TransportError::Untrusted { url };
        }
        if error.is_timeout() && !error.is_connect() {
            TransportError::TimedOut { url }
        } else {
            TransportError::Unreachable { url }
        }
    }

    fn not_ours(&self) -> TransportError {
        TransportError::NotOurServer { url: self.base.to_string() }
    }
}

/// True if the server's certificate was the reason.
fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let of_tls = inmost(error).downcast_ref::<rustls::Error>();
        if matches!(of_tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Unwraps errors of the system that carry another one, which is not their source.
fn inmost<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> &'a (dyn std::error::Error + 'static) {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => inmost(inner),
        None => error,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<i64> {
    let seconds: i64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    seconds.checked_mul(1_000)
}

impl Transport for HttpTransport {
    fn hello(&mut self) -> Result<Hello, TransportError> {
        self.get("v1/hello")
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError> {
        self.post("v1/enrol", request)
    }

    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError> {
        self.post("v1/sync", request)
    }

    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError> {
        self.post("v1/sync/push", request)
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.post("v1/sync/pull", request)
    }

    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError> {
        self.get(&format!("v1/record/{record}/history"))
    }

    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError> {
        self.post("v1/challenge", request)
    }

    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError> {
        self.post("v1/session", request)
    }

    fn set_token(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError> {
        self.post("v1/readmit", request)
    }

    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError> {
        self.post("v1/quarantine", request)
    }

    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError> {
        self.post("v1/sync/check", request)
    }

    fn may_overlap(&self) -> bool {
        true
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}
