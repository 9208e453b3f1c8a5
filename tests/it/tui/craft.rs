//! What a terminal can do to the program, and the program to a terminal: widths, floods, stops, and looking without touching.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::session::files;
use super::term::Term;

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
