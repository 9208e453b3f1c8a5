//! Keys by which texts are put in order: by the characters, by pinyin, by zhuyin or by strokes.
//!
//! Readings of surnames come from config/collation/surnames.txt, numbers of strokes from config/collation/strokes.txt. A key is a
//! text that is compared byte by byte; ASCII stands before Han, as in a telephone book.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use pinyin::ToPinyin as _;

use super::search::is_han;
use crate::domain::query::Collation;

/// Appends the text by which another one sorts; equal readings and stroke numbers are told apart by the characters.
pub(super) fn push_key(text: &str, by: Collation, key: &mut String) {
    if by == Collation::Value {
        key.push_str(text);
        return;
    }
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        key.push_str(text);
        return;
    }
    if by == Collation::Stroke {
        return push_strokes(text, key);
    }
    let surname = surname(text);
    for (n, c) in text.chars().enumerate() {
        let special = surname.and_then(|syllables| syllables.get(n)).copied();
        let reading = special.or_else(|| c.to_pinyin().map(pinyin::Pinyin::plain));
        match reading {
            Some(reading) => {
                if by == Collation::Zhuyin {
                    push_zhuyin(reading, key);
                } else {
                    key.push_str(reading);
                }
                key.push(' '); // before every letter, so that Wan stands before Wang
            }
            None => key.extend(c.to_lowercase()),
        }
    }
    key.push('\0');
    key.push_str(text);
}

fn push_strokes(text: &str, key: &mut String) {
    /// The first character after ASCII: one more for each stroke.
    const AFTER_ASCII: u32 = 0x80;
    for c in text.chars() {
        if is_han(c) {
            let count = u32::from(strokes(c).unwrap_or(u8::MAX));
            key.push(char::from_u32(AFTER_ASCII + count).unwrap_or(char::MAX));
            key.push(c);
        } else {
            key.extend(c.to_lowercase());
        }
    }
    key.push('\0');
}

/// Characters of one stretch, and the digit of each.
type Stretch = (u32, &'static [u8]);

/// Returns the number of strokes of a character, 35 for more; `None` if it is not known.
fn strokes(c: char) -> Option<u8> {
    static TABLE: OnceLock<Vec<Stretch>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let lines = include_str!("../../config/collation/strokes.txt").lines();
        let stretch = |line: &'static str| {
            let (first, digits) = line.split_once(' ')?;
            Some((u32::from_str_radix(first, 16).ok()?, digits.as_bytes()))
        };
        lines.filter(|line| !line.starts_with('#')).filter_map(stretch).collect()
    });
    let at = u32::from(c);
    let place = table.partition_point(|(first, _)| *first <= at).checked_sub(1)?;
    let (first, digits) = table.get(place)?;
    let digit = digits.get(usize::try_from(at - first).ok()?)?;
    let count = char::from(*digit).to_digit(36).filter(|count| *count > 0)?;
    u8::try_from(count).ok()
}

/// Surnames by their first character, longer ones first, with a syllable for each character.
type Surnames = BTreeMap<char, Vec<(&'static str, Vec<&'static str>)>>;

/// Longest text that is taken for a name, in characters.
const LONGEST_NAME: usize = 5;

/// Returns the syllables of the surname a name begins with, if it is one that is read otherwise.
fn surname(name: &str) -> Option<&'static [&'static str]> {
    static TABLE: OnceLock<Surnames> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = Surnames::new();
        for line in include_str!("../../config/collation/surnames.txt").lines() {
            let mut parts = line.split(' ').filter(|part| !part.is_empty());
            if let Some((surname, first)) = parts.next().and_then(|s| Some((s, s.chars().next()?)))
                && first != '#'
            {
                let of_first = table.entry(first).or_default();
                of_first.push((surname, parts.collect()));
                of_first.sort_by_key(|(surname, _)| std::cmp::Reverse(surname.len()));
            }
        }
        table
    });
    let known = table.get(&name.chars().next()?)?;
    if name.chars().nth(LONGEST_NAME).is_some() {
        return None;
    }
    known.iter().find(|(surname, _)| name.starts_with(surname)).map(|(_, read)| read.as_slice())
}

/// Signs of zhuyin in their order, each by how pinyin writes it at the beginning of a syllable.
const INITIALS: [(&str, u8); 21] = [
    ("zh", 14),
    ("ch", 15),
    ("sh", 16),
    ("b", 0),
    ("p", 1),
    ("m", 2),
    ("f", 3),
    ("d", 4),
    ("t", 5),
    ("n", 6),
    ("l", 7),
    ("g", 8),
    ("k", 9),
    ("h", 10),
    ("j", 11),
    ("q", 12),
    ("x", 13),
    ("r", 17),
    ("z", 18),
    ("c", 19),
    ("s", 20),
];

/// The rest of a syllable and the signs it is written with; `v` stands for the umlaut.
const FINALS: [(&str, &[u8]); 36] = [
    ("a", &[21]),
    ("o", &[22]),
    ("e", &[23]),
    ("ai", &[25]),
    ("ei", &[26]),
    ("ao", &[27]),
    ("ou", &[28]),
    ("an", &[29]),
    ("en", &[30]),
    ("ang", &[31]),
    ("eng", &[32]),
    ("er", &[33]),
    ("i", &[34]),
    ("ia", &[34, 21]),
    ("io", &[34, 22]),
    ("ie", &[34, 24]),
    ("iao", &[34, 27]),
    ("iu", &[34, 28]),
    ("ian", &[34, 29]),
    ("in", &[34, 30]),
    ("iang", &[34, 31]),
    ("ing", &[34, 32]),
    ("u", &[35]),
    ("ua", &[35, 21]),
    ("uo", &[35, 22]),
    ("uai", &[35, 25]),
    ("ui", &[35, 26]),
    ("uan", &[35, 29]),
    ("un", &[35, 30]),
    ("uang", &[35, 31]),
    ("ong", &[35, 32]),
    ("v", &[36]),
    ("ve", &[36, 24]),
    ("van", &[36, 29]),
    ("vn", &[36, 30]),
    ("iong", &[36, 32]),
];

/// Appends a syllable of pinyin as signs of zhuyin, each by one letter in their order.
fn push_zhuyin(syllable: &str, key: &mut String) {
    let sign = |key: &mut String, number: u8| key.push(char::from(b'A' + number));
    let plain: String = syllable.chars().map(|c| if c == '\u{fc}' { 'v' } else { c }).collect();
    let initial = INITIALS.iter().find(|(text, _)| plain.starts_with(text));
    let rest = initial.and_then(|(text, _)| plain.strip_prefix(text)).unwrap_or(&plain);
    let rest = match initial {
        Some((_, number)) => {
            sign(key, *number);
            match (*number, rest) {
                (14..=20, "i") => return, // the vowel of zhi, zi and their like is not written
                (11..=13, rest) if rest.starts_with('u') => rest.replacen('u', "v", 1),
                (_, rest) => rest.to_owned(),
            }
        }
        None => without_initial(rest),
    };
    match FINALS.iter().find(|(text, _)| *text == rest) {
        Some((_, signs)) => signs.iter().for_each(|number| sign(key, *number)),
        None => key.push_str(&rest),
    }
}

/// Writes a syllable that begins with y or w as it is written after an initial.
fn without_initial(syllable: &str) -> String {
    match syllable {
        "weng" => "ong".to_owned(),
        "wen" => "un".to_owned(),
        "wei" => "ui".to_owned(),
        "wu" => "u".to_owned(),
        "you" => "iu".to_owned(),
        "yong" => "iong".to_owned(),
        "yi" | "yin" | "ying" => syllable.replacen('y', "", 1),
        other if other.starts_with("yu") => other.replacen("yu", "v", 1),
        other if other.starts_with('y') => other.replacen('y', "i", 1),
        other if other.starts_with('w') => other.replacen('w', "u", 1),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use pinyin::ToPinyin as _;

    use super::*;

    fn sorted(mut names: Vec<&str>, by: Collation) -> Vec<&str> {
        names.sort_by_cached_key(|name| {
            let mut key = String::new();
            push_key(name, by, &mut key);
            key
        });
        names
    }

    #[test]
    fn names_sort_by_pinyin_and_numbers_by_their_digits() {
        let names = vec!["王小明", "13", "万里", "1", "歐陽", "阿", "10", "王", "a1", "A1"];
        let wanted = ["1", "10", "13", "阿", "a1", "A1", "歐陽", "万里", "王", "王小明"];
        assert_eq!(sorted(names, Collation::Pinyin), wanted);
    }

    #[test]
    fn surnames_sort_as_people_say_them() {
        let names = vec!["曾國藩", "單雄信", "陳平", "石秀", "尉遲恭", "解珍", "楊志", "尉文"];
        let wanted = ["陳平", "單雄信", "石秀", "尉文", "解珍", "楊志", "尉遲恭", "曾國藩"];
        assert_eq!(sorted(names, Collation::Pinyin), wanted);
    }

    #[test]
    fn names_sort_by_strokes_character_by_character() {
        let names = vec!["歐陽鋒", "王小明", "丁一", "田中", "王大明", "單雄信", "7", "丁"];
        let wanted = ["7", "丁", "丁一", "王大明", "王小明", "田中", "單雄信", "歐陽鋒"];
        assert_eq!(sorted(names, Collation::Stroke), wanted);
    }

    #[test]
    fn names_sort_by_zhuyin() {
        let names = vec!["安", "王", "張", "白", "丁", "于", "吳", "游", "方", "何"];
        let wanted = ["白", "方", "丁", "何", "張", "安", "游", "吳", "王", "于"];
        assert_eq!(sorted(names, Collation::Zhuyin), wanted);
    }

    #[test]
    fn every_reading_in_use_is_written_in_zhuyin() {
        let mut odd = std::collections::BTreeSet::new();
        for c in '\u{4e00}'..='\u{9fa5}' {
            let Some(reading) = c.to_pinyin() else { continue };
            let mut key = String::new();
            push_zhuyin(reading.plain(), &mut key);
            if key.is_empty() || key.chars().any(|c| !('A'..='e').contains(&c)) {
                odd.insert(reading.plain());
            }
        }
        assert_eq!(odd, std::collections::BTreeSet::from(["hm"]), "a sound, not a syllable");
    }
}
