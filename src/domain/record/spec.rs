//! Specs: what is known about a kind and its fields, as constants that everything else reads.

use super::care::Care;
use super::issue::Issue;
use super::value::FieldNo;
use crate::domain::access::Office;
use crate::domain::ids::RecordId;
use crate::domain::record::Fields;
use crate::domain::record::PartialDate;
use crate::domain::record::types::FieldType;
use crate::domain::rules::policy::Policies;
use crate::domain::rules::registry::Registry;

/// What sort of input a field takes; decides the form's widget, the parser and the spreadsheet column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Free text.
    Text,
    /// A person's or unit's name: spaces between Han characters do not count.
    Name,
    /// A school number, unit code or document number: full-width folded, no spaces.
    Identifier,
    /// An 18-digit resident identity number (GB 11643-1999).
    IdNumber,
    /// A telephone number.
    Phone,
    /// A whole number between the spec's `min` and `max`.
    Integer,
    /// A decimal with one place, stored in tenths.
    Tenths,
    /// Yes or no.
    Flag,
    /// A civil date, to the day, month or year.
    Date,
    /// A moment, typed and shown in the office's time zone.
    Instant,
    /// A code of a list under config/codes.
    Code,
    /// One of the kind's own closed set of choices.
    Choice,
    /// Another record, of the kind with this key.
    Reference(&'static str),
}

/// How many values a field has, and who may change them (protocol, Elements).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One.
    One,
    /// Several texts, each with an identity of its own: what two people add is both there. Typed and written as one text, with
    /// [`crate::domain::text::LIST_MARK`] between them.
    Many,
    /// Dated remarks with their authors: only added to.
    Notes,
}

/// How two edits of one field meet (protocol, Merge policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Both values are kept and a person settles it.
    Review,
    /// The later edit wins; the loser stays in a closed conflict. For declared trifles.
    LastWriter,
    /// A workflow state: moves along the kind's steps; an illegal pair is a conflict.
    Steps,
}

/// Which unit a record of a kind belongs to, and so who can see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The record is a unit and belongs to itself.
    Itself,
    /// The unit that the reference field with this key names.
    Field(&'static str),
    /// The unit that owns the record which the field with this key names.
    Of(&'static str),
    /// Chosen when the record is made (a person's branch), else the author's unit; changed by a move.
    Chosen,
}

/// One workflow step: who may move a record from one state to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name on the command line and in the action list.
    pub action: &'static str,
    /// States it starts from.
    pub from: &'static [&'static str],
    /// State it leads to.
    pub to: &'static str,
    /// Who takes it; higher offices may too.
    pub office: Office,
    /// Keys of fields that must be filled for it.
    pub needs: &'static [&'static str],
    /// True if a reason must be given.
    pub reason: bool,
}

/// A day by which something is to be done about a record: a line of the to-do list and of the year's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Stable word; the text is `cli-task-<code>`.
    pub code: &'static str,
    /// Key of the date field.
    pub on: &'static str,
    /// States in which it is still to be done; none: in any.
    pub states: &'static [&'static str],
    /// Key of a field that says it is done once it is filled.
    pub until: Option<&'static str>,
    /// Days before the day that it shows in the to-do list.
    pub notice: i32,
}

/// A kind's own check against other records: the registry, the record's id unless it is new, and its fields.
pub type Against = fn(&dyn Registry, Option<RecordId>, &Fields) -> Vec<Issue>;

/// Days that follow from a record and the rules in force, each with its word: lines of the to-do list.
pub type Awaits = fn(&Fields, &Policies) -> Vec<(&'static str, PartialDate)>;

/// One field of a kind.
#[expect(clippy::struct_excessive_bools, reason = "independent marks, set one by one by name")]
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Number on the wire and on disk, for ever.
    pub number: FieldNo,
    /// Name in files, JSON and on the command line, for ever.
    pub key: &'static str,
    /// What the value says, from the doc comment; goes into the data dictionary.
    pub doc: &'static str,
    /// Input and storage type; of one element where there are several.
    pub kind: ValueKind,
    /// How many values it has.
    pub shape: Shape,
    /// True if a record without it is refused.
    pub required: bool,
    /// What happens when two people change it.
    pub merge: Merge,
    /// Fields that only mean something together; they conflict as one.
    pub group: Option<&'static str>,
    /// Personal data: masked or left out where it is not needed, never logged.
    pub personal: bool,
    /// Sensitive personal data: shown in full only by a logged action.
    pub sensitive: bool,
    /// Cells in a list column.
    pub width: u16,
    /// Code list under config/codes.
    pub codes: Option<&'static str>,
    /// Closed choices, for [`ValueKind::Choice`].
    pub choices: &'static [&'static str],
    /// First catalogue version that has the field; 1 is the first.
    pub since: u16,
    /// Longest text, in characters.
    pub max_chars: u16,
    /// Smallest and largest number, for integers and tenths (in tenths).
    pub range: (i64, i64),
    /// True if no two live records of the kind may share the value.
    pub unique: bool,
    /// Office that may write it.
    pub office: Office,
    /// Why it is kept, for how long and for whom, where that differs from the kind's rule.
    pub care: Option<Care>,
}

/// One record kind.
#[derive(Debug)]
pub struct RecordSpec {
    /// Number on the wire and on disk, for ever.
    pub number: u16,
    /// Name in files, JSON and on the command line, for ever.
    pub key: &'static str,
    /// What one record is, from the doc comment.
    pub doc: &'static str,
    /// Fields in the order of the form.
    pub fields: &'static [FieldSpec],
    /// Which unit a record belongs to.
    pub owner: Owner,
    /// True if units below the owner see it too (classes, calendars).
    pub published: bool,
    /// Office that may create and delete records of the kind.
    pub office: Office,
    /// Keys of the columns of the list screen, in order; the first ones are pinned.
    pub list: &'static [&'static str],
    /// Keys of the fields that name a record to a person, in order.
    pub title: &'static [&'static str],
    /// Keys of the fields by which a row of a sheet finds the record it is about.
    pub natural: &'static [&'static str],
    /// Key of the workflow field, with its steps.
    pub steps: &'static [Step],
    /// Key of a reference besides the owner's by which the server finds the records that point to one.
    pub found_by: Option<&'static str>,
    /// Why its fields are kept, for how long and for whom.
    pub care: Option<Care>,
    /// Days by which something is to be done about a record.
    pub dues: &'static [Due],
    /// Checks against other records that only this kind has.
    pub against: Option<Against>,
    /// Days that follow from a record and the rules in force.
    pub awaits: Option<Awaits>,
}

/// A field of a kind, checked at compile time by `field!`.
#[derive(Clone, Copy, Debug)]
pub struct FieldId {
    /// The kind.
    pub spec: &'static RecordSpec,
    /// Place in `spec.fields`.
    pub index: usize,
}

/// Longest single-line text unless a spec says otherwise.
const DEFAULT_MAX_CHARS: u16 = 200;

impl FieldSpec {
    /// Starts a field of type `T`; the `record!` macro calls it.
    pub const fn new<T: FieldType>(number: u16, key: &'static str, doc: &'static str) -> Self {
        Self {
            number: FieldNo(number),
            key,
            doc,
            kind: T::KIND,
            shape: T::SHAPE,
            required: T::REQUIRED,
            merge: Merge::Review,
            group: None,
            personal: false,
            sensitive: false,
            width: 12,
            codes: None,
            choices: T::CHOICES,
            since: 1,
            max_chars: DEFAULT_MAX_CHARS,
            range: (0, 1_000_000),
            unique: false,
            office: Office::Organizer,
            care: None,
        }
    }
    /// Says why the field is kept, for how long and for whom, where that differs from the kind's rule.
    #[must_use]
    pub const fn care(mut self, care: Care) -> Self {
        self.care = Some(care);
        self
    }
    /// Sets the list column's cells.
    #[must_use]
    pub const fn width(mut self, cells: u16) -> Self {
        self.width = cells;
        self
    }
    /// Sets the merge policy.
    #[must_use]
    pub const fn merge(mut self, merge: Merge) -> Self {
        self.merge = merge;
        self
    }
    /// Puts the field into a group that conflicts as one.
    #[must_use]
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }
    /// Marks personal data.
    #[must_use]
    pub const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
    /// Marks sensitive personal data (PIPL Art. 28): masked on screen.
    #[must_use]
    pub const fn sensitive(mut self) -> Self {
        self.personal = true;
        self.sensitive = true;
        self
    }
    /// Says since which catalogue version the field exists; such a field must be optional.
    #[must_use]
    pub const fn since(mut self, version: u16) -> Self {
        self.since = version;
        self
    }
    /// Names the code list.
    #[must_use]
    pub const fn codes(mut self, list: &'static str) -> Self {
        self.codes = Some(list);
        self
    }
    /// Sets the longest text in characters.
    #[must_use]
    pub const fn max_chars(mut self, chars: u16) -> Self {
        self.max_chars = chars;
        self
    }
    /// Sets the smallest and largest number.
    #[must_use]
    pub const fn range(mut self, min: i64, max: i64) -> Self {
        self.range = (min, max);
        self
    }
    /// Says that no two live records of the kind may share the value.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
    /// Reserves writing to an office.
    #[must_use]
    pub const fn office(mut self, office: Office) -> Self {
        self.office = office;
        self
    }
}

impl RecordSpec {
    /// Starts a kind; the `record!` macro calls it.
    pub const fn new(
        number: u16,
        key: &'static str,
        doc: &'static str,
        fields: &'static [FieldSpec],
    ) -> Self {
        Self {
            number,
            key,
            doc,
            fields,
            owner: Owner::Chosen,
            published: false,
            office: Office::Organizer,
            list: &[],
            title: &[],
            natural: &[],
            steps: &[],
            found_by: None,
            care: None,
            dues: &[],
            against: None,
            awaits: None,
        }
    }
    /// Says why the kind's fields are kept, for how long and for whom.
    #[must_use]
    pub const fn care(mut self, care: Care) -> Self {
        self.care = Some(care);
        self
    }
    /// Returns why a field of the kind is kept; `None` fails a test.
    pub const fn care_of(&self, field: &FieldSpec) -> Option<Care> {
        match field.care {
            Some(care) => Some(care),
            None => self.care,
        }
    }
    /// Says which unit a record belongs to.
    #[must_use]
    pub const fn owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }
    /// Lets the units below the owner see the records.
    #[must_use]
    pub const fn published(mut self) -> Self {
        self.published = true;
        self
    }
    /// Reserves creating and deleting to an office.
    #[must_use]
    pub const fn office(mut self, office: Office) -> Self {
        self.office = office;
        self
    }
    /// Names the list columns.
    #[must_use]
    pub const fn list(mut self, keys: &'static [&'static str]) -> Self {
        self.list = keys;
        self
    }
    /// Names the fields that name a record to a person.
    #[must_use]
    pub const fn title(mut self, keys: &'static [&'static str]) -> Self {
        self.title = keys;
        self
    }
    /// Names the fields by which a sheet's row finds its record.
    #[must_use]
    pub const fn natural(mut self, keys: &'static [&'static str]) -> Self {
        self.natural = keys;
        self
    }
    /// Names a reference, besides the one that gives the unit, by which the server finds all records that point to one.
    #[must_use]
    pub const fn found_by(mut self, key: &'static str) -> Self {
        self.found_by = Some(key);
        self
    }
    /// Lists the days by which something is to be done about a record.
    #[must_use]
    pub const fn dues(mut self, dues: &'static [Due]) -> Self {
        self.dues = dues;
        self
    }
    /// Adds the kind's own check against other records.
    #[must_use]
    pub const fn against(mut self, check: Against) -> Self {
        self.against = Some(check);
        self
    }
    /// Adds the days that follow from a record and the rules in force.
    #[must_use]
    pub const fn awaits(mut self, awaits: Awaits) -> Self {
        self.awaits = Some(awaits);
        self
    }
    /// Lists the workflow steps of the field merged by [`Merge::Steps`].
    #[must_use]
    pub const fn steps(mut self, steps: &'static [Step]) -> Self {
        self.steps = steps;
        self
    }

    /// Returns the place of the field with that key.
    ///
    /// # Panics
    /// At compile time, if there is none.
    #[expect(clippy::panic, clippy::indexing_slicing, reason = "evaluated at compile time only")]
    pub const fn index_of(&self, key: &str) -> usize {
        let mut i = 0;
        while i < self.fields.len() {
            if same(self.fields[i].key, key) {
                return i;
            }
            i += 1;
        }
        panic!("no field with that key in this record kind")
    }

    /// Returns the field with that key.
    pub fn field(&self, key: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Returns the fields of a shape.
    pub fn shaped(&self, shape: Shape) -> impl Iterator<Item = &'static FieldSpec> {
        self.fields.iter().filter(move |field| field.shape == shape)
    }

    /// Returns the field with that number.
    pub fn field_no(&self, number: FieldNo) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.number == number)
    }

    /// Returns the workflow field, if the kind has one.
    pub fn state_field(&self) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.merge == Merge::Steps)
    }

    /// Returns the fields that conflict together with `field`: its group, or itself alone.
    pub fn group_of(&self, field: FieldNo) -> Vec<FieldNo> {
        let group = self.field_no(field).and_then(|spec| spec.group);
        match group {
            None => vec![field],
            Some(_) => self.fields.iter().filter(|f| f.group == group).map(|f| f.number).collect(),
        }
    }

    /// Refuses a kind whose list of fields contradicts itself.
    ///
    /// # Panics
    /// At compile time, if keys or numbers repeat, or a field lacks what its type needs.
    #[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
    pub const fn check(&self) {
        let mut i = 0;
        while i < self.fields.len() {
            let field = &self.fields[i];
            assert!(self.index_of(field.key) == i, "two fields share one key");
            let mut j = 0;
            while j < i {
                assert!(self.fields[j].number.0 != field.number.0, "two fields share one number");
                j += 1;
            }
            assert!(!field.doc.is_empty(), "a field has no doc comment");
            assert!(field.since == 1 || !field.required, "a field added later must be optional");
            assert!(
                !matches!(field.kind, ValueKind::Code) || field.codes.is_some(),
                "a code field names no code list"
            );
            let texts = matches!(field.kind, ValueKind::Text | ValueKind::Name);
            assert!(texts || matches!(field.shape, Shape::One), "elements are texts");
            i += 1;
        }
        self.check_keys(self.list);
        self.check_keys(self.title);
        self.check_keys(self.natural);
        if let Some(key) = self.found_by {
            self.index_of(key);
        }
        let mut i = 0;
        while i < self.dues.len() {
            self.index_of(self.dues[i].on);
            if let Some(key) = self.dues[i].until {
                self.index_of(key);
            }
            i += 1;
        }
    }

    #[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
    const fn check_keys(&self, keys: &[&str]) {
        let mut i = 0;
        while i < keys.len() {
            self.index_of(keys[i]);
            i += 1;
        }
    }
}

impl FieldId {
    /// Returns the field's key.
    pub fn key(self) -> &'static str {
        self.spec.fields.get(self.index).map_or("", |field| field.key)
    }

    /// Returns the field's number.
    #[expect(clippy::indexing_slicing, reason = "`field!` found the place at compile time")]
    pub const fn number(self) -> FieldNo {
        if self.index < self.spec.fields.len() {
            self.spec.fields[self.index].number
        } else {
            FieldNo(0)
        }
    }
}

impl From<FieldId> for String {
    fn from(field: FieldId) -> Self {
        field.key().to_owned()
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
