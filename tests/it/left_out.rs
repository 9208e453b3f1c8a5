//! What the program keeps of people, and what it must not (PIPL Art. 5, 6, 17, 28): every field says why and for how long, and none is
//! for what is to be left out.

use std::collections::BTreeSet;

use ejia::domain::codes;
use ejia::domain::kinds::Kind;
use ejia::domain::record::FieldSpec;
use ejia::locale::{Lang, Locale};

/// Words of keys for what is never kept.
const KEYS: &[&str] = &[
    "thought",
    "opinion_of",
    "attitude",
    "sentiment",
    "mood",
    "score",
    "points",
    "profile_of",
    "colour_mark",
    "traffic_light",
    "character",
    "tag",
    "loyal",
    "political_check",
    "family",
    "relative",
    "ballot",
    "voter",
    "religio",
    "faith",
    "discipline_clue",
    "petition",
    "whistle",
    "denounc",
    "location",
    "gps",
    "face",
    "photo",
    "biometric",
    "fingerprint",
    "health",
    "illness",
    "medical",
    "bank",
    "account",
    "home_address",
    "chat",
    "wechat",
    "browsing",
];

/// The same in the labels that people read, in simplified characters.
const LABELS: &[&str] = &[
    "思想动态",
    "思想汇报",
    "谈心",
    "谈话内容",
    "网络言论",
    "态度",
    "情绪",
    "政治评分",
    "积分",
    "画像",
    "红黄绿",
    "标签",
    "忠诚",
    "性格",
    "政审",
    "家庭",
    "社会关系",
    "亲属",
    "选票",
    "票数",
    "投票人",
    "宗教",
    "信仰",
    "违纪",
    "线索",
    "举报",
    "信访",
    "通信记录",
    "位置",
    "定位",
    "人脸",
    "照片",
    "指纹",
    "健康",
    "病情",
    "疾病",
    "银行",
    "家庭住址",
    "微信",
];

/// Fields whose key or label has such a word and another meaning, with that meaning.
const MEANT_OTHERWISE: &[(&str, &str, &str)] = &[];

fn fields() -> impl Iterator<Item = (Kind, &'static FieldSpec)> {
    Kind::ALL.iter().flat_map(|kind| kind.spec().fields.iter().map(|field| (*kind, field)))
}

fn excused(kind: Kind, field: &FieldSpec) -> bool {
    MEANT_OTHERWISE.iter().any(|(of, key, _)| *of == kind.key() && *key == field.key)
}

#[test]
fn every_field_is_listed_with_purpose_ground_retention_and_who_sees_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/data-dictionary.md");
    let dictionary = std::fs::read_to_string(path).unwrap();
    let mut listed = 0;
    for (kind, field) in fields() {
        let named = format!("{}.{}", kind.key(), field.key);
        let care = kind.spec().care_of(field).unwrap_or_else(|| panic!("{named} has no purpose"));
        assert!(!care.purpose.is_empty(), "{named}");
        let section = dictionary.split(&format!("\n## `{}` (", kind.key())).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let line = section
            .lines()
            .find(|line| line.starts_with(&format!("| {} | `{}` |", field.number.0, field.key)));
        let line = line.unwrap_or_else(|| panic!("{named} is not in the dictionary"));
        let told = [care.purpose, care.ground.key(), &care.retention.text(), care.seen_by.key()]
            .join(" | ");
        assert!(line.contains(&told), "{named}: {line}");
        listed += 1;
    }
    assert!(listed > 200, "{listed}");
}

#[test]
fn nothing_that_is_to_be_left_out_has_a_field_in_any_kind() {
    let locale = Locale::new(Lang::Hans);
    let mut found = Vec::new();
    for (kind, field) in fields().filter(|(kind, field)| !excused(*kind, field)) {
        let words: BTreeSet<&str> = field.key.split('_').collect();
        let label = locale.field_label(kind.spec(), field);
        let named = KEYS.iter().filter(|key| {
            let whole = words.contains(*key);
            let long = key.len() > 4 && field.key.contains(*key);
            whole || long
        });
        let labelled = LABELS.iter().filter(|word| label.contains(*word));
        found.extend(
            named.chain(labelled).map(|word| format!("{}.{}: {word}", kind.key(), field.key)),
        );
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_code_list_marks_people_by_character_or_colour() {
    for name in codes::names() {
        let list = codes::list(name).unwrap();
        for entry in list.entries() {
            let label = entry.label("zh-Hans");
            for word in
                ["忠诚", "沉稳", "善言", "勤奋", "红色", "黄色", "绿色", "政治评分", "宗教", "举报"]
            {
                assert!(!label.contains(word), "{name}: {label}");
            }
        }
    }
}
