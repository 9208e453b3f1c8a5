//! The list of message files: one line here, one file in each folder of config/locales.

use super::lang::Lang;

macro_rules! files {
    ($($name:literal)*) => {
        /// Names of the message files.
        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$($name),*];

        /// Returns the sources of a language, in the order of the list.
        pub(super) const fn of(lang: Lang) -> &'static [&'static str] {
            match lang {
                Lang::Hant => &[$(include_str!(concat!("../../config/locales/zh-Hant/", $name, ".ftl"))),*],
                Lang::Hans => &[$(include_str!(concat!("../../config/locales/zh-Hans/", $name, ".ftl"))),*],
                Lang::En => &[$(include_str!(concat!("../../config/locales/en/", $name, ".ftl"))),*],
            }
        }
    };
}

files! {
    "common"
    "kinds"
    "fields"
    "forms"
    "codes"
    "issues"
    "store"
    "transfer"
    "report"
    "client"
    "cli"
    "server"
    "actions"
    "tui"
    "desk"
}
