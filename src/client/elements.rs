//! Fields with several values, and notes: what is typed as one text becomes operations on single elements, so that what two
//! people add meets as two elements and not as two texts.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Client;
use super::conflicts::hlc_ms;
use super::edit::Edit;
use super::error::ClientError;
use super::ids;
use super::journal::Inverse;
use super::records::Saved;
use super::state::Inner;
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldNo, FieldSpec, Fields, Shape, Value};
use crate::domain::text;
use crate::sync::{Base, OpBody, Record};

/// One element of a field with several values, or one note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementView {
    /// Field.
    pub field: FieldNo,
    /// Identity of the element.
    pub id: Uuid,
    /// What it says.
    pub value: Value,
    /// Name of who wrote it, as far as it is known here.
    pub by: String,
    /// When, by the author's clock, milliseconds.
    pub at: i64,
}

/// An element as it is here: its id, its text, and what its next author has seen.
type Held = (Uuid, String, Base);

impl Client {
    /// Adds an element to a field with several values; one that says the same is there already is not added again.
    ///
    /// # Errors
    /// As for [`Client::set_fields`].
    pub fn add_element(
        &self,
        id: RecordId,
        field: &FieldSpec,
        element: &str,
    ) -> Result<Saved, ClientError> {
        self.with_elements(id, field, |texts| texts.push(element.to_owned()))
    }

    /// Gives the element with this id another text.
    ///
    /// # Errors
    /// As for [`Client::set_fields`]; [`ClientError::NotFound`] if there is no such element.
    pub fn change_element(
        &self,
        id: RecordId,
        field: &FieldSpec,
        element: Uuid,
        text: &str,
    ) -> Result<Saved, ClientError> {
        let held = held(&self.lock().record(id)?, field.number);
        let place = held.iter().position(|(other, ..)| *other == element);
        let place = place.ok_or_else(|| missing(element.to_string()))?;
        self.with_elements(id, field, |texts| {
            if let Some(old) = texts.get_mut(place) {
                text.clone_into(old);
            }
        })
    }

    /// Takes the element with this text out.
    ///
    /// # Errors
    /// As for [`Client::set_fields`]; [`ClientError::NotFound`] if there is no such element.
    pub fn remove_element(
        &self,
        id: RecordId,
        field: &FieldSpec,
        element: &str,
    ) -> Result<Saved, ClientError> {
        let held = held(&self.lock().record(id)?, field.number);
        if !held.iter().any(|(_, text, _)| text == element) {
            return Err(missing(element.to_owned()));
        }
        self.with_elements(id, field, |texts| texts.retain(|text| text != element))
    }

    /// Appends a note with this user's name and the time. It cannot be changed or taken back.
    ///
    /// # Errors
    /// As for [`Client::set_fields`].
    pub fn add_note(
        &self,
        id: RecordId,
        field: &FieldSpec,
        text: &str,
    ) -> Result<Saved, ClientError> {
        self.set_fields(id, Fields::from([(field.number, Value::Text(text.to_owned()))]))
    }

    fn with_elements(
        &self,
        id: RecordId,
        field: &FieldSpec,
        change: impl FnOnce(&mut Vec<String>),
    ) -> Result<Saved, ClientError> {
        let held = held(&self.lock().record(id)?, field.number);
        let mut texts: Vec<String> = held.into_iter().map(|(_, text, _)| text).collect();
        change(&mut texts);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let joined = Value::Text(text::join_elements(&texts));
        self.set_fields(id, Fields::from([(field.number, joined)]))
    }
}

fn missing(element: String) -> ClientError {
    ClientError::NotFound { what: "element", id: element }
}

/// Returns the elements of a field as they are here, in order.
fn held(record: &Record, field: FieldNo) -> Vec<Held> {
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let there = record.elements_of(field);
    there.map(|(id, state, value)| (id, text(value), Base::Seen(state.origin))).collect()
}

/// Takes the fields that are no single values out of what was typed.
pub(super) fn apart(kind: Kind, fields: &mut Fields) -> Fields {
    let several =
        |no: &FieldNo| kind.spec().field_no(*no).is_some_and(|field| field.shape != Shape::One);
    let plain = fields.iter().filter(|(no, _)| !several(no));
    let plain: Fields = plain.map(|(no, value)| (*no, value.clone())).collect();
    let mut taken = std::mem::replace(fields, plain);
    taken.retain(|no, _| several(no));
    taken
}

impl Inner {
    /// Builds the operations that make elements and notes of what was typed; `record` is as it was before.
    pub(super) fn element_edits(
        &self,
        id: RecordId,
        kind: Kind,
        record: Option<&Record>,
        typed: &Fields,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (no, value) in typed {
            let Some(field) = kind.spec().field_no(*no) else { continue };
            let text = value.as_text().unwrap_or_default();
            let held = record.map(|record| held(record, *no)).unwrap_or_default();
            let mut one = |body, inverse| {
                edits.push(Edit { record: id, kind: kind.number(), body, inverse });
            };
            match field.shape {
                Shape::Notes if text.trim().is_empty() => {}
                Shape::Notes => {
                    let (field, text) = (*no, text.trim().to_owned());
                    let element = self.element_id(0);
                    one(OpBody::Note { field, element, text }, Inverse::Never);
                }
                Shape::Many => self.differences(*no, &held, &text::elements(text), one),
                Shape::One => {}
            }
        }
        edits
    }

    /// Says what leads from the elements that are here to those that shall be. One that stands where another stood and counts as
    /// many is that one with another text.
    fn differences(
        &self,
        field: FieldNo,
        held: &[Held],
        wanted: &[&str],
        mut write: impl FnMut(OpBody, Inverse),
    ) {
        let here: BTreeSet<&str> = held.iter().map(|(_, text, _)| text.as_str()).collect();
        let mut new: Vec<Option<&str>> =
            wanted.iter().map(|text| (!here.contains(text)).then_some(*text)).collect();
        for (place, (element, text, base)) in held.iter().enumerate() {
            if wanted.contains(&text.as_str()) {
                continue;
            }
            let (element, base) = (*element, *base);
            let before = Some(Value::Text(text.clone()));
            let instead = new.get_mut(place).filter(|_| held.len() == wanted.len());
            let body = match instead.and_then(Option::take) {
                Some(text) => {
                    let value = Value::Text(text.to_owned());
                    OpBody::ElementSet { field, element, base, value }
                }
                None => OpBody::ElementDelete { field, element, base },
            };
            write(body, Inverse::Element { field, element, before });
        }
        for (nth, text) in (0..).zip(new.into_iter().flatten()) {
            let element = self.element_id(nth);
            let value = Value::Text(text.to_owned());
            let inverse = Inverse::Element { field, element, before: None };
            write(OpBody::ElementAdd { field, element, value }, inverse);
        }
    }

    fn element_id(&self, nth: u32) -> Uuid {
        ids::nth_record(&*self.env, self.env.now_ms(), nth).0
    }

    /// Returns the elements and notes of a record, field by field, in the order of their making.
    pub(super) fn element_views(&self, record: &Record, kind: Kind) -> Vec<ElementView> {
        let several = kind.spec().fields.iter().filter(|field| field.shape != Shape::One);
        several
            .flat_map(|field| {
                record.elements_of(field.number).map(|(id, state, value)| ElementView {
                    field: field.number,
                    id,
                    value: value.clone(),
                    by: self.user_name(state.by, state.origin),
                    at: hlc_ms(state.hlc),
                })
            })
            .collect()
    }
}
