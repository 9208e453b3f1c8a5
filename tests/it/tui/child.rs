//! What runs inside the pseudo terminal: this test binary once more, as the terminal interface.

use std::path::PathBuf;

use ejia::locale::Lang;
use ejia::tui::effect::Secret;
use ejia::tui::terminal::Screen;
use ejia::tui::{RunOptions, run};

/// Passphrase of every directory made here.
pub(crate) const PASSPHRASE: &str = "correct horse";
/// Says in which directory to run, or [`PANIC`].
pub(crate) const DIR: &str = "EJIA_TEST_TUI_DIR";
/// Instead of a directory: take the terminal over and break.
pub(crate) const PANIC: &str = "panic";

/// The child's entry: does nothing in an ordinary run of the tests.
#[test]
#[expect(clippy::disallowed_methods, reason = "the parent names the directory this way")]
fn entry() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    if dir == PANIC {
        let _screen = Screen::enter().unwrap();
        panic!("with 王小明 in the message");
    }
    let options = RunOptions {
        dir: PathBuf::from(dir),
        passphrase: Some(Secret(PASSPHRASE.to_owned())),
        lang: Lang::Hant,
        plain: false,
        colour: false,
        ascii: false,
    };
    run(options).unwrap();
}
