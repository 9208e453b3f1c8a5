//! Paper and exports: 1,000 filled documents, and a workbook of 100,000 rows, with the memory it takes (docs/performance.md).
//!
//! `cargo bench --bench paper`; names after `--` choose: `forms`, `export`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark fails loudly, reads clocks, says what it measured and is nobody's library"
)]

#[expect(dead_code, reason = "the figures use more of it")]
#[path = "figures/data.rs"]
mod data;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ejia::client::{Client, ImportRequest, NewDevice};
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::{Fields, PartialDate, Value};
use ejia::store::KeyCost;
use ejia::transfer::forms::registry::form;

const PASSPHRASE: &str = "forms and ledgers, 1000";
const FORMS: usize = 1_000;
const ROWS: usize = 100_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let asked = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    if asked("forms") {
        forms();
    }
    if asked("export") {
        export();
    }
}

fn fields(kind: Kind, pairs: &[(&str, Value)]) -> Fields {
    let number = |key: &str| kind.spec().field(key).expect("a field").number;
    pairs.iter().map(|(key, value)| (number(key), value.clone())).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn add(client: &Client, kind: Kind, pairs: &[(&str, Value)]) -> RecordId {
    client.create_record(kind, None, fields(kind, pairs)).expect("made").id
}

/// A device with units and so many persons.
fn office(dir: &Path, people: usize) -> Client {
    let new = NewDevice { user: "bench".to_owned(), unit_code: None, cost: KeyCost::CHEAP };
    let client = Client::create(dir, PASSPHRASE, &new).expect("made").0;
    for n in 0..data::UNITS {
        let name = format!("第{n}黨支部");
        let pairs = [
            ("code", text(&data::unit_code(n))),
            ("name", text(&name)),
            ("type", Value::Code("committee".to_owned())),
        ];
        add(&client, Kind::Unit, &pairs);
    }
    let sheet = dir.with_extension("xlsx");
    data::write_xlsx(&sheet, &data::persons(people, 1), data::HEADINGS.len());
    let request = ImportRequest {
        file: sheet,
        kind: Some(Kind::Person),
        sheet: None,
        class: None,
        session: None,
        dry_run: false,
        all_or_nothing: true,
    };
    assert!(client.import(&request).expect("imported").written);
    client
}

/// Everybody in three classes, so that a register has lines.
fn training(client: &Client, people: &[RecordId]) {
    for n in 0..3 {
        let class = add(
            client,
            Kind::TrainingClass,
            &[
                ("year", Value::Int(2026)),
                ("name", text(&format!("第{n}期支部書記培訓班"))),
                ("counts", Value::Flag(true)),
            ],
        );
        for person in people {
            let pairs = [
                ("class", Value::Ref(class)),
                ("person", Value::Ref(*person)),
                ("status", Value::Code("completed".to_owned())),
                ("hours", Value::Int(240)),
            ];
            add(client, Kind::Enrolment, &pairs);
        }
    }
}

fn forms() {
    let temp = tempfile::tempdir().expect("a directory");
    let client = office(&temp.path().join("d"), FORMS);
    let people = client.live_ids(Kind::Person);
    training(&client, &people);
    for name in ["hours-register", "personal-record"] {
        let folder = temp.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        let begun = Instant::now();
        let day = PartialDate::day(2026, 11, 23).expect("a day");
        let printer = client.printer(form(name).expect("a form"), 2026, day).expect("a template");
        let mut bytes = 0;
        for (no, id) in people.iter().enumerate() {
            let printed = client.print(&printer, Some(*id)).expect("filled");
            bytes += printed.bytes.len();
            std::fs::write(folder.join(format!("{no}.docx")), printed.bytes).expect("written");
        }
        let time = begun.elapsed();
        let word = if time <= Duration::from_secs(20) { "ok" } else { "MISSED" };
        println!(
            "{FORMS} forms {name}: {:.2} s (target 20), {bytes} bytes  {word}",
            time.as_secs_f64()
        );
    }
}

/// Waits for a process and returns the most memory it had, in MiB, as the system last said.
fn peak(mut child: Child) -> (bool, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
        most = most.max(kib.unwrap_or_default());
        if let Some(ended) = child.try_wait().expect("a process") {
            return (ended.success(), most / 1024);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn export() {
    let temp = tempfile::tempdir().expect("a directory");
    let dir = temp.path().join("d");
    drop(office(&dir, ROWS));
    let secret = temp.path().join("passphrase");
    std::fs::write(&secret, PASSPHRASE).expect("written");
    for round in 0..3 {
        let file = temp.path().join(format!("{round}.xlsx"));
        let mut ejia = Command::new(env!("CARGO_BIN_EXE_ejia"));
        ejia.arg("--data").arg(&dir).arg("--passphrase-file").arg(&secret);
        ejia.args(["list", "person", "--where", "staff_no!=", "--purpose", "bench"]);
        ejia.args(["--receiver", "bench", "-o"]).arg(&file);
        let begun = Instant::now();
        let child = ejia.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        let (done, mib) = peak(child);
        let time = begun.elapsed();
        assert!(done, "the export failed");
        let bytes = std::fs::metadata(&file).expect("written").len();
        let good = time <= Duration::from_secs(5) && mib <= 500;
        println!(
            "{ROWS} rows x {} columns to .xlsx, whole process: {:.2} s (target 5), peak {mib} MiB (target 500), {bytes} bytes  {}",
            Kind::Person.spec().fields.len() + 1,
            time.as_secs_f64(),
            if good { "ok" } else { "MISSED" }
        );
    }
}
