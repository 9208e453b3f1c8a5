//! docs/coverage.md names every kind, report and command it should, and none that the program does not have.

use std::collections::BTreeSet;

use ejia::client::report_names;
use ejia::domain::kinds::Kind;

use crate::cli::Case;

const PAGE: &str = include_str!("../../docs/coverage.md");

/// Words in code marks of one column, of all rows of the table.
fn column(number: usize) -> BTreeSet<String> {
    let rows = PAGE.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = rows.map(|row| row.split('|').nth(number).unwrap_or_else(|| panic!("{row}")));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(ToOwned::to_owned).collect()
}

#[test]
fn every_kind_and_every_report_has_its_place_and_no_other_is_named() {
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| kind.spec().key.to_owned()).collect();
    assert_eq!(column(3), kinds);
    let reports: BTreeSet<String> = report_names().into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(column(4), reports);
}

#[test]
fn every_command_that_is_named_exists() {
    let help = Case::new().bare(&["--help"]).done().stdout;
    let commands: BTreeSet<&str> =
        help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let named = column(5);
    let unknown: Vec<&String> =
        named.iter().filter(|name| !commands.contains(name.as_str())).collect();
    assert!(!named.is_empty() && unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_one_of_the_twelve_pieces_of_work_has_a_row() {
    for number in 1..=12 {
        assert!(PAGE.lines().any(|line| line.starts_with(&format!("| {number} "))), "{number}");
    }
}
