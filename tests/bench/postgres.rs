//! Pushes into PostgreSQL against the least a server could do with the same bytes: an axum handler that stores them by one
//! `INSERT ... SELECT FROM unnest(...)`. `cargo bench --bench postgres`; needs PostgreSQL's programs.
//!
//! "rows" stores the same rows as our server does (operation, record, unique value, all columns) into tables of the same layout with the
//! same indexes in one transaction; "log" is the least of all, each operation as one row of a table of its own. Neither reads, merges,
//! hashes, orders or checks anything. All three take turns on one cluster of this process with fsync on, in databases of their own;
//! requests are made beforehand, so the clients only send and wait. `-- 64 1000` runs one case.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a bench stops at the first failure")]
#![expect(dead_code, reason = "shared with tests and other benches")]

#[path = "device.rs"]
mod device;
#[path = "../it/server/pg.rs"]
mod pg;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use ejia::domain::ids::{RecordId, UnitId};
use ejia::domain::kinds::Kind;
use ejia::server::db::location::Location;
use ejia::server::{ServeOptions, admin, serve_until};
use ejia::sync::OpBody;
use ejia::wire::{PushRequest, pack};
use sqlx::PgPool;

use device::{Device, block, person};

/// Clients, operations of a request, requests of each client.
const CASES: [(usize, usize, usize); 6] =
    [(1, 1, 200), (1, 100, 60), (1, 1_000, 20), (64, 1, 40), (64, 100, 4), (64, 1_000, 1)];
/// Rounds; the middle one counts.
const ROUNDS: usize = 3;

/// The tables of our server.
const TABLES: &str = include_str!("../../src/server/db/migrations/postgres/0001_base.sql");
const LOG_TABLE: &str = "CREATE TABLE log (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device BIGINT NOT NULL, n BIGINT NOT NULL, \
    record BYTEA NOT NULL, bytes BYTEA NOT NULL, UNIQUE (device, n))";
const OPS: &str = "INSERT INTO op (tenant, seq, device, gen, n, record, kind, bytes, hash, chain, actor, role, home, recv_at, outcome, refused) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[], $8::bytea[], \
    $9::bytea[], $10::bytea[], $11::bytea[], $12::text[], $13::bytea[], $14::bigint[], $15::bytea[], $16::bigint[])";
const RECORDS: &str = "INSERT INTO record (tenant, id, kind, unit, last_seq, body) \
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[])";
const TAKEN: &str = "INSERT INTO unique_value (tenant, kind, field, value_key, record) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])";

/// Splits a body into its device, first number and operations.
fn parts(body: &[u8]) -> (i64, i64, Vec<Vec<u8>>) {
    let number = |at: usize| i64::from_le_bytes(body.get(at..at + 8).unwrap().try_into().unwrap());
    let mut rest = body.get(16..).unwrap();
    let mut ops = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (op, after) = after.split_at(usize::try_from(u32::from_le_bytes(*length)).unwrap());
        ops.push(op.to_vec());
        rest = after;
    }
    (number(0), number(8), ops)
}

/// The columns of a request's rows.
struct Columns {
    devices: Vec<i64>,
    numbers: Vec<i64>,
    ids: Vec<Vec<u8>>,
    bytes: Vec<Vec<u8>>,
}

fn columns(body: &[u8]) -> Columns {
    let (device, first, bytes) = parts(body);
    let numbers: Vec<i64> = (first..).take(bytes.len()).collect();
    // As ours: the device's own bits first, so that the index is written at one place for each device.
    let ids = numbers
        .iter()
        .map(|n| [(device << 40 | n).to_be_bytes(), (1 << 63 | device).to_be_bytes()].concat())
        .collect();
    Columns { devices: vec![device; bytes.len()], numbers, ids, bytes }
}

const LOG: &str = "INSERT INTO log (device, n, record, bytes) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])";

async fn log(State(pool): State<PgPool>, body: Bytes) {
    let Columns { devices, numbers, ids, bytes } = columns(&body);
    let insert = sqlx::query(LOG).bind(devices).bind(numbers).bind(ids).bind(bytes);
    insert.execute(&pool).await.unwrap();
}

async fn rows(State(pool): State<PgPool>, body: Bytes) {
    let Columns { devices, numbers, ids, bytes } = columns(&body);
    let count = bytes.len();
    let (ones, hashes, outcomes) =
        (vec![1_i64; count], vec![vec![7_u8; 16]; count], vec![vec![1_u8; 5]; count]);
    let (roles, keys) = (vec!["hq-admin"; count], numbers.iter().map(|n| n.to_be_bytes().to_vec()));
    let keys: Vec<Vec<u8>> = keys.collect();
    let mut tx = pool.begin().await.unwrap();
    let insert =
        sqlx::query(OPS).bind(&ones).bind(&numbers).bind(&devices).bind(&ones).bind(&numbers);
    let insert =
        insert.bind(&ids).bind(&ones).bind(&bytes).bind(&hashes).bind(&hashes).bind(&hashes);
    let insert = insert.bind(&roles).bind(&hashes).bind(&numbers).bind(&outcomes).bind(&ones);
    insert.execute(&mut *tx).await.unwrap();
    let insert = sqlx::query(RECORDS).bind(&ones).bind(&ids).bind(&ones).bind(&hashes);
    insert.bind(&numbers).bind(&bytes).execute(&mut *tx).await.unwrap();
    let insert = sqlx::query(TAKEN).bind(&ones).bind(&ones).bind(&ones).bind(&keys).bind(&ids);
    insert.execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Runs the bare server on its own threads.
fn serve_bare(url: String) -> SocketAddr {
    let (ready, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async move {
            let options = sqlx::postgres::PgPoolOptions::new().max_connections(16);
            let pool = options.connect(&url).await.unwrap();
            sqlx::raw_sql(TABLES).execute(&pool).await.unwrap();
            sqlx::raw_sql(LOG_TABLE).execute(&pool).await.unwrap();
            let routes = axum::Router::new().route("/log", post(log)).route("/rows", post(rows));
            let limit = axum::extract::DefaultBodyLimit::max(8 << 20);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, routes.layer(limit).with_state(pool)).await.unwrap();
        });
    });
    address.recv().unwrap()
}

fn serve(database: &Location) -> SocketAddr {
    let (ready, address) = std::sync::mpsc::channel();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = ServeOptions { enrol_per_minute: 1_000, ..ServeOptions::new(listen, database) };
    std::thread::spawn(move || {
        let never = std::future::pending();
        let serving = serve_until(options, |a| ready.send(a).unwrap(), never);
        tokio::runtime::Runtime::new().unwrap().block_on(serving).unwrap();
    });
    address.recv().unwrap()
}

/// A whole request, as bytes.
fn request(path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let kind = ejia::wire::CONTENT_TYPE;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {kind}\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Sends a request and waits for the whole answer, which must be a success.
fn exchange(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        answer.extend(buffer.iter().take(read));
        assert!(read > 0, "connection closed");
        let Some(end) = answer.windows(4).take(2_000).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(answer.get(..end + 2).unwrap());
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if answer.len() == end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap()) {
            return;
        }
    }
}

/// Number of the next operation stored by the bare servers.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Requests of one client, for our server and for the bare ones.
struct Client {
    device: Device,
    bare: TcpStream,
}

impl Client {
    /// Makes the requests of a case: `ours` says for whom.
    fn requests(&mut self, path: &str, ops: usize, count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.request(path, ops)).collect()
    }

    fn request(&mut self, path: &str, count: usize) -> Vec<u8> {
        let ours = path.starts_with("/v1");
        let (from_n, prev, id) = (self.device.n + 1, self.device.prev, self.device.id.0);
        let ops: Vec<_> = (0..count)
            .map(|_| {
                let n = self.device.n + 1;
                let id = RecordId(uuid::Uuid::from_u64_pair(id << 40 | n, (1 << 63) | id));
                let index = u32::try_from(self.device.id.0 * 1_000_000 + n).unwrap();
                let body = OpBody::Create { unit: UnitId::HOME, fields: person(index) };
                self.device.op(Kind::Person, id, body)
            })
            .collect();
        if ours {
            let push = PushRequest { generation: 1, from_n, prev, ops, receipts: Vec::new() };
            return request(path, &self.device.token, &pack(&push).unwrap());
        }
        // The bare servers take the same operations, which never reached ours, under numbers of their own.
        let number = NEXT.fetch_add(u64::try_from(count).unwrap(), Ordering::Relaxed);
        let mut body = [id.to_le_bytes(), number.to_le_bytes()].concat();
        for op in &ops {
            body.extend(u32::try_from(op.0.len()).unwrap().to_le_bytes());
            body.extend(&op.0);
        }
        request(path, "", &body)
    }
}

/// Runs a case; returns operations a second.
fn run(clients: &mut [Client], path: &str, ops: usize, count: usize) -> f64 {
    let ours = path.starts_with("/v1");
    let kept: Vec<_> = clients.iter().map(|client| (client.device.n, client.device.prev)).collect();
    let prepared: Vec<_> =
        clients.iter_mut().map(|client| client.requests(path, ops, count)).collect();
    let begin = Barrier::new(clients.len() + 1);
    let start = std::thread::scope(|scope| {
        for (client, requests) in clients.iter_mut().zip(&prepared) {
            let begin = &begin;
            scope.spawn(move || {
                begin.wait();
                let stream = if ours { &mut client.device.stream } else { &mut client.bare };
                for request in requests {
                    exchange(stream, request);
                }
            });
        }
        begin.wait();
        Instant::now()
    });
    let speed = device::rate(clients.len() * ops * count, start);
    if !ours {
        // Numbers must have no gaps at our server.
        for (client, (n, prev)) in clients.iter_mut().zip(kept) {
            (client.device.n, client.device.prev) = (n, prev);
        }
    }
    speed
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap()
}

fn main() {
    let cluster = pg::Cluster::start(&pg::programs().unwrap(), &["shared_buffers=256MB"]);
    let database = Location::Postgres(cluster.database());
    let made = block(admin::init(&database, "bench", "admin")).unwrap();
    let (ours, bare) = (serve(&database), serve_bare(cluster.database()));
    let mut clients: Vec<Client> = Vec::new();
    let mut code = made.code.code;
    for id in 1..=64 {
        let device = Device::enrol(ours, &code, id);
        code = block(admin::code(&database, "admin", 1)).unwrap().code;
        let stream = TcpStream::connect(bare).unwrap();
        stream.set_nodelay(true).unwrap();
        clients.push(Client { device, bare: stream });
    }
    println!("clients  batch       ours        log       rows   ops/s; ours/log ours/rows");
    let mut pushed = 1;
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let cases =
        CASES.into_iter().filter(|(count, ops, _)| asked.is_empty() || asked == [*count, *ops]);
    for (count, ops, requests) in cases {
        let clients = clients.get_mut(..count).unwrap();
        let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
        for _round in 0..ROUNDS {
            b.push(run(clients, "/log", ops, requests));
            c.push(run(clients, "/rows", ops, requests));
            a.push(run(clients, "/v1/sync/push", ops, requests));
            pushed += count * ops * requests;
        }
        let (a, b, c) = (middle(a), middle(b), middle(c));
        println!(
            "{count:>7} {ops:>6} {a:>10.0} {b:>10.0} {c:>10.0}          {:.2}      {:.2}",
            a / b,
            a / c
        );
    }
    let verified = block(admin::verify(&database)).unwrap();
    assert_eq!((verified.difference, verified.records), (None, u64::try_from(pushed).unwrap()));
}
