//! Paper forms through the command line, and what an office's word processor makes of them.
//!
//! Without `soffice` the rendering is passed over with a line that says so, unless `CI=true`.

use std::path::Path;
use std::process::Command;

use super::Case;

/// Names of the forms, the kind of record each is for, and its extension.
fn forms(case: &Case) -> Vec<(String, String, String)> {
    let list = case.json(&["form", "--list"]);
    let text = |form: &serde_json::Value, key: &str| form[key].as_str().unwrap().to_owned();
    let forms = list.as_array().unwrap().iter();
    forms.map(|form| (text(form, "name"), text(form, "kind"), text(form, "extension"))).collect()
}

/// A class, a person in it, and everything a form is made for: ids by kind.
fn office(case: &Case) -> Vec<(&'static str, String)> {
    let mut ids: Vec<(&'static str, String)> = Vec::new();
    case.add(&["unit", "code=01", "name=文學院黨委", "type=committee"]);
    case.add(&[
        "unit",
        "code=0101",
        "name=教師支部",
        "type=branch",
        "parent=01",
        "branch_type=teachers",
    ]);
    ids.push(("unit", "01".to_owned()));
    case.add(&[
        "person",
        "staff_no=10004",
        "name=任春雨",
        "phone=13812345678",
        "party_status=01",
        "unit=0101",
    ]);
    ids.push(("person", "10004".to_owned()));
    let class = case.add(&[
        "training_class",
        "year=2026",
        "name=書記論壇",
        "starts_on=2026-05-10",
        "ends_on=2026-05-12",
        "counts=true",
    ]);
    let of_class = format!("class={class}");
    case.add(&["session", &of_class, "starts_at=2026-05-10 08:30"]);
    let enrolment =
        case.add(&["enrolment", &of_class, "person=10004", "status=completed", "hours=24"]);
    ids.extend([("training_class", class), ("enrolment", enrolment)]);
    let cultivation = case.add(&[
        "cultivation",
        "person=10004",
        "branch=0101",
        "direction=academic_to_secretary",
    ]);
    let of = format!("cultivation={cultivation}");
    ids.push(("cultivation_assessment", case.add(&["cultivation_assessment", &of, "year=2025"])));
    ids.push(("cultivation", cultivation));
    let file = case.add(&["staff_file", "person=10004", "unit=01", "status=in_post"]);
    let of = format!("staff_file={file}");
    ids.push(("appointment", case.add(&["appointment", &of, "from_on=2024-09-01"])));
    ids.push(("staff_review", case.add(&["staff_review", &of, "year=2025"])));
    ids.push(("staff_file", file));
    ids.push(("term", case.add(&["term", "unit=01", "starts_on=2024-01-01"])));
    around(case, &of_class);
    ids
}

/// What the ledgers of a unit and of a class list.
fn around(case: &Case, of_class: &str) {
    case.add(&["post", "person=10004", "unit=0101", "role=secretary", "from_on=2024-01-01"]);
    case.add(&["class_quota", of_class, "unit=01", "places=3"]);
    case.add(&["work_report", "person=10004", "unit=0101", "year=2025"]);
    case.add(&["rectification", "unit=01", "problem=主題黨日記錄不全", "due_on=2026-12-31"]);
    case.add(&["development_plan", "unit=01", "year=2026", "line=teachers", "planned=1"]);
    case.add(&["submission", "unit=01", "name=學時臺賬", "year=2026", "due_on=2026-12-20"]);
}

fn print_all(case: &Case) -> Vec<String> {
    let ids = office(case);
    let mut files = Vec::new();
    for (name, kind, extension) in forms(case) {
        let id = &ids.iter().find(|(of, _)| *of == kind).unwrap().1;
        let file = format!("{name}.{extension}");
        let done = case.run(&["form", &name, id, "--year", "2026", "-o", &file]).done();
        assert_eq!(done.exit, 0, "{name}: {}", done.stderr);
        files.push(file);
    }
    files
}

#[expect(clippy::print_stdout, reason = "a test that passes over something says so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}

#[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
fn on_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Renders files to PDF and returns false where there is no `soffice`.
pub(super) fn rendered(folder: &Path, files: &[String]) -> bool {
    let mut office = Command::new("soffice");
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    office.args([profile.as_str(), "--headless", "--convert-to", "pdf", "--outdir", "pdf"]);
    match office.args(files).current_dir(folder).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(error) => {
            assert!(!on_ci(), "soffice: {error}");
            skipped("no soffice to render forms with");
            false
        }
    }
}

fn words(pdf: &Path) -> String {
    let output = Command::new("pdftotext").arg("-layout").arg(pdf).arg("-").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_form_is_a_document_that_an_office_can_print() {
    let case = Case::with_device();
    let files = print_all(&case);
    assert_eq!(files.len(), forms(&case).len());
    assert!(files.len() >= 33);
    if !rendered(case.folder.path(), &files) {
        return;
    }
    for file in files {
        let pdf = case.path("pdf").join(Path::new(&file).with_extension("pdf"));
        assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF"), "{file}");
        let text = words(&pdf);
        let named = text.contains("任春雨") || text.contains("文學院");
        assert!(named && !text.contains("{{"), "{file}: {text}");
    }
}

#[test]
fn forms_for_several_records_go_into_a_folder() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=1", "name=甲/乙"]);
    case.add(&["person", "staff_no=2", "name=丙"]);
    let done = case.json(&["form", "hours-register", "--where", "name!=", "-o", "out"]);
    assert_eq!(done["files"].as_array().unwrap().len(), 2);
    assert!(case.path("out/1-甲_乙.docx").exists() && case.path("out/2-丙.docx").exists());
    case.json(&["form", "hours-register", "--blank", "-o", "empty.docx"]);
    assert!(case.path("empty.docx").exists());
}

#[test]
fn what_cannot_be_printed_is_told_and_nothing_is_written() {
    let case = Case::with_device();
    let error = case.run(&["form", "happiness", "1", "-o", "x.docx"]).fails(2, "not-found-form");
    assert!(error["hint"].as_str().unwrap().contains("hours-register"));
    case.run(&["form", "hours-register", "-o", "x.docx"]).fails(2, "form-for-whom");
    case.run(&["form", "hours-register", "77", "-o", "x.docx"]).fails(1, "not-found-record");
    case.add(&["person", "staff_no=1", "name=甲"]);
    case.run(&["form", "hours-register", "1", "-o", "x.pdf"]).fails(2, "extension-form");
    std::fs::create_dir(case.path("data/forms")).unwrap();
    case.file("data/forms/hours-register.docx", b"no document");
    case.run(&["form", "hours-register", "1", "-o", "x.docx"]).fails(1, "form-document");
    assert!(!case.path("x.docx").exists() && !case.path("x.pdf").exists());
}

#[test]
fn an_office_changes_a_template_and_gets_its_own_form() {
    let case = Case::with_device();
    case.add(&["unit", "code=01", "name=文學院黨委", "type=committee"]);
    let done = case.run(&["form", "staff-roster", "--template", "-o", "mine.toml"]).done();
    assert!(done.stderr.contains("data/forms/staff-roster.toml"), "{}", done.stderr);
    let definition = std::fs::read_to_string(case.path("mine.toml")).unwrap();
    std::fs::create_dir(case.path("data/forms")).unwrap();
    case.file(
        "data/forms/staff-roster.toml",
        definition.replace("{{person.sex}}", "{{person.gender}}"),
    );
    let error = case.run(&["form", "staff-roster", "01", "-o", "r.xlsx"]).fails(1, "form-unknown");
    let hint = error["hint"].as_str().unwrap();
    assert!(
        error["message"].as_str().unwrap().contains("gender") && hint.contains("sex"),
        "{error}"
    );
    case.file("data/forms/staff-roster.toml", definition);
    assert_eq!(case.run(&["form", "staff-roster", "01", "-o", "r.xlsx"]).done().exit, 0);
}
