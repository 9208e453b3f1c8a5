//! Importing a sheet: read, compare with what is here, write what is right, report the rest.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::edit::Edit;
use super::error::ClientError;
use super::journal::Inverse;
use super::state::Inner;
use super::{Client, ids};
use crate::domain::archive;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, Fields, Issue, ParseContext, Value, ValueKind};
use crate::domain::rules::registry::{Registry, check_against};
use crate::sync::{Base, OpBody};
use crate::transfer::import::{
    Defaults, Existing, ImportError, Lookup, MAX_FILE_BYTES, Outcome, ParsedSheet, Plan,
    SheetRequest, plan, read_sheet, unit_key,
};

/// What to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRequest {
    /// The workbook or text file.
    pub file: PathBuf,
    /// Kind of its rows; guessed from the headings if not given.
    pub kind: Option<Kind>,
    /// Name of the sheet; the first one with headings if not given.
    pub sheet: Option<String>,
    /// Class that the rows' persons are enrolled in.
    pub class: Option<RecordId>,
    /// Session that the rows' persons attended.
    pub session: Option<RecordId>,
    /// Says what would happen and writes nothing.
    pub dry_run: bool,
    /// Writes nothing if a row is refused.
    pub all_or_nothing: bool,
}

/// What was read and what became of it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The sheet.
    pub sheet: ParsedSheet,
    /// Row by row.
    pub plan: Plan,
    /// True if the accepted rows are on the disk.
    pub written: bool,
}

impl Client {
    /// Imports one file. Refused rows are never written; the others are, as one command that can be undone as a whole.
    ///
    /// # Errors
    /// [`ClientError::Import`] if the file as a whole cannot be read, [`ClientError::NotAllowed`], [`ClientError::Store`]: nothing
    /// was written.
    pub fn import(&self, request: &ImportRequest) -> Result<Imported, ClientError> {
        let name = request.file.display().to_string();
        let bytes = read_file(&request.file, &name)?;
        let cx = ParseContext::sheet(self.lock().env.today());
        // A sign-in sheet may hold no more than numbers and names: whoever says which session says what it is.
        let kind = request.kind.or_else(|| request.session.map(|_| Kind::Attendance));
        let asked = SheetRequest { file: &name, sheet: request.sheet.as_deref(), kind };
        let sheet = read_sheet(&asked, &bytes, &cx)?;
        drop(bytes);
        let mut inner = self.lock();
        let defaults = defaults(&inner, request, sheet.kind);
        let mut view = Planning::new(&inner);
        let plan = plan(&sheet, &defaults, &mut view, &cx);
        let refused = plan.rows.iter().any(|row| row.outcome == Outcome::Refused);
        let write = !(request.dry_run || request.all_or_nothing && refused);
        if write {
            let edits = edits(&inner, &plan)?;
            if !edits.is_empty() {
                inner.commit_groups(edits, None)?;
            }
        }
        Ok(Imported { sheet, plan, written: write })
    }
}

fn read_file(path: &std::path::Path, name: &str) -> Result<Vec<u8>, ClientError> {
    let unreadable = |source| ClientError::Read { path: name.to_owned(), source };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if usize::try_from(length).map_or(true, |length| length > MAX_FILE_BYTES) {
        let limit_mib = MAX_FILE_BYTES / (1024 * 1024);
        return Err(ImportError::TooLarge { file: name.to_owned(), limit_mib }.into());
    }
    std::fs::read(path).map_err(unreadable)
}

/// Rows that name no unit are the user's own unit's, as with a record that is typed in; headquarters, which has all units, must say.
fn defaults(inner: &Inner, request: &ImportRequest, kind: Kind) -> Defaults {
    let mut fields = Fields::new();
    for (key, id) in [("class", request.class), ("session", request.session)] {
        if let (Some(id), Some(field)) = (id, kind.spec().field(key)) {
            fields.insert(field.number, Value::Ref(id));
        }
    }
    let profile = &inner.profile;
    let own = profile.unit == UnitId::HOME || !profile.role.is_headquarters();
    Defaults { fields, unit: own.then_some(profile.unit) }
}

/// Turns the accepted rows into edits; those of one row belong together.
fn edits(inner: &Inner, plan: &Plan) -> Result<Vec<Vec<Edit>>, ClientError> {
    let mut edits = Vec::with_capacity(plan.rows.len());
    for row in &plan.rows {
        match &row.outcome {
            Outcome::Added { id, unit, fields } => {
                edits.push(inner.creation(plan.kind, *id, Some(*unit), fields.clone())?);
            }
            Outcome::Changed { id, sets, unit } => {
                let mut row = inner.change(*id, sets.clone())?.0;
                if let Some(to) = unit {
                    let record = inner.record(*id)?;
                    row.push(Edit {
                        record: *id,
                        kind: record.kind,
                        body: OpBody::Move { base: Base::Seen(record.unit_origin), to: *to },
                        inverse: Inverse::Move(record.unit),
                    });
                }
                edits.push(row);
            }
            Outcome::Same { .. } | Outcome::Refused => {}
        }
    }
    Ok(edits)
}

type ByValue = BTreeMap<Value, Vec<RecordId>>;

/// The data as if the rows planned so far were stored.
struct Planning<'a> {
    inner: &'a Inner,
    planned: BTreeMap<RecordId, (Kind, Existing)>,
    /// Planned records by kind, field and value; an index is built when first asked for.
    indexes: RefCell<BTreeMap<(Kind, FieldNo), ByValue>>,
    names: BTreeMap<String, BTreeSet<UnitId>>,
    now_ms: i64,
    /// Ids made so far.
    made: u32,
}

impl<'a> Planning<'a> {
    fn new(inner: &'a Inner) -> Self {
        let mut planning = Self {
            inner,
            planned: BTreeMap::new(),
            indexes: RefCell::default(),
            names: BTreeMap::new(),
            now_ms: inner.env.now_ms(),
            made: 0,
        };
        for id in inner.of_kind(Kind::Unit) {
            if let Ok(record) = inner.record(id) {
                planning.name_unit(id.unit(), &record.values());
            }
        }
        planning
    }

    fn name_unit(&mut self, unit: UnitId, fields: &Fields) {
        for key in ["name", "short_name"] {
            let field = Kind::Unit.spec().field(key);
            if let Some(Value::Text(name)) = field.and_then(|field| fields.get(&field.number)) {
                self.names.entry(unit_key(name)).or_default().insert(unit);
            }
        }
    }

    fn planned_with(&self, kind: Kind, field: FieldNo, value: &Value) -> Vec<RecordId> {
        let mut indexes = self.indexes.borrow_mut();
        let index = indexes.entry((kind, field)).or_insert_with(|| {
            let mut built = ByValue::new();
            for (id, (_, record)) in self.planned.iter().filter(|(_, (k, _))| *k == kind) {
                if let Some(value) = record.fields.get(&field) {
                    built.entry(value.clone()).or_default().push(*id);
                }
            }
            built
        });
        index.get(value).cloned().unwrap_or_default()
    }
}

impl Registry for Planning<'_> {
    fn fields(&self, id: RecordId) -> Option<(Kind, Fields)> {
        let planned = self.planned.get(&id).map(|(kind, found)| (*kind, found.fields.clone()));
        planned.or_else(|| self.inner.fields(id))
    }

    fn field_of(&self, id: RecordId, field: FieldNo) -> Option<Value> {
        match self.planned.get(&id) {
            Some((_, found)) => found.fields.get(&field).cloned(),
            None => self.inner.field_of(id, field),
        }
    }

    fn find(&self, kind: Kind, field: FieldNo, value: &Value) -> Vec<RecordId> {
        let mut found = self.inner.find(kind, field, value);
        found.retain(|id| !self.planned.contains_key(id));
        found.extend(self.planned_with(kind, field, value));
        found
    }
}

impl Planning<'_> {
    /// Says that a row would change what is archived.
    fn archived(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Option<Issue> {
        let (role, look) = (self.inner.profile.role, |id, no| self.field_of(id, no));
        let before = id.and_then(|id| self.fields(id)).map(|(_, before)| before);
        let Some(before) = before else {
            return archive::check_new(kind, fields, role, &look).err();
        };
        let mut touched = fields.clone();
        touched.retain(|no, value| before.get(no).unwrap_or(&Value::Null) != value);
        archive::check_change(kind, &before, &touched, role, &look).err()
    }
}

impl Lookup for Planning<'_> {
    fn by_unique(&self, kind: Kind, field: FieldNo, text: &str) -> Vec<RecordId> {
        self.find(kind, field, &Value::Text(text.to_owned()))
    }

    fn unit_by_code(&self, code: &str) -> Option<UnitId> {
        let field = Kind::Unit.spec().field("code")?;
        self.by_unique(Kind::Unit, field.number, code).first().map(|id| id.unit())
    }

    fn unit_by_name(&self, key: &str) -> Vec<UnitId> {
        self.names.get(key).into_iter().flatten().copied().collect()
    }

    fn root_unit(&self) -> Option<UnitId> {
        let root = self.inner.profile.server.as_ref().map(|server| server.root);
        root.filter(|root| self.inner.rows.contains_key(&root.record()))
    }

    fn may_write(&self, unit: UnitId) -> bool {
        let planned_parent = self
            .planned
            .get(&unit.record())
            .and_then(|(kind, record)| crate::sync::apply::unit_parent(*kind, &record.fields));
        self.inner.reaches(unit) || planned_parent.is_some_and(|parent| self.inner.reaches(parent))
    }

    fn get(&self, id: RecordId) -> Option<(Kind, Existing)> {
        if let Some((kind, existing)) = self.planned.get(&id) {
            return Some((*kind, existing.clone()));
        }
        let record = self.inner.record(id).ok().filter(crate::sync::Record::is_live)?;
        let kind = Kind::from_number(record.kind)?;
        Some((kind, Existing { id, fields: record.values(), unit: record.unit }))
    }

    fn existing(&self, kind: Kind, natural: &[(FieldNo, Value)]) -> Vec<Existing> {
        let told = natural.iter().filter(|(_, value)| *value != Value::Null);
        let Some((field, value)) = told.min_by_key(|(no, _)| selectivity(kind, *no)) else {
            return Vec::new();
        };
        let same = |existing: &Existing| {
            natural
                .iter()
                .all(|(no, value)| existing.fields.get(no).unwrap_or(&Value::Null) == value)
        };
        self.find(kind, *field, value)
            .into_iter()
            .filter_map(|id| self.get(id).map(|(_, existing)| existing))
            .filter(same)
            .collect()
    }

    fn check(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Vec<Issue> {
        let mut issues = kind.check(fields);
        issues.extend(check_against(self, kind, id, fields));
        issues.extend(self.archived(kind, id, fields));
        issues
    }

    fn new_id(&mut self) -> RecordId {
        self.made += 1;
        ids::nth_record(&*self.inner.env, self.now_ms, self.made)
    }

    fn planned(&mut self, kind: Kind, record: &Existing) {
        let before = self.planned.insert(record.id, (kind, record.clone()));
        for ((indexed, field), index) in self.indexes.get_mut() {
            if *indexed != kind {
                continue;
            }
            let old = before.as_ref().and_then(|(_, existing)| existing.fields.get(field));
            if let Some(ids) = old.and_then(|value| index.get_mut(value)) {
                ids.retain(|id| *id != record.id);
            }
            if let Some(value) = record.fields.get(field) {
                index.entry(value.clone()).or_default().push(record.id);
            }
        }
        if kind == Kind::Unit {
            self.name_unit(record.id.unit(), &record.fields);
        }
    }
}

/// Orders the fields of a natural key by how few records share a value: numbers, then persons, then the rest.
fn selectivity(kind: Kind, no: FieldNo) -> u8 {
    match kind.spec().field_no(no).map(|field| field.kind) {
        Some(ValueKind::Identifier | ValueKind::IdNumber) => 0,
        Some(ValueKind::Reference("person" | "staff_file" | "cultivation")) => 1,
        Some(ValueKind::Reference(_)) => 2,
        _ => 3,
    }
}
