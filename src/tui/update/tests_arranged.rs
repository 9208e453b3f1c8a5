//! Lists at work: values counted and ticked, several orders, columns, the last line, views, cells edited in place, files.

use super::*;
use crate::domain::record::PartialDate;

/// Persons with a sex, a birth year and a name.
const STAFF: &[(&str, &str, &str, i16)] = &[
    ("20210001", "王小明", "1", 1975),
    ("20210002", "單雄信", "1", 1975),
    ("20210003", "曾國藩", "1", 1982),
    ("20210004", "丁玲", "2", 1982),
    ("20210005", "歐陽倩", "2", 1990),
];

fn staffed() -> Desk {
    let desk = Desk::new(&[]);
    let spec = Kind::Person.spec();
    let number = |key: &str| spec.field(key).unwrap().number;
    for (staff_no, name, sex, born) in STAFF {
        let fields = Fields::from([
            (number("staff_no"), Value::Text((*staff_no).to_owned())),
            (number("name"), Value::Text((*name).to_owned())),
            (number("sex"), Value::Code((*sex).to_owned())),
            (number("born_on"), Value::Date(PartialDate::month(*born, 5).unwrap())),
        ]);
        desk.data.create_record(Kind::Person, fields).unwrap();
    }
    desk
}

/// Goes to a column by its heading.
fn column(desk: &mut Desk, key: &str) {
    let layout = desk.model.shell.layout(Kind::Person);
    let place = layout.shown().position(|column| column.key == key).unwrap();
    desk.press(&vec!["Right"; place].join(" "));
}

fn names(desk: &Desk) -> Vec<&'static str> {
    let screen = desk.screen(120, 40);
    let mut found: Vec<(usize, &str)> =
        STAFF.iter().filter_map(|(_, name, ..)| Some((screen.find(name)?, *name))).collect();
    found.sort_unstable();
    found.dedup_by_key(|(_, name)| *name);
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn values_look_like_this_at_three_sizes() {
    let mut desk = staffed();
    desk.press("5");
    column(&mut desk, "sex");
    desk.press("Ctrl-D Space");
    insta::assert_snapshot!("values_80x24", desk.screen(80, 24));
    insta::assert_snapshot!("values_160x45", desk.screen(160, 45));
    desk.press("F7");
    insta::assert_snapshot!("chart_100x30", desk.screen(100, 30));
    desk.model.shell.chrome = Chrome::Ascii;
    let screen = desk.screen(100, 30);
    assert!(!screen.contains(['█', '─', '│']), "{screen}");
}

#[test]
fn ticked_values_filter_the_list_behind_and_enter_takes_one_only() {
    let mut desk = staffed();
    desk.press("5");
    column(&mut desk, "sex");
    desk.press("Ctrl-D").shows("60%").shows("只看這一項");
    desk.press("Enter").shows("共 3 筆").shows("性別=男").shows_not("丁玲");
    desk.press("Ctrl-D Down Space").shows("清單現有 5 筆").shows("完成");
    desk.press("Enter").shows("共 5 筆");
    desk.press("Backspace").shows("共 5 筆").shows_not("性別=");
}

#[test]
fn the_filter_key_ticks_values_of_any_field_and_says_how_many_are_ticked() {
    let mut desk = staffed();
    desk.press("5 Ctrl-G 出生年月 Enter").shows("1975").shows("1990");
    desk.press("Space Space Enter").shows("共 4 筆").shows_not("歐陽倩");
    desk.press("Ctrl-G 出生年月").shows("已勾 2");
}

#[test]
fn other_fields_are_a_key_away_and_keep_what_is_ticked() {
    let mut desk = staffed();
    desk.press("5");
    column(&mut desk, "sex");
    desk.press("Ctrl-D Space Right Left").shows("[x] 男");
}

#[test]
fn names_are_ordered_by_strokes_and_equal_ones_by_a_second_column() {
    let mut desk = staffed();
    desk.press("5 F6 姓名 Enter");
    assert_eq!(names(&desk), ["丁玲", "歐陽倩", "單雄信", "王小明", "曾國藩"]);
    desk.press("Ctrl-P 筆劃 Enter 筆劃 Enter").shows("筆劃");
    assert_eq!(names(&desk), ["丁玲", "王小明", "單雄信", "曾國藩", "歐陽倩"]);
    desk.press("F6 性別 Enter Shift-F6 姓名 Enter").shows("性別^1");
    assert_eq!(names(&desk), ["王小明", "單雄信", "曾國藩", "丁玲", "歐陽倩"]);
    desk.press("F6 性別 Enter Shift-F6 姓名 Enter").shows("性別v1");
    assert_eq!(names(&desk), ["丁玲", "歐陽倩", "王小明", "單雄信", "曾國藩"]);
}

#[test]
fn columns_are_hidden_moved_pinned_and_remembered() {
    let mut desk = staffed();
    desk.press("5 Ctrl-O");
    insta::assert_snapshot!("columns_100x30", desk.screen(100, 30));
    desk.press("Down Space Shift-Up Esc").shows_not("待送出");
    desk.model = Model::new(&start(true));
    desk.model.opened(Arc::clone(&desk.data));
    let layout = desk.model.shell.layout(Kind::Person);
    assert!(!layout.columns.iter().any(|column| column.key == "sync-state" && column.on));
    desk.press("5 Ctrl-O Ctrl-R Esc").shows("本機");
}

#[test]
fn the_last_line_counts_what_the_filter_leaves() {
    let mut desk = staffed();
    desk.press("5 +").shows("已填筆數");
    desk.press("+ + +").shows("不同值");
    column(&mut desk, "sex");
    desk.press("Ctrl-D Enter");
    let screen = desk.screen(120, 40);
    let line = screen.lines().find(|line| line.contains("不同值")).unwrap();
    assert!(line.contains(" 3 ") && line.contains(" 1 "), "{line}");
}

#[test]
fn a_list_is_kept_under_a_name_and_opened_from_the_palette() {
    let mut desk = staffed();
    desk.press("5");
    column(&mut desk, "sex");
    desk.press("Ctrl-D Enter F6 學工號 Enter Ctrl-S 男性 Enter Enter").shows("已存成視圖「男性」");
    desk.press("Backspace").shows("共 5 筆");
    desk.press("1 Ctrl-P 視圖：男 Enter").shows("男性 | 共 3 筆").shows("性別=男");
    desk.press("1 Ctrl-P 刪除視圖 Enter Enter").shows("已刪除視圖");
    assert!(desk.data.stored_views().iter().all(|view| view.name.is_empty()));
}

#[test]
fn a_cell_is_changed_in_place_and_taken_back() {
    let mut desk = staffed();
    desk.press("5 F6 學工號 Enter Home");
    let name = |desk: &Desk| {
        let sorts = vec!["staff_no".parse().unwrap()];
        let id = desk.data.list(&Query { sorts, ..Query::all(Kind::Person) }).remove(0);
        desk.data.title(id)
    };
    assert_eq!(name(&desk), "王小明");
    column(&mut desk, "name");
    desk.press("Shift-F2").shows("按兩次 Enter");
    desk.press("Ctrl-U 王大明 Enter Enter").shows("Ctrl-Z 可復原");
    assert_eq!(name(&desk), "王大明");
    desk.press("Ctrl-Z");
    assert_eq!(name(&desk), "王小明");
}

#[test]
fn a_coded_cell_is_chosen_from_its_list_and_a_wrong_value_is_said_where_it_was_typed() {
    let mut desk = staffed();
    desk.press("5 F6 學工號 Enter Home");
    column(&mut desk, "sex");
    desk.press("Shift-F2 女 Enter").shows("已改");
    desk.press("Ctrl-D").shows("60%");
    let mut desk = staffed();
    desk.press("5");
    column(&mut desk, "staff_no");
    desk.press("Shift-F2 Ctrl-U Enter Enter").shows("按兩次 Enter").shows("[注意]");
}

#[test]
fn rows_are_selected_by_range_and_by_value() {
    let mut desk = staffed();
    desk.press("5 F6 學工號 Enter Home v Down Down v").shows("已選 3 筆");
    desk.press("Esc Home");
    column(&mut desk, "sex");
    desk.press(",").shows("已選 3 筆");
}

#[test]
fn text_in_any_field_is_found_after_an_asterisk() {
    let mut desk = staffed();
    desk.press("5 / *女").shows("共 2 筆").shows("丁玲");
}

#[test]
fn a_list_is_written_as_it_is_arranged_and_says_what_for() {
    let desk = staffed();
    // Records of one millisecond have no order of their own.
    let by_number = Query { sorts: vec!["staff_no".parse().unwrap()], ..Query::all(Kind::Person) };
    let list = crate::tui::screens::List::of_query(&desk.model.shell, by_number);
    let sheet = list.sheet(&desk.model.shell).unwrap();
    assert_eq!(sheet.rows.len(), STAFF.len() + 1);
    assert!(sheet.rows[1].contains(&"王小明".to_owned()));
    let taken = sheet.taken.clone().unwrap();
    assert!(taken.whole && taken.count == STAFF.len());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("out.csv");
    desk.data.take_out(&sheet, "自查", &file, b"x").unwrap();
    assert!(file.exists());
    let mut desk = desk;
    desk.press("5 Ctrl-X Enter").shows("請填用途");
    desk.press("Esc 8 Ctrl-X 文字").shows(".txt");
}

#[test]
fn records_made_month_by_month_are_a_chart_that_opens_their_list() {
    let mut desk = staffed();
    desk.press("1 Ctrl-T").shows("建立時間").shows("清單現有 5 筆");
    desk.press("Enter").shows("共 5 筆");
}

#[test]
fn a_figure_is_shown_by_unit_and_each_unit_opens_who_is_missing() {
    use crate::tui::data::UnitShare;
    let mut desk = staffed();
    let missing = desk.data.list(&Query { search: "曾國藩".into(), ..Query::all(Kind::Person) });
    let share = |unit: &str, part, missing: &[_]| UnitShare {
        unit: unit.into(),
        part,
        whole: part + missing.len(),
        missing: missing.to_vec(),
    };
    let units = vec![share("電信學院", 2, &missing), share("圖書館", 2, &[])];
    let name = "training-coverage".to_owned();
    let ratio =
        Ratio { name, figure: "all", kind: Kind::Person, part: 4, whole: 5, missing, units };
    desk.send(Message::Figures(vec![ratio]));
    insta::assert_snapshot!("overview_units_160x45", desk.screen(160, 45));
    desk.press("F8").shows("80%（4/5）").shows("66% ").shows("圖書館");
    insta::assert_snapshot!("coverage_80x24", desk.screen(80, 24));
    desk.press("Enter").shows("電信學院").shows("曾國藩").shows_not("王小明");
    desk.press("Esc Down Enter").shows("沒有未達成的記錄");
}

#[test]
fn a_small_share_is_never_nothing_and_ticks_show_in_the_chart() {
    let mut desk = staffed();
    desk.press("5");
    desk.press("Ctrl-G 出生年月 Enter").shows("40%").shows("20%");
    desk.press("Space F7").shows("[x]").shows("F7換成表格");
    desk.press("F7").shows_not("F7換成表格");
}

#[test]
fn values_of_a_search_without_hits_name_the_search() {
    let mut desk = staffed();
    desk.press("5");
    column(&mut desk, "sex");
    desk.press("/ 無此人 Enter Ctrl-D")
        .shows("沒有符合條件的記錄")
        .shows("「無此人」")
        .shows_not("還沒有記錄");
}
