//! One test per pitfall of real sheets.

use encoding_rs::GB18030;
use rust_xlsxwriter::{Format, Workbook};

use super::memory::no;
use super::*;
use crate::domain::ids::UnitId;
use crate::domain::record::{Fields, Value};
use crate::transfer::import::workbook::RawCell;

/// Makes a workbook of one sheet; a number stays a number.
fn book(rows: &[&[RawCell]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    fill(sheet, rows);
    book.save_to_buffer().unwrap()
}

fn fill(sheet: &mut rust_xlsxwriter::Worksheet, rows: &[&[RawCell]]) {
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (line, row) in (0_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(*row) {
            match cell {
                RawCell::Text(text) => sheet.write_string(line, column, text).unwrap(),
                RawCell::Number(number) => sheet.write_number(line, column, *number).unwrap(),
                RawCell::Date(day) => {
                    let serial = day.parse::<f64>().unwrap();
                    sheet.write_number_with_format(line, column, serial, &date).unwrap()
                }
                RawCell::Failed(_) => sheet.write_formula(line, column, "=1/0").unwrap(),
                RawCell::Empty | RawCell::Flag(_) => continue,
            };
        }
    }
}

fn t(text: &str) -> RawCell {
    RawCell::Text(text.to_owned())
}

fn row(texts: &[&str]) -> Vec<RawCell> {
    texts.iter().map(|text| if text.is_empty() { RawCell::Empty } else { t(text) }).collect()
}

const PEOPLE: [&str; 6] = ["学工号", "姓名", "性别", "身份证号", "入党时间", "所在党支部编码"];

/// A university with one committee (020100) and one branch (020100010).
fn university() -> (Memory, UnitId) {
    let mut memory = Memory::with_root();
    let root = memory.root_unit().unwrap();
    let unit = |code: &str, name: &str, kind: &str, parent: UnitId| {
        let texts = [("code", code), ("name", name)];
        let mut fields: Fields = texts
            .into_iter()
            .map(|(key, text)| (no(Kind::Unit, key), Value::Text(text.to_owned())))
            .collect();
        fields.insert(no(Kind::Unit, "type"), Value::Code(kind.to_owned()));
        fields.insert(no(Kind::Unit, "parent"), Value::Ref(parent.record()));
        fields
    };
    let add = |memory: &mut Memory, fields: Fields| {
        let id = memory.new_id();
        memory.planned(Kind::Unit, &Existing { id, fields, unit: id.unit() });
        id.unit()
    };
    let committee = add(&mut memory, unit("020100", "机械学院党委", "committee", root));
    let branch = add(&mut memory, unit("020100010", "机械学院教工第一党支部", "branch", committee));
    (memory, branch)
}

fn people(memory: &mut Memory, rows: &[&[RawCell]]) -> Plan {
    let head = row(&PEOPLE);
    let mut all: Vec<&[RawCell]> = vec![&head];
    all.extend_from_slice(rows);
    import(memory, "a.xlsx", None, &book(&all), &Defaults::default()).1
}

fn codes(plan: &Plan, place: usize) -> Vec<&'static str> {
    plan.rows[place].issues.iter().map(|issue| issue.code).collect()
}

fn error_of(request: &SheetRequest<'_>, bytes: &[u8]) -> &'static str {
    read_sheet(request, bytes, &cx()).unwrap_err().code()
}

fn failure(file: &str, bytes: &[u8]) -> &'static str {
    error_of(&SheetRequest { file, sheet: None, kind: None }, bytes)
}

#[test]
fn an_id_number_from_a_numeric_cell_is_refused_and_a_school_number_is_not() {
    let (mut memory, _) = university();
    let number = RawCell::Number(110_105_194_912_310_020.0);
    let plan = people(
        &mut memory,
        &[
            &[t("10001"), t("甲"), t("男"), number, RawCell::Empty, t("020100010")],
            &[
                RawCell::Number(11_312_018_275.0),
                t("乙"),
                t("女"),
                RawCell::Empty,
                RawCell::Empty,
                t("020100010"),
            ],
            &[
                RawCell::Number(1e16),
                t("丙"),
                t("女"),
                RawCell::Empty,
                RawCell::Empty,
                t("020100010"),
            ],
        ],
    );
    assert_eq!(codes(&plan, 0), ["q02-numeric-id"]);
    let Outcome::Added { fields, .. } = &plan.rows[1].outcome else { panic!("{:?}", plan.rows[1]) };
    assert_eq!(fields[&no(Kind::Person, "staff_no")], Value::Text("11312018275".into()));
    assert_eq!(codes(&plan, 2)[0], "numeric-lossy");
}

#[test]
fn dates_come_from_date_cells_day_counts_and_numbers_that_look_like_months() {
    let (mut memory, _) = university();
    let cells = [
        (RawCell::Date("43252".into()), Some("2018-06-01")),
        (RawCell::Number(43252.0), Some("2018-06-01")),
        (RawCell::Number(201_806.0), Some("2018-06")),
        (RawCell::Number(2018.06), Some("2018-06")),
        (RawCell::Number(2018.1), None),
        (t("2018年6月1日"), Some("2018-06-01")),
        (t("8/23"), None),
    ];
    for (place, (cell, day)) in cells.into_iter().enumerate() {
        let number = t(&format!("2000{place}"));
        let plan = people(
            &mut memory,
            &[&[number, t("甲"), t("男"), RawCell::Empty, cell.clone(), t("020100010")]],
        );
        let Some(day) = day else {
            assert_eq!(plan.rows[0].outcome, Outcome::Refused, "{cell:?}");
            continue;
        };
        let Outcome::Added { fields, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
        assert_eq!(fields[&no(Kind::Person, "joined_on")].as_date().unwrap().to_string(), day);
    }
}

#[test]
fn the_second_of_two_rows_with_one_school_number_is_refused() {
    let (mut memory, _) = university();
    let one = row(&["10001", "甲", "男", "", "", "020100010"]);
    let two = row(&["10001", "乙", "女", "", "", "020100010"]);
    let plan = people(&mut memory, &[&one, &two]);
    assert!(matches!(plan.rows[0].outcome, Outcome::Added { .. }));
    assert_eq!((codes(&plan, 1), plan.rows[1].row), (vec!["q07-duplicate-in-sheet"], 3));
}

#[test]
fn a_changed_cell_changes_one_field_and_an_empty_cell_none() {
    let (mut memory, _) = university();
    let first = row(&["10001", "张　三", "男", "", "2018-06-15", "020100010"]);
    people(&mut memory, &[&first]);
    let rough = row(&["１０００１", "张三", "", "", "2018.06", "020100010"]);
    let plan = people(&mut memory, &[&rough]);
    assert!(matches!(plan.rows[0].outcome, Outcome::Same { .. }), "{plan:?}");
    let other = row(&["10001", "张三", "女", "", "", "020100010"]);
    let plan = people(&mut memory, &[&other]);
    let Outcome::Changed { sets, unit, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
    let sex = (no(Kind::Person, "sex"), Value::Code("2".into()));
    assert_eq!((sets.clone(), *unit), (Fields::from([sex]), None));
}

#[test]
fn another_branch_in_the_sheet_is_a_move_and_an_unknown_one_a_refusal() {
    let (mut memory, branch) = university();
    people(&mut memory, &[&row(&["10001", "甲", "男", "", "", "020100"])]);
    let plan = people(&mut memory, &[&row(&["10001", "甲", "男", "", "", "020100010"])]);
    let Outcome::Changed { unit, sets, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
    assert_eq!((*unit, sets.is_empty()), (Some(branch), true));
    let plan = people(&mut memory, &[&row(&["10002", "乙", "男", "", "", "990100"])]);
    assert_eq!(codes(&plan, 0), ["q10-unknown-unit"]);
}

#[test]
fn rows_outside_the_users_units_are_refused() {
    let (mut memory, branch) = university();
    memory.scope.insert(branch);
    let inside = row(&["10001", "甲", "男", "", "", "020100010"]);
    let outside = row(&["10002", "乙", "男", "", "", "020100"]);
    let plan = people(&mut memory, &[&inside, &outside]);
    assert!(matches!(plan.rows[0].outcome, Outcome::Added { .. }));
    assert_eq!(codes(&plan, 1), ["out-of-scope"]);
}

#[test]
fn a_name_that_is_not_the_school_numbers_is_refused_in_either_script() {
    let (mut memory, _) = university();
    people(&mut memory, &[&row(&["10001", "张三", "男", "", "", "020100010"])]);
    let head = row(&["學工號", "姓名", "職務", "所屬黨支部編碼"]);
    let good = row(&["10001", "張 三", "書記", "020100010"]);
    let bad = row(&["10001", "李四", "", "020100010"]);
    let nobody = row(&["", "李四", "", "020100010"]);
    let bytes = book(&[&head, &good, &bad, &nobody]);
    let (sheet, plan) = import(&mut memory, "b.xlsx", None, &bytes, &Defaults::default());
    assert_eq!(sheet.kind, Kind::Post);
    assert!(matches!(plan.rows[0].outcome, Outcome::Added { .. }), "{plan:?}");
    assert_eq!(codes(&plan, 1), ["name-mismatch"]);
    assert_eq!(codes(&plan, 2), ["staff-no-missing"]);
}

#[test]
fn titles_instructions_totals_and_signatures_are_not_rows() {
    let (mut memory, _) = university();
    let lines: Vec<Vec<RawCell>> = [
        &["2026年党员花名册"][..],
        &["填表说明：1.请按文本填写"],
        &[],
        &PEOPLE,
        &["10001", "甲", "男", "", "", "020100010"],
        &PEOPLE,
        &["", "", "", "", "", ""],
        &["10002", "乙", "男", "", "", "020100010"],
        &["合 计", "2"],
        &["填表人：", "", "审核人："],
        &["书记签字（盖章）"],
        &["备注：以上属实"],
    ]
    .into_iter()
    .map(row)
    .collect();
    let lines: Vec<&[RawCell]> = lines.iter().map(Vec::as_slice).collect();
    let (sheet, plan) = import(&mut memory, "c.xlsx", None, &book(&lines), &Defaults::default());
    assert_eq!(sheet.header_row, 4);
    assert_eq!(plan.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [5, 8]);
}

#[test]
fn headings_in_two_rows_are_read_together() {
    let (mut memory, _) = university();
    let over = row(&["学工号", "姓名", "党员情况", "", "所在党支部编码"]);
    let under = row(&["", "", "入党时间", "转正时间", ""]);
    let data = row(&["10001", "甲", "2018.06", "2019.06", "020100010"]);
    let bytes = book(&[&over, &under, &data]);
    let (_, plan) = import(&mut memory, "d.xlsx", None, &bytes, &Defaults::default());
    let Outcome::Added { fields, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
    assert_eq!(plan.rows.len(), 1);
    assert_eq!(fields[&no(Kind::Person, "full_on")].as_date().unwrap().to_string(), "2019-06");
}

#[test]
fn unknown_columns_are_named_and_known_ones_listed_as_ignored() {
    let (mut memory, _) = university();
    let head = row(&["序号", "学工号", "姓名", "入党时间", "血型", "所在党支部编码", "入党的时间"]);
    let data = row(&["1", "10001", "甲", "", "A", "020100010", ""]);
    let (sheet, plan) =
        import(&mut memory, "e.xlsx", None, &book(&[&head, &data]), &Defaults::default());
    let report = report::report(&sheet, &plan, &|issue| issue.code.to_owned());
    assert_eq!(report.unknown_columns, ["血型", "入党的时间"]);
    assert_eq!(report.notes[1].code, "unknown-column-nearest");
    assert!(sheet.notes[1].args.contains(&("nearest", "入党时间".to_owned())));
    assert_eq!(report.ignored_columns, ["序号"]);
    assert_eq!(report.notes[0].code, "unknown-column");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["added"], &json["header_row"]), (&1.into(), &1.into()));
}

#[test]
fn a_failed_formula_refuses_its_row() {
    let (mut memory, _) = university();
    let failed = RawCell::Failed(String::new());
    let mut cells = row(&["10001", "甲", "男", "", "", "020100010"]);
    cells[2] = failed;
    let request = SheetRequest { file: "f.xlsx", sheet: None, kind: None };
    let head = row(&PEOPLE);
    let mut sheet = read_sheet(&request, &book(&[&head, &cells]), &cx()).unwrap();
    // The writer gives a formula the value 0; a spreadsheet program would have given #DIV/0!.
    sheet.rows[0].issues.clear();
    assert_eq!(plan(&sheet, &Defaults::default(), &mut memory, &cx()).rows.len(), 1);
    let csv = "学工号,姓名,入党时间\n10001,甲,#N/A\n";
    let sheet = read_sheet(&request, csv.as_bytes(), &cx()).unwrap();
    assert_eq!(sheet.rows[0].issues[0].code, "not-a-date");
}

#[test]
fn delimited_text_is_read_as_utf8_with_or_without_mark_as_gb18030_and_as_utf16() {
    let text = "说明：见附件\n学工号,姓名,入党时间,所在党支部编码\n\n10001,\"张\n三\",2018.06,020100010\n10002,𬭚玲,,020100010\n";
    let (gb, _, _) = GB18030.encode(text);
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(text.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes));
    let mut marked = "\u{FEFF}".as_bytes().to_vec();
    marked.extend_from_slice(text.as_bytes());
    for bytes in [text.as_bytes(), &gb, &utf16, &marked] {
        let (mut memory, _) = university();
        let (sheet, plan) = import(&mut memory, "g.csv", None, bytes, &Defaults::default());
        assert_eq!(sheet.header_row, 2);
        assert_eq!(plan.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [4, 5]);
        let Outcome::Added { fields, .. } = &plan.rows[1].outcome else { panic!("{plan:?}") };
        assert_eq!(fields[&no(Kind::Person, "name")], Value::Text("𬭚玲".into()));
    }
}

#[test]
fn units_may_stand_below_those_that_hang_under_them() {
    let mut memory = Memory::with_root();
    let csv = "党支部编码,党支部名称,所属分党委编码,支部类别,type\n\
        020100010,教工第一党支部,020100,在职教工党支部,branch\n020100,机械学院党委,000000,,committee\n";
    let (_, plan) = import(&mut memory, "h.csv", None, csv.as_bytes(), &Defaults::default());
    assert!(plan.rows.iter().all(|row| matches!(row.outcome, Outcome::Added { .. })), "{plan:?}");
    let circle =
        "党支部编码,党支部名称,所属分党委编码,支部类别\na1,甲支部,a2,教工\na2,乙支部,a1,教工\n";
    let (_, plan) = import(&mut memory, "h.csv", None, circle.as_bytes(), &Defaults::default());
    assert!(plan.rows.iter().all(|row| row.outcome == Outcome::Refused), "{plan:?}");
}

#[test]
fn whole_files_that_cannot_be_read_say_why() {
    assert_eq!(failure("a.xlsx", b""), "empty");
    assert_eq!(failure("a.csv", b"\n \r\n"), "empty");
    assert_eq!(failure("a.xlsx", b"PK\x03\x04 and then nonsense"), "corrupt");
    assert_eq!(failure("a.xls", b"<html><table><tr><td>1</td></tr></table></html>"), "html");
    assert_eq!(failure("a.pdf", b"%PDF-1.7"), "unsupported");
    assert_eq!(failure("a.csv", b"\xFF\xFF\xFF\xFF"), "corrupt");
    assert_eq!(failure("a.csv", "苹果,梨\n1,2\n".as_bytes()), "no-header");
    assert_eq!(
        failure("a.csv", "姓名,性别,民族,入党时间\n甲,男,汉族,\n".as_bytes()),
        "missing-columns"
    );
    assert_eq!(failure("a.csv", "学工号,姓名\n10001,甲\n".as_bytes()), "ambiguous");
    assert_eq!(failure("a.xlsx", &vec![b'x'; MAX_FILE_BYTES + 1]), "too-large");
    let mut encrypted = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(failure("a.xlsx", &encrypted), "password");
    let posts = book(&[&row(&["学工号", "姓名", "职务", "所属党支部编码"])]);
    let request = SheetRequest { file: "a.xlsx", sheet: None, kind: Some(Kind::Person) };
    assert_eq!(error_of(&request, &posts), "other-kind");
    let request = SheetRequest { file: "a.xlsx", sheet: Some("没有"), kind: None };
    assert_eq!(error_of(&request, &posts), "no-sheet");
    assert_eq!(failure("a.xlsx", &book(&[])), "empty");
}

#[test]
fn damaged_workbooks_are_errors_wherever_they_are_cut() {
    let whole = book(&[&row(&PEOPLE), &row(&["10001", "甲", "男", "", "", "020100010"])]);
    for cut in (4..whole.len()).step_by(97) {
        assert!(["corrupt", "unsupported"].contains(&failure("a.xlsx", &whole[..cut])), "{cut}");
    }
    for place in (4..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        let request = SheetRequest { file: "a.xlsx", sheet: None, kind: None };
        if let Ok(sheet) = read_sheet(&request, &bytes, &cx()) {
            assert!(sheet.rows.len() <= 1, "{place}");
        }
    }
}

#[test]
fn an_archive_that_unpacks_too_large_is_refused_before_it_is_unpacked() {
    let mut bytes = book(&[&row(&PEOPLE)]);
    let entry = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[entry + 24..entry + 28].copy_from_slice(&0x7FFF_FFFF_u32.to_le_bytes());
    assert_eq!(failure("a.xlsx", &bytes), "too-large");
}

#[test]
fn hidden_sheets_are_passed_over_unless_they_are_named() {
    let mut made = Workbook::new();
    let people = row(&PEOPLE);
    let data = row(&["10001", "甲", "男", "", "", "020100010"]);
    fill(made.add_worksheet().set_name("说明").unwrap(), &[&row(&["请填第二张表"])]);
    fill(made.add_worksheet().set_name("旧").unwrap().set_hidden(true), &[&people, &data, &data]);
    fill(made.add_worksheet().set_name("附件3—花名册（表1）").unwrap(), &[&people, &data]);
    let bytes = made.save_to_buffer().unwrap();
    let read = |sheet| {
        let request = SheetRequest { file: "a.xlsx", sheet, kind: None };
        let sheet = read_sheet(&request, &bytes, &cx()).unwrap();
        (sheet.sheet, sheet.rows.len())
    };
    assert_eq!(read(None), ("附件3—花名册（表1）".to_owned(), 1));
    assert_eq!(read(Some("旧")), ("旧".to_owned(), 2));
}

#[test]
fn a_stray_cell_far_away_costs_nothing() {
    let mut made = Workbook::new();
    let sheet = made.add_worksheet();
    fill(sheet, &[&row(&PEOPLE), &row(&["10001", "甲", "男", "", "", "020100010"])]);
    sheet.write_string(1_048_575, 16_383, "x").unwrap();
    let bytes = made.save_to_buffer().unwrap();
    let request = SheetRequest { file: "a.xlsx", sheet: None, kind: None };
    assert_eq!(read_sheet(&request, &bytes, &cx()).unwrap().rows.len(), 1);
}

#[test]
fn json_is_read_flat_and_in_the_shape_that_list_writes() {
    let (mut memory, branch) = university();
    let flat = r#"[{"staff_no":"10001","name":"甲","sex":"1","unit":"020100010"}]"#;
    let request_kind = Some(Kind::Person);
    let (_, plan) =
        import(&mut memory, "a.json", request_kind, flat.as_bytes(), &Defaults::default());
    let Outcome::Added { id, unit, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
    assert_eq!(*unit, branch);
    let listed = format!(
        r#"[{{"id":"{id}","kind":"person","unit":"{branch}","state":"local","fields":{{"staff_no":"10001","name":"甲甲"}}}}]"#
    );
    let (_, plan) =
        import(&mut memory, "a.json", request_kind, listed.as_bytes(), &Defaults::default());
    let Outcome::Changed { sets, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
    assert_eq!(sets.len(), 1);
}

#[test]
fn refused_rows_are_listed_with_their_cells_and_reasons() {
    let (mut memory, _) = university();
    let csv = "学工号,姓名,入党时间,所在党支部编码\n10001,甲,2018.06,020100010\n10002,乙,六月,020100010\n";
    let (sheet, plan) = import(&mut memory, "i.csv", None, csv.as_bytes(), &Defaults::default());
    let words = crate::transfer::rejects::RejectWords { row: "行".into(), reason: "因".into() };
    let table = crate::transfer::rejects::table(&sheet, &plan, &words, &|issue| issue.code.into());
    assert_eq!(table.rows, [["10002", "乙", "六月", "020100010", "3", "not-a-date"]]);
    assert_eq!(table.columns[4].heading, "行");
}

#[test]
fn the_university_may_stand_in_the_sheet_of_units() {
    let mut memory = Memory::with_root();
    let csv = "编号,名称,党总支类别\n000000,大学,学校党委\n020100,机械学院党委,分党委\n";
    let (_, plan) = import(&mut memory, "j.csv", None, csv.as_bytes(), &Defaults::default());
    assert!(matches!(plan.rows[0].outcome, Outcome::Same { .. }), "{plan:?}");
    let Outcome::Added { fields, .. } = &plan.rows[1].outcome else { panic!("{plan:?}") };
    let root = memory.root_unit().unwrap().record();
    assert_eq!(fields[&no(Kind::Unit, "parent")], Value::Ref(root));
}

#[test]
fn damaged_old_workbooks_are_errors_not_panics() {
    let mut noise = 0x2545_F491_4F6C_DD1D_u64;
    for len in [0, 100, 512, 1024, 5000, 20_000] {
        let mut bytes = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        for _ in 0..len {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            bytes.push(noise.to_le_bytes()[0]);
        }
        assert_eq!(failure("a.xls", &bytes), "corrupt", "{len}");
    }
}

/// A made-up roster in the old binary format: title, blank row, headings, two people, a total.
const OLD_ROSTER: &[u8] = include_bytes!("roster.xls");

#[test]
fn old_binary_workbooks_are_read() {
    let (mut memory, _) = university();
    let (sheet, plan) = import(&mut memory, "t.xls", None, OLD_ROSTER, &Defaults::default());
    assert_eq!((sheet.sheet.as_str(), sheet.header_row, plan.rows.len()), ("花名册", 3, 2));
    let Outcome::Added { fields, .. } = &plan.rows[0].outcome else { panic!("{plan:?}") };
    assert_eq!(fields[&no(Kind::Person, "staff_no")], Value::Text("00001".into()));
    assert_eq!(fields[&no(Kind::Person, "name")], Value::Text("张三𬭚".into()));
    assert_eq!(fields[&no(Kind::Person, "joined_on")].as_date().unwrap().to_string(), "2018-06-01");
    assert_eq!(sheet.notes[0].code, "numeric-column");
}

#[test]
fn old_binary_workbooks_with_damaged_bytes_are_read_or_refused() {
    let request = SheetRequest { file: "t.xls", sheet: None, kind: None };
    for place in (8..OLD_ROSTER.len()).step_by(7) {
        let mut bytes = OLD_ROSTER.to_vec();
        bytes[place] ^= 0xFF;
        if let Ok(sheet) = read_sheet(&request, &bytes, &cx()) {
            assert!(sheet.rows.len() <= 4, "{place}");
        }
    }
    for cut in (8..OLD_ROSTER.len()).step_by(64) {
        assert!(read_sheet(&request, &OLD_ROSTER[..cut], &cx()).is_err(), "{cut}");
    }
}

#[test]
fn an_old_workbook_that_claims_endless_rows_is_refused() {
    let mut bytes = OLD_ROSTER.to_vec();
    let record = bytes.windows(4).position(|window| window == [0, 2, 14, 0]).unwrap();
    bytes[record + 11] = 0xFF;
    assert_eq!(failure("t.xls", &bytes), "corrupt");
}
