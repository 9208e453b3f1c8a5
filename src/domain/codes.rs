//! Code lists and the words of closed choices: what a code is called and how sheets spell it.
//!
//! The files under config/codes are compiled in. National tables keep their standard's codes; a code is stored, a label never
//! is. A file that does not parse gives an empty list at run time and a failing test. Imports nothing but the record values.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};

use crate::domain::record::PartialDate;

/// One code with its labels and the other spellings that occur.
#[derive(Clone, Debug, Deserialize)]
pub struct CodeEntry {
    /// What is stored.
    pub code: String,
    /// Label in Traditional characters.
    #[serde(rename = "label")]
    pub label_hant: String,
    /// Label in Simplified characters.
    pub label_hans: String,
    /// Label in English.
    pub label_en: String,
    /// Other spellings, in either script; read, never written.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// First day the code may be chosen; `None`: always could.
    #[serde(default, deserialize_with = "civil_day")]
    pub valid_from: Option<PartialDate>,
    /// Last day the code may be chosen; it stays readable for ever.
    #[serde(default, deserialize_with = "civil_day")]
    pub valid_to: Option<PartialDate>,
    /// True for a code that the standard does not have.
    #[serde(default)]
    pub local: bool,
}

/// A code list: a national table or one of our own.
#[derive(Debug, Default)]
pub struct CodeList {
    source: String,
    entries: Vec<CodeEntry>,
    /// Folded code, label or alias to the place in `entries`; the first entry that claims a spelling keeps it.
    index: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct ListFile {
    source: String,
    entries: Vec<CodeEntry>,
}

#[derive(Deserialize)]
struct ChoicesFile {
    source: String,
    choices: BTreeMap<String, BTreeMap<String, Vec<CodeEntry>>>,
}

impl CodeEntry {
    /// Returns the label in a language: `zh-Hans`, `en`, anything else Traditional.
    pub fn label(&self, lang: &str) -> &str {
        match lang {
            "zh-Hans" => &self.label_hans,
            "en" => &self.label_en,
            _ => &self.label_hant,
        }
    }

    /// True if the code may be chosen on that day.
    pub fn is_valid_on(&self, day: PartialDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    fn spellings(&self) -> impl Iterator<Item = &str> {
        [&self.code, &self.label_hant, &self.label_hans, &self.label_en]
            .into_iter()
            .chain(&self.aliases)
            .map(String::as_str)
    }
}

impl CodeList {
    fn new(source: String, entries: Vec<CodeEntry>) -> Self {
        let mut index = BTreeMap::new();
        // Codes before labels, labels before aliases: an alias never hides what another entry is called.
        let ranks: [fn(&CodeEntry) -> Vec<&str>; 3] = [
            |e| vec![&e.code],
            |e| vec![&e.label_hant, &e.label_hans, &e.label_en],
            |e| e.aliases.iter().map(String::as_str).collect(),
        ];
        for rank in ranks {
            for (place, entry) in entries.iter().enumerate() {
                for spelling in rank(entry) {
                    index.entry(fold(spelling)).or_insert(place);
                }
            }
        }
        for (place, entry) in entries.iter().enumerate() {
            index.entry(without_zeros(&fold(&entry.code)).to_owned()).or_insert(place);
        }
        Self { source, entries, index }
    }

    /// Returns the standard or rule the list comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the entries in the order offices list them.
    pub fn entries(&self) -> &[CodeEntry] {
        &self.entries
    }

    /// Returns the entry with exactly that code.
    pub fn by_code(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.iter().find(|entry| entry.code == code)
    }

    /// Returns the entry that a cell means: by code (also without its leading zero), by label in any of the three languages
    /// or by another spelling, whatever the width, brackets and spaces.
    pub fn find(&self, text: &str) -> Option<&CodeEntry> {
        let key = fold(text);
        let place = self.index.get(&key).or_else(|| self.index.get(without_zeros(&key)))?;
        self.entries.get(*place)
    }

    /// Returns the entry spelt most like `text`, to suggest it; `None` if nothing is near.
    pub fn nearest(&self, text: &str) -> Option<&CodeEntry> {
        let wanted: Vec<char> = fold(text).chars().collect();
        if wanted.is_empty() {
            return None;
        }
        self.entries
            .iter()
            .flat_map(|entry| entry.spellings().map(move |spelling| (spelling, entry)))
            .map(|(spelling, entry)| {
                let other: Vec<char> = fold(spelling).chars().collect();
                let steps = distance(&wanted, &other);
                (steps, other.len().abs_diff(wanted.len()), wanted.len().max(other.len()), entry)
            })
            .filter(|(steps, _, longest, _)| steps * 2 <= *longest)
            .min_by_key(|(steps, longer, _, _)| (*steps, *longer))
            .map(|(_, _, _, entry)| entry)
    }
}

/// Returns the spelling most like a text, of those that differ in half their characters at most; both are compared as they are.
pub fn nearest_of<'a>(text: &str, spellings: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = text.chars().collect();
    spellings
        .map(|spelling| {
            let other: Vec<char> = spelling.chars().collect();
            (distance(&wanted, &other), other.len().max(wanted.len()), spelling)
        })
        .filter(|(steps, longest, _)| steps * 2 <= *longest)
        .min_by_key(|(steps, longest, _)| (*steps, *longest))
        .map(|(_, _, spelling)| spelling)
}

/// Returns the code list with that name, the file config/codes/NAME.toml or a table of config/codes/lists.toml.
pub fn list(name: &str) -> Option<&'static CodeList> {
    LISTS.get(name)
}

/// Returns the names of all code lists, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    LISTS.keys().map(String::as_str)
}

/// Returns the words of a closed choice; `None` if that field has none.
pub fn choice_list(kind: &str, field: &str) -> Option<&'static CodeList> {
    CHOICES.get(kind)?.get(field)
}

/// Returns what a choice is called in a language (`zh-Hant`, `zh-Hans`, `en`).
pub fn choice_label(kind: &str, field: &str, code: &str, lang: &str) -> Option<&'static str> {
    Some(choice_list(kind, field)?.by_code(code)?.label(lang))
}

/// Returns the code of the choice that a cell means, as [`CodeList::find`] does.
pub fn find_choice(kind: &str, field: &str, text: &str) -> Option<&'static str> {
    Some(choice_list(kind, field)?.find(text)?.code.as_str())
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../config/codes/", $name, ".toml")))),*];
    };
}
files! {
    "attendee",
    "branch_kind",
    "class_category",
    "degree",
    "education",
    "enrolment_source",
    "establishment_type",
    "ethnicity",
    "evidence_document",
    "leave_manner",
    "leave_reason",
    "measure_type",
    "org_kind",
    "organiser_level",
    "party_status",
    "post_attribute",
    "post_change",
    "rank",
    "removal_reason",
    "report_grade",
    "session_mode",
    "sex",
    "sign_type",
    "staff_class",
    "staff_grade",
    "title",
    "trait",
}
/// Short lists, several in one file.
const LISTS_FILE: &str = include_str!("../../config/codes/lists.toml");
const CHOICES_FILE: &str = include_str!("../../config/codes/choices.toml");

static LISTS: LazyLock<BTreeMap<String, CodeList>> = LazyLock::new(|| {
    let own =
        FILES.iter().map(|(name, text)| ((*name).to_owned(), parse_list(text).unwrap_or_default()));
    parse_lists(LISTS_FILE).unwrap_or_default().into_iter().chain(own).collect()
});

static CHOICES: LazyLock<BTreeMap<String, BTreeMap<String, CodeList>>> =
    LazyLock::new(|| parse_choices(CHOICES_FILE).unwrap_or_default());

fn parse_list(text: &str) -> Result<CodeList, toml::de::Error> {
    let file: ListFile = toml::from_str(text)?;
    Ok(CodeList::new(file.source, file.entries))
}

fn parse_lists(text: &str) -> Result<BTreeMap<String, CodeList>, toml::de::Error> {
    let files: BTreeMap<String, ListFile> = toml::from_str(text)?;
    let lists = files.into_iter();
    Ok(lists.map(|(name, file)| (name, CodeList::new(file.source, file.entries))).collect())
}

fn parse_choices(
    text: &str,
) -> Result<BTreeMap<String, BTreeMap<String, CodeList>>, toml::de::Error> {
    let file: ChoicesFile = toml::from_str(text)?;
    let list = |entries| CodeList::new(file.source.clone(), entries);
    Ok(file
        .choices
        .into_iter()
        .map(|(kind, fields)| {
            (kind, fields.into_iter().map(|(field, entries)| (field, list(entries))).collect())
        })
        .collect())
}

fn civil_day<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PartialDate>, D::Error> {
    let text = String::deserialize(input)?;
    let day: jiff::civil::Date = text.parse().map_err(serde::de::Error::custom)?;
    PartialDate::from_civil(day).map(Some).map_err(serde::de::Error::custom)
}

/// Folds what does not change the meaning: full width, spaces, kinds of brackets and dashes, case.
fn fold(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32),
            '\u{3014}' | '\u{3010}' => Some('('),
            '\u{3015}' | '\u{3011}' => Some(')'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' => Some('-'),
            '\u{2192}' | '\u{21D2}' | '\u{2794}' => Some('>'),
            c if c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}') => None,
            c => Some(c),
        })
        .map(|c| match c {
            '[' | '{' => '(',
            ']' | '}' => ')',
            c => c.to_ascii_lowercase(),
        })
        .collect::<String>()
        .replace("->", ">")
}

/// Drops leading zeros of a number, keeping a lone one.
fn without_zeros(key: &str) -> &str {
    if !key.bytes().all(|byte| byte.is_ascii_digit()) {
        return key;
    }
    let bare = key.trim_start_matches('0');
    if bare.is_empty() && !key.is_empty() { "0" } else { bare }
}

/// Counts the single-character edits between two words (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut previous = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, y) in row.iter().skip(1).zip(b) {
            let cost = previous + usize::from(x != y);
            left = cost.min(above + 1).min(left + 1);
            next.push(left);
            previous = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_parses_and_has_entries() {
        for (name, text) in FILES {
            let list = parse_list(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!list.entries().is_empty(), "{name} is empty");
            assert!(!list.source().is_empty(), "{name} names no source");
        }
        parse_lists(LISTS_FILE).unwrap_or_else(|error| panic!("lists: {error}"));
        parse_choices(CHOICES_FILE).unwrap_or_else(|error| panic!("choices: {error}"));
    }

    #[test]
    fn codes_are_unique_and_every_label_is_filled() {
        for (name, list) in LISTS.iter() {
            for (place, entry) in list.entries().iter().enumerate() {
                assert!(
                    !list.entries()[..place].iter().any(|other| other.code == entry.code),
                    "{name}: {} twice",
                    entry.code
                );
                for lang in ["zh-Hant", "zh-Hans", "en"] {
                    assert!(!entry.label(lang).is_empty(), "{name}: {} has no {lang}", entry.code);
                }
                assert_eq!(list.find(&entry.code).unwrap().code, entry.code, "{name}");
                for label in [&entry.label_hant, &entry.label_hans] {
                    assert_eq!(list.find(label).unwrap().code, entry.code, "{name}: {label}");
                }
            }
        }
    }

    #[test]
    fn labels_of_sheets_find_their_codes() {
        for (list_name, text, code) in [
            ("sex", "男", "1"),
            ("ethnicity", "汉族", "01"),
            ("ethnicity", "1", "01"),
            ("ethnicity", "傈傈族", "20"),
            ("education", "硕士研究生毕业", "14"),
            ("title", "讲师(高校)", "013"),
            ("title", "讲师（高校）", "013"),
            ("title", "副 教 授", "012"),
            ("title", "研究员", "611"),
            ("party_status", "预备党员", "02"),
            ("rank", "副处级", "division_deputy"),
            ("attendee", "教工支部书记", "teacher_secretary"),
            ("post_attribute", "党支部书记", "branch_secretary"),
            ("report_grade", "较好", "fairly_good"),
        ] {
            assert_eq!(list(list_name).unwrap().find(text).unwrap().code, code, "{text}");
        }
        assert!(list("title").unwrap().find("大师").is_none());
    }

    #[test]
    fn choices_of_sheets_find_their_codes() {
        for (kind, field, text, code) in [
            ("cultivation", "direction", "学术带头人→书记", "academic_to_secretary"),
            ("cultivation", "direction", "书记->学术带头人", "secretary_to_academic"),
            ("cultivation", "status", "已认定", "recognised"),
            ("unit", "type", "二级党委", "committee"),
            ("unit", "branch_type", "硕士研究生党支部", "students"),
            ("post", "role", "书记", "secretary"),
            ("staff_file", "employment", "兼职", "part_time"),
        ] {
            assert_eq!(find_choice(kind, field, text), Some(code), "{text}");
        }
        assert_eq!(choice_label("post", "role", "member", "zh-Hans"), Some("委员"));
    }

    #[test]
    fn an_unknown_label_gets_the_nearest_suggestion() {
        assert_eq!(list("title").unwrap().nearest("付教授").unwrap().code, "012");
        assert_eq!(list("ethnicity").unwrap().nearest("维吾族").unwrap().code, "05");
        assert!(list("title").unwrap().nearest("").is_none());
    }

    #[test]
    fn edits_are_counted() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(distance(&chars(""), &chars("ab")), 2);
    }
}
