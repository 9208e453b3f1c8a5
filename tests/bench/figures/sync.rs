//! First and everyday syncs against a real server, and what the devices are like afterwards.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ejia::client::{Client, Phase, Progress, Query, SyncSummary};
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;

use crate::MANY;
use crate::data::{persons, write_csv};
use crate::local::{self, device, fields, import_file, make_units};
use crate::report::{Report, Target, count, float, median, ms};
use crate::server::Server;

/// A server with persons, the device they came from, and one that took them.
struct Place {
    temp: tempfile::TempDir,
    server: Server,
    first: PathBuf,
    second: PathBuf,
}

fn sync(client: &Client) -> (SyncSummary, Duration) {
    let begun = Instant::now();
    let summary = client.sync(&|_| {}, &AtomicBool::new(false)).expect("synced");
    (summary, begun.elapsed())
}

/// Syncs and says how long each phase took: pushing, pulling, making visible.
fn phases(client: &Client) -> (SyncSummary, [Duration; 3]) {
    let marks = RefCell::new([None; 3]);
    let begun = Instant::now();
    let watch = |progress: Progress| {
        let place = match progress.phase {
            Phase::Connecting => return,
            Phase::Pushing => 0,
            Phase::Pulling => 1,
            Phase::Applying => 2,
        };
        marks.borrow_mut()[place].get_or_insert_with(Instant::now);
    };
    let summary = client.sync(&watch, &AtomicBool::new(false)).expect("synced");
    let end = Instant::now();
    let [_, pull, apply] = marks.into_inner();
    let apply = apply.unwrap_or(end);
    let pull = pull.unwrap_or(apply);
    (summary, [pull - begun, apply - pull, end - apply])
}

/// Fills a device, pushes everything, pulls it into another one; reports if asked.
fn place(report: &mut Report, records: usize, say: bool) -> Place {
    let temp = tempfile::tempdir().expect("a directory");
    let server = Server::start(temp.path());
    let file = temp.path().join("persons.csv");
    write_csv(&file, &persons(records, 2));
    let (first, second) = (temp.path().join("first"), temp.path().join("second"));
    let client = device(&first);
    make_units(&client);
    import_file(&client, &file);
    client.enrol(&server.url, &server.code(), "first").expect("joined");
    let (up, [pushing, echo, applying]) = phases(&client);
    assert_eq!((up.pushed, up.pending, up.refused), (records + crate::data::UNITS, 0, 0));
    drop(client);
    let other = device(&second);
    other.enrol(&server.url, &server.code(), "second").expect("joined");
    let (down, pulling) = sync(&other);
    assert!(down.pulled >= records);
    drop(other);
    if say {
        let rate = |time: Duration| count(records) / time.as_secs_f64();
        let sizes = local::sizes(&second);
        let packed = float(sizes.zstd);
        report.line(
            "first sync, device to server",
            rate(pushing + echo + applying),
            "records/s",
            Target::AtLeast(25_000.0),
        );
        report.line("  of it sending", ms(pushing), "ms", Target::None);
        report.line("  taking what the server made of it", ms(echo), "ms", Target::None);
        report.line("  making it visible", ms(applying), "ms", Target::None);
        let sending = rate(pushing);
        report.line("  sending alone", sending, "records/s", Target::None);
        report.line("  bytes up", float(up.bytes_sent) / packed, "x zstd -3", Target::AtMost(1.5));
        report.line("  bytes down", float(up.bytes_received) / packed, "x zstd -3", Target::None);
        report.line("  requests", float(up.requests), "", Target::None);
        report.line(
            "first sync, server to empty device",
            rate(pulling),
            "records/s",
            Target::AtLeast(40_000.0),
        );
        report.line(
            "  bytes",
            float(down.bytes_received) / packed,
            "x zstd -3",
            Target::AtMost(1.5),
        );
        report.line(
            "  zstd -3 of the records as one file",
            packed / 1_048_576.0,
            "MiB",
            Target::None,
        );
        report.line("  server database", float(server.size() / 1024) / 1024.0, "MiB", Target::None);
        local::disk(report, &second, "device that received", &sizes);
        local::disk(report, &first, "device that entered them", &sizes);
    }
    Place { temp, server, first, second }
}

pub(crate) fn run(report: &mut Report, asked: &dyn Fn(&str) -> bool) {
    let many = place(report, MANY, asked("sync"));
    let wanted = (Target::AtMost(300.0), Target::AtMost(500.0));
    if asked("open") {
        local::open(report, &many.second, "received, 100,000", wanted);
        local::open(report, &many.first, "entered here, 100,000", wanted);
        unsent(report, many.temp.path());
    }
    if asked("sync") {
        let few = place(report, 10_000, false);
        everyday(report, &few, "10,000");
        drop(few);
        everyday(report, &many, "100,000");
    }
    let client = Client::open(&many.second, "p").expect("opened");
    if asked("list") {
        local::lists(report, &client, &local::MANY_LISTED);
    }
    if asked("edit") {
        let few = device(&many.temp.path().join("few"));
        make_units(&few);
        let file = many.temp.path().join("few.csv");
        write_csv(&file, &persons(1_000, 3));
        import_file(&few, &file);
        local::edits(report, &few, many.temp.path(), "1,000");
        local::edits(report, &client, many.temp.path(), "100,000");
    }
    drop(many.server);
}

/// A device that never joined a server: everything stands in its journal.
fn unsent(report: &mut Report, temp: &Path) {
    let dir = temp.join("alone");
    let client = device(&dir);
    make_units(&client);
    import_file(&client, &temp.join("persons.csv"));
    drop(client);
    let wanted = (Target::AtMost(300.0), Target::AtMost(500.0));
    local::open(report, &dir, "never synced, 100,000", wanted);
}

fn everyday(report: &mut Report, place: &Place, records: &str) {
    let client = Client::open(&place.second, "p").expect("opened");
    sync(&client);
    let ids = client.list(&Query::all(Kind::Person)).expect("listed");
    let mut round = 0_u32;
    let mut change = |n: usize| {
        round += 1;
        for id in ids.iter().skip(n * 3).step_by(ids.len() / n / 2).take(n) {
            let phone = Value::Text(format!("138{round:08}"));
            let change = fields(Kind::Person, &[("phone", phone)]);
            client.set_fields(*id, change).expect("saved");
        }
        let (summary, time) = sync(&client);
        assert_eq!((summary.pushed, summary.pending), (n, 0));
        (summary, time)
    };
    let runs: Vec<_> = (0..9).map(|_| change(1)).collect();
    let (last, _) = runs[8];
    let time = median(runs.iter().map(|(_, time)| *time).collect());
    let label = format!("one changed field, {records} records");
    report.line(&format!("{label}: requests"), float(last.requests), "", Target::AtMost(1.0));
    report.line(&format!("{label}: up"), float(last.bytes_sent), "bytes", Target::AtMost(600.0));
    report.line("  down", float(last.bytes_received), "bytes", Target::None);
    report.line("  time", ms(time), "ms", Target::None);
    let runs: Vec<_> = (0..9).map(|_| change(100)).collect();
    let (last, _) = runs[8];
    let time = median(runs.iter().map(|(_, time)| *time).collect());
    let label = format!("100 changed records, {records} records");
    report.line(&format!("{label}: requests"), float(last.requests), "", Target::AtMost(1.0));
    report.line(&format!("{label}: up"), float(last.bytes_sent), "bytes", Target::AtMost(20_480.0));
    report.line("  down", float(last.bytes_received), "bytes", Target::None);
    report.line(&format!("{label}: time"), ms(time), "ms", Target::AtMost(25.0));
}

/// Memory and opening at a million records, received in ten syncs.
pub(crate) fn million(report: &mut Report) {
    let place = place(report, MANY, false);
    let file = place.temp.path().join("more.csv");
    for part in 1..10 {
        let mut rows = persons(MANY, 100 + part);
        for (n, row) in rows.iter_mut().enumerate() {
            let part = usize::try_from(part).expect("small");
            row[0] = format!("{}", 10_000_000 + (part * MANY + n) * 3);
        }
        write_csv(&file, &rows);
        let dir = place.temp.path().join(format!("part{part}"));
        let client = device(&dir);
        client.enrol(&place.server.url, &place.server.code(), "part").expect("joined");
        sync(&client);
        import_file(&client, &file);
        sync(&client);
        drop(client);
        std::fs::remove_dir_all(&dir).expect("removed");
    }
    let other = Client::open(&place.second, "p").expect("opened");
    let (summary, time) = sync(&other);
    report.line(
        "pulling 900,000 more",
        count(summary.pulled) / time.as_secs_f64(),
        "records/s",
        Target::None,
    );
    drop(other);
    let wanted = (Target::AtMost(2_560.0), Target::None);
    local::open(report, &place.second, "received, 1,000,000", wanted);
}
