//! What must hold of every screen and every action, and what is remembered of a person's way of working.

use super::tests::{Desk, PEOPLE};
use super::*;
use crate::domain::kinds::Kind;

#[test]
fn who_only_looks_is_told_so_and_changes_nothing() {
    let mut desk = Desk::new(PEOPLE);
    desk.data.only_look();
    desk.model.shell.read_only = true;
    desk.shows("[只讀]");
    desk.press("5 Ctrl-N").shows("這次以只讀方式打開").shows("王小明");
    desk.press("Delete").shows("這次以只讀方式打開");
    desk.press("Enter").shows("學工號");
    for action in Action::ALL.iter().filter(|action| action.writes()) {
        assert!(enabled(&desk.model, *action).is_err(), "{}", action.id());
    }
    assert_eq!(desk.count(Kind::Person), 4);
}

#[test]
fn files_that_are_only_looked_at_refuse_every_change() {
    let desk = Desk::new(PEOPLE);
    desk.data.only_look();
    let made = desk.data.create_record(Kind::Person, crate::domain::record::Fields::new());
    assert_eq!(made.unwrap_err().code, "invalid");
    let id = desk.data.list(&crate::tui::data::Query::all(Kind::Person))[0];
    assert_eq!(desk.data.delete(id, "x").unwrap_err().code, "read-only");
}
