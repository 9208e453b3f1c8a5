//! A day at the desk, with the keys that pass an input method only: what is shown at each step is docs/guide/one-day.md.

use std::fmt::Write as _;
use std::path::Path;

use ejia::client::Query;
use ejia::domain::access::Role;
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{PartialDate, Value};

use super::desk::Desk;
use crate::server::harness::Server;
use crate::sync::{Device, text};

/// Characters of the names, so that no two are alike.
const SURNAMES: [&str; 8] = ["王", "歐陽", "單", "曾", "解", "仇", "查", "覃"];
const GIVEN: [&str; 6] = ["春雨", "若明", "知行", "曉嵐", "一諾", "遠"];

/// Everybody of the sheet: school number and name.
fn people() -> Vec<(String, String)> {
    let names =
        SURNAMES.iter().flat_map(|first| GIVEN.iter().map(move |last| format!("{first}{last}")));
    (30_001..).map(|number: u32| number.to_string()).zip(names).collect()
}

fn write_sheets(folder: &Path) {
    let mut roster = String::from("学工号,姓名,性别,手机号码,所在党支部编码\n");
    let mut class = String::from("工号,姓名,时任单位及职务,时任职务属性,参训人身份\n");
    for (number, name) in people() {
        writeln!(roster, "{number},{name},女,139{:08},0201", number.parse::<u32>().unwrap())
            .unwrap();
        writeln!(class, "{number},{name},教師第一黨支部委員,党支部委员,支委").unwrap();
    }
    std::fs::write(folder.join("名冊.csv"), roster).unwrap();
    std::fs::write(folder.join("報名.csv"), class).unwrap();
}

fn date(month: i8, day: i8) -> Value {
    Value::Date(PartialDate::day(2026, month, day).unwrap())
}

/// A class that began today, with its first session.
fn class(hq: &Device) -> RecordId {
    let code = |code: &str| Value::Code(code.into());
    let class = hq.add(
        Kind::TrainingClass,
        &[
            ("year", Value::Int(2026)),
            ("name", text("黨支部委員培訓班")),
            ("category", code("rotation")),
            ("organiser_level", code("university")),
            ("starts_on", date(8, 23)),
            ("ends_on", date(8, 23)),
            ("planned_hours", Value::Int(80)),
            ("capacity", Value::Int(60)),
            ("counts", Value::Flag(true)),
        ],
    );
    let at = |hour: i64| Value::Instant(1_787_443_200_000 + hour * 3_600_000);
    hq.add(
        Kind::Session,
        &[
            ("class", Value::Ref(class)),
            ("name", text("專題一")),
            ("starts_at", at(1)),
            ("ends_at", at(5)),
            ("hours", Value::Int(40)),
        ],
    );
    class
}

/// Told step by step: what is done, with which keys, and the screen after them.
struct Diary {
    desk: Desk,
    text: String,
}

impl Diary {
    /// Presses keys and tells what is shown then, which must hold a text.
    fn step(&mut self, what: &str, keys: &str, shows: &str) {
        self.desk.press(keys).shows(shows);
        let shown = masked(&self.desk.screen());
        let text = &mut self.text;
        writeln!(text, "\n## {what}\n\n`{keys}`\n\n```text\n{}\n```", shown.trim_end()).unwrap();
    }

    /// Presses keys that are told with the step before.
    fn then(&mut self, keys: &str, shows: &str) {
        self.desk.press(keys).shows(shows);
        writeln!(self.text, "\n接著按 `{keys}`：{shows}。").unwrap();
    }
}

/// The clock and the server's port are not the same on every run: a moment stands as the noon of the day, the port as one of as many digits.
fn masked(screen: &str) -> String {
    let shapes = [
        ("0000-00-00 00:00", "2026-08-23 12:00"),
        (" 00:00 ", " 12:00 "),
        ("127.0.0.1:00000", "127.0.0.1:17420"),
    ];
    let chars: Vec<char> = screen.chars().collect();
    let fits = |at: usize, shape: &str| {
        let here = chars.get(at..at + shape.len());
        here.is_some_and(|here| {
            let same = |(c, s): (&char, char)| *c == s || (s == '0' && c.is_ascii_digit());
            here.iter().zip(shape.chars()).all(same)
        })
    };
    let mut out = String::with_capacity(screen.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        if let Some((shape, instead)) = shapes.iter().find(|(shape, _)| fits(at, shape)) {
            out.push_str(instead);
            at += shape.len();
        } else {
            out.push(*c);
            at += 1;
        }
    }
    out
}

/// Headquarters at its desk, the unit's organizer at another, and the folder with the sheets of the day.
fn morning(server: &Server) -> (Diary, Device, tempfile::TempDir) {
    let hq = Device::hq(server);
    hq.sync();
    let college = hq.unit("0200", None);
    let branch = [
        ("code", text("0201")),
        ("name", text("教師第一黨支部")),
        ("type", Value::Code("branch".into())),
        ("parent", Value::Ref(college)),
    ];
    hq.add(Kind::Unit, &branch);
    class(&hq);
    hq.sync();
    let folder = tempfile::tempdir().unwrap();
    write_sheets(folder.path());
    let other = Device::joined(server, "乙", Role::Organizer, "0200");
    let mut desk = Desk::new(hq);
    folder.path().clone_into(&mut desk.model.shell.folder);
    let text = "# 一天\n\n組織部的一天，只用 Ctrl 鍵、F 鍵、方向鍵和要打的字，輸入法一直開著。畫面由 `tests/it/tui/day.rs` 走一遍得到，時刻一律寫作 12:00。\n";
    (Diary { desk, text: text.to_owned() }, other, folder)
}

/// The unit's organizer writes a post to three persons, and headquarters another one to the same.
fn disagree(day: &mut Diary, other: &Device) {
    other.sync();
    let persons = other.client.list(&Query::all(Kind::Person)).unwrap();
    assert_eq!(persons.len(), 48);
    for id in persons.iter().take(3) {
        other.set(*id, "admin_post", "副主任");
    }
    other.sync();
    for id in persons.iter().take(3) {
        let name = day.desk.data.title(*id);
        let tabs = ["Tab"; 16].join(" ");
        day.desk.press(&format!("F9 人員 Enter {name} F2 {tabs} 主任 Ctrl-S")).shows("已儲存");
        day.desk.press("Esc");
    }
}

fn expect_guide(text: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(root.join("docs/guide/one-day.md")).unwrap_or_default();
    if kept != text {
        let made = root.join("target/guide");
        std::fs::create_dir_all(&made).unwrap();
        std::fs::write(made.join("one-day.md"), text).unwrap();
        panic!("copy target/guide/one-day.md to docs/guide");
    }
}

#[test]
fn a_day_is_gone_through_without_a_letter_key_and_the_guide_shows_it() {
    let server = Server::start();
    let (mut day, other, folder) = morning(&server);
    day.step("讀入名冊：寫入之前先看", "F9 人員 Enter Shift-F5 名冊 Enter", "新增 48");
    day.then("Ctrl-S", "已讀入 48 行");
    day.then("F5", "同步完成");
    day.step("打開培訓班", "F9 培訓班 Enter Enter", "黨支部委員培訓班");
    day.step("讀入報名表", "Shift-F5 報名 Enter", "新增 48");
    day.then("Ctrl-S", "已讀入 48 行");
    day.then("Esc Down Right", "共 48 筆");
    day.step("四十八人一起報送", "Ctrl-A F8 報送 Enter", "會變更 48 筆");
    day.then("Tab Enter 48 Tab Tab Enter", "已變更 48 筆");
    day.then("Esc Ctrl-A F8 確認 Enter Tab Enter 48 Tab Tab Enter", "已變更 48 筆");
    day.step("簽到", "Esc F7 Enter", "應到 48 實到 0");
    day.step("打姓名，Enter", "王春雨 Enter", "實到 1");
    for (_, name) in people().iter().skip(1) {
        day.desk.press(&format!("{name} Enter"));
    }
    day.step("都到了", "Esc F7 Enter", "實到 48");
    day.then("Esc", "共 48 筆");
    day.step("學時", "Ctrl-A F8 設定 Enter 學時 Enter 4 Enter Enter", "會變更 48 筆");
    day.then("Tab Enter 48 Tab Tab Enter", "已變更 48 筆");
    day.step("一起結業", "Esc Ctrl-A F8 考核合格 Enter", "會變更 48 筆");
    day.then("Tab Enter 48 Tab Tab Enter", "已變更 48 筆");
    day.then("Esc F5", "同步完成");
    disagree(&mut day, &other);
    day.step("三個衝突：學院和組織部改了同一處", "F5", "衝突 3");
    day.step("看兩邊", "Enter Enter", "副主任");
    day.then("Right Ctrl-S", "衝突已處理");
    for _second_and_third in 0..2 {
        day.desk.press("Enter Left Ctrl-S");
    }
    day.then("F5", "同步完成");
    assert!(day.desk.data.conflicts().is_empty());
    day.step("總覽", "F9 總覽 Enter", "需要處理");
    day.then("F5", "同步完成");
    day.step("匯出總覽", "Esc Ctrl-X Enter", "已");
    let made = std::fs::read_dir(folder.path()).unwrap();
    let made =
        made.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("ejia-"));
    assert_eq!(made.count(), 1, "one file");
    let shown = day.text.replace(&folder.path().display().to_string(), "文件夾");
    expect_guide(&shown);
}
