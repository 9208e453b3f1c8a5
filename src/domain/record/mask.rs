//! Masks for sensitive values: enough to recognise a number that one has at hand, too little to learn it.

use super::spec::{FieldSpec, ValueKind};
use super::value::Value;

/// Masks an identity number: `110105********002X`. Anything of another length is hidden but for its last character.
pub fn id_number(text: &str) -> String {
    if text.chars().count() == 18 { keep(text, 6, 4) } else { keep(text, 0, 1) }
}

/// Masks a telephone number: `138****1234`; a short one keeps its last two digits.
pub fn phone(text: &str) -> String {
    if text.chars().count() >= 11 { keep(text, 3, 4) } else { keep(text, 0, 2) }
}

/// Returns the masked text of a sensitive field's value; `None` if the field is not sensitive or the value is empty.
///
/// A code (ethnicity) keeps nothing: one character of it would say it all.
pub fn masked(field: &FieldSpec, value: &Value) -> Option<String> {
    if !field.sensitive || value.is_blank() {
        return None;
    }
    let text = value.as_text().unwrap_or("***");
    Some(match field.kind {
        ValueKind::IdNumber => id_number(text),
        ValueKind::Phone => phone(text),
        _ => "***".to_owned(),
    })
}

fn keep(text: &str, head: usize, tail: usize) -> String {
    let count = text.chars().count();
    let shown = |place: usize| place < head || place + tail >= count;
    text.chars().enumerate().map(|(place, c)| if shown(place) { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kinds::Kind;

    #[test]
    fn numbers_keep_what_recognises_them() {
        assert_eq!(id_number("11010519491231002X"), "110105********002X");
        assert_eq!(id_number("1101051"), "******1");
        assert_eq!(phone("13812341234"), "138****1234");
        assert_eq!(phone("65980081"), "******81");
    }

    #[test]
    fn only_sensitive_fields_are_masked() {
        let person = Kind::Person.spec();
        let field = |key| person.field(key).unwrap();
        let text = |t: &str| Value::Text(t.to_owned());
        assert_eq!(masked(field("name"), &text("白娜勇")), None);
        assert_eq!(masked(field("phone"), &text("13812341234")).unwrap(), "138****1234");
        assert_eq!(masked(field("ethnicity"), &Value::Code("01".to_owned())).unwrap(), "***");
        assert_eq!(masked(field("id_number"), &Value::Null), None);
    }
}
