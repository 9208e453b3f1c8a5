//! The offices' own workbooks, imported through the use case; skipped with a printed line where they are absent.

use super::tests::{client, fields, text};
use super::*;
use crate::domain::kinds::Kind;
use crate::domain::record::Value;

fn samples(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared/samples", "../../shared/samples"]
        .into_iter()
        .map(|place| root.join(place).join(folder))
        .find(|dir| dir.is_dir());
    if found.is_none() {
        println!("skipped: no samples beside the project");
    }
    found
}

const ORDER: [&str; 6] =
    ["基层党组织", "党支部", "党员花名册", "支部委员会成员", "组织员信息", "双带头人培育台账"];
const CLASSES: [&str; 2] = ["培训对象-教工党支部书记轮训班", "培训对象-卓越学生党支部书记训练营"];

fn import(client: &Client, file: PathBuf, class: Option<crate::domain::ids::RecordId>) -> Imported {
    let request = ImportRequest {
        file,
        kind: None,
        sheet: None,
        class,
        session: None,
        dry_run: false,
        all_or_nothing: false,
    };
    client.import(&request).unwrap()
}

fn class(client: &Client, name: &str) -> crate::domain::ids::RecordId {
    let spec = Kind::TrainingClass.spec();
    let date = |day| Value::Date(crate::domain::record::PartialDate::day(2026, 3, day).unwrap());
    let mut values =
        fields(Kind::TrainingClass, &[("year", Value::Int(2026)), ("name", text(name))]);
    let category = spec.field("category").unwrap();
    let code =
        crate::domain::codes::list(category.codes.unwrap()).unwrap().entries()[0].code.clone();
    values.insert(category.number, Value::Code(code));
    values.insert(spec.field("organiser_level").unwrap().number, Value::Code("university".into()));
    values.insert(spec.field("starts_on").unwrap().number, date(1));
    values.insert(spec.field("ends_on").unwrap().number, date(3));
    values.insert(spec.field("counts").unwrap().number, Value::Flag(true));
    client.create_record(Kind::TrainingClass, None, values).unwrap().id
}

fn outcomes(imported: &Imported) -> [usize; 4] {
    let count =
        |key: &str| imported.plan.rows.iter().filter(|row| row.outcome.key() == key).count();
    ["added", "changed", "same", "refused"].map(count)
}

#[test]
fn a_whole_university_is_imported_and_a_second_time_nothing_changes() {
    let Some(dir) = samples("campus") else { return };
    let client = client();
    let mut classes = Vec::new();
    for round in 0..2 {
        for (place, name) in ORDER.iter().chain(&CLASSES).enumerate() {
            let class = place.checked_sub(ORDER.len()).map(|index| {
                if round == 0 {
                    classes.push(class(&client, name));
                }
                classes[index]
            });
            let imported = import(&client, dir.join(format!("{name}.xlsx")), class);
            let [added, changed, same, refused] = outcomes(&imported);
            let rows = imported.plan.rows.len();
            let refusals: Vec<_> = imported
                .plan
                .rows
                .iter()
                .filter(|r| r.outcome.key() == "refused")
                .take(3)
                .collect();
            assert_eq!((changed, refused), (0, 0), "{name}: {refusals:?}");
            assert_eq!(if round == 0 { added } else { same }, rows, "{name}");
        }
    }
    let count = |kind| client.list(&Query::all(kind)).unwrap().len();
    assert_eq!(count(Kind::Unit), 36 + 369);
    assert_eq!(count(Kind::Person), 3_812);
    assert_eq!(count(Kind::Post), 1_097);
    assert_eq!(count(Kind::StaffFile), 34);
    assert_eq!(count(Kind::Cultivation), 76);
    assert_eq!(count(Kind::Enrolment), 163 + 115);
    let found = client.list(&Query { search: "oy".into(), ..Query::all(Kind::Person) }).unwrap();
    assert!(found.iter().any(|id| client.title(*id).starts_with("欧阳")));
}

#[test]
fn undoing_an_import_takes_every_row_back() {
    let Some(dir) = samples("campus") else { return };
    let client = client();
    import(&client, dir.join("基层党组织.xlsx"), None);
    assert_eq!(client.list(&Query::all(Kind::Unit)).unwrap().len(), 36);
    client.undo().unwrap();
    assert_eq!(client.list(&Query::all(Kind::Unit)).unwrap().len(), 0);
}
