//! Paper forms from records: which records stand behind the tags of a template.

mod scope;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::ClientError;
use super::events::Taken;
use super::{Client, files};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;
use crate::locale::{Lang, Locale};
use crate::transfer::forms::docx::Template;
use crate::transfer::forms::registry::{Form, Roster, forms, read_roster};
use crate::transfer::forms::{FormError, ledger};

use scope::Scope;

/// Folder of the data directory where an office keeps its own templates.
const FOLDER: &str = "forms";
/// Largest template that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// A form whose template is read, ready to be filled for any number of records.
pub struct Printer {
    form: &'static Form,
    kind: Kind,
    page: Page,
    locale: Locale,
    year: i64,
    today: PartialDate,
}

enum Page {
    Document(Template),
    Roster(Box<Roster>),
}

/// A filled form.
pub struct Printed {
    /// The document or workbook.
    pub bytes: Vec<u8>,
    /// Keys of the sensitive fields that it shows in full: whoever writes it to a file says so in the log.
    pub sensitive: BTreeSet<&'static str>,
}

impl Client {
    /// Prepares a form: the office's own template from the folder `forms` of the data directory, else the one the program brings.
    ///
    /// `year` is the year that hours and reviews are looked up for; `today` is what the date of the form says.
    ///
    /// # Errors
    /// [`ClientError::Form`] or [`ClientError::Read`] if the template cannot be used.
    pub fn printer(
        &self,
        form: &'static Form,
        year: i64,
        today: PartialDate,
    ) -> Result<Printer, ClientError> {
        let template = self.template(form)?;
        let page = if form.roster.is_some() {
            let text = String::from_utf8_lossy(&template);
            Page::Roster(Box::new(read_roster(&text)?))
        } else {
            Page::Document(Template::read(template)?)
        };
        let kind = form
            .of()
            .ok_or_else(|| ClientError::NotFound { what: "kind", id: form.kind.clone() })?;
        // The paper of these offices is in simplified characters, whatever language the program speaks.
        Ok(Printer { form, kind, page, locale: Locale::new(Lang::Hans), year, today })
    }

    /// Returns where an office's own template of a form is looked for.
    pub fn own_template(&self, form: &Form) -> PathBuf {
        self.dir.join(FOLDER).join(form.file_name())
    }

    fn template(&self, form: &Form) -> Result<Vec<u8>, ClientError> {
        use std::io::Read as _;
        let own = self.own_template(form);
        let failed = |source| ClientError::Read { path: own.display().to_string(), source };
        match std::fs::File::open(&own) {
            Ok(file) => {
                let mut bytes = Vec::new();
                file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                if size > LARGEST { Err(FormError::TooLarge.into()) } else { Ok(bytes) }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(form.template()?),
            Err(error) => Err(failed(error)),
        }
    }

    /// Fills a form for a record, or for nobody: an empty form to write on.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] if there is no such record or it is of another kind; [`ClientError::Form`] if the template asks
    /// for what there is not.
    pub fn print(&self, printer: &Printer, id: Option<RecordId>) -> Result<Printed, ClientError> {
        if let Some(id) = id {
            let found = self.view(id)?;
            if found.kind != printer.kind || found.deleted {
                return Err(ClientError::NotFound { what: "record", id: id.to_string() });
            }
        }
        let sensitive = RefCell::default();
        let scope = Scope::new(self, printer, id, &sensitive);
        let bytes = match &printer.page {
            Page::Document(template) => template.fill(&scope)?,
            Page::Roster(roster) => ledger::to_bytes(roster, &scope)?,
        };
        Ok(Printed { bytes, sensitive: sensitive.into_inner() })
    }
}

impl Client {
    /// Fills a form for a record and writes it into a folder, under the form's title and the record's; returns the file. That it
    /// left is noted first.
    ///
    /// # Errors
    /// As for [`Client::print`] and [`Client::note_export`], and [`ClientError::Write`].
    pub fn print_into(
        &self,
        printer: &Printer,
        id: RecordId,
        folder: &Path,
    ) -> Result<PathBuf, ClientError> {
        let printed = self.print(printer, Some(id))?;
        let name = format!("{}-{}", printer.form.name, file_title(&self.title(id)));
        let path = folder.join(name).with_extension(printer.form.extension());
        self.note_forms(printer, 1)?;
        let failed = |source| ClientError::Write { path: path.display().to_string(), source };
        files::write(&path, &printed.bytes).map_err(failed)?;
        Ok(path)
    }
}

impl Client {
    /// Notes that filled forms leave the records; only then may they.
    ///
    /// # Errors
    /// As for [`Client::note_export`].
    pub fn note_forms(&self, printer: &Printer, count: usize) -> Result<(), ClientError> {
        self.note_export(&Taken {
            kind: printer.kind,
            fields: Vec::new(),
            count,
            purpose: &printer.form.name,
            receiver: "",
            whole: false,
        })
    }
}

/// Returns the forms that are made for a kind of record.
pub fn forms_of(kind: Kind) -> impl Iterator<Item = &'static Form> {
    forms().iter().filter(move |form| form.of() == Some(kind))
}

/// Keeps of a record's title what every file system takes in a name.
pub fn file_title(title: &str) -> String {
    /// Characters at most.
    const MOST: usize = 40;
    let plain = |c: char| if c.is_alphanumeric() || "-_()（）".contains(c) { c } else { '_' };
    title.chars().take(MOST).map(plain).collect()
}

impl Printer {
    /// Returns the form.
    pub const fn form(&self) -> &'static Form {
        self.form
    }

    /// Returns the kind of record the form is made for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

#[cfg(test)]
mod tests;
