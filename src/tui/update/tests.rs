//! Key strings against a real, small data directory: what the model does and what the screen shows.

#[path = "tests_arranged.rs"]
mod arranged;
#[path = "tests_seen.rs"]
mod seen;

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;

use super::*;
use crate::client::{Client, KeyCost, NewDevice};
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Value};
use crate::locale::{Lang, Locale};
use crate::tui::app::Start;
use crate::tui::data::{Data, Query, Ratio, SyncStep};
use crate::tui::ui::{Chrome, Ui, dump};
use crate::tui::view::view;

/// A program under test: its model, its files and its clock.
pub(super) struct Desk {
    pub(super) model: Model,
    pub(super) data: Arc<Data>,
    now_ms: u64,
    pub(super) effects: Vec<Effect>,
    _dir: tempfile::TempDir,
}

pub(super) fn start(exists: bool) -> Start {
    Start {
        exists,
        lang: Lang::Hant,
        colour: false,
        chrome: Chrome::Narrow,
        today: jiff::civil::date(2026, 8, 23),
    }
}

impl Desk {
    /// Opens new files with some persons in them.
    pub(super) fn new(persons: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = NewDevice { user: "李組織".into(), unit_code: None, cost: KeyCost::CHEAP };
        let (client, _) = Client::create(&dir.path().join("d"), "correct horse", &new).unwrap();
        let data = Arc::new(Data::of(client));
        for (number, name) in persons {
            let spec = Kind::Person.spec();
            let text = |key: &str, value: &str| {
                (spec.field(key).unwrap().number, Value::Text(value.to_owned()))
            };
            let fields = Fields::from([text("staff_no", number), text("name", name)]);
            data.create_record(Kind::Person, fields).unwrap();
        }
        let mut model = Model::new(&start(true));
        model.opened(Arc::clone(&data));
        Self { model, data, now_ms: 1000, effects: Vec::new(), _dir: dir }
    }

    /// Presses keys: names as in the keymap, anything else is typed character by character.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for word in keys.split(' ') {
            match word.parse::<Key>() {
                Ok(key) => self.send(Message::Key(key)),
                Err(_typed) => word.chars().for_each(|c| self.send(Message::Key(Key::char(c)))),
            }
        }
        self
    }

    pub(super) fn send(&mut self, message: Message) {
        self.now_ms += 1000;
        let effects = update(&mut self.model, message, self.now_ms);
        self.effects.extend(effects);
    }

    pub(super) fn buffer(&self, wide: u16, high: u16) -> (Buffer, (Option<(u16, u16)>, bool)) {
        let mut buf = Buffer::empty(Rect::new(0, 0, wide, high));
        let shell = &self.model.shell;
        let mut ui = Ui::new(&mut buf, &shell.theme, shell.chrome);
        view(&self.model, &mut ui);
        let (cursor, park) = ui.cursor();
        (buf, (cursor.map(|at| (at.x, at.y)), park.is_some()))
    }

    /// Returns the screen, after checking what must hold of every screen.
    pub(super) fn screen(&self, wide: u16, high: u16) -> String {
        let (buf, (cursor, parked)) = self.buffer(wide, high);
        for y in 0..high {
            let mut x = 0;
            while x < wide {
                x += buf[(x, y)].symbol().cell_width().max(1);
            }
            assert_eq!(x, wide, "row {y} is too wide");
        }
        assert!(parked, "nobody parks the cursor");
        assert!(cursor.is_none_or(|(x, y)| x < wide && y < high), "the cursor left the screen");
        dump(&buf)
    }

    pub(super) fn shows(&self, text: &str) -> &Self {
        let screen = self.screen(80, 24);
        assert!(screen.contains(text), "{text} is not in\n{screen}");
        self
    }

    pub(super) fn shows_not(&self, text: &str) -> &Self {
        let screen = self.screen(80, 24);
        assert!(!screen.contains(text), "{text} is in\n{screen}");
        self
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        self.data.list(&Query::all(kind)).len()
    }
}

pub(super) const PEOPLE: &[(&str, &str)] =
    &[("20210001", "王小明"), ("20210002", "單雄信"), ("20210003", "曾國藩"), ("20210004", "田中")];

#[test]
fn the_overview_looks_like_this() {
    let desk = Desk::new(PEOPLE);
    insta::assert_snapshot!("overview_80x24", desk.screen(80, 24));
    insta::assert_snapshot!("overview_120x40", desk.screen(120, 40));
}

#[test]
fn a_figure_leads_to_the_records_that_are_missing_from_it() {
    let mut desk = Desk::new(PEOPLE);
    let missing = desk.data.list(&Query { search: "國".into(), ..Query::all(Kind::Person) });
    assert_eq!(missing.len(), 1);
    let name = "training-coverage".to_owned();
    let ratio = Ratio {
        name,
        figure: "all",
        kind: Kind::Person,
        part: 3,
        whole: 4,
        missing,
        units: Vec::new(),
    };
    desk.send(Message::Figures(vec![ratio]));
    desk.shows("75% 3/4").shows("[###############-----]");
    desk.press("Down Down Down Enter")
        .shows("未達成：年度培訓覆蓋")
        .shows("曾國藩")
        .shows_not("王小明");
}

#[test]
fn every_figure_has_a_name_in_three_languages() {
    for name in crate::client::report_names() {
        for lang in Lang::ALL {
            assert!(Locale::new(lang).has(&format!("tui-figure-{name}")), "{name}");
        }
    }
}

#[test]
fn a_list_looks_like_this() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 F6 學工號 Enter Home Down Space");
    insta::assert_snapshot!("list_80x24", desk.screen(80, 24));
    insta::assert_snapshot!("list_120x40", desk.screen(120, 40));
}

#[test]
fn a_form_with_an_error_looks_like_this() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Ctrl-N 20210001 Tab 張三 Ctrl-S");
    insta::assert_snapshot!("form_80x24", desk.screen(80, 24));
}

#[test]
fn palette_and_help_look_like_this() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 F6 學工號 Enter Home Ctrl-P");
    insta::assert_snapshot!("palette_80x24", desk.screen(80, 24));
    desk.press("Esc F1");
    insta::assert_snapshot!("help_80x24", desk.screen(80, 24));
}

#[test]
fn ascii_chrome_draws_no_ambiguous_glyph() {
    let mut desk = Desk::new(PEOPLE);
    desk.model.shell.chrome = Chrome::Ascii;
    for keys in ["5", "Ctrl-N", "Esc", "Ctrl-P", "Esc", "8"] {
        let screen = desk.press(keys).screen(80, 24);
        assert!(!screen.contains(['─', '│', '┌', '┐', '└', '┘', '…']), "{screen}");
    }
}

#[test]
fn chinese_typed_into_a_form_is_saved_and_shown() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N 20210009 Tab 歐陽鋒 Ctrl-S");
    desk.shows("歐陽鋒").shows("已儲存");
    assert_eq!(desk.count(Kind::Person), 1);
    desk.press("Esc").shows("20210009");
}

#[test]
fn an_error_blocks_saving_and_takes_the_focus() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N Tab 歐陽鋒 Ctrl-S");
    desk.shows("[注意] 學工號");
    assert_eq!(desk.count(Kind::Person), 0);
    desk.press("20210009 Ctrl-S").shows("已儲存");
}

#[test]
fn leaving_a_changed_form_asks_and_going_on_is_the_safe_answer() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N 2021 Esc").shows("離開表單");
    desk.press("Enter").shows("新增：人員");
    desk.press("Esc Tab Tab Enter").shows_not("新增：人員");
    desk.press("Ctrl-N").shows_not("草稿");
}

#[test]
fn a_form_that_was_not_left_is_offered_again_as_a_draft() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N 20210009 Tab 歐陽鋒");
    desk.send(Message::Terminate);
    assert!(desk.model.quit);
    desk.model = Model::new(&start(true));
    desk.model.opened(Arc::clone(&desk.data));
    desk.press("5 Ctrl-N").shows("有未完成的草稿");
    desk.press("Enter").shows("歐陽鋒").shows("20210009");
}

#[test]
fn a_draft_is_written_when_nothing_was_typed_for_a_while() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N 20210009");
    let at = desk.model.wake_at().unwrap();
    desk.now_ms = at;
    desk.send(Message::Wake);
    assert!(desk.data.draft(Kind::Person, None).is_some());
}

#[test]
fn a_han_character_at_a_command_starts_a_search() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 單").shows("尋找> 單").shows("單雄信").shows_not("王小明");
    desk.press("Esc").shows("王小明");
}

#[test]
fn people_are_found_by_initials_and_other_readings() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 / sxx").shows("單雄信").shows_not("王小明");
    desk.press("Ctrl-U zgf").shows("曾國藩").shows_not("單雄信");
}

#[test]
fn a_pasted_name_is_searched_and_runs_no_command() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5");
    desk.send(Message::Paste("曾國藩\n".into()));
    desk.shows("尋找> 曾國藩").shows_not("王小明");
    assert_eq!(desk.count(Kind::Person), 4);
}

#[test]
fn the_key_that_opens_the_delete_question_never_answers_it() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Delete Delete d Delete").shows("刪除");
    assert_eq!(desk.count(Kind::Person), 4);
    desk.press("Enter Enter"); // out of the reason, then the safe answer
    assert_eq!(desk.count(Kind::Person), 4);
}

#[test]
fn a_deletion_with_a_reason_can_be_undone() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 d 重複登記 Tab Tab Enter").shows("已刪除 1 筆");
    assert_eq!(desk.count(Kind::Person), 3);
    desk.press("Ctrl-Z").shows("已復原");
    assert_eq!(desk.count(Kind::Person), 4);
}

#[test]
fn a_list_is_filtered_by_one_field_and_cleared_again() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Ctrl-G 姓名 Enter").shows("要包含或等於什麼");
    desk.press("國 Enter Enter").shows("共 1 筆").shows("曾國藩");
    desk.press("Backspace").shows("共 4 筆");
}

#[test]
fn a_list_is_sorted_by_a_column_both_ways() {
    let mut desk = Desk::new(PEOPLE);
    let first = |desk: &Desk| desk.screen(80, 24).lines().nth(4).unwrap().to_owned();
    desk.press("5 F6 學工號 Enter Home");
    assert!(first(&desk).contains("20210001"), "{}", first(&desk));
    desk.press("F6 學工號 Enter Home");
    assert!(first(&desk).contains("20210004"), "{}", first(&desk));
}

#[test]
fn a_disabled_action_says_why() {
    let mut desk = Desk::new(&[]);
    desk.press("5 F8").shows("這裡沒有記錄");
    desk.press("F5").shows("尚未加入服務器");
}

#[test]
fn workflow_steps_that_are_open_come_first_and_the_others_say_why() {
    let mut desk = Desk::new(&[]);
    let spec = Kind::TrainingClass.spec();
    let number = |key: &str| spec.field(key).unwrap().number;
    let fields = Fields::from([
        (number("year"), Value::Int(2026)),
        (number("name"), Value::Text("骨幹班".into())),
    ]);
    let id = desk.data.create_record(Kind::TrainingClass, fields).unwrap();
    let steps = desk.data.steps(id);
    assert!(steps.iter().any(|step| step.blocked.is_some()), "a draft cannot take every step");
    desk.press("Ctrl-P 培訓班 Down Enter F8").shows("動作：2026 骨幹班").shows("當前狀態不能");
    let screen = desk.screen(80, 24);
    let first = screen.lines().find(|line| line.contains("│> ") && line.contains("取消"));
    assert!(first.is_some(), "{screen}");
    desk.press("Enter").shows("辦理");
}

#[test]
fn escape_stops_a_running_sync_and_work_goes_on_meanwhile() {
    let mut desk = Desk::new(PEOPLE);
    desk.model.shell.sync.running = true;
    desk.press("8").shows("正在同步");
    let step = |done, bytes| SyncStep { phase: "push", done, total: Some(400), bytes };
    desk.send(Message::SyncStep(step(0, 0)));
    assert!(!desk.screen(80, 24).contains("KiB"), "nothing to say yet");
    desk.model.shell.sync.begun_ms = desk.model.shell.now_ms;
    for done in [50, 100] {
        desk.send(Message::SyncStep(step(done, 204_800)));
    }
    desk.shows("已傳輸 200 KiB，每秒 100 KiB").shows("送出約需 6 秒");
    desk.press("5").shows("王小明").shows("[同步中]");
    desk.press("8 Esc").shows("正在停止");
    assert_eq!(desk.effects.last(), Some(&Effect::CancelSync));
    desk.send(Message::Synced(Err(Failure::of("cancelled"))));
    assert!(!desk.model.shell.sync.running);
}

#[test]
fn a_device_that_has_joined_syncs_by_itself_and_comes_back_after_a_failure() {
    let mut desk = Desk::new(PEOPLE);
    desk.send(Message::Wake);
    assert_eq!(desk.model.wake_at(), None, "nothing to wait for before joining");
    desk.model.shell.status.server = Some("https://example.test".into());
    desk.send(Message::Wake);
    let due = desk.model.wake_at().unwrap();
    assert!(due > desk.now_ms);
    desk.now_ms = due;
    desk.send(Message::Wake);
    assert_eq!(desk.effects.last(), Some(&Effect::Sync));
    assert_eq!(desk.model.wake_at(), None, "one at a time");
    desk.send(Message::Synced(Err(Failure::of("unreachable"))));
    let again = desk.model.wake_at().unwrap();
    assert!(again > desk.now_ms && again <= desk.now_ms + 2_000, "{again}");
    assert!(desk.model.shell.notice.is_none(), "offline is a normal state");
}

#[test]
fn the_language_is_switched_at_once() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("F12").shows("总览");
    desk.press("F12").shows("Overview");
    desk.press("F12").shows("總覽");
}

#[test]
fn quitting_asks_and_staying_is_the_safe_answer() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("Ctrl-Q Enter");
    assert!(!desk.model.quit);
    desk.press("Ctrl-Q Tab Enter");
    assert!(desk.model.quit);
}

#[test]
fn full_width_command_keys_work() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("５ ／ zgf").shows("曾國藩").shows_not("王小明");
}

#[test]
fn the_passphrase_is_asked_before_anything_else_and_shown_as_stars() {
    let mut desk = Desk::new(PEOPLE);
    desk.model = Model::new(&start(true));
    desk.press("secret").shows("******").shows_not("secret");
    desk.press("Enter");
    assert!(matches!(desk.effects.last(), Some(Effect::Open(_))));
    desk.send(Message::Opened(Err(Failure::of("wrong-passphrase"))));
    desk.shows("密碼");
}

#[test]
fn the_first_steps_write_nothing_before_the_passphrase_is_confirmed() {
    let mut desk = Desk::new(&[]);
    desk.model = Model::new(&start(false));
    desk.press("Enter 李組織 Enter U01 Enter short Enter short Enter").shows("至少 14 個字符");
    assert!(desk.effects.is_empty());
    desk.press("Ctrl-U longenoughnow1 Enter Ctrl-U longenoughnow1 Enter");
    let made = Effect::Create {
        user: "李組織".into(),
        unit: "U01".into(),
        passphrase: crate::tui::effect::Secret::from("longenoughnow1".to_owned()),
    };
    assert_eq!(desk.effects, [made]);
    desk.send(Message::Created(Ok((Arc::clone(&desk.data), "ABCDE-12345".into()))));
    desk.shows("ABCDE-12345");
    desk.press("Enter").shows("表示已經抄下").shows("ABCDE-12345");
    desk.press("12345 Enter Enter Enter").shows("總覽").shows("先離線使用");
}

#[test]
fn every_size_of_terminal_is_drawn_without_a_panic() {
    let mut desk = Desk::new(PEOPLE);
    for keys in ["1", "5", "Ctrl-N", "Ctrl-P", "Esc Esc", "8", "F1"] {
        desk.press(keys);
        for (wide, high) in [(1, 1), (10, 3), (59, 16), (60, 16), (60, 20), (81, 25), (200, 60)] {
            desk.buffer(wide, high);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_keys_never_panic_and_every_screen_is_whole(
        keys in proptest::collection::vec(prop::sample::select(vec![
            "1", "2", "5", "8", "Enter", "Esc", "Tab", "Shift-Tab", "Up", "Down", "Left", "Right", "PgDn", "Home", "End",
            "F2", "F6", "F8", "F9", "F1", "Ctrl-P", "Ctrl-N", "Ctrl-G", "Ctrl-F", "Ctrl-S", "Ctrl-A", "Ctrl-Z",
            "Space", "Delete", "Backspace", "Ctrl-D", "Ctrl-O", "Shift-F2", "Shift-F6", "v", ",", "+", "F7", "王", "wxm", "2021", "？", "Ctrl-D", "Ctrl-R", "Ctrl-T", "F12",
        ]), 0..40)
    ) {
        let mut desk = Desk::new(&[("20210001", "王小明")]);
        for key in keys {
            desk.press(key);
            if desk.model.quit {
                break;
            }
            desk.screen(80, 24);
        }
    }
}

#[test]
fn a_key_of_another_screen_says_so_and_digits_after_it_switch_no_tab() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("Ctrl-G").shows("「篩選」（Ctrl-G）在這個畫面不能用");
    desk.now_ms -= 900;
    desk.press("5").shows("在這個畫面不能用").shows_not("王小明");
    desk.press("5").shows("王小明");
}

#[test]
fn finding_from_a_record_goes_back_to_the_find_line_of_its_list() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Enter Ctrl-F 單").shows("單雄信").shows_not("曾國藩");
}

#[test]
fn taking_back_a_new_record_leaves_its_page() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N 20210009 Tab 王 Ctrl-S").shows("已儲存");
    desk.press("Ctrl-Z").shows("已復原").shows("還沒有記錄").shows_not("20210009");
    assert_eq!(desk.count(Kind::Person), 0);
}

#[test]
fn no_tab_disappears_on_a_narrow_screen_in_any_language() {
    let mut desk = Desk::new(PEOPLE);
    (desk.model.shell.status.conflicts, desk.model.shell.status.attention) = (120, 45);
    for lang in Lang::ALL {
        desk.model.shell.locale = Locale::new(lang);
        for wide in [60, 80] {
            let screen = desk.screen(wide, 20);
            let tabs = screen.lines().nth(1).unwrap();
            assert!((1..=8).all(|n| tabs.contains(&n.to_string())), "{tabs}");
            assert!(tabs.contains("(99+)") && tabs.contains("(45)"), "{tabs}");
        }
    }
}

#[test]
fn no_two_columns_of_a_list_have_the_same_heading() {
    let desk = Desk::new(PEOPLE);
    for lang in Lang::ALL {
        let locale = Locale::new(lang);
        for kind in Kind::ALL {
            let spec = kind.spec();
            let fields = spec.list.iter().filter_map(|key| spec.field(key));
            let mut titles: Vec<String> =
                fields.map(|field| locale.field_label(spec, field)).collect();
            titles.push(locale.text("tui-column-state"));
            let all = titles.clone();
            titles.sort();
            titles.dedup();
            assert_eq!(titles.len(), all.len(), "{} {}: {all:?}", kind.key(), lang.key());
        }
    }
    drop(desk);
}

#[test]
fn the_overview_names_the_drafts_that_wait_and_opens_them() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Enter F2 Tab 甲 Tab").shows("草稿已存");
    desk.press("Esc Esc").press("Esc Ctrl-Q Esc");
    let id = desk.data.list(&Query::all(Kind::Person)).remove(0);
    let title = desk.data.title(id);
    let texts = std::collections::BTreeMap::from([("name".to_owned(), "甲".to_owned())]);
    desk.data.save_draft(Kind::Person, Some(id), texts).unwrap();
    let data = Arc::clone(&desk.data);
    desk.model.opened(data);
    desk.shows("未完成的草稿").shows(&title);
    desk.press("Down Down Down Enter").shows("有未完成的草稿").shows(&format!("「編輯：{title}」"));
}

#[test]
fn sensitive_fields_are_no_filters_and_the_title_says_the_order() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Ctrl-G").shows("姓名").shows_not("民族").shows_not("身份證").shows_not("手機");
    desk.press("Esc F6 Enter").shows("由小到大");
    desk.press("F6 Enter").shows("由大到小");
}

#[test]
fn a_masked_code_is_where_its_list_opens_and_says_that_it_is_replaced() {
    let mut desk = Desk::new(&[]);
    let spec = Kind::Person.spec();
    let number = |key: &str| spec.field(key).unwrap().number;
    let fields = Fields::from([
        (number("staff_no"), Value::Text("20210001".into())),
        (number("name"), Value::Text("王小明".into())),
        (number("ethnicity"), Value::Code("05".into())),
    ]);
    desk.data.create_record(Kind::Person, fields).unwrap();
    let place = spec.fields.iter().position(|field| field.key == "ethnicity").unwrap();
    desk.press("5 Enter F2").press(&vec!["Tab"; place].join(" ")).shows("內容已隱藏");
    desk.press("Enter").shows(">  維吾爾族");
}

#[test]
fn several_pasted_lines_become_one_and_the_user_is_told() {
    let mut desk = Desk::new(&[]);
    desk.press("5 Ctrl-N Tab");
    desk.send(Message::Paste("王\n小明\n".into()));
    desk.shows("[王 小明").shows("已合成一行");
}

#[test]
fn an_idle_desk_locks_itself_and_keeps_the_draft() {
    let mut desk = Desk::new(&[("1", "王小明")]);
    desk.model.shell.lock_after_ms = Some(600_000);
    desk.press("5 Ctrl-N 20219999");
    assert_eq!(desk.model.shell.lock_at(), Some(desk.now_ms + 600_000), "one deadline");
    assert!(desk.model.wake_at().is_some_and(|at| at <= desk.now_ms + 600_000));
    desk.now_ms += 599_000;
    desk.send(Message::Wake);
    assert_eq!(desk.effects.last(), Some(&Effect::Lock));
    assert!(desk.model.shell.data.is_none() && desk.model.screens.is_empty());
    let drafts = desk.data.draft(Kind::Person, None).unwrap();
    assert_eq!(drafts.texts.get("staff_no").map(String::as_str), Some("20219999"));
}

#[test]
fn a_key_after_the_time_is_up_locks_and_does_nothing_else() {
    let mut desk = Desk::new(&[("1", "王小明")]);
    desk.model.shell.lock_after_ms = Some(600_000);
    desk.press("5");
    desk.now_ms += 700_000; // the machine slept, and no timer rang
    desk.press("d");
    assert_eq!(desk.effects.last(), Some(&Effect::Lock));
}

#[test]
fn the_lock_key_works_while_an_input_method_is_on() {
    let mut desk = Desk::new(&[("1", "王小明")]);
    desk.press("5 Ctrl-N 王");
    desk.press("Ctrl-K");
    assert_eq!(desk.effects.last(), Some(&Effect::Lock));
}
