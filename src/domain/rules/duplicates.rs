//! Which records may be about one person (Q07): the same number under another writing, or the same name and birthday.
//!
//! It only says where to look; a person decides.

use std::collections::BTreeMap;

use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Value};

/// What two records share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The national id number.
    IdNumber,
    /// The school number, apart from its writing.
    StaffNo,
    /// Name and birthday.
    NameAndBirth,
}

impl Sign {
    /// Returns the stable word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::IdNumber => "id_number",
            Self::StaffNo => "staff_no",
            Self::NameAndBirth => "name_and_birth",
        }
    }
}

/// Returns what a person's record can be found again by, each in one writing.
pub fn signs(fields: &Fields) -> Vec<(Sign, String)> {
    let value = |key: &str| {
        let field = Kind::Person.spec().field(key)?;
        fields.get(&field.number).filter(|value| !value.is_blank())
    };
    let text = |key: &str| value(key).and_then(Value::as_text);
    let mut signs = Vec::new();
    signs.extend(text("id_number").map(|text| (Sign::IdNumber, plain(text))));
    let number = text("staff_no").map(|text| plain(text).trim_start_matches('0').to_owned());
    signs.extend(number.filter(|n| !n.is_empty()).map(|number| (Sign::StaffNo, number)));
    if let (Some(name), Some(born)) = (text("name"), value("born_on").and_then(Value::as_date)) {
        signs.push((Sign::NameAndBirth, format!("{}/{born}", plain(name))));
    }
    signs
}

/// Numbers and names without spaces and marks, wide signs made narrow, letters made large.
fn plain(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Groups records that share a sign; each group once, by its strongest sign.
pub fn groups<Id: Copy + Ord>(
    persons: impl Iterator<Item = (Id, Vec<(Sign, String)>)>,
) -> Vec<(Sign, Vec<Id>)> {
    let mut by_sign: BTreeMap<(Sign, String), Vec<Id>> = BTreeMap::new();
    for (id, signs) in persons {
        for sign in signs {
            by_sign.entry(sign).or_default().push(id);
        }
    }
    let mut groups: Vec<(Sign, Vec<Id>)> = Vec::new();
    for ((sign, _), mut ids) in by_sign {
        ids.sort_unstable();
        if ids.len() > 1 && !groups.iter().any(|(_, known)| *known == ids) {
            groups.push((sign, ids));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::PartialDate;

    fn person(number: &str, name: &str, id: Option<&str>, day: i8) -> Vec<(Sign, String)> {
        let no = |key: &str| Kind::Person.spec().field(key).unwrap().number;
        let text = |text: &str| Value::Text(text.to_owned());
        let mut fields = Fields::from([
            (no("staff_no"), text(number)),
            (no("name"), text(name)),
            (no("born_on"), Value::Date(PartialDate::day(1980, 5, day).unwrap())),
        ]);
        fields.extend(id.map(|id| (no("id_number"), text(id))));
        signs(&fields)
    }

    #[test]
    fn one_person_is_found_under_several_writings() {
        let persons = [
            person("06001", "王小明", Some("11010519491231002x"), 1),
            person("6001", "王 小明", None, 2),
            person("08001", "李大紅", Some("１１０１０５19491231002X"), 3),
            person("09001", "李大紅", None, 3),
            person("09002", "趙平", None, 3),
        ];
        let found = groups(persons.into_iter().enumerate());
        let expected = [
            (Sign::IdNumber, vec![0, 2]),
            (Sign::StaffNo, vec![0, 1]),
            (Sign::NameAndBirth, vec![2, 3]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_pair_is_named_once_by_what_says_most() {
        let one = person("06001", "王小明", Some("11010519491231002X"), 1);
        let found = groups([(1, one.clone()), (2, one)].into_iter());
        assert_eq!(found, [(Sign::IdNumber, vec![1, 2])]);
    }
}
