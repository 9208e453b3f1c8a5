//! Reading a sheet in from the terminal: the file, the preview, the writing.

use super::tests::{Desk, PEOPLE};
use super::*;
use crate::domain::kinds::Kind;
use crate::tui::data::Query;
use crate::tui::import::ImportAsk;

const SHEET: &str = "学工号,姓名,性别,出生年月\n\
    20210001,王小明,男,1970-03\n\
    30001,任春雨,女,1979-08\n\
    30002,,女,1980-01\n\
    30003,歐陽若明,男,2050-02\n";

/// A folder with one sheet.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("名冊.csv"), SHEET).unwrap();
    std::fs::write(folder.path().join("說明.pdf"), "").unwrap();
    folder
}

/// Does what the worker would: reads or writes the sheet that was asked for last.
fn work(desk: &mut Desk) {
    let asked = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Import(ask, write) => Some((ask.clone(), *write)),
        _ => None,
    });
    let (ask, write) = asked.unwrap();
    let imported = desk.data.import(&ask, write);
    desk.send(Message::Imported(ask, imported));
}

/// Shows the preview of a sheet.
pub(super) fn read_in(desk: &mut Desk) {
    let folder = folder();
    let file = folder.path().join("名冊.csv");
    let ask = ImportAsk { file, kind: Some(Kind::Person), ..ImportAsk::default() };
    let imported = desk.data.import(&ask, false);
    desk.send(Message::Imported(ask, imported));
}

#[test]
fn a_sheet_is_found_by_its_path_previewed_and_written_without_the_wrong_rows() {
    let folder = folder();
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Shift-F5");
    desk.press(&format!("{}/", folder.path().display()));
    let listed = desk.screen(80, 24);
    assert!(listed.contains("名冊.csv") && !listed.contains("說明.pdf"), "{listed}");
    desk.press("Enter");
    work(&mut desk);
    let before = desk.data.list(&Query::all(Kind::Person)).len();
    let shown = desk.screen(80, 24);
    assert!(shown.contains("不寫入") || shown.contains("未寫入"), "{shown}");
    desk.press("Ctrl-S");
    assert!(desk.screen(80, 24).contains("略過有問題的行"), "asked before rows are left out");
    desk.press("Enter");
    assert_eq!(desk.data.list(&Query::all(Kind::Person)).len(), before, "the safe answer first");
    desk.press("Ctrl-S Tab Enter");
    work(&mut desk);
    assert!(desk.screen(80, 24).contains("已讀入"));
    let found = |text: &str| {
        let query = Query { search: text.into(), ..Query::all(Kind::Person) };
        desk.data.list(&query).len()
    };
    assert_eq!((found("任春雨"), found("30002")), (1, 0));
    desk.press("Ctrl-S");
    assert!(desk.screen(80, 24).contains("已經讀入"), "it is not read in twice");
    desk.press("Ctrl-Z");
    assert_eq!(desk.data.list(&Query::all(Kind::Person)).len(), before, "one command, one undo");
}

#[test]
fn an_empty_list_takes_a_sheet_too() {
    let folder = folder();
    let mut desk = Desk::new(&[]);
    desk.press("5 Shift-F5");
    desk.press(&format!("{}/", folder.path().display()));
    desk.press("Enter");
    work(&mut desk);
    desk.press("Ctrl-S Tab Enter");
    work(&mut desk);
    assert_eq!(desk.data.list(&Query::all(Kind::Person)).len(), 3);
}

#[test]
fn what_is_no_sheet_is_told_and_nothing_is_left_behind() {
    let folder = folder();
    let file = folder.path().join("壞.xlsx");
    std::fs::write(&file, "no workbook").unwrap();
    let mut desk = Desk::new(PEOPLE);
    desk.press("1 Shift-F5");
    desk.press(&format!("{}", file.display()));
    desk.press("Enter");
    work(&mut desk);
    let shown = desk.screen(80, 24);
    assert!(shown.contains("壞.xlsx"), "{shown}");
    assert!(!shown.contains("> 讀入表格"), "no preview of nothing: {shown}");
}
