//! What goes over the wire and onto disk: frames, encodings, messages (docs/protocol.md). Both ends use the same definitions.
//!
//! It imports `domain` and `sync`. Start at [`frame`] (tag, length, bytes), then [`record`] and [`op`] (stored and hashed forms),
//! then the message files, one per call.

pub mod codec;
pub mod frame;
pub mod message;
pub mod op;
pub mod packet;
pub mod peek;
pub mod pin;
pub mod record;
pub mod value;

pub use codec::{CodecError, decode, encode};
pub use message::{
    AuditAnswer, AuditEvent, AuditOp, ChallengeAnswer, ChallengeRequest, CheckAnswer, CheckRequest,
    EnrolAnswer, EnrolRequest, Hello, HistoryAnswer, HistoryEntry, Page, Problem, PullRequest,
    PushAnswer, PushRequest, QuarantineAnswer, QuarantineRequest, ReadmitAnswer, ReadmitRequest,
    Receipt, SessionAnswer, SessionRequest, SyncAnswer, SyncRequest, proof,
};
pub use op::{decode_op, encode_op};
pub use packet::{CONTENT_TYPE, MAX_DECODED, MAX_ENCODED, PROTOCOL, pack, unpack};
pub use peek::{
    Head, OpHead, created_record, element_authors, head, is_deleted, op_head, peek, peek_one,
    peek_ref, peek_refs,
};
pub use pin::{NoPin, Pin};
pub use record::{RecordBytes, decode_record, encode_record};
pub use value::ValueRef;
