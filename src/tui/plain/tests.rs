//! Sessions in lines: what is typed, and what is told.

use std::collections::VecDeque;

use super::*;
use crate::client::{Client, KeyCost, NewDevice};
use crate::domain::kinds::Kind;
use crate::domain::record::{Fields, Value};
use crate::locale::{Lang, Locale};
use crate::tui::actions::Action;
use crate::tui::data::Query;

/// Lines typed beforehand, and everything that was told.
#[derive(Default)]
struct Script {
    typed: VecDeque<String>,
    told: Vec<String>,
}

impl Lines for Script {
    fn say(&mut self, line: &str) -> io::Result<()> {
        self.told.push(crate::tui::text::shown(line));
        Ok(())
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        let line = self.typed.pop_front();
        self.told.push(format!("{prompt} {}", line.clone().unwrap_or_default()));
        Ok(line)
    }
}

struct Desk {
    data: Arc<Data>,
    _dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let new = NewDevice { user: "李組織".into(), unit_code: None, cost: KeyCost::CHEAP };
        let (client, _) = Client::create(&dir.path().join("d"), "correct horse", &new).unwrap();
        let data = Arc::new(Data::of(client));
        for (number, name) in
            [("20210001", "王小明"), ("20210002", "單雄信"), ("20210003", "曾國藩")]
        {
            let spec = Kind::Person.spec();
            let number_of = |key: &str| spec.field(key).unwrap().number;
            let fields = Fields::from([
                (number_of("staff_no"), Value::Text(number.to_owned())),
                (number_of("name"), Value::Text(name.to_owned())),
            ]);
            data.create_record(Kind::Person, fields).unwrap();
        }
        Self { data, _dir: dir }
    }

    /// Types lines, one after the other, and returns what was told.
    fn talk(&self, lang: Lang, lines: &str) -> String {
        let mut model = Model::new(&Start {
            exists: true,
            lang,
            colour: false,
            chrome: Chrome::Ascii,
            today: jiff::civil::date(2026, 8, 23),
        });
        model.opened(Arc::clone(&self.data));
        let typed = lines.lines().map(|line| line.trim().to_owned()).collect();
        let mut script = Script { typed, told: Vec::new() };
        Session::new(model, &mut script).run().unwrap();
        script.told.join("\n")
    }

    fn name(&self, text: &str) -> Option<String> {
        let found = self.data.list(&Query { search: text.into(), ..Query::all(Kind::Person) });
        found.first().map(|id| self.data.title(*id))
    }
}

#[test]
fn every_action_is_offered_line_by_line_or_says_what_stands_for_it() {
    for action in Action::ALL {
        if let Some(key) = left_out(*action) {
            for lang in Lang::ALL {
                assert!(Locale::new(lang).has(&format!("tui-{key}")), "{} {key}", action.id());
            }
        }
    }
    let kept = Action::ALL.iter().filter(|action| left_out(**action).is_none()).count();
    assert!(kept * 3 > Action::ALL.len() * 2, "most actions are the same: {kept}");
}

#[test]
fn every_writing_action_is_offered() {
    for action in Action::ALL.iter().filter(|action| action.writes()) {
        assert_eq!(left_out(*action), None, "{}", action.id());
    }
}

#[test]
fn a_person_is_found_opened_and_changed_by_number() {
    let desk = Desk::new();
    // Found by initials, opened, edited: field 2 is the name; saved; back.
    let told = desk.talk(Lang::Hant, "zgf\n1\nm 編輯\n2\n曾國荃\nm 儲存\n0\n0\n");
    assert!(told.contains("1 曾國藩; "), "{told}");
    assert!(told.contains("學工號: 20210003"), "{told}");
    assert!(told.contains("[完成] 已儲存"), "{told}");
    assert_eq!(desk.name("20210003").as_deref(), Some("曾國荃"));
}

#[test]
fn a_record_is_made_deleted_and_taken_back() {
    let desk = Desk::new();
    let told = desk.talk(
        Lang::Hant,
        "m 人員\nm 新增\n1\n20219999\n2\n歐陽鋒\nm 儲存\n0\n歐陽鋒\nm 刪除\n重複登記\n2\nm 復原\n1\n",
    );
    assert!(told.contains("[完成] 已儲存"), "{told}");
    assert!(told.contains("已刪除 1 筆"), "{told}");
    assert!(told.contains("已復原"), "{told}");
    assert_eq!(desk.name("20219999").as_deref(), Some("歐陽鋒"));
}

#[test]
fn an_error_in_a_form_is_told_with_its_field() {
    let desk = Desk::new();
    let told = desk.talk(Lang::Hant, "m 人員\nm 新增\n2\n張三\nm 儲存\n0\n3\n");
    assert!(told.contains("[注意] 學工號"), "{told}");
    assert!(told.contains("1 學工號 *: ; x "), "{told}");
    assert_eq!(desk.name("張三"), None);
}

#[test]
fn several_are_selected_and_changed_at_once_after_a_preview() {
    let desk = Desk::new();
    let told = desk.talk(
        Lang::Hant,
        "m 人員\nm 全部選定\nm 動作\n設定\n1\n行政職務\n1\n系主任\n1\n1\n年度調整\n2\n3\n4\n",
    );
    assert!(told.contains("會變更 3 筆"), "{told}");
    assert!(told.contains("已變更 3 筆"), "{told}");
}

#[test]
fn what_cannot_be_done_says_why_and_numbers_out_of_range_do_nothing() {
    let desk = Desk::new();
    let told = desk.talk(Lang::Hant, "m\n0\n99\nm 同步\n0\n0\n1\n");
    assert!(
        told.contains("x 同步: 本機尚未加入服務器") && told.contains("[注意] 本機尚未加入服務器"),
        "{told}"
    );
    assert!(told.contains("沒有這個編號"), "{told}");
}

#[test]
fn the_end_of_the_input_keeps_a_draft() {
    let desk = Desk::new();
    desk.talk(Lang::Hant, "m 人員\nm 新增\n1\n20218888");
    let draft = desk.data.draft(Kind::Person, None).unwrap();
    assert_eq!(draft.texts.get("staff_no").map(String::as_str), Some("20218888"));
}

#[test]
fn it_speaks_three_languages_and_repeats_nothing_unasked() {
    let desk = Desk::new();
    for lang in Lang::ALL {
        let told = desk.talk(lang, "m\n0\n\n");
        assert!(!told.contains("[tui-"), "{told}");
        let overview = Locale::new(lang).text("tui-context-overview");
        let times = told.lines().filter(|line| *line == overview).count();
        assert_eq!(times, 2, "once at the start, once when asked for: {told}");
    }
}
