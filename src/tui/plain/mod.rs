//! Line by line: for screen readers and for terminals without cursor control. The same model, screens and actions as on a full screen: what a
//! screen shows is told in numbered lines, a number chooses, a text is typed, `m` lists the actions. Nothing is painted over.

mod offered;
mod session;
#[cfg(test)]
mod tests;
mod told;

use std::io::{self, BufRead, IsTerminal as _, Write, stdin, stdout};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::app::{Model, Start};
use super::data::Data;
use super::runtime::{Ended, RunOptions};
use super::ui::Chrome;

pub use offered::left_out;
pub use session::{Lines, Session};

/// Runs the line mode until the user leaves it or the input ends.
///
/// # Errors
/// What reading or writing lines gives.
pub fn run(options: &RunOptions) -> io::Result<Ended> {
    let mut model = Model::new(&Start {
        exists: true,
        lang: options.lang,
        colour: false,
        chrome: Chrome::Ascii,
        today: crate::client::clock::today(),
    });
    let text = |key: &str| model.shell.text(key);
    if !Data::exists(&options.dir) {
        return left(&text("plain-no-files"));
    }
    let Some(passphrase) = &options.passphrase else { return left(&text("plain-no-passphrase")) };
    model.shell.read_only = options.read_only;
    match Data::open(&options.dir, &passphrase.0) {
        Ok(data) => model.opened(Arc::new(data.read_only(options.read_only))),
        Err(failure) => return left(&failure.text(&model.shell.locale)),
    }
    let mut lines = Terminal { patience: options.lock_after };
    match Session::new(model, &mut lines).run() {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(Ended::Locked),
        other => other,
    }
}

fn left(line: &str) -> io::Result<Ended> {
    writeln!(stdout(), "{}", super::text::shown(line))?;
    Ok(Ended::Left)
}

/// Lines of the person at the terminal.
struct Terminal {
    /// A person who types none for so long is gone; lines from a file do not wait.
    patience: Option<Duration>,
}

impl Lines for Terminal {
    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(stdout(), "{}", super::text::shown(line))
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        write!(stdout(), "{} ", super::text::shown(prompt))?;
        stdout().flush()?;
        if let Some(patience) = self.patience.filter(|_| stdin().is_terminal()) {
            let input = stdin();
            let mut fds = [PollFd::new(&input, PollFlags::IN)];
            let patience = Timespec::try_from(patience).ok();
            if poll(&mut fds, patience.as_ref())? == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        let mut line = String::new();
        let read = stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }
}
