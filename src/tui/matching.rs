//! Matching of labels in lists: characters in either script, pinyin and initials. Records are searched by `client`.

use pinyin::{Pinyin, ToPinyinMulti as _};

use crate::domain::text::fold_width;

/// True if `query` is part of `label`: as characters, as full pinyin or as initials.
pub fn matches(label: &str, query: &str) -> bool {
    let query = fold(query);
    if query.is_empty() {
        return true;
    }
    let label = fold(label);
    let (label, query): (Vec<char>, Vec<char>) = (label.chars().collect(), query.chars().collect());
    (0..label.len()).any(|at| label.get(at..).is_some_and(|rest| spells(&query, rest)))
}

/// True if what is typed spells the beginning of a label: each character by itself, by an initial or by a syllable of any of its readings.
fn spells(typed: &[char], label: &[char]) -> bool {
    let Some((first, rest)) = typed.split_first() else { return true };
    let Some((c, following)) = label.split_first() else { return false };
    if first == c && spells(rest, following) {
        return true;
    }
    let readings = c.to_pinyin_multi().into_iter().flatten().map(Pinyin::plain);
    let mut readings = readings.map(|reading| reading.chars().collect::<Vec<char>>());
    readings.any(|reading| {
        let same = reading.iter().zip(typed).take_while(|(spelt, typed)| spelt == typed).count();
        (1..=same).any(|taken| {
            let ends = taken == 1 || taken == reading.len() || taken == typed.len();
            ends && typed.get(taken..).is_some_and(|rest| spells(rest, following))
        })
    })
}

fn fold(text: &str) -> String {
    let folded = fold_width(text).to_lowercase();
    hanconv::t2s(&folded).chars().filter(|c| !c.is_whitespace()).collect()
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
        for query in ["cz", "chongzuo", "zz", "chongz"] {
            assert!(matches("重做", query), "every reading counts: {query}");
        }
        assert!(!matches("重做", "czz"));
    }
}
