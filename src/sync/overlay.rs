//! The device's view: confirmed records with its own waiting operations laid over them (protocol, View).
//!
//! The author always sees their own edit until the server has decided; what the server decides comes with the next pull.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::conflict::{DELETED_FIELD, UNIT_FIELD};
use super::op::{Op, OpBody};
use super::record::{ElementState, FieldState, Record, Tombstone};
use crate::domain::record::{FieldNo, Value};

/// Lays one waiting operation over a record; `None` means there is no such record.
pub fn overlay(record: Option<Record>, op: &Op) -> Option<Record> {
    overlay_about(record, op, None)
}

/// As [`overlay`]; `element` is the one that a conflict is about, if the operation settles such a conflict.
pub fn overlay_about(record: Option<Record>, op: &Op, element: Option<Uuid>) -> Option<Record> {
    if let OpBody::Command { name, args } = &op.body {
        return super::command::shown(record, op, name, args);
    }
    let mut record = match (&op.body, record) {
        (OpBody::Create { unit, .. }, None) => Record {
            id: op.record,
            kind: op.kind,
            unit: *unit,
            unit_origin: op.id,
            rev: 0,
            created: op.id,
            fields: BTreeMap::new(),
            elements: BTreeMap::new(),
            tombstone: None,
            open_conflicts: 0,
            conflict: None,
            held: None,
        },
        (_, None) => return None,
        (_, Some(record)) => record,
    };
    match &op.body {
        OpBody::Create { fields, .. } => put(&mut record, op, fields.iter()),
        OpBody::Set { sets } => {
            for (no, _, value) in sets {
                put_one(&mut record, op, *no, value);
            }
        }
        OpBody::Move { to, .. } => {
            record.unit = *to;
            record.unit_origin = op.id;
        }
        OpBody::Delete { reason, .. } => {
            record.tombstone = Some(Tombstone { by: op.id, reason: reason.clone(), seq: 0 });
        }
        OpBody::Restore { .. } => record.tombstone = None,
        OpBody::Resolve { values, .. } => match element {
            Some(id) => {
                for (no, value) in values {
                    put_element(&mut record, op, (*no, id), Some(value.clone()));
                }
            }
            None => put(&mut record, op, values.iter()),
        },
        OpBody::ElementAdd { field, element, value }
        | OpBody::ElementSet { field, element, value, .. } => {
            put_element(&mut record, op, (*field, *element), Some(value.clone()));
        }
        OpBody::Note { field, element, text } => {
            put_element(&mut record, op, (*field, *element), Some(Value::Text(text.clone())));
        }
        OpBody::ElementDelete { field, element, .. } => {
            put_element(&mut record, op, (*field, *element), None);
        }
        OpBody::Command { .. } | OpBody::Unknown { .. } => {}
    }
    Some(record)
}

fn put_element(record: &mut Record, op: &Op, key: (FieldNo, Uuid), value: Option<Value>) {
    let known = record.elements.get(&key);
    // Taking out what is not there changes nothing.
    if known.is_none_or(|state| state.value != value) && (value.is_some() || known.is_some()) {
        record.elements.insert(key, ElementState::of(op, value, 0));
    }
}

fn put<'a>(record: &mut Record, op: &Op, values: impl Iterator<Item = &'a (FieldNo, Value)>) {
    for (no, value) in values {
        put_one(record, op, *no, value);
    }
}

fn put_one(record: &mut Record, op: &Op, no: FieldNo, value: &Value) {
    match (no, value) {
        (UNIT_FIELD, value) => {
            if let Some(unit) = value.as_ref_id() {
                record.unit = unit.unit();
                record.unit_origin = op.id;
            }
        }
        (DELETED_FIELD, Value::Flag(true)) => {
            record.tombstone = Some(Tombstone { by: op.id, reason: String::new(), seq: 0 });
        }
        (DELETED_FIELD, _) => record.tombstone = None,
        (no, value) => {
            if record.fields.get(&no).is_none_or(|state| state.value != *value) {
                let state = FieldState { value: value.clone(), origin: op.id, seq: 0 };
                record.fields.insert(no, state);
            }
        }
    }
}
