//! The two sample universities: every sound row imports, every fault is found, and a second import changes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::domain::record::{Fields, Value};
use crate::transfer::import::tests::memory::no;

const BOOKS: [(&str, &str); 8] = [
    ("基层党组织.xlsx", "unit"),
    ("党支部.xlsx", "unit"),
    ("党员花名册.xlsx", "person"),
    ("支部委员会成员.xlsx", "post"),
    ("组织员信息.xlsx", "staff_file"),
    ("双带头人培育台账.xlsx", "cultivation"),
    ("培训对象-教工党支部书记轮训班.xlsx", "enrolment"),
    ("培训对象-卓越学生党支部书记训练营.xlsx", "enrolment"),
];

/// Returns the folder of the samples; `None`, with a printed line, where they are not at hand.
fn folder(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared/samples", "../../shared/samples"]
        .iter()
        .map(|place| root.join(place).join(name))
        .find(|place| place.is_dir());
    if found.is_none() {
        println!("skipped: no samples at ../shared/samples/{name}");
    }
    found
}

/// Imports the eight workbooks in order; for each its rows as (row, outcome, codes of issues).
fn import_all(
    folder: &std::path::Path,
    memory: &mut Memory,
    classes: &[Defaults],
) -> Vec<(ParsedSheet, Plan)> {
    let mut classes = classes.iter();
    let mut done = Vec::new();
    for (file, kind) in BOOKS {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let none = Defaults::default();
        let defaults = if kind == "enrolment" { classes.next().unwrap() } else { &none };
        let (sheet, plan) = import(memory, file, None, &bytes, defaults);
        assert_eq!(sheet.kind.key(), kind, "{file}");
        assert!(sheet.notes.is_empty(), "{file}: {:?}", sheet.notes);
        done.push((sheet, plan));
    }
    done
}

fn classes(memory: &mut Memory) -> Vec<Defaults> {
    let root = memory.root_unit().unwrap();
    let class = |name: &str| {
        let name = Value::Text(name.into());
        Fields::from([(no(Kind::TrainingClass, "name"), name)])
    };
    let made: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|name| memory.add(Kind::TrainingClass, root, class(name)))
        .collect();
    let defaults = |id| Defaults {
        fields: Fields::from([(no(Kind::Enrolment, "class"), Value::Ref(id))]),
        unit: None,
    };
    made.into_iter().map(defaults).collect()
}

fn count(plan: &Plan, outcome: &str) -> usize {
    plan.rows.iter().filter(|row| row.outcome.key() == outcome).count()
}

fn refusals(plan: &Plan) -> Vec<(u32, &str, Vec<&'static str>)> {
    let refused = plan.rows.iter().filter(|row| row.outcome == Outcome::Refused);
    refused
        .map(|row| (row.row, row.key.as_str(), row.issues.iter().map(|issue| issue.code).collect()))
        .collect()
}

#[test]
fn the_clean_university_imports_whole_and_again_without_a_change() {
    let Some(folder) = folder("campus") else { return };
    let mut memory = Memory::with_root();
    let classes = classes(&mut memory);
    let done = import_all(&folder, &mut memory, &classes);
    for (sheet, plan) in &done {
        assert_eq!(refusals(plan), [], "{}", sheet.file);
        assert_eq!(count(plan, "added"), plan.rows.len(), "{}", sheet.file);
        let warned: Vec<_> = plan.rows.iter().filter(|row| !row.issues.is_empty()).collect();
        println!("{}: {} warned {:?}", sheet.file, warned.len(), warned.first());
    }
    let added: Vec<usize> = done.iter().map(|(_, plan)| count(plan, "added")).collect();
    assert_eq!(added, [36, 369, 3812, 1097, 34, 76, 115, 163]);
    assert_eq!(memory.count(Kind::Unit), 1 + 36 + 369);
    for (sheet, plan) in import_all(&folder, &mut memory, &classes) {
        assert_eq!(count(&plan, "same"), plan.rows.len(), "{}", sheet.file);
    }
}

#[test]
fn the_messy_university_loses_exactly_the_faulty_rows_and_those_that_refer_to_them() {
    let Some(folder) = folder("campus-messy") else { return };
    let faults: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("faults.json")).unwrap()).unwrap();
    let mut memory = Memory::with_root();
    let classes = classes(&mut memory);
    let done = import_all(&folder, &mut memory, &classes);
    let mut gone: BTreeSet<String> = BTreeSet::new();
    for (sheet, plan) in &done {
        let listed: BTreeSet<u32> = faults["faults"][&sheet.file]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| u32::try_from(fault["row"].as_u64().unwrap()).unwrap())
            .collect();
        let refused = refusals(plan);
        let rows: BTreeSet<u32> = refused.iter().map(|(row, _, _)| *row).collect();
        assert!(listed.is_subset(&rows), "{}: {:?}", sheet.file, listed.difference(&rows));
        for (row, key, codes) in &refused {
            let refers = codes
                .iter()
                .any(|code| ["q10-unknown-unit", "q10-unknown-staff-no"].contains(code));
            assert!(listed.contains(row) || refers, "{} row {row} {key}: {codes:?}", sheet.file);
            gone.insert((*key).to_owned());
        }
        let expected = listed.len();
        println!(
            "{}: {} rows, {expected} listed, {} refused",
            sheet.file,
            plan.rows.len(),
            refused.len()
        );
    }
    for (sheet, plan) in import_all(&folder, &mut memory, &classes) {
        let refused = count(&plan, "refused");
        assert_eq!(count(&plan, "same") + refused, plan.rows.len(), "{}", sheet.file);
    }
}

#[test]
fn the_published_templates_are_recognised() {
    let Some(folder) = folder("templates") else { return };
    for (file, asked, kind) in [
        ("党员信息（校内人员）录入样表.xlsx", None, Kind::Person),
        ("党支部录入样表.xlsx", None, Kind::Unit),
        ("培训对象导入样表.xlsx", None, Kind::Enrolment),
        ("培训签到导入模板.xlsx", Some(Kind::Attendance), Kind::Attendance),
        ("基层党组织录入样表.xlsx", None, Kind::Unit),
        ("支部委员会成员录入样表.xlsx", None, Kind::Post),
        ("组织员信息录入样表.xlsx", None, Kind::StaffFile),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let request = SheetRequest { file, sheet: None, kind: asked };
        let sheet = read_sheet(&request, &bytes, &cx()).unwrap();
        assert_eq!(sheet.kind, kind, "{file}");
        assert_eq!(sheet.header_row, 1, "{file}");
        let unknown = sheet.columns.iter().filter(|column| column.used == ColumnUse::Unknown);
        assert_eq!(unknown.count(), 0, "{file}: {:?}", sheet.notes);
        assert!(!sheet.rows.is_empty(), "{file}");
    }
}
