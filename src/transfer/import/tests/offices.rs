//! Sheets as offices vary them: another order of columns, headings in two rows, merged cells, for every kind that has sheets.

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::memory::no;
use super::*;
use crate::domain::codes;
use crate::domain::ids::RecordId;
use crate::domain::record::{FieldSpec, Fields, Value, ValueKind};

/// A kind with headings as its sheets have them and one row.
type Sheet = (Kind, &'static [(&'static str, &'static str)]);

const SHEETS: &[Sheet] = &[
    (
        Kind::Unit,
        &[
            ("党支部编码", "0101"),
            ("党支部名称", "教师支部"),
            ("支部类别", "在职教工党支部"),
            ("任期", "3"),
        ],
    ),
    (
        Kind::Person,
        &[
            ("学工号", "1"),
            ("姓名", "甲"),
            ("性别", "男"),
            ("入党时间", "2018.06"),
            ("所在党支部", "教师支部"),
        ],
    ),
    (
        Kind::Post,
        &[
            ("工号", "1"),
            ("姓名", "甲"),
            ("所属党支部", "教师支部"),
            ("党内职务", "书记"),
            ("任职时间", "2022.06"),
        ],
    ),
    (
        Kind::StaffFile,
        &[("工作证号", "1"), ("姓名", "甲"), ("联系党委", "文学院"), ("任职时间", "2020-02-11")],
    ),
    (
        Kind::Cultivation,
        &[
            ("学工号", "1"),
            ("姓名", "甲"),
            ("支部名称", "教师支部"),
            ("培育方向", "A"),
            ("认定文号", "1号"),
        ],
    ),
    (
        Kind::Enrolment,
        &[
            ("参训工号", "1"),
            ("参训人姓名", "甲"),
            ("时任单位及职务", "文学院书记"),
            ("参训人类型", "支委"),
        ],
    ),
    (Kind::Attendance, &[("学工号", "1"), ("姓名", "甲"), ("签到时间", "2025-04-08 08:21")]),
    (
        Kind::TrainingClass,
        &[
            ("年度", "2025"),
            ("培训班名称", "论坛"),
            ("培训类别", "论坛"),
            ("培训班主办方", "组织部"),
            ("培训开始时间", "2025-04-08"),
            ("培训学时", "24"),
        ],
    ),
    (
        Kind::Session,
        &[
            ("上课时间", "2025-04-08 08:30"),
            ("课程名称", "专题一"),
            ("主讲人", "马立"),
            ("课时", "4"),
        ],
    ),
    (Kind::ClassQuota, &[("单位名称", "文学院"), ("分配名额", "3"), ("候补名额", "1")]),
    (
        Kind::Term,
        &[
            ("党支部名称", "教师支部"),
            ("届次", "4"),
            ("任期开始时间", "2022-06-15"),
            ("实际换届时间", "2025-06-12"),
        ],
    ),
    (
        Kind::WorkReport,
        &[
            ("学工号", "1"),
            ("姓名", "甲"),
            ("所在党支部", "教师支部"),
            ("年度", "2025"),
            ("评议等次", "好"),
        ],
    ),
    (
        Kind::Rectification,
        &[
            ("责任单位", "文学院"),
            ("存在问题", "记录不全"),
            ("整改措施", "补齐"),
            ("整改时限", "2025-12-31"),
            ("责任人", "组织员"),
        ],
    ),
    (
        Kind::DevelopmentPlan,
        &[
            ("单位", "文学院"),
            ("年度", "2025"),
            ("计划类别", "教师"),
            ("计划数", "1"),
            ("领取志愿书", "1"),
        ],
    ),
    (
        Kind::Submission,
        &[
            ("报送单位", "文学院"),
            ("报送材料", "学时台账"),
            ("年度", "2025"),
            ("截止日期", "2025-12-20"),
        ],
    ),
    (
        Kind::Headcount,
        &[
            ("统计日期", "2025-01-01"),
            ("教职工数", "1200"),
            ("学生数", "15000"),
            ("数据来源", "人事处"),
        ],
    ),
    (
        Kind::Policy,
        &[
            ("规定类别", "training"),
            ("规定编号", "x-2025"),
            ("适用对象", "member"),
            ("施行日期", "2025-01-01"),
            ("依据", "校组"),
        ],
    ),
    (Kind::Establishment, &[("单位名称", "文学院"), ("核定职数", "2"), ("生效日期", "2025-01-01")]),
    (
        Kind::StaffReview,
        &[("学工号", "1"), ("姓名", "甲"), ("考核年度", "2025"), ("考核等次", "优秀")],
    ),
    (
        Kind::Appointment,
        &[("学工号", "1"), ("姓名", "甲"), ("聘任岗位", "专职组织员"), ("起聘时间", "2025-03-20")],
    ),
    (
        Kind::CultivationMeasure,
        &[
            ("学工号", "1"),
            ("姓名", "甲"),
            ("措施类别", "培训"),
            ("内容", "论坛"),
            ("计划时间", "2025.04"),
        ],
    ),
    (
        Kind::CultivationEvidence,
        &[
            ("学工号", "1"),
            ("姓名", "甲"),
            ("对应条件", "政治素质好"),
            ("材料名称", "纪要"),
            ("佐证类型", "任职文件"),
        ],
    ),
    (
        Kind::CultivationAssessment,
        &[("学工号", "1"), ("姓名", "甲"), ("年度", "2025"), ("考核结论", "认定")],
    ),
];

fn plain() -> Format {
    Format::new()
}

fn merge(sheet: &mut Worksheet, from: (u32, u16), to: (u32, u16), text: &str) {
    if from == to {
        sheet.write_string(from.0, from.1, text).unwrap();
    } else {
        sheet.merge_range(from.0, from.1, to.0, to.1, text, &plain()).unwrap();
    }
}

fn read(what: &str, mut book: Workbook) -> ParsedSheet {
    let bytes = book.save_to_buffer().unwrap();
    let request = SheetRequest { file: "x.xlsx", sheet: None, kind: None };
    read_sheet(&request, &bytes, &cx()).unwrap_or_else(|error| panic!("{what}: {error:?}"))
}

/// The layouts that config/headers.toml has for a kind, each with its first headings and something fit to stand below them.
fn sheets_of(kind: Kind) -> Vec<(Kind, Vec<(&'static str, &'static str)>)> {
    let text = include_str!("../../../../config/headers.toml");
    let file: toml::Value = toml::from_str(text).unwrap();
    let forms = file["form"].as_array().unwrap().iter();
    let own: Vec<_> = forms.filter(|form| form["kind"].as_str() == Some(kind.key())).collect();
    assert!(!own.is_empty(), "no headings for {} in config/headers.toml", kind.key());
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let sheet = |form: &&toml::Value| {
        let columns = form["columns"].as_table().unwrap().iter();
        let cell = |(key, headings): (&String, &toml::Value)| {
            let field = kind.spec().field(key.split('@').next().unwrap())?;
            let heading = headings.as_array().unwrap().first()?.as_str()?;
            Some((leak(heading), leak(&cell_for(kind, field))))
        };
        (kind, columns.filter_map(cell).collect())
    };
    own.iter().map(sheet).collect()
}

fn cell_for(kind: Kind, field: &FieldSpec) -> String {
    let first = |list: Option<&codes::CodeList>| {
        list.unwrap().entries().first().unwrap().label("zh-Hans").to_owned()
    };
    match field.kind {
        ValueKind::Choice => first(codes::choice_list(kind.key(), field.key)),
        ValueKind::Code => first(codes::list(field.codes.unwrap())),
        ValueKind::Integer | ValueKind::Tenths => field.range.0.max(1).to_string(),
        ValueKind::Date => "2025-04-08".to_owned(),
        ValueKind::Instant => "2025-04-08 08:30".to_owned(),
        ValueKind::Flag => "是".to_owned(),
        ValueKind::Reference("unit") => "文学院".to_owned(),
        _ => "甲".to_owned(),
    }
}

/// Headings in the first row, a row of data below.
fn simple(cells: &[(&str, &str)]) -> Workbook {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, (heading, value)) in (0_u16..).zip(cells) {
        sheet.write_string(0, column, *heading).unwrap();
        sheet.write_string(1, column, *value).unwrap();
    }
    book
}

/// A title and instructions merged over all columns; headings in two rows, the last two under a common one, the others merged
/// downwards; a line for the signature below.
fn dressed(cells: &[(&str, &str)]) -> Workbook {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let last = u16::try_from(cells.len() - 1).unwrap();
    merge(sheet, (0, 0), (0, last), "附件3：一览表");
    merge(sheet, (1, 0), (2, last), "填表说明：一人一行，不得合并");
    merge(sheet, (3, last - 1), (3, last), "有关情况");
    for (column, (heading, value)) in (0_u16..).zip(cells) {
        if column + 1 < last {
            merge(sheet, (3, column), (4, column), heading);
        } else {
            sheet.write_string(4, column, *heading).unwrap();
        }
        sheet.write_string(5, column, *value).unwrap();
    }
    merge(sheet, (6, 0), (6, last), "填表人：          单位盖章：");
    book
}

/// What a sheet says, whatever the order of its columns.
fn said(sheet: &ParsedSheet) -> Vec<String> {
    let cells = sheet.rows.first().map(|row| row.cells.clone()).unwrap_or_default();
    let mut said: Vec<String> =
        cells.iter().map(|cell| format!("{:?} {:?}", cell.field, cell.value)).collect();
    said.sort();
    said
}

#[test]
fn every_kinds_sheets_are_known_in_any_order_and_under_titles_and_merged_headings() {
    let written = SHEETS.iter().map(|(kind, cells)| (*kind, cells.to_vec()));
    let others = Kind::ALL.iter().filter(|kind| SHEETS.iter().all(|(known, _)| known != *kind));
    let made = others.flat_map(|kind| sheets_of(*kind));
    for (kind, cells) in &written.chain(made).collect::<Vec<_>>() {
        let first = read(kind.key(), simple(cells));
        let turned: Vec<(&str, &str)> = cells.iter().rev().copied().collect();
        let variants = [
            (1, read(kind.key(), simple(&turned))),
            (4, read(kind.key(), dressed(cells))),
            (4, read(kind.key(), dressed(&turned))),
        ];
        assert_eq!((first.kind, first.header_row), (*kind, 1));
        assert!(!said(&first).is_empty(), "{}", kind.key());
        for (header_row, sheet) in variants {
            let key = kind.key();
            assert_eq!((sheet.kind, sheet.rows.len()), (*kind, 1), "{key}");
            assert_eq!(sheet.header_row, header_row, "{key}");
            assert_eq!(said(&sheet), said(&first), "{key}");
            assert_eq!(sheet.notes, [], "{key}");
            assert!(sheet.rows[0].issues.is_empty(), "{key}: {:?}", sheet.rows[0].issues);
        }
    }
}

/// A university with a branch, a person in it, and a class with a session.
fn office() -> (Memory, RecordId) {
    let mut memory = Memory::with_root();
    let root = memory.root_unit().unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let code = |code: &str| Value::Code(code.to_owned());
    let put = |memory: &mut Memory, kind: Kind, pairs: &[(&str, Value)]| {
        let fields: Fields =
            pairs.iter().map(|(key, value)| (no(kind, key), value.clone())).collect();
        let id = memory.new_id();
        let unit = if kind == Kind::Unit { id.unit() } else { root };
        memory.planned(kind, &Existing { id, fields, unit });
        id
    };
    let parent = ("parent", Value::Ref(root.record()));
    put(
        &mut memory,
        Kind::Unit,
        &[("code", text("01")), ("name", text("教师支部")), ("type", code("branch")), parent],
    );
    for (number, name) in [("1", "甲"), ("2", "乙"), ("3", "丙")] {
        put(&mut memory, Kind::Person, &[("staff_no", text(number)), ("name", text(name))]);
    }
    let class = put(
        &mut memory,
        Kind::TrainingClass,
        &[("year", Value::Int(2025)), ("name", text("论坛"))],
    );
    let session = put(
        &mut memory,
        Kind::Session,
        &[("class", Value::Ref(class)), ("starts_at", Value::Instant(1_744_072_200_000))],
    );
    (memory, session)
}

fn added(plan: &Plan) -> Vec<&Fields> {
    let fields = plan.rows.iter().filter_map(|row| match &row.outcome {
        Outcome::Added { fields, .. } => Some(fields),
        _ => None,
    });
    fields.collect()
}

#[test]
fn a_sign_in_sheet_of_numbers_and_names_becomes_attendance() {
    let (mut memory, session) = office();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    merge(sheet, (0, 0), (0, 3), "党支部书记论坛签到表");
    for (line, row) in (1_u32..).zip([
        ["序号", "姓名", "学工号", "签到时间"],
        ["1", "甲", "1", "2025-04-08 08:21"],
        ["2", "乙", "2", ""],
        ["", "无名", "9", ""],
    ]) {
        for (column, cell) in (0_u16..).zip(row) {
            sheet.write_string(line, column, cell).unwrap();
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    let fields = Fields::from([(no(Kind::Attendance, "session"), Value::Ref(session))]);
    let defaults = Defaults { fields, unit: None };
    let (_, plan) = import(&mut memory, "s.xlsx", Some(Kind::Attendance), &bytes, &defaults);
    assert_eq!(added(&plan).len(), 2);
    let moment = added(&plan)[0].get(&no(Kind::Attendance, "marked_at"));
    assert_eq!(moment, Some(&Value::Instant(1_744_071_660_000)));
    assert_eq!(plan.rows[2].outcome, Outcome::Refused);
    assert_eq!(plan.rows[2].issues[0].code, "q10-unknown-staff-no");
}

#[test]
fn a_branch_merged_over_its_members_is_everybodys() {
    let (mut memory, _) = office();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0_u16..).zip(["所在党支部", "学工号", "姓名", "入党时间"])
    {
        sheet.write_string(0, column, heading).unwrap();
    }
    merge(sheet, (1, 0), (3, 0), "教师支部");
    for (line, (number, name)) in (1_u32..).zip([("11", "丁"), ("12", "戊"), ("13", "己")]) {
        sheet.write_string(line, 1, number).unwrap();
        sheet.write_string(line, 2, name).unwrap();
        sheet.write_string(line, 3, "2018.06").unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let (_, plan) = import(&mut memory, "m.xlsx", None, &bytes, &Defaults::default());
    let branch = memory.unit_by_name(&crate::transfer::import::unit_key("教师支部"))[0];
    let units: Vec<_> = plan
        .rows
        .iter()
        .map(|row| match &row.outcome {
            Outcome::Added { unit, .. } => Some(*unit),
            _ => None,
        })
        .collect();
    assert_eq!(units, [Some(branch); 3], "{plan:?}");
}

#[test]
fn a_cultivation_and_a_staff_file_are_found_by_the_person_they_are_about() {
    let (mut memory, _) = office();
    let person = memory.by_unique(Kind::Person, no(Kind::Person, "staff_no"), "1")[0];
    let branch = memory.unit_by_code("01").unwrap();
    let id = memory.new_id();
    let fields = Fields::from([
        (no(Kind::Cultivation, "person"), Value::Ref(person)),
        (no(Kind::Cultivation, "branch"), Value::Ref(branch.record())),
        (no(Kind::Cultivation, "direction"), Value::Code("academic_to_secretary".to_owned())),
    ]);
    memory.planned(Kind::Cultivation, &Existing { id, fields, unit: branch });
    let rows = [("学工号", "1"), ("姓名", "甲"), ("措施类别", "导师结对"), ("计划时间", "2025.03")];
    let bytes = simple(&rows).save_to_buffer().unwrap();
    let (_, plan) = import(&mut memory, "c.xlsx", None, &bytes, &Defaults::default());
    let of = no(Kind::CultivationMeasure, "cultivation");
    assert_eq!(added(&plan)[0].get(&of), Some(&Value::Ref(id)), "{plan:?}");
    let none = [("学工号", "2"), ("姓名", "乙"), ("措施类别", "导师结对"), ("计划时间", "2025.03")];
    let bytes = simple(&none).save_to_buffer().unwrap();
    let (_, plan) = import(&mut memory, "c.xlsx", None, &bytes, &Defaults::default());
    assert_eq!(plan.rows[0].issues[0].code, "reference-unresolved");
}

#[test]
fn a_units_code_stands_for_its_name_where_a_sheet_has_no_name() {
    let sheet = read(
        "terms by code",
        simple(&[
            ("党支部编码", "0101"),
            ("届次", "3"),
            ("任期开始时间", "2023-05-20"),
            ("实际换届时间", ""),
        ]),
    );
    assert_eq!(sheet.kind, Kind::Term);
    let sheet = read(
        "meetings by code",
        simple(&[("党支部编码", "0101"), ("活动类别", "党课"), ("召开日期", "2026-05-20")]),
    );
    assert_eq!(sheet.kind, Kind::BranchMeeting);
}
