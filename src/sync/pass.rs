//! The code by which headquarters opens a device whose lease has run out, over the telephone: it names a day and is bound to one
//! device by a secret that server and device share.

use std::fmt::Write as _;

use super::hash::{Digest, digest_of};
use crate::domain::ids::DeviceId;

/// Letters of a code: no I, L, O or U, which are mistaken for others.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code without its dashes: 80 bits.
const LETTERS: usize = 16;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// Returns the code that opens a device until the end of a day, counted from 1970.
///
/// # Example
/// ```
/// use ejia::domain::ids::DeviceId;
/// use ejia::sync::pass::{code, day_of};
/// let text = code(&[7; 16], DeviceId(1), 20_780);
/// assert_eq!(day_of(&text.to_lowercase(), &[7; 16], DeviceId(1)), Some(20_780));
/// assert_eq!(day_of(&text, &[7; 16], DeviceId(2)), None);
/// ```
pub fn code(secret: &Digest, device: DeviceId, day: u16) -> String {
    let mark = mark(secret, device, day);
    let bits = mark.iter().fold(u128::from(day), |bits, byte| bits << 8 | u128::from(*byte));
    let mut text = String::new();
    for place in 0..LETTERS {
        if place > 0 && place.is_multiple_of(4) {
            text.push('-');
        }
        let index = usize::try_from(bits >> (5 * (LETTERS - 1 - place)) & 31).unwrap_or(0);
        let letter = ALPHABET.get(index).copied().unwrap_or(b'0');
        let _written = text.write_char(char::from(letter)); // a String takes every write
    }
    text
}

/// Reads a code as people type it and returns its day, `None` if it is not one for this device.
pub fn day_of(text: &str, secret: &Digest, device: DeviceId) -> Option<u16> {
    let mut bits = 0_u128;
    let mut count = 0;
    for c in text.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|letter| char::from(*letter) == c)?;
        bits = bits << 5 | u128::try_from(digit).ok()?;
        count += 1;
        if count > LETTERS {
            return None;
        }
    }
    let day = u16::try_from(bits >> 64).ok()?;
    let given = u64::try_from(bits & u128::from(u64::MAX)).ok()?.to_be_bytes();
    let differs = mark(secret, device, day).iter().zip(given).fold(0, |d, (a, b)| d | (a ^ b));
    (count == LETTERS && differs == 0).then_some(day)
}

/// The mark of secret, device and day: hashed twice, so that nothing can be appended.
fn mark(secret: &Digest, device: DeviceId, day: u16) -> [u8; 8] {
    let inner = digest_of(&[b"ejia unlock 1", secret, &device.0.to_le_bytes(), &day.to_le_bytes()]);
    let outer = digest_of(&[b"ejia unlock 2", secret, &inner]);
    let mut mark = [0; 8];
    mark.iter_mut().zip(outer).for_each(|(to, from)| *to = from);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_one_device_until_one_day_and_no_letter_of_it_may_differ() {
        let (secret, device) = ([9; 16], DeviceId(77));
        let text = code(&secret, device, 20_781);
        assert_eq!(text.len(), 19, "{text}");
        assert_eq!(day_of(&text, &secret, device), Some(20_781));
        assert_eq!(day_of(&text.replace('-', " ").to_lowercase(), &secret, device), Some(20_781));
        assert_eq!(day_of(&text, &[8; 16], device), None);
        for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'-') {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'2' { b'3' } else { b'2' };
            assert_eq!(day_of(&String::from_utf8(other).unwrap(), &secret, device), None, "{at}");
        }
        for bad in ["", "0", "0000-0000-0000-0000", &format!("{text}0")] {
            assert_eq!(day_of(bad, &secret, device), None, "{bad}");
        }
    }
}
