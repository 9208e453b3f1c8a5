//! What every command needs: settings, texts, and a place for answers.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::args::Args;
use super::config::Config;
use super::error::CommandResult;
use super::output::{Grid, Human, Output};
use crate::locale::{Lang, Locale};

/// One run of a command.
pub(super) struct Context {
    pub(super) locale: Locale,
    pub(super) output: Output,
    pub(super) config: Config,
}

impl Context {
    /// Takes the options that all commands have.
    pub(super) fn new(args: &Args, config: Config, lang: Lang) -> Self {
        Self { locale: Locale::new(lang), output: Output { format: args.format }, config }
    }

    /// Returns the data directory.
    pub(super) fn dir(&self) -> CommandResult<PathBuf> {
        self.config.dir()
    }
}

impl Context {
    /// Writes a table or its JSON.
    pub(super) fn table(
        &self,
        json: impl FnOnce() -> Json,
        headings: &[&str],
        rows: impl FnOnce() -> Vec<Vec<String>>,
    ) -> CommandResult<()> {
        let headings = || headings.iter().map(|key| self.locale.text(key)).collect();
        self.output.answer(json, || Human::Grid(Grid { headings: headings(), rows: rows() }))
    }

    /// Writes named values one below the other, or their JSON.
    pub(super) fn facts(
        &self,
        json: impl FnOnce() -> Json,
        facts: impl FnOnce() -> Vec<(&'static str, String)>,
    ) -> CommandResult<()> {
        let row = |(key, value): (&str, String)| vec![self.locale.text(key), value];
        self.output.answer(json, || {
            Human::Grid(Grid { headings: Vec::new(), rows: facts().into_iter().map(row).collect() })
        })
    }
}
