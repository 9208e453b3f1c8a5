//! Layouts: which heading fills what, read from config/headers.toml and from the kinds themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Owner, Shape, ValueKind};
use crate::domain::text;
use crate::locale::{Lang, Locale};

/// How a cell names another record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A record id, a unit's code or name, a person's school number: whichever it is.
    Any,
    /// A unit's code.
    Code,
    /// A person's school number.
    StaffNo,
    /// The name: finds a unit if there is no code; for a person it only confirms the school number.
    Name,
    /// The code of the unit above, used if the record belongs to no branch.
    Above,
    /// The name of the unit above.
    AboveName,
}

/// What a column fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldTarget {
    /// A field of the kind, by its value.
    Field(FieldNo),
    /// A reference field, by what names the record it points to.
    Reference {
        /// The field.
        field: FieldNo,
        /// How the cell names the record.
        by: By,
    },
    /// The unit that the record belongs to.
    Owner(By),
    /// The record's own id, as `list` writes it.
    Id,
}

/// One layout of a sheet.
#[derive(Clone, Debug)]
pub struct Form {
    /// The kind its rows are of.
    pub kind: Kind,
    /// Name within the kind; the key of the kind for the layout of its own field keys and labels.
    pub name: String,
    /// Targets without which it is not this layout.
    pub requires: Vec<FieldTarget>,
    /// Folded headings, one of which must be there; empty if none must.
    pub marks: BTreeSet<String>,
    /// Folded headings with what they fill.
    headings: BTreeMap<String, Vec<FieldTarget>>,
    /// Folded headings that are known and not stored.
    ignored: BTreeSet<String>,
    /// Values of fields that the sheet leaves open, as typed text; for new records only.
    pub defaults: Vec<(FieldNo, String)>,
    /// Reference fields that point to the university if the sheet leaves them open.
    pub root: Vec<FieldNo>,
    /// Spellings of this layout, folded, with the code they mean.
    values: BTreeMap<FieldNo, BTreeMap<String, String>>,
    /// Fields that take the year out of the heading of another field.
    years: BTreeMap<FieldNo, FieldNo>,
}

/// What a heading is, in one layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// It fills something.
    Fills(&'a [FieldTarget]),
    /// Known, and not stored.
    Ignored,
    /// Not known.
    Unknown,
}

impl Form {
    /// Looks a folded heading up: as it stands, then without the notes in brackets, then with its year as `#`.
    pub fn find(&self, folded: &str) -> Known<'_> {
        let bare = text::heading_without_note(folded);
        let yearless = without_year(bare);
        for spelling in [folded, bare, yearless.as_str()] {
            if let Some(targets) = self.headings.get(spelling) {
                return Known::Fills(targets);
            }
        }
        let ignored = [folded, bare].iter().any(|spelling| self.ignored.contains(*spelling));
        if ignored { Known::Ignored } else { Known::Unknown }
    }

    /// Returns the known heading spelt most like one that is not known; folded, as headings are compared.
    pub fn nearest(&self, heading: &str) -> Option<&str> {
        let folded = fold(heading);
        let bare = text::heading_without_note(&folded);
        crate::domain::codes::nearest_of(bare, self.headings.keys().map(String::as_str))
    }

    /// True if the folded heading, with or without its note, is a mark of this layout.
    pub fn is_mark(&self, folded: &str) -> bool {
        self.marks.contains(folded) || self.marks.contains(text::heading_without_note(folded))
    }

    /// Returns the code that a spelling means in this layout.
    pub fn value(&self, field: FieldNo, typed: &str) -> Option<&str> {
        let spellings = self.values.get(&field)?;
        spellings.get(&fold(typed)).map(String::as_str)
    }

    /// Returns the field that takes the year of this field's heading.
    pub fn year_field(&self, field: FieldNo) -> Option<FieldNo> {
        self.years.get(&field).copied()
    }
}

/// Folds a heading for comparison, Traditional characters to Simplified.
pub fn fold(heading: &str) -> String {
    let folded = text::heading(heading);
    if folded.is_ascii() { folded } else { hanconv::t2s(&folded) }
}

/// Replaces the first run of four digits by `#`.
fn without_year(folded: &str) -> String {
    match year_at(folded) {
        Some((at, _)) => {
            let (before, after) = folded.split_at_checked(at).unwrap_or((folded, ""));
            format!("{before}#{}", after.get(4..).unwrap_or_default())
        }
        None => folded.to_owned(),
    }
}

fn year_at(folded: &str) -> Option<(usize, i64)> {
    let at = folded.find(|c: char| c.is_ascii_digit())?;
    let year = folded.get(at..at.checked_add(4)?)?;
    Some((at, year.parse().ok()?))
}

/// Returns the year in a heading: 2025年述职等次 is 2025.
pub fn year_in(heading: &str) -> Option<i64> {
    year_at(&text::heading(heading)).map(|(_, year)| year)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadersFile {
    skip_rows: Vec<String>,
    ignored: Vec<String>,
    form: Vec<FormText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormText {
    kind: String,
    name: String,
    requires: Vec<String>,
    #[serde(default)]
    marks: Vec<String>,
    #[serde(default)]
    ignored: Vec<String>,
    columns: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    root: BTreeMap<String, bool>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    years: BTreeMap<String, String>,
}

/// All layouts, and the rows that are not data.
#[derive(Debug)]
pub struct Layouts {
    /// Layouts of config/headers.toml first, then one per kind of its own keys and labels.
    pub forms: Vec<Form>,
    skip_rows: BTreeSet<String>,
}

impl Layouts {
    /// True if a row that starts with this text is a total, a signature or a note.
    pub fn is_skipped(&self, first_cell: &str) -> bool {
        if first_cell.len() > 120 {
            return false;
        }
        let folded = fold(first_cell);
        let word = folded.split([':', '(']).next().unwrap_or_default();
        let noted = folded.len() > word.len();
        self.skip_rows.contains(folded.trim_end_matches(':'))
            || (noted && self.skip_rows.contains(word))
    }
}

/// Returns the layouts this build knows.
pub fn layouts() -> &'static Layouts {
    &LAYOUTS
}

const SOURCE: &str = include_str!("../../../config/headers.toml");

static LAYOUTS: LazyLock<Layouts> = LazyLock::new(|| {
    build(SOURCE).unwrap_or_else(|_invalid| {
        Layouts { forms: own_forms(), skip_rows: BTreeSet::new() } // a test refuses an invalid file
    })
});

fn build(source: &str) -> Result<Layouts, String> {
    let file: HeadersFile = toml::from_str(source).map_err(|error| error.to_string())?;
    let own = own_forms();
    let common: BTreeSet<String> = file.ignored.iter().map(|word| fold(word)).collect();
    let mut forms = Vec::new();
    for text in &file.form {
        let mut form = read_form(text)?;
        form.ignored.extend(common.iter().cloned());
        if let Some(own) = own.iter().find(|own| own.kind == form.kind) {
            for (heading, targets) in &own.headings {
                if form.find(heading) == Known::Unknown {
                    form.headings.insert(heading.clone(), targets.clone());
                }
            }
        }
        forms.push(form);
    }
    forms.extend(own);
    let skip_rows = file.skip_rows.iter().map(|word| fold(word)).collect();
    Ok(Layouts { forms, skip_rows })
}

fn read_form(text: &FormText) -> Result<Form, String> {
    let kind = Kind::from_key(&text.kind).ok_or_else(|| format!("no kind {}", text.kind))?;
    let field = |key: &str| {
        kind.spec().field(key).ok_or_else(|| format!("{} has no field {key}", text.kind))
    };
    let number = |key: &String| field(key).map(|field| field.number);
    let mut headings: BTreeMap<String, Vec<FieldTarget>> = BTreeMap::new();
    for (key, words) in &text.columns {
        let target = target(kind, key)?;
        for word in words {
            headings.entry(fold(word)).or_default().push(target);
        }
    }
    let mut values = BTreeMap::new();
    for (key, spellings) in &text.values {
        let folded = spellings.iter().map(|(typed, code)| (fold(typed), code.clone())).collect();
        values.insert(number(key)?, folded);
    }
    let defaults = text.defaults.iter().map(|(key, value)| Ok((number(key)?, value.clone())));
    let years = text.years.iter().map(|(key, year)| Ok((number(key)?, number(year)?)));
    Ok(Form {
        kind,
        name: text.name.clone(),
        requires: text.requires.iter().map(|key| target(kind, key)).collect::<Result<_, _>>()?,
        marks: text.marks.iter().map(|word| fold(word)).collect(),
        headings,
        ignored: text.ignored.iter().map(|word| fold(word)).collect(),
        defaults: defaults.collect::<Result<_, String>>()?,
        root: text.root.keys().map(number).collect::<Result<_, _>>()?,
        values,
        years: years.collect::<Result<_, String>>()?,
    })
}

fn target(kind: Kind, key: &str) -> Result<FieldTarget, String> {
    let (field, how) = match key.strip_prefix("@owner") {
        Some(how) => ("", how.strip_prefix('@')),
        None => key.split_once('@').map_or((key, None), |(field, how)| (field, Some(how))),
    };
    let by = match how {
        None => None,
        Some("code") => Some(By::Code),
        Some("staff_no") => Some(By::StaffNo),
        Some("name") => Some(By::Name),
        Some("above") => Some(By::Above),
        Some("above_name") => Some(By::AboveName),
        Some(other) => return Err(format!("nothing is found by {other}")),
    };
    if field.is_empty() {
        return Ok(FieldTarget::Owner(by.unwrap_or(By::Any)));
    }
    let spec = kind.spec().field(field);
    let spec = spec.ok_or_else(|| format!("{} has no field {field}", kind.key()))?;
    Ok(match by {
        Some(by) => FieldTarget::Reference { field: spec.number, by },
        None => plain_target(spec),
    })
}

fn plain_target(field: &FieldSpec) -> FieldTarget {
    match field.kind {
        ValueKind::Reference(_) => FieldTarget::Reference { field: field.number, by: By::Any },
        _ => FieldTarget::Field(field.number),
    }
}

/// One layout per kind whose headings are field keys, labels, `id` and `unit`: what `list` and `template` write.
fn own_forms() -> Vec<Form> {
    let locales: Vec<Locale> = Lang::ALL.into_iter().map(Locale::new).collect();
    Kind::ALL.iter().map(|kind| own_form(*kind, &locales)).collect()
}

fn own_form(kind: Kind, locales: &[Locale]) -> Form {
    let spec = kind.spec();
    let mut headings = BTreeMap::new();
    // Notes are written where they were made; a sheet only shows them.
    let (notes, fields): (Vec<&FieldSpec>, Vec<&FieldSpec>) =
        spec.fields.iter().partition(|field| field.shape == Shape::Notes);
    for field in &fields {
        headings.insert(field.key.to_owned(), vec![plain_target(field)]);
    }
    for field in fields {
        for label in locales.iter().map(|locale| locale.field_label(spec, field)) {
            if !label.starts_with('[') {
                headings.entry(fold(&label)).or_insert_with(|| vec![plain_target(field)]);
            }
        }
    }
    headings.insert("id".to_owned(), vec![FieldTarget::Id]);
    if spec.owner == Owner::Chosen {
        for label in locales.iter().map(|locale| locale.text("import-owner-unit")) {
            headings.entry(fold(&label)).or_insert_with(|| vec![FieldTarget::Owner(By::Any)]);
        }
    }
    headings.entry("unit".to_owned()).or_insert_with(|| vec![FieldTarget::Owner(By::Any)]);
    let requires = spec.natural.iter().filter_map(|key| spec.field(key));
    let requires = requires.filter(|field| field.required).map(plain_target).collect();
    Form {
        kind,
        name: spec.key.to_owned(),
        requires,
        marks: BTreeSet::new(),
        headings,
        ignored: notes
            .iter()
            .flat_map(|field| {
                let labels = locales.iter().map(|locale| fold(&locale.field_label(spec, field)));
                labels.chain(std::iter::once(field.key.to_owned())).collect::<Vec<_>>()
            })
            .collect(),
        defaults: Vec::new(),
        root: Vec::new(),
        values: BTreeMap::new(),
        years: BTreeMap::new(),
    }
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn every_column_of_the_headings_file_names_a_field() {
        let layouts = build(SOURCE).unwrap();
        assert!(layouts.forms.len() > Kind::ALL.len());
        assert!(layouts.is_skipped("合 计"));
        assert!(layouts.is_skipped("填表人：张三"));
        assert!(!layouts.is_skipped("合计划分党支部"));
    }

    #[test]
    fn headings_are_found_in_either_script_and_with_notes() {
        let form = layouts().forms.iter().find(|form| form.name == "committee members").unwrap();
        let role = Known::Fills(&[FieldTarget::Field(FieldNo(3))]);
        for heading in ["职务（留空默认为委员）", "職務", "職 務 (空則為委員)", "role"]
        {
            assert_eq!(form.find(&fold(heading)), role, "{heading}");
        }
        assert_eq!(form.find(&fold("是否雙帶頭人")), Known::Ignored);
    }

    #[test]
    fn a_year_in_a_heading_is_read() {
        assert_eq!(without_year("2025年述职等次"), "#年述职等次");
        assert_eq!(year_in("2025年述职等次"), Some(2025));
        assert_eq!(year_in("年度"), None);
    }
}
