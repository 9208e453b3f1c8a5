//! Finding people by characters in either script, by pinyin, by initials, or by a number.
//!
//! Stored text is never converted; only these keys are folded. Heteronyms count with all their readings, a character without a
//! known reading matches any letter.

use std::collections::BTreeMap;

use pinyin::ToPinyinMulti as _;

use crate::domain::ids::RecordId;
use crate::domain::text;

/// What one record is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Name and numbers, folded: simplified characters, lower case, no spaces between Han; one line each.
    folded: Box<str>,
    /// A bit for each letter that some reading of some character begins with.
    initials: u32,
}

/// Keys by kind and record.
#[derive(Default)]
pub(super) struct Keys {
    by_kind: BTreeMap<u16, BTreeMap<RecordId, Key>>,
}

/// All letters: for characters without a known reading.
const ANY: u32 = (1 << 26) - 1;

impl Keys {
    /// Drops a record's key because the record changed.
    pub(super) fn forget(&mut self, id: RecordId, kind: u16) {
        if let Some(keys) = self.by_kind.get_mut(&kind) {
            keys.remove(&id);
        }
    }

    /// Returns those of `ids` that match, in their order; `describe` gives the lines of a record whose key is missing.
    pub(super) fn matching(
        &mut self,
        kind: u16,
        ids: &[RecordId],
        query: &str,
        describe: impl Fn(RecordId) -> String,
    ) -> Vec<RecordId> {
        let query = Query::new(query);
        if query.is_empty() {
            return ids.to_vec();
        }
        let keys = self.by_kind.entry(kind).or_default();
        let hit = |id: &&RecordId| {
            let key = keys.entry(**id).or_insert_with(|| Key::new(&describe(**id)));
            query.matches(key)
        };
        ids.iter().filter(hit).copied().collect()
    }
}

impl Key {
    fn new(lines: &str) -> Self {
        let folded = fold(lines);
        let initials = folded.chars().fold(0, |bits, c| bits | initial_bits(c));
        Self { folded: folded.into_boxed_str(), initials }
    }
}

/// Folds text for comparison.
pub(super) fn fold(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| hanconv::t2s(text::name_key(&text::fold_width(line))).to_lowercase())
        .collect();
    lines.join("\n")
}

/// A query, taken apart once.
struct Query {
    plain: String,
    chars: Vec<char>,
    first_letter: Option<u32>,
}

impl Query {
    fn new(query: &str) -> Self {
        let plain = fold(query.trim());
        let chars: Vec<char> = plain.chars().filter(|c| !c.is_whitespace()).collect();
        let letters = chars.iter().any(char::is_ascii_alphabetic);
        let first_letter = chars.iter().find(|c| c.is_ascii_alphabetic()).map(|c| letter_bit(*c));
        Self { plain, chars, first_letter: first_letter.filter(|_| letters) }
    }

    fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    fn matches(&self, key: &Key) -> bool {
        if key.folded.contains(self.plain.as_str()) {
            return true;
        }
        let Some(bit) = self.first_letter else { return false };
        key.initials & bit != 0 && key.folded.lines().any(|line| self.matches_line(line))
    }

    /// True if the query spells the line from some character on.
    fn matches_line(&self, line: &str) -> bool {
        let line: Vec<char> = line.chars().collect();
        (0..line.len()).any(|start| line.get(start..).is_some_and(|rest| spells(&self.chars, rest)))
    }
}

/// True if the letters and characters of `query` spell the beginning of `line`: each character by itself, by its initial, by a
/// whole syllable, or, for the last one, by the beginning of a syllable.
fn spells(query: &[char], line: &[char]) -> bool {
    let Some((wanted, rest)) = query.split_first() else { return true };
    let Some((c, following)) = line.split_first() else { return false };
    if wanted == c && spells(rest, following) {
        return true;
    }
    if !wanted.is_ascii_alphabetic() {
        return false;
    }
    let mut known = false;
    for reading in readings(*c) {
        known = true;
        let mut taken = 0;
        for (spelt, typed) in reading.chars().zip(query) {
            if !same_letter(spelt, *typed) {
                break;
            }
            taken += 1;
            let ends = taken == 1 || taken == reading.chars().count() || taken == query.len();
            if ends && query.get(taken..).is_some_and(|rest| spells(rest, following)) {
                return true;
            }
        }
    }
    !known && is_han(*c) && spells(rest, following)
}

fn readings(c: char) -> impl Iterator<Item = &'static str> {
    let multi = c.to_pinyin_multi();
    multi.into_iter().flat_map(|multi| multi.into_iter().map(pinyin::Pinyin::plain))
}

/// ü is typed as v, as u, or as itself.
fn same_letter(spelt: char, typed: char) -> bool {
    spelt == typed || (spelt == '\u{fc}' && (typed == 'v' || typed == 'u'))
}

fn initial_bits(c: char) -> u32 {
    if c.is_ascii() {
        return letter_bit(c);
    }
    let bits = readings(c)
        .filter_map(|reading| reading.chars().next())
        .fold(0, |bits, initial| bits | letter_bit(initial));
    if bits == 0 && is_han(c) { ANY } else { bits }
}

fn letter_bit(c: char) -> u32 {
    let c = c.to_ascii_lowercase();
    if c.is_ascii_lowercase() { 1 << (u32::from(c) - u32::from('a')) } else { 0 }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Returns text by which names sort: pinyin without tones, then the characters.
pub(super) fn sort_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match readings(c).next() {
            Some(reading) => key.push_str(reading),
            None => key.extend(c.to_lowercase()),
        }
        key.push(' ');
    }
    key.push_str(text);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, line: &str) -> bool {
        Query::new(query).matches(&Key::new(line))
    }

    #[test]
    fn people_are_found_by_characters_pinyin_initials_and_numbers() {
        let hits = [
            ("oy", "欧阳若明"),
            ("ouyang", "歐陽若明"),
            ("欧阳", "歐陽若明"),
            ("歐陽", "欧阳若明"),
            ("oyrm", "欧阳若明"),
            ("ouyrm", "欧阳若明"),
            ("欧y", "欧阳若明"),
            ("若明", "欧阳若明"),
            ("rm", "欧阳若明"),
            ("wxming", "王晓明"),
            ("shan", "单雄信"),
            ("dan", "单雄信"),
            ("zeng", "曾国藩"),
            ("ceng", "曾国藩"),
            ("lv", "吕芳"),
            ("lu", "吕芳"),
            ("tz", "田\u{3000}中"),
            ("田中", "田\u{3000}中"),
            ("10004", "任春雨\n10004"),
            ("004", "任春雨\n10004"),
            ("OY", "欧阳若明"),
            ("zx", "\u{323AE}新"),
        ];
        for (query, line) in hits {
            assert!(finds(query, line), "{query} should find {line}");
        }
        for (query, line) in
            [("oyx", "欧阳若明"), ("wz", "王晓明"), ("欧x", "欧阳若明"), ("999", "任春雨\n10004")]
        {
            assert!(!finds(query, line), "{query} should not find {line}");
        }
    }
}
