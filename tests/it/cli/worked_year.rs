//! One year of one unit, as the guide tells it: from an empty store to the archived class, through the command line only.

use std::path::Path;

use serde_json::Value;

use super::Case;
use super::chapter::Chapter;
use super::forms::rendered;

const YEAR: Chapter = Chapter {
    name: "one-year",
    devices: &[("hq", "組織部", None), ("li", "李文", Some("01")), ("wang", "王書平", Some("01"))],
};

#[test]
fn the_chapter_and_the_script_are_the_same_commands() {
    YEAR.is_its_script();
}

/// Every document and workbook below a folder, relative to it.
fn papers(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for place in ["", "表格", "證書"] {
        for entry in std::fs::read_dir(folder.join(place)).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            if ["docx", "xlsx"].contains(&kind) {
                let name = path.strip_prefix(folder).unwrap();
                found.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Numerator and denominator of a report over everything.
fn share(case: &Case, name: &str) -> (u64, u64) {
    let args = ["report", name, "--as-of", "2025-12-31", "--year", "2025"];
    let total = case.json_on("hq", &args)["total"].clone();
    (total["numerator"].as_u64().unwrap(), total["denominator"].as_u64().unwrap())
}

fn field(row: &Value, key: &str) -> String {
    row["fields"][key].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_units_year_goes_from_an_empty_store_to_the_archived_class() {
    let case = Case::new();
    let told = YEAR.run(&case, &[]);
    assert!(told.ends_with("年度工作完成\n"), "{told}");
    let classes = case.json_on("hq", &["list", "training_class", "--where", "status=archived"]);
    assert_eq!(classes.as_array().unwrap().len(), 2);
    let enrolments = case.json_on("hq", &["list", "enrolment", "--sort", "certificate_no"]);
    let numbers: Vec<String> = enrolments
        .as_array()
        .unwrap()
        .iter()
        .map(|row| field(row, "certificate_no"))
        .filter(|number| !number.is_empty())
        .collect();
    assert_eq!(numbers, ["0101-2025-0003", "0201-2025-0001", "0202-2025-0002"]);
    let cultivation = case.json_on("hq", &["list", "cultivation"]);
    assert_eq!(field(&cultivation[0], "status"), "recognised");
    assert_eq!(share(&case, "double-leader-ratio"), (1, 2));
    assert_eq!(share(&case, "training-coverage"), (3, 3));
    assert_eq!(share(&case, "hours-attained"), (1, 10));
    for device in ["hq", "li", "wang"] {
        let status = case.json_on(device, &["status"]);
        assert_eq!(
            (&status["conflicts"], &status["attention"]),
            (&0.into(), &0.into()),
            "{device}"
        );
    }
    let files = papers(case.folder.path());
    assert_eq!(files.len(), 37, "{files:#?}");
    if rendered(case.folder.path(), &files) {
        let made = std::fs::read_dir(case.path("pdf")).unwrap().count();
        assert_eq!(made, files.len());
    }
}
