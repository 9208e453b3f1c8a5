//! Checks the layering table of docs/architecture.md against the source, and which module may name which crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each top-level module may import of ours.
const MAY: &[(&str, &[&str])] = &[
    ("trap", &[]), // the bug bank's switch: everybody may ask it
    ("domain", &[]),
    ("sync", &["domain"]),
    ("wire", &["domain", "sync"]),
    ("store", &["domain", "sync"]),
    ("locale", &["domain"]),
    ("transfer", &["domain", "locale"]),
    ("report", &["domain", "locale"]),
    ("settings", &["domain"]),
    ("telemetry", &["domain"]),
    ("server", &["domain", "sync", "wire", "settings", "telemetry"]),
    ("client", &["domain", "sync", "wire", "store", "transfer", "report", "settings", "locale"]),
    ("tui", &["client", "domain", "settings", "locale"]),
    (
        "cli",
        &[
            "client",
            "domain",
            "transfer",
            "report",
            "settings",
            "telemetry",
            "locale",
            "tui",
            "server",
        ],
    ),
];

/// Who alone may name a crate.
const CRATES: &[(&str, &[&str])] = &[
    ("sled::", &["store/sled", "store/vault.rs"]), // in vault.rs it is our module,
    ("sqlx::", &["server/db"]),
    ("axum::", &["server"]),
    ("ratatui::", &["tui"]),
    ("crossterm::", &["tui"]),
    ("reqwest::", &["client/http.rs"]),
    ("clap::", &["cli"]),
    ("bincode::", &["wire/codec.rs", "store", "sync/command/args.rs"]),
    ("calamine::", &["transfer"]),
    ("quick_xml::", &["transfer"]),
    ("rust_xlsxwriter::", &["transfer"]),
    ("icalendar::", &["transfer/export/ics.rs"]),
    ("chacha20poly1305::", &["store"]),
    ("argon2::", &["store"]),
];

/// Macros and names exported at the crate's root, and the switch.
const ROOT: &[&str] = &["record", "choices", "reference", "field", "cfg", "trap"];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, out: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.push((path, code_of(&text)));
            }
        }
    }
    let mut out = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut out);
    out
}

/// Leaves comments out: they may speak of anything.
fn code_of(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn relative(path: &Path) -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    path.strip_prefix(src).unwrap().to_string_lossy().replace('\\', "/")
}

/// Collects the modules named after `crate::`, grouped imports too.
fn named(text: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    for (at, matched) in text.match_indices("crate::") {
        let rest = &text[at + matched.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    found.insert(word(&group[start..index]));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(word(&group[start..index]));
                    start = index + 1;
                }
                _ => {}
            }
        }
    }
    found.retain(|name| !name.is_empty() && !ROOT.contains(&name.as_str()));
    found
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut bad = BTreeMap::new();
    for (path, text) in sources() {
        let place = relative(&path);
        let module = place.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let allowed = MAY.iter().find(|(name, _)| *name == module);
        let allowed = allowed.unwrap_or_else(|| panic!("{module} is not in the layering table")).1;
        for name in named(&text) {
            if name != module && !allowed.contains(&name.as_str()) {
                bad.insert((module.clone(), name), place.clone());
            }
        }
    }
    assert!(bad.is_empty(), "not in the layering table: {bad:#?}");
}

#[test]
fn a_row_of_the_table_names_only_rows_above_it() {
    for (place, (module, imports)) in MAY.iter().enumerate() {
        for import in *imports {
            let above = MAY[..place].iter().any(|(name, _)| name == import);
            assert!(above, "{module} may import {import}, which stands below it");
        }
    }
}

#[test]
fn crates_are_named_only_where_they_belong() {
    let mut bad = Vec::new();
    for (path, text) in sources() {
        let place = relative(&path);
        for (name, places) in CRATES {
            let names = text.match_indices(name).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if names && !places.iter().any(|allowed| place.starts_with(allowed)) {
                bad.push(format!("{place} names {name}"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn no_source_file_is_longer_than_six_hundred_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, _)| (relative(&path), fs::read_to_string(&path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 600)
        .map(|(place, lines)| format!("{place}: {lines}"))
        .collect();
    assert!(root.exists() && long.is_empty(), "{long:#?}");
}

/// Kinds that code outside the domain may name, because the server decides about them, or because something is done with them that no other
/// kind has. Every other kind lives by its file in `domain`, its line in the registry, and its headings, forms and texts in config.
const KNOWN_BY_NAME: &[&str] = &[
    "Unit",
    "Person",
    "Post",
    "Policy",
    "TrainingClass",
    "ClassQuota",
    "Session",
    "Enrolment",
    "Attendance",
    "Cultivation",
    "CultivationAssessment",
    "StaffFile",
    "Appointment",
    "Deployment",
    "Submission",
    "Notice",
    "NoticeReceipt",
];

#[test]
fn most_kinds_are_known_to_the_domain_alone() {
    use ejia::domain::kinds::Kind;
    let outside: Vec<(String, String)> = sources()
        .into_iter()
        .map(|(path, text)| (relative(&path), text))
        .filter(|(path, _)| {
            !path.starts_with("domain/") && !path.contains("tests") && !path.contains("/demo/")
        })
        .map(|(path, text)| {
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            (path, code.to_owned())
        })
        .collect();
    let mut plain = 0;
    for kind in Kind::ALL {
        let name = format!("{kind:?}");
        if KNOWN_BY_NAME.contains(&name.as_str()) {
            continue;
        }
        plain += 1;
        for (path, code) in &outside {
            let key = format!("\"{}\"", kind.key());
            let by_name = code.contains(&format!("Kind::{name}")) || code.contains(&key);
            assert!(!by_name, "{path} knows {name}: a kind needs its file and its texts, no more");
        }
    }
    assert!(plain >= 28, "only {plain} kinds are plain");
    for name in KNOWN_BY_NAME {
        assert!(Kind::ALL.iter().any(|kind| format!("{kind:?}") == *name), "{name} is no kind");
    }
}
