//! What runs inside the pseudo terminal where the program itself cannot be made to fail: this test binary once more.

use std::path::Path;

use std::io::Write as _;
use std::sync::mpsc::channel;
use std::time::Duration;

use ejia::tui::terminal::{Screen, listen, report_panics_to, save_before_the_end};

/// Set in the environment of the child: the folder for its report.
pub(crate) const CHILD: &str = "EJIA_TEST_CHILD";

/// Takes the terminal over and breaks; does nothing in an ordinary run of the tests.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent says so this way")]
fn broken() {
    if let Some(dir) = std::env::var_os(CHILD) {
        report_panics_to(Path::new(&dir));
        let _screen = Screen::enter().unwrap();
        panic!("with 王小明 in the message");
    }
}

/// Takes the terminal over and never comes back from what it draws; does nothing in an ordinary run of the tests.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent says so this way")]
fn endless() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let _screen = Screen::enter().unwrap();
        let (sender, _messages) = channel();
        listen(&sender).unwrap();
        save_before_the_end(move || std::fs::write(Path::new(&dir).join("saved"), "x").unwrap());
        loop {
            drop(write!(std::io::stdout(), "endless ").and_then(|()| std::io::stdout().flush()));
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
