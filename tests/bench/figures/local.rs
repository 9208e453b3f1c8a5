//! What happens on one device: import, edits, opening, lists, memory, disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use ejia::client::{Client, ImportRequest, NewDevice, Query};
use ejia::domain::ids::RecordId;
use ejia::domain::kinds::Kind;
use ejia::domain::query::{Facet, Filter, Sort};
use ejia::domain::record::{Fields, Value};
use ejia::store::{KeyCost, Vault};
use ejia::wire::RecordBytes;

use crate::MANY;
use crate::data::{self, UNITS, persons, unit_code};
use crate::report::{Report, Target, count, float, median, ms};

/// Bytes that sealing and framing add to a journal entry.
const ENTRY_OVERHEAD: usize = 64;

pub(crate) fn device(dir: &Path) -> Client {
    let new = NewDevice { user: "bench".to_owned(), unit_code: None, cost: KeyCost::CHEAP };
    Client::create(dir, "p", &new).expect("made").0
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn fields(kind: Kind, pairs: &[(&str, Value)]) -> Fields {
    let number = |key: &str| kind.spec().field(key).expect("a field").number;
    pairs.iter().map(|(key, value)| (number(key), value.clone())).collect()
}

/// Makes the units that the persons' sheets name.
pub(crate) fn make_units(client: &Client) {
    for n in 0..UNITS {
        let name = format!("第{n}黨支部");
        let pairs = [
            ("code", text(&unit_code(n))),
            ("name", text(&name)),
            ("type", Value::Code("committee".to_owned())),
        ];
        client.create_record(Kind::Unit, None, fields(Kind::Unit, &pairs)).expect("made");
    }
}

fn request(file: &Path) -> ImportRequest {
    ImportRequest {
        file: file.to_owned(),
        kind: Some(Kind::Person),
        sheet: None,
        class: None,
        session: None,
        dry_run: false,
        // Of a million made-up numbers a few are alike.
        all_or_nothing: false,
    }
}

/// Imports a sheet of persons and returns the time.
pub(crate) fn import_file(client: &Client, file: &Path) -> Duration {
    let begun = Instant::now();
    let imported = client.import(&request(file)).expect("imported");
    let time = begun.elapsed();
    assert!(imported.written, "{:?}", imported.plan.rows.iter().find(|row| !row.issues.is_empty()));
    time
}

pub(crate) fn import(report: &mut Report) {
    let temp = tempfile::tempdir().expect("a directory");
    let file = temp.path().join("persons.xlsx");
    data::write_xlsx(&file, &persons(MANY, 1), 16);
    let client = device(&temp.path().join("d"));
    make_units(&client);
    let bytes = std::fs::read(&file).expect("read");
    let begun = Instant::now();
    let asked = ejia::transfer::import::SheetRequest { file: "f.xlsx", sheet: None, kind: None };
    let cx = ejia::domain::record::ParseContext::sheet(jiff::civil::date(2026, 11, 1));
    let sheet = ejia::transfer::import::read_sheet(&asked, &bytes, &cx).expect("read");
    let read = begun.elapsed();
    assert_eq!(sheet.rows.len(), MANY);
    drop((sheet, bytes));
    let time = import_file(&client, &file);
    let rate = count(MANY) / time.as_secs_f64();
    report.line("import, 100,000 rows of 16 columns", rate, "rows/s", Target::AtLeast(15_000.0));
    report.line("  of it reading the sheet", ms(read), "ms", Target::None);
}

/// Measures edits against appending and syncing the same bytes, in turns.
pub(crate) fn edits(report: &mut Report, client: &Client, scratch: &Path, name: &str) {
    let ids = client.list(&Query::all(Kind::Person)).expect("listed");
    let bytes = vec![7; edit_bytes(scratch)];
    let mut plain = File::create(scratch.join(format!("plain-{name}"))).expect("a file");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..400_usize {
        let id = ids[n * 7919 % ids.len()];
        let phone = format!("139{n:08}");
        let change = fields(Kind::Person, &[("phone", text(&phone))]);
        let begun = Instant::now();
        plain.write_all(&bytes).and_then(|()| plain.sync_data()).expect("written");
        theirs.push(begun.elapsed());
        let begun = Instant::now();
        client.set_fields(id, change).expect("saved");
        ours.push(begun.elapsed());
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let label = format!("durable edit, {name} records");
    report.line(&label, ratio, "x append+fdatasync", Target::AtMost(1.15));
    report.line("  edit", ms(ours), "ms", Target::None);
    report.line("  append+fdatasync of the same bytes", ms(theirs), "ms", Target::None);
}

/// Returns how many bytes an edit writes.
fn edit_bytes(scratch: &Path) -> usize {
    let temp = tempfile::tempdir_in(scratch).expect("a directory");
    let dir = temp.path().join("d");
    let client = device(&dir);
    let pairs = [("staff_no", text("10001")), ("name", text("王小明"))];
    let made = client.create_record(Kind::Person, None, fields(Kind::Person, &pairs));
    let phone = fields(Kind::Person, &[("phone", text("13900000000"))]);
    client.set_fields(made.expect("made").id, phone).expect("saved");
    drop(client);
    let vault = Vault::open(&dir, "p").expect("opened");
    let mut bytes = 0;
    vault.journal.read(&mut |entry| bytes = entry.bytes.len()).expect("read");
    bytes + ENTRY_OVERHEAD
}

/// Opens a directory in this process, which exists for that, and says what it took.
pub(crate) fn child(dir: &Path) {
    let begun = Instant::now();
    let client = Client::open(dir, "p").expect("opened");
    let opened = begun.elapsed();
    let ids = client.list(&Query::all(Kind::Person)).expect("listed");
    let screen: Vec<RecordId> = ids.iter().copied().take(24).collect();
    assert_eq!(client.views(&screen).len(), 24);
    let shown = begun.elapsed();
    let resident = status("VmRSS:");
    client.warm(Kind::Person);
    println!("{} {} {} {} {}", ms(opened), ms(shown), resident, status("VmRSS:"), status("VmHWM:"));
}

/// Reads a number of KiB from the kernel.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

/// Opens in a process of its own, five times, and reports the middle.
pub(crate) fn open(report: &mut Report, dir: &Path, what: &str, (memory, time): (Target, Target)) {
    let mut runs: Vec<Vec<f64>> = (0..5).map(|_| in_child(dir)).collect();
    runs.sort_by(|a, b| a[1].total_cmp(&b[1]));
    let run = &runs[2];
    report.line(&format!("open to a filled screen, {what}"), run[1], "ms", time);
    report.line("  Client::open of it", run[0], "ms", Target::None);
    report.line(&format!("memory, {what}"), run[2] / 1024.0, "MiB", memory);
    report.line("  with search keys", run[3] / 1024.0, "MiB", Target::None);
    report.line("  peak", run[4] / 1024.0, "MiB", Target::None);
}

fn in_child(dir: &Path) -> Vec<f64> {
    let program = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(program).arg("child").arg(dir).output().expect("run");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    text.split_whitespace().map(|number| number.parse().expect("a number")).collect()
}

/// What the records come to: encoded one after the other, and that compressed.
pub(crate) struct Sizes {
    pub(crate) bincode: u64,
    pub(crate) zstd: u64,
}

pub(crate) fn sizes(dir: &Path) -> Sizes {
    let vault = Vault::open(dir, "p").expect("opened");
    let mut rows = Vec::new();
    vault.store.rows(&mut |row| rows.push(RecordBytes(row.bytes.into_vec()))).expect("read");
    let encoded = ejia::wire::encode(&rows).expect("encoded");
    let packed = zstd::bulk::compress(&encoded, 3).expect("compressed");
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).expect("a length");
    Sizes { bincode: length(&encoded), zstd: length(&packed) }
}

pub(crate) fn disk(report: &mut Report, dir: &Path, what: &str, sizes: &Sizes) {
    let used = float(directory(dir) / 1024);
    let records = float(sizes.bincode / 1024);
    report.line(&format!("disk, {what}"), used / records, "x bincode", Target::AtMost(3.0));
    report.line("  on disk", used / 1024.0, "MiB", Target::None);
    report.line("  bincode of the records", records / 1024.0, "MiB", Target::None);
}

fn directory(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).expect("listed").flatten();
    entries
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some(if meta.is_dir() { directory(&entry.path()) } else { meta.len() })
        })
        .sum()
}

/// Takes the middle of several runs.
fn timed(mut act: impl FnMut()) -> f64 {
    let run = |_| {
        let begun = Instant::now();
        act();
        begun.elapsed()
    };
    ms(median((0..7).map(run).collect()))
}

/// Targets of lists, milliseconds.
pub(crate) struct ListTargets {
    search: f64,
    filter: f64,
    sort: f64,
    stroke: f64,
    anywhere: f64,
}

/// For a hundred thousand records.
pub(crate) const MANY_LISTED: ListTargets =
    ListTargets { search: 16.0, filter: 30.0, sort: 100.0, stroke: 60.0, anywhere: 30.0 };
/// For a million records; a keystroke has no target of its own there.
pub(crate) const MILLION_LISTED: ListTargets =
    ListTargets { search: 300.0, filter: 60.0, sort: 1_200.0, stroke: 1_200.0, anywhere: 300.0 };

/// Measures lists alone, over persons that are imported for it, a hundred thousand at a time: at once, and after a new start.
pub(crate) fn lists_alone(report: &mut Report, parts: usize, targets: &ListTargets) {
    let temp = tempfile::tempdir().expect("a directory");
    let client = device(&temp.path().join("d"));
    make_units(&client);
    let file = temp.path().join("persons.csv");
    for part in 0..parts {
        let mut rows = persons(MANY, 1 + u64::try_from(part).expect("small"));
        for (n, row) in rows.iter_mut().enumerate() {
            row[0] = format!("{}", 10_000_000 + (part * MANY + n) * 3);
        }
        data::write_csv(&file, &rows);
        import_file(&client, &file);
    }
    report.note("in the run that imported them: the records lie scattered in memory");
    lists(report, &client, targets);
    drop(client);
    report.note("opened again, as on any other day");
    let client = Client::open(&temp.path().join("d"), "p").expect("opened");
    lists(report, &client, targets);
}

pub(crate) fn lists(report: &mut Report, client: &Client, targets: &ListTargets) {
    let begun = Instant::now();
    client.warm(Kind::Person);
    report.line("building the search keys", ms(begun.elapsed()), "ms", Target::None);
    let all = Query::all(Kind::Person);
    let words = ["w", "wx", "wangx", "zhang", "王", "王小", "10012", "139", "zzzz", "oy"];
    let worst = words.iter().map(|word| {
        let query = Query { search: (*word).to_owned(), ..all.clone() };
        (timed(|| drop(client.list(&query).expect("listed"))), *word)
    });
    let worst: Vec<_> = worst.collect();
    for (time, word) in &worst {
        report.line(&format!("  search {word}"), *time, "ms", Target::None);
    }
    let slowest = worst.iter().map(|(time, _)| *time).fold(0.0, f64::max);
    report.line(
        "search keystroke to new list, slowest",
        slowest,
        "ms",
        Target::AtMost(targets.search),
    );
    let ids = client.list(&all).expect("listed");
    let view = client.view(ids[ids.len() / 2]).expect("there");
    let of = |key: &str| {
        let number = Kind::Person.spec().field(key).expect("a field").number;
        view.fields.get(&number).and_then(Value::as_text).unwrap_or_default().to_owned()
    };
    let mut slowest: f64 = 0.0;
    for filter in [
        format!("staff_no={}", of("staff_no")),
        format!("phone={}", of("phone")),
        format!("id_number={}", of("id_number")),
        format!("phone~{}", of("phone")),
    ] {
        let filters = vec![filter.parse::<Filter>().expect("a condition")];
        let query = Query { filters, ..all.clone() };
        let time = timed(|| assert_eq!(client.list(&query).expect("listed").len(), 1));
        report.line(&format!("  filter {}", query.filters[0].field), time, "ms", Target::None);
        slowest = slowest.max(time);
    }
    report.line("filter to one row, slowest", slowest, "ms", Target::AtMost(targets.filter));
    counts(report, client, &all, targets);
    sorts(report, client, &all, targets);
}

/// Values counted and ticked, text in any field, sums.
fn counts(report: &mut Report, client: &Client, all: &Query, targets: &ListTargets) {
    let mut slowest: f64 = 0.0;
    for key in ["sex", "title", "born_on", "unit", "name"] {
        let bins = client.bins(all, key).expect("counted");
        let time = timed(|| drop(client.bins(all, key).expect("counted")));
        report.line(&format!("  values of {key}"), time, "ms", Target::None);
        let values = bins.iter().take(2).map(|bin| bin.bucket.key()).collect();
        let facets = vec![Facet { field: key.to_owned(), values }];
        let query = Query { facets, ..all.clone() };
        let time = timed(|| drop(client.list(&query).expect("listed")));
        report.line(&format!("  two values of {key} ticked"), time, "ms", Target::None);
        slowest = slowest.max(time);
    }
    report.line("filter by values, slowest", slowest, "ms", Target::AtMost(targets.filter));
    let mut slowest: f64 = 0.0;
    for text in ["*王小", "*zzzz", "*教授", "*馬克思"] {
        let query = Query { search: text.to_owned(), ..all.clone() };
        let time = timed(|| drop(client.list(&query).expect("listed")));
        report.line(&format!("  text in any field: {text}"), time, "ms", Target::None);
        slowest = slowest.max(time);
    }
    report.line("text in any field, slowest", slowest, "ms", Target::AtMost(targets.anywhere));
}

fn sorts(report: &mut Report, client: &Client, all: &Query, targets: &ListTargets) {
    let mut slowest: (f64, &str) = (0.0, "");
    let keys = Kind::Person.spec().fields.iter().map(|field| field.key);
    for key in keys.chain(std::iter::once("unit")) {
        let sorts = vec![key.parse::<Sort>().expect("an order")];
        let query = Query { sorts, ..all.clone() };
        let time = timed(|| drop(client.list(&query).expect("listed")));
        if time > 60.0 {
            report.line(&format!("  sort by {key}"), time, "ms", Target::None);
        }
        if time > slowest.0 {
            slowest = (time, key);
        }
    }
    let label = format!("sort, slowest column ({})", slowest.1);
    report.line(&label, slowest.0, "ms", Target::AtMost(targets.sort));
    for by in ["stroke", "zhuyin", "pinyin"] {
        let sorts = vec![format!("name:{by}").parse::<Sort>().expect("an order")];
        let query = Query { sorts, ..all.clone() };
        let time = timed(|| drop(client.list(&query).expect("listed")));
        let target = if by == "stroke" { Target::AtMost(targets.stroke) } else { Target::None };
        report.line(&format!("names by {by}"), time, "ms", target);
    }
}
