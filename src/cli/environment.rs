//! What the environment says to the command line; the only place here that reads it.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is where the command line reads the environment"
)]

use std::path::PathBuf;

use crate::locale::Lang;

/// Settings given by the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    /// `EJIA_DATA`.
    pub(super) data: Option<PathBuf>,
    /// `EJIA_PASSPHRASE_FILE`.
    pub(super) passphrase_file: Option<PathBuf>,
    /// `EJIA_LANG`, else the system's language.
    pub(super) lang: Lang,
    /// False if `NO_COLOR` is set.
    pub(super) colour: bool,
    /// Level of the log on standard error, `EJIA_LOG`.
    pub(super) log: Option<String>,
}

impl Environment {
    /// Reads the process's environment.
    pub(super) fn read() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|p| !p.is_empty()).map(PathBuf::from);
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let own = text("EJIA_LANG").and_then(|key| Lang::from_key(&key));
        let system = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(text);
        Self {
            data: path("EJIA_DATA"),
            passphrase_file: path("EJIA_PASSPHRASE_FILE"),
            lang: own.or_else(|| Lang::from_system(&system()?)).unwrap_or_default(),
            colour: std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
            log: text("EJIA_LOG"),
        }
    }
}
