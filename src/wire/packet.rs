//! Packets: a whole request or answer body: `EJ`, protocol number, flags, check, then one frame, compressed or not
//! (protocol, Packets).

use std::cell::RefCell;
use std::io::Read as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::Compressor;
use zstd::zstd_safe::DCtx;

use super::codec::{CodecError, decode, encode};
use super::frame;
use crate::sync::hash::digest_of;

/// Media type of the binary encoding.
pub const CONTENT_TYPE: &str = "application/vnd.ejia.v1+bincode";
/// Protocol number of this build.
pub const PROTOCOL: u16 = 1;
/// Most bytes of a packet as sent: a batch or page is at most 1 MiB before compression, and little more with its envelope.
pub const MAX_ENCODED: usize = 2 << 20;
/// Most bytes of a packet once decompressed.
pub const MAX_DECODED: usize = 8 << 20;

const MAGIC: [u8; 2] = *b"EJ";
const COMPRESSED: u8 = 1;
/// Bytes of the check.
const CHECK: usize = 8;
/// Bytes before the body.
const HEAD: usize = 5 + CHECK;
/// Smaller bodies gain nothing from compression.
const COMPRESS_FROM: usize = 128;
/// Largest zstd window accepted, as a power of two: 8 MiB.
const WINDOW_LOG: u32 = 23;

/// A message with its frame tag.
pub trait Message: Serialize + DeserializeOwned {
    /// Frame tag; a changed layout takes a new one.
    const TAG: u16;
    /// Level of compression, from 1 to 19.
    const LEVEL: i32 = 3;
}

/// Encodes a message as a packet.
///
/// # Errors
/// [`CodecError`] if it cannot be represented.
pub fn pack<M: Message>(message: &M) -> Result<Vec<u8>, CodecError> {
    let body = frame::seal(M::TAG, &encode(message)?);
    let small = if body.len() < COMPRESS_FROM {
        None
    } else {
        compress(&body, M::LEVEL).filter(|packed| packed.len() < body.len())
    };
    let (flags, body) = small.map_or((0, body), |packed| (COMPRESSED, packed));
    Ok(envelope(flags, &body))
}

/// Puts what stands before every body before this one.
pub fn envelope(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + body.len());
    out.extend(MAGIC);
    out.extend(PROTOCOL.to_le_bytes());
    out.push(flags);
    out.extend(check(flags, body));
    out.extend(body);
    out
}

/// Decodes a packet.
///
/// # Errors
/// [`CodecError::NotOurs`] for anything without our magic (a captive portal's page), [`CodecError::TooLarge`] for a body that
/// decompresses beyond [`MAX_DECODED`], [`CodecError::Damaged`] for one that is not as it was sent, otherwise what is malformed.
pub fn unpack<M: Message>(packet: &[u8]) -> Result<M, CodecError> {
    let [m0, m1, p0, p1, flags, body @ ..] = packet else { return Err(CodecError::NotOurs) };
    if [*m0, *m1] != MAGIC {
        return Err(CodecError::NotOurs);
    }
    let found = u16::from_le_bytes([*p0, *p1]);
    if found != PROTOCOL {
        return Err(CodecError::Protocol { found });
    }
    let (sent, body) = body.split_first_chunk().ok_or(CodecError::Damaged)?;
    if *sent != check(*flags, body) {
        return Err(CodecError::Damaged);
    }
    if flags & COMPRESSED == 0 {
        return decode(frame::expect(body, M::TAG)?, "message");
    }
    let plain = decompress(body)?;
    decode(frame::expect(&plain, M::TAG)?, "message")
}

/// Returns the check of a packet: a line or a proxy that changes a byte of an operation must not have it stored.
fn check(flags: u8, body: &[u8]) -> [u8; CHECK] {
    let whole = digest_of(&[&[flags], body]);
    std::array::from_fn(|at| whole.get(at).copied().unwrap_or(0))
}

thread_local! {
    /// Contexts are far slower to make than to use: each thread keeps one of either kind.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// Compresses a body, `None` if that fails.
fn compress(body: &[u8], level: i32) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = kept.take().or_else(|| Compressor::new(level).ok())?;
        compressor.set_compression_level(level).ok()?;
        let packed = compressor.compress(body).ok();
        *kept = Some(compressor);
        packed
    })
}

fn decompress(body: &[u8]) -> Result<Vec<u8>, CodecError> {
    let mut plain = Vec::new();
    let limit = u64::try_from(MAX_DECODED).unwrap_or(u64::MAX);
    let limit = if crate::trap!(T43) { u64::MAX - 1 } else { limit };
    let read = DECOMPRESSOR.with_borrow_mut(|context| {
        // What an earlier body that was cut short left is forgotten.
        let fresh = context.reset(zstd::zstd_safe::ResetDirective::SessionOnly);
        fresh.map_err(|_code| std::io::Error::other("zstd"))?;
        let mut decoder = zstd::stream::read::Decoder::with_context(body, context);
        decoder.window_log_max(WINDOW_LOG)?;
        decoder.take(limit + 1).read_to_end(&mut plain)
    });
    read.map_err(|_cause| CodecError::Malformed { what: "compressed body" })?;
    if plain.len() > MAX_DECODED && !crate::trap!(T43) {
        return Err(CodecError::TooLarge { limit: MAX_DECODED });
    }
    Ok(plain)
}
