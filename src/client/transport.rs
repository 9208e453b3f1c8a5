//! What a sync needs of a network: one method per call of the protocol, so that tests can put anything in its place.

use crate::domain::ids::RecordId;
use crate::wire::{
    ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest, EnrolAnswer, EnrolRequest, Hello,
    HistoryAnswer, Page, Problem, PullRequest, PushAnswer, PushRequest, QuarantineAnswer,
    QuarantineRequest, ReadmitAnswer, ReadmitRequest, SessionAnswer, SessionRequest, SyncAnswer,
    SyncRequest,
};

/// A request did not get its answer. Nothing is lost: every request may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection, or it broke.
    #[error("cannot reach {url}")]
    Unreachable {
        /// The server's address.
        url: String,
    },
    /// No answer in time.
    #[error("no answer from {url} in time")]
    TimedOut {
        /// The server's address.
        url: String,
    },
    /// Something answered that is not our server: a login page of the network, a proxy.
    #[error("what answers at {url} is not an ejia server")]
    NotOurServer {
        /// The server's address.
        url: String,
    },
    /// The address is no address, or not one that may be used without encryption.
    #[error("{url} is not a usable server address")]
    BadAddress {
        /// What was given.
        url: String,
    },
    /// The server's certificate is not the one pinned when this device joined.
    #[error("{url} shows the certificate {found}, not {expected}")]
    WrongPin {
        /// The server's address.
        url: String,
        /// Fingerprint kept here.
        expected: String,
        /// Fingerprint shown.
        found: String,
    },
    /// No authority known here signed the server's certificate, and none is pinned.
    #[error("nobody known here vouches for the certificate of {url}")]
    Untrusted {
        /// The server's address.
        url: String,
    },
    /// The server answered with a problem.
    #[error("the server says: {}", problem.code)]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it says.
        problem: Problem,
        /// When to come back, milliseconds.
        retry_after_ms: Option<i64>,
    },
}

impl TransportError {
    /// True if the same request may succeed later without anybody doing anything.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::NotOurServer { .. } => true,
            Self::BadAddress { .. } | Self::WrongPin { .. } | Self::Untrusted { .. } => false,
            Self::Refused { status, .. } => *status >= 500 || matches!(*status, 408 | 429),
        }
    }

    /// Returns the stable word of the message.
    pub fn code(&self) -> String {
        match self {
            Self::Unreachable { .. } => "unreachable".to_owned(),
            Self::TimedOut { .. } => "timed-out".to_owned(),
            Self::NotOurServer { .. } => "not-our-server".to_owned(),
            Self::BadAddress { .. } => "bad-address".to_owned(),
            Self::WrongPin { .. } => "wrong-pin".to_owned(),
            Self::Untrusted { .. } => "untrusted-certificate".to_owned(),
            Self::Refused { problem, .. } => format!("server-{}", problem.code.replace('_', "-")),
        }
    }

    /// Returns what fills the message's placeholders.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable { url }
            | Self::TimedOut { url }
            | Self::NotOurServer { url }
            | Self::BadAddress { url }
            | Self::Untrusted { url } => vec![("url", url.clone())],
            Self::WrongPin { url, expected, found } => {
                vec![("url", url.clone()), ("expected", expected.clone()), ("found", found.clone())]
            }
            Self::Refused { status, problem, .. } => vec![
                ("status", status.to_string()),
                ("message", problem.message.clone()),
                ("request", problem.request_id.clone()),
            ],
        }
    }
}

/// What went over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests.
    pub requests: u64,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of answer bodies.
    pub bytes_received: u64,
}

/// The calls of the protocol. Blocking; used from a worker thread.
pub trait Transport: Send {
    /// What the server is.
    ///
    /// # Errors
    /// Any [`TransportError`]; the same for all calls.
    fn hello(&mut self) -> Result<Hello, TransportError>;
    /// Joins with a one-time code.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolAnswer, TransportError>;
    /// Opening, first batch and first page.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn sync(&mut self, request: &SyncRequest) -> Result<SyncAnswer, TransportError>;
    /// A further batch.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, TransportError>;
    /// A further page.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError>;
    /// The operations on one record.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn history(&mut self, record: RecordId) -> Result<HistoryAnswer, TransportError>;
    /// Asks for something to sign.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn challenge(&mut self, request: &ChallengeRequest) -> Result<ChallengeAnswer, TransportError>;
    /// Begins a session.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn session(&mut self, request: &SessionRequest) -> Result<SessionAnswer, TransportError>;
    /// Uses another token from now on.
    fn set_token(&mut self, token: &str);
    /// Lets a device in again that a restored server does not know.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn readmit(&mut self, request: &ReadmitRequest) -> Result<ReadmitAnswer, TransportError>;
    /// Hands in operations of a revoked device.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn quarantine(
        &mut self,
        request: &QuarantineRequest,
    ) -> Result<QuarantineAnswer, TransportError>;
    /// Compares what both sides hold.
    ///
    /// # Errors
    /// Any [`TransportError`].
    fn check(&mut self, request: &CheckRequest) -> Result<CheckAnswer, TransportError>;
    /// True if a request may be on its way in another thread while what came before is stored.
    fn may_overlap(&self) -> bool {
        false
    }
    /// What went over the network so far.
    fn counters(&self) -> Counters;
}
