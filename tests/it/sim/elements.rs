//! Fields with several values, and notes: what people do with them on their devices, and what must have become of it.

use std::collections::{BTreeMap, BTreeSet};

use ejia::client::{Client, ClientError};
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{FieldNo, Fields, Value};
use ejia::sync::{Base, Op, OpBody, OpId, Record};
use uuid::Uuid;

use super::world::World;

/// One element of one record.
pub(crate) type Key = (FieldNo, Uuid);

/// Where elements are kept: the field with several values and the one of notes.
const PLACES: [(Kind, &str); 3] = [
    (Kind::Cultivation, "research_areas"),
    (Kind::Cultivation, "research_areas"),
    (Kind::Enrolment, "identities"),
];

impl World {
    /// Adds a cultivation record, so that there is something with elements.
    pub(crate) fn add_cultivation(
        &mut self,
        client: &Client,
        persons: &[RecordId],
    ) -> Result<RecordId, ClientError> {
        let number = |key| Kind::Cultivation.spec().field(key).unwrap().number;
        let person = persons[self.rng.below(persons.len())];
        let unit = *self.rng.pick(&self.units).unwrap();
        let fields: Fields = [
            (number("person"), Value::Ref(person)),
            (number("branch"), Value::Ref(unit.record())),
            (number("direction"), Value::Code("academic_to_secretary".into())),
        ]
        .into();
        client.create_record(Kind::Cultivation, None, fields).map(|saved| saved.id)
    }

    /// Adds, changes or takes out an element, or writes a note.
    pub(crate) fn change_elements(
        &mut self,
        i: usize,
        client: &Client,
        persons: &[RecordId],
    ) -> Result<RecordId, ClientError> {
        let (kind, key) = *self.rng.pick(&PLACES).unwrap();
        let records = client.live_ids(kind);
        // The oldest few, so that devices meet.
        let Some(id) = self.rng.pick(&records[..records.len().min(2)]).copied() else {
            return self.add_cultivation(client, persons);
        };
        let record = client
            .visible(id)
            .ok_or(ClientError::NotFound { what: "record", id: id.to_string() })?;
        let field = kind.spec().field(key).unwrap();
        let held: Vec<(Uuid, String)> = record
            .elements_of(field.number)
            .map(|(element, _, value)| (element, value.as_text().unwrap_or_default().to_owned()))
            .collect();
        let text = if self.rng.per_mille(100) {
            format!("same {}", self.rng.below(2))
        } else {
            format!("e {i}.{}", self.devices[i].values)
        };
        let saved = match (self.rng.below(10), self.rng.pick(&held)) {
            (0..3, _) | (3..8, None) => client.add_element(id, field, &text),
            (3..6, Some((element, _))) => client.change_element(id, field, *element, &text),
            (6..8, Some((_, before))) => client.remove_element(id, field, before),
            _ => client.add_note(id, kind.spec().field("log").unwrap(), &text),
        };
        saved.map(|saved| saved.id)
    }
}

/// What an operation does to an element: which, what its author saw, and the value it leaves.
pub(crate) type Touch = (Key, Base, Option<Value>);

/// Returns what an operation does to an element; `settled` is the one that a conflict is about, if it settles such a conflict.
pub(crate) fn touched(op: &Op, settled: Option<Uuid>) -> Option<Touch> {
    match &op.body {
        OpBody::Resolve { values, .. } => {
            let (no, value) = values.first()?;
            Some(((*no, settled?), Base::Absent, Some(value.clone())))
        }
        OpBody::ElementAdd { field, element, value } => {
            Some(((*field, *element), Base::Absent, Some(value.clone())))
        }
        OpBody::ElementSet { field, element, base, value } => {
            Some(((*field, *element), *base, Some(value.clone())))
        }
        OpBody::ElementDelete { field, element, base } => Some(((*field, *element), *base, None)),
        OpBody::Note { field, element, text } => {
            Some(((*field, *element), Base::Absent, Some(Value::Text(text.clone()))))
        }
        OpBody::Create { .. }
        | OpBody::Set { .. }
        | OpBody::Move { .. }
        | OpBody::Delete { .. }
        | OpBody::Restore { .. }
        | OpBody::Command { .. }
        | OpBody::Unknown { .. } => None,
    }
}

/// Returns what a record holds at an element.
pub(crate) fn element(record: &Record, key: Key) -> Option<&Value> {
    record.elements.get(&key).and_then(|state| state.value.as_ref())
}

/// Who left what at an element; `None` for taking it out.
type Left = (OpId, Option<Value>);

/// What the server's log says of elements.
#[derive(Default)]
pub(crate) struct Elements {
    /// Operations that somebody had seen when they changed or took out the element.
    seen: BTreeSet<(RecordId, Key, OpId)>,
    /// Everything anybody left at an element, in the order it was taken.
    left: BTreeMap<(RecordId, Key), Vec<Left>>,
}

impl Elements {
    /// Takes in an operation that was not refused.
    pub(crate) fn take(&mut self, op: &Op, settled: Option<Uuid>) {
        let Some((key, base, value)) = touched(op, settled) else { return };
        if let Base::Seen(seen) = base {
            self.seen.insert((op.record, key, seen));
        }
        self.left.entry((op.record, key)).or_default().push((op.id, value));
    }

    /// Says why an element's operation that was taken is not accounted for: it neither stands, nor was it changed by somebody who
    /// had seen it, nor is it (`reviewed`) before a person.
    pub(crate) fn missing(
        &self,
        record: &Record,
        op: &Op,
        (key, _, value): &Touch,
        reviewed: impl Fn(OpId) -> bool,
    ) -> Option<String> {
        let key = *key;
        let names = || std::iter::once(op.id).chain(op.was.map(|(was, _)| was));
        let seen = names().any(|name| self.seen.contains(&(op.record, key, name)));
        if element(record, key) == value.as_ref() || seen || names().any(&reviewed) {
            return None;
        }
        let others = self.left.get(&(op.record, key)).map(Vec::as_slice).unwrap_or_default();
        let later = others.iter().skip_while(|(id, _)| *id != op.id).skip(1);
        let accounted = match value {
            // Taking out yields to whoever changed the element: a value somebody left stands.
            None => others.iter().any(|(_, left)| left.as_ref() == element(record, key)),
            // The same was written by somebody else, and that was changed knowingly or went before a person. A decision for the
            // value that stands is such a case: it leaves the value with the operation that wrote it first.
            Some(own) => others.iter().any(|(by, left)| {
                left.as_ref() == Some(own)
                    && (self.seen.contains(&(op.record, key, *by)) || reviewed(*by))
            }),
        };
        (!accounted).then(|| {
            format!(
                "element {key:?} of {} is gone: {value:?}, now {:?}; after it {:?}",
                op.record,
                element(record, key),
                later.collect::<Vec<_>>()
            )
        })
    }
}
