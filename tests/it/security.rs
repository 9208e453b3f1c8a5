//! The threat table of docs/security.md names tests that exist.

use std::collections::BTreeSet;
use std::process::Command;

/// Threats in the table: number and name of the test.
fn rows() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", threat, _against, test, ""] = cells.as_slice() else { return None };
        let number = threat.strip_prefix("T-")?.split(' ').next()?;
        Some((number.to_owned(), test.trim_matches('`').to_owned()))
    });
    rows.collect()
}

/// True if the library's source has the test, whose module is a file or stands in one.
fn stands_in_the_library(name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let Some((function, modules)) = parts.split_last() else { return false };
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    (0..modules.len()).any(|depth| {
        let path = modules[..=depth].join("/");
        ["rs", "/mod.rs"].iter().any(|end| {
            let file = if *end == "rs" { format!("{path}.rs") } else { format!("{path}{end}") };
            let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            text.contains(&format!("fn {function}("))
        })
    })
}

#[test]
fn every_threat_has_a_number_of_its_own_and_a_test_that_exists() {
    let list = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let known: BTreeSet<&str> =
        list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let rows = rows();
    let numbers: Vec<usize> = rows.iter().map(|(number, _)| number.parse().unwrap()).collect();
    assert_eq!(numbers, (1..=rows.len()).collect::<Vec<_>>());
    assert!(rows.len() >= 30, "{}", rows.len());
    for (number, test) in rows {
        let exists = match test.split_once("::") {
            Some(("it", name)) => known.contains(name),
            Some(("lib", name)) => stands_in_the_library(name),
            _ => false,
        };
        assert!(exists, "T-{number}: {test} does not exist");
    }
}
