//! What a run goes by: the settings of all layers, and what only environment and arguments say.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::args::Args;
use super::error::{CommandError, CommandResult};
use crate::locale::Lang;
use crate::settings::{self, Environment, Layer, Settings};

/// The settings of one run.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) settings: Settings,
    /// File whose first line is the passphrase.
    pub(super) passphrase_file: Option<PathBuf>,
    /// Which of this machine's users; `None` for the first.
    pub(super) profile: Option<String>,
    /// True if the terminal locked itself: the passphrase is typed again.
    pub(super) locked: bool,
    /// True for a terminal that cannot move its cursor.
    pub(super) dumb: bool,
    /// True if the terminal is only to show.
    pub(super) read_only: bool,
    /// `COLORTERM` and `TERM`.
    pub(super) colours: (Option<String>, Option<String>),
}

impl Config {
    /// Reads the settings' files and lays environment and arguments over them.
    pub(super) fn load(args: &Args, environment: &Environment) -> CommandResult<Self> {
        let system = layer(Path::new(settings::SYSTEM_FILE))?;
        let user = settings::user_file().map(|file| layer(&file)).transpose()?.flatten();
        let layers: Vec<Layer> = [system, user]
            .into_iter()
            .flatten()
            .chain([environment.layer(), arguments(args)])
            .collect();
        let settings = Settings::load(&layers).map_err(unfit)?;
        let given = args.passphrase_file.clone();
        Ok(Self {
            settings,
            passphrase_file: given.or_else(|| environment.passphrase_file.clone()),
            profile: args.profile.clone().or_else(|| environment.profile.clone()),
            locked: args.locked,
            dumb: environment.term.as_deref() == Some("dumb"),
            read_only: args.read_only,
            colours: (environment.colorterm.clone(), environment.term.clone()),
        })
    }

    /// Returns the data directory of the user who was named, else of the first.
    pub(super) fn dir(&self) -> CommandResult<PathBuf> {
        let base = self.base()?;
        #[cfg(feature = "client")]
        if let Some(name) = &self.profile {
            let dir = crate::client::users::dir_of(&base, name);
            return dir.ok_or_else(|| CommandError::usage("profile").with("name", name));
        }
        Ok(base)
    }

    /// Returns the data directory of the machine's first user, below which the others' are.
    pub(super) fn base(&self) -> CommandResult<PathBuf> {
        settings::data_dir(&self.settings).map_err(|_no_home| CommandError::usage("no-home"))
    }
}

/// Returns the language of the texts: the setting, else the system's, else Traditional Chinese.
pub(super) fn lang(config: Option<&Config>, environment: &Environment) -> Lang {
    let system = || Lang::from_system(environment.locale.as_deref()?);
    let set = |config: &Config| Lang::from_key(&config.settings.look.lang);
    let own = || Lang::from_key(environment.lang.as_deref()?);
    config.and_then(set).or_else(own).or_else(system).unwrap_or_default()
}

fn layer(file: &Path) -> CommandResult<Option<Layer>> {
    match fs::read_to_string(file) {
        Ok(text) => Layer::parse(&file.display().to_string(), &text).map(Some).map_err(unfit),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let path = file.display();
            Err(CommandError::usage("read").with("path", path).with("cause", error))
        }
    }
}

fn unfit(error: settings::SettingsError) -> CommandError {
    CommandError::usage("settings").with("cause", error)
}

fn arguments(args: &Args) -> Layer {
    let mut layer = Layer::named("arguments");
    if let Some(dir) = args.data.as_ref().and_then(|dir| dir.to_str()) {
        layer.set("data", "dir", dir);
    }
    if let Some(lang) = args.lang {
        layer.set("look", "lang", lang.key());
    }
    if args.plain {
        layer.set("look", "plain", true);
    }
    layer
}
