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

/// How far a server had come when it gave a page, with its own mark on that.
///
/// A page that is not the last stands for less: records changed since are left out, to come later. If the server is put back to
/// before that change, they never come, and the cursor alone does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The place.
    pub at: Cursor,
    /// The server's mark.
    pub seal: Digest,
}

impl Witness {
    /// Nothing seen beyond the cursor.
    pub const NONE: Self = Self { at: Cursor::START, seal: [0; 16] };
}

impl Cursor {
    /// Nothing received yet.
    pub const START: Self = Self { epoch: Uuid::nil(), seq: 0, chain: [0; 16] };
}
