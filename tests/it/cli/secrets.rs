//! Passphrase and recovery code at the command line.

use ejia::client::Client;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{Fields, Value};

use super::{Case, PASSPHRASE};

#[test]
fn a_new_passphrase_opens_the_files_and_the_old_one_does_not() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=10001", "name=王小明"]);
    let new = case.file("new", "quite another sentence\n");
    let weak = case.file("weak", "password1\n");
    case.run(&["passphrase", "--new-file", &weak]).fails(2, "weak-passphrase");
    let done = case.run(&["passphrase", "--new-file", &new]).done();
    assert_eq!(done.exit, 0, "{}", done.stderr);
    case.run(&["status"]).fails(2, "store-wrong-passphrase");
    case.file("passphrase", "quite another sentence\n");
    assert_eq!(case.json(&["list", "person"]).as_array().unwrap().len(), 1);
    case.file("passphrase", format!("{PASSPHRASE}\n"));
    case.run(&["passphrase", "--new-file", &new]).fails(2, "store-wrong-passphrase");
}

#[test]
fn the_recovery_code_sets_a_new_passphrase_and_is_replaced() {
    let case = Case::new();
    let made = case.json(&["init", "--user", "李組織"]);
    let code = made["recovery_code"].as_str().unwrap().to_owned();
    let code_file = case.file("code", &code);
    let new = case.file("new", "quite another sentence\n");
    for _ in 0..7 {
        let wrong = case.file("wrong", "not the passphrase\n");
        let done = case.run(&["status", "--passphrase-file", &wrong]).done();
        assert_eq!(done.exit, 2);
    }
    case.run(&["status"]).fails(2, "store-too-many-tries");
    case.run(&["recover", "--code-file", &new, "--new-file", &new])
        .fails(2, "store-wrong-passphrase");
    let again = case.json(&["recover", "--code-file", &code_file, "--new-file", &new]);
    let next = again["recovery_code"].as_str().unwrap();
    assert_ne!(next, code);
    case.run(&["recover", "--code-file", &code_file, "--new-file", &new])
        .fails(2, "store-wrong-passphrase");
    let next = case.file("next", next);
    case.json(&["recover", "--code-file", &next, "--new-file", &new]);
}

#[test]
fn two_users_of_one_machine_see_their_own_records_only() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=10001", "name=王小明"]);
    let other = case.file("other", "another person's sentence\n");
    let second = |args: &[&str]| {
        case.run(
            &[args, &["--profile", "li-4", "--passphrase-file", &other, "--format", "json"]]
                .concat(),
        )
        .done()
    };
    assert_eq!(second(&["init", "--user", "李四"]).exit, 0);
    let listed = second(&["list", "person"]);
    assert_eq!((listed.exit, listed.json().as_array().unwrap().len()), (0, 0));
    assert_eq!(second(&["add", "person", "staff_no=20002", "name=李四"]).exit, 0);
    let first = case.json(&["list", "person"]);
    assert_eq!(first.as_array().unwrap().len(), 1, "{first}");
    case.run(&["list", "person", "--profile", "li-4"]).fails(2, "store-wrong-passphrase");
    case.run(&["list", "person", "--passphrase-file", &other]).fails(2, "store-wrong-passphrase");
    case.run(&["status", "--profile", "../data"]).fails(2, "profile");
}

/// A name as only another program could have sent it: escape sequences, a clipboard command, a bell, a bidi override, a C1 control.
const HOSTILE: &str = "王\u{1b}]52;c;cm0=\u{7}\u{1b}[2J小\u{202e}明\u{9b}31m";

#[test]
fn escape_sequences_in_data_reach_no_terminal() {
    let case = Case::with_device();
    {
        let client = Client::open(&case.path("data"), PASSPHRASE).unwrap();
        let field = |key: &str| Kind::Person.spec().field(key).unwrap().number;
        let text = |text: &str| Value::Text(text.to_owned());
        let fields =
            Fields::from([(field("staff_no"), text("10001")), (field("name"), text(HOSTILE))]);
        client.create_record(Kind::Person, None, fields).unwrap();
    }
    let id = case.json(&["list", "person"])[0]["id"].as_str().unwrap().to_owned();
    let runs: [&[&str]; 6] = [
        &["list", "person"],
        &["show", &id],
        &["history", &id],
        &["list", "person", "--format", "json"],
        &["list", "person", "--format", "jsonl"],
        &["list", "person", "--format", "csv"],
    ];
    for args in runs {
        let done = case.run(args).done();
        assert_eq!(done.exit, 0, "{args:?}: {}", done.stderr);
        for c in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
            assert!(!done.stdout.contains(c) && !done.stderr.contains(c), "{args:?}: {c:?}");
        }
    }
    let json = case.json(&["list", "person"]);
    assert_eq!(json[0]["fields"]["name"], HOSTILE, "scripts get what is stored, as escapes");
}

#[test]
fn a_formula_leaves_as_text_and_comes_back_unchanged() {
    let case = Case::with_device();
    let formulas = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "'=1"];
    for (n, formula) in formulas.iter().enumerate() {
        case.add(&["person", &format!("staff_no=1000{n}"), &format!("name={formula}")]);
    }
    case.device("copy", "other");
    for file in ["out.csv", "out.xlsx"] {
        let done = case.run(&["list", "person", "--columns", "staff_no,name", "-o", file]).done();
        assert_eq!(done.exit, 0, "{}", done.stderr);
        let text = std::fs::read(case.path(file)).unwrap();
        if file.ends_with("csv") {
            let text = String::from_utf8(text).unwrap();
            let bare = text
                .lines()
                .flat_map(|line| line.split(','))
                .find(|cell| cell.trim_matches('"').starts_with(['=', '+', '-', '@']));
            assert_eq!(bare, None, "no cell begins a formula");
        }
        let read = case.json_on("copy", &["import", "person", file]);
        assert!(read["files"][0]["refused"] == 0, "{read}");
        let mut names: Vec<String> = case
            .json_on("copy", &["list", "person"])
            .as_array()
            .unwrap()
            .iter()
            .map(|person| person["fields"]["name"].as_str().unwrap().to_owned())
            .collect();
        let mut wanted: Vec<String> = case
            .json(&["list", "person"])
            .as_array()
            .unwrap()
            .iter()
            .map(|person| person["fields"]["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        wanted.sort();
        assert_eq!(names, wanted, "{file}");
    }
    let csv = case.run(&["list", "person", "--format", "csv"]).done().stdout;
    assert!(csv.contains("'=cmd"), "{csv}");
}

#[test]
fn a_masked_field_is_shown_in_full_only_for_a_reason_that_is_noted() {
    let case = Case::with_device();
    let id = case.add(&["person", "staff_no=10001", "name=王小明", "phone=13812341234"]);
    let plain = case.run(&["show", &id]).done().stdout;
    assert!(plain.contains("138****1234") && !plain.contains("13812341234"));
    assert_eq!(case.run(&["show", &id, "--reveal", "phone"]).done().exit, 2, "no reason");
    case.run(&["show", &id, "--reveal", "phone", "--reason", " "]).fails(2, "reason-missing");
    let before = case.json(&["status"])["pending"].as_u64().unwrap();
    let full = case.run(&["show", &id, "--reveal", "phone", "--reason", "致電"]).done();
    assert!(full.stdout.contains("13812341234"), "{}", full.stderr);
    assert_eq!(case.json(&["status"])["pending"].as_u64().unwrap(), before + 1, "it is noted");
}

/// Every file below a folder with its name, read whole.
fn files_below(dir: &std::path::Path, out: &mut Vec<u8>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        out.extend(path.file_name().unwrap().as_encoded_bytes());
        if path.is_dir() {
            files_below(&path, out);
        } else {
            out.extend(std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_stolen_data_directory_says_nothing() {
    let case = Case::with_device();
    let mut sheet = "學工號,姓名,手機,身份證號\n".to_owned();
    let mut secrets = vec![PASSPHRASE.to_owned(), "tester".to_owned()];
    for n in 0..60 {
        let name = format!(
            "歐陽{}{}",
            char::from_u32(0x660E + n).unwrap(),
            char::from_u32(0x5FB7 + n).unwrap()
        );
        let row = [format!("2021{n:04}"), name, format!("1381234{n:04}"), String::new()];
        sheet += &(row.join(",") + "\n");
        secrets.extend(row.into_iter().filter(|cell| !cell.is_empty()));
    }
    let file = case.file("persons.csv", &sheet);
    let read = case.json(&["import", "person", &file]);
    assert_eq!(read["files"][0]["added"], 60, "{read}");
    let id = case.json(&["list", "person"])[0]["id"].as_str().unwrap().to_owned();
    case.json(&["set", &id, "name=歐陽改名"]);
    case.json(&["delete", &id, "--reason", "調往外地工作"]);
    assert_eq!(case.run(&["backup", "copy.bin"]).done().exit, 0);
    secrets.extend(["歐陽改名".to_owned(), "調往外地工作".to_owned()]);
    let mut bytes = std::fs::read(case.path("copy.bin")).unwrap();
    files_below(&case.path("data"), &mut bytes);
    assert!(bytes.len() > 10_000);
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut wanted: Vec<Vec<u8>> = Vec::new();
    for secret in &secrets {
        wanted.extend([secret.as_bytes().to_vec(), utf16(secret)]);
    }
    // One walk over the bytes: only where two of them begin some secret is it compared.
    let pair = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let mut begins = vec![false; 1 << 16];
    for secret in &wanted {
        begins[pair(secret)] = true;
    }
    for at in 0..bytes.len() - 1 {
        if begins[pair(&bytes[at..])] {
            let found = wanted.iter().find(|secret| bytes[at..].starts_with(secret));
            assert!(found.is_none(), "{found:?} stands in the data directory at {at}");
        }
    }
}
