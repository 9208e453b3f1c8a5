//! Bulk actions, undo and redo, signing in, the calendar and related records, with the keys a person presses.

use super::tests::{Desk, PEOPLE};
use crate::domain::ids::RecordId;
use crate::domain::kinds::Kind;
use crate::domain::record::Value;
use crate::tui::data::{Query, pointing};

pub(super) const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (160, 45)];

/// Returns a screen with every moment on it replaced by one of the same width.
pub(super) fn without_clock(screen: &str) -> String {
    let shape = |text: &str, shape: &str| {
        text.chars().count() == shape.chars().count()
            && text
                .chars()
                .zip(shape.chars())
                .all(|(c, s)| if s == '0' { c.is_ascii_digit() } else { c == s })
    };
    let chars: Vec<char> = screen.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let next: String = chars[at..].iter().take(16).collect();
        let short: String = chars[at..].iter().take(5).collect();
        if shape(&next, "0000-00-00 00:00") {
            out.push_str("2026-08-23 12:00");
            at += 16;
        } else if shape(&short, "00:00") {
            out.push_str("12:00");
            at += 5;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

fn snapshots(desk: &Desk, name: &str) {
    for (wide, high) in SIZES {
        let screen = without_clock(&desk.screen(wide, high));
        insta::assert_snapshot!(format!("{name}_{wide}x{high}"), screen);
    }
}

fn add(desk: &Desk, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
    let fields = pairs
        .iter()
        .map(|(key, value)| (kind.spec().field(key).unwrap().number, value.clone()))
        .collect();
    desk.data.create_record(kind, fields).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A class with a session at noon of the day, and everybody enrolled.
pub(super) fn class(desk: &Desk) -> RecordId {
    let class =
        add(desk, Kind::TrainingClass, &[("year", Value::Int(2026)), ("name", text("骨幹班"))]);
    let by_number = vec!["staff_no".parse().unwrap()];
    for person in desk.data.list(&Query { sorts: by_number, ..Query::all(Kind::Person) }) {
        let pairs = [("class", Value::Ref(class)), ("person", Value::Ref(person))];
        add(desk, Kind::Enrolment, &pairs);
    }
    let noon = Value::Instant(1_787_457_600_000);
    add(
        desk,
        Kind::Session,
        &[("class", Value::Ref(class)), ("name", text("第一課")), ("starts_at", noon)],
    );
    class
}

#[test]
fn the_preview_says_what_becomes_of_each_record() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 F6 學工號 Enter Home Ctrl-A F8 設定 Enter 性別 Enter 男 Enter");
    desk.shows("會變更 4 筆").shows("輸入 4 以確認");
    snapshots(&desk, "bulk");
}

#[test]
fn carrying_out_needs_the_number_typed_and_the_safe_answer_holds_the_cursor() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Ctrl-A F8 設定 Enter 性別 Enter 男 Enter Enter");
    desk.shows("尋找>").shows_not("批次預覽");
    desk.press("F8 設定 Enter 性別 Enter 男 Enter Tab Enter");
    desk.shows("請輸入會變更的筆數 4");
    desk.press("４ Tab Tab Enter").shows("已變更 4 筆");
    let without = |desk: &Desk| {
        let list = crate::client::Query {
            filters: vec!["sex=".parse().unwrap()],
            ..Query::all(Kind::Person)
        };
        desk.data.list(&list).len()
    };
    assert_eq!(without(&desk), 0);
    desk.press("Esc Ctrl-Z").shows("已復原 4 筆");
    assert_eq!(without(&desk), 4);
    desk.press("Ctrl-Y").shows("已重做 4 筆");
    assert_eq!(without(&desk), 0);
}

#[test]
fn what_can_be_undone_is_listed_and_any_of_it_taken_back() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 F6 學工號 Enter Home F2 Tab Ctrl-U 王大明 Ctrl-S").shows("王大明");
    desk.press("F4").shows("復原清單").shows("王大明");
    snapshots(&desk, "commands");
    desk.press("Down Enter").shows("已復原：田中");
    assert_eq!(desk.count(Kind::Person), 3);
    desk.press("Enter").shows("已重做：田中");
    assert_eq!(desk.count(Kind::Person), 4);
}

#[test]
fn people_sign_in_by_initials_with_two_keys_and_enter() {
    let mut desk = Desk::new(PEOPLE);
    class(&desk);
    desk.press("F7").shows("在哪一課簽到");
    desk.press("Enter").shows("應到 4 實到 0");
    desk.press("sxx Enter").shows("單雄信：已到").shows("實到 1");
    desk.press("曾 F8 請假 Enter 出差 Enter Enter").shows("請假 1").shows("（出差）");
    desk.press("sxx Enter").shows("單雄信已記為");
    snapshots(&desk, "checkin");
    desk.press("Ctrl-Z").shows("請假 0");
    desk.press("Enter").shows("請先打姓名");
    desk.press("tz F7").shows("補簽。請填原因");
    desk.press("Ctrl-U 證件未帶 Enter Enter").shows("（證件未帶）");
    desk.press("Esc").shows("還有 2 人未到");
}

#[test]
fn somebody_who_is_not_enrolled_signs_in_after_a_question() {
    let mut desk = Desk::new(PEOPLE);
    class(&desk);
    add(&desk, Kind::Person, &[("staff_no", text("20219999")), ("name", text("歐陽鋒"))]);
    desk.press("F7 Enter oyf Enter").shows("沒有報名這個班");
    desk.press("Enter").shows("實到 0");
    desk.press("Enter Tab Enter").shows("實到 1").shows("應到 5");
}

#[test]
fn a_digit_after_letters_signs_in_that_line() {
    let mut desk = Desk::new(PEOPLE);
    class(&desk);
    desk.press("F7 Enter x").shows("王小明");
    desk.press("9").shows("實到 0");
    desk.press("1").shows("實到 1");
}

#[test]
fn a_date_is_chosen_from_a_month() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 F6 學工號 Enter Home F2");
    for _ in 0..30 {
        if desk.screen(80, 24).contains("Ctrl-D 日曆") {
            break;
        }
        desk.press("Tab");
    }
    desk.press("上週五 Ctrl-D").shows("2026-08").shows("23*");
    snapshots(&desk, "calendar");
    desk.press("Left Enter").shows("2026-08-13");
}

#[test]
fn a_form_waits_below_while_its_related_records_are_filled_in() {
    let mut desk = Desk::new(PEOPLE);
    let person = desk.data.list(&Query::all(Kind::Person))[0];
    let pairs = [
        ("code", text("010101")),
        ("name", text("第一黨支部")),
        ("type", Value::Code("university".into())),
    ];
    let branch = add(&desk, Kind::Unit, &pairs);
    let start = Value::Date(crate::domain::record::PartialDate::day(2025, 9, 1).unwrap());
    let pairs = [
        ("person", Value::Ref(person)),
        ("starts_on", start),
        ("direction", Value::Code("academic_to_secretary".into())),
        ("branch", Value::Ref(branch)),
    ];
    let cultivation = add(&desk, Kind::Cultivation, &pairs);
    desk.press("3 Home F2").shows("編輯：");
    for _ in 0..30 {
        if desk.screen(80, 24).contains("Ctrl-D 日曆") {
            break;
        }
        desk.press("Tab");
    }
    desk.press("Ctrl-U 2025-10-01 F6").shows("表單留在原處");
    desk.press("佐證 Enter").shows("沒有符合條件的記錄");
    desk.press("Ctrl-N").shows("新增：");
    desk.press("Esc Esc");
    desk.shows("2025-10-01").shows("*已修改 1 欄");
    desk.press("Ctrl-S").shows("已儲存");
    assert!(
        desk.data
            .list(&Query {
                filters: vec![pointing("cultivation", cultivation)],
                ..Query::all(Kind::CultivationEvidence)
            })
            .is_empty()
    );
}

#[test]
fn a_record_gets_a_related_one_from_its_page() {
    let mut desk = Desk::new(PEOPLE);
    class(&desk);
    desk.press("Ctrl-P 開啟：培訓班 Enter Home Enter").shows("骨幹班");
    desk.press("Insert").shows("新增：");
}
