//! Eight o'clock: 300 devices with a day's edits come at the same moment, to a server that is there and to one that comes back
//! half a minute late. `cargo bench --bench herd`, with another number of devices as `-- 500`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench stops at the first failure")]

#[path = "device.rs"]
#[expect(dead_code, reason = "shared with benches that use the rest")]
mod device;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use ejia::client::Schedule;
use ejia::domain::access::Role;
use ejia::domain::ids::UnitId;
use ejia::domain::kinds::Kind;
use ejia::domain::record::Value;
use ejia::server::{ServeOptions, admin, serve_until};
use ejia::sync::open::{Open, Order};
use ejia::sync::{Base, Cursor, OpBody, OpId, Witness};
use ejia::wire::frame::Blob;
use ejia::wire::packet::Message;
use ejia::wire::{
    CONTENT_TYPE, Page, PullRequest, PushRequest, SyncAnswer, SyncRequest, pack, unpack,
};

use device::{Device, block, id_of, no, person};

const UNITS: u32 = 30;
const RECORDS: u32 = 6_000;
/// Edits each device brings.
const EDITS: u32 = 20;
/// How late the server is the second time.
const LATE: Duration = Duration::from_secs(30);

/// A server on a fixed port.
struct Serving {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn serve(database: &Path, listen: SocketAddr) -> (Serving, SocketAddr) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, address) = std::sync::mpsc::channel();
    let mut options = ServeOptions::new(listen, database.to_owned());
    options.enrol_per_minute = u32::MAX;
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let stopped = async move {
            let _gone = stopped.await;
        };
        runtime.block_on(serve_until(options, |a| ready.send(a).unwrap(), stopped)).unwrap();
    });
    let address = address.recv().unwrap();
    (Serving { stop: Some(stop), thread: Some(thread) }, address)
}

impl Serving {
    fn end(mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// One device: what it waits to send, and how far it has the feed.
struct Sheep {
    device: Device,
    unit: u32,
    cursor: Cursor,
    scope_token: u64,
    waiting: Option<PushRequest>,
}

/// Status of a refusal, 0 for no answer at all, and the seconds after which to come back.
type Refused = (u16, Option<i64>);

/// What a request came to: the answer, or what was said instead.
fn ask<M: Message, A: Message>(
    address: SocketAddr,
    token: &str,
    path: &str,
    body: &M,
) -> Result<A, Refused> {
    let attempt = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let body = pack(body).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncontent-type: {CONTENT_TYPE}\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = attempt().map_err(|_no_answer| (0, None))?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or((0, None))?;
    let (head, body) = answer.split_at(end + 4);
    let head = String::from_utf8_lossy(head);
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let after =
        head.lines().find_map(|line| line.strip_prefix("retry-after: ")?.trim().parse().ok());
    if status == 200 { unpack(body).map_err(|_cut| (0, None)) } else { Err((status, after)) }
}

impl Sheep {
    /// Writes the day's edits: names of persons of its own unit, each by one device only.
    fn edit(&mut self, day: u32, place: u32, devices: u32) {
        let (from_n, prev) = (self.device.n + 1, self.device.prev);
        let flock = devices / UNITS;
        let ops: Vec<Blob> = (0..EDITS)
            .map(|edit| {
                let nth = (place / UNITS % flock * EDITS + edit) % (RECORDS / UNITS);
                let value = Value::Text(format!("第{day}日{edit}"));
                let sets = vec![(no(Kind::Person, "research_field"), Base::Absent, value)];
                let record = id_of(nth * UNITS + self.unit);
                self.device.op(Kind::Person, record, OpBody::Set { sets })
            })
            .collect();
        self.waiting = Some(PushRequest { generation: 1, from_n, prev, ops, receipts: Vec::new() });
    }

    fn pull(&self) -> PullRequest {
        PullRequest {
            cursor: self.cursor,
            scope_token: self.scope_token,
            min_seq: 0,
            limit: 0,
            backfill: Vec::new(),
            floor: 0,
            head: Cursor::START,
        }
    }

    /// Syncs once; `Err` is the refusal that ended it.
    fn sync(&mut self, address: SocketAddr) -> Result<(), Refused> {
        let waiting = self.waiting.clone();
        let open = Open {
            device: self.device.id,
            generation: 1,
            last_n: self.device.n,
            last_hash: self.device.prev,
            acked_n: waiting.as_ref().map_or(self.device.n, |push| push.from_n - 1),
            cursor: self.cursor,
            scope_token: self.scope_token,
            schema: 1,
            app: "0.1.0".to_owned(),
            device_time: 0,
            outbox_depth: 0,
            oldest_age_ms: 0,
            earlier: Vec::new(),
            seal: [0; 16],
            floor: 0,
            head: Witness::NONE,
        };
        let ask_all = SyncRequest { open, push: waiting, pull: Some(self.pull()) };
        let answer: SyncAnswer = ask(address, &self.device.token, "/v1/sync", &ask_all)?;
        self.scope_token = answer.opened.scope_token;
        assert!(
            matches!(answer.opened.order, Order::Proceed | Order::Resync(_)),
            "{:?}",
            answer.opened.order
        );
        if let Some(push) = answer.push {
            assert_eq!(push.last_n, self.device.n);
            self.waiting = None;
        }
        let mut page = answer.page;
        loop {
            let pulled: Page = match page.take() {
                Some(page) => page,
                None => ask(address, &self.device.token, "/v1/sync/pull", &self.pull())?,
            };
            self.cursor = pulled.cursor;
            if pulled.complete {
                return if self.waiting.is_none() { Ok(()) } else { Err((0, None)) };
            }
        }
    }
}

/// Lets all devices begin at once, and again as their schedules say, until each has synced.
fn stampede(name: &str, flock: &mut [Sheep], address: SocketAddr, late: Option<&Path>) {
    let refusals: Mutex<BTreeMap<u16, u32>> = Mutex::default();
    let times: Mutex<Vec<Duration>> = Mutex::default();
    let gate = Barrier::new(flock.len() + 1);
    let mut serving = None;
    std::thread::scope(|scope| {
        for sheep in flock.iter_mut() {
            let (refusals, times, gate) = (&refusals, &times, &gate);
            scope.spawn(move || {
                gate.wait();
                let begun = Instant::now();
                let mut schedule = Schedule::new(60_000, 0);
                let mut dice = sheep.device.id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                while let Err((status, asked)) = sheep.sync(address) {
                    *refusals.lock().unwrap().entry(status).or_default() += 1;
                    let now = i64::try_from(begun.elapsed().as_millis()).unwrap();
                    dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    schedule.failed(now, dice >> 33, asked.map(|seconds| seconds * 1_000));
                    let wait = u64::try_from(schedule.next_at() - now).unwrap();
                    std::thread::sleep(Duration::from_millis(wait));
                }
                times.lock().unwrap().push(begun.elapsed());
            });
        }
        gate.wait();
        if let Some(database) = late {
            std::thread::sleep(LATE);
            serving = Some(serve(database, address).0);
        }
    });
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() - 1) * share / 100).unwrap().as_secs_f64();
    let refusals = refusals.into_inner().unwrap();
    let errors: u32 = refusals.range(500..).map(|(_, count)| *count).sum();
    let verdict = at(100) <= 300.0 && errors <= u32::try_from(times.len()).unwrap();
    println!(
        "{name}: {} devices, p50 {:.1} s, p99 {:.1} s, last {:.1} s (target 300), {errors} answers of 5xx {refusals:?}, {} unreachable  {}",
        times.len(),
        at(50),
        at(99),
        at(100),
        refusals.get(&0).copied().unwrap_or(0),
        if verdict { "ok" } else { "MISSED" }
    );
    if let Some(serving) = serving {
        serving.end();
    }
}

/// Fills a server with units and persons; person n is in unit n modulo 30.
fn fill(hq: &mut Device) {
    let (first, prev) = (hq.n + 1, hq.prev);
    let units: Vec<Blob> = (0..UNITS)
        .map(|unit| {
            let text = |key, text: String| (no(Kind::Unit, key), Value::Text(text));
            let fields = vec![
                text("code", format!("U{unit:04}")),
                text("name", format!("第{unit}學院")),
                (no(Kind::Unit, "type"), Value::Code("committee".to_owned())),
            ];
            let body = OpBody::Create { unit: UnitId::HOME, fields };
            hq.op(Kind::Unit, id_of(u32::MAX - unit), body)
        })
        .collect();
    hq.push_all(first, prev, &units, &mut |_| {});
    let (first, prev) = (hq.n + 1, hq.prev);
    let persons: Vec<Blob> = (0..RECORDS)
        .map(|n| {
            let unit = id_of(u32::MAX - n % UNITS).unit();
            hq.op(Kind::Person, id_of(n), OpBody::Create { unit, fields: person(n) })
        })
        .collect();
    hq.push_all(first, prev, &persons, &mut |_| {});
}

/// Headquarters changes a name of every record overnight.
fn night(hq: &mut Device, first_seen: u64) {
    let (first, prev) = (hq.n + 1, hq.prev);
    let ops: Vec<Blob> = (0..RECORDS)
        .map(|n| {
            let seen = OpId { device: hq.id, generation: 1, n: first_seen + u64::from(n) };
            let value = Value::Text(format!("李大紅{first_seen}之{n}"));
            let sets = vec![(no(Kind::Person, "name"), Base::Seen(seen), value)];
            hq.op(Kind::Person, id_of(n), OpBody::Set { sets })
        })
        .collect();
    hq.push_all(first, prev, &ops, &mut |_| {});
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|text| text.parse().ok());
    let devices: u32 = asked.unwrap_or(300).max(UNITS);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("herd.sqlite");
    let made = block(admin::init(&database, "bench", "admin")).expect("init");
    let (serving, address) = serve(&database, SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut hq = Device::enrol(address, &made.code.code, 1);
    fill(&mut hq);
    let mut flock: Vec<Sheep> = (0..devices)
        .map(|n| {
            let (name, unit) = (format!("user{n}"), n % UNITS);
            let code = format!("U{unit:04}");
            block(admin::user_add(&database, &name, Role::Organizer, Some(&code))).expect("user");
            let code = block(admin::code(&database, &name, 1)).expect("code");
            let device = Device::enrol(address, &code.code, u64::from(n) + 2);
            let mut sheep =
                Sheep { device, unit, cursor: Cursor::START, scope_token: 0, waiting: None };
            sheep.sync(address).expect("the first sync");
            sheep
        })
        .collect();
    night(&mut hq, u64::from(UNITS) + 1);
    for (place, sheep) in (0..).zip(&mut flock) {
        sheep.edit(1, place, devices);
    }
    stampede("all at once", &mut flock, address, None);
    night(&mut hq, u64::from(UNITS + RECORDS) + 1);
    for (place, sheep) in (0..).zip(&mut flock) {
        sheep.edit(2, place, devices);
    }
    drop(hq);
    for sheep in &mut flock {
        // Kept connections would hold the server.
        drop(sheep.device.stream.shutdown(std::net::Shutdown::Both));
    }
    serving.end();
    stampede("after the server was away for 30 s", &mut flock, address, Some(&database));
    let verified = block(admin::verify(&database)).expect("verify");
    assert_eq!(verified.difference, None);
}
