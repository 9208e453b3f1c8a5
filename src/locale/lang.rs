//! The three languages, and how a user's or a system's name for one is read.

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lang {
    /// Traditional Chinese, the source of all texts.
    #[default]
    Hant,
    /// Simplified Chinese.
    Hans,
    /// English.
    En,
}

impl Lang {
    /// Every language, in the order of menus.
    pub const ALL: [Self; 3] = [Self::Hant, Self::Hans, Self::En];

    /// Returns the BCP 47 tag, which is also the name on the command line and of the folder under config/locales.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hant => "zh-Hant",
            Self::Hans => "zh-Hans",
            Self::En => "en",
        }
    }

    /// Returns the language with exactly that key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.key() == key)
    }

    /// Reads a system's name for a language (`zh_CN.UTF-8`, `zh-TW`, `en_US`); `None` if it names no language of ours.
    pub fn from_system(name: &str) -> Option<Self> {
        let name = name.split(['.', '@']).next().unwrap_or_default().to_lowercase();
        let mut parts = name.split(['_', '-']);
        match parts.next() {
            Some("en") => Some(Self::En),
            Some("zh") if parts.any(|part| ["cn", "sg", "my", "hans"].contains(&part)) => {
                Some(Self::Hans)
            }
            Some("zh") => Some(Self::Hant),
            _ => None,
        }
    }

    /// Returns the next language, for a key that switches through them.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Hant => Self::Hans,
            Self::Hans => Self::En,
            Self::En => Self::Hant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn system_names_are_read_as_languages() {
        for (name, lang) in [
            ("zh_CN.UTF-8", Some(Lang::Hans)),
            ("zh-Hans-CN", Some(Lang::Hans)),
            ("zh_TW.UTF-8", Some(Lang::Hant)),
            ("zh-Hant", Some(Lang::Hant)),
            ("zh", Some(Lang::Hant)),
            ("en_US.UTF-8", Some(Lang::En)),
            ("C.UTF-8", None),
            ("", None),
        ] {
            assert_eq!(Lang::from_system(name), lang, "{name}");
        }
    }
}
