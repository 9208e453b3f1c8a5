//! The device's key: made here at enrolment, kept sealed with the profile, never sent.

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::clock::Ambient;

/// An Ed25519 key, as its seed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey([u8; 32]);

impl DeviceKey {
    /// Draws a key.
    pub(super) fn draw(from: &dyn Ambient) -> Self {
        let mut seed = [0; 32];
        from.fill(&mut seed);
        Self(seed)
    }

    fn pair(&self) -> Option<Ed25519KeyPair> {
        Ed25519KeyPair::from_seed_unchecked(&self.0).ok()
    }

    /// Returns the public half, 32 bytes.
    pub fn public(&self) -> Vec<u8> {
        self.pair().map(|pair| pair.public_key().as_ref().to_vec()).unwrap_or_default()
    }

    /// Signs bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair().map(|pair| pair.sign(bytes).as_ref().to_vec()).unwrap_or_default()
    }
}

impl Drop for DeviceKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        // Test 1 of section 7.1: the empty message.
        let seed = crate::wire::frame::unhex(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        );
        let key = DeviceKey(seed.unwrap().try_into().unwrap());
        let hex = crate::wire::frame::hex;
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(hex(&key.public()), public);
        let signed = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        assert_eq!(hex(&key.sign(b"")), signed);
        assert_eq!(format!("{key:?}"), "DeviceKey(..)");
    }
}
