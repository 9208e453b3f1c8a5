//! Cursors: how far a device has the server's feed, told so that a silently restored server is noticed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hash::Digest;

/// A place in one server's history (protocol, Cursor).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// History the position belongs to; a restored server starts a new one.
    pub epoch: Uuid,
    /// Last position the device has.
    pub seq: u64,
    /// Chain value at that position.
    pub chain: Digest,
}

impl Cursor {
    /// Nothing received yet.
    pub const START: Self = Self { epoch: Uuid::nil(), seq: 0, chain: [0; 16] };
}
