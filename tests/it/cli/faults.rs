//! What people and machines get wrong: each with its exit code and a message that says what to do.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use ejia::client::Client;
use serde_json::json;

use super::{Case, PASSPHRASE};

#[test]
fn the_passphrase_must_be_right_and_given() {
    let case = Case::with_device();
    case.file("passphrase", "something else\n");
    case.run(&["status"]).fails(2, "store-wrong-passphrase");
    case.file("passphrase", "\n");
    case.run(&["status"]).fails(2, "passphrase-empty");
    case.run(&["status", "--passphrase-file", "missing"]).fails(2, "passphrase-file");
    let asked =
        case.bare(&["status"]).env("EJIA_DATA", case.path("data")).fails(2, "no-passphrase");
    let hint = asked["hint"].as_str().unwrap();
    assert!(hint.contains("--passphrase-file") && hint.contains("EJIA_PASSPHRASE_FILE"));
    case.file("short", "1234567");
    let short = case.run_on("new", &["init", "--user", "x", "--passphrase-file", "short"]);
    short.fails(2, "weak-passphrase");
    assert!(!case.path("new").exists(), "nothing was made");
}

#[test]
fn a_folder_without_data_or_that_cannot_be_one_is_named() {
    let case = Case::new();
    let error = case.run(&["list", "person"]).fails(2, "store-not-created");
    assert!(error["message"].as_str().unwrap().contains("data"));
    let file = case.file("file", "");
    let below = format!("{file}/data");
    let done = case.run(&["init", "--user", "x", "--data", &below]).done();
    assert_eq!(done.exit, 2, "{}", done.stderr);
    case.file("data", "a file");
    assert_eq!(case.run(&["init", "--user", "x"]).done().exit, 2);
}

#[test]
fn a_second_process_is_told_who_holds_the_folder() {
    let case = Case::with_device();
    let holder = Client::open(&case.path("data"), PASSPHRASE).unwrap();
    let error = case.run(&["add", "person", "staff_no=1", "name=甲"]).fails(2, "store-in-use");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&std::process::id().to_string()), "{message}");
    drop(holder);
    case.add(&["person", "staff_no=1", "name=甲"]);
}

#[test]
fn names_that_do_not_exist_are_answered_with_those_that_do() {
    let case = Case::with_device();
    let kinds = case.run(&["list", "human"]).fails(2, "not-found-kind");
    assert!(kinds["hint"].as_str().unwrap().contains("training_class"));
    let fields = case.run(&["add", "person", "colour=red"]).fails(2, "not-found-field");
    assert!(fields["hint"].as_str().unwrap().contains("staff_no"));
    case.run(&["list", "person", "--where", "colour=red"]).fails(2, "not-found-field");
    case.run(&["list", "person", "--where", "nonsense"]).fails(2, "usage-value");
    case.run(&["list", "person", "--columns", "colour"]).fails(2, "not-found-field");
    case.run(&["add", "person", "name"]).fails(2, "not-a-pair");
    case.run(&["show", "nobody"]).fails(1, "not-found-record");
    case.run(&["show", "01a2086d-4694-7f14-a97c-cadc5372eca8"]).fails(1, "not-found-record");
    case.run(&["undo"]).fails(1, "nothing-to-undo");
    case.run(&["resolve", "1", "--take", "current"]).fails(1, "not-found-conflict");
    case.run(&["resend", "7"]).fails(1, "not-found-attention");
    case.run(&["discard", "7", "--reason", "x"]).fails(1, "not-found-attention");
    case.run(&["import", "missing.xlsx"]).fails(2, "read");
}

#[test]
fn usage_errors_say_what_was_typed_in_the_users_language() {
    let case = Case::new();
    case.run(&["fly"]).fails(2, "usage-command");
    case.run(&["status", "--fast"]).fails(2, "usage-unknown");
    case.run(&["init"]).fails(2, "usage-missing");
    case.run(&["list", "person", "--limit", "many"]).fails(2, "usage-value");
    case.run(&["delete", "x", "--reason", " "]).fails(2, "usage-missing");
    let chinese = case.run(&["fly", "--lang", "zh-Hans"]).done();
    assert_eq!((chinese.exit, chinese.stdout.as_str()), (2, ""));
    assert!(chinese.stderr.contains("没有这个命令"), "{}", chinese.stderr);
    let help = case.bare(&["list", "--help", "--lang", "zh-Hant"]).done();
    assert_eq!(help.exit, 0);
    assert!(
        help.stdout.contains("列出一種記錄") && help.stdout.contains("--where"),
        "{}",
        help.stdout
    );
    let same = case.bare(&["help", "list", "--lang", "zh-Hant"]).done();
    assert_eq!(same.stdout, help.stdout);
    let version = case.bare(&["--version"]).done();
    assert_eq!(version.stdout.trim(), concat!("ejia ", env!("CARGO_PKG_VERSION")));
    assert!(case.bare(&[]).done().stderr.contains("terminal"));
    case.file("settings.toml", "[look]\ncolour = 1\n");
    std::fs::create_dir_all(case.path(".config/ejia")).unwrap();
    std::fs::rename(case.path("settings.toml"), case.path(".config/ejia/settings.toml")).unwrap();
    let wrong = case.run(&["status"]).fails(2, "settings");
    assert!(wrong["message"].as_str().unwrap().contains("look.colour"));
}

#[test]
fn values_that_do_not_fit_are_refused_all_at_once_and_nothing_is_written() {
    let case = Case::with_device();
    let long = format!("name={}", "長".repeat(51));
    let pairs = [
        "staff_no=1\u{202e}2",
        &long,
        "sex=perhaps",
        "born_on=yesteryear",
        "id_number=110101199003070001",
    ];
    let refused = case.run(&[&["add", "person"], &pairs[..]].concat()).fails(1, "invalid");
    let codes: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["forbidden-character", "too-long", "unknown-code", "not-a-date"]);
    let checked = ["add", "person", "staff_no=1", "name=甲", "id_number=110101199003070001"];
    let refused = case.run(&checked).fails(1, "invalid");
    assert_eq!(refused["issues"][0]["code"], "q01-check-digit");
    assert!(!refused.to_string().contains("19900307"), "no message repeats the number");
    case.run(&["add", "person", "staff_no=1\u{7}", "name=甲"]).fails(1, "invalid");
    case.run(&["add", "person", "name=甲"]).fails(1, "invalid");
    case.run(&["add", "post", "person=nobody", "unit=nowhere"]).fails(1, "invalid");
    assert_eq!(case.json(&["list", "person"]), json!([]));
    assert_eq!(case.json(&["status"])["pending"], 0);
}

#[test]
fn a_network_that_is_not_there_or_not_ours_loses_nothing() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=1", "name=甲"]);
    case.run(&["sync"]).fails(2, "not-enrolled");
    let enrol = |url: &str| case.run(&["enrol", "--server", url, "--code", "ABC"]);
    enrol("ftp://ejia").fails(2, "bad-address");
    enrol("http://example.org").fails(2, "bad-address");
    enrol("nonsense").fails(2, "bad-address");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    enrol(&nobody).fails(5, "unreachable");
    let portal = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", portal.local_addr().unwrap());
    let login = std::thread::spawn(move || {
        let (mut stream, _) = portal.accept().unwrap();
        let read = stream.read(&mut [0; 4096]).unwrap();
        let page = "<html><title>Log in</title></html>";
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{page}", page.len()).unwrap();
        read
    });
    enrol(&url).fails(5, "not-our-server");
    assert!(login.join().unwrap() > 0);
    assert_eq!(case.json(&["status"])["pending"], 1);
}

#[test]
fn whoever_stops_reading_ends_the_program_quietly() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=1", "name=甲"]);
    let mut run = case.run(&["list", "person"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = run.command.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(3), &b""[..]));
}
