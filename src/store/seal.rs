//! Sealing: XChaCha20-Poly1305 under the data key, with a random nonce and the place of the value as associated data.
//!
//! The nonce is random and not a counter, because a restored or cloned directory would repeat a counter. The associated
//! data binds a value to its place, so that sealed values cannot be exchanged for one another.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRng;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;
/// What sealing adds to the length of a value.
pub(super) const OVERHEAD: usize = NONCE + TAG;
/// Goes into the associated data: a later format cannot be passed off as this one.
const FORMAT: u8 = 1;

/// A 256-bit key, erased from memory when dropped.
pub(super) type Key = Zeroizing<[u8; KEY]>;

/// The key of one data directory, ready for use; the cipher erases its copy when dropped.
#[derive(Clone)]
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    pub(super) fn new(key: &Key) -> Self {
        Self { cipher: XChaCha20Poly1305::new((&**key).into()) }
    }

    /// Returns nonce, ciphertext and tag of `plain`, bound to `tree` and `key`.
    pub(super) fn seal(&self, tree: &str, key: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = if crate::trap!(T50) { [0; NONCE] } else { random() };
        let aad = place(tree, key);
        let payload = Payload { msg: plain, aad: &aad };
        // The cipher refuses only what is longer than 256 GiB; an empty value then reads as damaged.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut out = Vec::with_capacity(NONCE + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Returns the plain value, `None` if it is not what was sealed for this place under this key.
    pub(super) fn open(&self, tree: &str, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let aad = place(tree, key);
        let payload = Payload { msg: sealed, aad: &aad };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()
    }
}

/// Draws bytes from the operating system's generator.
///
/// A system without it cannot run any of our keys: the loop ends only with real bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    while rand::rngs::SysRng.try_fill_bytes(&mut bytes).is_err() {}
    bytes
}

fn place(tree: &str, key: &[u8]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(tree.len() + key.len() + 2);
    aad.push(FORMAT);
    aad.extend_from_slice(tree.as_bytes());
    aad.push(0);
    aad.extend_from_slice(key);
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place_and_under_its_key() {
        let sealer = Sealer::new(&Key::new([7; KEY]));
        let sealed = sealer.seal("rows", b"k", b"secret");
        assert_eq!(sealed.len(), 6 + OVERHEAD);
        assert_eq!(sealer.open("rows", b"k", &sealed), Some(b"secret".to_vec()));
        assert_eq!(sealer.open("rows", b"l", &sealed), None);
        assert_eq!(sealer.open("notes", b"k", &sealed), None);
        assert_eq!(Sealer::new(&Key::new([8; KEY])).open("rows", b"k", &sealed), None);
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert_eq!(sealer.open("rows", b"k", &bad), None, "byte {at}");
            assert_eq!(sealer.open("rows", b"k", &sealed[..at]), None, "length {at}");
        }
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let sealer = Sealer::new(&Key::new([7; KEY]));
        assert_ne!(sealer.seal("t", b"k", b"v"), sealer.seal("t", b"k", b"v"));
    }
}
