//! Every report through the command line: text, .csv, .xlsx and JSON say the same rows, and so does the overview of the terminal.

use std::collections::BTreeMap;

use calamine::{Data as Cell, Reader as _, Xlsx, open_workbook};
use ejia::client::{Client, report_names};
use ejia::tui::data::Data;
use serde_json::Value;

use super::{Case, PASSPHRASE};

const DAY: &str = "2026-06-30";

/// A committee with a teachers' and a students' branch and something of most kinds that figures count.
fn office() -> Case {
    let case = Case::with_device();
    case.add(&[
        "unit",
        "code=01",
        "name=文學院黨委",
        "type=committee",
        "term_starts_on=2021-01-01",
    ]);
    for (code, kind) in [("0101", "teachers"), ("0102", "students")] {
        let (code, kind) = (format!("code={code}"), format!("branch_type={kind}"));
        case.add(&["unit", &code, "name=黨支部", "type=branch", "parent=01", &kind]);
    }
    for (number, unit) in [("1", "0101"), ("2", "0102")] {
        case.add(&["person", &format!("staff_no={number}"), "name=甲", "title=教授"]);
        let (person, unit) = (format!("person={number}"), format!("unit={unit}"));
        case.add(&["post", &person, &unit, "role=secretary", "from_on=2020-01-01"]);
        let grade = if number == "1" { "grade=good" } else { "grade=fairly_good" };
        case.add(&["work_report", &person, &unit, "year=2026", grade, "reported_on=2026-03-01"]);
    }
    case.add(&["establishment", "unit=01", "posts_approved=2", "valid_from=2024-01-01"]);
    case.add(&["submission", "unit=01", "name=學時臺賬", "year=2026", "due_on=2026-03-20"]);
    case.add(&["rectification", "unit=01", "problem=缺會議記錄", "due_on=2026-05-31"]);
    case
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Numerator and denominator of every row and whole, in the order of the tables.
fn counted(report: &Value) -> Vec<[String; 2]> {
    let parts = report["parts"].as_array().unwrap();
    let lines = |part: &Value| {
        let rows = part["rows"].as_array().unwrap().iter().chain([&part["total"]]);
        rows.map(|row| [text(&row["numerator"]), text(&row["denominator"])]).collect::<Vec<_>>()
    };
    std::iter::once(report).chain(parts).flat_map(lines).collect()
}

/// The figures of a table whose first line is its headings; an empty line ends them.
fn figures(table: &[Vec<String>]) -> Vec<[String; 2]> {
    let place = |name: &str| table[0].iter().position(|heading| heading == name).unwrap();
    let (part, whole) = (place("Numerator"), place("Denominator"));
    let rows = table.iter().skip(1).take_while(|row| row.iter().any(|cell| !cell.is_empty()));
    rows.map(|row| [row[part].clone(), row[whole].clone()]).collect()
}

/// The first two whole numbers that stand side by side in each line below the headings.
fn printed(text: &str) -> Vec<[String; 2]> {
    let is_number = |word: &str| word.parse::<u64>().is_ok();
    let pair = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let found = words.windows(2).find(|pair| pair.iter().all(|word| is_number(word)))?;
        Some([found[0].to_owned(), found[1].to_owned()])
    };
    text.lines().filter_map(pair).collect()
}

fn delimited(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn sheet(book: &mut Xlsx<std::io::BufReader<std::fs::File>>, name: &str) -> Vec<Vec<String>> {
    let range = book.worksheet_range(name).unwrap();
    range.rows().map(|row| row.iter().map(Cell::to_string).collect()).collect()
}

#[test]
fn every_report_says_the_same_in_text_csv_xlsx_and_json() {
    let case = office();
    let mut filled = 0;
    for name in report_names() {
        let asked = ["report", name, "--as-of", DAY];
        let json = case.json(&asked);
        let expected = counted(&json);
        let table = case.run(&asked).done();
        assert_eq!(table.exit, 0, "{name}: {}", table.stderr);
        assert_eq!(printed(&table.stdout), expected, "{name}, text");
        for file in ["r.json", "r.csv", "r.xlsx"] {
            let done = case.run(&[&asked[..], &["-o", file]].concat()).done();
            assert_eq!(done.exit, 0, "{name}: {}", done.stderr);
        }
        let kept: Value =
            serde_json::from_slice(&std::fs::read(case.path("r.json")).unwrap()).unwrap();
        assert_eq!(kept, json, "{name}");
        let kept = delimited(&std::fs::read(case.path("r.csv")).unwrap());
        assert_eq!(figures(&kept), expected, "{name}, csv");
        let mut book: Xlsx<_> = open_workbook(case.path("r.xlsx")).unwrap();
        let [first, behind] = &book.sheet_names()[..] else { panic!("{name}") };
        let (first, behind) = (first.clone(), behind.clone());
        assert_eq!(figures(&sheet(&mut book, &first)), expected, "{name}, xlsx");
        let listed = case.json(&[&asked[..], &["--behind"]].concat());
        let lines = sheet(&mut book, &behind).len() - 1;
        assert_eq!(lines, listed.as_array().unwrap().len(), "{name}: the list behind");
        filled += usize::from(json["total"]["denominator"] != 0);
    }
    assert!(filled >= 8, "{filled} reports with figures");
}

#[test]
fn each_grade_of_the_reviews_opens_into_its_reviews() {
    let case = office();
    let asked = ["report", "work-report-grades", "--as-of", DAY];
    let total = case.json(&asked)["total"].clone();
    assert_eq!((&total["numerator"], &total["denominator"]), (&1.into(), &2.into()));
    let behind = case.json(&[&asked[..], &["--behind"]].concat());
    let of = |part: &str, state: &str| {
        let lines = behind.as_array().unwrap().iter();
        lines.filter(|line| line["part"] == part && line["state"] == state).count()
    };
    assert_eq!((of("all", "met"), of("good", "met"), of("fairly_good", "met")), (1, 1, 1));
    assert_eq!((of("poor", "met"), of("poor", "missing")), (0, 2));
}

#[test]
fn the_overview_of_the_terminal_shows_the_figures_of_the_reports() {
    let case = office();
    let mut told = BTreeMap::new();
    for report in case.json(&["report", "all", "--as-of", DAY]).as_array().unwrap() {
        let number = |key: &str| report["total"][key].as_u64().unwrap();
        if number("denominator") > 0 {
            told.insert(text(&report["name"]), (number("numerator"), number("denominator")));
        }
    }
    let data = Data::of(Client::open(&case.path("data"), PASSPHRASE).unwrap());
    let day = jiff::civil::date(2026, 6, 30);
    let number = |count: usize| u64::try_from(count).unwrap();
    let shown: BTreeMap<String, (u64, u64)> = data
        .ratios(day)
        .into_iter()
        .map(|ratio| (ratio.name, (number(ratio.part), number(ratio.whole))))
        .collect();
    assert!(shown.len() >= 8 && shown == told, "{shown:?}\n{told:?}");
}
