//! What can fail in a use case, told so that a person knows what to do next.

use crate::client::transport::TransportError;
use crate::domain::record::Issue;
use crate::store::StoreError;
use crate::wire::CodecError;

/// A use case did not happen; nothing that was saved before is touched.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The store or the journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network or the server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Stored bytes cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The data must be fixed first.
    #[error("the record has {} problems", issues.len())]
    Invalid {
        /// What to fix, warnings too.
        issues: Vec<Issue>,
    },
    /// No such record, conflict or refused change here.
    #[error("{what} {id} is not here")]
    NotFound {
        /// `record`, `conflict`, `attention`, `report`, `field`, `kind`.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The user's role or unit does not allow it.
    #[error("not allowed: {action}")]
    NotAllowed {
        /// What was tried, a stable word.
        action: String,
    },
    /// A workflow step that is not open now.
    #[error("the step {action} is not open")]
    StepClosed {
        /// The step.
        action: String,
        /// Why: an issue whose code names the reason.
        reason: Box<Issue>,
    },
    /// The device has not joined a server.
    #[error("this device has not joined a server")]
    NotEnrolled,
    /// The device has joined a server already.
    #[error("this device has joined a server already")]
    AlreadyEnrolled,
    /// Another sync of this program is running.
    #[error("a sync is running already")]
    SyncRunning,
    /// The person cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The files were opened to be looked at only.
    #[error("opened to be looked at only")]
    ReadOnly,
    /// Nothing is there to be undone.
    #[error("nothing to undo")]
    NothingToUndo,
    /// Nothing was taken back that could be done again.
    #[error("nothing to redo")]
    NothingToRedo,
    /// The last command was a note, a decision, or a request that only its opposite answers.
    #[error("this is not undone")]
    CannotUndo,
    /// The record holds what only a newer program understands.
    #[error("record {id} holds what only a newer program understands")]
    Newer {
        /// The record.
        id: String,
    },
    /// The record changed since; undoing would overwrite somebody.
    #[error("changed since by someone else")]
    ChangedSince,
    /// A sheet cannot be read.
    #[error(transparent)]
    Import(#[from] crate::transfer::import::ImportError),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// This device was without contact for longer than its lease: contact or a code of headquarters opens it.
    #[error("no contact for too long")]
    LeaseExpired {
        /// Changes that wait to be sent; they are all kept.
        pending: usize,
        /// Id of the device, for headquarters.
        device: String,
    },
    /// A code that does not open this device, or no longer.
    #[error("the code does not open this device")]
    BadUnlockCode,
    /// Personal data is shown in full only for a reason.
    #[error("a reason is needed")]
    ReasonMissing,
    /// Personal data leaves in a file only for a purpose.
    #[error("a purpose is needed")]
    PurposeMissing,
    /// A paper form cannot be filled.
    #[error(transparent)]
    Form(#[from] crate::transfer::forms::FormError),
    /// A passphrase that is guessed too soon (`passphrase::is_good`).
    #[error("the passphrase is too weak")]
    WeakPassphrase,
    /// The server ended the sync: revoked, too old a program, or an endless loop of orders.
    #[error("the server ended the sync: {reason}")]
    Ended {
        /// A stable word.
        reason: &'static str,
    },
}

impl ClientError {
    /// Returns the key of the message in config/locales; the hint is `hint-<code>`.
    pub fn message_key(&self) -> String {
        match self {
            Self::Store(error) => error.key().to_owned(),
            Self::Import(error) => format!("import-error-{}", error.code()),
            other => format!("error-{}", other.code()),
        }
    }

    /// Returns the stable word of the error: in JSON, and in the keys of message and hint.
    pub fn code(&self) -> String {
        match self {
            Self::Store(error) => error.key().to_owned(),
            Self::Transport(error) => error.code(),
            Self::Codec(_) => "codec".to_owned(),
            Self::Invalid { .. } => "invalid".to_owned(),
            Self::NotFound { what, .. } => format!("not-found-{what}"),
            Self::NotAllowed { .. } => "not-allowed".to_owned(),
            Self::StepClosed { .. } => "step-closed".to_owned(),
            Self::NotEnrolled => "not-enrolled".to_owned(),
            Self::AlreadyEnrolled => "already-enrolled".to_owned(),
            Self::SyncRunning => "sync-running".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
            Self::ReadOnly => "read-only".to_owned(),
            Self::NothingToUndo => "nothing-to-undo".to_owned(),
            Self::NothingToRedo => "nothing-to-redo".to_owned(),
            Self::CannotUndo => "cannot-undo".to_owned(),
            Self::Newer { .. } => "newer-record".to_owned(),
            Self::ChangedSince => "changed-since".to_owned(),
            Self::Import(error) => format!("import-{}", error.code()),
            Self::Form(error) => format!("form-{}", error.code()),
            Self::Read { .. } => "read".to_owned(),
            Self::Write { .. } => "write".to_owned(),
            Self::WeakPassphrase => "weak-passphrase".to_owned(),
            Self::LeaseExpired { .. } => "lease-expired".to_owned(),
            Self::BadUnlockCode => "bad-unlock-code".to_owned(),
            Self::ReasonMissing => "reason-missing".to_owned(),
            Self::PurposeMissing => "purpose-missing".to_owned(),
            Self::Ended { reason } => format!("ended-{reason}"),
        }
    }

    /// Returns what fills the message's placeholders.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Store(error) => error.args(),
            Self::Transport(error) => error.args(),
            Self::LeaseExpired { pending, device } => {
                vec![("pending", pending.to_string()), ("device", device.clone())]
            }
            Self::NotFound { id, .. } | Self::Newer { id } => vec![("id", id.clone())],
            Self::NotAllowed { action } | Self::StepClosed { action, .. } => {
                vec![("action", action.clone())]
            }
            Self::Invalid { issues } => vec![("count", issues.len().to_string())],
            Self::Import(error) => error.args(),
            Self::Form(error) => error.args(),
            Self::Read { path, source } | Self::Write { path, source } => {
                vec![("path", path.clone()), ("cause", source.to_string())]
            }
            Self::Codec(_)
            | Self::NotEnrolled
            | Self::AlreadyEnrolled
            | Self::SyncRunning
            | Self::Cancelled
            | Self::ReadOnly
            | Self::NothingToUndo
            | Self::NothingToRedo
            | Self::CannotUndo
            | Self::ChangedSince
            | Self::WeakPassphrase
            | Self::BadUnlockCode
            | Self::ReasonMissing
            | Self::PurposeMissing
            | Self::Ended { .. } => Vec::new(),
        }
    }
}
