//! What a terminal can do to the program, and the program to a terminal: widths, floods, stops, and looking without touching.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::session::files;
use super::term::{Manners, Term};

#[test]
fn a_terminal_with_wide_lines_gets_frames_of_ascii() {
    let (_root, dir) = files();
    for (cells, lines) in [(2, false), (1, true), (0, true)] {
        let mut term = Term::start_with(&dir, &[], cells);
        term.wait("需要處理");
        term.send("\u{10}");
        term.wait("Enter");
        term.until("a frame", |screen| {
            screen.contents().contains(if lines { "┌" } else { "+-" })
        });
        assert_eq!(term.text().contains(['─', '│', '┌']), lines, "{cells}:\n{}", term.text());
        term.kill();
    }
}

#[test]
fn a_setting_answers_instead_of_the_terminal() {
    let (_root, dir) = files();
    let config = dir.with_file_name("ejia");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("settings.toml"), "[look]\nambiguous = 'wide'\n").unwrap();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("\u{10}");
    term.until("a frame", |screen| screen.contents().contains("+-"));
    term.kill();
}

#[test]
fn looking_only_changes_nothing() {
    let (_root, dir) = files();
    let mut term = Term::start_with(&dir, &["--read-only"], 1);
    term.wait("[只讀]");
    term.send("5");
    term.wait("人員名冊");
    term.send("\u{e}");
    term.wait("這次以只讀方式打開");
    term.kill();
}

#[test]
fn a_paste_of_a_megabyte_is_taken_at_once_and_the_program_goes_on() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5");
    term.wait("人員名冊");
    term.paste(&"王小明\n".repeat(100_000));
    term.wait("只取了前 16384 個字");
    term.send("\u{1b}\u{1b}");
    term.send("\u{e}");
    term.wait("新增：人員");
    term.kill();
}

/// Waits until Linux says that a process stands or runs.
fn until_state(pid: u32, wanted: impl Fn(char) -> bool) {
    let start = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap();
        if wanted(state) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "still {state}");
        std::thread::yield_now();
    }
}

#[test]
fn a_stopped_program_gives_the_terminal_back_and_paints_anew_when_it_goes_on() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    let pid = Pid::from_raw(i32::try_from(term.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::TSTP).unwrap();
    until_state(term.pid(), |state| state == 'T');
    term.until("the terminal of the shell", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
    kill_process(pid, Signal::CONT).unwrap();
    term.until("everything painted anew", |screen| {
        screen.alternate_screen() && screen.contents().contains("需要處理")
    });
    term.send("5");
    term.wait("人員名冊");
    term.kill();
}

/// Opens the form of a new person and types a number into it.
fn typing(dir: &std::path::Path) -> Term {
    let mut term = Term::start(dir);
    term.wait("需要處理");
    term.send("5\u{e}");
    term.wait("新增：人員");
    term.send("20218888");
    term.wait("20218888");
    term
}

/// Looks whether what was typed is offered again.
fn offers_the_draft(dir: &std::path::Path) {
    let mut term = Term::start(dir);
    term.wait("人員名冊");
    term.send("\u{e}");
    term.wait("有未完成的草稿");
    term.send("\r");
    term.wait("20218888");
    term.kill();
}

#[test]
fn a_terminal_that_goes_while_it_reads_nothing_ends_the_program_and_the_draft_is_kept() {
    let (_root, dir) = files();
    let mut term = typing(&dir);
    term.hold();
    term.hang_up();
    offers_the_draft(&dir);
}

#[test]
fn a_program_held_up_by_its_terminal_ends_when_it_is_asked_to_and_the_draft_is_kept() {
    let (_root, dir) = files();
    let mut term = typing(&dir);
    term.hold();
    let pid = Pid::from_raw(i32::try_from(term.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(term.ends(), 0);
    offers_the_draft(&dir);
}

#[test]
fn a_program_that_never_comes_back_from_a_frame_is_ended_after_its_files_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let term = Term::start_test("tui::child::endless", folder.path());
    term.wait("endless endless");
    term.hang_up();
    assert!(folder.path().join("saved").exists());
}

#[test]
fn colours_suit_the_background_that_the_terminal_says_it_has() {
    let (_root, dir) = files();
    let (on_light, on_dark) = ("38;2;0;95;135", "38;2;95;215;255");
    for (ground, seen, unseen) in [
        (Some("rgb:ffff/ffff/ffff"), on_light, on_dark),
        (Some("rgb:1e1e/1e1e/1e1e"), on_dark, on_light),
        (None, "38;5;6", "38;2;"),
    ] {
        let manners = Manners { ground, colours: true, ..Manners::default() };
        let term = Term::start_in(&dir, &[], manners);
        term.wait("需要處理");
        term.wait_raw(seen);
        assert!(!term.raw().contains(unseen), "{ground:?}");
        term.kill();
    }
}

#[test]
fn an_answer_of_the_terminal_that_comes_late_is_not_typed() {
    let (_root, dir) = files();
    let manners = Manners { cells: 0, ground: None, colours: true };
    let mut term = Term::start_in(&dir, &[], manners);
    term.wait("需要處理");
    term.send("\u{1b}]11;rgb:5555/5555/5555\u{1b}\\");
    term.send("\u{10}");
    term.wait("Enter確定");
    assert!(
        !term.text().contains("人員名冊 >") && !term.text().contains("[5人員]"),
        "{}",
        term.text()
    );
    term.kill();
}

/// Decodes base64.
fn decoded(text: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sixes: Vec<u32> = text
        .chars()
        .filter_map(|c| LETTERS.find(c))
        .map(|place| u32::try_from(place).unwrap())
        .collect();
    let mut bytes = Vec::new();
    for four in sixes.chunks(4) {
        let bits = four.iter().fold(0, |bits, six| bits << 6 | six) << (6 * (4 - four.len()));
        bytes.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_is_copied_goes_to_the_clipboard_from_the_records_and_not_from_the_screen() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5\u{e}20210009\t歐陽鋒\u{13}");
    term.wait("已儲存");
    term.send("\u{1b}");
    term.wait("共 1 筆");
    term.send("\u{3}");
    term.wait("已複製 1 筆");
    term.wait_raw("\u{1b}]52;c;");
    let raw = term.raw();
    let (_, rest) = raw.split_once("\u{1b}]52;c;").unwrap();
    let text = decoded(rest.split(['\u{1b}', '\u{7}']).next().unwrap());
    assert!(text.starts_with("歐陽鋒\t") && text.contains("20210009"), "{text}");
    term.kill();
}

#[test]
fn on_a_slow_line_few_frames_are_drawn() {
    let (_root, dir) = files();
    let config = dir.with_file_name("ejia");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("settings.toml"), "[look]\nslow_line = true\n").unwrap();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    let frames = |term: &Term| term.raw().matches("\u{1b}[?2026l").count();
    let (before, start) = (frames(&term), Instant::now());
    term.send("5");
    term.wait("人員名冊");
    for key in "歐陽鋒歐陽鋒歐陽鋒".chars() {
        term.send(&key.to_string());
        std::thread::yield_now();
    }
    term.wait("歐陽鋒歐陽鋒歐陽鋒");
    let most = start.elapsed().as_millis() / 250 + 2;
    let drawn = u128::try_from(frames(&term) - before).unwrap();
    assert!(drawn <= most, "{drawn} frames, at most {most}");
    assert!(!term.text().contains(['─', '│', '┌']), "{}", term.text());
    term.kill();
}
