//! The one hash of the protocol: SHA-256 cut to 128 bits (protocol, Hashes).

use sha2::{Digest as _, Sha256};

/// A hash of operation bytes or of a chain position: the first 16 bytes of a SHA-256.
pub type Digest = [u8; 16];

/// Hashes bytes.
pub fn digest(bytes: &[u8]) -> Digest {
    first16(Sha256::digest(bytes).as_slice())
}

/// Hashes parts as if they were one.
pub fn digest_of(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    first16(hasher.finalize().as_slice())
}

/// Returns the chain value after one more operation (protocol, Chain): what makes a server that was rolled back and has grown
/// again differ from what its devices saw.
///
/// `noted` is the digest of what the log says of the operation besides its bytes: author, arrival, outcome.
pub fn chain_step(
    previous: &Digest,
    op: &Digest,
    outcome_tag: u16,
    seq: u64,
    noted: &Digest,
) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(op);
    hasher.update(outcome_tag.to_le_bytes());
    hasher.update(seq.to_le_bytes());
    hasher.update(noted);
    first16(hasher.finalize().as_slice())
}

fn first16(bytes: &[u8]) -> Digest {
    let mut out = [0; 16];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}
