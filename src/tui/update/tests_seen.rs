//! What people saw who used the program for the first time.

use super::*;

#[test]
fn arrows_move_through_every_field_of_the_first_steps() {
    let mut desk = Desk::new(&[]);
    desk.model = Model::new(&start(false));
    desk.press("Down").shows("> (o) 2");
    desk.press("Up").shows("> (o) 1");
    desk.press("Enter Down U01 Up 李 Down 2").shows("U012").shows("[李 ");
}

#[test]
fn the_lock_screen_is_whole_in_every_language() {
    let mut desk = Desk::new(&[]);
    for lang in Lang::ALL {
        let mut model = Model::new(&start(true));
        model.shell.locale = Locale::new(lang);
        let mut whole = Vec::new();
        for locked in [false, true] {
            if locked {
                model.locked();
            }
            desk.model = model;
            let screen = desk.screen(80, 24);
            whole.push(screen.contains('~'));
            model = std::mem::replace(&mut desk.model, Model::new(&start(true)));
        }
        assert_eq!(whole, [false, false], "{}", lang.key());
    }
}

#[test]
fn hints_show_no_letters_once_han_characters_were_typed_anywhere() {
    let mut desk = Desk::new(PEOPLE);
    desk.press("5").shows("a新增");
    desk.press("Ctrl-F 王 Enter").shows("Ctrl-N新增").shows_not("a新增").shows_not("Enter 到清單");
    let mut desk = Desk::new(PEOPLE);
    desk.press("5 Ctrl-P 王 Esc").shows_not("a新增");
}

#[test]
fn a_reason_in_help_is_never_cut() {
    let mut desk = Desk::new(PEOPLE);
    for lang in Lang::ALL {
        desk.model.shell.locale = Locale::new(lang);
        desk.press("5 F1");
        for _ in 0..20 {
            let screen = desk.screen(80, 24);
            assert!(!screen.contains('~'), "{screen}");
            desk.press("PgDn");
        }
        desk.press("Esc");
    }
}

#[test]
fn a_unit_is_named_once_below_its_list() {
    let mut desk = Desk::new(&[]);
    let spec = Kind::Unit.spec();
    let number = |key: &str| spec.field(key).unwrap().number;
    let fields = Fields::from([
        (number("code"), Value::Text("0201".into())),
        (number("name"), Value::Text("電信學院黨委".into())),
        (number("type"), Value::Code("committee".into())),
    ]);
    desk.data.create_record(Kind::Unit, fields).unwrap();
    desk.press("Ctrl-P 開啟：黨組織名錄 Enter");
    let screen = desk.screen(80, 24);
    let below = screen.lines().rev().find(|line| line.contains("電信學院黨委")).unwrap();
    assert_eq!(below.matches("電信學院黨委").count(), 1, "{screen}");
}
