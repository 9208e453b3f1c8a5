//! How a person arranged a list (columns, order, what its last line says), and what its columns hold: counted, summed, stored.

use super::app::Shell;
use super::data::{Collation, Data, Failure, Query};
use crate::client::Taken;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, RecordSpec, Shape, Value, ValueKind};

pub use crate::client::{Bin, Bucket, LeftAt, StoredView, Totals};

/// Key of the column that says where a record stands between here and the server.
pub const STATE: &str = "sync-state";
/// Key of the unit a record belongs to, in kinds without a field of that name.
pub const UNIT: &str = "unit";
/// Key of the moment a record was made.
pub const CREATED: &str = "created";

/// What the last line of a list says of its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// There is no such line.
    #[default]
    None,
    /// Records with a value.
    Count,
    /// Sum of numbers.
    Sum,
    /// Mean of numbers.
    Mean,
    /// Different values.
    Distinct,
}

impl Measure {
    /// Every measure, in the order in which they follow one another.
    pub const ALL: [Self; 5] = [Self::None, Self::Count, Self::Sum, Self::Mean, Self::Distinct];

    /// Returns its name in stored views and message keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Distinct => "distinct",
        }
    }

    /// Returns the one after it.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|measure| *measure == self).unwrap_or(0);
        Self::ALL.get(place + 1).copied().unwrap_or_default()
    }
}

/// One column of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Field key, or [`STATE`].
    pub key: String,
    /// Cells; 0 for as many as the field says.
    pub cells: u16,
    /// False if it is left out.
    pub on: bool,
}

/// How the list of one kind is arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Every column of the kind, in order.
    pub columns: Vec<Shown>,
    /// How many of the columns that are shown never scroll away.
    pub pinned: usize,
    /// What the last line says.
    pub measure: Measure,
    /// By what texts are put in order.
    pub collation: Collation,
}

impl Layout {
    /// Returns the arrangement as delivered: the kind's list columns, the state after the first.
    pub fn of(kind: Kind) -> Self {
        let spec = kind.spec();
        let column = |key: &str, on: bool| Shown { key: key.to_owned(), cells: 0, on };
        let mut columns: Vec<Shown> = spec.list.iter().map(|key| column(key, true)).collect();
        columns.insert(1.min(columns.len()), column(STATE, true));
        let others = spec
            .fields
            .iter()
            .filter(|field| field.shape != Shape::Notes && !spec.list.contains(&field.key));
        columns.extend(others.map(|field| column(field.key, false)));
        Self { columns, pinned: 2, measure: Measure::None, collation: Collation::default() }
    }

    /// Takes what was stored; columns the kind has besides follow, left out.
    pub fn from_stored(kind: Kind, stored: &StoredView) -> Self {
        let delivered = Self::of(kind);
        let known = |key: &String| delivered.columns.iter().any(|column| column.key == *key);
        let mut columns: Vec<Shown> = stored
            .columns
            .iter()
            .filter(|(key, ..)| known(key))
            .map(|(key, cells, on)| Shown { key: key.clone(), cells: *cells, on: *on })
            .collect();
        for column in &delivered.columns {
            if columns.iter().all(|have| have.key != column.key) {
                columns.push(Shown { on: columns.is_empty(), ..column.clone() });
            }
        }
        let measure = Measure::ALL.into_iter().find(|measure| measure.name() == stored.measure);
        Self {
            columns,
            pinned: usize::from(stored.pinned),
            measure: measure.unwrap_or_default(),
            collation: Collation::from_name(&stored.collation).unwrap_or_default(),
        }
    }

    /// Writes it into a view that is to be stored.
    pub fn into_stored(self, kind: Kind, name: &str) -> StoredView {
        let columns = self.columns.into_iter().map(|c| (c.key, c.cells, c.on)).collect();
        StoredView {
            kind: kind.key().to_owned(),
            name: name.to_owned(),
            columns,
            pinned: u16::try_from(self.pinned).unwrap_or(0),
            measure: self.measure.name().to_owned(),
            collation: self.collation.name().to_owned(),
            ..StoredView::default()
        }
    }

    /// Returns the columns that are shown.
    pub fn shown(&self) -> impl Iterator<Item = &Shown> {
        self.columns.iter().filter(|column| column.on)
    }
}

/// Rows that leave the program in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Word for the file's name.
    pub name: String,
    /// What they are.
    pub title: String,
    /// Rows of cells, the first one with headings.
    pub rows: Vec<Vec<String>>,
    /// What personal data they hold, if any.
    pub taken: Option<TakenOut>,
}

/// What personal data leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOut {
    /// Kind of the records.
    pub kind: Kind,
    /// Fields that are shown in full.
    pub fields: Vec<FieldNo>,
    /// How many records.
    pub count: usize,
    /// True if it is every record of the kind.
    pub whole: bool,
}

impl Data {
    /// Returns how often each value of a field occurs among the records of a query; nothing if there is no such field.
    pub fn bins(&self, query: &Query, field: &str) -> Vec<Bin> {
        self.client.bins(query, field).unwrap_or_default()
    }

    /// Returns what columns add up to over records.
    pub fn totals(&self, kind: Kind, ids: &[RecordId], fields: &[&str]) -> Vec<Totals> {
        self.client.totals(kind, ids, fields).unwrap_or_default()
    }

    /// Returns those of the records that have the same value in a field as one of them.
    pub fn same(&self, kind: Kind, ids: &[RecordId], field: &str, like: RecordId) -> Vec<RecordId> {
        self.client.same(kind, ids, field, like).unwrap_or_default()
    }

    /// Returns the stored views, those without a name too.
    pub fn stored_views(&self) -> Vec<StoredView> {
        self.client.stored_views().unwrap_or_default()
    }

    /// Stores a view.
    ///
    /// # Errors
    /// What the client says; then nothing was written.
    pub fn save_view(&self, view: &StoredView) -> Result<(), Failure> {
        Ok(self.client.save_view(view)?)
    }

    /// Throws a view away.
    ///
    /// # Errors
    /// What the client says; then it is still there.
    pub fn drop_view(&self, kind: &str, name: &str) -> Result<(), Failure> {
        Ok(self.client.drop_view(kind, name)?)
    }

    /// Writes a file that only its owner can read; personal data in it are noted first.
    ///
    /// # Errors
    /// What the client says; then there is no file.
    pub fn take_out(
        &self,
        sheet: &Sheet,
        purpose: &str,
        file: &std::path::Path,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        if let Some(taken) = &sheet.taken {
            let fields = taken.fields.clone();
            let TakenOut { kind, count, whole, .. } = *taken;
            self.client.note_export(&Taken {
                kind,
                fields,
                count,
                purpose,
                receiver: "",
                whole,
            })?;
        }
        crate::client::files::write(file, bytes).map_err(|_system| Failure::of("not-written"))
    }
}

impl Shell {
    /// Returns how the list of a kind is arranged.
    pub fn layout(&self, kind: Kind) -> Layout {
        self.layouts.get(&kind).cloned().unwrap_or_else(|| Layout::of(kind))
    }

    /// Arranges the list of a kind and remembers it.
    pub fn arrange(&mut self, kind: Kind, layout: Layout) {
        let stored = layout.clone().into_stored(kind, "");
        self.layouts.insert(kind, layout);
        let saved = self.data.as_ref().map_or(Ok(()), |data| data.save_view(&stored));
        if let Err(failure) = saved {
            self.say_failure(&failure);
        }
    }

    /// Reads how the lists were left.
    pub fn read_layouts(&mut self) {
        let stored = self.data.as_ref().map(|data| data.stored_views()).unwrap_or_default();
        let left = stored.iter().filter(|view| view.name.is_empty());
        let read = left.filter_map(|view| {
            let kind = Kind::from_key(&view.kind)?;
            Some((kind, Layout::from_stored(kind, view)))
        });
        self.layouts = read.collect();
    }

    /// Returns the name of a column: of a field, or of what is no field.
    pub fn column_label(&self, spec: &RecordSpec, key: &str) -> String {
        match (spec.field(key), key) {
            (Some(field), _) => self.locale.field_label(spec, field),
            (None, STATE) => self.text("column-state"),
            (None, UNIT) => self.text("field-unit"),
            (None, CREATED) => self.text("field-created"),
            (None, other) => other.to_owned(),
        }
    }

    /// Returns what may be counted and ticked: fields with one value that is not sensitive, the unit, when it was made.
    pub fn countable(kind: Kind) -> Vec<&'static str> {
        let spec = kind.spec();
        let one = |field: &&FieldSpec| field.shape == Shape::One && !field.sensitive;
        let mut keys: Vec<&str> = spec.fields.iter().filter(one).map(|field| field.key).collect();
        for key in [UNIT, CREATED] {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Says a value, or a stretch of values, as a person reads it.
    pub fn bucket_text(&self, kind: Kind, key: &str, bucket: &Bucket) -> String {
        let spec = kind.spec();
        let field = spec.field(key);
        let say = |value: &Value| match field {
            Some(field) => self.locale.value_text(spec, field, value),
            None => String::new(),
        };
        let is = |wanted: ValueKind| field.is_some_and(|field| field.kind == wanted);
        match bucket {
            Bucket::Empty => self.text("empty"),
            Bucket::Text(text) | Bucket::Period(text) => text.clone(),
            Bucket::Code(code) => say(&Value::Code(code.clone())),
            Bucket::Number(number) if is(ValueKind::Flag) => say(&Value::Flag(*number == 1)),
            Bucket::Number(number) => say(&Value::Int(*number)),
            Bucket::Span(from, to) => {
                let last = if is(ValueKind::Integer) { to - 1 } else { *to };
                format!("{} ~ {}", say(&Value::Int(*from)), say(&Value::Int(last)))
            }
            Bucket::Ref(id) => self.data.as_ref().map(|data| data.title(*id)).unwrap_or_default(),
        }
    }

    /// Says a ticked value, which only its text is known of.
    pub fn ticked_text(&self, kind: Kind, key: &str, value: &str) -> String {
        let number = value.parse::<i64>().ok().map(Bucket::Number);
        let span = value
            .split_once("..")
            .and_then(|(from, to)| Some(Bucket::Span(from.parse().ok()?, to.parse().ok()?)));
        let id = value.parse::<RecordId>().ok().map(Bucket::Ref);
        let bucket = match kind.spec().field(key).map(|field| field.kind) {
            _ if value.is_empty() => Bucket::Empty,
            Some(ValueKind::Code | ValueKind::Choice) => Bucket::Code(value.to_owned()),
            Some(ValueKind::Integer | ValueKind::Tenths | ValueKind::Flag) => {
                number.or(span).unwrap_or(Bucket::Empty)
            }
            _ => id.unwrap_or_else(|| Bucket::Text(value.to_owned())),
        };
        self.bucket_text(kind, key, &bucket)
    }
}
