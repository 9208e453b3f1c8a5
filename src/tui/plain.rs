//! Line by line: for screen readers and for terminals without cursor control. Numbered choices, nothing is painted over.

use std::io::{self, BufRead, Write, stdin, stdout};

use super::app::{Model, Start};
use super::data::{Data, Query, value_text};
use super::runtime::RunOptions;
use super::ui::Chrome;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;

/// Most records shown before the next search.
const MOST: usize = 20;

/// Runs the line mode until the user leaves it or the input ends.
///
/// # Errors
/// What reading or writing lines gives.
pub fn run(options: &RunOptions) -> io::Result<()> {
    let mut model = Model::new(&Start {
        exists: true,
        lang: options.lang,
        colour: false,
        chrome: Chrome::Ascii,
        today: crate::client::clock::today(),
    });
    let text = |key: &str| model.shell.text(key);
    if !Data::exists(&options.dir) {
        return say(&text("plain-no-files"));
    }
    let Some(passphrase) = &options.passphrase else { return say(&text("plain-no-passphrase")) };
    match Data::open(&options.dir, &passphrase.0) {
        Ok(data) => model.opened(std::sync::Arc::new(data)),
        Err(failure) => return say(&failure.text(&model.shell.locale)),
    }
    while menu(&mut model)? {}
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(stdout(), "{line}")
}

fn ask(prompt: &str) -> io::Result<Option<String>> {
    write!(stdout(), "{prompt} ")?;
    stdout().flush()?;
    let mut line = String::new();
    let read = stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

/// Shows the overview and takes one choice; false to end.
fn menu(model: &mut Model) -> io::Result<bool> {
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
    let Some(choice) = ask(&shell.text("plain-choose"))? else { return Ok(false) };
    if choice.is_empty() || choice == "0" {
        return Ok(false);
    }
    let kind = choice.parse::<usize>().ok().and_then(|n| status.records.get(n.checked_sub(1)?));
    match kind {
        Some((kind, _)) => list(model, *kind)?,
        None => say(&shell.text("plain-no-choice"))?,
    }
    Ok(true)
}

fn list(model: &Model, kind: Kind) -> io::Result<()> {
    let shell = &model.shell;
    let Some(data) = &shell.data else { return Ok(()) };
    let search = ask(&shell.text("plain-search"))?.unwrap_or_default();
    let ids = data.list(&Query { search, ..Query::all(kind) });
    let views = data.views(&ids.iter().copied().take(MOST).collect::<Vec<RecordId>>());
    say(&shell.text_with("list-count", &[("count", &ids.len().to_string())]))?;
    for (number, view) in views.iter().enumerate() {
        say(&format!("{} {} {}", number + 1, view.title, view.note(shell)))?;
    }
    let choice = ask(&shell.text("plain-choose"))?.unwrap_or_default();
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
