//! The server's own secret, kept outside the database: what it signed it recognises after a restore too (protocol, Restores).

use std::io::{self, Read as _, Write as _};

use sha2::{Digest as _, Sha256};

use super::beside::{Beside, private, sync_folder};
use super::clock::random;
use crate::wire::frame::{hex, unhex};

/// Bytes of a hash's block, to which a key is filled up (RFC 2104).
const BLOCK: usize = 64;

/// A keyed hash.
pub(crate) type Mac = [u8; 32];

/// The server's secret. Nothing of it is ever printed.
#[derive(Clone)]
pub(crate) struct Keys {
    secret: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// Takes a secret kept elsewhere.
    pub(crate) const fn of(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// Reads the key, or makes one where there is none yet.
    ///
    /// # Errors
    /// The file cannot be read or written, or holds something else.
    pub(crate) fn load(beside: &Beside) -> io::Result<Self> {
        let path = beside.key();
        match std::fs::File::open(&path) {
            Ok(mut file) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                let secret = unhex(text.trim()).and_then(|bytes| bytes.try_into().ok());
                let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the key is damaged");
                Ok(Self { secret: secret.ok_or_else(damaged)? })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret = random();
                let mut file = private().write(true).create_new(true).open(&path)?;
                file.write_all(format!("{}\n", hex(&secret)).as_bytes())?;
                file.sync_all()?;
                sync_folder(&path)?;
                Ok(Self { secret })
            }
            Err(error) => Err(error),
        }
    }

    /// Returns HMAC-SHA-256 of a purpose and some parts, each told with its length so that no two lists read the same.
    pub(crate) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Mac {
        let pad = |byte: u8| {
            let mut block = [byte; BLOCK];
            block.iter_mut().zip(self.secret).for_each(|(pad, secret)| *pad ^= secret);
            block
        };
        let mut inner = Sha256::new();
        inner.update(pad(0x36));
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            inner.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            inner.update(part);
        }
        let mut outer = Sha256::new();
        outer.update(pad(0x5c));
        outer.update(inner.finalize());
        outer.finalize().into()
    }

    /// True if the hash is ours; takes the same time wherever it differs.
    pub(crate) fn signed(&self, purpose: &str, parts: &[&[u8]], mac: &[u8]) -> bool {
        let own = self.mac(purpose, parts);
        let own = own.get(..mac.len()).unwrap_or_default();
        let differs = own.iter().zip(mac).fold(0, |differs, (a, b)| differs | (a ^ b));
        mac.len() >= 16 && own.len() == mac.len() && differs == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_signs_the_same_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let beside = Beside::of(&folder.path().join("server.sqlite").into()).unwrap();
        let mac = Keys::load(&beside).unwrap().mac("receipt", &[b"a", b"bc"]);
        let keys = Keys::load(&beside).unwrap();
        assert!(keys.signed("receipt", &[b"a", b"bc"], &mac));
        assert!(keys.signed("receipt", &[b"a", b"bc"], &mac[..16]), "a shortened one too");
        assert!(!keys.signed("receipt", &[b"ab", b"c"], &mac));
        assert!(!keys.signed("cursor", &[b"a", b"bc"], &mac));
        assert!(!keys.signed("receipt", &[b"a", b"bc"], &[]));
    }

    #[test]
    fn the_keyed_hash_is_the_one_of_rfc_2104() {
        let keys = Keys { secret: [0x0b; 32] };
        let mut padded = [0x36; BLOCK];
        padded.iter_mut().take(32).for_each(|byte| *byte ^= 0x0b);
        let inner = Sha256::new().chain_update(padded).chain_update([1, 0, 0, 0, 0, 0, 0, 0, b'x']);
        let mut padded = [0x5c; BLOCK];
        padded.iter_mut().take(32).for_each(|byte| *byte ^= 0x0b);
        let outer = Sha256::new().chain_update(padded).chain_update(inner.finalize()).finalize();
        assert_eq!(keys.mac("x", &[]).as_slice(), outer.as_slice());
    }
}
