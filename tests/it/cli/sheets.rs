//! Sheets from the command line.

use serde_json::json;

use super::{Case, keys};

const SHEET: &str =
    "某學院人員名冊,,\n學工號,姓名,手機號碼\n10001,歐陽若明,13900001234\n10002,白曉嵐,\n,無號人,\n";

#[test]
fn right_rows_are_written_wrong_ones_are_told_and_listed() {
    let case = Case::with_device();
    case.file("people.csv", SHEET);
    let dry = case.run(&["import", "person", "people.csv", "--dry-run", "--format", "json"]).done();
    assert_eq!(dry.exit, 1, "{}", dry.stderr);
    assert_eq!(case.json(&["status"])["pending"], 0);
    let strict = ["import", "person", "people.csv", "--all-or-nothing"];
    assert_eq!(case.run(&strict).done().exit, 1);
    assert_eq!(case.json(&["status"])["pending"], 0);
    let args = ["import", "person", "people.csv", "--report", "wrong.csv", "--format", "json"];
    let done = case.run(&args).done();
    assert_eq!(done.exit, 1, "{}", done.stderr);
    let file = &done.json()["files"][0];
    assert_eq!(
        keys(file)[..10],
        [
            "file",
            "kind",
            "sheet",
            "header_row",
            "added",
            "changed",
            "same",
            "refused",
            "warned",
            "rows"
        ]
    );
    assert_eq!((&file["kind"], &file["header_row"]), (&json!("person"), &json!(2)));
    assert_eq!((&file["added"], &file["refused"]), (&json!(2), &json!(1)));
    assert_eq!(file["rows"][0]["row"], 5);
    assert_eq!(file["rows"][0]["outcome"], "refused");
    assert_eq!(keys(&file["rows"][0]["issues"][0]), ["field", "code", "level", "message"]);
    let wrong = std::fs::read_to_string(case.path("wrong.csv")).unwrap();
    assert!(wrong.contains("無號人") && !wrong.contains("白曉嵐"), "{wrong}");
    let again = case.run(&args).done().json();
    assert_eq!((&again["files"][0]["added"], &again["files"][0]["same"]), (&json!(0), &json!(2)));
    case.json(&["undo"]);
    assert_eq!(case.json(&["list", "person"]), json!([]), "an import is undone as a whole");
}

#[test]
fn files_that_are_no_sheets_are_named_with_what_to_do() {
    let case = Case::with_device();
    case.file("page.xls", "<html><body><table></table></body></html>");
    case.file("empty.csv", "");
    case.file("letter.csv", "Dear all,\nplease come.\n");
    for (file, code) in [
        ("page.xls", "import-html"),
        ("empty.csv", "import-empty"),
        ("letter.csv", "import-no-header"),
    ] {
        let error = case.run(&["import", file]).fails(1, code);
        assert!(error["message"].as_str().unwrap().contains(file));
    }
    case.file("people.csv", SHEET);
    case.run(&["import", "people.csv"]).fails(1, "import-ambiguous");
    case.run(&["import", "person"]).fails(2, "usage-missing");
    case.run(&["import", "human", "empty.csv"]).fails(2, "not-found-kind");
    case.run(&["import", "empty.csv", "--class", "none"]).fails(1, "not-found-class");
}

#[test]
fn a_template_has_headings_that_the_import_knows() {
    let case = Case::with_device();
    let made = case.run(&["template", "person", "-o", "people.xlsx"]).done();
    assert_eq!((made.exit, made.stdout.as_str()), (0, ""), "{}", made.stderr);
    let read = case.json(&["import", "people.xlsx"]);
    assert_eq!(
        (&read["files"][0]["kind"], &read["files"][0]["added"]),
        (&json!("person"), &json!(0))
    );
    case.run(&["template", "person", "-o", "people.csv"]).fails(2, "extension-template");
    case.run(&["template", "nothing", "-o", "people.xlsx"]).fails(2, "not-found-kind");
}

#[test]
fn help_is_asked_for_in_the_way_people_type_it() {
    let case = Case::new();
    for (asked, named) in [(&["help"][..], "template"), (&["help", "admin", "user"][..], "disable")]
    {
        let done = case.bare(asked).done();
        assert_eq!(done.exit, 0, "{}", done.stderr);
        assert!(done.stdout.contains(named), "{}", done.stdout);
    }
}
