//! What the tags of a form stand for: fields of a record, of those it points to, and lists of those that point to it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Printer;
use crate::client::{Client, ClientError};
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, Owner, PartialDate, Value, ValueKind};
use crate::locale::Locale;
use crate::transfer::forms::tags::ListTag;
use crate::transfer::forms::{Filled, Source, Unknown};

/// Names that every record answers to.
const EVERYWHERE: &[&str] = &["no", "today", "year", "university", "secondary"];

/// Names that a kind answers to besides its fields.
const fn derived(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Person => &["posts", "hours", "online_hours"],
        Kind::Unit => &["secretary"],
        Kind::TrainingClass | Kind::Cultivation | Kind::Appointment => &["period"],
        _ => &[],
    }
}

/// Lists that a kind has besides the records that point to it.
const fn lists(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Person | Kind::Unit => &["training"],
        _ => &[],
    }
}

/// One record as a form sees it; without an id, an empty line.
pub(super) struct Scope<'a> {
    client: &'a Client,
    locale: &'a Locale,
    kind: Kind,
    id: Option<RecordId>,
    /// Its line in a list, from 1.
    no: Option<usize>,
    year: i64,
    today: PartialDate,
    /// Sensitive fields that were shown.
    sensitive: &'a RefCell<BTreeSet<&'static str>>,
}

impl<'a> Scope<'a> {
    pub(super) const fn new(
        client: &'a Client,
        printer: &'a Printer,
        id: Option<RecordId>,
        sensitive: &'a RefCell<BTreeSet<&'static str>>,
    ) -> Self {
        Self {
            client,
            locale: &printer.locale,
            kind: printer.kind,
            id,
            no: None,
            year: printer.year,
            today: printer.today,
            sensitive,
        }
    }

    const fn of(&self, kind: Kind, id: Option<RecordId>, no: Option<usize>) -> Self {
        Self {
            client: self.client,
            locale: self.locale,
            kind,
            id,
            no,
            year: self.year,
            today: self.today,
            sensitive: self.sensitive,
        }
    }

    fn unknown(&self, name: &str) -> Unknown {
        let fields = self.kind.spec().fields.iter().map(|field| field.key);
        let others = derived(self.kind).iter().chain(EVERYWHERE).copied();
        Unknown { name: name.to_owned(), known: fields.chain(others).map(str::to_owned).collect() }
    }

    fn field(&self, field: &FieldSpec) -> Option<Value> {
        self.client.lock().field(self.id?, field.number)
    }

    fn field_named(&self, key: &str) -> Option<Value> {
        self.field(self.kind.spec().field(key)?)
    }

    /// A step into another record.
    fn follow(&self, target: Kind, id: Option<RecordId>, rest: &[&str]) -> Result<Filled, Unknown> {
        if rest.is_empty() {
            let title = |id| self.client.title(id);
            return Ok(Filled::Text(id.map(title).unwrap_or_default()));
        }
        self.of(target, id, None).value(rest)
    }

    /// A value as the paper says it: in full, because whoever asks for a form asks for what it asks for.
    fn shown(&self, field: &'static FieldSpec, value: &Value) -> Filled {
        if field.sensitive && *value != Value::Null {
            self.sensitive.borrow_mut().insert(field.key);
        }
        match value {
            Value::Null => Filled::Text(String::new()),
            Value::Date(date) => Filled::Date(*date),
            Value::Instant(ms) => Filled::Moment(*ms),
            other => Filled::Text(self.locale.value_text(self.kind.spec(), field, other)),
        }
    }

    /// What is not a field of the kind.
    fn derived(&self, name: &str) -> Option<Filled> {
        let text = |text: String| Some(Filled::Text(text));
        match (self.kind, name) {
            (_, "no") => text(self.no.map(|no| no.to_string()).unwrap_or_default()),
            (_, "today") => Some(Filled::Date(self.today)),
            (_, "year") => text(self.year.to_string()),
            (_, "university") => text(self.university()),
            (Kind::Person, "posts") => text(self.posts()),
            (Kind::Person, "hours") => text(self.hours("hours")),
            (Kind::Person, "online_hours") => text(self.hours("online_hours")),
            (Kind::Unit, "secretary") => text(self.secretary()),
            (Kind::TrainingClass, "period") => Some(self.period("starts_on", "ends_on")),
            (Kind::Cultivation, "period") => Some(self.period("starts_on", "target_on")),
            (Kind::Appointment, "period") => Some(self.period("from_on", "to_on")),
            _ => None,
        }
    }

    fn period(&self, from: &str, to: &str) -> Filled {
        let day = |key| self.field_named(key).and_then(|value| value.as_date());
        Filled::Period(day(from), day(to))
    }

    /// The unit that the record belongs to, and of it the secondary unit (院系黨組織) it is or is under.
    fn secondary(&self) -> Option<RecordId> {
        let inner = self.client.lock();
        let unit = if self.kind == Kind::Unit { self.id } else { None };
        let unit = unit.map(RecordId::unit).or_else(|| inner.unit_of(self.id?))?;
        Some(inner.secondary(unit).record())
    }

    fn university(&self) -> String {
        let top = |id: &RecordId| {
            let unit = self.of(Kind::Unit, Some(*id), None);
            unit.field_named("type") == Some(Value::Code("university".to_owned()))
        };
        let found = self.client.live_ids(Kind::Unit).into_iter().find(top);
        found.map(|id| self.client.title(id)).unwrap_or_default()
    }

    /// The records of a kind that point here.
    fn pointing(&self, kind: Kind) -> Option<Vec<RecordId>> {
        let is_here = |field: &&FieldSpec| field.kind == ValueKind::Reference(self.kind.key());
        let field = kind.spec().fields.iter().find(is_here)?;
        let Some(id) = self.id else { return Some(Vec::new()) };
        Some(self.client.lock().holding(kind, field.number, id))
    }

    /// Posts held today: the unit and the role in it.
    fn posts(&self) -> String {
        let held = self.pointing(Kind::Post).unwrap_or_default();
        let post = |id: RecordId| {
            let post = self.of(Kind::Post, Some(id), None);
            let over = post.field_named("to_on").is_some_and(|to| to != Value::Null);
            let unit = post.value(&["unit"]).ok().map(plain)?;
            let role = post.value(&["role"]).ok().map(plain)?;
            (!over).then(|| format!("{unit}{role}"))
        };
        held.into_iter().filter_map(post).collect::<Vec<_>>().join("\n")
    }

    /// Who is secretary of the unit today.
    fn secretary(&self) -> String {
        let secretary = |id: &RecordId| {
            let post = self.of(Kind::Post, Some(*id), None);
            let now = post.field_named("to_on").is_none_or(|to| to == Value::Null);
            now && post.field_named("role") == Some(Value::Code("secretary".to_owned()))
        };
        let posts = self.pointing(Kind::Post).unwrap_or_default();
        let found = posts.into_iter().find(secretary);
        let person = found.and_then(|id| self.of(Kind::Post, Some(id), None).field_named("person"));
        person
            .and_then(|person| person.as_ref_id())
            .map(|id| self.client.title(id))
            .unwrap_or_default()
    }

    /// Hours of the year's finished training.
    fn hours(&self, key: &str) -> String {
        let Some(field) = Kind::Enrolment.spec().field(key) else { return String::new() };
        let hours = |id: &RecordId| {
            let value = self.of(Kind::Enrolment, Some(*id), None).field(field);
            value.and_then(|value| value.as_int()).unwrap_or(0)
        };
        let tenths: i64 = self.training().iter().map(hours).sum();
        let shown = tenths > 0 || self.id.is_some();
        let text = || self.locale.value_text(Kind::Enrolment.spec(), field, &Value::Int(tenths));
        shown.then(text).unwrap_or_default()
    }

    /// Finished training of the form's year: of the person, or of everybody of the unit.
    fn training(&self) -> Vec<RecordId> {
        let mut found: Vec<(RecordId, Option<i32>, RecordId)> = match self.kind {
            Kind::Person => self.pointing(Kind::Enrolment).unwrap_or_default(),
            _ => self.within(Kind::Enrolment),
        }
        .into_iter()
        .filter_map(|id| self.finished(id))
        .collect();
        found.sort();
        found.into_iter().map(|(_, _, id)| id).collect()
    }

    /// Person, first day of the class and the enrolment itself, if it was finished in the year.
    fn finished(&self, id: RecordId) -> Option<(RecordId, Option<i32>, RecordId)> {
        const FINISHED: [&str; 3] = ["completed", "certified", "archived"];
        let enrolment = self.of(Kind::Enrolment, Some(id), None);
        let class = enrolment.field_named("class")?.as_ref_id()?;
        let class = self.of(Kind::TrainingClass, Some(class), None);
        let done =
            enrolment.field_named("status")?.as_text().is_some_and(|s| FINISHED.contains(&s));
        let of_the_year = class.field_named("year")?.as_int() == Some(self.year);
        let begins = class.field_named("starts_on").and_then(|day| day.as_date());
        let person = enrolment.field_named("person")?.as_ref_id()?;
        (done && of_the_year).then(|| (person, begins.map(PartialDate::days), id))
    }

    /// The records of a kind that belong to the unit or one below it.
    fn within(&self, kind: Kind) -> Vec<RecordId> {
        let Some(top) = self.id else { return Vec::new() };
        let inner = self.client.lock();
        let units: BTreeSet<UnitId> = inner.subtree(top.unit());
        let ids = inner.of_kind(kind);
        ids.filter(|id| inner.unit_of(*id).is_some_and(|unit| units.contains(&unit))).collect()
    }

    /// Returns the kind of a list's records and where they come from.
    fn listed(&self, name: &str) -> Result<(Kind, Vec<RecordId>), Unknown> {
        if name == "training" && lists(self.kind).contains(&name) {
            return Ok((Kind::Enrolment, self.training()));
        }
        let kind = Kind::from_key(name);
        let pointing = kind.and_then(|kind| Some((kind, self.pointing(kind)?)));
        match (kind, pointing) {
            (Some(kind), _) if self.kind == Kind::Unit => Ok((kind, self.within(kind))),
            (_, Some(found)) => Ok(found),
            _ => Err(self.unknown_list(name)),
        }
    }

    fn unknown_list(&self, name: &str) -> Unknown {
        let here = ValueKind::Reference(self.kind.key());
        let points = |kind: &Kind| {
            self.kind == Kind::Unit || kind.spec().fields.iter().any(|field| field.kind == here)
        };
        let kinds = Kind::ALL.iter().filter(|kind| points(kind)).map(|kind| kind.key());
        let known = kinds.chain(lists(self.kind).iter().copied()).map(str::to_owned).collect();
        Unknown { name: name.to_owned(), known }
    }
}

fn plain(filled: Filled) -> String {
    match filled {
        Filled::Text(text) => text,
        Filled::Date(date) => date.to_string(),
        Filled::Moment(_) | Filled::Period(..) => String::new(),
    }
}

impl Source for Scope<'_> {
    fn value(&self, path: &[&str]) -> Result<Filled, Unknown> {
        let Some((first, rest)) = path.split_first() else { return Err(self.unknown("")) };
        let Some(field) = self.kind.spec().field(first) else {
            if *first == "unit" && self.kind.spec().owner != Owner::Itself {
                let unit = self.id.and_then(|id| self.client.lock().unit_of(id));
                return self.follow(Kind::Unit, unit.map(UnitId::record), rest);
            }
            if *first == "secondary" {
                return self.follow(Kind::Unit, self.secondary(), rest);
            }
            let found = self.derived(first).filter(|_| rest.is_empty());
            return found.ok_or_else(|| self.unknown(first));
        };
        let value = self.field(field);
        if let ValueKind::Reference(key) = field.kind {
            let target = Kind::from_key(key).ok_or_else(|| self.unknown(first))?;
            let id = value.and_then(|value| value.as_ref_id());
            return self.follow(target, id, rest);
        }
        match rest.first() {
            Some(step) => Err(Unknown { name: (*step).to_owned(), known: Vec::new() }),
            None => Ok(value
                .map_or_else(|| Filled::Text(String::new()), |value| self.shown(field, &value))),
        }
    }

    fn list(&self, list: &ListTag) -> Result<Vec<Box<dyn Source + '_>>, Unknown> {
        let (kind, ids) = self.listed(&list.name)?;
        let by_kind = list.name == kind.key();
        let ids = self.client.picked(kind, &ids, &list.filters, by_kind).map_err(|error| {
            let name = match error {
                ClientError::NotFound { id, .. } => id,
                other => other.to_string(),
            };
            self.of(kind, None, None).unknown(&name)
        })?;
        let mut rows: Vec<Box<dyn Source + '_>> = Vec::with_capacity(ids.len());
        for (no, id) in (1..).zip(ids) {
            rows.push(Box::new(self.of(kind, Some(id), Some(no))));
        }
        Ok(rows)
    }

    fn blank(&self, list: &ListTag) -> Result<Box<dyn Source + '_>, Unknown> {
        let (kind, _) = self.of(self.kind, None, None).listed(&list.name)?;
        Ok(Box::new(self.of(kind, None, None)))
    }
}
