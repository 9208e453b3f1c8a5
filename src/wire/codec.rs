//! bincode 2 under a byte limit: the one place that names it.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most bytes one decoded value may claim (protocol, Limits).
pub const LIMIT: usize = 8 << 20;

/// Bytes that are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes end early, claim too much, or are of another shape.
    #[error("malformed {what}")]
    Malformed {
        /// What was being read.
        what: &'static str,
    },
    /// A frame or packet of another kind.
    #[error("expected tag {expected}, found {found}")]
    WrongTag {
        /// Tag wanted.
        expected: u16,
        /// Tag found.
        found: u16,
    },
    /// Not a message of this protocol at all: a login page of the network, for example.
    #[error("not an ejia message")]
    NotOurs,
    /// A packet that is not as it was sent.
    #[error("the message was damaged on its way")]
    Damaged,
    /// A protocol number this build does not speak.
    #[error("protocol {found} is not supported")]
    Protocol {
        /// Number found.
        found: u16,
    },
    /// More bytes than allowed.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// Limit in bytes.
        limit: usize,
    },
}

/// Encodes a value with bincode's standard configuration.
///
/// # Errors
/// [`CodecError::Malformed`] if the value cannot be represented; none of ours is.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CodecError> {
    bincode::serde::encode_to_vec(value, bincode::config::standard())
        .map_err(|_cause| CodecError::Malformed { what: "value" })
}

/// Decodes a value and refuses trailing bytes.
///
/// # Errors
/// [`CodecError::Malformed`] if the bytes are no such value.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, CodecError> {
    let config = bincode::config::standard().with_limit::<LIMIT>();
    match bincode::serde::decode_from_slice(bytes, config) {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        Ok(_) | Err(_) => Err(CodecError::Malformed { what }),
    }
}
