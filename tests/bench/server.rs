//! How fast the server takes and gives records, over real HTTP on loopback: `cargo bench --bench server`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench stops at the first failure")]

#[path = "device.rs"]
mod device;

use std::time::Instant;

use ejia::domain::access::Role;
use ejia::domain::ids::{RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::admin;
use ejia::sync::{Base, OpBody, OpId};
use ejia::wire::frame::Blob;

use device::{Device, block, id_of, no, person, rate, serve};

const RECORDS: u32 = 50_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("bench.sqlite");
    let made = block(admin::init(&database, "bench", "admin")).expect("init");
    let (address, _stop) = serve(&database);
    let mut hq = Device::enrol(address, &made.code.code, 1);
    let ids: Vec<RecordId> = (0..RECORDS).map(id_of).collect();
    let (first, prev) = (hq.n + 1, hq.prev);
    let creates: Vec<Blob> = (0..RECORDS)
        .zip(&ids)
        .map(|(n, id)| {
            let body = OpBody::Create { unit: UnitId::HOME, fields: person(n) };
            hq.op(Kind::Person, *id, body)
        })
        .collect();
    println!("create   {:>8.0} records/s", hq.push_all(first, prev, &creates, &mut |_| {}));
    let (first, prev) = (hq.n + 1, hq.prev);
    let sets: Vec<Blob> = (1_u64..)
        .zip(&ids)
        .map(|(n, id)| {
            let base = Base::Seen(OpId { device: hq.id, generation: 1, n });
            let value = Value::Text(format!("李大紅{n}"));
            let body = OpBody::Set { sets: vec![(no(Kind::Person, "name"), base, value)] };
            hq.op(Kind::Person, *id, body)
        })
        .collect();
    println!("edit     {:>8.0} records/s", hq.push_all(first, prev, &sets, &mut |_| {}));
    let (count, speed) = hq.pull_all(&mut |_| {});
    println!("pull     {speed:>8.0} records/s ({count}, headquarters)");
    block(admin::user_add(&database, "unit", Role::Organizer, Some("000000"))).expect("user");
    let code = block(admin::code(&database, "unit", 1)).expect("code");
    let mut unit = Device::enrol(address, &code.code, 2);
    let (count, speed) = unit.pull_all(&mut |_| {});
    println!("pull     {speed:>8.0} records/s ({count}, one unit)");
    let start = Instant::now();
    let verified = block(admin::verify(&database)).expect("verify");
    assert_eq!(verified.difference, None);
    println!("replay   {:>8.0} operations/s", rate(usize::try_from(verified.ops).unwrap(), start));
}
