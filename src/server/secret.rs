//! One-time codes and device tokens: made of random bytes, kept as hashes only (protocol, Enrolment).

use sha2::{Digest as _, Sha256};

use crate::server::db::rows::TokenHash;
use crate::wire::frame::hex;

/// Digits of codes: no 0, 1, I or O, which people take for each other.
const DIGITS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Characters of a group.
const GROUP: usize = 5;
/// Bits a digit stands for.
const BITS: u32 = 5;

/// Writes 128 random bits as a code for people: groups of five, 26 characters in all.
pub(crate) fn code(random: [u8; 16]) -> String {
    let mut rest = u128::from_be_bytes(random);
    let mut digits = Vec::with_capacity(26);
    for _ in 0..26 {
        let low = usize::try_from(rest & 31).unwrap_or(0);
        digits.push(char::from(DIGITS.get(low).copied().unwrap_or(b'2')));
        rest >>= BITS;
    }
    let groups: Vec<String> = digits.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// Returns the hash of a code as somebody typed it: case, spaces and dashes do not count.
pub(crate) fn code_hash(typed: &str) -> TokenHash {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(64)
        .collect();
    Sha256::digest(plain.as_bytes()).into()
}

/// Writes 256 random bits as a bearer token.
pub(crate) fn token(random: [u8; 32]) -> String {
    hex(&random)
}

/// Returns the hash of a token.
pub(crate) fn token_hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = code([0xa7; 16]);
        assert_eq!(code.len(), 31, "{code}");
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        assert_eq!(code_hash(&typed), code_hash(&code));
    }

    #[test]
    fn different_bits_give_different_codes() {
        let mut other = [0; 16];
        for bit in 0..128 {
            other = [0; 16];
            other[bit / 8] = 1 << (bit % 8);
            assert_ne!(code(other), code([0; 16]));
        }
        assert_ne!(token([1; 32]), hex(&other));
    }
}
