//! Values between the command line, JSON and the store.

use serde_json::{Map, Value as Json, json};

use super::context::Context;
use super::error::{CommandError, CommandResult};
use crate::client::{Client, ClientError, RecordView, clock};
use crate::domain::ids::UnitId;
use crate::domain::kinds::Kind;
use crate::domain::record::mask::masked;
use crate::domain::record::parse::{self, ParseContext};
use crate::domain::record::{FieldSpec, Fields, Issue, Owner, RecordSpec, Value, ValueKind};

/// What `FIELD=VALUE` arguments say.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// Values by field; a cleared field is null.
    pub(super) fields: Fields,
    /// Unit for a kind whose records are put into one.
    pub(super) unit: Option<UnitId>,
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
            let key = key.trim();
            match kind.spec().field(key) {
                Some(field) => match value(client, kind.spec(), field, text) {
                    Ok(value) => {
                        typed.fields.insert(field.number, value.unwrap_or(Value::Null));
                    }
                    Err(issue) => issues.push(issue),
                },
                None if key == "unit" && kind.spec().owner == Owner::Chosen => {
                    match unit_named(client, text) {
                        Ok(unit) => typed.unit = Some(unit),
                        Err(issue) => issues.push(issue),
                    }
                }
                None => return Err(unknown_field(kind, key)),
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

/// Returns a record as an element of `list`.
pub(super) fn record_json(record: &RecordView) -> Json {
    let spec = record.kind.spec();
    let mut fields = Map::new();
    for field in spec.fields {
        if let Some(value) = record.fields.get(&field.number) {
            fields.insert(field.key.to_owned(), json_value(spec, field, value));
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
