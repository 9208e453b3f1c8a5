//! Line by line: for screen readers and for terminals without cursor control. Numbered choices, nothing is painted over.

use std::io::{self, BufRead, IsTerminal as _, Write, stdin, stdout};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::app::{Model, Start};
use super::data::{Data, Query, value_text};
use super::runtime::{Ended, RunOptions};
use super::ui::Chrome;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

/// Most records shown before the next search.
const MOST: usize = 20;

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
    match Data::open(&options.dir, &passphrase.0) {
        Ok(data) => model.opened(std::sync::Arc::new(data.read_only(options.read_only))),
        Err(failure) => return left(&failure.text(&model.shell.locale)),
    }
    loop {
        match menu(&mut model, options.lock_after) {
            Ok(true) => {}
            Ok(false) => return Ok(Ended::Left),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Ended::Locked),
            Err(error) => return Err(error),
        }
    }
}

fn left(line: &str) -> io::Result<Ended> {
    say(line)?;
    Ok(Ended::Left)
}

fn say(line: &str) -> io::Result<()> {
    writeln!(stdout(), "{}", super::text::shown(line))
}

/// Asks for a line. A person who types none for too long is gone: [`io::ErrorKind::TimedOut`]. Lines from a file do not wait.
fn ask(prompt: &str, patience: Option<Duration>) -> io::Result<Option<String>> {
    write!(stdout(), "{} ", super::text::shown(prompt))?;
    stdout().flush()?;
    if let Some(patience) = patience.filter(|_| stdin().is_terminal()) {
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

/// Shows the overview and takes one choice; false to end.
fn menu(model: &mut Model, patience: Option<Duration>) -> io::Result<bool> {
    model.shell.refresh_status();
    let shell = &model.shell;
    let status = &shell.status;
    for (key, count) in [
        ("line-conflicts", status.conflicts),
        ("line-attention", status.attention),
        ("line-pending", status.pending),
    ] {
        say(&format!("{}: {count}", shell.text(key)))?;
    }
    for (number, (kind, count)) in status.records.iter().enumerate() {
        say(&format!("{} {}: {count}", number + 1, shell.locale.kind_plural(kind.spec())))?;
    }
    let Some(choice) = ask(&shell.text("plain-choose"), patience)? else { return Ok(false) };
    if choice.is_empty() || choice == "0" {
        return Ok(false);
    }
    let kind = choice.parse::<usize>().ok().and_then(|n| status.records.get(n.checked_sub(1)?));
    match kind {
        Some((kind, _)) => list(model, *kind, patience)?,
        None => say(&shell.text("plain-no-choice"))?,
    }
    Ok(true)
}

fn list(model: &Model, kind: Kind, patience: Option<Duration>) -> io::Result<()> {
    let shell = &model.shell;
    let Some(data) = &shell.data else { return Ok(()) };
    let search = ask(&shell.text("plain-search"), patience)?.unwrap_or_default();
    let ids = data.list(&Query { search, ..Query::all(kind) });
    let views = data.views(&ids.iter().copied().take(MOST).collect::<Vec<RecordId>>());
    say(&shell.text_with("list-count", &[("count", &ids.len().to_string())]))?;
    for (number, view) in views.iter().enumerate() {
        say(&format!("{} {} {}", number + 1, view.title, view.note(shell)))?;
    }
    let choice = ask(&shell.text("plain-choose"), patience)?.unwrap_or_default();
    let chosen = choice.parse::<usize>().ok().and_then(|n| views.get(n.checked_sub(1)?));
    let Some(view) = chosen else { return Ok(()) };
    for field in kind.spec().fields {
        let text = match view.fields.get(&field.number) {
            Some(value) => crate::domain::record::mask::masked(field, value)
                .unwrap_or_else(|| value_text(shell, kind.spec(), field, value)),
            None => String::new(),
        };
        say(&format!("{}: {text}", shell.locale.field_label(kind.spec(), field)))?;
    }
    Ok(())
}
