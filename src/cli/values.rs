//! Values between the command line, JSON and the store.

use serde_json::{Map, Value as Json, json};

use super::context::Context;
use super::error::{CommandError, CommandResult};
use crate::client::{Client, ClientError, ElementView, RecordView, clock};
use crate::domain::ids::UnitId;
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::domain::record::parse::{self, ParseContext};
use crate::domain::record::{FieldSpec, Fields, Issue, Owner, RecordSpec, Shape, Value, ValueKind};
use crate::domain::text;
use crate::locale::instant_text;

/// What `FIELD=VALUE` arguments say.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// Values by field; a cleared field is null.
    pub(super) fields: Fields,
    /// Unit for a kind whose records are put into one.
    pub(super) unit: Option<UnitId>,
    /// Elements added to (`FIELD+=VALUE`) or taken out of (`FIELD-=VALUE`) a field with several values.
    elements: Vec<(&'static FieldSpec, Sign, Value)>,
}

/// What happens to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Add,
    Remove,
}

impl Typed {
    /// Makes values of the elements that were added to or taken out of a record that is there.
    pub(super) fn meet(&mut self, view: &RecordView) -> CommandResult<()> {
        for (field, sign, value) in std::mem::take(&mut self.elements) {
            let stored = view.fields.get(&field.number);
            let now = self.fields.get(&field.number).or(stored).and_then(Value::as_text);
            let mut texts = text::elements(now.unwrap_or_default());
            for element in text::elements(value.as_text().unwrap_or_default()) {
                let known = texts.contains(&element);
                match sign {
                    Sign::Add if known => {}
                    Sign::Add => texts.push(element),
                    Sign::Remove if known => texts.retain(|other| *other != element),
                    Sign::Remove => {
                        let id = element.to_owned();
                        return Err(ClientError::NotFound { what: "element", id }.into());
                    }
                }
            }
            let joined = Value::Text(text::join_elements(&texts));
            self.fields.insert(field.number, joined);
        }
        Ok(())
    }

    /// The same for a record that is being made.
    pub(super) fn make(&mut self) -> CommandResult<()> {
        for (field, sign, value) in std::mem::take(&mut self.elements) {
            if sign == Sign::Remove {
                let id = value.as_text().unwrap_or_default().to_owned();
                return Err(ClientError::NotFound { what: "element", id }.into());
            }
            let before = self.fields.get(&field.number).and_then(Value::as_text);
            let both = [before.unwrap_or_default(), value.as_text().unwrap_or_default()];
            let joined = text::join_elements(&text::elements(&text::join_elements(&both)));
            self.fields.insert(field.number, Value::Text(joined));
        }
        Ok(())
    }
}

/// Takes the sign off a key: `lecturers+` adds.
fn signed(key: &str) -> (&str, Option<Sign>) {
    if let Some(key) = key.strip_suffix('+') {
        (key.trim_end(), Some(Sign::Add))
    } else if let Some(key) = key.strip_suffix('-') {
        (key.trim_end(), Some(Sign::Remove))
    } else {
        (key, None)
    }
}

impl Context {
    /// Reads `FIELD=VALUE` arguments; everything that is wrong is told at once.
    pub(super) fn typed(
        &self,
        client: &Client,
        kind: Kind,
        pairs: &[String],
    ) -> CommandResult<Typed> {
        let mut typed = Typed::default();
        let mut issues = Vec::new();
        for pair in pairs {
            let (key, text) = pair
                .split_once('=')
                .ok_or_else(|| CommandError::usage("not-a-pair").with("value", pair))?;
            let (key, sign) = signed(key.trim());
            match (kind.spec().field(key), sign) {
                (Some(field), Some(sign)) if field.shape == Shape::Many => {
                    match value(client, kind.spec(), field, text) {
                        Ok(value) => typed.elements.extend(value.map(|value| (field, sign, value))),
                        Err(issue) => issues.push(issue),
                    }
                }
                (Some(field), Some(sign))
                    if !(field.shape == Shape::Notes && sign == Sign::Add) =>
                {
                    return Err(CommandError::usage("usage-not-several").with("field", key));
                }
                (Some(field), _) => match value(client, kind.spec(), field, text) {
                    Ok(value) => {
                        typed.fields.insert(field.number, value.unwrap_or(Value::Null));
                    }
                    Err(issue) => issues.push(issue),
                },
                (None, _) if key == "unit" && kind.spec().owner == Owner::Chosen => {
                    match unit_named(client, text) {
                        Ok(unit) => typed.unit = Some(unit),
                        Err(issue) => issues.push(issue),
                    }
                }
                (None, _) => return Err(unknown_field(kind, key)),
            }
        }
        if issues.is_empty() {
            return Ok(typed);
        }
        Err(self.explain(kind, ClientError::Invalid { issues }))
    }
}

/// Returns the error for a field that a kind does not have.
pub(super) fn unknown_field(kind: Kind, key: &str) -> CommandError {
    CommandError::usage("not-found-field")
        .with("id", key)
        .knowing(kind.spec().fields.iter().map(|field| field.key))
}

/// Reads one typed value; a reference may be an id, a code, a school number or a full name.
pub(super) fn value(
    client: &Client,
    spec: &RecordSpec,
    field: &FieldSpec,
    text: &str,
) -> Result<Option<Value>, Issue> {
    let context = ParseContext::typed(clock::today());
    match (parse::parse(spec, field, text, &context), field.kind) {
        (Err(issue), ValueKind::Reference(key)) if issue.code == "reference-unresolved" => {
            let kind = Kind::from_key(key).ok_or(issue)?;
            named(client, kind, field.key, text).map(|id| Some(Value::Ref(id)))
        }
        (other, _) => other,
    }
}

fn named(
    client: &Client,
    kind: Kind,
    field: &str,
    text: &str,
) -> Result<crate::domain::ids::RecordId, Issue> {
    match client.named(kind, text.trim()).as_slice() {
        [one] => Ok(*one),
        [] => Err(Issue::error(field, "reference-unresolved").with("kind", kind.key())),
        several => Err(Issue::error(field, "ambiguous-record").with("count", several.len())),
    }
}

fn unit_named(client: &Client, text: &str) -> Result<UnitId, Issue> {
    named(client, Kind::Unit, "unit", text).map(crate::domain::ids::RecordId::unit)
}

/// Returns a value as scripts read it: numbers as numbers, dates ISO, references as ids.
pub(super) fn json_value(spec: &RecordSpec, field: &FieldSpec, value: &Value) -> Json {
    match value {
        Value::Null | Value::Unknown { .. } => Json::Null,
        Value::Flag(flag) => json!(flag),
        Value::Int(number) if field.kind != ValueKind::Tenths => json!(number),
        Value::Int(_) => {
            let text = parse::format(spec, field, value);
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        Value::Text(_) | Value::Code(_) | Value::Date(_) | Value::Instant(_) | Value::Ref(_) => {
            Json::String(parse::format(spec, field, value))
        }
    }
}

/// Returns a value of a field named by its key; for the unit and the deletion, which are no fields.
pub(super) fn json_of(kind: Kind, key: &str, value: Option<&Value>) -> Json {
    let Some(value) = value else { return Json::Null };
    match kind.spec().field(key) {
        Some(field) => json_value(kind.spec(), field, value),
        None => match value {
            Value::Ref(id) => json!(id.to_string()),
            Value::Flag(flag) => json!(flag),
            _ => Json::Null,
        },
    }
}

/// Returns a moment as ISO 8601; null for a time that is not known.
pub(super) fn json_at(ms: i64) -> Json {
    if ms == 0 { Json::Null } else { json!(parse::instant_text(ms)) }
}

fn note_json(note: &ElementView) -> Json {
    json!({ "at": json_at(note.at), "by": note.by, "text": note.value.as_text() })
}

/// Returns the notes of a field as a person reads them, the oldest first: when, who, what.
pub(super) fn note_lines(record: &RecordView, field: &FieldSpec) -> Vec<String> {
    let notes = record.elements.iter().filter(|element| element.field == field.number);
    notes
        .map(|note| {
            let text = note.value.as_text().unwrap_or_default();
            format!("{} {}: {text}", instant_text(note.at), note.by)
        })
        .collect()
}

/// Returns a record as an element of `list`.
pub(super) fn record_json(record: &RecordView) -> Json {
    let spec = record.kind.spec();
    let mut fields = Map::new();
    for field in spec.fields {
        let several = record.elements.iter().filter(|element| element.field == field.number);
        match field.shape {
            Shape::One => {
                if let Some(value) = record.fields.get(&field.number) {
                    fields.insert(field.key.to_owned(), json_value(spec, field, value));
                }
            }
            Shape::Many => {
                let all: Vec<Json> =
                    several.map(|element| json!(element.value.as_text())).collect();
                if !all.is_empty() {
                    fields.insert(field.key.to_owned(), Json::Array(all));
                }
            }
            Shape::Notes => {
                let all: Vec<Json> = several.map(note_json).collect();
                if !all.is_empty() {
                    fields.insert(field.key.to_owned(), Json::Array(all));
                }
            }
        }
    }
    let unit = Some(record.unit).filter(|unit| *unit != UnitId::HOME).map(|unit| unit.to_string());
    json!({
        "id": record.id.to_string(),
        "kind": record.kind.key(),
        "unit": unit,
        "state": record.state.key(),
        "fields": fields,
    })
}

impl Context {
    /// Returns a value as a person reads it on a screen: sensitive ones masked.
    pub(super) fn shown(&self, client: &Client, kind: Kind, key: &str, value: &Value) -> String {
        let field = kind.spec().field(key);
        if let Some(masked) = field.and_then(|field| masked(field, value)) {
            return masked;
        }
        self.full(client, kind, key, value)
    }

    /// Returns a value as a person reads it, in full.
    pub(super) fn full(&self, client: &Client, kind: Kind, key: &str, value: &Value) -> String {
        match (value, kind.spec().field(key)) {
            (Value::Ref(id), _) => client.title(*id),
            (value, Some(field)) => self.locale.value_text(kind.spec(), field, value),
            (Value::Flag(flag), None) => {
                self.locale.text(if *flag { "flag-yes" } else { "flag-no" })
            }
            _ => String::new(),
        }
    }

    /// Returns the label of a field, or of the unit and the deletion, which are no fields.
    pub(super) fn label(&self, kind: Kind, key: &str) -> String {
        match kind.spec().field(key) {
            Some(field) => self.locale.field_label(kind.spec(), field),
            None if key == "unit" || key == "deleted" => {
                self.locale.text(&format!("cli-col-{key}"))
            }
            None => key.to_owned(),
        }
    }
}
