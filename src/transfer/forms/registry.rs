//! The forms there are: config/forms/forms.toml, and the documents beside it.

use std::sync::LazyLock;

use serde::Deserialize;

use super::FormError;
use crate::domain::kinds::Kind;

/// What the program brings.
const SOURCE: &str = include_str!("../../../config/forms/forms.toml");

/// A form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Its name on the command line; names its title in config/locales (`form-<name>`).
    pub name: String,
    /// Key of the kind of record it is made for.
    pub kind: String,
    /// The rule, notice or habit that asks for it.
    pub source: String,
    /// What a roster consists of; absent for a document, whose template is `<name>.docx`.
    #[serde(default)]
    pub roster: Option<Roster>,
}

/// A roster or ledger (花名冊、臺賬): a workbook with one row a record.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// Title over the table; may hold tags.
    pub title: String,
    /// Line under the title, such as the unit; may hold tags.
    #[serde(default)]
    pub head: String,
    /// Line below the table: who filled it in, where the stamp goes; may hold tags.
    #[serde(default)]
    pub foot: String,
    /// List of the rows, as in a tag of a document: `staff_file status=in_post | 10`.
    pub rows: String,
    /// Columns.
    pub columns: Vec<RosterColumn>,
    /// Columns made from a list, behind the others: one for each session of a class.
    #[serde(default)]
    pub each: Option<EachColumn>,
    /// True for an upright page.
    #[serde(default)]
    pub portrait: bool,
}

/// A column of a roster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterColumn {
    /// Heading.
    pub heading: String,
    /// Cell; may hold tags of the row's record.
    pub value: String,
    /// Width in characters of the sheet.
    pub width: f64,
}

/// Columns made from the records of a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EachColumn {
    /// The list, as in a tag.
    pub list: String,
    /// Heading; may hold tags of the list's record.
    pub heading: String,
    /// Width in characters of the sheet.
    pub width: f64,
}

/// Words that dates on paper need.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) year: String,
    pub(super) month: String,
    pub(super) day: String,
    pub(super) morning: String,
    pub(super) afternoon: String,
    pub(super) evening: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    words: Words,
    form: Vec<Form>,
}

static FILE: LazyLock<File> = LazyLock::new(|| toml::from_str(SOURCE).unwrap_or_default());

/// The documents, by name of the form.
macro_rules! documents {
    ($($name:literal),* $(,)?) => {
        const DOCUMENTS: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../../config/forms/", $name, ".docx")))),*];
    };
}

documents! {
    "certificate",
    "cultivation-nomination",
    "cultivation-plan",
    "cultivation-review",
    "enrolment-summary",
    "handover",
    "hours-proof",
    "hours-register",
    "hours-summary",
    "late-record",
    "leave-request",
    "personal-record",
    "publicity-notice",
    "staff-appointment",
    "staff-registration",
    "staff-review",
    "student-registration",
    "studio-application",
    "term-reminder",
}

/// Returns the forms, in the order of the file.
pub fn forms() -> &'static [Form] {
    &FILE.form
}

/// Returns the form of that name.
pub fn form(name: &str) -> Option<&'static Form> {
    forms().iter().find(|form| form.name == name)
}

pub(super) fn words() -> &'static Words {
    &FILE.words
}

impl Form {
    /// Returns the kind of record it is made for.
    pub fn of(&self) -> Option<Kind> {
        Kind::from_key(&self.kind)
    }

    /// Returns the extension of what it makes.
    pub const fn extension(&self) -> &'static str {
        if self.roster.is_some() { "xlsx" } else { "docx" }
    }

    /// Returns the template that the program brings: a document, or the roster's definition as TOML.
    ///
    /// # Errors
    /// [`FormError::Definition`] if the roster cannot be written as TOML.
    pub fn template(&self) -> Result<Vec<u8>, FormError> {
        match &self.roster {
            None => {
                let found = DOCUMENTS.iter().find(|(name, _)| *name == self.name);
                Ok(found.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default())
            }
            Some(_) => Ok(section(&self.name).into_bytes()),
        }
    }

    /// Returns the file name under which an office keeps its own template.
    pub fn file_name(&self) -> String {
        let extension = if self.roster.is_some() { "toml" } else { "docx" };
        format!("{}.{extension}", self.name)
    }
}

/// Returns the lines of the file that define a roster, without the form's own.
fn section(name: &str) -> String {
    let start = format!("name = \"{name}\"");
    let behind = SOURCE.split_once(&start).map_or("", |(_, behind)| behind);
    let form = behind.split_once("\n[[form]]").map_or(behind, |(form, _)| form);
    let roster = form.split_once("[form.roster]").map_or("", |(_, roster)| roster);
    roster.replace("[form.roster.", "[").trim_start().to_owned()
}

/// Reads a roster's definition as an office keeps it.
///
/// # Errors
/// [`FormError::Definition`] with the line.
pub fn read_roster(text: &str) -> Result<Roster, FormError> {
    toml::from_str(text).map_err(|error| FormError::Definition { cause: error.to_string() })
}
