//! Frames: `tag u16 | length u32 | bytes`, little endian (protocol, Frames). A build that does not know a tag keeps the bytes.

use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserializer, Serializer};

use super::codec::CodecError;

/// Bytes before a frame's content.
pub const HEADER: usize = 6;

/// Puts bytes into a frame.
pub fn seal(tag: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + bytes.len());
    out.extend(tag.to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(bytes);
    out
}

/// Takes a frame apart; nothing may follow it.
///
/// # Errors
/// [`CodecError::Malformed`] if the length does not fit.
pub fn open(frame: &[u8]) -> Result<(u16, &[u8]), CodecError> {
    let malformed = CodecError::Malformed { what: "frame" };
    let [t0, t1, l0, l1, l2, l3, bytes @ ..] = frame else { return Err(malformed) };
    let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
    if usize::try_from(length).ok() != Some(bytes.len()) {
        return Err(malformed);
    }
    Ok((u16::from_le_bytes([*t0, *t1]), bytes))
}

/// Takes a frame apart and checks its tag.
///
/// # Errors
/// [`CodecError::WrongTag`], or as for [`open`].
pub fn expect(frame: &[u8], expected: u16) -> Result<&[u8], CodecError> {
    let (found, bytes) = open(frame)?;
    if found == expected { Ok(bytes) } else { Err(CodecError::WrongTag { expected, found }) }
}

/// Serializes a frame nested in a binary value: tag, then length and bytes, both as variable-length integers.
pub(super) fn serialize<S: Serializer>(
    serializer: S,
    tag: u16,
    bytes: &[u8],
) -> Result<S::Ok, S::Error> {
    let mut tuple = serializer.serialize_tuple(2)?;
    tuple.serialize_element(&tag)?;
    tuple.serialize_element(&Raw(bytes))?;
    tuple.end()
}

/// Reads a nested frame.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(u16, Vec<u8>), D::Error> {
    deserializer.deserialize_tuple(2, FrameVisitor)
}

struct Raw<'a>(&'a [u8]);

impl serde::Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct FrameVisitor;

impl<'de> Visitor<'de> for FrameVisitor {
    type Value = (u16, Vec<u8>);

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a frame")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let missing = || de::Error::custom("frame ends early");
        let tag = seq.next_element()?.ok_or_else(missing)?;
        let bytes: Blob = seq.next_element()?.ok_or_else(missing)?;
        Ok((tag, bytes.0))
    }
}

/// Bytes that serialize as bytes in binary and as hexadecimal text in JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl serde::Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> serde::Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            unhex(&text).map(Self).ok_or_else(|| de::Error::custom("not hexadecimal"))
        } else {
            deserializer.deserialize_byte_buf(BlobVisitor)
        }
    }
}

struct BlobVisitor;

impl Visitor<'_> for BlobVisitor {
    type Value = Blob;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
        Ok(Blob(bytes.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Blob, E> {
        Ok(Blob(bytes))
    }
}

/// Writes bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Reads hexadecimal text.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits?;
    if digits.len() % 2 != 0 {
        return None;
    }
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, d| (sum << 4) | d)).collect())
}

/// Returns the whole length of the frame that the bytes begin with, header included; `None` if they are too short to say.
pub fn length(bytes: &[u8]) -> Option<usize> {
    let [_, _, l0, l1, l2, l3, ..] = bytes else { return None };
    let content = usize::try_from(u32::from_le_bytes([*l0, *l1, *l2, *l3])).ok()?;
    content.checked_add(HEADER)
}
