//! Lists: conditions, search and order over the records of one kind.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use super::Client;
use super::anywhere::keep_anywhere;
use super::bins::keep_ticked;
use super::column::{Column, Place};
use super::error::ClientError;
use super::search::fold;
use super::state::Inner;
use super::threads;
use crate::domain::ids::{RecordId, UnitId};
use crate::domain::kinds::Kind;
use crate::domain::query::{Collation, Comparison, Facet, Filter, Sort};
use crate::domain::record::{FieldNo, FieldSpec, PartialDate, Value, ValueKind};
use crate::domain::{codes, text};
use crate::store::Row;
use crate::wire::{ValueRef, peek_one, peek_ref};

/// What a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Kind of record.
    pub kind: Kind,
    /// Name, pinyin, initials or number; empty for all. After an asterisk: text in any field.
    pub search: String,
    /// Conditions, all of which hold.
    pub filters: Vec<Filter>,
    /// Values that were ticked, field by field; all of these hold too.
    pub facets: Vec<Facet>,
    /// Only these records; `None` for any.
    pub only: Option<Arc<BTreeSet<RecordId>>>,
    /// Orders, the first one first.
    pub sorts: Vec<Sort>,
}

impl Query {
    /// Asks for every record of a kind, in the order they were made.
    pub const fn all(kind: Kind) -> Self {
        Self {
            kind,
            search: String::new(),
            filters: Vec::new(),
            facets: Vec::new(),
            only: None,
            sorts: Vec::new(),
        }
    }
}

/// What a condition or an order is about.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    /// The unit that the record belongs to.
    Unit,
    /// The moment it was made.
    Created,
    /// One of its fields.
    Field(&'static FieldSpec),
}

impl Subject {
    /// Returns the value in a row.
    pub(super) fn of(self, row: &Row) -> ValueRef<'_> {
        match self {
            Self::Unit => ValueRef::Ref(row.unit.record()),
            Self::Created => row.id.made_at().map_or(ValueRef::Empty, ValueRef::Number),
            Self::Field(field) => peek_ref(&row.bytes, field.number),
        }
    }
}

impl Client {
    /// Returns the ids of the live records that a query asks for, in its order.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a field the kind does not have.
    pub fn list(&self, query: &Query) -> Result<Vec<RecordId>, ClientError> {
        let inner = self.lock();
        let mut rows = inner.selected(query)?;
        for sort in query.sorts.iter().rev() {
            let subject = subject(query.kind, &sort.field)?;
            rows = inner.sorted(rows, subject, sort.by, sort.descending);
        }
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Returns those of the ids that fulfil all conditions, in the order of the kind's natural key if that is wanted.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a field the kind does not have.
    pub(super) fn picked(
        &self,
        kind: Kind,
        ids: &[RecordId],
        filters: &[Filter],
        ordered: bool,
    ) -> Result<Vec<RecordId>, ClientError> {
        let inner = self.lock();
        let mut rows: Vec<&Row> = ids.iter().filter_map(|id| inner.rows.get(id)).collect();
        inner.keep(kind, &mut rows, filters)?;
        let order: &[&str] = if ordered { kind.spec().natural } else { &[] };
        for key in order.iter().rev() {
            rows = inner.sorted(rows, subject(kind, key)?, Collation::Pinyin, false);
        }
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Returns the records of a kind that a text names: by id, by office code or school number, or by full name.
    pub fn named(&self, kind: Kind, text: &str) -> Vec<RecordId> {
        self.lock().named(kind.key(), text)
    }

    /// Builds what searching a kind needs, so that the first keystroke is as quick as the others. Takes the lock for a short time
    /// only, again and again.
    pub fn warm(&self, kind: Kind) {
        /// Records at a time: some two milliseconds.
        const PART: usize = 1_000;
        let mut from = None;
        loop {
            let inner = self.lock();
            let describe = |id| inner.describe(kind, id);
            let after = (from.map_or(Unbounded, Excluded), Unbounded);
            let live = inner.live.get(&kind.number()).into_iter();
            let ids: Vec<RecordId> = live
                .flat_map(|live| live.range::<RecordId, _>(after))
                .take(PART)
                .copied()
                .collect();
            let Some(last) = ids.last() else { return };
            from = Some(*last);
            inner.keys.borrow_mut().fill(kind.number(), &ids, describe);
        }
    }
}

/// Returns what a key names: a field of the kind, or the unit its records belong to.
pub(super) fn subject(kind: Kind, key: &str) -> Result<Subject, ClientError> {
    if key == "unit" && kind.spec().field("unit").is_none() {
        return Ok(Subject::Unit);
    }
    if key == "created" && kind.spec().field("created").is_none() {
        return Ok(Subject::Created);
    }
    let found = kind.spec().field(key).map(Subject::Field);
    found.ok_or_else(|| ClientError::NotFound { what: "field", id: key.to_owned() })
}

impl Inner {
    /// Returns the live rows that a query asks for, in the order they were made.
    pub(super) fn selected(&self, query: &Query) -> Result<Vec<&Row>, ClientError> {
        let search = text::fold_width(query.search.trim());
        if let Some(ids) = self.hits_of(query, &search) {
            return Ok(ids.iter().filter_map(|id| self.rows.get(id)).collect());
        }
        let mut rows = match &query.only {
            Some(only) => {
                let live = self.live.get(&query.kind.number());
                let is_live = |id: &&RecordId| live.is_some_and(|live| live.contains(*id));
                only.iter().filter(is_live).filter_map(|id| self.rows.get(id)).collect()
            }
            None => self.rows_of(query.kind),
        };
        keep_ticked(query.kind, &mut rows, &query.facets)?;
        self.keep(query.kind, &mut rows, &query.filters)?;
        if let Some(text) = search.strip_prefix('*') {
            keep_anywhere(query.kind, &mut rows, text.trim());
        } else if !search.is_empty() {
            let mut keys = self.keys.borrow_mut();
            let describe = |id| self.describe(query.kind, id);
            rows = keys.matching(query.kind.number(), rows, &query.search, describe);
        }
        Ok(rows)
    }

    /// Returns what a search alone finds, by the keys alone: the records need not be looked at. `None` where it is not a search alone, or
    /// where keys are still to be made.
    fn hits_of(&self, query: &Query, search: &str) -> Option<Vec<RecordId>> {
        let ticks = query.facets.iter().any(|facet| !facet.values.is_empty());
        if search.is_empty()
            || search.starts_with('*')
            || ticks
            || !query.filters.is_empty()
            || query.only.is_some()
        {
            return None;
        }
        let count = self.live.get(&query.kind.number()).map_or(0, BTreeSet::len);
        self.keys.borrow().hits(query.kind.number(), count, &query.search)
    }

    /// Keeps the rows that fulfil all conditions.
    fn keep(
        &self,
        kind: Kind,
        rows: &mut Vec<&Row>,
        filters: &[Filter],
    ) -> Result<(), ClientError> {
        for filter in filters {
            let subject = subject(kind, &filter.field)?;
            let wanted = Wanted::new(self, kind, subject, &filter.text);
            let known = threads::judged(rows, |row| wanted.holds_by_itself(row, filter.comparison));
            let mut known = known.into_iter();
            rows.retain(|row| match known.next().flatten() {
                Some(holds) => holds,
                None => wanted.holds(self, row, filter.comparison),
            });
        }
        Ok(())
    }

    /// Returns the live records of a kind whose field holds that record.
    pub(super) fn holding(&self, kind: Kind, field: FieldNo, id: RecordId) -> Vec<RecordId> {
        let value = Value::Ref(id);
        self.indexes.borrow_mut().find(
            kind.number(),
            field,
            &value,
            self.rows.of_kind(kind.number()),
        )
    }

    /// Returns the unit a record belongs to.
    pub(super) fn unit_of(&self, id: RecordId) -> Option<UnitId> {
        self.rows.get(&id).map(|row| row.unit)
    }

    /// Returns the secondary unit that a unit is, or is under: the one below the university.
    pub(super) fn secondary(&self, unit: UnitId) -> UnitId {
        let path = self.units.path(unit);
        let is_top = |unit: &UnitId| {
            let number = Kind::Unit.spec().field("type").map(|field| field.number);
            number.and_then(|number| self.field(unit.record(), number))
                == Some(Value::Code("university".to_owned()))
        };
        path.into_iter().take_while(|unit| !is_top(unit)).last().unwrap_or(unit)
    }

    /// Returns a unit and everything below it.
    pub(super) fn subtree(&self, top: UnitId) -> BTreeSet<UnitId> {
        self.units.subtree(top)
    }

    /// Sorts rows by one column: filled values by their kind's order, empty ones last, equal ones as they stood.
    fn sorted<'a>(
        &self,
        rows: Vec<&'a Row>,
        subject: Subject,
        by: Collation,
        descending: bool,
    ) -> Vec<&'a Row> {
        let mut column = Column::default();
        let mut titles: BTreeMap<RecordId, Place> = BTreeMap::new();
        for row in &rows {
            let place = match subject.of(row) {
                ValueRef::Text(text) => column.text(text, by),
                ValueRef::Code(code) => column.plain(code),
                ValueRef::Number(number) => Place::Number(number),
                ValueRef::Date(date) => Place::Number(i64::from(date.days())),
                ValueRef::Ref(other) => {
                    *titles.entry(other).or_insert_with(|| column.text(&self.title(other), by))
                }
                ValueRef::Empty => Place::Empty,
            };
            column.places.push(place);
        }
        column.sort(rows, descending)
    }

    /// Returns the lines a record is found by: its title, its identifiers, and those of the person or unit it is about.
    fn describe(&self, kind: Kind, id: RecordId) -> String {
        let mut lines = self.title(id);
        for field in kind.spec().fields {
            match field.kind {
                ValueKind::Identifier => {
                    if let Some(Value::Text(number)) = self.field(id, field.number) {
                        lines.push('\n');
                        lines.push_str(&number);
                    }
                }
                ValueKind::Reference("person" | "unit" | "staff_file" | "cultivation") => {
                    if let Some(Value::Ref(other)) = self.field(id, field.number) {
                        lines.push('\n');
                        lines.push_str(&self.title(other));
                        self.push_number(other, &mut lines);
                    }
                }
                _ => {}
            }
        }
        lines
    }

    fn push_number(&self, id: RecordId, lines: &mut String) {
        let kind = self.rows.get(&id).and_then(|row| Kind::from_number(row.kind));
        let key = kind.and_then(|kind| kind.spec().natural.first().copied());
        let field = kind.zip(key).and_then(|(kind, key)| kind.spec().field(key));
        if let Some(Value::Text(number)) = field.and_then(|f| self.field(id, f.number)) {
            lines.push('\n');
            lines.push_str(&number);
        }
    }
}

/// A condition's text, understood once.
struct Wanted {
    subject: Subject,
    text: String,
    folded: String,
    /// Codes and choices the text stands for.
    code: Option<String>,
    date: Option<PartialDate>,
    number: Option<i64>,
    /// Records the text stands for.
    ids: Vec<RecordId>,
}

impl Wanted {
    fn new(inner: &Inner, kind: Kind, subject: Subject, wanted: &str) -> Self {
        let mut made = Self {
            subject,
            text: wanted.to_owned(),
            folded: fold(wanted),
            code: None,
            date: None,
            number: None,
            ids: Vec::new(),
        };
        let value_kind = match subject {
            Subject::Unit => ValueKind::Reference("unit"),
            Subject::Created => ValueKind::Instant,
            Subject::Field(field) => {
                made.code = code_of(kind, field, wanted);
                field.kind
            }
        };
        match value_kind {
            ValueKind::Date => made.date = iso_date(wanted),
            ValueKind::Integer => made.number = wanted.parse().ok(),
            ValueKind::Tenths => made.number = tenths(wanted),
            ValueKind::Flag => made.number = text::flag(wanted).map(i64::from),
            ValueKind::Reference(key) => made.ids = inner.named(key, wanted),
            _ => {}
        }
        made
    }

    /// Says whether a row fulfils the condition, as far as the row alone tells.
    fn holds_by_itself(&self, row: &Row, comparison: Comparison) -> Option<bool> {
        let value = self.subject.of(row);
        if self.text.is_empty() {
            return None;
        }
        match (value, comparison) {
            (ValueRef::Text(text), Comparison::Equal) => Some(self.is_text(text)),
            (ValueRef::Text(text), Comparison::NotEqual) => Some(!self.is_text(text)),
            (ValueRef::Text(text), Comparison::Contains) => Some(self.is_in(text)),
            (ValueRef::Code(code), Comparison::Equal) => Some(self.is_code(code)),
            (ValueRef::Code(code), Comparison::NotEqual) => Some(!self.is_code(code)),
            (ValueRef::Ref(id), Comparison::Equal) => Some(self.ids.contains(&id)),
            (ValueRef::Ref(id), Comparison::NotEqual) => Some(!self.ids.contains(&id)),
            _ => None,
        }
    }

    fn is_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code) || code == self.text
    }

    fn holds(&self, inner: &Inner, row: &Row, comparison: Comparison) -> bool {
        let value = value(row, self.subject).filter(|value| !value.is_blank());
        if self.text.is_empty() {
            return match comparison {
                Comparison::Equal => value.is_none(),
                Comparison::NotEqual => value.is_some(),
                _ => true,
            };
        }
        let Some(value) = value else { return comparison == Comparison::NotEqual };
        match comparison {
            Comparison::Equal => self.equals(inner, &value),
            Comparison::NotEqual => !self.equals(inner, &value),
            Comparison::Contains => self.is_in(&inner.plain(&value)),
            Comparison::Less => self.compare(inner, &value).is_lt(),
            Comparison::AtMost => self.compare(inner, &value).is_le(),
            Comparison::Greater => self.compare(inner, &value).is_gt(),
            Comparison::AtLeast => self.compare(inner, &value).is_ge(),
        }
    }

    /// True if a text is the one wanted, in either script; plain ASCII needs no folding.
    fn is_text(&self, text: &str) -> bool {
        if is_plain(text) {
            return text.eq_ignore_ascii_case(&self.folded);
        }
        text == self.text || fold(text) == self.folded
    }

    fn is_in(&self, text: &str) -> bool {
        if is_plain(text) && !text.contains(|c: char| c.is_ascii_uppercase()) {
            return text.contains(&self.folded);
        }
        text.contains(&self.text) || fold(text).contains(&self.folded)
    }

    fn equals(&self, inner: &Inner, value: &Value) -> bool {
        match value {
            Value::Code(code) => self.is_code(code),
            Value::Date(date) => date.to_string() == self.text || self.date == Some(*date),
            Value::Int(number) => self.number == Some(*number),
            Value::Flag(flag) => self.number == Some(i64::from(*flag)),
            Value::Ref(id) => self.ids.contains(id),
            Value::Text(_) | Value::Instant(_) | Value::Null | Value::Unknown { .. } => {
                fold(&inner.plain(value)) == self.folded
            }
        }
    }

    fn compare(&self, inner: &Inner, value: &Value) -> std::cmp::Ordering {
        match (value, self.date, self.number) {
            (Value::Date(date), Some(wanted), _) => date.days().cmp(&wanted.days()),
            (Value::Int(number), _, Some(wanted)) => number.cmp(&wanted),
            _ => inner.plain(value).cmp(&self.text),
        }
    }
}

/// True for text that folding only puts into lower case.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn value(row: &Row, subject: Subject) -> Option<Value> {
    match subject {
        Subject::Unit => Some(Value::Ref(row.unit.record())),
        Subject::Created => row.id.made_at().map(Value::Instant),
        Subject::Field(field) => peek_one(&row.bytes, field.number),
    }
}

fn code_of(kind: Kind, field: &FieldSpec, wanted: &str) -> Option<String> {
    if field.kind == ValueKind::Choice {
        return codes::find_choice(kind.key(), field.key, wanted).map(str::to_owned);
    }
    let list = field.codes.and_then(codes::list)?;
    list.find(wanted).map(|entry| entry.code.clone())
}

fn iso_date(text: &str) -> Option<PartialDate> {
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    match parts.as_slice() {
        [year] => PartialDate::year(year.parse().ok()?).ok(),
        [year, month] => PartialDate::month(year.parse().ok()?, month.parse().ok()?).ok(),
        [year, month, day] => {
            PartialDate::day(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
        }
        _ => None,
    }
}

/// Reads `38.5` as 385 tenths.
fn tenths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.len() != 1 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = part.parse().ok()?;
    whole.checked_mul(10)?.checked_add(part)
}

impl Inner {
    /// Returns the plain text of a value for comparing.
    fn plain(&self, value: &Value) -> String {
        match value {
            Value::Text(text) | Value::Code(text) => text.clone(),
            Value::Ref(id) => self.title(*id),
            Value::Date(date) => date.to_string(),
            Value::Int(number) | Value::Instant(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Null | Value::Unknown { .. } => String::new(),
        }
    }

    /// Returns the records of a kind that a text names: by id, by natural key, or by full name.
    pub(super) fn named(&self, kind_key: &str, text: &str) -> Vec<RecordId> {
        let Some(kind) = Kind::from_key(kind_key) else { return Vec::new() };
        if let Ok(id) = text.parse::<RecordId>() {
            return vec![id];
        }
        let spec = kind.spec();
        let keys = spec.natural.iter().chain(spec.title);
        for field in keys.filter_map(|key| spec.field(key)) {
            let value = Value::Text(text.to_owned());
            let found = self.indexes.borrow_mut().find(
                kind.number(),
                field.number,
                &value,
                self.rows.of_kind(kind.number()),
            );
            if !found.is_empty() {
                return found;
            }
        }
        let folded = fold(text);
        let named = |id: &RecordId| {
            fold(&self.title(*id)) == folded
                || (kind == Kind::Unit && fold(&self.unit_name(id.unit())) == folded)
        };
        self.of_kind(kind).filter(named).collect()
    }
}
