//! A university's whole history behind one server: a million records in 500 units, pages and pushes against them, over real HTTP
//! on loopback: `cargo bench --bench scale`, with a smaller number of records as `-- 100000`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench stops at the first failure")]

#[path = "device.rs"]
mod device;

use std::time::{Duration, Instant};

use ejia::domain::access::Role;
use ejia::domain::ids::UnitId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::admin;
use ejia::sync::{Base, OpBody};
use ejia::wire::frame::Blob;
use ejia::wire::{PushAnswer, PushRequest};

use device::{BATCH, Device, block, call, id_of, no, person, rate, serve};

const UNITS: u32 = 500;
/// Units whose devices take their first sync.
const ASKED: u32 = 20;
/// Pushes measured.
const PUSHES: u32 = 200;
/// A prime: edits touch records far apart, none of them twice.
const STRIDE: u64 = 7_919;
/// Records made at a time, so that their operations need not all be in memory.
const CHUNK: u32 = 20_000;

fn unit_record(unit: u32) -> u32 {
    u32::MAX - unit
}

fn make_units(hq: &mut Device) {
    let (first, prev) = (hq.n + 1, hq.prev);
    let ops: Vec<Blob> = (0..UNITS)
        .map(|unit| {
            let text = |key, text: String| (no(Kind::Unit, key), Value::Text(text));
            let fields = vec![
                text("code", format!("U{unit:04}")),
                text("name", format!("第{unit}學院")),
                (no(Kind::Unit, "type"), Value::Code("committee".to_owned())),
            ];
            let body = OpBody::Create { unit: UnitId::HOME, fields };
            hq.op(Kind::Unit, id_of(unit_record(unit)), body)
        })
        .collect();
    hq.push_all(first, prev, &ops, &mut |_| {});
}

/// Makes all records; record n is in unit n modulo 500.
fn make_records(hq: &mut Device, records: u32) {
    let start = Instant::now();
    let mut times = Vec::new();
    for from in (0..records).step_by(usize::try_from(CHUNK).unwrap()) {
        let (first, prev) = (hq.n + 1, hq.prev);
        let ops: Vec<Blob> = (from..records.min(from + CHUNK))
            .map(|n| {
                let unit = id_of(unit_record(n % UNITS)).unit();
                hq.op(Kind::Person, id_of(n), OpBody::Create { unit, fields: person(n) })
            })
            .collect();
        hq.push_all(first, prev, &ops, &mut |time| times.push(time));
    }
    report("push 1,000 creations", &mut times, 300.0);
    println!(
        "  created {records} records, {:.0} records/s",
        rate(usize::try_from(records).unwrap(), start)
    );
}

/// Edits spread over all units, in full batches.
fn edit(hq: &mut Device, records: u32) {
    let mut times = Vec::new();
    for push in 0..PUSHES {
        let (first, prev) = (hq.n + 1, hq.prev);
        let ops: Vec<Blob> = (0..u32::try_from(BATCH).unwrap())
            .map(|i| {
                let nth = u64::from(push) * 1_000 + u64::from(i);
                let n = u32::try_from(nth * STRIDE % u64::from(records)).unwrap();
                let value = Value::Text(format!("研究{push}方向{i}"));
                let set = (no(Kind::Person, "research_field"), Base::Absent, value);
                hq.op(Kind::Person, id_of(n), OpBody::Set { sets: vec![set] })
            })
            .collect();
        let request = PushRequest { generation: 1, from_n: first, prev, ops, receipts: Vec::new() };
        let asked = Instant::now();
        let answer: PushAnswer = call(&mut hq.stream, "/v1/sync/push", &hq.token, &request);
        times.push(asked.elapsed());
        assert_eq!(answer.results.len(), BATCH);
    }
    report("push 1,000 edits", &mut times, 300.0);
}

/// Middle, 99th of a hundred and slowest of some times, in milliseconds.
fn spread(times: &mut [Duration]) -> (f64, f64, f64) {
    times.sort_unstable();
    let at = |share: usize| {
        let found = times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
        found.map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    (at(50), at(99), at(100))
}

fn report(what: &str, times: &mut [Duration], target: f64) {
    let (p50, p99, max) = spread(times);
    let verdict = if p99 <= target { "ok" } else { "MISSED" };
    println!(
        "{what:<34} {:>6} times, p50 {p50:>7.1} ms, p99 {p99:>7.1} ms (target {target:.0}), max {max:>7.1} ms  {verdict}",
        times.len()
    );
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|text| text.parse().ok());
    let records: u32 = asked.unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("scale.sqlite");
    let made = block(admin::init(&database, "bench", "admin")).expect("init");
    let (address, _stop) = serve(&database);
    let mut hq = Device::enrol(address, &made.code.code, 1);
    make_units(&mut hq);
    make_records(&mut hq, records);
    let mut times = Vec::new();
    let (count, speed) = hq.pull_all(&mut |time| times.push(time));
    report("page of 1,000, headquarters", &mut times, 50.0);
    println!("  took {count} records, {speed:.0} records/s");
    let mut times = Vec::new();
    for unit in 0..ASKED {
        let (name, code) = (format!("unit{unit}"), format!("U{unit:04}"));
        block(admin::user_add(&database, &name, Role::Organizer, Some(&code))).expect("user");
        let code = block(admin::code(&database, &name, 1)).expect("code");
        let mut device = Device::enrol(address, &code.code, u64::from(unit) + 2);
        let (count, _) = device.pull_all(&mut |time| times.push(time));
        assert!(count >= usize::try_from(records / UNITS).unwrap(), "{count}");
    }
    report("page of 1,000, one unit of 500", &mut times, 50.0);
    edit(&mut hq, records);
}
