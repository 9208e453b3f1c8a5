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

/// By what texts are put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Collation {
    /// The characters as they are stored.
    Value,
    /// Reading in pinyin, surnames as people say them.
    #[default]
    Pinyin,
    /// Reading in zhuyin.
    Zhuyin,
    /// Number of strokes, character by character.
    Stroke,
}

impl Collation {
    /// Every collation, in the order of lists to choose from.
    pub const ALL: [Self; 4] = [Self::Pinyin, Self::Stroke, Self::Zhuyin, Self::Value];

    /// Returns its name on the command line and in stored views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Pinyin => "pinyin",
            Self::Zhuyin => "zhuyin",
            Self::Stroke => "stroke",
        }
    }

    /// Returns the collation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collation| collation.name() == name)
    }
}

/// One order: `field`, `field:desc`, `field:stroke` or `field:stroke:desc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Field key, or `unit`.
    pub field: String,
    /// Largest first; records without a value stay last.
    pub descending: bool,
    /// By what texts are put in order.
    pub by: Collation,
}

/// One field and the values that are wanted of it; which texts stand for values is said by what counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// Field key, or `unit`.
    pub field: String,
    /// Any of these; the empty text stands for records without a value.
    pub values: std::collections::BTreeSet<String>,
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
        let mut parts = text.split(':');
        let field = parts.next().unwrap_or_default().to_owned();
        let mut sort = Self { field, descending: false, by: Collation::default() };
        for part in parts {
            match (part, Collation::from_name(part)) {
                ("desc", _) => sort.descending = true,
                ("asc", _) => sort.descending = false,
                (_, Some(by)) => sort.by = by,
                (_, None) => return Err(FilterError { text: text.to_owned() }),
            }
        }
        Ok(sort)
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
        let sort = |descending, by| Ok(Sort { field: "name".into(), descending, by });
        assert_eq!("name:desc".parse(), sort(true, Collation::Pinyin));
        assert_eq!("name".parse(), sort(false, Collation::Pinyin));
        assert_eq!("name:stroke:desc".parse(), sort(true, Collation::Stroke));
        assert_eq!("name:zhuyin".parse(), sort(false, Collation::Zhuyin));
        assert!("name:up".parse::<Sort>().is_err());
    }
}
