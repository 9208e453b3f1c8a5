//! Queries: conditions and orders over records, as typed on the command line or in the list screen.

use std::str::FromStr;

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal; with an empty text: the field is empty.
    Equal,
    /// Not equal; with an empty text: the field is filled.
    NotEqual,
    /// Less, earlier.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater, later.
    Greater,
    /// Greater or equal.
    AtLeast,
    /// Contains the text, in either script.
    Contains,
}

/// One condition: `field=value`, `!=`, `<`, `<=`, `>`, `>=`, `~text`, `field=` for empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Field key, or `unit`.
    pub field: String,
    /// Comparison.
    pub comparison: Comparison,
    /// Text to compare with.
    pub text: String,
}

/// One order: `field` or `field:desc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Field key, or `unit`.
    pub field: String,
    /// Largest first.
    pub descending: bool,
}

/// The text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a condition: {text}")]
pub struct FilterError {
    /// What was typed.
    pub text: String,
}

/// Operators, the longer ones first.
const OPERATORS: [(&str, Comparison); 7] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("~", Comparison::Contains),
];

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let first = text.find(['!', '<', '>', '=', '~']);
        let found = first.and_then(|at| text.split_at_checked(at)).and_then(|(field, rest)| {
            let operator = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
            operator.and_then(|(sign, comparison)| {
                rest.strip_prefix(sign).map(|value| (field.trim(), *comparison, value.trim()))
            })
        });
        match found {
            Some((field, comparison, value)) if !field.is_empty() => {
                Ok(Self { field: field.to_owned(), comparison, text: value.to_owned() })
            }
            _ => Err(FilterError { text: text.to_owned() }),
        }
    }
}

impl FromStr for Sort {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let (field, descending) = match text.split_once(':') {
            None => (text, false),
            Some((field, "desc")) => (field, true),
            Some((field, "asc")) => (field, false),
            Some(_) => return Err(FilterError { text: text.to_owned() }),
        };
        Ok(Self { field: field.to_owned(), descending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_as_they_are_typed() {
        let cases = [
            ("sex=1", "sex", Comparison::Equal, "1"),
            ("born_on<=1980-01", "born_on", Comparison::AtMost, "1980-01"),
            ("name~欧阳", "name", Comparison::Contains, "欧阳"),
            ("phone=", "phone", Comparison::Equal, ""),
            ("title!=011", "title", Comparison::NotEqual, "011"),
            ("note~a=b", "note", Comparison::Contains, "a=b"),
        ];
        for (text, field, comparison, value) in cases {
            let expected = Filter { field: field.to_owned(), comparison, text: value.to_owned() };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert!("nonsense".parse::<Filter>().is_err());
        assert!("=1".parse::<Filter>().is_err());
    }

    #[test]
    fn orders_read_with_their_direction() {
        assert_eq!("name:desc".parse(), Ok(Sort { field: "name".into(), descending: true }));
        assert_eq!("name".parse(), Ok(Sort { field: "name".into(), descending: false }));
        assert!("name:up".parse::<Sort>().is_err());
    }
}
