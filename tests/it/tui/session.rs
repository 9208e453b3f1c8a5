//! Sessions of a person at the terminal.

use std::path::PathBuf;

use ejia::client::{Client, KeyCost, NewDevice};

use super::term::Term;

/// Passphrase of every directory made here.
pub(super) const PASSPHRASE: &str = "correct horse battery";

/// Makes an empty data directory, with the passphrase in a file beside it.
pub(super) fn files() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("data");
    let new = NewDevice { user: "李組織".into(), unit_code: None, cost: KeyCost::CHEAP };
    drop(Client::create(&dir, PASSPHRASE, &new).unwrap());
    std::fs::write(dir.with_file_name("passphrase"), PASSPHRASE).unwrap();
    (root, dir)
}

#[test]
fn a_record_typed_in_chinese_and_the_draft_of_another_survive_a_kill() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5");
    term.wait("人員名冊");
    term.send("\u{e}20210009\t歐陽鋒\u{13}");
    term.wait("已儲存");
    term.send("\u{e}"); // no such key on a record: nothing happens
    term.send("\u{1b}");
    term.wait("尋找>");
    term.send("\u{e}");
    term.wait("新增：人員");
    term.send("20219999\t");
    term.wait("草稿已存");
    term.kill();

    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5");
    term.wait("歐陽鋒");
    term.send("\u{e}");
    term.wait("有未完成的草稿");
    term.send("\r");
    term.wait("20219999");
    term.kill();
}

#[test]
fn a_panic_gives_the_terminal_back_and_tells_nothing_personal() {
    let folder = tempfile::tempdir().unwrap();
    let mut term = Term::start_test("tui::child::broken", folder.path());
    let code = term.ends();
    assert_ne!(code, 0);
    assert!(!term.look(vt100::Screen::alternate_screen));
    assert!(!term.look(vt100::Screen::bracketed_paste));
    assert!(!term.look(vt100::Screen::hide_cursor));
    assert!(term.text().contains("internal error at"), "{}", term.text());
    assert!(!term.text().contains("王小明"), "{}", term.text());
    let report = std::fs::read_to_string(folder.path().join("panic.txt")).unwrap();
    assert!(report.contains("internal error at tests/it/tui/child.rs"), "{report}");
    assert!(report.contains(env!("CARGO_PKG_VERSION")) && !report.contains("王小明"), "{report}");
}

#[test]
fn without_colours_the_selected_row_is_still_reversed() {
    let (_root, dir) = files();
    let term = Term::start(&dir);
    term.wait("需要處理");
    let row = term.look(|screen| {
        let mut rows = screen.rows(0, 80);
        rows.position(|row| row.contains("待裁定的衝突")).unwrap()
    });
    let row = u16::try_from(row).unwrap();
    assert!(term.look(|screen| screen.cell(row, 2).unwrap().inverse()));
    assert!(!term.look(|screen| screen.cell(row + 1, 2).unwrap().inverse()));
    term.kill();
}

#[test]
fn closing_the_terminal_ends_the_program() {
    let (_root, dir) = files();
    let term = Term::start(&dir);
    term.wait("需要處理");
    term.hang_up();
}

#[test]
fn the_cursor_is_hidden_while_browsing_and_stands_after_what_is_typed() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    assert!(term.look(vt100::Screen::hide_cursor));
    term.send("5");
    term.wait("尋找>");
    term.until("the parked cursor", |screen| screen.cursor_position() == (20, 8));
    assert!(term.look(vt100::Screen::hide_cursor));
    term.send("王");
    term.until("the cursor behind the character", |screen| {
        !screen.hide_cursor() && screen.cursor_position() == (20, 10)
    });
    term.paste("小\n明");
    term.wait("王小 明");
    term.until("the cursor behind the paste", |screen| screen.cursor_position() == (20, 15));
    term.kill();
}

#[test]
fn quitting_leaves_the_terminal_as_it_was() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    assert!(
        term.look(vt100::Screen::alternate_screen) && term.look(vt100::Screen::bracketed_paste)
    );
    term.send("\u{11}");
    term.wait("要離開嗎");
    term.send("\t\r");
    assert_eq!(term.ends(), 0);
    assert!(!term.look(vt100::Screen::alternate_screen));
    assert!(!term.look(vt100::Screen::bracketed_paste));
    assert!(!term.look(vt100::Screen::hide_cursor));
}

#[test]
fn an_ended_program_is_asked_politely_and_keeps_the_draft() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5\u{e}");
    term.wait("新增：人員");
    term.send("20218888");
    term.wait("20218888");
    let pid = rustix::process::Pid::from_raw(i32::try_from(term.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(term.ends(), 0);

    let mut term = Term::start(&dir);
    term.wait("人員名冊"); // back where it was
    term.send("\u{e}");
    term.wait("有未完成的草稿");
    term.kill();
}

#[test]
fn a_new_machine_is_set_up_step_by_step() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("data");
    std::fs::write(dir.with_file_name("passphrase"), PASSPHRASE).unwrap();
    let mut term = Term::start(&dir);
    term.wait("請選擇語言");
    term.send("\r");
    term.wait("單位代碼");
    term.send("李組織\r020100\r");
    term.wait("再輸入一次");
    term.send(&format!("{PASSPHRASE}\r{PASSPHRASE}\r"));
    term.wait("這是恢復碼");
    let code = term.look(|screen| {
        let mut rows = screen.rows(0, 80);
        rows.find(|row| row.matches('-').count() == 7).unwrap()
    });
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    term.send(&format!("{}\r", code.rsplit('-').next().unwrap()));
    term.wait("一次性代碼");
    term.send("\r\r");
    term.wait("先離線使用");
    term.kill();
    assert!(Client::open(&dir, PASSPHRASE).is_ok());
    assert!(Client::open(&dir, &code).is_ok(), "the code that was shown opens the files");
}

#[test]
fn an_undo_works_after_a_kill_and_so_does_the_redo() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5");
    term.wait("人員名冊");
    term.send("\u{e}20210009\t歐陽鋒\u{13}");
    term.wait("已儲存");
    term.kill();

    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("\u{1a}");
    term.wait("已復原");
    term.kill();

    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("\u{19}");
    term.wait("已重做：歐陽鋒");
    term.send("5");
    term.wait("20210009");
    term.kill();
}
