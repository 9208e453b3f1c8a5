//! Every form that the program brings, for a record with everything around it and for nobody.

use std::io::{Cursor, Read as _};

use super::*;
use crate::client::tests::{client, fields, text};
use crate::domain::record::Value;
use crate::transfer::forms::registry::form;

/// The records of a small office, by kind.
struct Office {
    client: Client,
    ids: Vec<(Kind, RecordId)>,
}

impl Office {
    fn add(&mut self, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
        // Persons belong to the branch, which is the last unit made.
        let unit = (kind == Kind::Person).then(|| self.id(Kind::Unit).unit());
        let made = self.client.create_record(kind, unit, fields(kind, pairs));
        let id = made.unwrap_or_else(|e| panic!("{}: {e:?}", kind.key())).id;
        self.ids.push((kind, id));
        id
    }

    fn id(&self, kind: Kind) -> RecordId {
        self.ids.iter().rev().find(|(other, _)| *other == kind).unwrap().1
    }
}

fn code(code: &str) -> Value {
    Value::Code(code.to_owned())
}

fn day(year: i16, month: i8, day: i8) -> Value {
    Value::Date(PartialDate::day(year, month, day).unwrap())
}

fn office() -> Office {
    let mut office = Office { client: client(), ids: Vec::new() };
    let top = office.add(
        Kind::Unit,
        &[("code", text("01")), ("name", text("示范大学")), ("type", code("university"))],
    );
    let faculty = office.add(
        Kind::Unit,
        &[
            ("code", text("0101")),
            ("name", text("文学院委员会")),
            ("type", code("committee")),
            ("parent", Value::Ref(top)),
        ],
    );
    let branch = office.add(
        Kind::Unit,
        &[
            ("code", text("010101")),
            ("name", text("文学院教工第一党支部")),
            ("type", code("branch")),
            ("parent", Value::Ref(faculty)),
            ("branch_type", code("teachers")),
        ],
    );
    let person = office.add(
        Kind::Person,
        &[
            ("staff_no", text("10004")),
            ("name", text("任春雨")),
            ("phone", text("13812345678")),
            ("party_status", code("01")),
        ],
    );
    office.add(
        Kind::Post,
        &[
            ("person", Value::Ref(person)),
            ("unit", Value::Ref(branch)),
            ("role", code("secretary")),
            ("from_on", day(2021, 3, 1)),
        ],
    );
    ledgers(&mut office, person, branch);
    training(&mut office, person);
    cultivation(&mut office, person, branch);
    staff(&mut office, person, faculty);
    office
}

/// What the ledgers of a unit list.
fn ledgers(office: &mut Office, person: RecordId, branch: RecordId) {
    let unit = ("unit", Value::Ref(branch));
    office.add(Kind::Term, &[unit.clone(), ("starts_on", day(2024, 3, 1))]);
    let report = [unit.clone(), ("person", Value::Ref(person)), ("year", Value::Int(2025))];
    office.add(Kind::WorkReport, &report);
    let problem = [unit.clone(), ("problem", text("记录不全")), ("due_on", day(2026, 12, 31))];
    office.add(Kind::Rectification, &problem);
    let plan = [
        unit.clone(),
        ("year", Value::Int(2026)),
        ("line", code("teachers")),
        ("planned", Value::Int(1)),
    ];
    office.add(Kind::DevelopmentPlan, &plan);
    let owed = [
        unit,
        ("name", text("学时台账")),
        ("year", Value::Int(2026)),
        ("due_on", day(2026, 12, 20)),
    ];
    office.add(Kind::Submission, &owed);
}

fn training(office: &mut Office, person: RecordId) {
    let class = office.add(
        Kind::TrainingClass,
        &[
            ("year", Value::Int(2026)),
            ("name", text("教工党支部书记论坛")),
            ("starts_on", day(2026, 5, 10)),
            ("ends_on", day(2026, 5, 12)),
            ("counts", Value::Flag(true)),
        ],
    );
    let branch = office.id(Kind::Unit);
    let places =
        [("class", Value::Ref(class)), ("unit", Value::Ref(branch)), ("places", Value::Int(3))];
    office.add(Kind::ClassQuota, &places);
    for at in [1_778_373_000_000, 1_778_392_800_000] {
        office
            .add(Kind::Session, &[("class", Value::Ref(class)), ("starts_at", Value::Instant(at))]);
    }
    office.add(
        Kind::Enrolment,
        &[
            ("class", Value::Ref(class)),
            ("person", Value::Ref(person)),
            ("status", code("completed")),
            ("hours", Value::Int(240)),
        ],
    );
}

fn cultivation(office: &mut Office, person: RecordId, branch: RecordId) {
    let cultivation = office.add(
        Kind::Cultivation,
        &[
            ("person", Value::Ref(person)),
            ("branch", Value::Ref(branch)),
            ("direction", code("academic_to_secretary")),
            ("starts_on", day(2024, 9, 1)),
        ],
    );
    let of = ("cultivation", Value::Ref(cultivation));
    let evidence =
        [of.clone(), ("trait", code("politics")), ("document", text("党委会纪要〔2024〕3号"))];
    office.add(Kind::CultivationEvidence, &evidence);
    office.add(Kind::CultivationMeasure, &[of.clone(), ("type", code("training"))]);
    office.add(Kind::CultivationAssessment, &[of, ("year", Value::Int(2025))]);
}

fn staff(office: &mut Office, person: RecordId, faculty: RecordId) {
    let file = office.add(
        Kind::StaffFile,
        &[
            ("person", Value::Ref(person)),
            ("unit", Value::Ref(faculty)),
            ("status", code("in_post")),
        ],
    );
    let of = ("staff_file", Value::Ref(file));
    office.add(Kind::Appointment, &[of.clone(), ("from_on", day(2023, 9, 1))]);
    office.add(Kind::StaffReview, &[of, ("year", Value::Int(2025))]);
}

fn printer(client: &Client, form: &'static Form) -> Printer {
    client.printer(form, 2026, PartialDate::day(2026, 11, 23).unwrap()).unwrap()
}

/// Returns all text of a document, or of a workbook's strings.
fn words(bytes: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let part = ["word/document.xml", "xl/sharedStrings.xml"];
    let name = part.into_iter().find(|name| zip.by_name(name).is_ok()).unwrap();
    let mut xml = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut xml).unwrap();
    let mut words = String::new();
    for piece in xml.split('<') {
        words.push_str(piece.split_once('>').map_or("", |(_, text)| text));
    }
    words
}

#[test]
fn every_form_fills_for_a_record_and_for_nobody() {
    let office = office();
    for form in forms() {
        let printer = printer(&office.client, form);
        let id = match form.kind.as_str() {
            "unit" => office.ids[1].1,
            _ => office.id(printer.kind()),
        };
        let printed = office.client.print(&printer, Some(id));
        let printed = printed.unwrap_or_else(|e| panic!("{}: {e}", form.name));
        let text = words(&printed.bytes);
        let named = |text: &str| text.contains("任春雨") || text.contains("文学院");
        assert!(named(&text), "{}: {text}", form.name);
        assert!(!text.contains("{{"), "{}: {text}", form.name);
        let blank = words(&office.client.print(&printer, None).unwrap().bytes);
        assert!(!named(&blank) && !blank.contains("{{"), "{}: {blank}", form.name);
    }
}

#[test]
fn a_register_of_hours_lists_the_years_training_and_its_sum() {
    let office = office();
    let printer = printer(&office.client, form("hours-register").unwrap());
    let printed = office.client.print(&printer, Some(office.id(Kind::Person))).unwrap();
    let text = words(&printed.bytes);
    for expected in
        ["2026.05.10—2026.05.12", "教工党支部书记论坛", "总计学时24", "文学院教工第一党支部书记"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(printed.sensitive.contains("phone"), "the telephone number is said to be shown");
    let year = PartialDate::day(2025, 12, 31).unwrap();
    let before = office.client.printer(form("hours-register").unwrap(), 2025, year).unwrap();
    let text = words(&office.client.print(&before, Some(office.id(Kind::Person))).unwrap().bytes);
    assert!(text.contains("总计学时0") && !text.contains("论坛"), "{text}");
}

#[test]
fn a_sign_in_sheet_has_a_column_for_each_half_day() {
    let office = office();
    let printer = printer(&office.client, form("sign-in").unwrap());
    let text =
        words(&office.client.print(&printer, Some(office.id(Kind::TrainingClass))).unwrap().bytes);
    assert!(text.contains("5月10日上午") && text.contains("5月10日下午"), "{text}");
    assert!(text.contains("任春雨文学院委员会"), "the secondary unit, not the branch: {text}");
}

#[test]
fn a_form_for_another_kind_of_record_is_refused() {
    let office = office();
    let printer = printer(&office.client, form("staff-roster").unwrap());
    let refused = office.client.print(&printer, Some(office.id(Kind::Person)));
    assert!(matches!(refused, Err(ClientError::NotFound { what: "record", .. })));
}

#[test]
fn an_offices_own_template_is_used_and_its_faults_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = office();
    office.client.dir = dir.path().to_owned();
    let form = form("staff-roster").unwrap();
    std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
    let own = office.client.own_template(form);
    let definition = |value: &str| {
        format!(
            "title = \"本院名册\"\nrows = \"staff_file\"\n[[columns]]\nheading = \"名\"\nvalue = \"{value}\"\nwidth = 9\n"
        )
    };
    std::fs::write(&own, definition("{{person.name}}")).unwrap();
    let faculty = Some(office.ids[1].1);
    let text = words(&office.client.print(&printer(&office.client, form), faculty).unwrap().bytes);
    assert_eq!(text.replace(['\n', ' '], ""), "本院名册名任春雨");
    std::fs::write(&own, definition("{{person.nmae}}")).unwrap();
    let Err(ClientError::Form(FormError::UnknownName { tag, unknown })) =
        office.client.print(&printer(&office.client, form), faculty)
    else {
        panic!("not refused")
    };
    assert_eq!((tag.as_str(), unknown.name.as_str()), ("person.nmae", "nmae"));
    assert!(unknown.known.contains(&"name".to_owned()));
    std::fs::write(&own, "title = 3").unwrap();
    let day = PartialDate::year(2026).unwrap();
    let refused = office.client.printer(form, 2026, day);
    assert!(matches!(refused, Err(ClientError::Form(FormError::Definition { .. }))));
}

#[test]
fn a_form_goes_into_a_folder_under_its_title() {
    let office = office();
    let folder = tempfile::tempdir().unwrap();
    let form = forms_of(Kind::Person).next().unwrap();
    let printer = printer(&office.client, form);
    let person = office.id(Kind::Person);
    let before = office.client.status().pending;
    let path = office.client.print_into(&printer, person, folder.path()).unwrap();
    assert_eq!(office.client.status().pending, before + 1, "that it left is noted");
    assert_eq!(path, folder.path().join("hours-register-任春雨.docx"));
    assert!(words(&std::fs::read(&path).unwrap()).contains("任春雨"));
    assert_eq!(file_title("../甲 乙?"), "___甲_乙_");
}
