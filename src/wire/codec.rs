//! bincode 2 under a byte limit: the one place that names it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Most bytes one decoded value may claim (protocol, Limits).
pub const LIMIT: usize = 8 << 20;

/// Most entries of a list in a message: many times what any limit allows, and little memory for whoever sends empty ones.
pub const MAX_ITEMS: usize = 1 << 16;

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

/// Reads a list of a message, at most [`MAX_ITEMS`] long: an empty entry is one byte on the wire and dozens in memory.
pub(super) fn items<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_seq(Items(PhantomData))
}

struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX_ITEMS}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            if list.len() >= MAX_ITEMS {
                return Err(A::Error::invalid_length(list.len(), &self));
            }
            list.push(item);
        }
        Ok(list)
    }
}
