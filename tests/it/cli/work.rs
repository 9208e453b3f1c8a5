//! The other work of the notice from the command line: a sheet comes in, the report says who is missing.

use serde_json::Value;

use super::Case;

fn office() -> Case {
    let case = Case::with_device();
    case.add(&["unit", "code=01", "name=文學院黨委", "type=committee"]);
    for (code, name) in [("0101", "name=教師黨支部"), ("0102", "name=學生黨支部")] {
        let code = format!("code={code}");
        case.add(&["unit", &code, name, "type=branch", "parent=01", "branch_type=teachers"]);
    }
    for number in ["1", "2"] {
        let (number, name) = (format!("staff_no={number}"), format!("name=黨員{number}"));
        case.add(&["person", &number, &name, "unit=0101"]);
    }
    case
}

/// Imports a sheet whose kind is named, and returns numerator and denominator of a report.
fn counted(case: &Case, kind: &str, sheet: &str, report: &str) -> [Value; 2] {
    let file = format!("{kind}.csv");
    case.file(&file, sheet);
    let done = case.run(&["import", kind, &file, "--format", "json"]).done();
    assert!(done.stderr.is_empty(), "{kind}: {}", done.stderr);
    let done = done.json();
    let file = &done["files"][0];
    assert_eq!((&file["refused"], &file["added"] != 0), (&Value::from(0), true), "{done}");
    let answer = case.json(&["report", report, "--as-of", "2026-07-31"]);
    [answer["total"]["numerator"].clone(), answer["total"]["denominator"].clone()]
}

/// Kind, sheet, report, and its numerator and denominator with the sheets so far.
type Sheet = (&'static str, &'static str, &'static str, [u64; 2]);

const SHEETS: &[Sheet] = &[
    (
        "research_project",
        "学工号,课题负责人,课题名称,所在单位,申报时间,立项时间,立项编号\n\
             1,黨員1,課題甲,文學院黨委,2026-03-01,2026-05-01,DJ01\n2,黨員2,課題乙,文學院黨委,2026-03-02,,\n",
        "research-granted",
        [1, 2],
    ),
    (
        "award_quota",
        "年度,单位名称,表彰类别,推荐名额\n2026,文學院黨委,优秀共产党员,2\n",
        "award-quota-use",
        [0, 2],
    ),
    (
        "award",
        "年度,表彰类别,推荐单位,学工号,姓名,表彰状态\n2026,優秀共產黨員,文學院黨委,1,黨員1,推荐\n",
        "award-quota-use",
        [1, 2],
    ),
    (
        "model_branch",
        "支部名称,年度,创建开始日期,创建结束日期,状态\n教師黨支部,2026,2026-03-01,2027-03-01,创建中\n",
        "model-branches",
        [1, 2],
    ),
    (
        "care_visit",
        "年度,慰问时机,人员类别,学工号,姓名,单位编码,慰问日期,慰问金（元）\n\
             2026,七一,老党员,1,黨員1,01,2026-06-28,500\n2026,七一,困难党员,2,黨員2,01,,\n",
        "care-visits",
        [1, 2],
    ),
    (
        "branch_meeting",
        "支部名称,会议类别,会议日期,应到人数,实到人数,主持人\n教師黨支部,支部大会,2026-03-20,9,8,黨員1\n",
        "organisation-life",
        // Two quarters and seven theme days of each of two branches are over.
        [1, 18],
    ),
    ("congress", "名称,代表总数\n第五次黨代會,100\n", "delegates-elected", [0, 0]),
    (
        "electoral_unit",
        "党代会,选举单位,代表名额\n第五次黨代會,文學院黨委,2\n",
        "delegates-elected",
        [0, 0],
    ),
    (
        "congress_round",
        "选举单位,轮次,会议日期,应到人数,实到人数\n文學院黨委,正式选举,2026-05-01,50,45\n",
        "congress-turnout",
        [0, 0],
    ),
    (
        "delegate",
        "党代会,选举单位,学工号,代表姓名,代表状态,当选日期\n第五次黨代會,文學院黨委,1,黨員1,当选,2026-05-01\n",
        "delegate-structure",
        [0, 0],
    ),
    (
        "model_criterion",
        "年度,序次,标准内容,是否必备\n2026,1,組織生活規範,是\n",
        "model-criteria",
        [0, 1],
    ),
    (
        "model_evidence",
        "示范党支部,对应标准,材料名称,是否达标\n教師黨支部,組織生活規範,記錄本,是\n",
        "model-criteria",
        [1, 1],
    ),
    ("notice", "标题,发布日期,状态\n通知甲,2026-03-01,已发布\n", "notice-receipts", [0, 1]),
    (
        "notice_receipt",
        "通知,签收单位,签收日期,签收人\n通知甲,01,2026-03-02,黨員1\n",
        "notice-receipts",
        [1, 1],
    ),
];

#[test]
fn sheets_of_each_kind_of_work_come_in_and_their_reports_count_them() {
    let case = office();
    for (kind, sheet, report, expected) in SHEETS {
        let expected = expected.map(Value::from);
        assert_eq!(counted(&case, kind, sheet, report), expected, "{kind}");
    }
}

#[test]
fn each_kind_of_work_has_a_template() {
    let case = office();
    for kind in ejia::domain::kinds::Kind::ALL.iter().filter(|kind| kind.area() == "work") {
        let file = format!("{}.xlsx", kind.key());
        let done = case.run(&["template", kind.key(), "-o", &file]).done();
        assert_eq!(done.exit, 0, "{}: {}", kind.key(), done.stderr);
    }
}

#[test]
fn the_calendar_has_what_is_due_from_a_day_on_and_a_file_for_calendar_programs() {
    let case = office();
    let owed = ["submission", "unit=01", "name=年度總結", "year=2026", "due_on=2026-12-20"];
    let id = case.add(&owed);
    let span = ["calendar", "--from", "2026-12-01", "--until", "2026-12-31"];
    let lines = case.json(&span);
    let line = lines.as_array().unwrap().iter().find(|line| line["record"] == id.as_str());
    let line = line.unwrap_or_else(|| panic!("{lines}"));
    assert_eq!((&line["code"], &line["due"]), (&"submission-due".into(), &"2026-12-20".into()));
    assert!(lines.as_array().unwrap().iter().all(|line| line["due"].is_string()));
    let later = case.json(&["calendar", "--from", "2026-12-21", "--until", "2026-12-31"]);
    assert!(!later.to_string().contains(&id));
    for (file, wanted) in
        [("year.ics", format!("UID:submission-due-{id}@ejia")), ("year.csv", "年度總結".to_owned())]
    {
        case.run(&[&span[..], &["-o", file]].concat()).done();
        let text = std::fs::read_to_string(case.path(file)).unwrap().replace("\r\n ", "");
        assert!(text.contains(&wanted), "{text}");
    }
    let back = ["calendar", "--from", "2026-12-31", "--until", "2026-12-01"];
    case.run(&back).fails(2, "bad-span");
}

#[test]
fn the_boards_show_the_reports_figures_beside_a_month_before() {
    let case = office();
    counted(
        &case,
        "rectification",
        "单位,问题,整改措施,整改责任人,整改期限\n01,没有台账,建台账,张三,2026-06-30\n01,未开会,补开,张三,2026-07-20\n",
        "rectification-closed",
    );
    let boards = case.json(&["boards", "--as-of", "2026-07-31"]);
    let names: Vec<&str> =
        boards["boards"].as_array().unwrap().iter().map(|b| b["board"].as_str().unwrap()).collect();
    assert_eq!(names, ["models", "shortfalls", "nobody_behind", "striving"]);
    let line = &boards["boards"][1]["lines"][0];
    assert_eq!((&line["report"], &line["part"]), (&"rectification-closed".into(), &"all".into()));
    let total = &line["total"];
    assert_eq!((&total["numerator"], &total["denominator"]), (&0.into(), &2.into()));
    // Of the two that are due now, one was due a month ago.
    assert_eq!(total["month_before"]["denominator"], 1);
    assert_eq!(total["missing"].as_array().unwrap().len(), 2);
    // Each line is what its report says.
    for line in
        boards["boards"].as_array().unwrap().iter().flat_map(|b| b["lines"].as_array().unwrap())
    {
        let name = line["report"].as_str().unwrap();
        let report = case.json(&["report", name, "--as-of", "2026-07-31"]);
        let parts = report["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["part"] == line["part"]).unwrap_or(&report);
        for figure in ["numerator", "denominator"] {
            assert_eq!(line["total"][figure], part["total"][figure], "{line}");
        }
    }
    case.run(&["boards", "--as-of", "2026-07-31", "-o", "boards.csv"]).done();
    let sheet = std::fs::read_to_string(case.path("boards.csv")).unwrap();
    assert!(
        sheet.lines().any(|line| line.starts_with("文學院黨委,") && line.contains(",0,2,")),
        "{sheet}"
    );
}
