//! Text in any field: words and labels of codes, in either script. Sensitive fields are left out, since a search says what it finds.

use memchr::memmem::Finder;

use super::search::fold;
use super::threads;
use crate::domain::codes;
use crate::domain::kinds::Kind;
use crate::domain::record::{FieldSpec, ValueKind};
use crate::store::Row;
use crate::wire::{ValueRef, peek_ref};

/// Keeps the rows that hold the text in a field that is not sensitive.
pub(super) fn keep_anywhere(kind: Kind, rows: &mut Vec<&Row>, text: &str) {
    if text.is_empty() {
        return;
    }
    let wanted = Wanted::new(kind, text);
    threads::keep(rows, |row| wanted.is_in(row));
}

/// A text, understood once.
struct Wanted {
    folded: String,
    /// The text as it may be written: a row without any of these bytes is passed over.
    spellings: Vec<Finder<'static>>,
    /// Fields with text.
    texts: Vec<&'static FieldSpec>,
    /// Fields with codes, and those of them whose label holds the text.
    coded: Vec<(&'static FieldSpec, Vec<&'static str>)>,
}

impl Wanted {
    fn new(kind: Kind, text: &str) -> Self {
        let folded = fold(text);
        let open = || kind.spec().fields.iter().filter(|field| !field.sensitive);
        let mut spellings = vec![text.to_owned(), folded.clone(), hanconv::s2t(text)];
        spellings.extend([text.to_uppercase(), text.to_lowercase()]);
        spellings.sort_unstable();
        spellings.dedup();
        let is_text = |field: &&FieldSpec| {
            matches!(field.kind, ValueKind::Text | ValueKind::Name | ValueKind::Identifier)
        };
        let coded = open().map(|field| (field, codes_with(kind, field, &folded)));
        Self {
            spellings: spellings
                .iter()
                .map(|spelling| Finder::new(spelling.as_bytes()).into_owned())
                .collect(),
            texts: open().filter(is_text).collect(),
            coded: coded.filter(|(_, codes)| !codes.is_empty()).collect(),
            folded,
        }
    }

    fn is_in(&self, row: &Row) -> bool {
        let may = self.spellings.iter().any(|spelling| spelling.find(&row.bytes).is_some());
        let in_text = |field: &&FieldSpec| match peek_ref(&row.bytes, field.number) {
            ValueRef::Text(text) => fold(text).contains(&self.folded),
            _ => false,
        };
        if may && self.texts.iter().any(in_text) {
            return true;
        }
        self.coded.iter().any(|(field, codes)| match peek_ref(&row.bytes, field.number) {
            ValueRef::Code(code) => codes.contains(&code),
            _ => false,
        })
    }
}

/// Returns the codes of a field whose label, in any language, holds a folded text.
fn codes_with(kind: Kind, field: &FieldSpec, folded: &str) -> Vec<&'static str> {
    let list = match field.kind {
        ValueKind::Choice => codes::choice_list(kind.key(), field.key),
        _ => field.codes.and_then(codes::list),
    };
    let entries = list.map(codes::CodeList::entries).unwrap_or_default();
    let named = |entry: &&codes::CodeEntry| {
        ["zh-Hant", "zh-Hans", "en"].iter().any(|lang| fold(entry.label(lang)).contains(folded))
    };
    entries.iter().filter(named).map(|entry| entry.code.as_str()).collect()
}
