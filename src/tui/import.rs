//! Reading a sheet in: which file, as what, and what is asked when the headings leave that open.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::app::{Purpose, Shell, Tone};
use super::data::{Data, Failure, ImportRequest, Imported};
use super::effect::Effect;
use super::matching::matches;
use super::widgets::picker::{Item, Picker};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::locale::instant_text;

/// Most entries of a folder that are listed.
const MOST_ENTRIES: usize = 200;
/// Endings of files that are read.
const SHEETS: [&str; 5] = ["xlsx", "xls", "csv", "tsv", "txt"];

/// What a sheet is read as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportAsk {
    /// The file; a folder while one is being looked for.
    pub file: PathBuf,
    /// Kind of its rows; guessed from the headings if not given.
    pub kind: Option<Kind>,
    /// Class that the rows' persons are enrolled in.
    pub class: Option<RecordId>,
    /// Session that the rows' persons attended.
    pub session: Option<RecordId>,
}

impl Data {
    /// Reads a sheet; `write` stores the rows that are right, otherwise it only says what would become of them.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn import(&self, ask: &ImportAsk, write: bool) -> Result<Box<Imported>, Failure> {
        let request = ImportRequest {
            file: ask.file.clone(),
            kind: ask.kind,
            sheet: None,
            class: ask.class,
            session: ask.session,
            dry_run: !write,
            all_or_nothing: false,
        };
        Ok(Box::new(self.client.import(&request)?))
    }
}

/// Asks which file is to be read: as the kind of a list, or for a class or session.
pub(super) fn start(shell: &mut Shell, kind: Option<Kind>, about: Option<(Kind, RecordId)>) {
    let of = |wanted: Kind| about.filter(|(kind, _)| *kind == wanted).map(|(_, id)| id);
    let (class, session) = (of(Kind::TrainingClass), of(Kind::Session));
    let kind = if class.is_some() { Some(Kind::Enrolment) } else { kind };
    open(shell, &ImportAsk { file: shell.folder.clone(), kind, class, session });
}

fn open(shell: &mut Shell, ask: &ImportAsk) {
    let folder = ask.file.canonicalize().unwrap_or_else(|_| ask.file.clone());
    let title = shell.text_with("import-which", &[("folder", &folder.display().to_string())]);
    let mut picker = Picker::new(&title, entries(&folder, ""));
    picker.empty = shell.text("import-no-file");
    shell.pick(Purpose::ImportFile(ImportAsk { file: folder, ..ask.clone() }), picker);
}

/// Returns what matches the text typed: names in the folder, or a path of its own.
pub(super) fn searched(ask: &ImportAsk, text: &str) -> Vec<Item> {
    let text = text.trim().trim_matches(['"', '\'']);
    if !text.contains(['/', '\\']) && text != "~" {
        return entries(&ask.file, text);
    }
    let path = ask.file.join(at_home(text));
    if path.is_dir() {
        return entries(&path, "");
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    path.parent().map(|folder| entries(folder, &name.unwrap_or_default())).unwrap_or_default()
}

fn at_home(text: &str) -> PathBuf {
    let rest = text.strip_prefix('~').map(|rest| rest.trim_start_matches(['/', '\\']));
    match rest.zip(crate::settings::home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(text),
    }
}

/// Lists the sheets in a folder whose names match, the newest first, and then the folders.
fn entries(folder: &Path, text: &str) -> Vec<Item> {
    let mut sheets: Vec<(SystemTime, Item)> = Vec::new();
    let mut folders: Vec<Item> = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(['.', '~']) || !matches(&name, text) {
            continue;
        }
        let path = entry.path();
        let id = path.display().to_string();
        let Ok(known) = path.metadata() else { continue };
        if known.is_dir() {
            let label = format!("{name}/");
            folders.push(Item { id, label, ..Item::default() });
        } else if is_sheet(&path) {
            let at = known.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let note = jiff::Timestamp::try_from(at)
                .map(|at| instant_text(at.as_millisecond()))
                .unwrap_or_default();
            sheets.push((at, Item { id, label: name, note, ..Item::default() }));
        }
    }
    sheets.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.label.cmp(&b.1.label)));
    folders.sort_by(|a, b| a.label.cmp(&b.label));
    let above = folder.parent().filter(|_| text.is_empty());
    let above = above.map(|above| Item {
        id: above.display().to_string(),
        label: "../".to_owned(),
        ..Item::default()
    });
    let listed = sheets.into_iter().map(|(_, item)| item).chain(above).chain(folders);
    listed.take(MOST_ENTRIES).collect()
}

fn is_sheet(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| SHEETS.contains(&ending.as_str()))
}

/// Goes into the folder that was chosen, or reads the file.
pub(super) fn chosen(shell: &mut Shell, ask: &ImportAsk, path: &str) {
    let ask = ImportAsk { file: PathBuf::from(path), ..ask.clone() };
    if ask.file.is_dir() {
        return open(shell, &ask);
    }
    shell.say(Tone::Hint, shell.text("import-reading"));
    shell.effects.push(Effect::Import(ask, false));
}

/// Reads the file as the kind that was chosen.
pub(super) fn as_kind(shell: &mut Shell, ask: ImportAsk, kind: &str) {
    let kind = Kind::from_key(kind);
    shell.effects.push(Effect::Import(ImportAsk { kind, ..ask }, false));
}

/// Says why a file was not read; where its headings fit several kinds, asks which.
pub(super) fn failed(shell: &mut Shell, ask: ImportAsk, failure: &Failure) {
    let kinds = failure.args.iter().find(|(name, _)| *name == "kinds");
    let Some((_, kinds)) = kinds.filter(|_| failure.code == "import-ambiguous") else {
        return shell.say_failure(failure);
    };
    let kinds = kinds.split(", ").filter_map(Kind::from_key);
    let item = |kind: Kind| Item {
        id: kind.key().to_owned(),
        label: shell.locale.kind_label(kind.spec()),
        ..Item::default()
    };
    let picker = Picker::new(&shell.text("import-as"), kinds.map(item).collect());
    shell.pick(Purpose::ImportKind(ask), picker);
}
