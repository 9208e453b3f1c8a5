//! What runs inside the pseudo terminal where the program itself cannot be made to fail: this test binary once more.

use std::path::Path;

use ejia::tui::terminal::{Screen, report_panics_to};

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
