//! What the screens ask of the use cases, in the shapes they draw. Only this file and `decided` name `client`.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use super::app::Shell;
pub use super::figures::{BoardLine, Ratio, TaskView, UnitShare};
use crate::client::{Client, ClientError, Draft as StoredDraft, Phase, Progress};
use crate::domain::access::Role;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::domain::record::{FieldNo, FieldSpec, Fields, Issue, RecordSpec, Value};
use crate::locale::Locale;

pub use crate::client::{
    AttentionView, ChangeView, ConflictView, FieldConflictView, HistoryView, ImportRequest,
    Imported, PutBack, Query, Resolution, RowState, Status as Counts, SyncSummary as SyncFigures,
    ValueView,
};
pub use crate::domain::query::{Collation, Comparison, Facet, Filter, Sort};

/// An open data directory.
pub struct Data {
    pub(super) client: Client,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Data(..)")
    }
}

/// What did not happen, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Stable word: `error-<code>` says what happened, `hint-<code>` what to do.
    pub code: String,
    /// Placeholders of the message.
    pub args: Vec<(&'static str, String)>,
    /// What to fix in the data.
    pub issues: Vec<Issue>,
}

/// Figures of the title bar and the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Name of the user.
    pub user: String,
    /// Name or code of the user's unit.
    pub unit: String,
    /// Rights.
    pub role: Option<Role>,
    /// Address of the server, once joined.
    pub server: Option<String>,
    /// End of the last sync that went well, milliseconds since 1970.
    pub last_sync_ms: Option<i64>,
    /// Changes not sent yet.
    pub pending: usize,
    /// Conflicts to settle.
    pub conflicts: usize,
    /// Refused changes.
    pub attention: usize,
    /// Records of every kind.
    pub records: Vec<(Kind, usize)>,
}

/// One record to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Identity.
    pub id: RecordId,
    /// Kind.
    pub kind: Kind,
    /// What names it.
    pub title: String,
    /// Name of its unit.
    pub unit: String,
    /// Word for where it stands: `local`, `pending`, `synced`, `conflict`, `attention`.
    pub state: &'static str,
    /// Values.
    pub fields: Fields,
    /// What is wrong with it; filled for a single record only.
    pub issues: Vec<Issue>,
    /// Its notes, the oldest first: field, when in milliseconds since 1970, who, what.
    pub notes: Vec<(FieldNo, i64, String, String)>,
    /// True if it holds what only a newer program understands.
    pub read_only: bool,
}

/// A workflow step as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// Name of the step.
    pub action: String,
    /// Why it is not open; `None` if it is.
    pub blocked: Option<Issue>,
    /// True if a reason must be given.
    pub needs_reason: bool,
}

/// The changes of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The changes, the newest first.
    pub entries: Vec<HistoryView>,
    /// False if they are only this device's own, because the server could not be asked.
    pub whole: bool,
}

/// A form that was left half filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What was typed, by field key.
    pub texts: BTreeMap<String, String>,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// How far a sync is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStep {
    /// Stable word of the phase.
    pub phase: &'static str,
    /// Done so far.
    pub done: usize,
    /// Of how many, if known.
    pub total: Option<usize>,
    /// Bytes over the network since the sync began.
    pub bytes: u64,
}

impl Failure {
    /// The files are not open.
    pub fn closed() -> Self {
        Self { code: "closed".to_owned(), ..Self::default() }
    }

    /// Makes a failure with a code only.
    pub fn of(code: &str) -> Self {
        Self { code: code.to_owned(), ..Self::default() }
    }

    /// Says what happened and what to do.
    pub fn text(&self, locale: &Locale) -> String {
        let args: Vec<(&str, String)> =
            self.args.iter().map(|(name, value)| (*name, kinds_named(locale, value))).collect();
        let args: Vec<(&str, &str)> = args.iter().map(|(name, text)| (*name, &**text)).collect();
        let of_import =
            self.code.strip_prefix("import-").map(|code| format!("import-error-{code}"));
        let said = locale
            .find(&format!("error-{}", self.code), &args)
            .or_else(|| locale.find(&self.code, &args))
            .or_else(|| locale.find(&of_import?, &args))
            .unwrap_or_else(|| locale.text_with("tui-error", &[("code", &self.code)]));
        let hint = locale.find(&format!("hint-{}", self.code), &args).unwrap_or_default();
        let first = self.issues.iter().find(|issue| issue.is_error());
        let issue = first.map(|issue| locale.issue(issue)).unwrap_or_default();
        [said, issue, hint]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Puts the keys of kinds in an argument into words: an import names those it found.
fn kinds_named(locale: &Locale, value: &str) -> String {
    let name = |key: &str| Kind::from_key(key).map(|kind| locale.kind_label(kind.spec()));
    let names: Option<Vec<String>> = value.split(", ").map(name).collect();
    names.map_or_else(|| value.to_owned(), |names| names.join(", "))
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (code, args) = (error.code(), error.args());
        let issues = match error {
            ClientError::Invalid { issues } => issues,
            ClientError::StepClosed { reason, .. } => vec![*reason],
            _ => Vec::new(),
        };
        Self { code, args, issues }
    }
}

impl RecordView {
    /// Returns a field's value as a person reads it; sensitive ones masked.
    pub fn text(&self, shell: &Shell, field: &FieldSpec) -> String {
        let value = self.fields.get(&field.number);
        value
            .and_then(|value| masked(field, value))
            .unwrap_or_else(|| self.text_in_full(shell, field))
    }

    /// Returns a field's value as a person reads it, sensitive ones too.
    pub fn text_in_full(&self, shell: &Shell, field: &FieldSpec) -> String {
        let value = self.fields.get(&field.number);
        value.map(|value| value_text(shell, self.kind.spec(), field, value)).unwrap_or_default()
    }

    /// True if a person must settle or correct something.
    pub fn needs_person(&self) -> bool {
        matches!(self.state, "conflict" | "attention")
    }

    /// Returns what tells it from others of the same name: its number and unit.
    pub fn note(&self, shell: &Shell) -> String {
        let spec = self.kind.spec();
        let number = spec.natural.first().and_then(|key| spec.field(key));
        let number = number.filter(|field| !spec.title.contains(&field.key));
        let number = number.map(|field| self.text(shell, field)).unwrap_or_default();
        // A unit stands in itself: its name said once is enough.
        let unit = if self.unit == self.title { "" } else { &self.unit };
        format!("{number} {unit}").trim().to_owned()
    }
}

/// Returns a value as a person reads it; references by their title.
pub fn value_text(shell: &Shell, kind: &RecordSpec, field: &FieldSpec, value: &Value) -> String {
    match (value, &shell.data) {
        (Value::Ref(id), Some(data)) => data.title(*id),
        _ => shell.locale.value_text(kind, field, value),
    }
}

impl Data {
    /// Writes everything that may wait to the disk; what fails here was in the journal before.
    pub fn flush(&self) {
        let flushed = self.client.flush();
        drop(flushed);
    }

    /// Takes an open client.
    pub const fn of(client: Client) -> Self {
        Self { client }
    }

    /// Returns the figures of the title bar.
    pub fn status(&self) -> Status {
        let counts = self.client.status();
        let of =
            |kind: Kind| counts.records.iter().find(|(k, _)| *k == kind).map_or(0, |(_, n)| *n);
        let unit = if counts.unit_name.is_empty() { counts.unit } else { counts.unit_name };
        let records = Kind::ALL.iter().map(|kind| (*kind, of(*kind))).collect();
        Status {
            user: counts.user,
            unit,
            role: Some(counts.role),
            server: counts.server,
            last_sync_ms: counts.last_sync_at,
            pending: counts.pending,
            conflicts: counts.conflicts,
            attention: counts.attention,
            records,
        }
    }

    /// Returns the user's rights.
    pub fn role(&self) -> Role {
        self.client.profile().role
    }

    /// Returns the records a query asks for; none if it names a field the kind does not have.
    pub fn list(&self, query: &Query) -> Vec<RecordId> {
        self.client.list(query).unwrap_or_default()
    }

    /// Returns how many records of a kind point to a record with a field.
    pub fn count_pointing(&self, kind: Kind, field: &str, to: RecordId) -> usize {
        self.list(&Query { filters: vec![pointing(field, to)], ..Query::all(kind) }).len()
    }

    /// Returns one record with what is wrong with it.
    pub fn view(&self, id: RecordId) -> Option<RecordView> {
        let view = self.client.view(id).ok()?;
        let issues = self.client.issues(id).unwrap_or_default();
        Some(RecordView { issues, ..shown(view) })
    }

    /// True if a record is deleted or was never here.
    pub fn is_gone(&self, id: RecordId) -> bool {
        self.client.view(id).map_or(true, |view| view.deleted)
    }

    /// Returns one row of a list: a record without looking for what is wrong with it, which takes longer.
    pub fn row(&self, id: RecordId) -> Option<RecordView> {
        self.views(&[id]).pop()
    }

    /// Returns the records of a screen.
    pub fn views(&self, ids: &[RecordId]) -> Vec<RecordView> {
        self.client.views(ids).into_iter().map(shown).collect()
    }

    /// Returns what names a record.
    pub fn title(&self, id: RecordId) -> String {
        self.client.title(id)
    }

    /// Returns what is wrong with values before they are saved.
    pub fn check(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
        self.client.check(kind, id, fields)
    }

    /// Makes a record.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn create_record(&self, kind: Kind, fields: Fields) -> Result<RecordId, Failure> {
        Ok(self.client.create_record(kind, None, fields)?.id)
    }

    /// Changes a record.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn change(&self, id: RecordId, changes: Fields) -> Result<(), Failure> {
        self.client.set_fields(id, changes)?;
        Ok(())
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn delete(&self, id: RecordId, reason: &str) -> Result<(), Failure> {
        self.client.delete(id, reason)?;
        Ok(())
    }

    /// Returns the workflow steps of a record.
    pub fn steps(&self, id: RecordId) -> Vec<StepView> {
        let steps = self.client.steps(id).unwrap_or_default().into_iter();
        steps
            .map(|step| StepView {
                action: step.action.to_string(),
                blocked: step.blocked,
                needs_reason: step.needs_reason,
            })
            .collect()
    }

    /// Takes a workflow step.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn act(&self, id: RecordId, action: &str, reason: &str) -> Result<(), Failure> {
        let reason = (!reason.is_empty()).then_some(reason);
        self.client.act(id, action, reason, Fields::new())?;
        Ok(())
    }

    /// Returns the open conflicts.
    pub fn conflicts(&self) -> Vec<ConflictView> {
        self.client.conflicts()
    }

    /// Settles a conflict.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn resolve(&self, id: RecordId, decision: &Resolution) -> Result<(), Failure> {
        self.client.resolve(id, decision)?;
        Ok(())
    }

    /// Returns the history of a record, the newest change first: the server's if it can be reached, else what this device knows. Slow.
    ///
    /// # Errors
    /// What the client says.
    pub fn history(&self, id: RecordId) -> Result<History, Failure> {
        let asked =
            self.client.connect().and_then(|mut server| self.client.history_over(&mut server, id));
        let (mut entries, whole) = match asked {
            Ok(entries) => (entries, true),
            Err(error) => {
                let alone = matches!(error, ClientError::NotEnrolled);
                (self.client.history(id)?, alone)
            }
        };
        entries.reverse();
        Ok(History { entries, whole })
    }

    /// Says what taking a change back would do.
    ///
    /// # Errors
    /// What the client says.
    pub fn put_back_preview(&self, id: RecordId, entry: &HistoryView) -> Result<PutBack, Failure> {
        Ok(self.client.put_back_preview(id, entry)?)
    }

    /// Takes a change back.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn put_back(&self, id: RecordId, entry: &HistoryView) -> Result<(), Failure> {
        self.client.put_back(id, entry)?;
        Ok(())
    }

    /// Returns the draft of a form.
    pub fn draft(&self, kind: Kind, record: Option<RecordId>) -> Option<Draft> {
        let stored = self.client.draft(kind.key(), record).ok()??;
        Some(Draft { texts: stored.texts.into_iter().collect(), at_ms: stored.saved_at })
    }

    /// Returns the forms that were left half filled: kind, record unless it was a new one, and when in milliseconds since 1970.
    pub fn drafts(&self) -> Vec<(Kind, Option<RecordId>, i64)> {
        let all = self.client.drafts().unwrap_or_default().into_iter();
        all.filter_map(|d| Some((Kind::from_key(&d.kind)?, d.record, d.saved_at))).collect()
    }

    /// Writes the draft of a form.
    ///
    /// # Errors
    /// What the client says.
    pub fn save_draft(
        &self,
        kind: Kind,
        record: Option<RecordId>,
        texts: BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let saved_at = crate::client::clock::now_ms();
        let texts = texts.into_iter().collect();
        let draft = StoredDraft { kind: kind.key().to_owned(), record, texts, saved_at };
        Ok(self.client.save_draft(&draft)?)
    }

    /// Throws the draft of a form away. If that fails it is offered once more, which does no harm.
    pub fn drop_draft(&self, kind: Kind, record: Option<RecordId>) {
        let dropped = self.client.drop_draft(kind.key(), record);
        drop(dropped);
    }

    /// Exchanges changes with the server. Slow.
    ///
    /// # Errors
    /// What the client says; nothing is lost.
    pub fn sync(
        &self,
        report: &dyn Fn(SyncStep),
        cancel: &AtomicBool,
    ) -> Result<SyncFigures, Failure> {
        Ok(self.client.sync(&|progress| report(step_of(&progress)), cancel)?)
    }

    /// Joins a server. Slow.
    ///
    /// # Errors
    /// What the client says.
    pub fn enrol(&self, url: &str, code: &str) -> Result<(), Failure> {
        let name = self.client.status().user;
        self.client.enrol(url, code, &name)?;
        Ok(())
    }

    /// Builds what searching persons needs, so that the first keystroke is as quick as the others. Slow with many records.
    pub fn warm(&self) {
        self.client.warm(Kind::Person);
    }
}

fn step_of(progress: &Progress) -> SyncStep {
    let (phase, done, total) = match progress.phase {
        Phase::Connecting => ("connect", 0, None),
        Phase::Pushing => ("push", progress.pushed, Some(progress.to_push)),
        Phase::Pulling => ("pull", progress.pulled, None),
        Phase::Applying => ("apply", progress.pulled, None),
    };
    SyncStep { phase, done, total, bytes: progress.bytes }
}

/// Returns the condition that a field points to a record.
pub fn pointing(field: &str, to: RecordId) -> Filter {
    Filter { field: field.to_owned(), comparison: Comparison::Equal, text: to.to_string() }
}

/// Says a condition as a person reads it.
pub fn filter_text(shell: &Shell, kind: &RecordSpec, filter: &Filter) -> String {
    let Some(field) = kind.field(&filter.field) else { return filter.text.clone() };
    let label = shell.locale.field_label(kind, field);
    let id = filter.text.parse::<RecordId>().ok();
    let value = match (id, &shell.data) {
        (Some(id), Some(data)) => data.title(id),
        _ => shell.locale.value_text(kind, field, &Value::Code(filter.text.clone())),
    };
    let sign = if filter.comparison == Comparison::Contains { "~" } else { "=" };
    format!("{label}{sign}{value}")
}

fn shown(view: crate::client::RecordView) -> RecordView {
    RecordView {
        notes: super::decided::notes(&view),
        id: view.id,
        kind: view.kind,
        title: view.title,
        unit: view.unit_name,
        state: view.state.key(),
        read_only: view.read_only,
        fields: view.fields,
        issues: Vec::new(),
    }
}
