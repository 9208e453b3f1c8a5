//! Records on a device that works alone: each command's JSON, and what people see.

use ejia::client::report_names;
use serde_json::json;

use super::{Case, assert_private, keys};

#[test]
fn init_makes_a_device_once_and_shows_the_recovery_code() {
    let case = Case::new();
    let made = case.json(&["init", "--user", "李思源", "--unit", "0101"]);
    assert_eq!(keys(&made), ["device", "recovery_code"]);
    assert!(made["recovery_code"].as_str().unwrap().len() > 20);
    let status = case.json(&["status"]);
    assert_eq!(
        keys(&status),
        ["user", "unit", "server", "last_sync_at", "pending", "conflicts", "attention", "records"]
    );
    assert_eq!((&status["user"], &status["unit"]), (&json!("李思源"), &json!("0101")));
    assert_eq!((&status["server"], &status["records"]), (&json!(null), &json!({})));
    case.run(&["init", "--user", "x"]).fails(2, "store-already-exists");
    case.file("passphrase", made["recovery_code"].as_str().unwrap());
    assert_eq!(case.json(&["status"])["pending"], 0, "the recovery code opens the files too");
}

#[test]
fn entries_of_a_list_are_added_and_taken_out_one_by_one_and_notes_only_added() {
    let case = Case::with_device();
    let id = case.add(&["training_class", "year=2026", "name=論壇", "lecturers=王教授、李老師"]);
    let lecturers = |case: &Case| case.json(&["show", &id])["fields"]["lecturers"].clone();
    assert_eq!(lecturers(&case), json!(["王教授", "李老師"]));
    case.json(&["set", &id, "lecturers+=趙主任;李老師", "lecturers-=王教授"]);
    assert_eq!(lecturers(&case), json!(["李老師", "趙主任"]));
    case.json(&["undo"]);
    assert_eq!(lecturers(&case).as_array().unwrap().len(), 2);
    case.json(&["redo"]);
    assert_eq!(lecturers(&case), json!(["李老師", "趙主任"]));
    case.json(&["undo"]);
    case.run(&["set", &id, "lecturers-=無此人"]).fails(1, "not-found-element");
    case.run(&["set", &id, "place+=一號樓"]).fails(2, "usage-not-several");
    case.json(&["note", &id, "已發通知"]);
    case.json(&["set", &id, "log+=已收回執"]);
    let shown = case.json(&["show", &id]);
    let notes = shown["fields"]["log"].as_array().unwrap();
    assert_eq!(
        notes.iter().map(|note| &note["text"]).collect::<Vec<_>>(),
        ["已發通知", "已收回執"]
    );
    assert_eq!(keys(&notes[0]), ["at", "by", "text"]);
    let table = case.run(&["show", &id]).done().stdout;
    assert!(table.contains("tester: 已發通知") && table.contains("王教授、李老師"), "{table}");
    case.run(&["undo"]).fails(1, "cannot-undo");
    let unit = case.add(&["unit", "code=010000", "name=文學院黨委", "type=committee"]);
    case.run(&["note", &unit, "x"]).fails(2, "usage-no-notes");
}

#[test]
fn a_record_is_added_changed_shown_deleted_and_brought_back() {
    let case = Case::with_device();
    let branch = ["unit", "code=010100", "name=第一黨支部", "type=branch", "parent=010000"];
    case.add(&["unit", "code=010000", "name=文學院黨委", "type=committee"]);
    let unit = case.add(&branch);
    let id = case.add(&[
        "person",
        "staff_no=10001",
        "name=歐陽若明",
        "phone=13900001234",
        "unit=010100",
    ]);
    assert_eq!(case.json(&["set", &id, "born_on=1980.5", "sex=男"])["id"], json!(id));
    let shown = case.json(&["show", "10001"]);
    assert_eq!(keys(&shown), ["id", "kind", "unit", "state", "fields", "issues"]);
    assert_eq!((&shown["unit"], &shown["state"]), (&json!(unit), &json!("local")));
    assert_eq!(
        shown["fields"],
        json!({ "staff_no": "10001", "name": "歐陽若明", "sex": "1", "born_on": "1980-05", "phone": "13900001234" })
    );
    let table = case.run(&["show", &id]).done().stdout;
    assert!(table.contains("139****1234") && !table.contains("13900001234"), "{table}");
    case.json(&["undo"]);
    assert_eq!(case.json(&["show", &id])["fields"]["born_on"], json!(null));
    case.json(&["delete", &id, "--reason", "entered twice"]);
    assert_eq!(case.json(&["list", "person"]), json!([]));
    case.json(&["undo"]);
    assert_eq!(case.json(&["list", "person"]).as_array().unwrap().len(), 1);
    let history = case.json(&["history", &id]);
    let first = &history[0];
    assert_eq!(keys(first), ["at", "by", "device", "op", "action", "outcome", "reason", "changes"]);
    assert_eq!((&first["by"], &first["outcome"]), (&json!("tester"), &json!("pending")));
    let name = json!({ "field": "name", "old": null, "new": "歐陽若明" });
    assert!(first["changes"].as_array().unwrap().contains(&name));
    let actions: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["create", "set", "set", "delete", "restore"]);
}

#[test]
fn lists_are_filtered_searched_sorted_cut_and_written_to_files() {
    let case = Case::with_device();
    for (number, name, year) in
        [("3", "歐陽丙", "1990"), ("1", "王甲", "1970"), ("2", "王乙", "1980")]
    {
        let (number, name) = (format!("staff_no={number}"), format!("name={name}"));
        case.add(&["person", &number, &name, &format!("born_on={year}")]);
    }
    let numbers = |args: &[&str]| -> Vec<String> {
        let json = case.json(&[&["list", "person"], args].concat());
        let rows = json.as_array().unwrap().iter();
        rows.map(|row| row["fields"]["staff_no"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers(&["--sort", "staff_no"]), ["1", "2", "3"]);
    assert_eq!(numbers(&["--sort", "born_on:desc", "--limit", "2"]), ["3", "2"]);
    assert_eq!(numbers(&["--where", "born_on<1985", "--where", "name~乙"]), ["2"]);
    assert_eq!(numbers(&["--search", "oy"]), ["3"]);
    let done = case
        .run(&["list", "person", "--sort", "staff_no", "--columns", "name,born_on", "-o", "p.csv"])
        .done();
    assert_eq!((done.exit, done.stdout.as_str()), (0, ""));
    let written = std::fs::read_to_string(case.path("p.csv")).unwrap();
    assert!(written.contains("王甲,1970") && written.contains("Name"), "{written}");
    case.run(&["list", "person", "-o", "p.xlsx"]).done();
    assert_eq!(&std::fs::read(case.path("p.xlsx")).unwrap()[..2], b"PK");
    let lines = case.run(&["list", "person", "--format", "jsonl"]).done().stdout;
    assert_eq!(lines.lines().count(), 3);
    let csv = case.run(&["list", "person", "--format", "csv", "--sort", "staff_no"]).done().stdout;
    assert!(csv.starts_with("id,kind,unit,state,staff_no,name,born_on\r\n"), "{csv}");
    case.run(&["list", "person", "-o", "p.doc"]).fails(2, "extension");
    case.run(&["list", "person", "-o", "no/folder.csv"]).fails(2, "write");
}

#[test]
fn steps_are_listed_and_taken() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=1", "name=甲"]);
    let class = case.add(&["training_class", "year=2026", "name=輪訓班"]);
    let id = case.add(&["enrolment", &format!("class={class}"), "person=1"]);
    let steps = case.json(&["act", &id, "--list"]);
    assert_eq!(keys(&steps[0]), ["action", "enabled", "reason"]);
    let step = |name: &str| {
        let found = steps.as_array().unwrap().iter().find(|step| step["action"] == name);
        found.unwrap()["enabled"].as_bool().unwrap()
    };
    assert!(step("submit") && !step("certify"));
    case.json(&["act", &id, "submit"]);
    assert_eq!(case.json(&["show", &id])["fields"]["status"], "submitted");
    let closed = case.run(&["act", &id, "certify"]).fails(1, "step-closed");
    assert_eq!(closed["issues"][0]["code"], "step-wrong-state");
    case.run(&["act", &id, "return"]).fails(1, "step-closed");
    case.json(&["act", &id, "return", "--reason", "incomplete"]);
    case.run(&["act", &id, "fly"]).fails(2, "not-found-action");
}

#[test]
fn attendance_is_marked_by_whatever_is_typed_and_nobody_when_in_doubt() {
    let case = Case::with_device();
    let class = case.add(&["training_class", "year=2026", "name=輪訓班"]);
    let session =
        case.add(&["session", &format!("class={class}"), "name=一", "starts_at=2026-03-01 09:00"]);
    for (number, name) in [("10011", "歐陽若明"), ("10012", "歐陽海峰"), ("10013", "白曉嵐")]
    {
        case.add(&["person", &format!("staff_no={number}"), &format!("name={name}")]);
        case.add(&["enrolment", &format!("class={class}"), &format!("person={number}")]);
    }
    let marked = case.json(&["checkin", "--session", &session, "bxl"]);
    assert_eq!(keys(&marked), ["marked", "candidates"]);
    assert!(marked["marked"].is_string());
    assert_eq!(marked["candidates"][0]["name"], "白曉嵐");
    let again = case.json(&["checkin", "--session", &session, "013"]);
    assert_eq!(again["marked"], marked["marked"], "a second time changes nothing");
    let done = case.run(&["checkin", "--session", &session, "oy", "--format", "json"]).done();
    assert_eq!(done.exit, 1);
    assert_eq!(done.json()["marked"], json!(null));
    assert_eq!(done.json()["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(keys(&done.json()["candidates"][0]), ["id", "name", "unit"]);
    let waiting = case.json(&["checkin", "--session", &session]);
    assert_eq!(waiting["candidates"].as_array().unwrap().len(), 2);
}

#[test]
fn figures_come_with_the_list_behind_them() {
    let case = Case::with_device();
    case.add(&["unit", "code=01", "name=文學院黨委", "type=committee"]);
    case.add(&[
        "unit",
        "code=0101",
        "name=教師黨支部",
        "type=branch",
        "parent=01",
        "branch_type=teachers",
    ]);
    let person = case.add(&["person", "staff_no=1", "name=甲"]);
    case.add(&["post", "person=1", "unit=0101", "role=secretary", "from_on=2020-01-01"]);
    let names = case.json(&["report", "--list"]);
    assert_eq!(names[0], json!({ "name": "training-coverage" }));
    assert_eq!(names.as_array().unwrap().len(), report_names().len());
    let report =
        case.json(&["report", "training-coverage", "--as-of", "2026-06-30", "--year", "2026"]);
    assert_eq!(
        (&report["name"], &report["as_of"]),
        (&json!("training-coverage"), &json!("2026-06-30"))
    );
    assert_eq!(report["year"], 2026);
    let total = &report["total"];
    assert_eq!((&total["numerator"], &total["denominator"]), (&json!(0), &json!(1)));
    assert_eq!((&total["rate"], &total["year_before"]["denominator"]), (&json!(0.0), &json!(1)));
    assert_eq!(report["rows"][0]["missing"], json!([person]));
    for file in ["r.json", "r.csv", "r.xlsx"] {
        assert_eq!(case.run(&["report", "double-leader-ratio", "-o", file]).done().exit, 0);
        assert!(case.path(file).exists());
    }
    let behind = case.json(&["report", "hours-attained", "--behind", "--year", "2026"]);
    let line = behind.as_array().unwrap().iter().find(|line| line["part"] == "secretary").unwrap();
    assert_eq!((&line["id"], &line["state"]), (&json!(person), &json!("missing")));
    assert_eq!(line["note"]["hours_lacking"], "56.0");
    let all = case.json(&["report", "all", "--as-of", "2026-06-30"]);
    assert_eq!(all.as_array().unwrap().len(), report_names().len());
    assert_eq!(case.run(&["report", "all", "-o", "all.xlsx"]).done().exit, 0);
    let book = std::fs::read(case.path("all.xlsx")).unwrap();
    assert!(book.starts_with(b"PK"));
    let error = case.run(&["report", "happiness"]).fails(2, "not-found-report");
    assert!(error["hint"].as_str().unwrap().contains("training-coverage"));
}

#[test]
fn a_backup_opens_in_an_empty_folder_and_nowhere_else() {
    let case = Case::with_device();
    let id = case.add(&["person", "staff_no=1", "name=甲"]);
    let gone = case.add(&["person", "staff_no=2", "name=乙"]);
    case.json(&["delete", &gone, "--reason", "twice"]);
    let done = case.json(&["backup", "copy.ejia"]);
    assert_eq!(keys(&done), ["file", "records", "entries", "bytes"]);
    assert_eq!(done["records"], 1);
    assert_private(&case, &["copy.ejia"]);
    let before = std::fs::read(case.path("copy.ejia")).unwrap();
    case.run(&["backup", "copy.ejia"]).fails(1, "backup-exists");
    assert_eq!(std::fs::read(case.path("copy.ejia")).unwrap(), before);
    let restored = case.json_on("elsewhere", &["restore", "copy.ejia"]);
    assert_eq!(restored["records"], 1);
    assert_eq!(case.json_on("elsewhere", &["show", &id])["fields"]["name"], "甲");
    case.run(&["restore", "copy.ejia"]).fails(2, "store-not-empty");
    case.run_on("third", &["restore", "nothing.ejia"]).fails(2, "no-file");
    let file = case.file("rotten.ejia", "not a backup");
    case.run_on("third", &["restore", &file]).fails(2, "store-not-backup");
    let sound = case.json(&["doctor"]);
    assert_eq!((&sound["ok"], &sound["findings"]), (&json!(true), &json!([])));
    assert_eq!(case.json(&["doctor", "--repair"])["records"], 1);
}

#[test]
fn files_with_records_in_them_are_for_their_owner_only_and_hold_the_columns_asked_for() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=1", "name=甲", "phone=13800000001"]);
    for file in ["all.csv", "all.xlsx", "all.json", "some.csv"] {
        let columns = ["--columns", "name,staff_no,id"];
        let columns = if file == "some.csv" { &columns[..] } else { &[] };
        let done = case.run(&[&["list", "person", "-o", file], columns].concat()).done();
        assert_eq!(done.exit, 0, "{}", done.stderr);
        let logged = done.stderr.contains("exported sensitive columns");
        assert_eq!(logged, file != "some.csv", "{}", done.stderr);
        assert!(!done.stderr.contains("13800000001"));
    }
    assert_private(&case, &["all.csv", "all.xlsx", "all.json", "some.csv"]);
    let some = std::fs::read_to_string(case.path("some.csv")).unwrap();
    assert_eq!(some.lines().next().unwrap().split(',').count(), 3);
    let asked = ["list", "person", "--format", "csv", "--columns", "name,staff_no"];
    assert_eq!(case.run(&asked).done().stdout, "name,staff_no\r\n甲,1\r\n");
    case.run(&["list", "person", "--columns", "height"]).fails(2, "not-found-field");
    let sheet = case.file("people.csv", "学工号,姓名,性别\n7,丙,哪個\n");
    case.run(&["import", "person", &sheet, "--report", "bad.csv"]).done();
    assert_private(&case, &["bad.csv"]);
}

#[test]
fn a_duplicate_names_the_record_that_is_in_the_way() {
    let case = Case::with_device();
    let first = case.add(&["person", "staff_no=1", "name=甲"]);
    let error = case.run(&["add", "person", "staff_no=1", "name=乙"]).fails(1, "invalid");
    let issue = &error["issues"][0];
    assert_eq!((&issue["code"], &issue["other"]), (&json!("q07-duplicate"), &json!(first)));
}

#[test]
fn a_condition_that_cannot_be_read_is_refused_with_what_can() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=1", "name=甲", "born_on=1980-06-01", "sex=女"]);
    let count = |condition: &str| {
        let list = case.json(&["list", "person", "--where", condition]);
        list.as_array().unwrap().len()
    };
    for (condition, found) in [
        ("born_on<today", 1),
        ("born_on=1980.06.01", 1),
        ("born_on>上週五", 0),
        ("sex=女", 1),
        ("name=13", 0),
    ] {
        assert_eq!(count(condition), found, "{condition}");
    }
    for condition in ["born_on>=soon", "born_on=2018-13-01", "sex=unheard"] {
        let error = case.run(&["list", "person", "--where", condition]).fails(2, "condition");
        let field = condition.split(['<', '>', '=']).next().unwrap();
        assert!(error["message"].as_str().unwrap().contains(field), "{error}");
    }
}
