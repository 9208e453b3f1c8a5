//! Resident identity numbers, GB 11643-1999: check character, birth date, sex.
//!
//! The check character is ISO 7064 MOD 11-2: weights below, sum modulo 11, looked up in [`CHECK`].

use crate::domain::record::PartialDate;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: [u8; 11] = *b"10X98765432";
const LENGTH: usize = 18;

/// Checks form, birth date and check character.
///
/// # Errors
/// The code of the issue: `q04-fifteen-digits`, `q01-format`, `q03-no-such-date` or `q01-check-digit`.
pub fn check(number: &str) -> Result<(), &'static str> {
    let bytes = number.as_bytes();
    if bytes.len() == 15 && bytes.iter().all(u8::is_ascii_digit) {
        return Err("q04-fifteen-digits");
    }
    let Some((last, digits)) = bytes.split_last().filter(|_| bytes.len() == LENGTH) else {
        return Err("q01-format");
    };
    if !digits.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || *last == b'X') {
        return Err("q01-format");
    }
    if check_character(digits) != Some(*last) {
        return Err("q01-check-digit");
    }
    birth_date(number).map(|_| ()).ok_or("q03-no-such-date")
}

/// Returns the check character of the first seventeen digits.
fn check_character(digits: &[u8]) -> Option<u8> {
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')) * weight)
        .sum();
    CHECK.get(usize::try_from(sum % 11).ok()?).copied()
}

/// Returns the date of birth inside the number; `None` if it has not 18 characters or there is no such day.
pub fn birth_date(number: &str) -> Option<PartialDate> {
    if number.len() != LENGTH {
        return None;
    }
    let year = number.get(6..10)?.parse().ok()?;
    let month = number.get(10..12)?.parse().ok()?;
    let day = number.get(12..14)?.parse().ok()?;
    PartialDate::day(year, month, day).ok()
}

/// Returns the code of GB/T 2261.1 that the seventeenth digit stands for: odd `1` (male), even `2` (female).
pub fn sex_code(number: &str) -> Option<&'static str> {
    if number.len() != LENGTH {
        return None;
    }
    let digit = number.get(16..17)?.parse::<u8>().ok()?;
    Some(if digit % 2 == 1 { "1" } else { "2" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_have_their_check_character() {
        assert_eq!(check("11010519491231002X"), Ok(()));
        assert_eq!(check("440524188001010014"), Err("q03-no-such-date"));
        assert_eq!(check_character(b"44052418800101001"), Some(b'4'));
    }

    #[test]
    fn every_wrong_digit_and_every_swap_of_neighbours_is_caught() {
        let good = b"350203196211152571";
        assert_eq!(check("350203196211152571"), Ok(()));
        for place in 0..17 {
            for digit in b'0'..=b'9' {
                let mut wrong = *good;
                wrong[place] = digit;
                let expected = digit == good[place];
                assert_eq!(check_character(&wrong[..17]) == Some(wrong[17]), expected);
            }
            let mut swapped = *good;
            swapped.swap(place, place + 1);
            if swapped != *good && place < 16 {
                assert_ne!(check_character(&swapped[..17]), Some(swapped[17]));
            }
        }
    }

    #[test]
    fn other_forms_are_named() {
        for (number, code) in [
            ("", "q01-format"),
            ("11010519491231002x", "q01-format"),
            ("110105194912310021", "q01-check-digit"),
            ("110105491231002", "q04-fifteen-digits"),
            ("身份证号不详不", "q01-format"),
        ] {
            assert_eq!(check(number), Err(code), "{number}");
        }
    }

    #[test]
    fn birth_date_and_sex_are_read() {
        assert_eq!(birth_date("11010519491231002X"), PartialDate::day(1949, 12, 31).ok());
        assert_eq!(sex_code("11010519491231002X"), Some("2"));
        assert_eq!(sex_code("350203196211152571"), Some("1"));
    }
}
