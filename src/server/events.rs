//! Events: what must be provable later (protocol, Events). What devices note comes as operations and is listed here too.

use serde_json::json;

use super::db::rows::Event;
use super::decide::Entry;
use crate::domain::kinds::Kind;
use crate::domain::record::FieldNo;
use crate::sync::command::{Arguments as _, EventNote};
use crate::sync::{Author, OpBody, Outcome};

/// Returns the event an operation notes, if it is such a note and was taken.
pub(crate) fn noted(entry: &Entry, outcome: &Outcome, author: &Author, at: i64) -> Option<Event> {
    let OpBody::Command { name, args } = &entry.op.as_ref()?.body else { return None };
    if name != EventNote::NAME || !matches!(outcome, Outcome::Applied { .. }) {
        return None;
    }
    let note = EventNote::open(args)?;
    let event = Event::new(at, &format!("note.{}", note.word));
    Some(event.of_device(entry.id.device).of_user(author.user).with(detail(&note)))
}

/// Writes what a note says: names of kind and fields, never their values.
fn detail(note: &EventNote) -> String {
    let kind = Kind::from_number(note.kind);
    let field = |no: &u16| {
        let spec = kind.and_then(|kind| kind.spec().field_no(FieldNo(*no)));
        spec.map_or_else(|| no.to_string(), |field| field.key.to_owned())
    };
    json!({
        "record": note.record.map(|record| record.to_string()),
        "kind": kind.map(Kind::key),
        "fields": note.fields.iter().map(field).collect::<Vec<_>>(),
        "count": note.count,
        "reason": note.detail,
        "at": note.at,
    })
    .to_string()
}
