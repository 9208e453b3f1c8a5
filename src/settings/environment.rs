//! Environment variables: read here, once, and passed on.
#![expect(clippy::disallowed_methods, reason = "the one place that reads environment variables")]

use std::path::PathBuf;

use super::Layer;

/// What the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `EJIA_DATA`: the data folder.
    pub data: Option<PathBuf>,
    /// `EJIA_PASSPHRASE_FILE`: unlocks without a prompt.
    pub passphrase_file: Option<PathBuf>,
    /// `EJIA_PROFILE`: which of this machine's users.
    pub profile: Option<String>,
    /// `EJIA_LANG`: a language tag.
    pub lang: Option<String>,
    /// `LC_ALL`, `LC_MESSAGES` or `LANG`, the first that is set.
    pub locale: Option<String>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM`; `dumb` has no screen.
    pub term: Option<String>,
    /// `COLORTERM`; `truecolor` or `24bit` for terminals with all colours.
    pub colorterm: Option<String>,
}

impl Environment {
    /// Reads the process's environment.
    pub fn read() -> Self {
        Self::from(|name| std::env::var(name).ok())
    }

    /// Reads any environment; empty values count as unset.
    pub fn from(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            data: set("EJIA_DATA").map(PathBuf::from),
            passphrase_file: set("EJIA_PASSPHRASE_FILE").map(PathBuf::from),
            profile: set("EJIA_PROFILE"),
            lang: set("EJIA_LANG"),
            locale: ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set),
            no_color: set("NO_COLOR").is_some(),
            term: set("TERM"),
            colorterm: set("COLORTERM"),
        }
    }

    /// Returns the settings layer that these variables make.
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::named("environment");
        if let Some(data) = self.data.as_ref().and_then(|data| data.to_str()) {
            layer.set("data", "dir", data);
        }
        if let Some(lang) = &self.lang {
            layer.set("look", "lang", lang.as_str());
        }
        if self.no_color {
            layer.set("look", "color", false);
        }
        layer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn variables_become_a_layer_and_empty_ones_count_as_unset() {
        let environment = Environment::from(|name| match name {
            "EJIA_DATA" => Some("/data".to_owned()),
            "NO_COLOR" => Some("1".to_owned()),
            "LC_ALL" | "EJIA_LANG" => Some(String::new()),
            "LANG" => Some("zh_CN.UTF-8".to_owned()),
            _ => None,
        });
        assert_eq!(environment.locale.as_deref(), Some("zh_CN.UTF-8"));
        let settings = Settings::load(&[environment.layer()]).unwrap();
        assert_eq!(settings.data.dir, PathBuf::from("/data"));
        assert!(!settings.look.color && settings.look.lang.is_empty());
    }
}
