//! The further work of the notice through the command line: sheets of offices in, reports out.

use std::io::Write as _;

use serde_json::Value;

use super::Case;

/// A committee with two branches and a person in the first.
fn office() -> Case {
    let case = Case::with_device();
    case.add(&["unit", "code=01", "name=文學院黨委", "type=committee"]);
    for (code, name, kind) in [("0101", "教師支部", "teachers"), ("0102", "學生支部", "students")]
    {
        let (code, kind) = (format!("code={code}"), format!("branch_type={kind}"));
        case.add(&["unit", &code, &format!("name={name}"), "type=branch", "parent=01", &kind]);
    }
    case.add(&["person", "staff_no=1", "name=甲乙", "born_on=1995-01-01"]);
    case.add(&["person", "staff_no=2", "name=丙丁", "born_on=2001-01-01"]);
    case
}

/// Writes a sheet and imports it.
fn import(case: &Case, kind: &str, sheet: &str) {
    let file = format!("{kind}.csv");
    let mut out = std::fs::File::create(case.path(&file)).unwrap();
    out.write_all(format!("\u{FEFF}{sheet}").as_bytes()).unwrap();
    let done = case.run(&["import", kind, &file]).done();
    assert_eq!(done.exit, 0, "{kind}: {} {}", done.stdout, done.stderr);
}

fn report(case: &Case, name: &str, as_of: &str) -> Value {
    case.json(&["report", name, "--as-of", as_of])
}

fn whole(report: &Value) -> (u64, u64) {
    let of = |key: &str| report["total"][key].as_u64().unwrap();
    (of("numerator"), of("denominator"))
}

fn list(report: &Value, name: &str) -> usize {
    let lists = report["lists"].as_array().unwrap();
    let list = lists.iter().find(|list| list["list"] == name).unwrap();
    list["records"].as_array().unwrap().len()
}

#[test]
fn a_ledger_of_member_development_is_imported_and_its_spans_are_reported() {
    let case = office();
    import(
        &case,
        "member_development",
        "学工号,姓名,所在党支部,类别,发展阶段,递交入党申请书时间,派人谈话时间,确定积极分子时间,积极分子备案时间,培养联系人,考察时间,确定发展对象时间\n\
         1,甲乙,教師支部,教师,积极分子,2024-01-10,2024-02-01,2024-05-10,2024-05-20,张三、李四,2024-11-01、2025-04-20,\n\
         2,丙丁,學生支部,学生,积极分子,2024-01-10,2024-03-01,2024-05-10,2024-05-20,张三,2024-11-01,\n",
    );
    let told = report(&case, "development-spans", "2025-05-09");
    assert_eq!(whole(&told), (1, 2), "the second was talked with too late: {told}");
    assert_eq!((list(&told, "window-open"), list(&told, "too-early")), (0, 2));
    let later = report(&case, "development-spans", "2025-05-10");
    assert_eq!(list(&later, "window-open"), 2, "a year of cultivation is full");
    let printed = case.run(&["report", "development-spans", "--as-of", "2025-05-10", "--behind"]);
    let text = printed.done().stdout;
    assert!(text.contains("Art. 7"), "{text}");
}

#[test]
fn a_step_before_its_time_is_refused_with_the_article() {
    let case = office();
    let typed =
        ["member_development", "person=1", "branch=0101", "line=teachers", "applied_on=2024-01-10"];
    let days = ["activist_on=2024-05-10", "contacts=張三", "candidate_on=2025-05-09"];
    let done = case.run(&[&["add"][..], &typed, &days].concat()).done();
    assert_ne!(done.exit, 0, "{}", done.stdout);
    assert!(
        done.stderr.contains("Art. 13") && done.stderr.contains("2025-05-10"),
        "{}",
        done.stderr
    );
}

#[test]
fn surveys_rectification_and_lagging_branches_are_imported_and_reported() {
    let case = office();
    import(
        &case,
        "survey_visit",
        "调研单位,党支部,调研时间,调研主题,调研人员,检查事项,问题数,反馈时限,状态\n\
         文學院黨委,教師支部,2026-04-10,三會一課,張三、李四,會議記錄：符合、主題黨日：不符合,1,2026-04-20,已調研\n",
    );
    import(
        &case,
        "rectification",
        "责任单位,党支部,存在问题,整改措施,整改时限,责任人\n\
         文學院黨委,教師支部,主題黨日記錄不全,補齊記錄,2026-05-31,組織委員\n",
    );
    import(
        &case,
        "lagging_branch",
        "后进党支部,列入时间,列入原因,联系领导,帮扶措施,整顿期限\n\
         學生支部,2026-03-01,不按期換屆,副書記,每月到支部一次,2026-06-30\n",
    );
    let visits = report(&case, "survey-visits", "2026-07-01");
    assert_eq!((whole(&visits), list(&visits, "feedback-late")), ((1, 1), 1));
    let mended = report(&case, "rectification-closed", "2026-07-01");
    assert_eq!((whole(&mended), list(&mended, "overdue")), ((0, 1), 1));
    let lagging = report(&case, "lagging-branches", "2026-07-01");
    assert_eq!(
        (whole(&lagging), list(&lagging, "standing"), list(&lagging, "overdue")),
        ((0, 1), 1, 1)
    );
}

#[test]
fn a_scheme_gives_the_grades_and_small_totals_are_held_back() {
    let case = office();
    case.add(&[
        "review_scheme",
        "year=2025",
        "subject=branch",
        "name=黨支部考核",
        "grades=先進、一般、後進",
    ]);
    import(
        &case,
        "branch_assessment",
        "党支部,年度,考核等次,考核时间\n教師支部,2025,先進,2025-12-20\n",
    );
    let refused =
        case.run(&["add", "branch_assessment", "branch=0102", "year=2025", "grade=優秀"]).done();
    assert_ne!(refused.exit, 0, "{}", refused.stdout);
    assert_eq!(whole(&report(&case, "branch-assessment", "2025-12-31")), (1, 2));
    import(
        &case,
        "work_report",
        "学工号,姓名,党支部,年度,述职日期,等次,测评人数,测评好,测评较好,测评一般,测评差\n\
         1,甲乙,教師支部,2025,2025-12-18,好,20,12,5,3,0\n",
    );
    let told = report(&case, "work-report-appraisal", "2025-12-31");
    assert_eq!((whole(&told), list(&told, "held-back")), ((12, 20), 1));
    let parts = told["parts"].as_array().unwrap();
    let small = parts.iter().find(|part| part["part"] == "ordinary").unwrap();
    assert_eq!(small["total"]["denominator"], 0, "three of twenty are not shown");
}

#[test]
fn numbered_forms_and_deployed_tasks_are_counted() {
    let case = office();
    import(
        &case,
        "application_book",
        "志愿书编号,领取单位,年度,领取时间,使用情况,学号,姓名\n\
         黔202606000001,文學院黨委,2026,2026-06-01,正常使用,1,甲乙\n\
         黔202606000002,文學院黨委,2026,2026-06-01,作废,,\n\
         黔202606000003,文學院黨委,2026,2026-06-01,未使用,,\n",
    );
    assert_eq!(
        whole(&report(&case, "application-books", "2026-07-01")),
        (2, 3),
        "void needs a document"
    );
    let task = case.add(&[
        "deployment",
        "name=補短板清單",
        "series=shortfalls",
        "year=2026",
        "due_on=2026-05-31",
    ]);
    assert_eq!(
        whole(&report(&case, "deployments", "2026-07-01")),
        (0, 1),
        "expected without a record"
    );
    let of = format!("deployment={task}");
    case.add(&[
        "submission",
        "unit=01",
        "name=補短板清單",
        "year=2026",
        "due_on=2026-05-31",
        &of,
        "handed_in_on=2026-05-30",
    ]);
    let told = report(&case, "deployments", "2026-07-01");
    assert_eq!((whole(&told), told["parts"][0]["total"]["numerator"].clone()), ((1, 1), 1.into()));
}

/// Offices write units in Simplified characters whatever the register has, and the other way round; nothing stored is rewritten.
#[test]
fn a_sheet_names_units_in_either_script() {
    let case = office();
    import(
        &case,
        "branch_meeting",
        "党支部,活动类别,召开日期\n教师支部,党课,2026-04-10\n學生支部,黨課,2026-04-11\n",
    );
    let held = case.json(&["list", "branch_meeting", "--sort", "held_on"]);
    let branch = |n: usize| held[n]["fields"]["branch"].as_str().unwrap().to_owned();
    let name = |id: &str| case.json(&["show", id])["fields"]["name"].clone();
    assert_eq!((name(&branch(0)), name(&branch(1))), ("教師支部".into(), "學生支部".into()));
}
