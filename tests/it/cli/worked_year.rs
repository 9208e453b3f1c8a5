//! One year of one unit, as the guide tells it: from an empty store to the archived class, through the command line only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ejia::client::{Client, KeyCost, NewDevice};
use serde_json::Value;

use super::Case;
use super::forms::rendered;

fn guide(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(name)
}

/// Returns the fenced blocks of the chapter that a shell runs, with an empty line between them.
fn blocks(chapter: &str) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in chapter.lines() {
        match line {
            "```sh" => {
                inside = true;
                blocks.push(String::new());
            }
            "```" => inside = false,
            line if inside => blocks.last_mut().unwrap().extend([line, "\n"]),
            _ => {}
        }
    }
    blocks.join("\n")
}

#[test]
fn the_chapter_and_the_script_are_the_same_commands() {
    let chapter = std::fs::read_to_string(guide("one-year.md")).unwrap();
    let script = std::fs::read_to_string(guide("one-year.sh")).unwrap();
    assert!(
        blocks(&chapter) == script,
        "write it anew: awk '/^```sh/{{f=1;if(n++)print \"\";next}}/^```/{{f=0}}f' docs/guide/one-year.md > docs/guide/one-year.sh"
    );
}

/// Makes the three devices as `init` does, with cheap keys; the script finds them and goes on.
fn devices(case: &Case, script: &str) {
    let passphrase = script.split('\'').nth(1).unwrap();
    for (folder, user, unit) in
        [("hq", "組織部", None), ("li", "李文", Some("01")), ("wang", "王書平", Some("01"))]
    {
        let unit_code = unit.map(str::to_owned);
        let new = NewDevice { user: user.to_owned(), unit_code, cost: KeyCost::CHEAP };
        drop(Client::create(&case.path(folder), passphrase, &new).unwrap());
    }
}

#[expect(clippy::disallowed_methods, reason = "the script needs the tools of a shell")]
fn search_path() -> OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_ejia")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&others))).unwrap()
}

fn run(case: &Case) -> String {
    let script = std::fs::read_to_string(guide("one-year.sh")).unwrap();
    devices(case, &script);
    let mut shell = Command::new("bash");
    shell.arg(guide("one-year.sh")).current_dir(case.folder.path()).stdin(Stdio::null());
    for name in ["EJIA_DATA", "EJIA_PASSPHRASE_FILE", "EJIA_LANG", "LC_ALL", "LC_MESSAGES"] {
        shell.env_remove(name);
    }
    shell.env("PATH", search_path()).env("HOME", case.folder.path()).env("PORT", "0");
    shell.env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME").env("LANG", "zh_TW.UTF-8");
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let told: Vec<&str> = said.lines().filter(|line| !line.contains(" INFO ")).collect();
    let last = &told[told.len().saturating_sub(20)..];
    assert!(output.status.success(), "{}", last.join("\n"));
    String::from_utf8(output.stdout).unwrap()
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
    let told = run(&case);
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
