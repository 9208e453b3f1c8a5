//! A server, headquarters and organizers, all as processes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::{Case, assert_private, keys};

/// `ejia serve`, stopped with the test.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(case: &Case) -> Self {
        let mut run =
            case.run(&["serve", "--listen", "127.0.0.1:0", "--database", "server.sqlite"]);
        let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ready ").unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"));
        Self { child, url }
    }

    /// Ends it as a service manager does.
    fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn admin(case: &Case, args: &[&str]) -> Value {
    case.json(&[&["admin", "--database", "server.sqlite"], args].concat())
}

fn join(case: &Case, server: &Serving, device: &str, code: &str) -> Value {
    case.device(device, device);
    case.json_on(device, &["enrol", "--server", &server.url, "--code", code])
}

/// Headquarters and an organizer who have both synced, and a person they share.
struct Meeting {
    case: Case,
    server: Serving,
    person: String,
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap().to_owned()
}

fn meeting() -> Meeting {
    let case = Case::new();
    let made = admin(&case, &["init", "--name", "明德大學", "--admin", "hq"]);
    let server = Serving::start(&case);
    join(&case, &server, "hq", &text(&made, "code"));
    case.json_on("hq", &["sync"]);
    case.json_on("hq", &["add", "unit", "code=01", "name=文學院黨委", "type=committee"]);
    let person = case.json_on("hq", &["add", "person", "staff_no=1", "name=歐陽若明", "unit=01"]);
    let person = text(&person, "id");
    case.json_on("hq", &["sync"]);
    let added = admin(&case, &["user", "add", "li", "--role", "organizer", "--unit", "01"]);
    assert_eq!(added, json!({ "user": "li", "role": "organizer", "unit": "01" }));
    let code = admin(&case, &["code", "li", "--hours", "1"]);
    assert_eq!(keys(&code), ["user", "code", "expires_at"]);
    join(&case, &server, "li", &text(&code, "code"));
    case.json_on("li", &["sync"]);
    Meeting { case, server, person }
}

#[test]
fn a_code_works_once_and_says_who_joined() {
    let case = Case::new();
    let made = admin(&case, &["init", "--name", "明德大學", "--admin", "hq"]);
    assert_eq!(keys(&made), ["user", "code", "expires_at", "tenant"]);
    let again = ["admin", "init", "--name", "x", "--admin", "y", "--database", "server.sqlite"];
    case.run(&again).fails(1, "database-exists");
    let server = Serving::start(&case);
    let code = made["code"].as_str().unwrap();
    let joined = join(&case, &server, "hq", code);
    assert_eq!(keys(&joined), ["device", "user", "role", "unit"]);
    assert_eq!((&joined["user"], &joined["role"]), (&json!("hq"), &json!("hq-admin")));
    case.device("late", "late");
    let enrol = ["enrol", "--server", &server.url, "--code"];
    case.run_on("late", &[&enrol[..], &[code]].concat()).fails(1, "server-used-code");
    case.run_on("late", &[&enrol[..], &["XXXX-XXXX"]].concat()).fails(1, "server-bad-code");
    case.run_on("hq", &[&enrol[..], &[code]].concat()).fails(2, "already-enrolled");
    case.json_on("hq", &["add", "unit", "code=01", "name=文學院黨委", "type=committee"]);
    let done = case.json_on("hq", &["sync"]);
    assert_eq!(
        keys(&done),
        [
            "pushed",
            "pulled",
            "removed",
            "conflicts",
            "refused",
            "pending",
            "requests",
            "bytes_sent",
            "bytes_received"
        ]
    );
    assert_eq!((&done["pushed"], &done["pending"]), (&json!(1), &json!(0)));
}

#[test]
fn two_people_settle_what_both_changed() {
    let Meeting { case, person, server: _server } = meeting();
    assert_eq!(case.json_on("li", &["status"])["unit"], "01");
    assert_eq!(case.json_on("li", &["show", &person])["state"], "synced");
    case.json_on("hq", &["set", &person, "name=歐陽一"]);
    case.json_on("li", &["set", &person, "name=歐陽二"]);
    case.json_on("hq", &["sync"]);
    assert_eq!(case.run_on("li", &["sync"]).done().exit, 4, "finished, and a conflict waits");
    let conflicts = case.json_on("li", &["conflicts"]);
    assert_eq!(keys(&conflicts[0]), ["id", "record", "kind", "reason", "fields"]);
    assert_eq!(conflicts[0]["reason"], "edit");
    let field = &conflicts[0]["fields"][0];
    assert_eq!((&field["field"], &field["base"]), (&json!("name"), &json!("歐陽若明")));
    assert_eq!(keys(&field["current"]), ["value", "by", "at"]);
    assert_eq!(field["current"]["value"], "歐陽一");
    assert_eq!(field["candidates"][0]["value"], "歐陽二");
    let no_such = ["resolve", &person, "--take", "candidate:5"];
    case.run_on("li", &no_such).fails(1, "not-found-candidate");
    case.json_on("li", &["resolve", &person, "--value", "歐陽三", "--field", "name"]);
    case.json_on("li", &["sync"]);
    case.json_on("hq", &["sync"]);
    assert_eq!(case.json_on("hq", &["conflicts"]), json!([]));
    assert_eq!(case.json_on("hq", &["show", &person])["fields"]["name"], "歐陽三");
    let history = case.json_on("li", &["history", &person]).to_string();
    for name in ["歐陽若明", "歐陽一", "歐陽二", "歐陽三"] {
        assert!(history.contains(name), "{name}");
    }
}

#[test]
fn a_refused_change_is_corrected_and_sent_again_or_given_up() {
    let Meeting { case, server: _server, .. } = meeting();
    case.json_on("hq", &["add", "person", "staff_no=7", "name=甲"]);
    case.json_on("hq", &["add", "person", "staff_no=8", "name=乙"]);
    case.json_on("hq", &["sync"]);
    case.json_on("li", &["add", "person", "staff_no=7", "name=丙"]);
    case.json_on("li", &["add", "person", "staff_no=8", "name=丁"]);
    assert_eq!(case.run_on("li", &["sync"]).done().exit, 4);
    let items = case.json_on("li", &["attention"]);
    assert_eq!(keys(&items[0]), ["n", "record", "kind", "code", "field", "message"]);
    assert_eq!((&items[0]["code"], &items[0]["field"]), (&json!("duplicate"), &json!("staff_no")));
    case.json_on("li", &["resend", &items[0]["n"].to_string(), "staff_no=9"]);
    case.json_on("li", &["discard", &items[1]["n"].to_string(), "--reason", "same person"]);
    assert_eq!(case.json_on("li", &["attention"]), json!([]));
    assert_eq!(case.json_on("li", &["sync"])["refused"], 0);
    let number = |row: &Value| row["fields"]["staff_no"].as_str().unwrap().to_owned();
    let own = case.json_on("li", &["list", "person", "--sort", "staff_no"]);
    let own: Vec<String> = own.as_array().unwrap().iter().map(number).collect();
    assert_eq!(own, ["1", "9"]);
}

#[test]
fn headquarters_keeps_accounts_copies_and_the_log_and_stops_in_order() {
    let Meeting { case, person, server } = meeting();
    assert_eq!(admin(&case, &["devices"]).as_array().unwrap().len(), 2);
    assert_eq!(admin(&case, &["user", "list"]).as_array().unwrap().len(), 2);
    assert_eq!(admin(&case, &["verify"])["ok"], true);
    let copy = admin(&case, &["backup", "copies"]);
    assert_eq!(copy["ok"], true);
    assert_private(&case, &[copy["file"].as_str().unwrap(), "server.sqlite"]);
    assert_private(&case, &["server.sqlite-wal", "server.sqlite-shm"]);
    admin(&case, &["user", "disable", "li"]);
    let stopped = case.run_on("li", &["sync"]).done();
    assert_eq!(stopped.exit, 1, "{}", stopped.stderr);
    assert_eq!(server.stop(), Some(0), "SIGTERM ends it in order");
    case.json_on("hq", &["set", &person, "name=歐陽四"]);
    case.run_on("hq", &["sync"]).fails(5, "unreachable");
    assert_eq!(case.json_on("hq", &["status"])["pending"], 1);
    let own = case.run_on("hq", &["history", &person, "--format", "json"]).done();
    assert_eq!((own.exit, own.json().as_array().unwrap().is_empty()), (0, false));
}

#[test]
fn a_watcher_ends_on_a_signal_after_telling_each_round() {
    let case = Case::new();
    let made = admin(&case, &["init", "--name", "明德大學", "--admin", "hq"]);
    let server = Serving::start(&case);
    join(&case, &server, "hq", made["code"].as_str().unwrap());
    let mut run = case.run_on("hq", &["sync", "--watch", "3600", "--format", "json"]);
    let mut child = run.command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["pending"], 0);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_server_that_is_not_set_up_or_too_open_does_not_start() {
    let case = Case::new();
    case.run(&["serve", "--database", "none.sqlite"]).fails(2, "database-open");
    case.run(&["serve", "--database", "mysql://db/ejia"]).fails(2, "database-url");
    admin(&case, &["init", "--name", "明德大學", "--admin", "hq"]);
    let open = ["serve", "--listen", "0.0.0.0:0", "--database", "server.sqlite"];
    case.run(&open).fails(2, "serve-not-loopback");
    let add = ["admin", "user", "add", "li", "--role", "organizer", "--database", "server.sqlite"];
    case.run(&add).fails(2, "admin-unit-needed");
    case.run(&[&add[..], &["--unit", "99"]].concat()).fails(1, "admin-no-unit");
    case.run(&["admin", "code", "nobody", "--database", "server.sqlite"]).fails(1, "admin-no-user");
}

#[test]
fn the_demonstration_holds_step_by_step() {
    let case = Case::new();
    let done = case.bare(&["demo", "--check", "--keep", "demo", "--format", "json"]).done();
    let told = done.json();
    assert_eq!((done.exit, &told["ok"]), (0, &json!(true)), "{told:#}");
    let steps = told["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 16);
    for step in steps {
        assert_eq!(keys(step), ["step", "ok", "figures"]);
        assert_eq!(step["ok"], true);
    }
    assert!(case.path("demo/organizer-1/device.key").exists());
    let args = ["list", "person", "--data", "demo/organizer-1", "--format", "json"];
    let kept =
        case.bare(&args).env("EJIA_PASSPHRASE_FILE", case.path("demo/passphrase.txt")).done();
    assert!(kept.json().as_array().unwrap().len() > 20);
    let here = case.bare(&["demo", "--check", "--keep", "demo"]).done();
    assert_eq!(here.exit, 2, "a folder with something in it is not used");
    assert!(case.bare(&["demo"]).done().stderr.contains("terminal"));
}

#[test]
fn a_change_of_somebody_else_is_taken_back_from_the_history_and_only_with_the_server() {
    let Meeting { case, server, person } = meeting();
    case.json_on("hq", &["set", &person, "phone=13900000001"]);
    case.json_on("hq", &["sync"]);
    case.json_on("li", &["sync"]);
    case.json_on("li", &["set", &person, "phone=13900000002"]);
    case.json_on("li", &["sync"]);
    case.json_on("hq", &["sync"]);
    let last = case.json_on("hq", &["history", &person]).as_array().unwrap().len().to_string();
    case.json_on("hq", &["history", &person, "--put-back", &last]);
    assert_eq!(case.json_on("hq", &["show", &person])["fields"]["phone"], "13900000001");
    case.run_on("hq", &["history", &person, "--put-back", "1"]).fails(1, "cannot-undo");
    case.run_on("hq", &["history", &person, "--put-back", "99"]).fails(2, "usage-value");
    case.json_on("hq", &["sync"]);
    case.json_on("li", &["sync"]);
    assert_eq!(case.json_on("li", &["show", &person])["fields"]["phone"], "13900000001");
    server.stop();
    let first = ["history", &person, "--put-back", "2"];
    let done = case.run_on("li", &first).done();
    assert_eq!(done.exit, 5, "what hq wrote is not known here: {}", done.stderr);
    assert_eq!(case.json_on("li", &["show", &person])["fields"]["phone"], "13900000001");
}
