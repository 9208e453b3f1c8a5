//! Every language has every message, with the same placeholders.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Reads a source as message key -> names of its placeholders, and fails on a key met twice.
fn messages(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for (name, source) in files::NAMES.iter().zip(files::of(lang)) {
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((id, _)) = line.split_once('=').filter(|_| !line.starts_with([' ', '}'])) {
                key = id.trim().to_owned();
                let old = found.insert(key.clone(), BTreeSet::new());
                assert!(old.is_none(), "{}/{name}.ftl has {key} twice", lang.key());
            }
            for piece in line.split("{ $").skip(1) {
                let name: String =
                    piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.entry(key.clone()).or_default().insert(name);
            }
            assert!(!line.contains("{$"), "write a placeholder as {{ $name }}: {line}");
        }
    }
    found
}

#[test]
fn the_three_languages_have_the_same_messages_and_placeholders() {
    let hant = messages(Lang::Hant);
    for lang in [Lang::Hans, Lang::En] {
        let other = messages(lang);
        for (key, names) in &hant {
            assert_eq!(other.get(key), Some(names), "{key} in {}", lang.key());
        }
        for key in other.keys() {
            assert!(hant.contains_key(key), "{key} is in {} only", lang.key());
        }
    }
}

#[test]
fn every_source_parses_and_every_message_has_a_text() {
    for lang in Lang::ALL {
        for (name, source) in files::NAMES.iter().zip(files::of(lang)) {
            let parsed = FluentResource::try_new((*source).to_owned());
            assert!(parsed.is_ok(), "{}/{name}.ftl: {:?}", lang.key(), parsed.err().map(|e| e.1));
        }
        let locale = Locale::new(lang);
        for key in messages(lang).keys() {
            let text = locale.text(key);
            assert!(!text.trim().is_empty() && text != format!("[{key}]"), "{key} {}", lang.key());
        }
    }
}

#[test]
fn a_missing_message_shows_its_key() {
    assert_eq!(Locale::new(Lang::En).text("no-such-message"), "[no-such-message]");
}

#[test]
fn simplified_texts_contain_no_traditional_marker_characters() {
    for (name, source) in files::NAMES.iter().zip(files::of(Lang::Hans)) {
        for line in source.lines().filter(|line| !line.starts_with("lang-")) {
            let found: String = line
                .chars()
                .filter(|c| "黨開關應選單說號鍵欄訊數據學時會員處".contains(*c))
                .collect();
            assert!(found.is_empty(), "zh-Hans/{name}.ftl has {found}: {line}");
        }
    }
}
