//! What a plan asks of the data, and how the cells of a row find other records.

use super::layout::By;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Fields, Issue, Owner, Value, ValueKind};
use crate::domain::text;

/// A stored record that a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Its id.
    pub id: RecordId,
    /// Its fields.
    pub fields: Fields,
    /// The unit it belongs to.
    pub unit: UnitId,
}

/// The data as a plan sees it: what is stored, and what the plan adds as it goes. Every answer must come from an index: a
/// plan asks several times per row.
pub trait Lookup {
    /// Returns the live records of a kind whose text field holds exactly `text`.
    fn by_unique(&self, kind: Kind, field: FieldNo, text: &str) -> Vec<RecordId>;

    /// Returns the unit with that code.
    fn unit_by_code(&self, code: &str) -> Option<UnitId>;

    /// Returns the units whose name or short name is the same by [`unit_key`].
    fn unit_by_name(&self, key: &str) -> Vec<UnitId>;

    /// Returns the university, the unit without a parent, if it is known.
    fn root_unit(&self) -> Option<UnitId>;

    /// True if the user may write records of that unit.
    fn may_write(&self, unit: UnitId) -> bool;

    /// Returns a live record and its kind.
    fn get(&self, id: RecordId) -> Option<(Kind, Existing)>;

    /// Returns the live records of a kind whose fields hold these values; [`Value::Null`] stands for absent or null.
    fn existing(&self, kind: Kind, natural: &[(FieldNo, Value)]) -> Vec<Existing>;

    /// Checks a record as it would be stored; `id` is `None` for a new one.
    fn check(&self, kind: Kind, id: Option<RecordId>, fields: &Fields) -> Vec<Issue>;

    /// Makes the id of a new record.
    fn new_id(&mut self) -> RecordId;

    /// Takes note of a planned record: from now on every answer is as if it were stored.
    fn planned(&mut self, kind: Kind, record: &Existing);
}

/// Returns what a unit's name is compared by: without spaces and marks, in Simplified characters, because offices write either script.
pub fn unit_key(name: &str) -> String {
    hanconv::t2s(text::name_key(name))
}

/// The unit that `unit` of a new record without one falls to, and what names it.
pub(super) type Named<'a> = Vec<(By, &'a str)>;

/// Returns the first thing said in one of these ways.
fn said<'a>(named: &Named<'a>, ways: &[By]) -> Option<&'a str> {
    ways.iter().find_map(|way| named.iter().find(|(by, _)| by == way).map(|(_, text)| *text))
}

/// Finds the record that the cells of one reference field name; `None` if they name none.
pub(super) fn resolve(
    lookup: &dyn Lookup,
    target: ValueKind,
    key: &str,
    named: &Named<'_>,
) -> Result<Option<RecordId>, Issue> {
    match target {
        ValueKind::Reference("unit") => Ok(unit(lookup, key, named)?.map(UnitId::record)),
        ValueKind::Reference("person") => person(lookup, key, named),
        ValueKind::Reference(kind) => other(lookup, kind, key, named),
        _ => Ok(None),
    }
}

/// Finds a unit: by its code; without one by its name; without that the unit above.
///
/// A code that is not known is refused even if the name is: which of the two is wrong, nobody can tell.
pub(super) fn unit(
    lookup: &dyn Lookup,
    key: &str,
    named: &Named<'_>,
) -> Result<Option<UnitId>, Issue> {
    for (code_ways, name_ways) in
        [(&[By::Any, By::Code][..], By::Name), (&[By::Above][..], By::AboveName)]
    {
        if let Some(text) = said(named, code_ways) {
            return unit_by_any(lookup, key, text).map(Some);
        }
        if let Some(name) = said(named, &[name_ways]) {
            return unit_by_name(lookup, key, name).map(Some);
        }
    }
    Ok(None)
}

fn unit_by_any(lookup: &dyn Lookup, key: &str, typed: &str) -> Result<UnitId, Issue> {
    let code = text::identifier(typed);
    if let Some(unit) = lookup.unit_by_code(&code) {
        return Ok(unit);
    }
    if let Ok(id) = code.parse::<RecordId>() {
        return match lookup.get(id) {
            Some((Kind::Unit, _)) => Ok(id.unit()),
            _ => Err(Issue::error(key, "q10-unknown-unit").with("unit", typed)),
        };
    }
    unit_by_name(lookup, key, typed)
}

fn unit_by_name(lookup: &dyn Lookup, key: &str, typed: &str) -> Result<UnitId, Issue> {
    match lookup.unit_by_name(&unit_key(typed)).as_slice() {
        [unit] => Ok(*unit),
        [] => Err(Issue::error(key, "q10-unknown-unit").with("unit", typed)),
        _ => Err(Issue::error(key, "q10-ambiguous-unit").with("unit", typed)),
    }
}

/// Finds a person by school number or id, and makes sure that the name beside it is the person's.
fn person(lookup: &dyn Lookup, key: &str, named: &Named<'_>) -> Result<Option<RecordId>, Issue> {
    let Some(typed) = said(named, &[By::Any, By::StaffNo]) else {
        return match said(named, &[By::Name]) {
            Some(_) => Err(Issue::error(key, "staff-no-missing")),
            None => Ok(None),
        };
    };
    let staff_no = text::identifier(typed);
    let unknown = || Issue::error(key, "q10-unknown-staff-no").with("staff_no", &staff_no);
    let spec = Kind::Person.spec();
    let number = spec.field("staff_no").map_or(FieldNo(0), |field| field.number);
    let id = match lookup.by_unique(Kind::Person, number, &staff_no).as_slice() {
        [id] => *id,
        [] => staff_no.parse::<RecordId>().map_err(|_no_id| unknown())?,
        _ => return Err(Issue::error(key, "q10-ambiguous-staff-no").with("staff_no", &staff_no)),
    };
    let Some((Kind::Person, found)) = lookup.get(id) else { return Err(unknown()) };
    if let Some(name) = said(named, &[By::Name]) {
        let stored = spec.field("name").and_then(|field| found.fields.get(&field.number));
        if !stored.and_then(Value::as_text).is_none_or(|stored| same_name(stored, name)) {
            return Err(Issue::error(key, "name-mismatch").with("staff_no", &staff_no));
        }
    }
    Ok(Some(id))
}

/// True if two names are the same but for spaces, dots and script; a private-use character may stand for any other.
fn same_name(stored: &str, given: &str) -> bool {
    let (mine, other) = (text::name_key(stored), text::name_key(given));
    mine == other
        || hanconv::t2s(&mine) == hanconv::t2s(&other)
        || ((text::has_private_use(stored) || text::has_private_use(given))
            && mine.chars().count() == other.chars().count())
}

fn is_staff_no(lookup: &dyn Lookup, typed: &str) -> bool {
    let number = Kind::Person.spec().field("staff_no").map(|field| field.number);
    let found = number.map(|no| lookup.by_unique(Kind::Person, no, &text::identifier(typed)));
    found.is_some_and(|found| !found.is_empty())
}

/// Finds the one record of a kind that is about a person: the cultivation, the staff file.
fn of_person(
    lookup: &dyn Lookup,
    target: Kind,
    key: &str,
    named: &Named<'_>,
) -> Result<Option<RecordId>, Issue> {
    let field = target.spec().field("person").map(|field| field.number);
    let (Some(field), Some(person)) = (field, person(lookup, key, named)?) else { return Ok(None) };
    match lookup.existing(target, &[(field, Value::Ref(person))]).as_slice() {
        [one] => Ok(Some(one.id)),
        _ => Ok(None),
    }
}

/// Finds the one record of a kind that belongs to the unit a text names.
fn of_unit(lookup: &dyn Lookup, target: Kind, key: &str, typed: &str) -> Option<RecordId> {
    let Owner::Field(owner) = target.spec().owner else { return None };
    let field = target.spec().field(owner)?.number;
    let unit = unit_by_any(lookup, key, typed).ok()?;
    match lookup.existing(target, &[(field, Value::Ref(unit.record()))]).as_slice() {
        [one] => Some(one.id),
        _ => None,
    }
}

/// Finds a record of another kind by id, by the person it is about, by what is unique in its kind or names it, or by the unit that has one.
fn other(
    lookup: &dyn Lookup,
    kind: &'static str,
    key: &str,
    named: &Named<'_>,
) -> Result<Option<RecordId>, Issue> {
    let unresolved = || Issue::error(key, "reference-unresolved").with("kind", kind);
    let target = Kind::from_key(kind).ok_or_else(unresolved)?;
    if said(named, &[By::StaffNo]).is_some() {
        return of_person(lookup, target, key, named)?.map(Some).ok_or_else(unresolved);
    }
    let Some(typed) = said(named, &[By::Any, By::Code, By::Name]) else { return Ok(None) };
    if target.spec().field("person").is_some() && is_staff_no(lookup, typed) {
        return of_person(lookup, target, key, named)?.map(Some).ok_or_else(unresolved);
    }
    if let Ok(id) = text::identifier(typed).parse::<RecordId>() {
        return match lookup.get(id) {
            Some((found, _)) if found == target => Ok(Some(id)),
            _ => Err(unresolved()),
        };
    }
    let named = |field: &&FieldSpec| {
        field.unique || field.key == "name" || target.spec().title.first() == Some(&field.key)
    };
    let texts = |field: &&FieldSpec| !matches!(field.kind, ValueKind::Reference(_));
    let mut fields = target.spec().fields.iter().filter(texts).filter(named);
    let found = fields.find_map(|field| {
        let typed =
            if field.kind == ValueKind::Name { text::name(typed) } else { typed.to_owned() };
        match lookup.by_unique(target, field.number, &typed).as_slice() {
            [id] => Some(*id),
            _ => None,
        }
    });
    found.or_else(|| of_unit(lookup, target, key, typed)).map(Some).ok_or_else(unresolved)
}
