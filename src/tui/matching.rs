//! Matching of labels in lists: characters in either script, pinyin and initials. Records are searched by `client`.

use pinyin::ToPinyin as _;

use crate::domain::text::fold_width;

/// True if `query` is part of `label`: as characters, as full pinyin or as initials.
pub fn matches(label: &str, query: &str) -> bool {
    let query = fold(query);
    if query.is_empty() {
        return true;
    }
    let label = fold(label);
    label.contains(&query)
        || spelt(&label, true).contains(&query)
        || spelt(&label, false).contains(&query)
}

fn fold(text: &str) -> String {
    let folded = fold_width(text).to_lowercase();
    hanconv::t2s(&folded).chars().filter(|c| !c.is_whitespace()).collect()
}

/// Spells Han characters by their first letters or whole syllables; other characters stay.
fn spelt(text: &str, initials: bool) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.to_pinyin() {
            Some(reading) if initials => out.push_str(reading.first_letter()),
            Some(reading) => out.push_str(reading.plain()),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn labels_are_found_by_characters_pinyin_and_initials() {
        for query in ["總覽", "总览", "zonglan", "zl", "ZL", ""] {
            assert!(matches("總覽", query), "{query}");
        }
        assert!(!matches("總覽", "tb"));
        assert!(matches("Overview", "over"));
    }
}
