//! Issues: what a person must fix, or look at, in the data.

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The record is kept, a person should look.
    Warning,
    /// The record is not written before this is fixed.
    Error,
}

impl Level {
    /// Returns the name used in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One problem in one field, as a value: never an `Err`.
///
/// `code` names the message `issue-<code>` in config/locales (Q01-Q13 of the data-quality checks, or a word such as `required`);
/// `args` fill its placeholders. No argument ever holds a whole id number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// Key of the field it is about; empty when it is about the whole record.
    pub field: String,
    /// Stable code, lower case.
    pub code: &'static str,
    /// Error or warning.
    pub level: Level,
    /// Placeholders of the message.
    pub args: Vec<(&'static str, String)>,
}

impl Issue {
    /// Makes an error on a field.
    pub fn error(field: impl Into<String>, code: &'static str) -> Self {
        Self { field: field.into(), code, level: Level::Error, args: Vec::new() }
    }

    /// Makes a warning on a field.
    pub fn warning(field: impl Into<String>, code: &'static str) -> Self {
        Self { level: Level::Warning, ..Self::error(field, code) }
    }

    /// Adds a placeholder of the message.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass literals and numbers as they are"
    )]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// True if the record must not be written.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}
