//! Registry tests: what must hold of every kind and field, so that a new one cannot be half done.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;
use crate::domain::codes;
use crate::domain::record::{Owner, ValueKind};

/// Numbers from here on belong to conflicts.
const RESERVED: u16 = 1000;
const LANGS: [&str; 3] = ["zh-Hant", "zh-Hans", "en"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the message keys of one file of one language.
fn messages(lang: &str, file: &str) -> BTreeSet<String> {
    let path = root().join("config/locales").join(lang).join(file);
    let text = fs::read_to_string(&path).unwrap();
    let keys = text.lines().filter_map(|line| line.split_once(" ="));
    keys.map(|(key, _)| key.to_owned()).filter(|key| !key.starts_with([' ', '#'])).collect()
}

fn snake(key: &str) -> bool {
    !key.is_empty()
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn numbers_and_keys_of_kinds_are_unique_and_small() {
    let numbers: BTreeSet<u16> = Kind::ALL.iter().map(|kind| kind.number()).collect();
    let keys: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.key()).collect();
    assert_eq!(numbers.len(), Kind::ALL.len());
    assert_eq!(keys.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        assert!((1..RESERVED).contains(&kind.number()), "{}", kind.key());
        assert!(snake(kind.key()), "{}", kind.key());
        assert_eq!(Kind::from_key(kind.key()), Some(*kind));
        assert_eq!(Kind::from_number(kind.number()), Some(*kind));
    }
}

#[test]
fn field_keys_are_snake_case_and_widths_are_sane() {
    for kind in Kind::ALL {
        for field in kind.spec().fields {
            let name = format!("{}.{}", kind.key(), field.key);
            assert!(snake(field.key), "{name}");
            assert!((2..=40).contains(&field.width), "{name} is {} wide", field.width);
            assert!(field.range.0 <= field.range.1, "{name}");
            assert!(field.max_chars > 0, "{name}");
        }
    }
}

#[test]
fn every_kind_can_be_listed_named_and_found_again() {
    for kind in Kind::ALL {
        let spec = kind.spec();
        assert!(!spec.list.is_empty(), "{} has no columns", kind.key());
        assert!(!spec.title.is_empty(), "{} has no title", kind.key());
        assert!(!spec.natural.is_empty(), "{} cannot be found again", kind.key());
    }
}

#[test]
fn references_and_owners_name_kinds_and_reference_fields() {
    for kind in Kind::ALL {
        for field in kind.spec().fields {
            if let ValueKind::Reference(target) = field.kind {
                assert!(Kind::from_key(target).is_some(), "{}.{}", kind.key(), field.key);
            }
        }
        let key = match kind.spec().owner {
            Owner::Field(key) | Owner::Of(key) => key,
            Owner::Itself | Owner::Chosen => continue,
        };
        let field = kind.spec().field(key).unwrap();
        assert!(matches!(field.kind, ValueKind::Reference(_)), "{} owner", kind.key());
        assert!(
            !matches!(kind.spec().owner, Owner::Field(_))
                || field.kind == ValueKind::Reference("unit"),
            "{} owner is no unit",
            kind.key()
        );
    }
}

#[test]
fn every_code_field_has_its_list_and_every_choice_its_words() {
    for kind in Kind::ALL {
        for field in kind.spec().fields {
            let name = format!("{}.{}", kind.key(), field.key);
            if let Some(list) = field.codes {
                assert!(codes::list(list).is_some(), "{name}: no config/codes/{list}.toml");
            }
            let words = codes::choice_list(kind.key(), field.key);
            if field.kind != ValueKind::Choice {
                assert!(words.is_none(), "{name} has words for choices but no choices");
                continue;
            }
            let listed: Vec<&str> = words
                .unwrap_or_else(|| panic!("{name}: not in config/codes/choices.toml"))
                .entries()
                .iter()
                .map(|entry| entry.code.as_str())
                .collect();
            assert_eq!(listed, field.choices, "{name}");
        }
    }
}

#[test]
fn every_code_list_is_used() {
    let used: BTreeSet<&str> =
        Kind::ALL.iter().flat_map(|kind| kind.spec().fields).filter_map(|f| f.codes).collect();
    for name in codes::names() {
        assert!(used.contains(name), "no field uses config/codes/{name}.toml");
    }
    for file in fs::read_dir(root().join("config/codes")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let several = ["choices", "lists"].contains(&name.as_str());
        assert!(several || codes::list(&name).is_some(), "{name} is not compiled in");
    }
}

#[test]
fn kinds_fields_and_steps_have_names_in_three_languages() {
    for lang in LANGS {
        let (kinds, fields) = (messages(lang, "kinds.ftl"), messages(lang, "fields.ftl"));
        let steps = messages(lang, "codes.ftl");
        let mut expected = BTreeSet::new();
        for kind in Kind::ALL {
            let key = kind.key();
            let names = [
                format!("kind-{key}"),
                format!("kind-{key}-plural"),
                format!("area-{}", kind.area()),
            ];
            for key in names {
                assert!(kinds.contains(&key), "{lang}: {key}");
            }
            for field in kind.spec().fields {
                expected.insert(format!("field-{}-{}", kind.key(), field.key));
            }
            for step in kind.spec().steps {
                let key = format!("step-{}-{}", kind.key(), step.action);
                assert!(steps.contains(&key), "{lang}: {key}");
            }
        }
        assert_eq!(fields, expected, "{lang}/fields.ftl");
    }
}

#[test]
fn every_declared_day_names_dates_states_and_a_text() {
    for kind in Kind::ALL {
        for due in kind.spec().dues {
            let of = |key| kind.spec().field(key).unwrap();
            assert_eq!(of(due.on).kind, ValueKind::Date, "{} {}", kind.key(), due.on);
            let states = kind.spec().state_field().map_or(&[][..], |field| field.choices);
            for state in due.states {
                assert!(states.contains(state), "{} {state}", kind.key());
            }
            assert!((0..=400).contains(&due.notice));
            for lang in LANGS {
                let key = format!("cli-task-{}", due.code);
                assert!(messages(lang, "cli.ftl").contains(&key), "{lang}: {key}");
            }
        }
    }
}

#[test]
fn issue_codes_of_the_domain_have_messages_in_three_languages() {
    let mut sources = Vec::new();
    collect(&root().join("src/domain"), &mut sources);
    let used: BTreeSet<String> = sources.iter().flat_map(|text| issue_codes(text)).collect();
    assert!(used.contains("q01-check-digit") && used.contains("required"), "{used:?}");
    for lang in LANGS {
        let folder = fs::read_dir(root().join("config/locales").join(lang)).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let issues: BTreeSet<String> = names.flat_map(|name| messages(lang, &name)).collect();
        for code in &used {
            assert!(issues.contains(&format!("issue-{code}")), "{lang}: issue-{code}");
        }
    }
}

fn collect(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Finds `Issue::error(field, "code")` and every literal that starts as a check's number does.
fn issue_codes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in text.split("Issue::").skip(1) {
        let is_call = call.starts_with("error(") || call.starts_with("warning(");
        let statement = call.split(';').next().unwrap_or_default();
        let literal = statement.split(", \"").nth(1).and_then(|rest| rest.split('"').next());
        found.extend(literal.filter(|code| is_call && code.contains('-')).map(str::to_owned));
        if is_call && statement.contains(", \"required\"") {
            found.push("required".to_owned());
        }
    }
    let literals = text.split('"').skip(1).step_by(2).filter(|literal| {
        let mut chars = literal.chars();
        chars.next() == Some('q') && chars.next().is_some_and(|c| c.is_ascii_digit())
    });
    found.extend(literals.map(str::to_owned));
    found
}
