//! The plan: what each row adds, changes, or why it is refused. Nothing is written here.

use std::collections::BTreeMap;

use super::layout::{By, FieldTarget};
use super::references::{self, Existing, Lookup, Named};
use super::rows::{CellValue, ParsedRow};
use super::{ParsedSheet, layout};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{
    FieldNo, FieldSpec, Fields, Issue, Level, Owner, ParseContext, PartialDate, Value, parse,
};
use crate::domain::text;

/// What holds for every row of a sheet and does not stand in it.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Fields of the rows, such as the class of a list of participants. They win over the sheet.
    pub fields: Fields,
    /// Unit of new records that the sheet puts in no unit.
    pub unit: Option<UnitId>,
}

/// What becomes of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new record.
    Added {
        /// Its id.
        id: RecordId,
        /// The unit it belongs to.
        unit: UnitId,
        /// All its fields.
        fields: Fields,
    },
    /// A stored record gets other values.
    Changed {
        /// Its id.
        id: RecordId,
        /// The fields that get another value, and no others.
        sets: Fields,
        /// The unit it moves to, if the sheet says so.
        unit: Option<UnitId>,
    },
    /// A stored record says all this already.
    Same {
        /// Its id.
        id: RecordId,
    },
    /// Not written; the issues say why.
    Refused,
}

/// One row with what becomes of it.
#[derive(Clone, Debug)]
pub struct PlannedRow {
    /// Number in the sheet, from 1.
    pub row: u32,
    /// What the row is about, as the sheet names it.
    pub key: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// What a person should fix or look at.
    pub issues: Vec<Issue>,
}

/// What a sheet does to the data; rows in the order of the sheet.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The kind of the records.
    pub kind: Kind,
    /// The rows.
    pub rows: Vec<PlannedRow>,
}

/// Compares a sheet with what is stored.
///
/// Empty cells change nothing. Of two rows about the same record the second is refused. A unit may stand below the units
/// that hang under it. The same sheet planned again after its plan was carried out gives `Same` for every row.
pub fn plan(
    sheet: &ParsedSheet,
    defaults: &Defaults,
    lookup: &mut dyn Lookup,
    cx: &ParseContext,
) -> Plan {
    let mut planner = Planner::new(sheet, defaults, lookup, cx);
    let mut rows: Vec<Option<PlannedRow>> = sheet.rows.iter().map(|_| None).collect();
    let mut waiting: Vec<usize> = (0..sheet.rows.len()).collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut still = Vec::new();
        for place in waiting {
            match (sheet.rows.get(place), rows.get_mut(place)) {
                (Some(row), Some(_)) if planner.must_wait(row, place) => still.push(place),
                (Some(row), Some(slot)) => *slot = Some(planner.row(row)),
                _ => {}
            }
        }
        if still.len() == before {
            planner.above.clear(); // they wait for one another
        }
        still.reverse(); // a sheet from the bottom up is one more pass, not one for each row
        waiting = still;
    }
    Plan { kind: sheet.kind, rows: rows.into_iter().flatten().collect() }
}

struct Planner<'a> {
    kind: Kind,
    form: &'static layout::Form,
    defaults: &'a Defaults,
    form_defaults: Fields,
    lookup: &'a mut dyn Lookup,
    /// Codes of units that are still to come, with the place of their row; for sheets of units only.
    above: BTreeMap<String, usize>,
    /// Natural keys met, with their row.
    keys: BTreeMap<Vec<Value>, u32>,
    /// Unique values met, with their row.
    unique: BTreeMap<(FieldNo, String), u32>,
}

impl<'a> Planner<'a> {
    fn new(
        sheet: &'a ParsedSheet,
        defaults: &'a Defaults,
        lookup: &'a mut dyn Lookup,
        cx: &ParseContext,
    ) -> Self {
        let spec = sheet.kind.spec();
        let mut form_defaults = Fields::new();
        for (number, typed) in &sheet.form.defaults {
            if let Some(field) = spec.field_no(*number)
                && let Ok(Some(value)) = parse::parse(spec, field, typed, cx)
            {
                form_defaults.insert(*number, value);
            }
        }
        let mut above = BTreeMap::new();
        if sheet.kind == Kind::Unit {
            for (place, row) in sheet.rows.iter().enumerate() {
                above.entry(row.key.clone()).or_insert(place);
            }
        }
        Self {
            kind: sheet.kind,
            form: sheet.form,
            defaults,
            form_defaults,
            lookup,
            above,
            keys: BTreeMap::new(),
            unique: BTreeMap::new(),
        }
    }

    /// True if the row names a unit above it that stands in a row still to come.
    fn must_wait(&mut self, row: &ParsedRow, place: usize) -> bool {
        if self.above.is_empty() {
            return false;
        }
        let code = row.cells.iter().find_map(|cell| match (&cell.field, &cell.value) {
            (FieldTarget::Reference { by: By::Code | By::Any, .. }, CellValue::Text(code)) => {
                Some(text::identifier(code))
            }
            _ => None,
        });
        let waits = code.is_some_and(|code| {
            code != row.key
                && self.above.get(&code).is_some_and(|other| *other != place)
                && self.lookup.unit_by_code(&code).is_none()
        });
        if !waits {
            self.above.remove(&row.key);
        }
        waits
    }

    fn row(&mut self, row: &ParsedRow) -> PlannedRow {
        let mut issues = row.issues.clone();
        let outcome = self.outcome(row, &mut issues).unwrap_or_else(|refusal| {
            issues.extend(refusal);
            Outcome::Refused
        });
        issues.dedup();
        PlannedRow { row: row.row, key: row.key.clone(), outcome, issues }
    }

    /// Plans a row; an error is a last issue that refuses it, or none if those so far do.
    fn outcome(
        &mut self,
        row: &ParsedRow,
        issues: &mut Vec<Issue>,
    ) -> Result<Outcome, Option<Issue>> {
        let mut fields = self.fields(row, issues);
        let owner = self.owner(row, issues);
        let given = fields.clone();
        for (number, value) in &self.form_defaults {
            fields.entry(*number).or_insert_with(|| value.clone());
        }
        self.meet(row, &fields, issues);
        if issues.iter().any(Issue::is_error) {
            return Err(None);
        }
        match self.stored(row, &fields)? {
            Some(stored) => self.change(stored, given, owner, issues),
            None => self.add(fields, owner, issues),
        }
    }

    /// Collects the fields of a row, references resolved.
    fn fields(&self, row: &ParsedRow, issues: &mut Vec<Issue>) -> Fields {
        let mut fields = Fields::new();
        let mut named: BTreeMap<FieldNo, Named<'_>> = BTreeMap::new();
        for cell in &row.cells {
            match (cell.field, &cell.value) {
                (FieldTarget::Field(number), CellValue::Value(value)) => {
                    fields.insert(number, value.clone());
                }
                (FieldTarget::Reference { field, by }, CellValue::Text(text)) => {
                    named.entry(field).or_default().push((by, text));
                }
                _ => {}
            }
        }
        for (number, named) in named {
            let Some(field) = self.kind.spec().field_no(number) else { continue };
            match references::resolve(&*self.lookup, field.kind, field.key, &named) {
                Ok(None) => {}
                Ok(Some(id)) => {
                    fields.insert(number, Value::Ref(id));
                }
                Err(issue) => issues.push(issue),
            }
        }
        self.hang_under_root(&mut fields);
        fields.extend(self.defaults.fields.clone());
        fields
    }

    /// Points the fields that the layout leaves to the university at it; the university itself stands under nothing.
    fn hang_under_root(&self, fields: &mut Fields) {
        let text = |key: &str| {
            let field = self.kind.spec().field(key)?;
            fields.get(&field.number).and_then(Value::as_text)
        };
        let Some(root) = self.lookup.root_unit().filter(|_| text("type") != Some("university"))
        else {
            return;
        };
        if text("code").and_then(|code| self.lookup.unit_by_code(code)) == Some(root) {
            return;
        }
        for number in &self.form.root {
            fields.entry(*number).or_insert(Value::Ref(root.record()));
        }
    }

    /// Finds the unit that the sheet puts the row in.
    fn owner(&self, row: &ParsedRow, issues: &mut Vec<Issue>) -> Option<UnitId> {
        let named: Named<'_> = row
            .cells
            .iter()
            .filter_map(|cell| match (cell.field, &cell.value) {
                (FieldTarget::Owner(by), CellValue::Text(text)) => Some((by, text.as_str())),
                _ => None,
            })
            .collect();
        references::unit(&*self.lookup, "unit", &named).unwrap_or_else(|issue| {
            issues.push(issue);
            None
        })
    }

    /// Takes note of what a row claims for itself, and of another row that claimed it before.
    fn meet(&mut self, row: &ParsedRow, fields: &Fields, issues: &mut Vec<Issue>) {
        let natural = natural(self.kind, fields);
        let whole = natural.iter().any(|(_, value)| *value != Value::Null);
        let complete = whole && natural_is_given(self.kind, fields);
        let mut told = false;
        for field in self.kind.spec().fields.iter().filter(|field| field.unique) {
            let Some(text) = fields.get(&field.number).and_then(Value::as_text) else { continue };
            if let Some(first) = self.unique.get(&(field.number, text.to_owned())) {
                issues.push(Issue::error(field.key, "q07-duplicate-in-sheet").with("row", first));
                told = true;
            } else {
                self.unique.insert((field.number, text.to_owned()), row.row);
            }
        }
        if !complete {
            return;
        }
        let key: Vec<Value> = natural.into_iter().map(|(_, value)| value).collect();
        match self.keys.get(&key) {
            Some(first) if !told => {
                let field = self.kind.spec().natural.last().copied().unwrap_or_default();
                issues.push(Issue::error(field, "q07-duplicate-in-sheet").with("row", first));
            }
            Some(_) => {}
            None => {
                self.keys.insert(key, row.row);
            }
        }
    }

    /// Finds the stored record that a row is about: by id, else by what names a record of the kind.
    fn stored(&self, row: &ParsedRow, fields: &Fields) -> Result<Option<Existing>, Option<Issue>> {
        let id = row.cells.iter().find_map(|cell| match (cell.field, &cell.value) {
            (FieldTarget::Id, CellValue::Text(text)) => Some(text::identifier(text)),
            _ => None,
        });
        if let Some(id) = id {
            let unknown = || Some(Issue::error("", "unknown-id"));
            let id: RecordId = id.parse().map_err(|_not_an_id| unknown())?;
            return match self.lookup.get(id) {
                Some((kind, stored)) if kind == self.kind => Ok(Some(stored)),
                _ => Err(unknown()),
            };
        }
        if !natural_is_given(self.kind, fields) {
            return Ok(None);
        }
        let mut found = self.lookup.existing(self.kind, &natural(self.kind, fields));
        if found.len() > 1 {
            return Err(Some(Issue::error("", "ambiguous-record").with("count", found.len())));
        }
        Ok(found.pop())
    }

    fn change(
        &mut self,
        mut stored: Existing,
        given: Fields,
        owner: Option<UnitId>,
        issues: &mut Vec<Issue>,
    ) -> Result<Outcome, Option<Issue>> {
        let id = stored.id;
        let differs =
            |(number, value): &(FieldNo, Value)| says_more(value, stored.fields.get(number));
        let sets: Fields = given.into_iter().filter(differs).collect();
        let moves = match self.kind.spec().owner {
            Owner::Chosen => owner.filter(|unit| *unit != stored.unit),
            Owner::Itself | Owner::Field(_) | Owner::Of(_) => None,
        };
        if sets.is_empty() && moves.is_none() {
            return Ok(Outcome::Same { id });
        }
        let before = self.lookup.check(self.kind, Some(id), &stored.fields);
        let old_unit = stored.unit;
        stored.fields.extend(sets.clone());
        stored.unit = moves.unwrap_or_else(|| self.unit_of(&stored.fields, id).unwrap_or(old_unit));
        if !(self.lookup.may_write(old_unit) && self.lookup.may_write(stored.unit)) {
            return Err(Some(Issue::error("", "out-of-scope")));
        }
        for mut issue in self.lookup.check(self.kind, Some(id), &stored.fields) {
            if before.contains(&issue) {
                issue.level = Level::Warning; // it was so before this sheet
            }
            issues.push(issue);
        }
        if issues.iter().any(Issue::is_error) {
            return Err(None);
        }
        self.lookup.planned(self.kind, &stored);
        Ok(Outcome::Changed { id, sets, unit: moves })
    }

    fn add(
        &mut self,
        mut fields: Fields,
        owner: Option<UnitId>,
        issues: &mut Vec<Issue>,
    ) -> Result<Outcome, Option<Issue>> {
        fields.retain(|_, value| *value != Value::Null);
        issues.extend(self.lookup.check(self.kind, None, &fields));
        if issues.iter().any(Issue::is_error) {
            return Err(None);
        }
        let id = self.lookup.new_id();
        let chosen = matches!(self.kind.spec().owner, Owner::Chosen);
        let unit = if chosen { owner.or(self.defaults.unit) } else { self.unit_of(&fields, id) };
        let unit = unit.ok_or_else(|| Some(Issue::error("unit", "unit-missing")))?;
        let above = fields.get(&parent_no()).filter(|_| self.kind == Kind::Unit);
        let writer = above.and_then(Value::as_ref_id).map_or(unit, RecordId::unit);
        if !self.lookup.may_write(writer) {
            return Err(Some(Issue::error("", "out-of-scope")));
        }
        let record = Existing { id, fields, unit };
        self.lookup.planned(self.kind, &record);
        Ok(Outcome::Added { id, unit, fields: record.fields })
    }

    /// Returns the unit that a record with these fields belongs to, if its fields say so.
    fn unit_of(&self, fields: &Fields, id: RecordId) -> Option<UnitId> {
        let pointed = |key: &str| {
            let field = self.kind.spec().field(key)?;
            fields.get(&field.number).and_then(Value::as_ref_id)
        };
        match self.kind.spec().owner {
            Owner::Itself => Some(id.unit()),
            Owner::Field(key) => pointed(key).map(RecordId::unit),
            Owner::Of(key) => self.lookup.get(pointed(key)?).map(|(_, owner)| owner.unit),
            Owner::Chosen => None,
        }
    }
}

fn parent_no() -> FieldNo {
    Kind::Unit.spec().field("parent").map_or(FieldNo(0), |field| field.number)
}

fn natural_fields(kind: Kind) -> impl Iterator<Item = &'static FieldSpec> {
    kind.spec().natural.iter().filter_map(move |key| kind.spec().field(key))
}

/// Returns the values that name a record of the kind; null where there is none.
fn natural(kind: Kind, fields: &Fields) -> Vec<(FieldNo, Value)> {
    let value = |field: &FieldSpec| fields.get(&field.number).cloned().unwrap_or(Value::Null);
    natural_fields(kind).map(|field| (field.number, value(field))).collect()
}

/// True if every required part of the natural key is given.
fn natural_is_given(kind: Kind, fields: &Fields) -> bool {
    let mut required = natural_fields(kind).filter(|field| field.required).peekable();
    required.peek().is_some() && required.all(|field| fields.contains_key(&field.number))
}

/// True if a cell says something that the stored value does not: a month within which the stored day lies does not.
fn says_more(given: &Value, stored: Option<&Value>) -> bool {
    match (given, stored) {
        (Value::Date(given), Some(Value::Date(stored))) => {
            given != stored && !is_within(*stored, *given)
        }
        (given, Some(stored)) => given != stored,
        (Value::Null, None) => false,
        (_, None) => true,
    }
}

fn is_within(exact: PartialDate, rough: PartialDate) -> bool {
    let (Some(day), Some(last)) = (exact.civil(), exact.last_day()) else { return false };
    let (Some(first), Some(end)) = (rough.civil(), rough.last_day()) else { return false };
    exact.precision() < rough.precision() && day >= first && last <= end
}
