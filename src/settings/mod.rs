//! Typed settings from layers: compiled-in defaults, system, user, environment, arguments (config/default.toml says what each is).
//!
//! It imports nothing of ours. Start at [`Settings::load`]; [`environment`] is the only place that reads environment variables.

pub mod environment;
mod paths;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::{Table, Value};

pub use environment::Environment;
#[cfg(feature = "client")]
pub use paths::home;
pub use paths::{PathsError, SYSTEM_FILE, data_dir, keymap_file, user_file};

/// Every setting at its default.
const DEFAULTS: &str = include_str!("../../config/default.toml");

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Files.
    pub data: DataSettings,
    /// How things are shown.
    pub look: LookSettings,
    /// Requests to the server.
    pub sync: SyncSettings,
    /// Logging.
    pub log: LogSettings,
    /// `ejia serve`.
    pub server: ServerSettings,
}

/// Files of this device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSettings {
    /// Folder; empty for the platform's.
    pub dir: PathBuf,
    /// Minutes without a key after which the terminal locks itself; 0 for never.
    pub lock_minutes: u32,
}

/// How things are shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookSettings {
    /// Language tag; empty to follow the environment.
    pub lang: String,
    /// Colours.
    pub color: bool,
    /// Which colours.
    pub theme: ThemeName,
    /// How wide the terminal draws characters whose width is ambiguous.
    pub ambiguous: Ambiguous,
    /// True for a slow line: few frames a second, and frames of ASCII characters.
    pub slow_line: bool,
    /// Which keys the user's keymap file is laid over.
    pub keys: KeyProfile,
    /// Plain lines for screen readers.
    pub plain: bool,
    /// IANA name of the time zone for moments.
    pub time_zone: String,
}

/// A theme of the terminal interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeName {
    /// Colours that can be read on the terminal's own background, which it is asked for; sixteen if it does not say.
    Auto,
    /// Sixteen colours over the terminal's own foreground and background.
    Colour,
    /// Dark on white.
    Light,
    /// Light on black.
    Dark,
    /// High contrast.
    Contrast,
    /// No colour.
    Mono,
}

/// How wide the terminal draws characters whose width is ambiguous, as the lines of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ambiguous {
    /// The terminal is asked when the program starts.
    Auto,
    /// One cell.
    Narrow,
    /// Two cells: frames are drawn with ASCII characters.
    Wide,
}

/// A set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyProfile {
    /// As delivered.
    Standard,
    /// Movement by letters as in vim.
    Vim,
}

/// Requests to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// Longest time of one request, seconds.
    pub timeout_seconds: u32,
    /// Seconds between syncs while the terminal is open; 0 for never.
    pub every_seconds: u32,
}

/// Logging.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Level or directives.
    pub level: String,
    /// `text` or `json`.
    pub format: String,
}

/// `ejia serve` and `ejia admin`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// SQLite file; empty for `server.sqlite` in the data folder.
    pub database: PathBuf,
    /// Certificate, PEM; empty for plain HTTP.
    pub tls_cert: PathBuf,
    /// Its key, PEM.
    pub tls_key: PathBuf,
    /// Address that devices are told, `https://...`; empty for the one listened on.
    pub address: String,
    /// Folder for what must outlive a restore of a PostgreSQL database; empty for `state` in the data folder.
    pub state_dir: PathBuf,
    /// True if a proxy in front does TLS.
    pub behind_proxy: bool,
    /// Addresses of proxies that are believed about whom they speak for.
    pub trusted_proxies: Vec<String>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Requests one device may make a minute.
    pub requests_per_minute: u32,
    /// Longest time of one request, seconds.
    pub request_timeout_seconds: u32,
    /// Longest time to finish after the signal to stop, seconds.
    pub stop_timeout_seconds: u32,
    /// Enrolments one address may try a minute.
    pub enrol_per_minute: u32,
    /// Hours a one-time code is valid.
    pub code_hours: u32,
    /// Days a device may be read without contact.
    pub lease_days: u32,
    /// Oldest version of the program that is given pages.
    pub min_app: String,
}

/// One layer of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Where it comes from, for messages: a file's path, `environment`, `arguments`.
    pub name: String,
    /// What it sets.
    pub table: Table,
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A layer is no TOML.
    #[error("{layer} is not TOML: {message}")]
    Unreadable {
        /// Its name.
        layer: String,
        /// What the parser says.
        message: String,
    },
    /// A key that does not exist.
    #[error("{layer} sets {key}, which is no setting")]
    UnknownKey {
        /// The layer's name.
        layer: String,
        /// The key, with its section.
        key: String,
    },
    /// A value of another type or out of range.
    #[error("{layer} does not fit: {message}")]
    Unfit {
        /// The layer's name.
        layer: String,
        /// What does not fit.
        message: String,
    },
}

impl Layer {
    /// Reads a layer from a file's text.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`].
    pub fn parse(name: &str, text: &str) -> Result<Self, SettingsError> {
        let table = text.parse::<Table>().map_err(|error| SettingsError::Unreadable {
            layer: name.to_owned(),
            message: error.message().to_owned(),
        })?;
        Ok(Self { name: name.to_owned(), table })
    }

    /// Makes an empty layer.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), table: Table::new() }
    }

    /// Sets one value; for arguments and environment.
    pub fn set(&mut self, section: &str, key: &str, value: impl Into<Value>) {
        let section = self.table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key.to_owned(), value.into());
        }
    }
}

impl Settings {
    /// Puts layers over the defaults, the later over the earlier.
    ///
    /// # Errors
    /// [`SettingsError`], naming the first layer that does not fit.
    ///
    /// # Example
    /// ```
    /// use ejia::settings::{Layer, Settings};
    /// let layer = Layer::parse("settings.toml", "[server]\nlisten = '127.0.0.1:0'")?;
    /// assert_eq!(Settings::load(&[layer])?.server.listen.port(), 0);
    /// # Ok::<(), ejia::settings::SettingsError>(())
    /// ```
    pub fn load(layers: &[Layer]) -> Result<Self, SettingsError> {
        let defaults = Layer::parse("the defaults", DEFAULTS)?;
        let mut merged = defaults.table.clone();
        let mut settings = fit(&defaults.name, &merged)?;
        for layer in layers {
            merge(&mut merged, layer)?;
            settings = fit(&layer.name, &merged)?;
        }
        Ok(settings)
    }
}

fn fit(layer: &str, table: &Table) -> Result<Settings, SettingsError> {
    table.clone().try_into().map_err(|error: toml::de::Error| SettingsError::Unfit {
        layer: layer.to_owned(),
        message: error.message().to_owned(),
    })
}

fn merge(into: &mut Table, layer: &Layer) -> Result<(), SettingsError> {
    let unknown = |key: String| SettingsError::UnknownKey { layer: layer.name.clone(), key };
    for (section, values) in &layer.table {
        let known = into.get_mut(section).and_then(Value::as_table_mut);
        let known = known.ok_or_else(|| unknown(section.clone()))?;
        let values = values.as_table().ok_or_else(|| unknown(section.clone()))?;
        for (key, value) in values {
            if !known.contains_key(key) {
                return Err(unknown(format!("{section}.{key}")));
            }
            known.insert(key.clone(), value.clone());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit() {
        let settings = Settings::load(&[]).unwrap();
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:7420");
        assert_eq!(settings.look.time_zone, "Asia/Shanghai");
    }

    #[test]
    fn later_layers_win() {
        let file = Layer::parse("file", "[look]\nlang = 'en'\nplain = true").unwrap();
        let mut arguments = Layer::named("arguments");
        arguments.set("look", "lang", "zh-Hans");
        let settings = Settings::load(&[file, arguments]).unwrap();
        assert_eq!((settings.look.lang.as_str(), settings.look.plain), ("zh-Hans", true));
    }

    #[test]
    fn a_look_is_chosen_by_name_and_no_other_name_is_taken() {
        let text = "[look]\ntheme = 'contrast'\nambiguous = 'wide'\nkeys = 'vim'\nslow_line = true";
        let look = Settings::load(&[Layer::parse("file", text).unwrap()]).unwrap().look;
        assert_eq!(look.theme, ThemeName::Contrast);
        assert_eq!((look.ambiguous, look.keys), (Ambiguous::Wide, KeyProfile::Vim));
        assert!(look.slow_line);
        for text in ["theme = 'pink'", "ambiguous = 'maybe'", "keys = 'emacs'"] {
            let layer = Layer::parse("file", &format!("[look]\n{text}")).unwrap();
            assert!(matches!(Settings::load(&[layer]), Err(SettingsError::Unfit { .. })));
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_layer() {
        for (text, key) in [("[look]\ncolour = 1", "look.colour"), ("[lok]\na = 1", "lok")] {
            let layer = Layer::parse("file", text).unwrap();
            let expected = SettingsError::UnknownKey { layer: "file".into(), key: key.into() };
            assert_eq!(Settings::load(&[layer]), Err(expected));
        }
    }

    #[test]
    fn a_wrong_type_is_refused_with_its_layer() {
        let layer = Layer::parse("file", "[server]\nlisten = 'nowhere'").unwrap();
        let error = Settings::load(&[layer]).unwrap_err();
        assert!(matches!(error, SettingsError::Unfit { ref layer, .. } if layer == "file"));
        let error = Layer::parse("file", "[server").unwrap_err();
        assert!(matches!(error, SettingsError::Unreadable { .. }));
    }
}
