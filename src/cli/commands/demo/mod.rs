//! `demo`: a server, headquarters and two organizers on this machine, with the records of an invented university.
//!
//! Without `--check` the terminal opens on the organizer's device; with it the whole story is gone through and every step is
//! checked. The figures that are expected are counted from what was entered, never written down here.

mod office;
mod sample;
mod story;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value as Json, json};

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, CommandResult, NEEDS_PERSON};
use crate::cli::output::{data, say};

use office::Office;

#[derive(Debug, Args)]
pub(in crate::cli) struct Demo {
    #[arg(long)]
    check: bool,
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Figures of a step, by name.
pub(super) type Figures = Map<String, Json>;

/// What a step of the story found.
pub(super) struct Found {
    /// True if everything was as it must be.
    pub(super) ok: bool,
    pub(super) figures: Figures,
}

/// A folder that goes away with the demonstration, unless it is to be kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

pub(super) fn run(cx: &Context, command: &Demo) -> CommandResult {
    if !command.check {
        super::terminal::needs_screen(cx.config.settings.look.plain || cx.config.dumb)?;
    }
    let folder = folder(command.keep.as_deref())?;
    let mut office = Office::new(&folder.path)?;
    let exit = if command.check { check(cx, &mut office)? } else { open(cx, &mut office)? };
    drop(office);
    if folder.keep {
        let path = folder.path.display().to_string();
        say(&cx.locale.text_with("cli-demo-kept", &[("path", &path)]));
    }
    Ok(exit)
}

fn folder(keep: Option<&Path>) -> CommandResult<Folder> {
    let name = format!("ejia-demo-{}", std::process::id());
    let path = keep.map_or_else(|| std::env::temp_dir().join(name), Path::to_path_buf);
    let failed = |source: std::io::Error| {
        CommandError::usage("write").with("path", path.display()).with("cause", source)
    };
    std::fs::create_dir_all(&path).map_err(failed)?;
    if std::fs::read_dir(&path).map_err(failed)?.next().is_some() {
        return Err(CommandError::usage("store-not-empty").with("path", path.display()));
    }
    Ok(Folder { path, keep: keep.is_some() })
}

/// Goes through the story; stops at the first step that could not be taken, because the others stand on it.
fn check(cx: &Context, office: &mut Office) -> CommandResult {
    let mut told = Vec::new();
    let mut all = true;
    for (name, step) in story::STEPS {
        let found = step(office).unwrap_or_else(|error| failed(cx, &error));
        all &= found.ok;
        tell(cx, name, &found)?;
        told.push(json!({ "step": name, "ok": found.ok, "figures": found.figures }));
        if !found.ok {
            break;
        }
    }
    let whole = json!({ "steps": told, "ok": all });
    match cx.output.format {
        Format::Table => say(&cx.locale.text(if all { "cli-demo-held" } else { "cli-demo-broke" })),
        Format::Json => data(&format!("{whole:#}\n"))?,
        Format::Jsonl | Format::Csv => data(&format!("{whole}\n"))?,
    }
    Ok(if all { 0 } else { NEEDS_PERSON })
}

fn failed(cx: &Context, error: &CommandError) -> Found {
    let mut text = error.message(&cx.locale);
    for (issue, _) in &error.issues {
        text = format!("{text} {}:{}", issue.field, issue.code);
    }
    let figures = Figures::from_iter([("error".to_owned(), json!(text))]);
    Found { ok: false, figures }
}

/// Tells a step to people as soon as it is done.
fn tell(cx: &Context, name: &str, found: &Found) -> CommandResult<()> {
    if cx.output.format != Format::Table {
        return Ok(());
    }
    let mark = cx.locale.text(if found.ok { "cli-demo-ok" } else { "cli-demo-wrong" });
    let figure = |(key, value): (&String, &Json)| {
        let label = cx.locale.find(&format!("cli-figure-{}", key.replace('_', "-")), &[]);
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        format!("{} {value}", label.unwrap_or_else(|| key.clone()))
    };
    let figures: Vec<String> = found.figures.iter().map(figure).collect();
    let text = cx.locale.text(&format!("cli-demo-step-{name}"));
    data(&format!("{mark} {text}\n    {}\n", figures.join("  ")))
}

/// Sets everything up, leaves something to settle, and opens the terminal on the organizer's device.
fn open(cx: &Context, office: &mut Office) -> CommandResult {
    say(&cx.locale.text("cli-demo-making"));
    for (name, step) in story::STEPS.iter().filter(|(name, _)| story::SETUP.contains(name)) {
        let found = step(office)?;
        if !found.ok {
            return Err(CommandError::new(NEEDS_PERSON, "demo").with("step", name));
        }
    }
    let dir = office.close_devices();
    let secret = office.sample.passphrase.clone();
    super::terminal::open_with(cx, dir, secret)
}
