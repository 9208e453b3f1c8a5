//! Keys of one's own, keys in two steps, counts, and what can be pressed.

use super::tests::{Desk, PEOPLE};
use super::*;
use crate::locale::{Lang, Locale};
use crate::settings::KeyProfile;
use crate::tui::keys::Keymap;

/// A desk whose keys are kept in a folder.
fn with_file(profile: KeyProfile) -> (Desk, tempfile::TempDir) {
    let mut desk = Desk::new(PEOPLE);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ejia").join("keymap.toml");
    desk.model.shell.read_keys(profile, Some(file));
    (desk, folder)
}

fn written(folder: &tempfile::TempDir) -> String {
    std::fs::read_to_string(folder.path().join("ejia").join("keymap.toml")).unwrap_or_default()
}

#[test]
fn a_key_is_changed_in_the_program_and_works_at_once_and_after_a_restart() {
    let (mut desk, folder) = with_file(KeyProfile::Standard);
    desk.press("Ctrl-P 設定按鍵 Enter").shows("按鍵（");
    desk.press("排序 Enter").shows("按下新的鍵");
    desk.press("F11").shows("「排序」現在是：F11  s。");
    desk.press("Esc Esc 5 F11").shows("按哪一欄排序");
    assert!(written(&folder).contains("[list]\nsort = [\"F11\", \"s\"]"), "{}", written(&folder));
    let file = desk.model.shell.keymap_file.clone();
    let mut again = Desk::new(PEOPLE);
    again.model.shell.read_keys(KeyProfile::Standard, file);
    again.press("5 F11").shows("按哪一欄排序");
}

#[test]
fn a_key_that_is_taken_is_refused_by_name_and_nothing_is_written() {
    let (mut desk, folder) = with_file(KeyProfile::Standard);
    desk.press("Ctrl-P 設定按鍵 Enter 排序 Enter Ctrl-G").shows("已經是「篩選」");
    desk.press("Enter Esc").shows("沒有改");
    desk.press("Ctrl-U 儲存 Enter x").shows("會當作文字");
    desk.press("Enter Enter").shows("儲存");
    assert!(!written(&folder).contains("sort"));
}

#[test]
fn no_action_loses_its_last_key_that_passes_an_input_method() {
    let (mut desk, _folder) = with_file(KeyProfile::Standard);
    desk.press("Ctrl-P 設定按鍵 Enter 簽到 Delete").shows("至少要留一個");
}

#[test]
fn a_key_that_hides_another_says_so() {
    let (mut desk, _folder) = with_file(KeyProfile::Standard);
    desk.press("Ctrl-P 設定按鍵 Enter 排序 Enter F4").shows("不再是「復原清單」");
}

#[test]
fn keys_are_as_delivered_again_one_by_one_or_all() {
    let (mut desk, folder) = with_file(KeyProfile::Standard);
    desk.press("Ctrl-P 設定按鍵 Enter 排序 Enter F11").shows("*");
    desk.press("Ctrl-R").shows("現在是：F6  s");
    assert!(!written(&folder).contains("sort"), "{}", written(&folder));
    desk.press("Enter F11 F8").shows("恢復成原來的");
    desk.press("Tab Enter").shows("已全部恢復");
    assert_eq!(desk.model.shell.keymap.written_over(&Keymap::standard()), "");
    let old = folder.path().join("ejia").join("keymap.toml.old");
    assert!(std::fs::read_to_string(old).unwrap().contains("F11"), "the file before is kept");
}

#[test]
fn the_palette_leads_to_the_keys_of_its_action() {
    let (mut desk, _folder) = with_file(KeyProfile::Standard);
    desk.press("5 Ctrl-P 排序 F2").shows("按鍵（").shows("F6  s");
    let screen = desk.screen(80, 24);
    let row = screen.lines().find(|line| line.contains("│>")).unwrap();
    assert!(row.contains("排序") && row.contains("清單"), "{screen}");
}

#[test]
fn the_editor_is_whole_in_every_language() {
    let (mut desk, _folder) = with_file(KeyProfile::Vim);
    for lang in Lang::ALL {
        desk.model.shell.locale = Locale::new(lang);
        desk.press("g 1 Ctrl-P Ctrl-U edit Space keys Enter");
        let screen = desk.screen(80, 24);
        assert!(screen.contains(&desk.model.shell.text("keys-place")), "{screen}");
        let foot = screen.lines().nth(21).unwrap();
        assert!(!foot.contains('~'), "{foot}");
        desk.press("Esc");
    }
}

#[test]
fn what_can_be_pressed_is_shown_and_a_key_goes_through() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 ?").shows("這裡可按的鍵").shows("篩選");
    desk.press("Ctrl-N").shows("新增：人員");
    desk.press("Ctrl-W").shows("這裡可按的鍵").shows("儲存");
    desk.press("Esc").shows("新增：人員");
}

#[test]
fn vim_has_counts_prefixes_and_doubled_letters() {
    let (mut desk, _folder) = with_file(KeyProfile::Vim);
    desk.press("g 5").shows("1/4");
    desk.press("2 j").shows("3/4");
    desk.press("G").shows("4/4");
    desk.press("g g").shows("1/4");
    desk.press("3 G").shows("3/4");
    desk.press("k").shows("2/4");
    desk.press("1 0 j").shows("4/4");
    desk.press("g Esc n N").shows("3/4");
    desk.press("d d").shows("刪除").shows("原因");
    desk.press("Esc 2 x Esc").shows("3/4");
}

#[test]
fn a_prefix_that_waits_says_what_may_follow() {
    let (mut desk, _folder) = with_file(KeyProfile::Vim);
    desk.press("g").shows_not("g 之後");
    let at = desk.model.wake_at().unwrap();
    assert!(at <= desk.model.shell.now_ms + 1000);
    desk.send(Message::Wake);
    desk.shows("g 之後").shows("到最前");
    desk.press("5").shows("王小明").shows_not("g 之後");
}

#[test]
fn the_palette_has_what_was_used_last_first_and_is_searched_in_english_too() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Ctrl-P 欄位 Enter Esc Ctrl-P");
    let screen = desk.screen(80, 24);
    assert!(screen.contains("│>  欄位"), "{screen}");
    desk.press("redo").shows("重做");
    desk.press("Ctrl-U chongzuo").shows("重做");
    desk.press("Ctrl-U 重做 Enter").shows("沒有");
}
