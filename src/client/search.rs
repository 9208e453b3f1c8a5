//! Finding people by characters in either script, by pinyin, by initials, or by a number.
//!
//! Stored text is never converted; only these keys are folded. Heteronyms count with all their readings, a character without a
//! known reading matches any letter.

use std::collections::BTreeMap;

use pinyin::ToPinyinMulti as _;

use crate::domain::ids::RecordId;
use crate::domain::text;
use crate::store::Row;

/// What one record is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Name and numbers, folded: simplified characters, lower case, no spaces between Han; one line each.
    folded: Box<str>,
    marks: Marks,
}

/// What a text holds, in bits: most records are passed over by these alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks {
    /// A bit for each letter that some reading of some character begins with.
    initials: u32,
    /// A bit for each letter in any reading of any character.
    letters: u32,
    /// A bit for each character, several characters sharing one.
    chars: u64,
    /// A bit for each two characters that follow one another, many sharing one.
    pairs: u64,
    /// True if there are letters as such, and not only in readings.
    spelt: bool,
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

    /// Makes the keys that are missing; `describe` gives a record's lines.
    pub(super) fn fill(
        &mut self,
        kind: u16,
        ids: &[RecordId],
        describe: impl Fn(RecordId) -> String,
    ) {
        let keys = self.by_kind.entry(kind).or_default();
        for id in ids {
            keys.entry(*id).or_insert_with(|| Key::new(&describe(*id)));
        }
    }

    /// Returns the ids of the records that match, in order, where the keys of all `count` records of the kind are known.
    pub(super) fn hits(&self, kind: u16, count: usize, query: &str) -> Option<Vec<RecordId>> {
        let query = Query::new(query);
        let keys = self.by_kind.get(&kind).filter(|keys| keys.len() == count)?;
        let matching = keys.iter().filter(|(_, key)| query.is_empty() || query.matches(key));
        Some(matching.map(|(id, _)| *id).collect())
    }

    /// Returns those of `rows`, which are in order of id, that match, in their order; `describe` gives the lines of a record
    /// whose key is missing.
    pub(super) fn matching<'a>(
        &mut self,
        kind: u16,
        rows: Vec<&'a Row>,
        query: &str,
        describe: impl Fn(RecordId) -> String,
    ) -> Vec<&'a Row> {
        let query = Query::new(query);
        if query.is_empty() {
            return rows;
        }
        let mut missing = Vec::new();
        let mut hits = Vec::new();
        let keys = self.by_kind.entry(kind).or_default();
        let mut known = keys.iter();
        let mut next = known.next();
        for row in rows {
            while next.is_some_and(|(id, _)| *id < row.id) {
                next = known.next();
            }
            match next.filter(|(id, _)| **id == row.id) {
                Some((_, key)) if query.matches(key) => hits.push(row),
                Some(_) => {}
                None => missing.push(row),
            }
        }
        for row in missing {
            let key = Key::new(&describe(row.id));
            if query.matches(&key) {
                hits.push(row);
            }
            keys.insert(row.id, key);
        }
        if !hits.is_sorted_by_key(|row| row.id) {
            hits.sort_unstable_by_key(|row| row.id);
        }
        hits
    }
}

impl Key {
    fn new(lines: &str) -> Self {
        let folded = fold(lines);
        let mut marks = Marks::default();
        for c in folded.chars() {
            marks.initials |= initial_bits(c);
            marks.letters |= all_bits(c);
            marks.chars |= char_bit(c);
            marks.spelt |= c.is_ascii_alphabetic();
        }
        marks.pairs = pair_bits(&folded);
        Self { folded: folded.into_boxed_str(), marks }
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
    /// Bit of the first letter; 0 without letters.
    first_letter: u32,
    /// What a match holds.
    letters: u32,
    held: u64,
    pairs: u64,
}

impl Query {
    fn new(query: &str) -> Self {
        let plain = fold(query.trim());
        let chars: Vec<char> = plain.chars().filter(|c| !c.is_whitespace()).collect();
        let letters = || chars.iter().copied().filter(char::is_ascii_alphabetic);
        // ü is typed in three ways, so it says nothing of what the text holds.
        let others = chars.iter().filter(|c| !c.is_ascii_alphabetic() && **c != '\u{fc}');
        Self {
            first_letter: letters().next().map_or(0, letter_bit),
            letters: letters().fold(0, |bits, c| bits | letter_bit(c)),
            held: others.fold(0, |bits, c| bits | char_bit(*c)),
            pairs: pair_bits(&plain),
            plain,
            chars,
        }
    }

    fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    fn matches(&self, key: &Key) -> bool {
        if self.letters & !key.marks.letters != 0 || self.held & !key.marks.chars != 0 {
            return false;
        }
        if key.marks.initials & self.first_letter != 0 && self.chars.len() == 1 {
            return true;
        }
        let as_such = self.pairs & !key.marks.pairs == 0 && (key.marks.spelt || self.letters == 0);
        if as_such && key.folded.contains(self.plain.as_str()) {
            return true;
        }
        key.marks.initials & self.first_letter != 0
            && key.folded.lines().any(|line| self.matches_line(line))
    }

    /// True if the query spells the line from some character on.
    fn matches_line(&self, line: &str) -> bool {
        let mut rest = line.chars();
        loop {
            if spells(&self.chars, rest.as_str()) {
                return true;
            }
            if rest.next().is_none() {
                return false;
            }
        }
    }
}

/// True if the letters and characters of `query` spell the beginning of `line`: each character by itself, by its initial, by a
/// whole syllable, or, for the last one, by the beginning of a syllable.
fn spells(query: &[char], line: &str) -> bool {
    let Some((wanted, rest)) = query.split_first() else { return true };
    let mut chars = line.chars();
    let Some(c) = chars.next() else { return false };
    let following = chars.as_str();
    if *wanted == c && spells(rest, following) {
        return true;
    }
    if !wanted.is_ascii_alphabetic() {
        return false;
    }
    let mut known = false;
    for reading in readings(c) {
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
    !known && is_han(c) && spells(rest, following)
}

/// True if what is typed spells the beginning of a name.
pub(super) fn begins(typed: &str, name: &str) -> bool {
    spells(&Query::new(typed).chars, &fold(name))
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

/// Bits of all letters by which a character may be typed.
fn all_bits(c: char) -> u32 {
    if c.is_ascii() {
        return letter_bit(c);
    }
    let spelt = readings(c).flat_map(str::chars);
    let bits = spelt.fold(0, |bits, letter| {
        let umlaut = if letter == '\u{fc}' { letter_bit('u') | letter_bit('v') } else { 0 };
        bits | letter_bit(letter) | umlaut
    });
    if bits == 0 && is_han(c) { ANY } else { bits }
}

fn pair_bits(text: &str) -> u64 {
    let pairs = text.chars().zip(text.chars().skip(1));
    pairs.fold(0, |bits, (a, b)| {
        let both = u32::from(a).wrapping_mul(31).wrapping_add(u32::from(b));
        bits | 1 << (both.wrapping_mul(0x9e37_79b1) >> 26)
    })
}

fn char_bit(c: char) -> u64 {
    1 << (u32::from(c).wrapping_mul(0x9e37_79b1) >> 26)
}

fn letter_bit(c: char) -> u32 {
    let c = c.to_ascii_lowercase();
    if c.is_ascii_lowercase() { 1 << (u32::from(c) - u32::from('a')) } else { 0 }
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
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
