//! User-visible text in three languages, compiled in from config/locales. It may import `domain` only.
//!
//! Start at [`Locale`]: it turns message keys, issues, field specs and values into text. A new message goes into the same file of
//! all three languages; a new file is one line in [`files`].

mod files;
mod lang;
mod values;

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::domain::codes;
use crate::domain::record::{FieldSpec, Issue, RecordSpec};

pub use lang::Lang;
pub use values::{instant_text, mask, office_date};

/// The texts of one language.
pub struct Locale {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locale({})", self.lang.key())
    }
}

impl Locale {
    /// Loads the texts of a language.
    ///
    /// What a file gets wrong is left out here and refused by a test.
    pub fn new(lang: Lang) -> Self {
        let ids = lang.key().parse().map(|id| vec![id]).unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(ids);
        bundle.set_use_isolating(false); // the marks would be counted as cells and copied into files
        for source in files::of(lang) {
            let resource = FluentResource::try_new((*source).to_owned());
            bundle.add_resource_overriding(resource.unwrap_or_else(|(partial, _errors)| partial));
        }
        Self { lang, bundle }
    }

    /// Returns the language.
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// Returns the message with that key; the key in brackets if there is none.
    pub fn text(&self, key: &str) -> String {
        self.text_with(key, &[])
    }

    /// Returns the message with that key, its placeholders filled; the key in brackets if there is none.
    pub fn text_with(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.find(key, args).unwrap_or_else(|| format!("[{key}]"))
    }

    /// Returns the message with that key if there is one.
    pub fn find(&self, key: &str, args: &[(&str, &str)]) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut named = FluentArgs::new();
        for (name, value) in args {
            named.set(*name, FluentValue::from(*value));
        }
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&named), &mut errors).into_owned())
    }

    /// True if there is a message with that key.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// Returns what an issue says, without the name of its field.
    pub fn issue(&self, issue: &Issue) -> String {
        let args: Vec<(&str, &str)> =
            issue.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.text_with(&format!("issue-{}", issue.code), &args)
    }

    /// Returns what an issue says after the label of its field, if it is about one.
    pub fn issue_of(&self, kind: &RecordSpec, issue: &Issue) -> String {
        let text = self.issue(issue);
        match kind.field(&issue.field) {
            Some(field) => format!("{}: {text}", self.field_label(kind, field)),
            None => text,
        }
    }

    /// Returns the name of a record kind.
    pub fn kind_label(&self, kind: &RecordSpec) -> String {
        self.text(&format!("kind-{}", kind.key))
    }

    /// Returns the name of the records of a kind, as lists and menus give it.
    pub fn kind_plural(&self, kind: &RecordSpec) -> String {
        self.text(&format!("kind-{}-plural", kind.key))
    }

    /// Returns the label of a field: `field-<kind>-<field>`, else `field-<field>`.
    pub fn field_label(&self, kind: &RecordSpec, field: &FieldSpec) -> String {
        self.find(&format!("field-{}-{}", kind.key, field.key), &[])
            .unwrap_or_else(|| self.text(&format!("field-{}", field.key)))
    }

    /// Returns the label of a closed choice: `choice-<kind>-<field>-<choice>`, else `choice-<field>-<choice>`, else what
    /// config/codes/choices.toml calls it, else the choice.
    ///
    /// A choice without a label was written by a newer version, so its code is all there is to show.
    pub fn choice_label(&self, kind: &RecordSpec, field: &FieldSpec, choice: &str) -> String {
        self.find(&format!("choice-{}-{}-{choice}", kind.key, field.key), &[])
            .or_else(|| self.find(&format!("choice-{}-{choice}", field.key), &[]))
            .or_else(|| {
                let lang = self.lang.key();
                codes::choice_label(kind.key, field.key, choice, lang).map(str::to_owned)
            })
            .unwrap_or_else(|| choice.to_owned())
    }

    /// Returns the name of a workflow step: `step-<kind>-<action>`, else `step-<action>`.
    pub fn step_label(&self, kind: &RecordSpec, action: &str) -> String {
        self.find(&format!("step-{}-{action}", kind.key), &[])
            .unwrap_or_else(|| self.text(&format!("step-{action}")))
    }
}

#[cfg(test)]
mod tests;
