//! The table of docs/reliability.md is complete.

use ejia::trap::Trap;

use super::run::rows;

#[test]
fn all_sixty_eight_are_in_the_table_and_every_switch_has_a_row() {
    let rows = rows();
    let numbers: Vec<String> = rows.iter().map(|row| row.trap.clone()).collect();
    let wanted: Vec<String> = (1..=68).map(|number| format!("T{number:02}")).collect();
    assert_eq!(numbers, wanted);
    for row in &rows {
        let switch = Trap::named(&row.trap).is_some();
        let switched = ["test", "itself", "simulator"].contains(&row.how.as_str());
        assert_eq!(switch, switched, "{}: {}", row.trap, row.how);
        assert!(switched || row.how == "impossible" || row.how == "open", "{}", row.trap);
        assert!(row.how == "open" || !row.names.is_empty(), "{} names no test", row.trap);
        let known = |name: &String| name.starts_with("it::") || name.starts_with("lib::");
        assert!(row.names.iter().all(known), "{}: {:?}", row.trap, row.names);
    }
}
