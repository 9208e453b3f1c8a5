//! Paper forms for the record on the page: which there are, and where the filled one went.

use std::path::Path;

use super::app::{Purpose, Shell, Tone};
use super::data::{Data, Failure, RecordView};
use super::widgets::picker::{Item, Picker};
use crate::client::{clock, forms_of};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::PartialDate;

impl Data {
    /// Fills a form for a record and returns where it went.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    fn print(
        &self,
        kind: Kind,
        form: &str,
        id: RecordId,
        folder: &Path,
    ) -> Result<String, Failure> {
        let form = forms_of(kind).find(|other| other.name == form);
        let form = form.ok_or_else(|| Failure::of("not-found-form"))?;
        let today = clock::today();
        let year = i64::from(today.year());
        let date =
            PartialDate::from_civil(today).map_err(|_range| Failure::of("not-found-form"))?;
        let printer = self.client.printer(form, year, date)?;
        let path = self.client.print_into(&printer, id, folder)?;
        Ok(path.canonicalize().unwrap_or(path).display().to_string())
    }
}

/// Says why no form can be filled for a kind of record.
pub(super) fn enabled(shell: &Shell, kind: Kind) -> Result<(), String> {
    let any = forms_of(kind).next().is_some();
    if any { Ok(()) } else { Err(shell.text("why-no-form")) }
}

/// Opens the list of forms for the record.
pub(super) fn pick(shell: &mut Shell, view: &RecordView) {
    let item = |name: &str, extension: &str| Item {
        id: name.to_owned(),
        label: shell.locale.text(&format!("form-{name}")),
        note: format!(".{extension}"),
        disabled: None,
    };
    let items = forms_of(view.kind).map(|form| item(&form.name, form.extension())).collect();
    let picker = Picker::new(&shell.text("form-which"), items);
    shell.pick(Purpose::Print, picker);
}

/// Fills the form that was chosen.
pub(super) fn answered(shell: &mut Shell, view: &RecordView, form: &str) {
    let Some(data) = shell.data.clone() else { return };
    match data.print(view.kind, form, view.id, &shell.folder) {
        Ok(path) => shell.say(Tone::Good, shell.text_with("form-printed", &[("path", &path)])),
        Err(failure) => shell.say_failure(&failure),
    }
}
